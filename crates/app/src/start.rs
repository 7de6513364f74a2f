//! The start page: how far each stage is, and what waits for the caller.

use anju_model::access::Action;
use anju_model::amendment::{AmendmentKind, AmendmentState};
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Text;
use anju_model::identification::{Level, Step as IdentificationStep};
use anju_model::lookback::Severity;
use anju_model::plan::PlanTotals;
use anju_model::register::{ConsentChoice, ImportedFile};
use anju_model::roster::RosterState;
use anju_store::Paging;
use anju_store::amendment::AmendmentFilter;
use anju_store::roster::RosterFilter;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::lookback::severity_rank;
use crate::register::identification::action_of;
use crate::register::views::CodeCount;
use crate::workspace::AreaNames;
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
    /// What waits for the caller, the most pressing first; nothing for a role that only oversees.
    pub waiting: Vec<Waiting>,
    /// How far the parts of the area have come, for a role that only oversees.
    pub progress: Vec<ProgressView>,
    /// The latest imports, for who imports.
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

/// Something that waits for the caller.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Waiting {
    /// Stage.
    pub stage: &'static str,
    /// What, as a key that the web app words.
    pub key: &'static str,
    /// The step of identification, where it is one.
    pub step: Option<IdentificationStep>,
    /// How many.
    pub count: u64,
    /// Since when the oldest waits, where that is known.
    pub since: Option<Timestamp>,
    /// Where to go: a page with its filters.
    pub link: String,
}

/// How far a part of the caller's area has come, for who oversees and does not act.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProgressView {
    /// Code.
    pub code: AreaCode,
    /// Name.
    pub name: String,
    /// Households.
    pub households: u64,
    /// Agreed to move.
    #[serde(rename = "move")]
    pub moving: u64,
    /// Identification announced.
    pub identified: u64,
    /// On a roster in force.
    pub on_roster: u64,
    /// Open look-back items, for who may read them.
    pub open_items: Option<u64>,
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
    let waiting = waiting(
        workspace,
        caller,
        &Stages {
            register: &register,
            lookback: lookback.as_ref(),
            land: land.as_ref(),
            plan: plan.as_ref(),
        },
    )
    .await?;
    let progress = if ACTING.iter().any(|action| caller.role().may(*action)) {
        Vec::new()
    } else {
        progress(workspace, caller, &areas).await?
    };
    if !caller.role().may(Action::ImportData) {
        files.clear();
    }
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
        progress,
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

/// What makes a role one that acts; who may do none of it oversees.
const ACTING: [Action; 12] = [
    Action::ImportData,
    Action::RunAnalysis,
    Action::DecideLookback,
    Action::ReviewInVillage,
    Action::CheckInTownship,
    Action::DecideInCounty,
    Action::DraftRoster,
    Action::ApproveRoster,
    Action::AskAmendment,
    Action::CheckAmendment,
    Action::AskBulkChange,
    Action::ApproveBulkChange,
];

/// A notice whose last day is at most this many days away is named beforehand.
const DAYS_BEFORE_END: i64 = 2;

async fn progress(
    workspace: &Workspace,
    caller: &Caller,
    areas: &AreaNames,
) -> Result<Vec<ProgressView>, AppError> {
    let level = match caller.area().level() {
        AreaLevel::Township => AreaLevel::Village,
        AreaLevel::Village | AreaLevel::Group => AreaLevel::Group,
        AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County => AreaLevel::Township,
    };
    let casework = caller.role().may(Action::ReadCasework);
    let parts = anju_store::work_list::progress_by_area(workspace.db(), caller.area(), level).await?;
    Ok(parts
        .into_iter()
        .map(|part| ProgressView {
            name: areas.name(&part.area),
            code: part.area,
            households: part.households,
            moving: part.moving,
            identified: part.identified,
            on_roster: part.on_roster,
            open_items: casework.then_some(part.open_items),
        })
        .collect())
}

/// The stages as they stand.
struct Stages<'a> {
    register: &'a RegisterStage,
    lookback: Option<&'a LookbackStage>,
    land: Option<&'a LandStage>,
    plan: Option<&'a PlanStage>,
}

/// A list of what waits, in which nothing stands with a count of 0.
#[derive(Default)]
struct WorkList(Vec<Waiting>);

impl WorkList {
    fn add(&mut self, stage: &'static str, key: &'static str, count: u64, link: impl Into<String>) {
        self.add_since(stage, key, count, None, link);
    }

    fn add_since(
        &mut self,
        stage: &'static str,
        key: &'static str,
        count: u64,
        since: Option<Timestamp>,
        link: impl Into<String>,
    ) {
        if count > 0 {
            self.0.push(Waiting {
                stage,
                key,
                step: None,
                count,
                since,
                link: link.into(),
            });
        }
    }
}

/// What waits for the caller: each line stands behind the action that it needs.
async fn waiting(
    workspace: &Workspace,
    caller: &Caller,
    stages: &Stages<'_>,
) -> Result<Vec<Waiting>, AppError> {
    let may = |action: Action| caller.role().may(action);
    let mut list = WorkList::default();
    identification(workspace, caller, &mut list).await?;
    approvals(workspace, caller, &mut list).await?;
    if may(Action::ImportData) {
        list.add(
            "register",
            "refused_records",
            stages.register.refused_records,
            "/register",
        );
    }
    if may(Action::DecideLookback)
        && let Some(lookback) = stages.lookback
    {
        for count in &lookback.by_severity {
            let key = match count.severity {
                Severity::Block => "items_block",
                Severity::Clear => "items_clear",
                Severity::Omission => "items_omission",
                Severity::Examine => "items_examine",
                Severity::Ask => "items_ask",
            };
            let link = format!("/lookback?severity={}&state=open", count.severity);
            list.add("lookback", key, count.open, link);
        }
    }
    let asks_households = [
        Action::ImportData,
        Action::ReviewInVillage,
        Action::CheckInTownship,
    ];
    if asks_households.into_iter().any(may) {
        let undecided = stages.register.by_choice.iter();
        let undecided = undecided.filter(|count| count.code == ConsentChoice::Undecided.code());
        list.add(
            "register",
            "undecided",
            undecided.map(|count| count.households).sum(),
            "/register?choice=undecided",
        );
    }
    if may(Action::RunAnalysis) {
        let some = u64::from(stages.register.households > 0);
        if stages.lookback.is_none() {
            list.add("lookback", "no_lookback", some, "/jobs");
        }
        if stages.land.is_none() {
            list.add("land", "no_land", some, "/jobs");
        }
        match (stages.plan, stages.land) {
            (None, Some(_)) => list.add("plan", "no_plan", 1, "/jobs"),
            (Some(plan), Some(land)) if plan.made_at < land.made_at => {
                list.add("plan", "plan_older_than_land", 1, "/jobs");
            }
            _ => {}
        }
        if let Some(plan) = stages.plan {
            let unplaced = u64::from(plan.totals.households_unplaced);
            list.add("plan", "unplaced", unplaced, "/plan?to=unplaced");
        }
    }
    Ok(list.0)
}

/// Steps, notices and objections of the caller's level.
async fn identification(workspace: &Workspace, caller: &Caller, list: &mut WorkList) -> Result<(), AppError> {
    let levels = [Level::Village, Level::Township, Level::County];
    let mine: Vec<Level> = levels
        .into_iter()
        .filter(|level| caller.role().may(action_of(*level)))
        .collect();
    if mine.is_empty() {
        return Ok(());
    }
    let desk = crate::register::identification::views::desk(workspace, caller, None).await?;
    let today = workspace.today();
    let soon = today.saturating_add(jiff::Span::new().days(DAYS_BEFORE_END));
    let (mut run, mut ending) = (0, 0);
    for level in &mine {
        let found =
            anju_store::work_list::notices_by_end(workspace.db(), caller.area(), *level, today, soon).await?;
        run += found.0;
        ending += found.1;
    }
    list.add("register", "notices_run", run, "/publicity?tab=notices");
    list.add("register", "notices_ending", ending, "/publicity?tab=notices");
    if mine.iter().any(|level| *level != Level::Village) {
        list.add(
            "register",
            "objections",
            desk.objections,
            "/publicity?tab=objections",
        );
    }
    for step in desk.steps.iter().filter(|step| step.mine) {
        let count = step.cases.saturating_sub(step.suspended);
        if count > 0 {
            list.0.push(Waiting {
                stage: "register",
                key: "cases",
                step: Some(step.step),
                count,
                since: None,
                link: format!("/identification?step={}", step.step),
            });
        }
    }
    Ok(())
}

/// What others asked for and the caller decides: rosters, amendments, bulk changes, erasures.
async fn approvals(workspace: &Workspace, caller: &Caller, list: &mut WorkList) -> Result<(), AppError> {
    let (db, area, me) = (workspace.db(), caller.area(), caller.name());
    let all = Paging::default();
    let freezes = caller.role().may(Action::ApproveRoster);
    if freezes {
        let filter = RosterFilter {
            area: area.clone(),
            category: None,
            states: vec![RosterState::Draft],
        };
        let drafts = anju_store::roster::rosters(db, &filter, &all).await?;
        let others: Vec<Timestamp> = drafts
            .items
            .iter()
            .map(|stored| &stored.value)
            .filter(|draft| draft.drafted_by != me && area.contains(&draft.filter.area))
            .map(|draft| draft.drafted_at)
            .collect();
        let since = others.iter().min().copied();
        list.add_since(
            "register",
            "rosters_draft",
            others.len() as u64,
            since,
            "/rosters?state=draft",
        );
    }
    let mut amendments = async |key, states: &[(AmendmentState, Option<AmendmentKind>)], link: &str| {
        let mut found: Vec<Timestamp> = Vec::new();
        for (state, kind) in states {
            let filter = AmendmentFilter {
                state: Some(*state),
                kind: *kind,
                ..AmendmentFilter::within(area.clone())
            };
            let page = anju_store::amendment::amendments(db, &filter, &all).await?;
            // Who took a step takes no other one.
            let others = page.items.iter().map(|stored| &stored.value.steps);
            let others = others.filter(|steps| steps.iter().all(|step| step.by != me));
            found.extend(others.filter_map(|steps| steps.first()).map(|step| step.at));
        }
        let since = found.iter().min().copied();
        list.add_since("register", key, found.len() as u64, since, link);
        Ok::<(), AppError>(())
    };
    if caller.role().may(Action::CheckAmendment) {
        amendments(
            "amendments_check",
            &[(AmendmentState::Asked, None)],
            "/amendments?state=asked",
        )
        .await?;
    }
    if freezes {
        let waiting = [
            (AmendmentState::TownshipApproved, None),
            (AmendmentState::Asked, Some(AmendmentKind::NaturalChange)),
        ];
        amendments(
            "amendments_approve",
            &waiting,
            "/amendments?state=township_approved",
        )
        .await?;
    }
    let (bulk, since) = crate::register::bulk::waiting_for(workspace, caller).await?;
    list.add_since("register", "bulk", bulk, since, "/bulk?tab=inbox");
    let (erasures, since) = crate::ledger::erasure::waiting_for(workspace, caller).await?;
    list.add_since("ledger", "erasures", erasures, since, "/ledger?tab=erasures");
    Ok(())
}
