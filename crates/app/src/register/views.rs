//! What the register's pages show. Personal data is masked here, before it leaves the use case.

use std::collections::HashMap;

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::identity::{IdNumber, masked_name, masked_phone};
use anju_model::register::{
    Category, CauseOfMove, Consent, ConsentChoice, Event, Helper, Home, Household, HouseholdStatus,
    LivingConditions, MonitoredClass, Pathway, Person, PersonFacts, Position, PovertyAttribute, PovertyCause,
    PovertyStanding, Urgency, Vulnerability,
};
use anju_store::register::{HouseholdFilter, HouseholdSort, PlannedDestination};
use anju_store::{Paging, Subject, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::lookback::views::ItemView;
use crate::plan::views::AssignmentView;
use crate::start::code_counts;
use crate::table::{TableFormat, write_texts};
use crate::workspace::{AreaNames, day_of};
use crate::{AppError, Caller, Workspace};

/// One page of a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask for the next page with; absent on the last one.
    pub next: Option<String>,
    /// Rows on all pages.
    pub total: u64,
    /// Whether there may be more rows than that: a search that finds very many is not counted to its end.
    pub at_least: bool,
}

/// Some rows of a list that is held in memory, by their place.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Rows<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Rows on all pages.
    pub total: usize,
}

/// Most rows of an export.
const EXPORT_LIMIT: u32 = 200_000;

/// Which households to show, and in which order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HouseholdQuery {
    /// Part of a name or register number, a whole ID number, or the last digits of a phone number.
    pub search: Option<String>,
    /// Only this area.
    pub area: Option<AreaCode>,
    /// Only those of this status; without one, those on the register.
    #[param(inline)]
    pub status: Option<WantedStatus>,
    /// Only this category.
    pub category: Option<Category>,
    /// Only this choice.
    pub choice: Option<ConsentChoice>,
    /// Only this pathway.
    pub pathway: Option<Pathway>,
    /// Only those that must move, or need not.
    pub must_move: Option<bool>,
    /// Only those with (or without) open look-back items.
    pub open_items: Option<bool>,
    /// `register_number`, `head_name`, `persons`, `area`; `-` before it for descending.
    pub sort: Option<String>,
    /// Columns of an export in their order, with commas between; all without it.
    pub columns: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// Households of which status a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedStatus {
    /// On the register.
    #[default]
    Active,
    /// Merged into another.
    Merged,
    /// Cancelled.
    Cancelled,
    /// All that ever were.
    All,
}

impl WantedStatus {
    /// As the store asks for it.
    fn status(self) -> Option<HouseholdStatus> {
        match self {
            Self::Active => Some(HouseholdStatus::Active),
            Self::Merged => Some(HouseholdStatus::Merged),
            Self::Cancelled => Some(HouseholdStatus::Cancelled),
            Self::All => None,
        }
    }
}

/// A household in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HouseholdSummary {
    /// UUIDv7.
    pub id: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Masked name of the head.
    pub head_name: String,
    /// Masked ID number of the head.
    pub head_id_number: String,
    /// Group or village.
    pub area: AreaCode,
    /// Township, village and group.
    pub area_name: String,
    /// Whether it is on the register.
    pub status: HouseholdStatus,
    /// Category.
    pub category: Category,
    /// Members.
    pub persons: u32,
    /// What it chose.
    pub choice: Option<ConsentChoice>,
    /// How it wants to be settled.
    pub pathway: Option<Pathway>,
    /// Must-move.
    pub must_move: bool,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// Code of the hazard point.
    pub hazard_point: Option<String>,
    /// Open look-back items.
    pub open_items: u32,
    /// Where the newest plan sends it.
    pub destination: Option<DestinationSummary>,
    /// Where the home stands.
    pub position: Option<Position>,
}

/// Where the plan sends a household.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DestinationSummary {
    /// `site`, `pathway` or `unplaced`.
    pub to: &'static str,
    /// The site.
    pub site: Option<Uuid>,
    /// Its name.
    pub site_name: Option<String>,
    /// The pathway.
    pub pathway: Option<Pathway>,
}

/// The household page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HouseholdDetail {
    /// As in the list.
    #[serde(flatten)]
    pub summary: HouseholdSummary,
    /// Causes of the move.
    pub causes: Vec<CauseOfMove>,
    /// Poverty attribute.
    pub poverty_attribute: Option<PovertyAttribute>,
    /// Main cause of poverty.
    pub main_cause_of_poverty: Option<PovertyCause>,
    /// Masked.
    pub phone: Option<String>,
    /// Masked.
    pub bank_account: Option<String>,
    /// Contracted farmland, mu x 100.
    pub farmland_mu_hundredths: Option<i64>,
    /// The present home; the name of another owner is masked.
    pub home: Home,
    /// The rest of what is recorded of it.
    #[serde(flatten)]
    pub circumstances: Circumstances,
    /// Members, the head first.
    pub members: Vec<MemberView>,
    /// The latest choice.
    pub consent: Option<ConsentView>,
    /// Its cases of identification, the newest first.
    pub identification: Vec<anju_model::identification::IdentificationCase>,
    /// Look-back items.
    pub items: Vec<ItemView>,
    /// The decision of the newest plan.
    pub assignment: Option<AssignmentView>,
    /// The roster in force that it is on.
    pub roster: Option<super::roster::Membership>,
    /// Amendments of its key facts, the newest first.
    pub amendments: Vec<super::amendment::AmendmentView>,
    /// Whether personal data is shown as it is, which [`super::unmask`] does.
    pub unmasked: bool,
    /// Version of the record.
    pub version: i64,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

/// A member as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MemberView {
    /// UUIDv7.
    pub id: Uuid,
    /// Year and month are shown, the day is not.
    pub birth_month: Option<String>,
    /// What is recorded; names, numbers and phones are masked, and the birth date is left out unless unmasked.
    #[serde(flatten)]
    pub facts: PersonFacts,
}

/// How a household lives, who helps it and what happened to it as a whole.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Circumstances {
    /// Whether it is registered as poor.
    pub poverty_standing: Option<PovertyStanding>,
    /// Class under which it is watched.
    pub monitored_class: Option<MonitoredClass>,
    /// Other causes of poverty.
    pub other_causes_of_poverty: Vec<PovertyCause>,
    /// Forest land, mu x 100.
    pub forest_mu_hundredths: Option<i64>,
    /// Orchards, mu x 100.
    pub orchard_mu_hundredths: Option<i64>,
    /// Grassland, mu x 100.
    pub grassland_mu_hundredths: Option<i64>,
    /// Water surface, mu x 100.
    pub water_mu_hundredths: Option<i64>,
    /// Road, water, power, fuel and toilet.
    pub living: LivingConditions,
    /// Member of a co-operative.
    pub cooperative_member: Option<bool>,
    /// The helper, masked.
    pub helper: Option<Helper>,
    /// What makes it vulnerable.
    pub vulnerabilities: Vec<Vulnerability>,
    /// How it split, merged, moved or ended, the oldest first.
    pub events: Vec<Event>,
}

/// A person as shown.
fn shown_person(person: Person, masking: Masking) -> MemberView {
    let mut facts = person.facts;
    let birth_month = facts
        .birth_date
        .map(|date| format!("{:04}-{:02}", date.year(), date.month()));
    if masking == Masking::Masked {
        facts.name = masked_name(&facts.name);
        facts.birth_date = None;
        facts.id_number = facts.id_number.map(|number| IdNumber::new(&number.masked()));
        facts.phone = facts.phone.as_deref().map(masked_phone);
    }
    MemberView {
        id: person.id,
        birth_month,
        facts,
    }
}

/// A helper as shown.
fn shown_helper(mut helper: Helper, masking: Masking) -> Helper {
    if masking == Masking::Masked {
        helper.name = masked_name(&helper.name);
        helper.id_number = helper.id_number.map(|number| IdNumber::new(&number.masked()));
        helper.phone = helper.phone.as_deref().map(masked_phone);
    }
    helper
}

/// A consent as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ConsentView {
    /// The choice; the signer is masked.
    #[serde(flatten)]
    pub consent: Consent,
    /// Name of the preferred township.
    pub preferred_township_name: Option<String>,
}

/// One change of a household, from the ledger.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = HouseholdChange)]
pub struct Change {
    /// Index of the ledger entry.
    pub index: u64,
    /// Version it made.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// By which command.
    pub command: String,
    /// Why.
    pub reason: Option<String>,
    /// Fields that changed; personal values masked.
    pub changed: Vec<FieldChange>,
}

/// A field before and after.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldChange {
    /// Path of the field, e.g. `home.area_m2`.
    pub field: String,
    /// Before; absent when it was added.
    pub before: Option<String>,
    /// After; absent when it was removed.
    pub after: Option<String>,
}

/// Figures of the register.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RegisterFigures {
    /// By township.
    pub by_township: Vec<TownshipFigures>,
    /// Households by category.
    pub by_category: Vec<CodeCount>,
    /// Households by choice; the code is empty for those without one.
    pub by_choice: Vec<CodeCount>,
    /// Households that move, by pathway.
    pub by_pathway: Vec<CodeCount>,
}

/// One township.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TownshipRegisterFigures)]
pub struct TownshipFigures {
    /// Code.
    pub code: AreaCode,
    /// Name.
    pub name: String,
    /// Households.
    pub households: u64,
    /// Persons.
    pub persons: u64,
    /// Agreed to move.
    #[serde(rename = "move")]
    pub moving: u64,
    /// Stay.
    pub stay: u64,
    /// Undecided or without a record.
    pub undecided: u64,
}

/// Households with a code.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CodeCount {
    /// Code of the list.
    pub code: String,
    /// Households.
    pub households: u64,
}

/// One page of households.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &HouseholdQuery,
) -> Result<Page<HouseholdSummary>, AppError> {
    let filter = wanted_households(workspace, caller, Action::ReadRegister, query).await?;
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    page_of(workspace, &filter, &paging).await
}

async fn page_of(
    workspace: &Workspace,
    filter: &HouseholdFilter,
    paging: &Paging,
) -> Result<Page<HouseholdSummary>, AppError> {
    let page = anju_store::register::households(workspace.db(), filter, paging).await?;
    // A page names some dozen places; a whole list may name all.
    let areas = if paging.limit <= 200 {
        let codes = page.items.iter().map(|row| &row.area);
        workspace.area_names(codes).await?
    } else {
        workspace.areas().await?
    };
    let planned = page.items.iter().any(|row| row.destination.is_some());
    let sites = if planned {
        site_names(workspace).await?
    } else {
        HashMap::new()
    };
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|row| summary(row, &areas, &sites, Masking::Masked))
            .collect(),
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// What a query means for a caller who needs `action`: the caller's area, or the narrower one that is asked for.
pub(crate) async fn wanted_households(
    workspace: &Workspace,
    caller: &Caller,
    action: Action,
    query: &HouseholdQuery,
) -> Result<HouseholdFilter, AppError> {
    caller.require(action)?;
    let mut areas =
        super::areas::narrow(workspace, caller, Action::ReadRegister, query.area.as_ref()).await?;
    let area = areas.remove(0);
    let (sort, descending) = sort_key(query.sort.as_deref());
    Ok(HouseholdFilter {
        further_areas: areas,
        search: query.search.clone(),
        status: query.status.unwrap_or_default().status(),
        category: query.category,
        choice: query.choice,
        pathway: query.pathway,
        must_move: query.must_move,
        open_items: query.open_items,
        sort: match sort {
            "head_name" => HouseholdSort::HeadName,
            "persons" => HouseholdSort::Persons,
            "area" => HouseholdSort::Area,
            _ => HouseholdSort::RegisterNumber,
        },
        descending,
        ..HouseholdFilter::within(area)
    })
}

/// `-persons` is `persons`, descending.
pub(crate) fn sort_key(sort: Option<&str>) -> (&str, bool) {
    let sort = sort.unwrap_or("");
    sort.strip_prefix('-').map_or((sort, false), |key| (key, true))
}

/// A column of an exported list: its name in a query, its header, and how a household fills it.
type ListColumn = (&'static str, &'static str, fn(&HouseholdSummary) -> String);

/// The columns of the list of households.
const LIST_COLUMNS: &[ListColumn] = &[
    ("register_number", "户编号", |row| row.register_number.clone()),
    ("head_name", "户主", |row| row.head_name.clone()),
    ("head_id_number", "证件号码", |row| row.head_id_number.clone()),
    ("area", "住址", |row| row.area_name.clone()),
    ("category", "搬迁类型", |row| row.category.zh().to_owned()),
    ("persons", "人数", |row| row.persons.to_string()),
    ("choice", "意愿", |row| {
        row.choice.map_or("", ConsentChoice::zh).to_owned()
    }),
    ("pathway", "安置方式", |row| {
        row.pathway.map_or("", Pathway::zh).to_owned()
    }),
    ("must_move", "应搬", |row| {
        if row.must_move { "是" } else { "否" }.to_owned()
    }),
    ("urgency", "紧迫程度", |row| {
        row.urgency.map_or("", Urgency::zh).to_owned()
    }),
    ("hazard_point", "隐患点", |row| {
        row.hazard_point.clone().unwrap_or_default()
    }),
    ("open_items", "待核实事项", |row| row.open_items.to_string()),
    ("destination", "去向", |row| {
        let Some(to) = &row.destination else {
            return String::new();
        };
        match (&to.site_name, to.pathway) {
            (Some(name), _) => name.clone(),
            (None, Some(pathway)) => pathway.zh().to_owned(),
            (None, None) => "未落实".to_owned(),
        }
    }),
];

/// The columns that are named, in their order.
fn list_columns(named: Option<&str>) -> Result<Vec<ListColumn>, AppError> {
    let Some(named) = named.map(str::trim).filter(|named| !named.is_empty()) else {
        return Ok(LIST_COLUMNS.to_vec());
    };
    let find = |name: &str| LIST_COLUMNS.iter().copied().find(|(known, ..)| *known == name);
    named
        .split(',')
        .map(|name| {
            find(name.trim()).ok_or_else(|| {
                let known: Vec<&str> = LIST_COLUMNS.iter().map(|(name, ..)| *name).collect();
                AppError::invalid(
                    "unknown_column",
                    "columns",
                    format!("没有名为 {name} 的列;可用的列:{}", known.join("、")),
                    format!("there is no column {name}; the columns are {}", known.join(", ")),
                )
            })
        })
        .collect()
}

/// All matching households as a file, or only those that are named: masked as on the screen, in the columns and the
/// order of the query.
///
/// # Errors
/// As [`list`], and for an unknown column.
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    query: &HouseholdQuery,
    households: Option<Vec<Uuid>>,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let columns = list_columns(query.columns.as_deref())?;
    let filter = HouseholdFilter {
        households,
        ..wanted_households(workspace, caller, Action::ReadRegister, query).await?
    };
    let paging = Paging {
        after: None,
        limit: EXPORT_LIMIT,
    };
    let page = page_of(workspace, &filter, &paging).await?;
    let headers: Vec<&str> = columns.iter().map(|(_, header, _)| *header).collect();
    let table = page
        .items
        .iter()
        .map(|row| columns.iter().map(|(.., fill)| fill(row)).collect());
    write_texts("搬迁户名册", &headers, table, format)
}

/// The household page.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn household(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<HouseholdDetail, AppError> {
    detail(workspace, caller, id, Masking::Masked).await
}

/// How personal data is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Masking {
    /// As everywhere.
    Masked,
    /// As it is.
    Whole,
}

impl Masking {
    fn apply(self, text: String, mask: impl Fn(&str) -> String) -> String {
        match self {
            Self::Masked => mask(&text),
            Self::Whole => text,
        }
    }
}

pub(crate) async fn detail(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    masking: Masking,
) -> Result<HouseholdDetail, AppError> {
    let area = caller.narrow(Action::ReadRegister, None)?;
    let missing = || AppError::NotFound {
        kind: "household",
        id: id.to_string(),
    };
    let row = anju_store::register::household_summary(workspace.db(), &area, id)
        .await?
        .ok_or_else(missing)?;
    let stored: Versioned<Household> = anju_store::load(workspace.db(), &id.to_string())
        .await?
        .ok_or_else(missing)?;
    let areas = workspace.areas().await?;
    let sites = site_names(workspace).await?;
    let Versioned {
        value: household,
        version,
        changed_at,
        changed_by,
    } = stored;
    let facts = household.facts;
    Ok(HouseholdDetail {
        summary: summary(row, &areas, &sites, masking),
        causes: facts.causes,
        poverty_attribute: facts.poverty_attribute,
        main_cause_of_poverty: facts.main_cause_of_poverty,
        phone: facts.phone.map(|phone| masking.apply(phone, masked_phone)),
        bank_account: facts
            .bank_account
            .map(|account| masking.apply(account, masked_phone)),
        farmland_mu_hundredths: facts.farmland_mu_hundredths,
        home: Home {
            owner: facts.home.owner.map(|owner| masking.apply(owner, masked_name)),
            ..facts.home
        },
        circumstances: Circumstances {
            poverty_standing: facts.poverty_standing,
            monitored_class: facts.monitored_class,
            other_causes_of_poverty: facts.other_causes_of_poverty,
            forest_mu_hundredths: facts.forest_mu_hundredths,
            orchard_mu_hundredths: facts.orchard_mu_hundredths,
            grassland_mu_hundredths: facts.grassland_mu_hundredths,
            water_mu_hundredths: facts.water_mu_hundredths,
            living: facts.living,
            cooperative_member: facts.cooperative_member,
            helper: facts.helper.map(|helper| shown_helper(helper, masking)),
            vulnerabilities: facts.vulnerabilities,
            events: household.events,
        },
        members: household
            .members
            .into_iter()
            .map(|person| shown_person(person, masking))
            .collect(),
        consent: household.consent.map(|mut consent| {
            consent.signer = masking.apply(consent.signer, masked_name);
            consent.witness = consent.witness.map(|witness| masking.apply(witness, masked_name));
            ConsentView {
                preferred_township_name: consent
                    .preferred_township
                    .as_ref()
                    .map(|township| areas.name(township)),
                consent,
            }
        }),
        identification: super::identification::views::of_household(workspace, id).await?,
        items: crate::lookback::views::of_household(workspace, caller, id).await?,
        assignment: crate::plan::views::of_household(workspace, caller, id).await?,
        roster: super::roster::of_household(workspace, id).await?,
        amendments: super::amendment::of_household(workspace, caller, id).await?,
        unmasked: masking == Masking::Whole,
        version,
        changed_at,
        changed_by,
    })
}

/// The changes of a household, newest first.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn history(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<Change>, AppError> {
    let area = caller.narrow(Action::ReadRegister, None)?;
    if anju_store::register::household_summary(workspace.db(), &area, id)
        .await?
        .is_none()
    {
        return Err(AppError::NotFound {
            kind: "household",
            id: id.to_string(),
        });
    }
    changes_of::<Household>(workspace, &id.to_string()).await
}

/// The changes of a subject, newest first, personal values masked. Whether the caller may see the subject was checked.
pub(crate) async fn changes_of<S: Subject>(workspace: &Workspace, id: &str) -> Result<Vec<Change>, AppError> {
    let revisions = anju_store::history(workspace.db(), S::KIND, id).await?;
    let areas = workspace.areas().await?;
    let mut before = serde_json::Value::Null;
    let mut changes = Vec::with_capacity(revisions.len());
    for revision in revisions {
        let mut changed = Vec::new();
        compare("", &before, &revision.state, &shown, &mut changed);
        // What happened to the household as a whole is what the entry's command says.
        changed.retain(|change| !change.field.starts_with("events"));
        for change in changed.iter_mut().filter(|change| change.field == "area") {
            // The names of that time: before the change those of the day before.
            let day = day_of(revision.entry.at);
            for (code, day) in [
                (&mut change.before, day.yesterday().unwrap_or(day)),
                (&mut change.after, day),
            ] {
                if let Some(area) = code.as_deref().and_then(|code| AreaCode::parse(code).ok()) {
                    *code = Some(format!("{} ({area})", areas.path_on(&area, day)));
                }
            }
        }
        changes.push(Change {
            index: revision.entry.index,
            version: revision.entry.version,
            at: revision.entry.at,
            actor: revision.entry.actor,
            command: revision.entry.command,
            reason: revision.entry.reason,
            changed,
        });
        before = revision.state;
    }
    changes.reverse();
    Ok(changes)
}

/// Collects the fields in which two states differ, as `shown` shows them; of a first state nothing, since all of it is new.
pub(crate) fn compare(
    path: &str,
    before: &serde_json::Value,
    after: &serde_json::Value,
    shown: &impl Fn(&str, &serde_json::Value) -> Option<String>,
    changes: &mut Vec<FieldChange>,
) {
    use serde_json::Value;
    match (before, after) {
        (Value::Null, Value::Object(_)) if path.is_empty() => {}
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let inner = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                compare(
                    &inner,
                    old.get(name).unwrap_or(&Value::Null),
                    new.get(name).unwrap_or(&Value::Null),
                    shown,
                    changes,
                );
            }
        }
        (Value::Array(old), Value::Array(new)) if identified(old) && identified(new) => {
            let with = |list: &[Value], id: &Value| list.iter().find(|item| item["id"] == *id).cloned();
            for (place, item) in (1..).zip(new) {
                let path = format!("{path}.{place}");
                match with(old, &item["id"]) {
                    Some(before) => compare(&path, &before, item, shown, changes),
                    None => changes.push(FieldChange {
                        after: shown(&format!("{path}.name"), &item["name"]),
                        before: None,
                        field: path,
                    }),
                }
            }
            for (place, item) in (1..).zip(old) {
                if with(new, &item["id"]).is_none() {
                    let path = format!("{path}.{place}");
                    changes.push(FieldChange {
                        before: shown(&format!("{path}.name"), &item["name"]),
                        after: None,
                        field: path,
                    });
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}.{}", index + 1), old, new, shown, changes);
            }
        }
        _ if before == after => {}
        _ => changes.push(FieldChange {
            field: path.to_owned(),
            before: shown(path, before),
            after: shown(path, after),
        }),
    }
}

/// Whether each item of a list has an identity of its own, as members do, whatever their order.
fn identified(list: &[serde_json::Value]) -> bool {
    !list.is_empty() && list.iter().all(|item| item["id"].is_string())
}

/// A value as shown in a history: personal values masked, as everywhere.
fn shown(path: &str, value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => {
            let words: Vec<&str> = list.iter().filter_map(serde_json::Value::as_str).collect();
            match words.len() == list.len() {
                true => words.join(", "),
                false => format!("[{}]", list.len()),
            }
        }
        serde_json::Value::Object(_) => "{…}".to_owned(),
        other => other.to_string(),
    };
    let field = path.rsplit('.').next().unwrap_or(path);
    Some(match field {
        // A name at the top is that of a place.
        "name" if path == "name" => text,
        "name" | "signer" | "witness" | "owner" | "head_name" => masked_name(&text),
        "id_number" | "head_id_number" => masked_id_number(&text),
        "phone" | "bank_account" => masked_phone(&text),
        _ => text,
    })
}

/// Figures of the register within an area.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn figures(
    workspace: &Workspace,
    caller: &Caller,
    area: Option<&AreaCode>,
) -> Result<RegisterFigures, AppError> {
    let area = super::areas::narrow_to_one(workspace, caller, Action::ReadRegister, area).await?;
    let names = workspace.areas().await?;
    let counts = anju_store::register::counts(workspace.db(), &area).await?;
    let townships = anju_store::register::count_by_area(workspace.db(), &area, AreaLevel::Township).await?;
    Ok(RegisterFigures {
        by_township: townships
            .into_iter()
            .map(|count| TownshipFigures {
                name: names.name(&count.area),
                code: count.area,
                households: count.households,
                persons: count.persons,
                moving: count.moving,
                stay: count.staying,
                undecided: count.undecided + count.unasked,
            })
            .collect(),
        by_category: code_counts(counts.by_category, |category| category.code()),
        by_choice: code_counts(counts.by_choice, |choice| {
            choice.map_or("", |choice| choice.code())
        }),
        by_pathway: code_counts(counts.by_pathway, |pathway| {
            pathway.map_or("", |pathway| pathway.code())
        }),
    })
}

/// Names of the newest plan's sites.
async fn site_names(workspace: &Workspace) -> Result<HashMap<Uuid, String>, AppError> {
    let plan = anju_store::plan::latest(workspace.db()).await?;
    Ok(plan
        .map(|plan| {
            plan.value
                .sites
                .into_iter()
                .map(|site| (site.site, site.name))
                .collect()
        })
        .unwrap_or_default())
}

fn masked_id_number(number: &str) -> String {
    anju_model::identity::IdNumber::new(number).masked()
}

fn summary(
    row: anju_store::register::HouseholdSummary,
    areas: &AreaNames,
    sites: &HashMap<Uuid, String>,
    masking: Masking,
) -> HouseholdSummary {
    HouseholdSummary {
        id: row.id,
        register_number: row.register_number,
        head_name: masking.apply(row.head_name, masked_name),
        head_id_number: row
            .head_id_number
            .map(|number| masking.apply(number, masked_id_number))
            .unwrap_or_default(),
        area_name: areas.path(&row.area),
        area: row.area,
        status: row.status,
        category: row.category,
        persons: row.persons,
        choice: row.choice,
        pathway: row.pathway,
        must_move: row.must_move,
        urgency: row.urgency,
        hazard_point: row.hazard_point,
        open_items: row.open_items,
        destination: row.destination.map(|destination| match destination {
            PlannedDestination::Site(site) => DestinationSummary {
                to: "site",
                site: Some(site),
                site_name: sites.get(&site).cloned(),
                pathway: None,
            },
            PlannedDestination::Pathway(pathway) => DestinationSummary {
                to: "pathway",
                site: None,
                site_name: None,
                pathway: Some(pathway),
            },
            PlannedDestination::Unplaced => DestinationSummary {
                to: "unplaced",
                site: None,
                site_name: None,
                pathway: None,
            },
        }),
        position: row.position,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_history_names_what_changed_and_masks_it() {
        let mut changes = Vec::new();
        let before =
            json!({"must_move": true, "members": [{"name": "张三丰", "id_number": "11010519491231002X"}]});
        let after =
            json!({"must_move": false, "members": [{"name": "张三峰", "id_number": "11010519491231002X"}]});
        compare("", &before, &after, &shown, &mut changes);
        let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["members.1.name", "must_move"]);
        assert_eq!(changes[0].after.as_deref(), Some("张**"));
    }

    #[test]
    fn a_member_is_followed_wherever_it_stands() {
        let member = |id: &str, name: &str| json!({"id": id, "name": name});
        let before = json!({"members": [member("a", "张三"), member("b", "李四")], "causes": ["geohazard"]});
        let after = json!({"members": [member("b", "李思"), member("c", "王五")], "causes": []});
        let mut changes = Vec::new();
        compare("", &before, &after, &shown, &mut changes);
        let said: Vec<_> = changes
            .iter()
            .map(|change| {
                (
                    change.field.as_str(),
                    change.before.as_deref(),
                    change.after.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("causes", Some("geohazard"), Some("")),
                ("members.1.name", Some("李*"), Some("李*")),
                ("members.2", None, Some("王*")),
                ("members.1", Some("张*"), None),
            ]
        );
    }

    #[test]
    fn the_first_version_lists_nothing() {
        let mut changes = Vec::new();
        compare(
            "",
            &serde_json::Value::Null,
            &json!({"must_move": true}),
            &shown,
            &mut changes,
        );
        assert!(changes.is_empty());
    }

    #[test]
    fn a_minus_sorts_descending() {
        assert_eq!(sort_key(Some("-persons")), ("persons", true));
        assert_eq!(sort_key(Some("area")), ("area", false));
        assert_eq!(sort_key(None), ("", false));
    }
}
