//! Areas over time: the table with its versions, and their changes.
//!
//! A change is previewed first and then carried out exactly as it was previewed, or refused: in one transaction the
//! table, the households, the users and everything that is under way in the area get their new codes. Entries of the
//! ledger and rosters keep the codes of their time; the names of that time are still known.

use std::collections::{BTreeMap, HashMap};

use anju_ledger::canonical_json;
use anju_model::access::{Action, Role, Unmasking, User};
use anju_model::amendment::Amendment;
use anju_model::area::{Area, AreaCode, AreaLevel, AreaVersion, Areas, Present, Succession, SuccessionKind};
use anju_model::area_change::{AreaChange, AreaChangeError, AreaMove, AreaOrder, Territory};
use anju_model::category::EvidenceRecord;
use anju_model::hazard::HazardPoint;
use anju_model::identification::{IdentificationCase, NoticeKind, Objection, PublicityNotice};
use anju_model::land::Candidate;
use anju_model::lookback::{LookbackItem, ThreatenedHousehold};
use anju_model::plan::Assignment;
use anju_model::register::{Household, StockHousing};
use anju_store::{Subject, Versioned};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::table::{TableFormat, write_texts};
use crate::workspace::{AreaNames, Transaction, day_of};
use crate::{AppError, Caller, Workspace};

impl From<AreaChangeError> for AppError {
    fn from(error: AreaChangeError) -> Self {
        let text = error.text();
        Self::invalid(error.code(), "area", text.zh, text.en)
    }
}

/// The areas that the area asked for stands for today, within the caller's own: several for a code that was split.
///
/// # Errors
/// [`AppError::Forbidden`] when none of them overlaps the caller's area.
pub(crate) async fn narrow(
    workspace: &Workspace,
    caller: &Caller,
    action: Action,
    asked: Option<&AreaCode>,
) -> Result<Vec<AreaCode>, AppError> {
    let Some(asked) = asked else {
        return Ok(vec![caller.narrow(action, None)?]);
    };
    caller.require(action)?;
    // Nearly always the code is in force, which it and the areas around it tell.
    let near = workspace.area_names(std::iter::once(asked)).await?;
    let present = match near.table().present(asked) {
        Present::InForce => Present::InForce,
        _ => workspace.areas().await?.table().present(asked),
    };
    let now = match present {
        Present::Now(now) => vec![now],
        Present::Split(several) if !several.is_empty() => several,
        Present::InForce | Present::Split(_) | Present::Unknown => vec![asked.clone()],
    };
    let mut found = Vec::with_capacity(now.len());
    let mut refused = None;
    for area in &now {
        match caller.narrow(action, Some(area)) {
            Ok(area) => found.push(area),
            Err(error) => refused = Some(error),
        }
    }
    // All parts of a split may lie around the caller's own area, which is then meant once.
    found.dedup();
    match refused {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// The one area that the area asked for stands for today.
///
/// # Errors
/// As [`narrow`], and when the area was split.
pub(crate) async fn narrow_to_one(
    workspace: &Workspace,
    caller: &Caller,
    action: Action,
    asked: Option<&AreaCode>,
) -> Result<AreaCode, AppError> {
    let found = narrow(workspace, caller, action, asked).await?;
    <[AreaCode; 1]>::try_from(found)
        .map(|[area]| area)
        .map_err(|several| {
            let codes: Vec<&str> = several.iter().map(AreaCode::as_str).collect();
            AppError::invalid(
                "area_split",
                "area",
                format!("该区划已拆分为 {};请选其一", codes.join("、")),
                format!("the area was split into {}; choose one of them", codes.join(", ")),
            )
        })
}

/// Which areas to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreaQuery {
    /// As they were on this day, with the names of that day; today without it.
    pub on: Option<Date>,
    /// Those no longer in force as well.
    pub closed: bool,
    /// Villagers' groups as well.
    pub groups: bool,
}

/// An area with what it holds.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AreaView {
    /// Code.
    pub code: AreaCode,
    /// Name, of the day asked for.
    pub name: String,
    /// Level.
    pub level: AreaLevel,
    /// The enclosing area.
    pub parent: Option<AreaCode>,
    /// Households in it today; none in one that is no longer in force.
    pub households: u64,
    /// First day of the code, where it is recorded.
    pub valid_from: Option<Date>,
    /// Last day of the code; none while it is in force.
    pub valid_to: Option<Date>,
    /// Where its places are today; empty while it is in force.
    pub now: Vec<AreaCode>,
    /// Names it had before the newest.
    pub former_names: Vec<String>,
}

/// An area by code and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NamedArea {
    /// Code.
    pub code: AreaCode,
    /// Its newest name, with the areas around it.
    pub name: String,
}

/// What became of an area, or what it came of.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SuccessionView {
    /// What happened.
    pub kind: SuccessionKind,
    /// First day on which it holds.
    pub date: Date,
    /// Number of the document.
    pub document: String,
    /// The other areas: those it became, or the one it came of.
    pub areas: Vec<NamedArea>,
}

/// An area with its story.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AreaDetail {
    /// As in the list.
    #[serde(flatten)]
    pub area: AreaView,
    /// Township and village around it, with its own name.
    pub path: String,
    /// Its names, the oldest first.
    pub versions: Vec<AreaVersion>,
    /// What became of it, the oldest first.
    pub successions: Vec<SuccessionView>,
    /// What it came of.
    pub predecessors: Vec<SuccessionView>,
    /// The areas directly inside that are in force, groups that only households name included.
    pub inside: Vec<InnerArea>,
    /// Households that lie in it and in none of those.
    pub households_outside_them: u64,
    /// Who works in it; only for those who change areas.
    pub users: Vec<UserPlace>,
}

/// An area directly inside another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InnerArea {
    /// Code.
    pub code: AreaCode,
    /// Its own name.
    pub name: String,
    /// Households in it.
    pub households: u64,
}

/// A user with the place that a change gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct UserPlace {
    /// UUIDv7.
    pub id: Uuid,
    /// Sign-in name.
    pub name: String,
    /// Name shown to others.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Area so far.
    pub from: AreaCode,
    /// Area afterwards; none while it must be chosen.
    pub to: Option<AreaCode>,
    /// What can be chosen, for the area of a user that was split.
    pub choices: Vec<AreaCode>,
}

/// A new area.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArea {
    /// Code.
    pub code: AreaCode,
    /// Name.
    pub name: String,
    /// First day.
    #[serde(default)]
    pub valid_from: Option<Date>,
    /// Number of the document.
    pub document: String,
}

/// A change as asked for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AreaChangeRequest)]
pub struct ChangeRequest {
    /// What changes.
    pub change: AreaChange,
    /// First day on which it holds.
    pub date: Date,
    /// Number of the document.
    pub document: String,
    /// Which part of a split each of these users goes to.
    #[serde(default)]
    pub users: BTreeMap<Uuid, AreaCode>,
    /// The preview's fingerprint, without which nothing is carried out.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

impl ChangeRequest {
    fn order(&self) -> AreaOrder {
        AreaOrder {
            change: self.change.clone(),
            date: self.date,
            document: self.document.clone(),
        }
    }
}

/// Where the places of a code go, with the number of households.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = AreaMoveView)]
pub struct MoveView {
    /// The area so far.
    pub from: NamedArea,
    /// The area afterwards, or the areas, with the households that go there.
    pub to: Vec<MoveTarget>,
}

/// Where some of a code's households go.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = AreaMoveTarget)]
pub struct MoveTarget {
    /// The area.
    #[serde(flatten)]
    pub area: NamedArea,
    /// Households that lay exactly there, and not in a group or village named on a line of its own.
    pub households: u64,
}

/// What a change would do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = AreaChangePreview)]
pub struct ChangePreview {
    /// To be sent with the change, which is carried out only as it was previewed.
    pub fingerprint: String,
    /// Codes with where they go.
    pub moves: Vec<MoveView>,
    /// Households that get another code.
    pub households: u64,
    /// Users that get another area.
    pub users: Vec<UserPlace>,
    /// Records under way that follow: cases, look-back items, amendments and the like.
    pub records: u64,
    /// Records that stay under the old code since the split does not say where they belong.
    pub staying: u64,
}

/// A place that a household had, by the names of that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PastPlace {
    /// The code.
    pub area: AreaCode,
    /// Township, village and group by the names of that time.
    pub area_name: String,
    /// First day, as far as the register knows.
    pub from: Date,
    /// Last day; none for the present place.
    pub to: Option<Date>,
}

/// The areas of the caller, in the order of their codes.
///
/// # Errors
/// When the caller may not read the register.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &AreaQuery,
) -> Result<Vec<AreaView>, AppError> {
    let own = caller.narrow(Action::ReadRegister, None)?;
    let names = workspace.areas().await?;
    let households = households_by_area(workspace, &own, query.groups).await?;
    let former = names.table().former(&own);
    let shown = |area: &&Area| {
        let visible = own.contains(&area.code) || former.contains(&area.code);
        let wanted = match query.on {
            Some(day) => area.was_in_force(day),
            None => query.closed || area.is_in_force(),
        };
        visible && wanted && (query.groups || area.code.level() != AreaLevel::Group)
    };
    Ok(names
        .table()
        .all()
        .filter(shown)
        .map(|area| view(&names, area, &households, query.on))
        .collect())
}

async fn households_by_area(
    workspace: &Workspace,
    own: &AreaCode,
    groups: bool,
) -> Result<HashMap<AreaCode, u64>, AppError> {
    let mut households: HashMap<AreaCode, u64> = HashMap::new();
    let mut levels = vec![AreaLevel::Township, AreaLevel::Village];
    if groups {
        levels.push(AreaLevel::Group);
    }
    for level in levels {
        for count in anju_store::register::count_by_area(workspace.db(), own, level).await? {
            // By group, a village without groups counts itself, which it did already.
            if count.area.level() == level {
                households.insert(count.area, count.households);
            }
        }
    }
    let whole = households
        .iter()
        .filter(|(area, _)| area.level() == AreaLevel::Township)
        .map(|(_, count)| count)
        .sum();
    households.insert(workspace.county().code.clone(), whole);
    Ok(households)
}

fn view(names: &AreaNames, area: &Area, households: &HashMap<AreaCode, u64>, on: Option<Date>) -> AreaView {
    AreaView {
        code: area.code.clone(),
        name: on.map_or(area.name.as_str(), |day| area.name_on(day)).to_owned(),
        level: area.code.level(),
        parent: area
            .code
            .parent()
            .filter(|parent| parent.level() >= AreaLevel::County),
        households: households.get(&area.code).copied().unwrap_or(0),
        valid_from: area.valid_from,
        valid_to: area.valid_to,
        now: match names.table().present(&area.code) {
            Present::Now(now) => vec![now],
            Present::Split(several) => several,
            Present::InForce | Present::Unknown => Vec::new(),
        },
        former_names: area
            .former_names
            .iter()
            .map(|former| former.name.clone())
            .collect(),
    }
}

fn named(names: &AreaNames, code: &AreaCode) -> NamedArea {
    NamedArea {
        code: code.clone(),
        name: names.path(code),
    }
}

/// An area with its versions and successions.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or lies outside the caller's area.
pub async fn detail(workspace: &Workspace, caller: &Caller, code: &AreaCode) -> Result<AreaDetail, AppError> {
    let own = caller.narrow(Action::ReadRegister, None)?;
    let names = workspace.areas().await?;
    let table = names.table();
    let area = table
        .get(code)
        .filter(|area| own.contains(&area.code) || table.former(&own).contains(&area.code))
        .ok_or_else(|| AppError::NotFound {
            kind: "area",
            id: code.to_string(),
        })?;
    let households = households_by_area(workspace, &own, code.level() == AreaLevel::Group).await?;
    let successions = successions(&names, area);
    let predecessors = predecessors(&names, code);
    let (inside, households_outside_them) = inside(workspace, &names, code).await?;
    let users = if caller.require_in(Action::ManageAreas, code).is_ok() {
        let users: Vec<Versioned<User>> = anju_store::load_within(workspace.db(), code).await?;
        users
            .into_iter()
            .map(|user| user_place(&user.value, None, Vec::new()))
            .collect()
    } else {
        Vec::new()
    };
    Ok(AreaDetail {
        area: view(&names, area, &households, None),
        path: names.path(code),
        versions: area.versions(),
        successions,
        predecessors,
        inside,
        households_outside_them,
        users,
    })
}

fn succession_view(succession: &Succession, areas: Vec<NamedArea>) -> SuccessionView {
    SuccessionView {
        kind: succession.kind,
        date: succession.date,
        document: succession.document.clone(),
        areas,
    }
}

fn successions(names: &AreaNames, area: &Area) -> Vec<SuccessionView> {
    area.successions
        .iter()
        .map(|succession| {
            let areas = succession.to.iter().map(|to| named(names, to)).collect();
            succession_view(succession, areas)
        })
        .collect()
}

fn predecessors(names: &AreaNames, code: &AreaCode) -> Vec<SuccessionView> {
    let mut found = Vec::new();
    for other in names.table().all().filter(|other| other.code != *code) {
        for succession in other
            .successions
            .iter()
            .filter(|succession| succession.to.contains(code))
        {
            found.push(succession_view(succession, vec![named(names, &other.code)]));
        }
    }
    found
}

/// The area directly inside `around` in which `area` lies; none where it is `around` itself.
fn directly_inside(around: &AreaCode, area: &AreaCode) -> Option<AreaCode> {
    let mut area = area.clone();
    loop {
        let parent = area.parent()?;
        if parent == *around {
            return Some(area);
        }
        area = parent;
    }
}

/// The areas directly inside one with their households, and the households in none of them.
async fn inside(
    workspace: &Workspace,
    names: &AreaNames,
    code: &AreaCode,
) -> Result<(Vec<InnerArea>, u64), AppError> {
    let mut counts: BTreeMap<AreaCode, u64> = BTreeMap::new();
    for area in names.table().inside(code).filter(|area| area.is_in_force()) {
        if area.code.parent().as_ref() == Some(code) {
            counts.insert(area.code.clone(), 0);
        }
    }
    let mut outside = 0;
    for (_, area) in anju_store::register::household_areas(workspace.db(), code).await? {
        match directly_inside(code, &area) {
            Some(inner) => *counts.entry(inner).or_default() += 1,
            None => outside += 1,
        }
    }
    let inside = counts.into_iter().map(|(code, households)| InnerArea {
        name: names.name(&code),
        code,
        households,
    });
    Ok((inside.collect(), outside))
}

fn user_place(user: &User, to: Option<AreaCode>, choices: Vec<AreaCode>) -> UserPlace {
    UserPlace {
        id: user.id,
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        role: user.role,
        from: user.area.clone(),
        to,
        choices,
    }
}

/// Adds an area that comes of no other.
///
/// # Errors
/// When the caller may not, the code is taken, or what encloses it is not there.
pub async fn add(workspace: &Workspace, caller: &Caller, new: NewArea) -> Result<AreaDetail, AppError> {
    caller.require_in(Action::ManageAreas, &new.code)?;
    if !anju_model::roster::is_line(&new.document) {
        return Err(AreaChangeError::Document.into());
    }
    let document = new.document.trim().to_owned();
    let mut transaction = workspace.begin(caller, "add_area", Some(document)).await?;
    let mut territory = territory(workspace).await?;
    territory.add(&new.code, &new.name, new.valid_from, workspace.today())?;
    let added: Vec<Area> = territory.areas.get(&new.code).cloned().into_iter().collect();
    transaction.insert(&added).await?;
    transaction.commit().await?;
    detail(workspace, caller, &new.code).await
}

/// The table of areas and where the households lie.
pub(super) async fn territory(workspace: &Workspace) -> Result<Territory, AppError> {
    let names = workspace.areas().await?;
    let households = anju_store::register::household_areas(workspace.db(), &workspace.county().code).await?;
    Ok(Territory {
        areas: names.table().clone(),
        households: households.into_iter().collect(),
    })
}

/// What a change would do; nothing is written.
///
/// # Errors
/// When the caller may not change one of the areas, or the change cannot be.
pub async fn preview(
    workspace: &Workspace,
    caller: &Caller,
    request: &ChangeRequest,
) -> Result<ChangePreview, AppError> {
    let prepared = prepare(workspace, caller, request).await?;
    prepared.preview(workspace).await
}

/// Carries a change out as it was previewed.
///
/// # Errors
/// As [`preview`]; when it would do something else by now than it was previewed to do, a user's part of a split is not
/// chosen, or a notice is open in the area.
pub async fn change(
    workspace: &Workspace,
    caller: &Caller,
    request: &ChangeRequest,
) -> Result<ChangePreview, AppError> {
    // Whether the caller may is known before the writer's place is taken.
    authorise(caller, &request.change)?;
    let document = request.document.trim().to_owned();
    let mut transaction = workspace.begin(caller, "change_areas", Some(document)).await?;
    let prepared = prepare(workspace, caller, request).await?;
    let shown = prepared.preview(workspace).await?;
    if request.fingerprint.as_deref() != Some(&shown.fingerprint) {
        return Err(AppError::invalid(
            "area_stale",
            "fingerprint",
            "预览之后数据已有变动,或尚未预览;请重新预览后再执行",
            "the data was changed since the preview, or there was none; preview the change again",
        ));
    }
    if let Some(user) = prepared
        .users
        .iter()
        .find(|(user, _)| user.to.is_none())
        .map(|(user, _)| user)
    {
        return Err(AppError::invalid(
            "area_user",
            user.name.clone(),
            format!("请为用户 {} 选择拆分后的区划", user.name),
            format!("choose which part of the split the user {} goes to", user.name),
        ));
    }
    write(workspace, &mut transaction, &prepared).await?;
    transaction.commit().await?;
    Ok(shown)
}

fn authorise(caller: &Caller, change: &AreaChange) -> Result<(), AppError> {
    for code in change.sources().iter().chain(&change.targets()) {
        caller.require_in(Action::ManageAreas, code)?;
    }
    Ok(())
}

/// A change worked out: what is stored and what it becomes.
pub(super) struct Prepared {
    before: Territory,
    after: Territory,
    moves: Vec<AreaMove>,
    /// Users concerned, with their records.
    users: Vec<(UserPlace, Versioned<User>)>,
}

async fn prepare(
    workspace: &Workspace,
    caller: &Caller,
    request: &ChangeRequest,
) -> Result<Prepared, AppError> {
    authorise(caller, &request.change)?;
    let before = territory(workspace).await?;
    let mut after = before.clone();
    let moves = after.apply(&request.order(), workspace.today())?;
    Prepared::new(workspace, before, after, moves, &request.users).await
}

impl Prepared {
    pub(super) async fn new(
        workspace: &Workspace,
        before: Territory,
        after: Territory,
        moves: Vec<AreaMove>,
        chosen: &BTreeMap<Uuid, AreaCode>,
    ) -> Result<Self, AppError> {
        let stored: Vec<Versioned<User>> = anju_store::load_all(workspace.db()).await?;
        let mut users = Vec::new();
        for user in stored {
            let area = &user.value.area;
            if before.areas.present(area) != Present::InForce {
                continue;
            }
            let place = match after.areas.present(area) {
                Present::Now(now) => user_place(&user.value, Some(now), Vec::new()),
                Present::Split(choices) => {
                    let to = chosen
                        .get(&user.value.id)
                        .filter(|to| choices.contains(to))
                        .cloned();
                    user_place(&user.value, to, choices)
                }
                Present::InForce | Present::Unknown => continue,
            };
            users.push((place, user));
        }
        Ok(Self {
            before,
            after,
            moves,
            users,
        })
    }

    /// Households that get another code, with it.
    fn households(&self) -> BTreeMap<Uuid, AreaCode> {
        self.after
            .households
            .iter()
            .filter(|(household, area)| self.before.households.get(household) != Some(area))
            .map(|(household, area)| (*household, area.clone()))
            .collect()
    }

    /// Codes whose places are elsewhere now.
    fn sources(&self) -> Vec<AreaCode> {
        let all = self.moves.iter().map(|moved| &moved.from);
        let mut outermost: Vec<AreaCode> = Vec::new();
        for code in all {
            if !outermost.iter().any(|known| known.contains(code)) {
                outermost.retain(|known| !code.contains(known));
                outermost.push(code.clone());
            }
        }
        outermost
    }

    async fn preview(&self, workspace: &Workspace) -> Result<ChangePreview, AppError> {
        let households = self.households();
        let mut counts: BTreeMap<(&AreaCode, &AreaCode), u64> = BTreeMap::new();
        for (household, to) in &households {
            if let Some(from) = self.before.households.get(household) {
                *counts.entry((from, to)).or_default() += 1;
            }
        }
        let names = AreaNames::of(self.after.areas.clone());
        let moves: Vec<MoveView> = self
            .moves
            .iter()
            .map(|moved| MoveView {
                from: named(&names, &moved.from),
                to: moved
                    .to
                    .iter()
                    .map(|to| MoveTarget {
                        area: named(&names, to),
                        households: counts.get(&(&moved.from, to)).copied().unwrap_or(0),
                    })
                    .collect(),
            })
            .collect();
        let mut records = Followed::default();
        follow_all(workspace, None, self, &mut records).await?;
        let users: Vec<UserPlace> = self.users.iter().map(|(user, _)| user.clone()).collect();
        let changed: Vec<&Area> = changed_areas(&self.before.areas, &self.after.areas).collect();
        // What a user is to be chosen for does not make another preview of it.
        let concerned: Vec<Uuid> = users.iter().map(|user| user.id).collect();
        let whole = canonical_json(&(changed, &households, concerned))
            .map_err(|error| AppError::Aborted(error.to_string()))?;
        Ok(ChangePreview {
            fingerprint: anju_store::attachment::hex(&Sha256::digest(whole.as_bytes())),
            moves,
            households: households.len() as u64,
            users,
            records: records.followed,
            staying: records.staying,
        })
    }
}

/// Areas whose state differs, in the new state.
fn changed_areas<'a>(before: &'a Areas, after: &'a Areas) -> impl Iterator<Item = &'a Area> {
    after.all().filter(|area| before.get(&area.code) != Some(area))
}

/// Writes what a change makes of the areas, the households, the users and everything under way.
pub(super) async fn write(
    workspace: &Workspace,
    transaction: &mut Transaction<'_>,
    prepared: &Prepared,
) -> Result<(), AppError> {
    refuse_open_notices(workspace, prepared).await?;
    let stored: Vec<Versioned<Area>> = anju_store::load_all(workspace.db()).await?;
    let mut stored: HashMap<AreaCode, Versioned<Area>> = stored
        .into_iter()
        .map(|area| (area.value.code.clone(), area))
        .collect();
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for area in changed_areas(&prepared.before.areas, &prepared.after.areas) {
        match stored.remove(&area.code) {
            Some(before) => changed.push(Versioned {
                value: area.clone(),
                ..before
            }),
            None => added.push(area.clone()),
        }
    }
    transaction.update(&changed).await?;
    transaction.insert(&added).await?;
    let moved = prepared.households();
    let ids: Vec<String> = moved.keys().map(Uuid::to_string).collect();
    let mut households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    for household in &mut households {
        if let Some(area) = moved.get(&household.value.id) {
            household.value.facts.area = area.clone();
        }
    }
    transaction.update(&households).await?;
    let users: Vec<Versioned<User>> = prepared
        .users
        .iter()
        .filter_map(|(place, user)| {
            let mut user = user.clone();
            user.value.area = place.to.clone()?;
            Some(user)
        })
        .collect();
    transaction.update(&users).await?;
    follow_all(workspace, Some(transaction), prepared, &mut Followed::default()).await
}

/// A notice hangs in a village under its name; while it does, the village stays what it is.
async fn refuse_open_notices(workspace: &Workspace, prepared: &Prepared) -> Result<(), AppError> {
    for source in prepared.sources() {
        let notices: Vec<Versioned<PublicityNotice>> =
            anju_store::load_within(workspace.db(), &source).await?;
        // An announcement is final: nothing is open on it.
        let open = |notice: &&Versioned<PublicityNotice>| {
            notice.value.kind == NoticeKind::Publicity && notice.value.closed_at.is_none()
        };
        if let Some(open) = notices.iter().find(open) {
            return Err(AppError::invalid(
                "area_notice_open",
                open.value.area.to_string(),
                format!(
                    "{} 的公示(至 {})尚未关闭;请在公示关闭后再变更区划",
                    open.value.area, open.value.until
                ),
                format!(
                    "a notice in {} (until {}) is not closed; change the area when it is",
                    open.value.area, open.value.until
                ),
            ));
        }
    }
    Ok(())
}

/// Records of an area that follow a change of it.
#[derive(Default)]
struct Followed {
    followed: u64,
    staying: u64,
    /// Where the household of each case lies now, for objections, which name the case.
    cases: HashMap<Uuid, AreaCode>,
    /// Where the household of each ID number lies now, for lists that name its head.
    heads: HashMap<String, AreaCode>,
}

/// A record that lies where a household or an area does.
trait Placed: Subject + Clone {
    fn place(&mut self) -> &mut AreaCode;

    /// Where what it belongs to went, when it names more than the code.
    fn went(&self, _households: &BTreeMap<Uuid, AreaCode>, _followed: &Followed) -> Option<AreaCode> {
        None
    }
}

macro_rules! placed {
    ($($kind:ty $(: |$record:ident, $households:ident, $followed:ident| $went:expr)?;)+) => {
        $(impl Placed for $kind {
            fn place(&mut self) -> &mut AreaCode {
                &mut self.area
            }

            $(fn went(&self, households: &BTreeMap<Uuid, AreaCode>, followed: &Followed) -> Option<AreaCode> {
                let ($record, $households, $followed) = (self, households, followed);
                $went
            })?
        })+
    };
}

placed! {
    IdentificationCase: |case, households, _followed| households.get(&case.household).cloned();
    Objection: |objection, _households, followed| followed.cases.get(&objection.case).cloned();
    PublicityNotice;
    LookbackItem: |item, households, _followed| item.household.and_then(|household| households.get(&household).cloned());
    ThreatenedHousehold: |listed, _households, followed| {
        let number = listed.head_id_number.as_ref().and_then(|number| number.to_18())?;
        // The list is by village.
        followed.heads.get(number.as_str()).and_then(|area| area.at_level(AreaLevel::Village))
    };
    Amendment: |amendment, households, _followed| households.get(&amendment.household).cloned();
    Unmasking: |unmasking, households, _followed| households.get(&unmasking.household).cloned();
    EvidenceRecord: |record, households, _followed| households.get(&record.household).cloned();
    StockHousing;
    Candidate;
    Assignment;
}

impl Placed for HazardPoint {
    fn place(&mut self) -> &mut AreaCode {
        &mut self.facts.area
    }
}

/// Gives every record in the changed areas its new code, or only counts them without a transaction.
async fn follow_all(
    workspace: &Workspace,
    mut transaction: Option<&mut Transaction<'_>>,
    prepared: &Prepared,
    followed: &mut Followed,
) -> Result<(), AppError> {
    let households = prepared.households();
    if prepared.moves.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = households.keys().map(Uuid::to_string).collect();
    let moved: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
    for household in &moved {
        let head = household.value.head().or(household.value.members.first());
        let number = head
            .and_then(|head| head.facts.id_number.as_ref())
            .and_then(|number| number.to_18());
        if let (Some(number), Some(area)) = (number, households.get(&household.value.id)) {
            followed.heads.insert(number.to_string(), area.clone());
        }
    }
    for source in prepared.sources() {
        let cases: Vec<Versioned<IdentificationCase>> =
            anju_store::load_within(workspace.db(), &source).await?;
        for case in cases {
            if let Some(area) = households.get(&case.value.household) {
                followed.cases.insert(case.value.id, area.clone());
            }
        }
    }
    macro_rules! follow {
        ($($kind:ty),+) => {
            $(follow::<$kind>(workspace, transaction.as_deref_mut(), prepared, &households, followed).await?;)+
        };
    }
    follow!(
        IdentificationCase,
        Objection,
        PublicityNotice,
        LookbackItem,
        ThreatenedHousehold,
        Amendment,
        Unmasking,
        EvidenceRecord,
        HazardPoint,
        StockHousing,
        Candidate,
        Assignment
    );
    Ok(())
}

async fn follow<S: Placed>(
    workspace: &Workspace,
    transaction: Option<&mut Transaction<'_>>,
    prepared: &Prepared,
    households: &BTreeMap<Uuid, AreaCode>,
    followed: &mut Followed,
) -> Result<(), AppError> {
    let mut changed: Vec<Versioned<S>> = Vec::new();
    for source in prepared.sources() {
        let stored: Vec<Versioned<S>> = anju_store::load_within(workspace.db(), &source).await?;
        for mut record in stored {
            let now = record.value.went(households, followed).map_or_else(
                || prepared.after.areas.present(record.value.place()),
                Present::Now,
            );
            match now {
                Present::Now(now) => {
                    *record.value.place() = now;
                    changed.push(record);
                }
                Present::Split(_) => followed.staying += 1,
                Present::InForce | Present::Unknown => {}
            }
        }
    }
    followed.followed += changed.len() as u64;
    if let Some(transaction) = transaction {
        transaction.update(&changed).await?;
    }
    Ok(())
}

/// The places that a household had, the newest first, by the names of their time.
///
/// # Errors
/// [`AppError::NotFound`] for a household that is unknown or outside the caller's area.
pub async fn places_of_household(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<Vec<PastPlace>, AppError> {
    let own = caller.narrow(Action::ReadRegister, None)?;
    if anju_store::register::household_summary(workspace.db(), &own, id)
        .await?
        .is_none()
    {
        return Err(AppError::NotFound {
            kind: "household",
            id: id.to_string(),
        });
    }
    let names = workspace.areas().await?;
    let mut codes: Vec<(AreaCode, Date)> = Vec::new();
    for revision in anju_store::history(workspace.db(), Household::KIND, &id.to_string()).await? {
        let area = revision.state["area"]
            .as_str()
            .and_then(|area| AreaCode::parse(area).ok());
        let Some(area) = area else { continue };
        if codes.last().is_none_or(|(last, _)| *last != area) {
            codes.push((area, day_of(revision.entry.at)));
        }
    }
    let mut places: Vec<PastPlace> = Vec::new();
    for (place, (area, from)) in codes.iter().enumerate() {
        let until = codes.get(place + 1).map(|(_, day)| *day);
        // Days within that time on which one of its names became another.
        let mut days: Vec<Date> = Vec::new();
        for level in [AreaLevel::Township, AreaLevel::Village, AreaLevel::Group] {
            let known = area
                .at_level(level)
                .and_then(|area| names.table().get(&area).cloned());
            let changes = known.into_iter().flat_map(|area| area.former_names);
            days.extend(changes.filter_map(|former| former.valid_to.tomorrow().ok()));
        }
        days.retain(|day| day > from && until.is_none_or(|until| *day < until));
        days.push(*from);
        days.sort();
        days.dedup();
        for day in days {
            let area_name = names.path_on(area, day);
            match places.last_mut() {
                Some(last) if last.area == *area && last.area_name == area_name => continue,
                // A place of less than a day is that day's.
                Some(last) => last.to = day.yesterday().ok().map(|to| to.max(last.from)),
                None => {}
            }
            places.push(PastPlace {
                area: area.clone(),
                area_name,
                from: day,
                to: None,
            });
        }
    }
    places.reverse();
    Ok(places)
}

/// The table of areas with what became of each, as a file.
///
/// # Errors
/// As [`list`].
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    query: &AreaQuery,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let names = workspace.areas().await?;
    let headers = [
        "区划代码",
        "名称",
        "级别",
        "上级代码",
        "启用日期",
        "停用日期",
        "原名称",
        "变更",
        "现代码",
        "批准文号",
        "户数",
    ];
    let table = list(workspace, caller, query).await?.into_iter().map(|area| {
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let last = names
            .table()
            .get(&area.code)
            .and_then(|area| area.successions.last());
        vec![
            area.code.to_string(),
            area.name,
            level_name(area.level).to_owned(),
            area.parent.map(|parent| parent.to_string()).unwrap_or_default(),
            day(area.valid_from),
            day(area.valid_to),
            area.former_names.join("、"),
            last.map_or("", |last| last.kind.zh()).to_owned(),
            area.now
                .iter()
                .map(AreaCode::as_str)
                .collect::<Vec<_>>()
                .join("、"),
            last.map_or_else(String::new, |last| last.document.clone()),
            area.households.to_string(),
        ]
    });
    write_texts("行政区划", &headers, table, format)
}

fn level_name(level: AreaLevel) -> &'static str {
    match level {
        AreaLevel::Province => "省",
        AreaLevel::Prefecture => "市",
        AreaLevel::County => "县",
        AreaLevel::Township => "乡镇",
        AreaLevel::Village => "村",
        AreaLevel::Group => "组",
    }
}
