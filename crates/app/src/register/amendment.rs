//! Amendments: key facts of households on a frozen roster change by asking, checking, approving, and in no other way.

use anju_model::access::Action;
use anju_model::amendment::{
    Amendment, AmendmentError, AmendmentKind, AmendmentState, Change, Evidence, REASON_LIMIT, Step,
};
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Text;
use anju_model::identity::{IdNumber, Sex, masked_name, masked_phone};
use anju_model::register::{Category, Household, Pathway, Relation};
use anju_model::roster::{KeyFact, KeyFacts, Roster, RosterHome, RosterMember};
use anju_store::amendment::AmendmentFilter;
use anju_store::attachment::Attachment;
use anju_store::{EntryFilter, Paging, Subject, Versioned};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::household::document::Upload;
use super::views::Page;
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

impl From<AmendmentError> for AppError {
    fn from(error: AmendmentError) -> Self {
        Self::invalid(error.code(), "amendment", error.zh(), error.to_string())
    }
}

/// What a person asks for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AmendmentRequest)]
pub struct Request {
    /// The household.
    pub household: Uuid,
    /// Why it changes.
    pub kind: AmendmentKind,
    /// The new values.
    pub changes: Vec<NewValue>,
    /// The reason.
    pub reason: String,
    /// Hash of the evidence, which was stored before ([`store_evidence`]).
    pub evidence: String,
}

/// The new value of one key fact; the old one is the register's.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(tag = "field", rename_all = "snake_case")]
#[schema(as = NewKeyFact)]
pub enum NewValue {
    /// Members that come, go or are corrected; the others stay as they are.
    Members {
        /// Each with what is new of it.
        members: Vec<MemberEdit>,
    },
    /// Category.
    Category {
        /// New.
        new: Category,
    },
    /// The whole of the home.
    Home {
        /// New.
        new: RosterHome,
    },
    /// Pathway.
    Pathway {
        /// New.
        new: Option<Pathway>,
    },
    /// Villagers' group or village.
    Area {
        /// New.
        new: AreaCode,
    },
    /// Bank account.
    BankAccount {
        /// New.
        new: Option<String>,
    },
}

/// What is new of a member. What is left out stays; a new member needs name, sex and relation.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberEdit {
    /// The person; left out for one that joins.
    pub person: Option<Uuid>,
    /// Whether the person leaves the household.
    pub leaves: bool,
    /// Name.
    pub name: Option<String>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Birth date; of one that joins with an ID number, the date in it.
    pub birth_date: Option<Date>,
    /// ID number.
    pub id_number: Option<String>,
    /// Relation to the head.
    pub relation: Option<Relation>,
}

/// Which amendments to show.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AmendmentQuery {
    /// Only this area.
    pub area: Option<AreaCode>,
    /// Only this state.
    pub state: Option<AmendmentState>,
    /// Only this kind.
    pub kind: Option<AmendmentKind>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<u32>,
}

/// A key fact before and after, as shown: personal values masked but for those who decide on the amendment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = KeyFactChange)]
pub struct ShownChange {
    /// Which fact.
    pub field: KeyFact,
    /// Before.
    pub before: Text,
    /// After.
    pub after: Text,
}

/// An amendment as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AmendmentView {
    /// UUIDv7.
    pub id: Uuid,
    /// Version, to be sent back with a step.
    pub version: i64,
    /// The roster.
    pub roster: Uuid,
    /// The household.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Where.
    pub area: AreaCode,
    /// Township, village and group.
    pub area_name: String,
    /// Why.
    pub kind: AmendmentKind,
    /// Before and after.
    pub changes: Vec<ShownChange>,
    /// The reason.
    pub reason: String,
    /// Name of the evidence.
    pub evidence_name: Option<String>,
    /// Where it stands.
    pub state: AmendmentState,
    /// Who did what, when, with what remark.
    pub steps: Vec<Step>,
}

/// A step that somebody takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AmendmentDecision)]
pub enum Decision {
    /// The township approves.
    TownshipApprove,
    /// The county approves; the register is changed.
    Apply,
    /// Refused by township or county.
    Refuse,
}

/// The command by which evidence is stored.
const STORE_EVIDENCE: &str = "store_evidence";

/// Stores the paper that proves an amendment and returns its hash.
///
/// # Errors
/// When the caller may not ask for amendments, or the file is empty, too large, has no name or is not what it says.
pub async fn store_evidence(
    workspace: &Workspace,
    caller: &Caller,
    name: &str,
    bytes: &[u8],
) -> Result<Evidence, AppError> {
    caller.require(Action::AskAmendment)?;
    let mut upload = Upload::begin(workspace, Some(bytes.len() as u64))?;
    upload.write(bytes)?;
    let stored = upload.keep(name)?;
    let mut transaction = workspace.begin(caller, STORE_EVIDENCE, None).await?;
    transaction
        .insert_attachments(std::slice::from_ref(&stored))
        .await?;
    transaction.commit().await?;
    Ok(Evidence {
        hash: stored.hash,
        name: stored.name,
    })
}

/// The evidence of an amendment: file name and bytes.
///
/// # Errors
/// [`AppError::NotFound`] for an amendment that is unknown or outside the caller's area.
pub async fn evidence(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<(String, Vec<u8>), AppError> {
    let amendment = load(workspace, caller, id).await?.value;
    let evidence = amendment.evidence.ok_or_else(|| missing(id))?;
    let bytes = workspace.attachments().read(&evidence.hash)?;
    Ok((evidence.name, bytes))
}

fn missing(id: Uuid) -> AppError {
    AppError::NotFound {
        kind: "amendment",
        id: id.to_string(),
    }
}

async fn load(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<Versioned<Amendment>, AppError> {
    caller.require(Action::ReadRegister)?;
    let stored: Option<Versioned<Amendment>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    stored
        .filter(|stored| caller.area().contains(&stored.value.area))
        .ok_or_else(|| missing(id))
}

/// One amendment.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn show(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<AmendmentView, AppError> {
    let stored = load(workspace, caller, id).await?;
    let areas = workspace.areas().await?;
    Ok(view(&areas, stored.value, stored.version, decides(caller)))
}

/// Asks for an amendment of a household on a frozen roster.
///
/// # Errors
/// When the household is unknown, outside the caller's area or on no frozen roster, or the request is not complete.
pub async fn ask(
    workspace: &Workspace,
    caller: &Caller,
    request: Request,
) -> Result<AmendmentView, AppError> {
    let unknown = || AppError::NotFound {
        kind: "household",
        id: request.household.to_string(),
    };
    caller.require(Action::AskAmendment)?;
    let stored: Option<Versioned<Household>> =
        anju_store::load(workspace.db(), &request.household.to_string()).await?;
    let household = stored
        .map(|stored| stored.value)
        .filter(|household| caller.area().contains(&household.facts.area))
        .ok_or_else(unknown)?;
    let roster = anju_store::roster::frozen_roster_of(workspace.db(), household.id)
        .await?
        .ok_or_else(|| {
            AppError::invalid(
                "not_on_roster",
                household.facts.register_number.clone(),
                "该户不在已核定的名册上,直接更正名册表格后导入即可",
                "the household is on no frozen roster; correct its list and import it",
            )
        })?;
    let paper = stored_evidence(workspace, &request.evidence).await?;
    let evidence = paper.map(|paper| Evidence {
        hash: paper.value.hash,
        name: paper.value.name,
    });
    let facts = KeyFacts::of(&household);
    let areas = workspace.areas().await?;
    let changes = request
        .changes
        .into_iter()
        .map(|value| change(workspace, &areas, &facts, value))
        .collect::<Result<_, _>>()?;
    let amendment = Amendment {
        id: workspace.new_id(),
        roster: roster.value.id,
        household: household.id,
        register_number: household.facts.register_number.clone(),
        area: household.facts.area.clone(),
        kind: request.kind,
        changes,
        reason: request.reason.trim().to_owned(),
        evidence,
        state: AmendmentState::Asked,
        steps: Vec::new(),
    }
    .ask(caller.name(), workspace.now())?;
    let reason = Some(amendment.reason.clone());
    let mut transaction = workspace.begin(caller, "ask_amendment", reason).await?;
    transaction.insert(std::slice::from_ref(&amendment)).await?;
    transaction.commit().await?;
    Ok(view(&areas, amendment, 1, decides(caller)))
}

/// The file of this hash, when it was handed in as evidence. A roster's entries, layers and whatever else is kept as a
/// file too are nobody's evidence: who names one by its hash must not be able to read it back.
async fn stored_evidence(
    workspace: &Workspace,
    hash: &str,
) -> Result<Option<Versioned<Attachment>>, AppError> {
    let handed_in = EntryFilter {
        kind: Some(Attachment::KIND.into()),
        subject: Some(hash.to_owned()),
        command: Some(STORE_EVIDENCE.into()),
        limit: 1,
        ..EntryFilter::default()
    };
    if hash.is_empty() || anju_store::entries(workspace.db(), &handed_in).await?.is_empty() {
        return Ok(None);
    }
    Ok(anju_store::load(workspace.db(), hash).await?)
}

fn change(
    workspace: &Workspace,
    areas: &AreaNames,
    facts: &KeyFacts,
    value: NewValue,
) -> Result<Change, AppError> {
    Ok(match value {
        NewValue::Members { members } => Change::Members {
            old: facts.members.clone(),
            new: edited_members(workspace, &facts.members, members)?,
        },
        NewValue::Category { new } => Change::Category {
            old: facts.category,
            new,
        },
        NewValue::Home { new } => Change::Home {
            old: facts.home.clone(),
            new,
        },
        NewValue::Pathway { new } => Change::Pathway {
            old: facts.pathway,
            new,
        },
        NewValue::Area { new } => {
            let village = new.at_level(AreaLevel::Village);
            if !village.is_some_and(|village| areas.all().any(|area| area.code == village)) {
                return Err(AppError::invalid(
                    "unknown_area",
                    "area",
                    format!("区划 {new} 不是本县的村或村民小组"),
                    format!("{new} is no village or villagers' group of this county"),
                ));
            }
            Change::Area {
                old: facts.area.clone(),
                new,
            }
        }
        NewValue::BankAccount { new } => Change::BankAccount {
            old: facts.bank_account.clone(),
            new: new
                .map(|account| account.trim().to_owned())
                .filter(|account| !account.is_empty()),
        },
    })
}

fn edited_members(
    workspace: &Workspace,
    before: &[RosterMember],
    edits: Vec<MemberEdit>,
) -> Result<Vec<RosterMember>, AppError> {
    let mut members = before.to_vec();
    for edit in edits {
        let number = edit
            .id_number
            .as_deref()
            .map(|text| {
                let number = IdNumber::new(text);
                number.check().map(|()| number).map_err(|error| {
                    AppError::invalid(
                        "id_number",
                        "id_number",
                        format!("证件号码不成立:{error}"),
                        format!("the ID number cannot be right: {error}"),
                    )
                })
            })
            .transpose()?;
        let name = edit.name.map(|name| name.trim().to_owned());
        match edit.person {
            Some(person) => {
                let Some(place) = members.iter().position(|member| member.person == person) else {
                    return Err(AppError::NotFound {
                        kind: "person",
                        id: person.to_string(),
                    });
                };
                if edit.leaves {
                    members.remove(place);
                    continue;
                }
                let member = &mut members[place];
                member.name = name.unwrap_or_else(|| member.name.clone());
                member.sex = edit.sex.unwrap_or(member.sex);
                member.birth_date = edit.birth_date.or(member.birth_date);
                member.id_number = number.or_else(|| member.id_number.clone());
                member.relation = edit.relation.unwrap_or(member.relation);
            }
            None => {
                let sex = edit.sex.or_else(|| number.as_ref().and_then(IdNumber::sex));
                let (Some(name), Some(sex), Some(relation)) = (name, sex, edit.relation) else {
                    return Err(AppError::invalid(
                        "amendment_members",
                        "members",
                        "新增成员须有姓名、性别和与户主关系",
                        "a new member needs name, sex and relation to the head",
                    ));
                };
                members.push(RosterMember {
                    person: workspace.new_id(),
                    name,
                    sex,
                    birth_date: edit
                        .birth_date
                        .or_else(|| number.as_ref().and_then(IdNumber::birth_date)),
                    id_number: number,
                    relation,
                });
            }
        }
    }
    members.sort_by_key(|member| member.person);
    Ok(members)
}

/// Takes the next step of an amendment that was seen at `version`. Applying changes the register in the same
/// transaction.
///
/// # Errors
/// When the step does not follow, the caller took an earlier one or may not take this one, somebody else was quicker, or
/// the household has other values by now.
pub async fn decide(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    decision: Decision,
    remark: Option<String>,
) -> Result<AmendmentView, AppError> {
    let mut stored = load(workspace, caller, id).await?;
    // Whether it was changed meanwhile is told only to those who may decide.
    match decision {
        Decision::TownshipApprove => caller.require_in(Action::CheckAmendment, &stored.value.area)?,
        Decision::Apply => caller.require_in(Action::ApproveRoster, &stored.value.area)?,
        Decision::Refuse => {}
    }
    if stored.version != version {
        return Err(AppError::VersionConflict {
            kind: "amendment".into(),
            id: id.to_string(),
            expected: version,
            found: stored.version,
        });
    }
    let area = stored.value.area.clone();
    let remark = remark
        .map(|remark| remark.trim().to_owned())
        .filter(|remark| !remark.is_empty());
    if remark
        .as_ref()
        .is_some_and(|remark| remark.chars().count() > REASON_LIMIT)
    {
        return Err(AmendmentError::Reason { limit: REASON_LIMIT }.into());
    }
    let (by, at) = (caller.name(), workspace.now());
    let (next, command, household) = match decision {
        Decision::TownshipApprove => (
            stored.value.township_approve(by, at, remark.clone())?,
            "approve_amendment",
            None,
        ),
        Decision::Apply => {
            let next = stored.value.apply(by, at, remark.clone())?;
            let household: Option<Versioned<Household>> =
                anju_store::load(workspace.db(), &next.household.to_string()).await?;
            let mut household = household.ok_or_else(|| AppError::NotFound {
                kind: "household",
                id: next.household.to_string(),
            })?;
            household.value = next.amended(&household.value)?;
            (next, "apply_amendment", Some(household))
        }
        Decision::Refuse => {
            // Before the township approved, it is the township's to refuse; the county may at any time.
            let action = match stored.value.state {
                AmendmentState::Asked if caller.require(Action::CheckAmendment).is_ok() => {
                    Action::CheckAmendment
                }
                _ => Action::ApproveRoster,
            };
            caller.require_in(action, &area)?;
            let next = stored.value.refuse(by, at, remark.as_deref().unwrap_or(""))?;
            (next, "refuse_amendment", None)
        }
    };
    stored.value = next;
    let reason = remark.or_else(|| Some(stored.value.reason.clone()));
    let mut transaction = workspace.begin(caller, command, reason).await?;
    if let Some(household) = household {
        transaction.update(&[household]).await?;
    }
    transaction.update(std::slice::from_ref(&stored)).await?;
    transaction.commit().await?;
    let areas = workspace.areas().await?;
    Ok(view(&areas, stored.value, version + 1, decides(caller)))
}

/// One page of amendments, the newest first.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &AmendmentQuery,
) -> Result<Page<AmendmentView>, AppError> {
    let area =
        super::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref()).await?;
    let filter = AmendmentFilter {
        state: query.state,
        kind: query.kind,
        ..AmendmentFilter::within(area)
    };
    let paging = Paging {
        after: query.after.clone(),
        limit: query.limit.unwrap_or(50).clamp(1, 200),
    };
    page(workspace, caller, &filter, &paging).await
}

/// The amendments of a household, the newest first.
pub(crate) async fn of_household(
    workspace: &Workspace,
    caller: &Caller,
    household: Uuid,
) -> Result<Vec<AmendmentView>, AppError> {
    let filter = AmendmentFilter {
        household: Some(household),
        ..AmendmentFilter::within(caller.narrow(Action::ReadRegister, None)?)
    };
    Ok(page(workspace, caller, &filter, &Paging::default()).await?.items)
}

async fn page(
    workspace: &Workspace,
    caller: &Caller,
    filter: &AmendmentFilter,
    paging: &Paging,
) -> Result<Page<AmendmentView>, AppError> {
    let found = anju_store::amendment::amendments(workspace.db(), filter, paging).await?;
    let areas = workspace.areas().await?;
    Ok(Page {
        items: found
            .items
            .into_iter()
            .map(|stored| view(&areas, stored.value, stored.version, decides(caller)))
            .collect(),
        next: found.next,
        total: found.total,
        at_least: found.at_least,
    })
}

/// Whether the caller decides on amendments, and so must see the very values: whether 张三丰 becomes 张三峰 cannot be
/// told from masked names.
fn decides(caller: &Caller) -> bool {
    let role = caller.role();
    role.may(Action::CheckAmendment) || role.may(Action::ApproveRoster)
}

fn view(areas: &AreaNames, amendment: Amendment, version: i64, clear: bool) -> AmendmentView {
    AmendmentView {
        changes: amendment
            .changes
            .iter()
            .map(|change| shown_change(areas, change, clear))
            .collect(),
        id: amendment.id,
        version,
        roster: amendment.roster,
        household: amendment.household,
        register_number: amendment.register_number,
        area_name: areas.path(&amendment.area),
        area: amendment.area,
        kind: amendment.kind,
        reason: amendment.reason,
        evidence_name: amendment.evidence.map(|evidence| evidence.name),
        state: amendment.state,
        steps: amendment.steps,
    }
}

fn shown_change(areas: &AreaNames, change: &Change, clear: bool) -> ShownChange {
    let (before, after) = match change {
        Change::Members { old, new } => (shown_members(old, clear), shown_members(new, clear)),
        Change::Category { old, new } => (Text::new(old.zh(), old.en()), Text::new(new.zh(), new.en())),
        Change::Home { old, new } => (shown_home(old), shown_home(new)),
        Change::Pathway { old, new } => (shown_pathway(*old), shown_pathway(*new)),
        Change::Area { old, new } => (same(areas.path(old)), same(areas.path(new))),
        Change::BankAccount { old, new } => (
            shown_account(old.as_deref(), clear),
            shown_account(new.as_deref(), clear),
        ),
    };
    ShownChange {
        field: change.field(),
        before,
        after,
    }
}

/// A key fact as shown, personal values masked.
pub(crate) fn shown_fact(areas: &AreaNames, facts: &KeyFacts, field: KeyFact) -> Text {
    match field {
        KeyFact::Members => shown_members(&facts.members, false),
        KeyFact::Category => Text::new(facts.category.zh(), facts.category.en()),
        KeyFact::Home => shown_home(&facts.home),
        KeyFact::Pathway => shown_pathway(facts.pathway),
        KeyFact::Area => same(areas.path(&facts.area)),
        KeyFact::BankAccount => shown_account(facts.bank_account.as_deref(), false),
    }
}

fn same(text: String) -> Text {
    Text::new(text.clone(), text)
}

fn shown_pathway(pathway: Option<Pathway>) -> Text {
    pathway.map_or_else(
        || Text::new("无", "none"),
        |pathway| Text::new(pathway.zh(), pathway.en()),
    )
}

fn shown_account(account: Option<&str>, clear: bool) -> Text {
    account.map_or_else(
        || Text::new("无", "none"),
        |account| {
            same(if clear {
                account.to_owned()
            } else {
                masked_phone(account)
            })
        },
    )
}

fn shown_members(members: &[RosterMember], clear: bool) -> Text {
    let say = |relation: fn(Relation) -> &'static str| {
        let lines: Vec<String> = members
            .iter()
            .map(|member| {
                let number = member.id_number.as_ref().map(|number| match clear {
                    true => number.to_string(),
                    false => number.masked(),
                });
                let number = number.unwrap_or_default();
                let born = member.birth_date.map(|date| match clear {
                    true => date.to_string(),
                    false => format!("{:04}-{:02}", date.year(), date.month()),
                });
                let name = if clear {
                    member.name.clone()
                } else {
                    masked_name(&member.name)
                };
                let parts = [
                    name,
                    relation(member.relation).to_owned(),
                    number,
                    born.unwrap_or_default(),
                ];
                parts
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        lines.join("; ")
    };
    Text::new(say(Relation::zh), say(Relation::en))
}

fn shown_home(home: &RosterHome) -> Text {
    let say = |structure: Option<&str>, grade: Option<&str>| {
        let parts = [
            structure.map(str::to_owned),
            grade.map(str::to_owned),
            home.home.area_m2.map(|area| format!("{area} m²")),
            home.home.year_built.map(|year| year.to_string()),
            home.position
                .map(|place| format!("{:.5}°, {:.5}°", place.longitude, place.latitude)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let (structure, grade) = (home.home.structure, home.home.grade);
    Text::new(
        say(structure.map(|s| s.zh()), grade.map(|g| g.zh())),
        say(structure.map(|s| s.en()), grade.map(|g| g.en())),
    )
}

/// The message for a key fact that only an amendment may change: what is wrong, and what to do.
pub(crate) fn needed(roster: &Roster, fields: &[KeyFact]) -> (Text, Text) {
    let document = roster.frozen.as_ref().map_or("", |freezing| &freezing.document);
    let names = |name: fn(KeyFact) -> &'static str, between: &str| {
        fields
            .iter()
            .map(|field| name(*field))
            .collect::<Vec<_>>()
            .join(between)
    };
    let reason = Text::new(
        format!(
            "该户在已核定的名册上({},{document}),{}只能经变更审批改动",
            roster.title,
            names(KeyFact::zh, "、")
        ),
        format!(
            "the household is on a frozen roster ({}, {document}); only an amendment may change its {}",
            roster.title,
            names(KeyFact::en, ", ")
        ),
    );
    let remedy = Text::new(
        "确有变动的,在该户页面提出变更,经审批后执行;否则按名册改回",
        "where it really changed, ask for an amendment on the household's page; otherwise put the roster's value back",
    );
    (reason, remedy)
}
