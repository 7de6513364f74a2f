//! The start page: how far each stage is, and what waits for the caller.

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Text;
use anju_model::lookback::Severity;
use anju_model::plan::PlanTotals;
use anju_model::register::{ConsentChoice, ImportedFile};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::lookback::severity_rank;
use crate::register::views::CodeCount;
use crate::{AppError, Caller, Workspace};

/// The start page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StartPage {
    /// The county.
    pub county: CountyView,
    /// The policy pack in force.
    pub pack: PackView,
    /// The register.
    pub register: RegisterStage,
    /// The look-back, once it has run.
    pub lookback: Option<LookbackStage>,
    /// The land assessment, once it has run.
    pub land: Option<LandStage>,
    /// The plan, once there is one.
    pub plan: Option<PlanStage>,
    /// What waits, the most pressing first.
    pub waiting: Vec<Waiting>,
    /// The latest imports.
    pub files: Vec<ImportedFile>,
}

/// The county as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CountyView {
    /// Code.
    pub code: AreaCode,
    /// Name.
    pub name: String,
}

/// The policy pack as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PackView {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Version.
    pub version: String,
}

/// The register in figures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RegisterStage {
    /// Households.
    pub households: u64,
    /// Persons.
    pub persons: u64,
    /// Townships.
    pub townships: u64,
    /// Villages.
    pub villages: u64,
    /// Villagers' groups that have households.
    pub groups: u64,
    /// Records of the latest imports that were refused and not mended since.
    pub refused_records: u64,
    /// By category.
    pub by_category: Vec<CodeCount>,
    /// By choice.
    pub by_choice: Vec<CodeCount>,
}

/// The look-back in figures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LookbackStage {
    /// Open items.
    pub open_items: u64,
    /// Decided items.
    pub decided_items: u64,
    /// By severity, the gravest first.
    pub by_severity: Vec<SeverityCount>,
}

/// Items of one severity.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SeverityCount {
    /// Severity.
    pub severity: Severity,
    /// Open items.
    pub open: u64,
    /// All items.
    pub total: u64,
}

/// The land assessment in figures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LandStage {
    /// When it was made.
    pub made_at: Timestamp,
    /// Assessed land, m².
    pub area_m2: f64,
    /// Excluded land, m².
    pub excluded_m2: f64,
    /// Candidates.
    pub candidates: u32,
}

/// The plan in figures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlanStage {
    /// UUIDv7.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// Totals.
    #[serde(flatten)]
    pub totals: PlanTotals,
}

/// Something that waits for somebody.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Waiting {
    /// Stage.
    pub stage: &'static str,
    /// What, as a key that the web app words.
    pub key: &'static str,
    /// How many.
    pub count: u64,
    /// Where to go.
    pub link: &'static str,
}

/// Imports shown.
const FILES_SHOWN: usize = 20;

/// The start page for the caller.
///
/// # Errors
/// When the caller may not read the register.
pub async fn page(workspace: &Workspace, caller: &Caller) -> Result<StartPage, AppError> {
    caller.require(Action::ReadRegister)?;
    let db = workspace.db();
    let figures = anju_store::register::counts(db, caller.area()).await?;
    let areas = workspace.areas().await?;
    let visible = |level: AreaLevel| {
        areas
            .all()
            .filter(|area| area.code.level() == level && caller.area().contains(&area.code))
            .count() as u64
    };
    let mut files: Vec<ImportedFile> = anju_store::exchange::imported_files(db, 0).await?;
    let refused_records = files.iter().map(|file| file.records_refused).sum();
    files.truncate(FILES_SHOWN);

    let register = RegisterStage {
        households: figures.households,
        persons: figures.persons,
        townships: visible(AreaLevel::Township),
        villages: visible(AreaLevel::Village),
        groups: anju_store::register::count_by_area(db, caller.area(), AreaLevel::Group)
            .await?
            .len() as u64,
        refused_records,
        by_category: code_counts(figures.by_category, |category| category.code()),
        by_choice: code_counts(figures.by_choice, |choice| {
            choice.map_or("", |choice| choice.code())
        }),
    };
    let casework = caller.require(Action::ReadCasework).is_ok();
    let rules = match casework {
        true => anju_store::lookback::count_by_rule(db, caller.area()).await?,
        false => Vec::new(),
    };
    let lookback = (!rules.is_empty()).then(|| {
        let mut by_severity: Vec<SeverityCount> = Severity::ALL
            .iter()
            .map(|&severity| {
                let of = rules.iter().filter(|count| count.severity == severity);
                let (open, decided) = of.fold((0, 0), |(open, decided), count| {
                    (open + count.open, decided + count.confirmed + count.dismissed)
                });
                SeverityCount {
                    severity,
                    open,
                    total: open + decided,
                }
            })
            .filter(|count| count.total > 0)
            .collect();
        by_severity.sort_by_key(|count| severity_rank(count.severity));
        LookbackStage {
            open_items: by_severity.iter().map(|count| count.open).sum(),
            decided_items: by_severity.iter().map(|count| count.total - count.open).sum(),
            by_severity,
        }
    });
    let land = anju_store::land::latest_assessment(db)
        .await?
        .map(|assessment| LandStage {
            made_at: assessment.value.made_at,
            area_m2: assessment.value.area_m2,
            excluded_m2: assessment.value.excluded_m2,
            candidates: assessment.value.candidates,
        });
    let plan = anju_store::plan::latest(db).await?.map(|plan| PlanStage {
        id: plan.value.id,
        made_at: plan.value.made_at,
        totals: plan.value.totals,
    });
    // Nothing waits for who only looks on.
    let mut waiting = match casework {
        true => waiting(&register, lookback.as_ref(), land.as_ref(), plan.as_ref()),
        false => Vec::new(),
    };
    let desk = crate::register::identification::views::desk(workspace, caller, None).await?;
    let mine = desk.steps.iter().filter(|step| step.mine);
    let answers = [Action::CheckInTownship, Action::DecideInCounty]
        .into_iter()
        .any(|action| caller.require(action).is_ok());
    let identification = [
        (
            "cases",
            mine.map(|step| step.cases - step.suspended).sum(),
            "/identification",
        ),
        (
            "objections",
            if answers { desk.objections } else { 0 },
            "/publicity?tab=objections",
        ),
    ];
    waiting.extend(identification.into_iter().filter(|(_, count, _)| *count > 0).map(
        |(key, count, link)| Waiting {
            stage: "register",
            key,
            count,
            link,
        },
    ));
    let (county, pack) = (workspace.county(), workspace.pack());
    Ok(StartPage {
        county: CountyView {
            code: county.code.clone(),
            name: county.name.clone(),
        },
        pack: PackView {
            id: pack.id.clone(),
            name: pack.name.clone(),
            version: pack.version.clone(),
        },
        register,
        lookback,
        land,
        plan,
        waiting,
        files,
    })
}

pub(crate) fn code_counts<T>(counts: Vec<(T, u64)>, code: impl Fn(T) -> &'static str) -> Vec<CodeCount> {
    counts
        .into_iter()
        .map(|(value, households)| CodeCount {
            code: code(value).to_owned(),
            households,
        })
        .collect()
}

fn waiting(
    register: &RegisterStage,
    lookback: Option<&LookbackStage>,
    land: Option<&LandStage>,
    plan: Option<&PlanStage>,
) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    let mut add = |stage, key, count: u64, link| {
        if count > 0 {
            waiting.push(Waiting {
                stage,
                key,
                count,
                link,
            });
        }
    };
    add(
        "register",
        "refused_records",
        register.refused_records,
        "/register",
    );
    let undecided = register
        .by_choice
        .iter()
        .filter(|count| count.code.is_empty() || count.code == ConsentChoice::Undecided.code())
        .map(|count| count.households)
        .sum();
    match lookback {
        Some(lookback) => {
            for count in &lookback.by_severity {
                let (key, link) = match count.severity {
                    Severity::Block => ("items_block", "/lookback?severity=block&state=open"),
                    Severity::Clear => ("items_clear", "/lookback?severity=clear&state=open"),
                    Severity::Omission => ("items_omission", "/lookback?severity=omission&state=open"),
                    Severity::Examine => ("items_examine", "/lookback?severity=examine&state=open"),
                    Severity::Ask => ("items_ask", "/lookback?severity=ask&state=open"),
                };
                add("lookback", key, count.open, link);
            }
        }
        None => add(
            "lookback",
            "no_lookback",
            u64::from(register.households > 0),
            "/jobs",
        ),
    }
    add("register", "undecided", undecided, "/register?choice=undecided");
    if land.is_none() {
        add("land", "no_land", u64::from(register.households > 0), "/jobs");
    }
    match (plan, land) {
        (None, Some(_)) => add("plan", "no_plan", 1, "/jobs"),
        (Some(plan), Some(land)) if plan.made_at < land.made_at => {
            add("plan", "plan_older_than_land", 1, "/jobs")
        }
        _ => {}
    }
    if let Some(plan) = plan {
        add(
            "plan",
            "unplaced",
            u64::from(plan.totals.households_unplaced),
            "/plan?to=unplaced",
        );
    }
    waiting
}
