//! Rosters: drafted from the living register, compared with the version before, frozen by a second person, exported.
//!
//! What is frozen is what was drafted and compared: freezing makes the entries from the register once more, inside the
//! writer's place, and refuses when their hash is another one. From then on imports hold back rows that would change a
//! key fact, and an amendment is the way ([`amendment`](super::amendment)).

use std::collections::{HashMap, HashSet};

use anju_ledger::{VerifyingKey, canonical_json};
use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::code_list::Text;
use anju_model::identity::{IdNumber, masked_name};
use anju_model::lookback::{ItemState, Severity};
use anju_model::register::{Category, ConsentChoice, Household, PovertyAttribute, Relation};
use anju_model::roster::{
    ChangedEntry, Comparison, Freezing, KeyFact, LINE_LIMIT, Roster, RosterEntry, RosterError, RosterFilter,
    RosterState, compare as compare_entries, is_line,
};
use anju_store::lookback::ItemFilter;
use anju_store::register::HouseholdFilter;
use anju_store::roster::{PART, RosterPart};
use anju_store::{Paging, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::amendment::{ShownChange, shown_fact};
use super::views::{Page, Rows};
use crate::table::{TableFormat, write_texts};
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// Blocking items named in a refusal; the others are counted.
const NAMED_ITEMS: usize = 10;

/// Households of each list that a comparison shows unless more are asked for.
const SHOWN_ENTRIES: usize = 200;

impl From<RosterError> for AppError {
    fn from(error: RosterError) -> Self {
        Self::invalid(error.code(), "roster", error.zh(), error.to_string())
    }
}

/// What a roster is drafted from.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRoster)]
pub struct NewDraft {
    /// What it is called.
    pub title: String,
    /// Category.
    pub category: Category,
    /// Area; the whole county without one.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// Only this poverty attribute.
    #[serde(default)]
    pub poverty_attribute: Option<PovertyAttribute>,
    /// Only this choice.
    #[serde(default)]
    pub choice: Option<ConsentChoice>,
    /// Only those that must move, or need not.
    #[serde(default)]
    pub must_move: Option<bool>,
    /// Only those with (or without) open look-back items.
    #[serde(default)]
    pub open_items: Option<bool>,
    /// Only those whose identification has led to the announcement, or has not.
    #[serde(default)]
    pub identified: Option<bool>,
}

/// On whose authority a roster is frozen.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RosterApproval)]
pub struct Approval {
    /// The office or person that approved it.
    pub approver: String,
    /// Number of the document.
    pub document: String,
}

/// Which rosters to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RosterQuery {
    /// Only this category.
    pub category: Option<Category>,
    /// Only this state.
    pub state: Option<RosterState>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// A roster as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RosterView {
    /// All of it.
    #[serde(flatten)]
    pub roster: Roster,
    /// Stored version, to be sent back with a step.
    pub version: i64,
    /// Name of the area.
    pub area_name: String,
}

/// How a roster differs from the version before.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = RosterComparison)]
pub struct ComparisonView {
    /// The version it is compared with; none for the first.
    pub previous: Option<RosterView>,
    /// Households that are new.
    pub added: u64,
    /// Households that are gone.
    pub removed: u64,
    /// Households with other key facts.
    pub changed: u64,
    /// Households that are the same.
    pub unchanged: u64,
    /// The first of the new ones, by register number.
    pub added_entries: Vec<EntryView>,
    /// The first of those gone.
    pub removed_entries: Vec<EntryView>,
    /// The first of the changed ones.
    pub changed_entries: Vec<EntryView>,
}

/// A household in a comparison, masked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = RosterEntryView)]
pub struct EntryView {
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Masked.
    pub head_name: String,
    /// Township, village and group.
    pub area_name: String,
    /// Persons.
    pub persons: u64,
    /// What changed.
    pub changes: Vec<ShownChange>,
}

/// The roster in force that a household is on, for its page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = RosterMembership)]
pub struct Membership {
    /// The roster.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// Its version.
    pub number: u32,
    /// The document that approved it.
    pub document: String,
    /// When it was frozen.
    pub frozen_at: Option<Timestamp>,
}

/// A household as the register had it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PastHousehold {
    /// As in a comparison; nothing is changed.
    #[serde(flatten)]
    pub entry: EntryView,
    /// Category then.
    pub category: Category,
    /// Version then.
    pub version: i64,
    /// When it became so.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

/// Which state of the register to show.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsOfQuery {
    /// The instant.
    pub at: Timestamp,
    /// Only this area.
    #[serde(default)]
    pub area: Option<AreaCode>,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A roster that anybody can check who has the county's public key.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignedRoster {
    /// The roster, as in the ledger.
    pub roster: Roster,
    /// C2SP signed note over category, area, version, document and hash, by the ledger's key.
    pub note: String,
    /// The entries whose canonical JSON has the hash.
    pub entries: Vec<RosterEntry>,
}

/// The entries as they are hashed and stored: canonical JSON of the array, in the order of the register numbers. Made
/// entry by entry, since a tree of values of a whole county would not be small.
pub fn entries_document(mut entries: Vec<RosterEntry>) -> Result<String, AppError> {
    entries.sort_by(|a, b| (&a.register_number, a.household).cmp(&(&b.register_number, b.household)));
    let mut document = String::from("[");
    for (place, entry) in entries.iter().enumerate() {
        if place > 0 {
            document.push(',');
        }
        let text = canonical_json(entry).map_err(|error| AppError::Aborted(error.to_string()))?;
        document.push_str(&text);
    }
    document.push(']');
    Ok(document)
}

fn hash_of(document: &str) -> String {
    anju_store::attachment::hex(&Sha256::digest(document.as_bytes()))
}

/// The households of the register that a filter means. The poverty attribute has no column of its own and is looked at
/// in the households themselves, which are read anyway.
async fn households(
    workspace: &Workspace,
    category: Category,
    filter: &RosterFilter,
) -> Result<Vec<Household>, AppError> {
    let wanted = HouseholdFilter {
        category: Some(category),
        choice: filter.choice,
        must_move: filter.must_move,
        open_items: filter.open_items,
        identified: filter.identified,
        ..HouseholdFilter::within(filter.area.clone())
    };
    let rows = anju_store::register::households(workspace.db(), &wanted, &Paging::default()).await?;
    let ids: Vec<String> = rows.items.iter().map(|row| row.id.to_string()).collect();
    let found: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    Ok(found
        .into_iter()
        .map(|household| household.value)
        .filter(|household| {
            filter.poverty_attribute.is_none()
                || household.facts.poverty_attribute == filter.poverty_attribute
        })
        .collect())
}

fn stored_entries(workspace: &Workspace, roster: &Roster) -> Result<Vec<RosterEntry>, AppError> {
    let bytes = workspace.attachments().read(&roster.hash)?;
    serde_json::from_slice(&bytes).map_err(|error| AppError::Aborted(error.to_string()))
}

/// Drafts a roster, or drafts the present draft of the same category and area again.
///
/// # Errors
/// When the caller may not, the title is no line of text, or no household fits.
pub async fn draft(workspace: &Workspace, caller: &Caller, new: NewDraft) -> Result<RosterView, AppError> {
    let area = new.area.unwrap_or_else(|| workspace.county().code.clone());
    caller.require_in(Action::DraftRoster, &area)?;
    if !is_line(&new.title) {
        return Err(AppError::invalid(
            "roster_title",
            "title",
            format!("请填写名册名称,一行,不超过 {LINE_LIMIT} 个字"),
            format!("a roster needs a title, one line of at most {LINE_LIMIT} characters"),
        ));
    }
    let filter = RosterFilter {
        area,
        poverty_attribute: new.poverty_attribute,
        choice: new.choice,
        must_move: new.must_move,
        open_items: new.open_items,
        identified: new.identified,
    };
    let households = households(workspace, new.category, &filter).await?;
    let (count, persons) = (
        households.len() as u64,
        households
            .iter()
            .map(|household| household.members.len() as u64)
            .sum(),
    );
    if count == 0 {
        return Err(RosterError::Empty.into());
    }
    let document = entries_document(households.iter().map(RosterEntry::of).collect())?;
    let newest = anju_store::roster::newest(workspace.db(), new.category, &filter.area).await?;
    let (before, previous, number) = match newest {
        Some(newest) if newest.value.state == RosterState::Draft => {
            let (previous, number) = (newest.value.previous, newest.value.number);
            (Some(newest), previous, number)
        }
        Some(newest) => (None, Some(newest.value.id), newest.value.number + 1),
        None => (None, None, 1),
    };
    let name = format!("{}-{number}.json", new.category);
    let attachment = workspace.store_file("application/json", &name, document.as_bytes())?;
    let roster = Roster {
        id: before
            .as_ref()
            .map_or_else(|| workspace.new_id(), |before| before.value.id),
        category: new.category,
        title: new.title.trim().to_owned(),
        number,
        state: RosterState::Draft,
        filter,
        households: count,
        persons,
        hash: attachment.hash.clone(),
        previous,
        drafted_by: caller.name().to_owned(),
        drafted_at: workspace.now(),
        frozen: None,
        superseded_by: None,
    };
    let id = roster.id;
    let mut transaction = workspace.begin(caller, "draft_roster", None).await?;
    transaction.insert_attachments(&[attachment]).await?;
    match before {
        Some(before) => {
            let again = Versioned {
                value: roster,
                ..before
            };
            transaction.update(&[again]).await?;
        }
        None => transaction.insert(&[roster]).await?,
    }
    transaction.commit().await?;
    show(workspace, caller, id).await
}

/// The states of rosters that the caller sees: a draft is the office's own until it is frozen.
fn visible_states(caller: &Caller) -> Vec<RosterState> {
    let casework = caller.require(Action::ReadCasework).is_ok();
    RosterState::ALL
        .iter()
        .copied()
        .filter(|state| casework || *state != RosterState::Draft)
        .collect()
}

async fn load(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Versioned<Roster>, AppError> {
    caller.require(Action::ReadRegister)?;
    let stored: Option<Versioned<Roster>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    stored
        .filter(|stored| {
            let area = &stored.value.filter.area;
            let near = caller.area().contains(area) || area.contains(caller.area());
            near && visible_states(caller).contains(&stored.value.state)
        })
        .ok_or_else(|| AppError::NotFound {
            kind: "roster",
            id: id.to_string(),
        })
}

/// A roster.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or of another area.
pub async fn show(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<RosterView, AppError> {
    let stored = load(workspace, caller, id).await?;
    let areas = workspace.areas().await?;
    Ok(view(&areas, stored))
}

fn view(areas: &AreaNames, stored: Versioned<Roster>) -> RosterView {
    RosterView {
        area_name: areas.name(&stored.value.filter.area),
        version: stored.version,
        roster: stored.value,
    }
}

/// One page of rosters, the newest first.
///
/// # Errors
/// When the caller may not read the register.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &RosterQuery,
) -> Result<Page<RosterView>, AppError> {
    let filter = anju_store::roster::RosterFilter {
        area: caller.narrow(Action::ReadRegister, None)?,
        category: query.category,
        states: visible_states(caller)
            .into_iter()
            .filter(|state| query.state.is_none_or(|wanted| wanted == *state))
            .collect(),
    };
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::roster::rosters(workspace.db(), &filter, &paging).await?;
    let areas = workspace.areas().await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|stored| view(&areas, stored))
            .collect(),
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// A roster, the version before it, and how they differ for the households of the caller's area.
async fn compared(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<(Option<Versioned<Roster>>, Comparison), AppError> {
    let stored = load(workspace, caller, id).await?;
    let previous = match stored.value.previous {
        Some(previous) => Some(load(workspace, caller, previous).await?),
        None => None,
    };
    let visible = |roster: &Roster| {
        stored_entries(workspace, roster).map(|mut entries| {
            entries.retain(|entry| caller.area().contains(&entry.facts.area));
            entries
        })
    };
    let before = previous
        .as_ref()
        .map(|previous| visible(&previous.value))
        .transpose()?;
    let found = compare_entries(before.unwrap_or_default(), visible(&stored.value)?);
    Ok((previous, found))
}

/// Compares a roster with the version before it, for the households of the caller's area.
///
/// # Errors
/// As [`show`].
pub async fn compare(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    limit: Option<usize>,
) -> Result<ComparisonView, AppError> {
    let (previous, found) = compared(workspace, caller, id).await?;
    let areas = workspace.areas().await?;
    let limit = limit.unwrap_or(SHOWN_ENTRIES);
    let shown = |what: Difference| {
        let entries = differences(&found, what);
        entries
            .into_iter()
            .take(limit)
            .map(|entry| entry.view(&areas))
            .collect()
    };
    Ok(ComparisonView {
        added_entries: shown(Difference::Added),
        removed_entries: shown(Difference::Removed),
        changed_entries: shown(Difference::Changed),
        previous: previous.map(|previous| view(&areas, previous)),
        added: found.added.len() as u64,
        removed: found.removed.len() as u64,
        changed: found.changed.len() as u64,
        unchanged: found.unchanged,
    })
}

/// In what way a household differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// New on the roster.
    Added,
    /// Gone from it.
    Removed,
    /// With other key facts.
    Changed,
}

/// Which part of a comparison to show.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DifferenceQuery {
    /// In what way they differ.
    #[param(inline)]
    pub what: Difference,
    /// Only households with this key fact changed.
    #[serde(default)]
    pub field: Option<KeyFact>,
    /// Beginning of the register number.
    #[serde(default)]
    pub search: Option<String>,
    /// Rows passed over.
    #[serde(default)]
    pub offset: usize,
    /// Rows wanted, 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
}

/// A household that differs: as it is on the roster, or was on the one before, with the facts that changed.
struct Differing<'a> {
    entry: &'a RosterEntry,
    changed: Option<&'a ChangedEntry>,
}

impl Differing<'_> {
    fn view(&self, areas: &AreaNames) -> EntryView {
        let changes = self.changed.map_or_else(Vec::new, |changed| {
            let shown = changed.facts.iter().map(|field| ShownChange {
                field: *field,
                before: shown_fact(areas, &changed.before.facts, *field),
                after: shown_fact(areas, &changed.after.facts, *field),
            });
            shown.collect()
        });
        entry_view(areas, self.entry, changes)
    }
}

fn differences(found: &Comparison, what: Difference) -> Vec<Differing<'_>> {
    fn plain(entries: &[RosterEntry]) -> Vec<Differing<'_>> {
        entries
            .iter()
            .map(|entry| Differing { entry, changed: None })
            .collect()
    }
    match what {
        Difference::Added => plain(&found.added),
        Difference::Removed => plain(&found.removed),
        Difference::Changed => found
            .changed
            .iter()
            .map(|changed| Differing {
                entry: &changed.after,
                changed: Some(changed),
            })
            .collect(),
    }
}

/// A page of the households that differ in one way.
///
/// # Errors
/// As [`show`].
pub async fn differing(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    query: &DifferenceQuery,
) -> Result<Rows<EntryView>, AppError> {
    let (_, found) = compared(workspace, caller, id).await?;
    let areas = workspace.areas().await?;
    let search = query
        .search
        .as_deref()
        .map(str::trim)
        .unwrap_or_default()
        .to_lowercase();
    let wanted: Vec<Differing<'_>> = differences(&found, query.what)
        .into_iter()
        .filter(|entry| entry.entry.register_number.to_lowercase().starts_with(&search))
        .filter(|entry| match (query.field, entry.changed) {
            (Some(field), Some(changed)) => changed.facts.contains(&field),
            (field, _) => field.is_none(),
        })
        .collect();
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    Ok(Rows {
        total: wanted.len(),
        items: wanted
            .iter()
            .skip(query.offset)
            .take(limit)
            .map(|entry| entry.view(&areas))
            .collect(),
    })
}

/// All differences with the version before as a table, a row for each household or changed fact; masked as on the screen.
///
/// # Errors
/// As [`show`].
pub async fn export_comparison(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let (_, found) = compared(workspace, caller, id).await?;
    let areas = workspace.areas().await?;
    let headers = [
        "差异",
        "户编号",
        "户主",
        "住址",
        "人数",
        "关键信息",
        "原值",
        "新值",
    ];
    let mut table = Vec::new();
    for (what, name) in [
        (Difference::Added, "新增"),
        (Difference::Removed, "移出"),
        (Difference::Changed, "变化"),
    ] {
        for entry in differences(&found, what) {
            let view = entry.view(&areas);
            let row = |fact: &str, before: &str, after: &str| {
                let fields = [
                    name,
                    &view.register_number,
                    &view.head_name,
                    &view.area_name,
                    &view.persons.to_string(),
                    fact,
                    before,
                    after,
                ];
                fields.map(str::to_owned).to_vec()
            };
            if view.changes.is_empty() {
                table.push(row("", "", ""));
            }
            table.extend(
                view.changes
                    .iter()
                    .map(|change| row(change.field.zh(), &change.before.zh, &change.after.zh)),
            );
        }
    }
    write_texts("名册比对", &headers, table.into_iter(), format)
}

fn entry_view(areas: &AreaNames, entry: &RosterEntry, changes: Vec<ShownChange>) -> EntryView {
    EntryView {
        household: entry.household,
        register_number: entry.register_number.clone(),
        head_name: head(entry)
            .map(|head| masked_name(&head.name))
            .unwrap_or_default(),
        area_name: areas.path(&entry.facts.area),
        persons: entry.facts.members.len() as u64,
        changes,
    }
}

fn head(entry: &RosterEntry) -> Option<&anju_model::roster::RosterMember> {
    let members = &entry.facts.members;
    members
        .iter()
        .find(|member| matches!(member.relation, Relation::Head | Relation::Oneself))
        .or(members.first())
}

/// Freezes a draft that was seen at `version`; the version before it is superseded.
///
/// # Errors
/// When the caller drafted it or may not freeze, blocking look-back items of its households are open, a household is not
/// accepted in its category, the register was
/// changed since it was drafted, or a household is on another roster in force.
pub async fn freeze(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    approval: Approval,
) -> Result<RosterView, AppError> {
    let mut stored = load(workspace, caller, id).await?;
    caller.require_in(Action::ApproveRoster, &stored.value.filter.area)?;
    if stored.version != version {
        return Err(AppError::VersionConflict {
            kind: "roster".into(),
            id: id.to_string(),
            expected: version,
            found: stored.version,
        });
    }
    let draft = stored.value.clone();
    stored.value = draft.freeze(Freezing {
        by: caller.name().to_owned(),
        at: workspace.now(),
        approver: approval.approver.trim().to_owned(),
        document: approval.document.trim().to_owned(),
    })?;
    // From here on nobody else writes, so that what is checked is what is frozen.
    let mut transaction = workspace.begin(caller, "freeze_roster", None).await?;
    let households = households(workspace, draft.category, &draft.filter).await?;
    let mut entries: Vec<RosterEntry> = households.iter().map(RosterEntry::of).collect();
    entries.sort_by(|a, b| (&a.register_number, a.household).cmp(&(&b.register_number, b.household)));
    refuse_blocked(workspace, &draft, &entries).await?;
    super::acceptance::refuse_not_accepted(workspace, &draft.title, &households).await?;
    if hash_of(&entries_document(entries.clone())?) != draft.hash {
        return Err(AppError::invalid(
            "roster_stale",
            draft.title,
            "编制之后名册数据已有变动;请重新编制并比对,再核定",
            "the register was changed since this was drafted; draft and compare it again, then freeze it",
        ));
    }
    let in_force = anju_store::roster::frozen_households(workspace.db()).await?;
    let elsewhere: Vec<&str> = entries
        .iter()
        .filter(|entry| {
            in_force
                .get(&entry.household)
                .is_some_and(|roster| Some(*roster) != draft.previous)
        })
        .map(|entry| entry.register_number.as_str())
        .collect();
    if !elsewhere.is_empty() {
        let names = named(&elsewhere);
        return Err(AppError::invalid(
            "roster_overlap",
            draft.title,
            format!(
                "{} 户已在另一份有效的核定名册上:{names};请先核定该名册的新版",
                elsewhere.len()
            ),
            format!(
                "{} households are on another roster in force: {names}; freeze a new version of that one first",
                elsewhere.len()
            ),
        ));
    }
    if let Some(previous) = draft.previous {
        let mut before = load(workspace, caller, previous).await?;
        before.value = before.value.supersede(id)?;
        transaction.update(&[before]).await?;
    }
    transaction.update(&[stored]).await?;
    let parts: Vec<RosterPart> = (1..)
        .zip(entries.chunks(PART))
        .map(|(number, entries)| RosterPart {
            id: workspace.new_id(),
            roster: id,
            number,
            households: entries.iter().map(|entry| entry.household).collect(),
        })
        .collect();
    transaction.insert(&parts).await?;
    transaction.commit().await?;
    show(workspace, caller, id).await
}

/// The first few, and how many more.
fn named(names: &[&str]) -> String {
    let shown = names
        .iter()
        .take(NAMED_ITEMS)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().checked_sub(NAMED_ITEMS) {
        Some(more) if more > 0 => format!("{shown} … +{more}"),
        _ => shown,
    }
}

/// Refuses while a look-back item that must be corrected is open for one of the households.
async fn refuse_blocked(
    workspace: &Workspace,
    roster: &Roster,
    entries: &[RosterEntry],
) -> Result<(), AppError> {
    let numbers: HashMap<Uuid, &str> = entries
        .iter()
        .map(|entry| (entry.household, entry.register_number.as_str()))
        .collect();
    let filter = ItemFilter {
        severity: Some(Severity::Block),
        state: Some(ItemState::Open),
        ..ItemFilter::within(roster.filter.area.clone())
    };
    let items = anju_store::lookback::items(workspace.db(), &filter, &Paging::default()).await?;
    let mut zh = Vec::new();
    let mut en = Vec::new();
    for item in &items.items {
        let households = [item.value.household, item.value.other_household];
        let Some(number) = households
            .iter()
            .flatten()
            .find_map(|household| numbers.get(household))
        else {
            continue;
        };
        let name = crate::lookback::rule_name(workspace, &item.value.rule);
        zh.push(format!("{number}({})", name.zh));
        en.push(format!("{number} ({})", name.en));
    }
    if zh.is_empty() {
        return Ok(());
    }
    let list = |names: &[String]| named(&names.iter().map(String::as_str).collect::<Vec<_>>());
    Err(AppError::invalid(
        "blocking_items",
        roster.title.clone(),
        format!("{} 项必须更正的回头看事项未办结:{}", zh.len(), list(&zh)),
        format!(
            "{} look-back items that must be corrected are open: {}",
            en.len(),
            list(&en)
        ),
    ))
}

/// The roster in force that a household is on.
pub(crate) async fn of_household(
    workspace: &Workspace,
    household: Uuid,
) -> Result<Option<Membership>, AppError> {
    let found = anju_store::roster::frozen_roster_of(workspace.db(), household).await?;
    Ok(found.map(|found| {
        let roster = found.value;
        Membership {
            id: roster.id,
            title: roster.title,
            number: roster.number,
            frozen_at: roster.frozen.as_ref().map(|freezing| freezing.at),
            document: roster
                .frozen
                .map(|freezing| freezing.document)
                .unwrap_or_default(),
        }
    }))
}

/// The roster as a table, one row for each member, of the caller's area; masked as on the screen.
///
/// # Errors
/// As [`show`].
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let roster = load(workspace, caller, id).await?.value;
    let areas = workspace.areas().await?;
    let headers = [
        "户编号",
        "住址",
        "搬迁类型",
        "安置方式",
        "户主",
        "人数",
        "姓名",
        "与户主关系",
        "性别",
        "证件号码",
        "住房结构",
        "安全等级",
        "住房面积",
        "银行账号",
    ];
    let mut table = Vec::new();
    for entry in stored_entries(workspace, &roster)? {
        if !caller.area().contains(&entry.facts.area) {
            continue;
        }
        let head = head(&entry)
            .map(|head| masked_name(&head.name))
            .unwrap_or_default();
        let facts = &entry.facts;
        let home = &facts.home.home;
        for member in &facts.members {
            table.push(vec![
                entry.register_number.clone(),
                areas.path(&facts.area),
                facts.category.zh().to_owned(),
                facts.pathway.map_or("", |pathway| pathway.zh()).to_owned(),
                head.clone(),
                facts.members.len().to_string(),
                masked_name(&member.name),
                member.relation.zh().to_owned(),
                member.sex.zh().to_owned(),
                member
                    .id_number
                    .as_ref()
                    .map(IdNumber::masked)
                    .unwrap_or_default(),
                home.structure.map_or("", |structure| structure.zh()).to_owned(),
                home.grade.map_or("", |grade| grade.zh()).to_owned(),
                home.area_m2.map(|area| area.to_string()).unwrap_or_default(),
                facts
                    .bank_account
                    .as_deref()
                    .map(anju_model::identity::masked_phone)
                    .unwrap_or_default(),
            ]);
        }
    }
    let title = format!("{} 第{}版", roster.title, roster.number);
    write_texts(&title, &headers, table.into_iter(), format)
}

/// What the ledger's key signs of a roster.
fn signed_text(roster: &Roster) -> String {
    let freezing = roster.frozen.as_ref();
    format!(
        "anju roster v1\nroster {}\ncategory {}\narea {}\nversion {}\nhouseholds {}\napprover {}\ndocument {}\nfrozen {}\nsha256 {}\n",
        roster.id,
        roster.category,
        roster.filter.area,
        roster.number,
        roster.households,
        freezing.map_or("", |freezing| &freezing.approver),
        freezing.map_or("", |freezing| &freezing.document),
        freezing
            .map(|freezing| freezing.at.to_string())
            .unwrap_or_default(),
        roster.hash,
    )
}

/// The approved record itself, unmasked and signed, for the superior office. Only for who may freeze rosters.
///
/// # Errors
/// For a draft, or a caller who may not.
pub async fn export_signed(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Vec<u8>, AppError> {
    let roster = load(workspace, caller, id).await?.value;
    caller.require_in(Action::ApproveRoster, &roster.filter.area)?;
    if roster.frozen.is_none() {
        return Err(AppError::invalid(
            "roster_draft",
            roster.title,
            "草案不能签名导出;请先核定",
            "a draft is not signed; freeze it first",
        ));
    }
    let signed = SignedRoster {
        note: workspace.sign_text(&signed_text(&roster))?,
        entries: stored_entries(workspace, &roster)?,
        roster,
    };
    serde_json::to_vec_pretty(&signed).map_err(|error| AppError::Aborted(error.to_string()))
}

/// Checks a signed roster with the county's public key: that the note is signed, that it is of this roster, and that the
/// entries have its hash. Needs nothing of the workspace.
///
/// # Errors
/// What does not fit.
pub fn check_signed(document: &[u8], public_key: &str) -> Result<Roster, AppError> {
    let invalid = |zh: &str, en: String| AppError::invalid("roster_signature", "roster", zh, en);
    let signed: SignedRoster = serde_json::from_slice(document)
        .map_err(|error| invalid("不是签名名册文件", format!("this is no signed roster: {error}")))?;
    let key = VerifyingKey::from_text(public_key.trim())
        .map_err(|error| invalid("公钥无法读取", error.to_string()))?;
    let text = key
        .verify_text(&signed.note)
        .map_err(|error| invalid("签名不成立", error.to_string()))?;
    if text != signed_text(&signed.roster) {
        return Err(invalid(
            "签名不是这份名册的",
            "the note is signed for another roster".into(),
        ));
    }
    if hash_of(&entries_document(signed.entries)?) != signed.roster.hash {
        return Err(invalid(
            "名册内容被改动过",
            "the entries are not the ones that were signed".into(),
        ));
    }
    Ok(signed.roster)
}

/// The register as it stood at an instant, in the order of the households' ids.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn as_of(
    workspace: &Workspace,
    caller: &Caller,
    query: &AsOfQuery,
) -> Result<Page<PastHousehold>, AppError> {
    let mut wanted =
        super::areas::narrow(workspace, caller, Action::ReadRegister, query.area.as_ref()).await?;
    let areas = workspace.areas().await?;
    // At that time the households may have lain under codes that are no longer in force.
    let former: Vec<AreaCode> = wanted
        .iter()
        .flat_map(|area| areas.table().former(area))
        .collect();
    wanted.extend(former);
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    let page = anju_store::register::households_as_of(workspace.db(), query.at, &wanted, &paging).await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(|past| PastHousehold {
                entry: entry_view(&areas, &RosterEntry::of(&past.value), Vec::new()),
                category: past.value.facts.category,
                version: past.version,
                changed_at: past.changed_at,
                changed_by: past.changed_by,
            })
            .collect(),
        next: page.next,
        total: page.total,
        at_least: page.at_least,
    })
}

/// The households on rosters in force, with those rosters: what an import must not change.
pub(crate) struct Frozen {
    households: HashMap<Uuid, Uuid>,
    rosters: HashMap<Uuid, Roster>,
}

impl Frozen {
    pub(crate) async fn load(workspace: &Workspace) -> Result<Self, AppError> {
        let households = anju_store::roster::frozen_households(workspace.db()).await?;
        let ids: HashSet<String> = households.values().map(Uuid::to_string).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let rosters: Vec<Versioned<Roster>> = anju_store::load_many(workspace.db(), &ids).await?;
        Ok(Self {
            households,
            rosters: rosters
                .into_iter()
                .map(|roster| (roster.value.id, roster.value))
                .collect(),
        })
    }

    /// Whether no household is on a roster in force.
    pub(crate) fn is_empty(&self) -> bool {
        self.households.is_empty()
    }

    /// Fields, reason and remedy when the household is on a roster in force and the change would touch a key fact.
    pub(crate) fn refusal(
        &self,
        before: &Household,
        after: &Household,
    ) -> Option<(Vec<KeyFact>, Text, Text)> {
        let roster = self.rosters.get(self.households.get(&before.id)?)?;
        key_fact_refusal(roster, before, after)
    }
}

/// Fields, reason and remedy when a change of a household on a roster in force would touch a key fact.
pub(crate) fn key_fact_refusal(
    roster: &Roster,
    before: &Household,
    after: &Household,
) -> Option<(Vec<KeyFact>, Text, Text)> {
    let (old, new) = (RosterEntry::of(before), RosterEntry::of(after));
    let mut fields = old.facts.differences(&new.facts);
    // Consent is often taken after the roster: a first pathway is recorded, only another one is a change.
    if old.facts.pathway.is_none() {
        fields.retain(|field| *field != KeyFact::Pathway);
    }
    if fields.is_empty() {
        return None;
    }
    let (reason, remedy) = super::amendment::needed(roster, &fields);
    Some((fields, reason, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anju_model::register::Home;
    use anju_model::roster::{KeyFacts, RosterHome};

    fn entry(number: u64) -> RosterEntry {
        RosterEntry {
            household: Uuid::from_u64_pair(1, number),
            register_number: format!("QX-{:03}", number % 7),
            facts: KeyFacts {
                members: Vec::new(),
                category: Category::Disaster,
                home: RosterHome {
                    home: Home {
                        area_m2: Some(number as f64 / 3.0),
                        ..Home::default()
                    },
                    position: None,
                },
                pathway: None,
                area: AreaCode::parse("61902110120101").unwrap(),
                bank_account: Some("\u{20ac}\"\\".into()),
            },
        }
    }

    /// Several entries share a register number here, so that the order of ties counts too.
    #[test]
    fn the_hash_does_not_depend_on_the_order_of_the_input() {
        let entries: Vec<RosterEntry> = (0..20).map(entry).collect();
        let document = entries_document(entries.clone()).unwrap();
        for turn in 1..20 {
            let mut turned = entries.clone();
            turned.rotate_left(turn);
            turned.swap(0, turn);
            assert_eq!(hash_of(&entries_document(turned).unwrap()), hash_of(&document));
        }
        let mut other = entries;
        other[3].facts.bank_account = None;
        assert_ne!(entries_document(other).unwrap(), document);
    }

    #[test]
    fn the_document_is_the_canonical_json_of_the_whole_list() {
        for count in [0, 1, 5] {
            let document = entries_document((0..count).map(entry).collect()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&document).unwrap();
            assert_eq!(canonical_json(&value).unwrap(), document);
        }
    }
}
