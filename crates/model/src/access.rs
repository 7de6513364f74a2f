//! Who may do what, where: roles, actions and the users that hold them.
//!
//! The rule is one table ([`PERMISSIONS`]) and one prefix: a user may act on a subject when the role allows the action
//! and the subject's area code starts with the user's.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::{AreaCode, AreaLevel};
use crate::code_list;
use crate::register::FileKind;

code_list! {
    /// What a user is in the relocation work.
    Role {
        Administrator = "administrator", "系统管理员", "administrator";
        ProvinceOfficer = "province_officer", "省搬迁办", "province relocation officer";
        PrefectureOfficer = "prefecture_officer", "市搬迁办", "prefecture relocation officer";
        CountyOfficer = "county_officer", "县搬迁办", "county relocation officer";
        TownshipOfficer = "township_officer", "乡镇干部", "township officer";
        VillageOfficer = "village_officer", "村干部", "village officer";
        DepartmentUser = "department_user", "部门用户", "department user";
        Inspector = "inspector", "督查人员", "inspector";
        Evaluator = "evaluator", "第三方评估人员", "third-party evaluator";
        Public = "public", "公众", "public";
    }
}

code_list! {
    /// A department whose data the look-back compares the register with.
    Department {
        CivilRegistry = "civil_registry", "公安户籍", "civil registry";
        SocialInsurance = "social_insurance", "人社(社会保险)", "social insurance";
        Vehicles = "vehicles", "公安交管(车辆)", "vehicle registration";
        RealEstate = "real_estate", "不动产登记", "real-estate registration";
        MarketRegulation = "market_regulation", "市场监管", "market regulation";
        PublicPayroll = "public_payroll", "财政供养", "public payroll";
        RuralRevitalisation = "rural_revitalisation", "乡村振兴(扶贫)", "poverty and rural revitalisation";
        NaturalResources = "natural_resources", "自然资源(地质灾害)", "natural resources";
    }
}

impl Department {
    /// The kinds of data that the department gives, and of which its users see and import those alone.
    pub fn data(self) -> &'static [FileKind] {
        match self {
            Self::CivilRegistry => &[FileKind::CivilRegistry],
            Self::SocialInsurance => &[FileKind::SocialInsurance],
            Self::Vehicles => &[FileKind::Vehicles],
            Self::RealEstate => &[FileKind::RealEstate],
            Self::MarketRegulation => &[FileKind::Companies],
            Self::PublicPayroll => &[FileKind::PublicPayroll],
            Self::RuralRevitalisation => &[FileKind::PovertyRoster],
            Self::NaturalResources => &[FileKind::ThreatenedHouseholds],
        }
    }
}

/// All kinds of departments' data; a test holds that each is of one department.
pub const DEPARTMENT_DATA: &[FileKind] = &[
    FileKind::CivilRegistry,
    FileKind::SocialInsurance,
    FileKind::Vehicles,
    FileKind::RealEstate,
    FileKind::Companies,
    FileKind::PublicPayroll,
    FileKind::PovertyRoster,
    FileKind::ThreatenedHouseholds,
];

code_list! {
    /// What can be done. Each use case names the one action it needs.
    Action {
        ReadRegister = "read_register", "查看名册", "read the register";
        ReadCasework = "read_casework", "查看核查疑点和名册草稿", "see look-back findings and draft rosters";
        ImportData = "import_data", "导入数据", "import data";
        ReadExtracts = "read_extracts", "查看部门数据", "see departments' data";
        ImportExtracts = "import_extracts", "导入部门数据", "import departments' data";
        EditRegister = "edit_register", "登记和更正户、成员、意愿和档案", "record and correct households, members, consents and documents";
        RunAnalysis = "run_analysis", "运行核查、选址和规划", "run look-back, land and plan";
        DecideLookback = "decide_lookback", "处理回头看事项", "decide look-back items";
        ReviewInVillage = "review_in_village", "办理村级评议和公示", "take the village's steps of identification";
        CheckInTownship = "check_in_township", "办理乡镇审核", "take the township's steps of identification";
        DecideInCounty = "decide_in_county", "办理县级审批和公示", "take the county's steps of identification";
        DraftRoster = "draft_roster", "编制名册", "draft rosters";
        ApproveRoster = "approve_roster", "核定名册和批准变更", "freeze rosters and approve amendments";
        AskAmendment = "ask_amendment", "提出变更", "ask for amendments";
        CheckAmendment = "check_amendment", "乡镇审核变更", "check amendments for the township";
        AskBulkChange = "ask_bulk_change", "提出批量变更", "ask for bulk changes";
        ApproveBulkChange = "approve_bulk_change", "批准批量变更", "approve bulk changes";
        ReadLedger = "read_ledger", "查看账本", "read the ledger";
        ManageUsers = "manage_users", "管理用户", "manage users";
        ManageAreas = "manage_areas", "维护行政区划", "change areas";
        RecordGrounds = "record_grounds", "登记隐患点和搬迁类型依据", "record hazard points and evidence of categories";
        AskErasure = "ask_erasure", "提出依法删除账本内容", "ask for the erasure of ledger content on legal order";
        EraseContent = "erase_content", "执行依法删除账本内容", "carry out the erasure of ledger content that another person asked for";
        UnmaskData = "unmask_data", "查看未打掩码的个人信息", "see personal data unmasked";
    }
}

/// What a role is: how large its users' areas are, and what it may do in them.
#[derive(Debug, Clone, Copy)]
pub struct Permissions {
    /// The role.
    pub role: Role,
    /// Levels of area that a user of the role can have; none where nobody signs in with the role.
    pub levels: &'static [AreaLevel],
    /// What the role may do within the user's area.
    pub actions: &'static [Action],
}

/// The table of permissions, a row for each role in the order of [`Role::ALL`].
///
/// Offices above the county oversee and do not decide in its place. Village officers do not decide on findings about
/// their own neighbours. Departments and evaluators see the register and the frozen rosters: neither what other
/// departments' data say against a household, nor what the office has not decided yet, nor who did what in it. A user of
/// a department gives and sees that department's data and no other's ([`Department::data`]). What the public may see
/// needs no sign-in and therefore no action.
pub const PERMISSIONS: &[Permissions] = {
    use Action::{
        ApproveBulkChange, ApproveRoster, AskAmendment, AskBulkChange, AskErasure, CheckAmendment,
        CheckInTownship, DecideInCounty, DecideLookback, DraftRoster, EditRegister, EraseContent, ImportData,
        ImportExtracts, ManageAreas, ManageUsers, ReadCasework, ReadExtracts, ReadLedger, ReadRegister,
        RecordGrounds, ReviewInVillage, RunAnalysis, UnmaskData,
    };
    use AreaLevel::{County, Prefecture, Province, Township, Village};
    &[
        Permissions {
            role: Role::Administrator,
            levels: &[County],
            actions: &[
                ReadRegister,
                ReadCasework,
                ImportData,
                ReadExtracts,
                ImportExtracts,
                EditRegister,
                RunAnalysis,
                DecideLookback,
                ReviewInVillage,
                CheckInTownship,
                DecideInCounty,
                DraftRoster,
                ApproveRoster,
                AskAmendment,
                CheckAmendment,
                AskBulkChange,
                ApproveBulkChange,
                ReadLedger,
                ManageUsers,
                ManageAreas,
                RecordGrounds,
                AskErasure,
                EraseContent,
                UnmaskData,
            ],
        },
        Permissions {
            role: Role::ProvinceOfficer,
            levels: &[Province],
            actions: &[ReadRegister, ReadCasework, ReadLedger],
        },
        Permissions {
            role: Role::PrefectureOfficer,
            levels: &[Prefecture],
            actions: &[ReadRegister, ReadCasework, ReadLedger],
        },
        Permissions {
            role: Role::CountyOfficer,
            levels: &[County],
            actions: &[
                ReadRegister,
                ReadCasework,
                ImportData,
                ReadExtracts,
                ImportExtracts,
                EditRegister,
                RunAnalysis,
                DecideLookback,
                DecideInCounty,
                DraftRoster,
                ApproveRoster,
                AskAmendment,
                AskBulkChange,
                ApproveBulkChange,
                ReadLedger,
                ManageAreas,
                RecordGrounds,
                AskErasure,
                UnmaskData,
            ],
        },
        Permissions {
            role: Role::TownshipOfficer,
            levels: &[Township],
            actions: &[
                ReadRegister,
                ReadCasework,
                EditRegister,
                DecideLookback,
                ReviewInVillage,
                CheckInTownship,
                AskAmendment,
                CheckAmendment,
                AskBulkChange,
                RecordGrounds,
                UnmaskData,
            ],
        },
        Permissions {
            role: Role::VillageOfficer,
            levels: &[Village],
            actions: &[ReadRegister, ReadCasework, ReviewInVillage],
        },
        Permissions {
            role: Role::DepartmentUser,
            levels: &[County, Township],
            actions: &[ReadRegister, ReadExtracts, ImportExtracts],
        },
        Permissions {
            role: Role::Inspector,
            levels: &[Province, Prefecture, County, Township],
            actions: &[ReadRegister, ReadCasework, ReadLedger, UnmaskData],
        },
        Permissions {
            role: Role::Evaluator,
            levels: &[Province, Prefecture, County, Township],
            actions: &[ReadRegister],
        },
        Permissions {
            role: Role::Public,
            levels: &[],
            actions: &[],
        },
    ]
};

impl Role {
    /// The role's row of [`PERMISSIONS`].
    pub fn permissions(self) -> Permissions {
        // A role without a row may do nothing; a test holds that there is none.
        let nothing = Permissions {
            role: self,
            levels: &[],
            actions: &[],
        };
        PERMISSIONS
            .iter()
            .copied()
            .find(|row| row.role == self)
            .unwrap_or(nothing)
    }

    /// Whether the role allows the action, somewhere.
    pub fn may(self, action: Action) -> bool {
        self.permissions().actions.contains(&action)
    }

    /// Whether a user of the role can have an area of this level.
    pub fn fits(self, level: AreaLevel) -> bool {
        self.permissions().levels.contains(&level)
    }
}

/// When a name must wait after wrong passwords.
#[derive(Debug, Clone, Copy)]
pub struct Lockout {
    /// Wrong passwords after which it waits.
    pub attempts: usize,
    /// Only those within this time count, minutes.
    pub within_minutes: i64,
    /// How long it waits, minutes.
    pub wait_minutes: i64,
}

/// The rule in force. It guards the accounts and says nothing of relocation: it is no figure of a policy pack.
pub const LOCKOUT: Lockout = Lockout {
    attempts: 5,
    within_minutes: 15,
    wait_minutes: 15,
};

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// UUIDv7.
    pub id: Uuid,
    /// The name typed at sign-in, unique.
    pub name: String,
    /// The name shown to others.
    pub display_name: String,
    /// What the user is.
    pub role: Role,
    /// The area whose subjects the user sees.
    pub area: AreaCode,
    /// The department that a department user is of; nobody else has one.
    #[serde(default)]
    pub department: Option<Department>,
    /// The password as an argon2id PHC string.
    pub password_hash: String,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Whether the account is closed: nobody signs in with it.
    #[serde(default)]
    pub disabled: bool,
}

/// A signed-in browser. The token itself is never stored, only its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// UUIDv7.
    pub id: Uuid,
    /// The user signed in.
    pub user: Uuid,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When the user signed out, or somebody ended it.
    pub ended_at: Option<Timestamp>,
    /// The day it was last used, by the calendar of China.
    #[serde(default)]
    pub last_used: Option<Date>,
    /// What the browser says it is, shortened.
    #[serde(default)]
    pub device: String,
    /// The provider that vouched for the user; none when the user gave a password here.
    #[serde(default)]
    pub provider: Option<String>,
}

/// An identity at a provider of OpenID Connect, bound to the user who signs in with it.
///
/// It is a subject of its own, so that the database itself holds that no identity opens two accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderIdentity {
    /// UUIDv7.
    pub id: Uuid,
    /// The user.
    pub user: Uuid,
    /// The provider's issuer address, as its tokens name it.
    pub issuer: String,
    /// Who it is there: the claim `sub`, which the provider never gives to anybody else.
    pub subject: String,
}

/// The wrong passwords given for a name, whether a user has that name or not.
///
/// The name itself is not kept: people type passwords where the name belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInGuard {
    /// SHA-256 of the name, in hex.
    pub id: String,
    /// When wrong passwords were given, the newest last; only those that may still count.
    pub failures: Vec<Timestamp>,
    /// Until when no password is looked at.
    pub locked_until: Option<Timestamp>,
}

impl SignInGuard {
    /// A guard that has seen nothing.
    pub fn new(id: String) -> Self {
        Self {
            id,
            failures: Vec::new(),
            locked_until: None,
        }
    }

    /// Until when the name waits, if it does.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|&until| now < until)
    }

    /// Counts a wrong password.
    pub fn fail(&mut self, now: Timestamp, rule: Lockout) {
        let since = now - SignedDuration::from_mins(rule.within_minutes);
        self.failures.retain(|&failure| failure > since);
        self.failures.push(now);
        self.locked_until = None;
        if self.failures.len() >= rule.attempts {
            self.failures.clear();
            self.locked_until = Some(now + SignedDuration::from_mins(rule.wait_minutes));
        }
    }

    /// Forgets everything, after the right password or by an administrator.
    pub fn clear(&mut self) {
        self.failures.clear();
        self.locked_until = None;
    }

    /// Whether there is anything to forget.
    pub fn is_clear(&self) -> bool {
        self.failures.is_empty() && self.locked_until.is_none()
    }
}

/// A user's second step at sign-in: codes by time (RFC 6238) from a device, or recovery codes.
///
/// It is a subject of its own so that the secret can be erased, from the ledger too, when it is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// UUIDv7.
    pub id: Uuid,
    /// The user.
    pub user: Uuid,
    /// The shared secret, in hex.
    pub secret: String,
    /// Whether a code has proved that the device holds the secret; until then it is not asked for.
    pub confirmed: bool,
    /// The time step of the newest code that was used: it and all before are used up.
    pub last_step: u64,
    /// SHA-256 of the recovery codes that are left, in hex.
    pub recovery: Vec<String>,
}

code_list! {
    /// Why a sign-in through a provider does not go on.
    ProviderRefusal {
        /// There is no provider.
        NotConfigured = "provider_not_configured", "本系统没有启用统一身份认证", "sign-in through a provider is not set up here";
        /// This browser did not begin it, or the program was started anew meanwhile.
        NotBegun = "provider_not_begun", "登录不是从本浏览器发起的,请重新登录", "the sign-in was not begun in this browser; begin again";
        /// It took too long, or the provider's token is past its time.
        Expired = "provider_expired", "登录已超时,请重新登录", "the sign-in took too long; begin again";
        /// The answer is not that to the question.
        WrongState = "provider_wrong_state", "认证平台的答复与本次登录不符,请重新登录", "the provider's answer is to another sign-in; begin again";
        /// The token was not made for this sign-in.
        WrongNonce = "provider_wrong_nonce", "认证平台的令牌不是为本次登录签发的,请重新登录", "the provider's token was made for another sign-in; begin again";
        /// The provider says no, or the person does.
        Declined = "provider_declined", "认证平台拒绝了登录,或您取消了登录", "the provider declined, or you did";
        /// The code is used up, or unknown.
        WrongCode = "provider_wrong_code", "认证平台不接受登录码(可能已使用过),请重新登录", "the provider does not take the code, which may be used up; begin again";
        /// The token does not hold.
        WrongToken = "provider_wrong_token", "认证平台的令牌校验不通过,请联系管理员", "the provider's token does not hold; tell the administrator";
        /// No account is bound to the identity.
        UnknownIdentity = "provider_unknown_identity", "您的统一身份尚未绑定本系统账号,请联系管理员", "no account here is bound to your identity; ask the administrator";
        /// The account is closed.
        AccountClosed = "provider_account_closed", "您的账号已停用,请联系管理员", "your account is closed; ask the administrator";
        /// The provider gives no usable answer.
        Unreachable = "provider_unreachable", "无法连接认证平台,请稍后再试或用本系统密码登录", "the provider cannot be reached; try again later, or sign in with a password";
    }
}

code_list! {
    /// What unmasked personal data is needed for.
    Purpose {
        Application = "application", "办理业务申请", "handling an application";
        Payment = "payment", "资金发放", "payment";
        Complaint = "complaint", "信访投诉", "complaint";
        Inspection = "inspection", "督查检查", "inspection";
        Other = "other", "其他", "other";
    }
}

/// That somebody saw a household's personal data unmasked. The data itself is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmasking {
    /// UUIDv7.
    pub id: Uuid,
    /// Whose data.
    pub household: Uuid,
    /// Where the household is.
    pub area: AreaCode,
    /// Who saw it.
    pub by: String,
    /// What for.
    pub purpose: Purpose,
    /// In words; needed where the purpose is another one.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_row_and_no_row_repeats_itself() {
        let roles: Vec<Role> = PERMISSIONS.iter().map(|row| row.role).collect();
        assert_eq!(roles, Role::ALL);
        for row in PERMISSIONS {
            for (place, action) in row.actions.iter().enumerate() {
                assert!(!row.actions[..place].contains(action), "{} {action}", row.role);
            }
        }
    }

    /// The table once more, written the other way round: a column for each action.
    #[test]
    fn every_role_and_action_is_as_agreed() {
        let expected = [
            // read_register, read_casework, import_data, read_extracts, import_extracts, edit_register, run_analysis, decide_lookback |
            // review_in_village,
            // check_in_township, decide_in_county | draft_roster, approve_roster, ask_amendment, check_amendment, ask_bulk_change,
            // approve_bulk_change | read_ledger, manage_users, manage_areas, record_grounds, ask_erasure, erase_content, unmask_data
            ("administrator", "yyyyyyyyyyyyyyyyyyyyyyyy"),
            ("province_officer", "yy...............y......"),
            ("prefecture_officer", "yy...............y......"),
            ("county_officer", "yyyyyyyy..yyyy.yyy.yyy.y"),
            ("township_officer", "yy...y.yyy...yyy....y..y"),
            ("village_officer", "yy......y..............."),
            ("department_user", "y..yy..................."),
            ("inspector", "yy...............y.....y"),
            ("evaluator", "y......................."),
            ("public", "........................"),
        ];
        let found: Vec<(&str, String)> = Role::ALL
            .iter()
            .map(|role| {
                let row = Action::ALL
                    .iter()
                    .map(|&action| if role.may(action) { 'y' } else { '.' });
                (role.code(), row.collect())
            })
            .collect();
        assert_eq!(found, expected.map(|(role, row)| (role, row.to_owned())));
    }

    #[test]
    fn a_name_waits_after_five_failures_within_a_quarter_of_an_hour() {
        let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let at = |minutes| start + SignedDuration::from_mins(minutes);
        let mut guard = SignInGuard::new("x".into());
        for minute in [0, 1, 2, 3, 15] {
            guard.fail(at(minute), LOCKOUT);
        }
        // The first was a quarter of an hour ago and counts no more.
        assert_eq!(guard.waits_until(at(15)), None);
        guard.fail(at(15), LOCKOUT);
        assert_eq!(guard.waits_until(at(29)), Some(at(30)));
        assert_eq!(guard.waits_until(at(30)), None);
        // After the wait it begins anew.
        guard.fail(at(30), LOCKOUT);
        assert_eq!((guard.failures.len(), guard.locked_until), (1, None));
    }

    #[test]
    fn every_kind_of_departments_data_is_of_one_department() {
        let given: Vec<FileKind> = Department::ALL
            .iter()
            .flat_map(|department| department.data())
            .copied()
            .collect();
        assert_eq!(given, DEPARTMENT_DATA);
    }

    #[test]
    fn areas_fit_their_roles() {
        assert!(Role::VillageOfficer.fits(AreaLevel::Village));
        assert!(!Role::VillageOfficer.fits(AreaLevel::Township));
        assert!(!Role::Administrator.fits(AreaLevel::Township));
        for level in [AreaLevel::Province, AreaLevel::County, AreaLevel::Group] {
            assert!(!Role::Public.fits(level));
        }
    }
}
