//! What can go wrong in a use case, told to people: what, where, why and what to do.

use anju_documents::DocumentError;
use anju_exchange::ExchangeError;
use anju_land::LandError;
use anju_model::access::{Action, ProviderRefusal};
use anju_model::code_list::Text;
use anju_model::policy::PolicyError;
use anju_siting::SitingError;
use anju_store::StoreError;
use anju_verify::VerifyError;

/// An error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The caller's role does not allow the action, or the area is not the caller's.
    #[error("{caller} may not {}", action.en())]
    Forbidden {
        /// Who asked.
        caller: String,
        /// For what.
        action: Action,
    },
    /// Name and password do not fit.
    #[error("the name or the password is wrong")]
    WrongPassword,
    /// Too many wrong passwords for the name, which a user may have or not.
    #[error("too many wrong passwords; try again in {} minutes", seconds.div_ceil(60))]
    LockedOut {
        /// Time to wait.
        seconds: u64,
    },
    /// Name and password fit; a code of the second step is needed.
    #[error("give the code of the second step too")]
    SecondStep,
    /// The code of the second step is wrong, used up or too old.
    #[error("the code is wrong, or was used already")]
    WrongCode,
    /// A sign-in through a provider does not go on.
    #[error("{}", .0.en())]
    Provider(ProviderRefusal),
    /// A new password is too weak.
    #[error("a password needs at least {minimum} characters")]
    WeakPassword {
        /// Smallest length.
        minimum: usize,
    },
    /// No such thing, or it lies outside the caller's area.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// Kind of subject.
        kind: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The subject was changed by somebody else meanwhile.
    #[error("{kind} {id} was changed meanwhile: it is at version {found}, not {expected}")]
    VersionConflict {
        /// Kind of subject.
        kind: String,
        /// Its id.
        id: String,
        /// The version the caller had seen.
        expected: i64,
        /// The version it has now.
        found: i64,
    },
    /// The log does not prove what it should.
    #[error("the ledger does not verify: {0}; run `anju ledger verify`")]
    LedgerInvalid(String),
    /// A request that cannot be carried out as it stands.
    #[error("{}", .0.detail.en)]
    Invalid(Problem),
    /// A file that is larger than what it is for takes.
    #[error("a file has at most {}; make it smaller or split it, and send it again", megabytes(*.limit))]
    FileTooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// Fields of a request that are wrong, each with its place; nothing was written.
    #[error("{}", list_problems(.0))]
    Fields(Vec<Problem>),
    /// Input files that cannot be used; nothing was written.
    #[error("{}", list_problems(.0))]
    Files(Vec<Problem>),
    /// The work was cancelled; nothing was written.
    #[error("cancelled; nothing was written")]
    Cancelled,
    /// A file of the workspace cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database refuses.
    #[error(transparent)]
    Store(StoreError),
    /// A file in or out.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A printed document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A policy pack.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Look-back checks.
    #[error(transparent)]
    Verify(VerifyError),
    /// Land assessment.
    #[error(transparent)]
    Land(LandError),
    /// The optimiser.
    #[error(transparent)]
    Siting(SitingError),
    /// A task that was to run beside the others ended abnormally.
    #[error("the work ended abnormally: {0}")]
    Aborted(String),
}

/// A size as people say it.
pub fn megabytes(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KB", bytes >> 10),
        whole => format!("{whole} MB"),
    }
}

/// Something wrong with what a person gave, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = FieldProblem)]
pub struct Problem {
    /// Stable code, which the web app can translate.
    pub code: &'static str,
    /// Where: a file, a field. Empty when there is no place.
    pub place: String,
    /// What is wrong and what to do.
    pub detail: Text,
}

impl Problem {
    /// A problem at a place.
    pub fn new(
        code: &'static str,
        place: impl Into<String>,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self {
            code,
            place: place.into(),
            detail: Text::new(zh, en),
        }
    }
}

fn list_problems(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            if problem.place.is_empty() {
                problem.detail.en.clone()
            } else {
                format!("{}: {}", problem.place, problem.detail.en)
            }
        })
        .collect();
    lines.join("\n")
}

impl AppError {
    /// An error about what the caller gave.
    pub fn invalid(
        code: &'static str,
        place: impl Into<String>,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::Invalid(Problem::new(code, place, zh, en))
    }

    /// An input or output error at a path.
    pub fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { path, source }
    }

    /// Whether somebody else wrote the same at the same time, so that reading and deciding again may succeed.
    pub(crate) fn is_collision(&self) -> bool {
        matches!(
            self,
            Self::VersionConflict { .. }
                | Self::Store(StoreError::Duplicate { .. } | StoreError::NotFound { .. })
        )
    }

    /// Whether the person who called can mend it by giving something else (exit code 2 of the command line).
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Files(_)
            | Self::Fields(_)
            | Self::Invalid(_)
            | Self::Exchange(_)
            | Self::Policy(_)
            | Self::NotFound { .. }
            | Self::WeakPassword { .. }
            | Self::LockedOut { .. }
            | Self::SecondStep
            | Self::WrongCode
            | Self::Provider(_)
            | Self::WrongPassword => true,
            Self::Land(error) => !matches!(error, LandError::Cancelled),
            Self::Siting(_) => true,
            _ => false,
        }
    }

    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Forbidden { caller, action } => format!("{caller} 无权{}", action.zh()),
            Self::WrongPassword => "用户名或密码不正确".into(),
            Self::LockedOut { seconds } => {
                format!("密码错误次数过多,请 {} 分钟后再试", seconds.div_ceil(60))
            }
            Self::SecondStep => "请输入第二步验证码".into(),
            Self::WrongCode => "验证码不正确或已使用过".into(),
            Self::Provider(refusal) => refusal.zh().into(),
            Self::WeakPassword { minimum } => format!("密码至少需要 {minimum} 个字符"),
            Self::NotFound { kind, id } => format!("没有找到 {kind} {id}"),
            Self::VersionConflict {
                kind,
                id,
                expected,
                found,
            } => {
                format!("{kind} {id} 已被他人修改:现为第 {found} 版,您看到的是第 {expected} 版")
            }
            Self::FileTooLarge { limit } => {
                format!("文件不能超过 {};请压缩或拆分后重新上传", megabytes(*limit))
            }
            Self::Invalid(problem) => problem.detail.zh.clone(),
            Self::Files(problems) | Self::Fields(problems) => {
                let lines: Vec<String> = problems
                    .iter()
                    .map(|problem| match problem.place.as_str() {
                        "" => problem.detail.zh.clone(),
                        place => format!("{place}:{}", problem.detail.zh),
                    })
                    .collect();
                lines.join("\n")
            }
            Self::LedgerInvalid(detail) => format!("账本校验不符:{detail};请运行 anju ledger verify"),
            Self::Cancelled => "已取消,未写入任何数据".into(),
            Self::Exchange(error) => error.zh(),
            Self::Document(error) => error.text().zh,
            other => other.to_string(),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict {
                kind,
                id,
                expected,
                found,
            } => Self::VersionConflict {
                kind: kind.to_string(),
                id,
                expected,
                found,
            },
            StoreError::NotFound { kind, id } => Self::NotFound { kind, id },
            StoreError::AttachmentTooLarge { limit } => Self::FileTooLarge { limit },
            StoreError::LogInvalid(detail) => Self::LedgerInvalid(detail),
            StoreError::EntryIsCurrent { index, kind, id } => Self::invalid(
                "entry_is_current",
                index.to_string(),
                format!("条目 {index} 是 {kind} {id} 的现行内容,不能删除;请先变更或注销该对象,再删除此条目"),
                format!(
                    "entry {index} holds the present state of {kind} {id}; change or retire it first, then erase the entry"
                ),
            ),
            StoreError::Cursor(cursor) => Self::invalid(
                "cursor",
                "after",
                format!("分页位置 {cursor} 不属于此列表或此排序;请从第一页开始"),
                format!(
                    "the cursor {cursor} does not belong to this list in this order; start from its first page"
                ),
            ),
            StoreError::NothingToErase { index } => Self::invalid(
                "nothing_to_erase",
                index.to_string(),
                format!("条目 {index} 没有可删除的内容:此前已经删除,或只记录了注销"),
                format!(
                    "entry {index} holds nothing to erase: it was erased before, or only records a retirement"
                ),
            ),
            other => Self::Store(other),
        }
    }
}

impl From<VerifyError> for AppError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Stopped => Self::Cancelled,
            other => Self::Verify(other),
        }
    }
}

impl From<LandError> for AppError {
    fn from(error: LandError) -> Self {
        match error {
            LandError::Cancelled => Self::Cancelled,
            other => Self::Land(other),
        }
    }
}

impl From<SitingError> for AppError {
    fn from(error: SitingError) -> Self {
        match error {
            SitingError::Cancelled => Self::Cancelled,
            other => Self::Siting(other),
        }
    }
}
