//! Whether a household is accepted in its category: the policy pack's rules over what is recorded.
//!
//! Freezing a roster and the county's decision refuse households that are not. A rule that lacks a fact cannot decide,
//! and what cannot be decided is not accepted.

use std::collections::{HashMap, HashSet};

use anju_model::access::Action;
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::category::{
    AcceptanceState, AcceptanceVerdict, CategoryEvidence, DepartmentListing, EvidenceRecord,
};
use anju_model::code_list::Text;
use anju_model::hazard::HazardPoint;
use anju_model::identity::masked_name;
use anju_model::lookback::ThreatenedHousehold;
use anju_model::policy::{Fact, Facts, Pack};
use anju_model::register::{Category, Household, MembershipBasis};
use anju_store::register::HouseholdFilter;
use anju_store::{Paging, Versioned};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::views::Page;
use crate::table::{TableFormat, write_texts};
use crate::{AppError, Caller, Workspace};

/// Households named in a refusal; the others are counted.
const NAMED: usize = 10;

/// Households read at once while a list is looked through.
const STEP: u32 = 500;

/// Households judged at most to count those of a state; of more it is said that there are at least so many.
const JUDGED: usize = 20_000;

/// Most rows of an export.
const EXPORT_LIMIT: usize = 200_000;

/// Which households to show with their verdicts.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AcceptanceQuery {
    /// Only this area.
    pub area: Option<AreaCode>,
    /// Only this category.
    pub category: Option<Category>,
    /// Only this verdict.
    pub state: Option<AcceptanceState>,
    /// Part of a name or register number.
    pub search: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Rows wanted, 1 to 200.
    pub limit: Option<usize>,
}

/// A household with its verdict. Masked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AcceptanceRow {
    /// UUIDv7.
    pub household: Uuid,
    /// 户编号.
    pub register_number: String,
    /// Masked.
    pub head_name: String,
    /// Township, village and group.
    pub area_name: String,
    /// Category.
    pub category: Category,
    /// The verdict.
    pub state: AcceptanceState,
    /// What is missing, by the names of the rules.
    pub missing: Text,
}

/// Everything the rules look at, by household.
pub(crate) struct Grounds {
    /// Whether any list of the department was imported: without one nobody knows who stands on it.
    lists: bool,
    by_number: HashMap<String, Versioned<DepartmentListing>>,
    /// Lines without a usable number, by name; used where one household has a member of that name in that village.
    by_name: HashMap<String, Vec<Versioned<DepartmentListing>>>,
    points: HashMap<String, HazardPoint>,
    threatened: HashMap<String, Vec<ThreatenedHousehold>>,
    evidence: HashMap<Uuid, Vec<EvidenceRecord>>,
}

impl Grounds {
    /// The grounds of all households.
    pub(crate) async fn load(workspace: &Workspace) -> Result<Self, AppError> {
        let db = workspace.db();
        let evidence: Vec<Versioned<EvidenceRecord>> = anju_store::load_all(db).await?;
        Self::with(workspace, evidence).await
    }

    /// The grounds of one household.
    pub(crate) async fn of_household(workspace: &Workspace, household: &Household) -> Result<Self, AppError> {
        let evidence = anju_store::category::evidence_of(workspace.db(), household.id).await?;
        Self::with(workspace, evidence).await
    }

    async fn with(workspace: &Workspace, evidence: Vec<Versioned<EvidenceRecord>>) -> Result<Self, AppError> {
        let db = workspace.db();
        let listings: Vec<Versioned<DepartmentListing>> = anju_store::load_all(db).await?;
        let points: Vec<Versioned<HazardPoint>> = anju_store::load_all(db).await?;
        let threatened: Vec<Versioned<ThreatenedHousehold>> = anju_store::load_all(db).await?;
        let mut grounds = Self {
            lists: !listings.is_empty(),
            by_number: HashMap::new(),
            by_name: HashMap::new(),
            points: points
                .into_iter()
                .map(|point| (point.value.facts.code.clone(), point.value))
                .collect(),
            threatened: HashMap::new(),
            evidence: HashMap::new(),
        };
        for listing in listings {
            match listing.value.id_number.as_ref().and_then(|number| number.to_18()) {
                Some(number) => {
                    grounds.by_number.insert(number.to_string(), listing);
                }
                None => grounds
                    .by_name
                    .entry(listing.value.name.clone())
                    .or_default()
                    .push(listing),
            }
        }
        for household in threatened {
            let list = grounds
                .threatened
                .entry(household.value.hazard_point.clone())
                .or_default();
            list.push(household.value);
        }
        for record in evidence {
            grounds
                .evidence
                .entry(record.value.household)
                .or_default()
                .push(record.value);
        }
        Ok(grounds)
    }

    /// The line of a department's list that is of this household: by the ID number of a member, with an agreeing name;
    /// a line without a number by name in the same village, when it is the only one.
    pub(crate) fn listing(&self, household: &Household) -> Option<&Versioned<DepartmentListing>> {
        let by_number = household.members.iter().find_map(|member| {
            let number = member.facts.id_number.as_ref()?.to_18()?;
            let listing = self.by_number.get(number.as_str())?;
            // The number of another person with another name would be a misprint, not proof.
            (listing.value.name == member.facts.name).then_some(listing)
        });
        let by_name = || {
            let head = household.head().or(household.members.first())?;
            let village = household.facts.area.at_level(AreaLevel::Village)?;
            let mut fitting = self.by_name.get(&head.facts.name)?.iter().filter(|listing| {
                listing
                    .value
                    .area
                    .as_ref()
                    .is_some_and(|area| village.contains(area))
            });
            fitting.next().filter(|_| fitting.next().is_none())
        };
        by_number.or_else(by_name)
    }

    fn facts(&self, household: &Household) -> Facts {
        let recorded = &household.facts;
        let text = |text: &str| Some(Fact::Text(text.to_owned()));
        let mut facts = Facts::new();
        facts
            .set("household", "register_number", text(&recorded.register_number))
            .set(
                "household",
                "category",
                Some(coded(
                    recorded.category.code(),
                    recorded.category.zh(),
                    recorded.category.en(),
                )),
            )
            .set("household", "must_move", Some(Fact::Flag(recorded.must_move)))
            .set(
                "household",
                "urgency",
                recorded.urgency.map(|it| coded(it.code(), it.zh(), it.en())),
            )
            .set(
                "household",
                "hazard_point",
                recorded.hazard_point.clone().map(Fact::Text),
            )
            .set(
                "household",
                "members",
                Some(Fact::Count(household.members.len() as i64)),
            );
        if let Some(consent) = &household.consent {
            let choice = consent.choice;
            facts.set(
                "household",
                "choice",
                Some(coded(choice.code(), choice.zh(), choice.en())),
            );
        }
        if let Some(attribute) = recorded.poverty_attribute {
            facts.set(
                "household",
                "poverty_attribute",
                Some(coded(attribute.code(), attribute.zh(), attribute.en())),
            );
        }
        for basis in MembershipBasis::ALL {
            let of_basis = household
                .members
                .iter()
                .filter(|member| member.facts.membership.basis == *basis);
            let (mut count, mut without) = (0, 0);
            for member in of_basis {
                count += 1;
                without += i64::from(member.facts.membership.document.is_none());
            }
            facts.set("members", basis.code(), Some(Fact::Count(count))).set(
                "members",
                &format!("{basis}_without_document"),
                Some(Fact::Count(without)),
            );
        }
        if self.lists {
            let listing = self.listing(household);
            facts.set("list", "listed", Some(Fact::Flag(listing.is_some())));
            if let Some(listing) = listing {
                facts.set("list", "document", text(&listing.value.document)).set(
                    "list",
                    "office",
                    text(&listing.value.office),
                );
            }
        }
        if let Some(code) = &recorded.hazard_point {
            let point = self.points.get(code);
            facts.set("point", "registered", Some(Fact::Flag(point.is_some())));
            let listed = self
                .threatened
                .get(code)
                .is_some_and(|list| list.iter().any(|line| is_of(line, household)));
            facts.set("point", "listed", Some(Fact::Flag(listed)));
            if let Some(point) = point {
                let it = &point.facts;
                facts
                    .set(
                        "point",
                        "kind",
                        Some(coded(it.kind.code(), it.kind.zh(), it.kind.en())),
                    )
                    .set(
                        "point",
                        "risk",
                        it.risk.map(|risk| coded(risk.code(), risk.zh(), risk.en())),
                    )
                    .set(
                        "point",
                        "state",
                        Some(coded(it.state.code(), it.state.zh(), it.state.en())),
                    )
                    .set(
                        "point",
                        "extent",
                        it.extent
                            .map(|extent| coded(extent.code(), extent.zh(), extent.en())),
                    );
                if let Some(assessment) = &it.assessment {
                    facts
                        .set("assessment", "number", text(&assessment.number))
                        .set("assessment", "date", Some(Fact::Day(assessment.date)))
                        .set(
                            "assessment",
                            "cannot_be_made_safe",
                            Some(Fact::Flag(assessment.cannot_be_made_safe)),
                        );
                }
            }
        }
        // The newest record of each kind counts; an assessment of the home itself outweighs that of the point.
        for record in self.evidence.get(&household.id).into_iter().flatten() {
            match &record.evidence {
                CategoryEvidence::DepartmentListEntry { .. } => {}
                CategoryEvidence::HazardAssessment {
                    number,
                    date,
                    level,
                    cannot_be_made_safe,
                    attachment,
                } => {
                    facts
                        .set("assessment", "number", text(number))
                        .set("assessment", "date", Some(Fact::Day(*date)))
                        .set(
                            "assessment",
                            "level",
                            Some(coded(level.code(), level.zh(), level.en())),
                        )
                        .set(
                            "assessment",
                            "cannot_be_made_safe",
                            Some(Fact::Flag(*cannot_be_made_safe)),
                        )
                        .set("assessment", "attached", Some(Fact::Flag(attachment.is_some())));
                }
                CategoryEvidence::ProtectedParcel {
                    reference,
                    zone,
                    document,
                    attachment,
                } => {
                    facts
                        .set("parcel", "reference", text(reference))
                        .set("parcel", "zone", Some(coded(zone.code(), zone.zh(), zone.en())))
                        .set("parcel", "document", text(document))
                        .set("parcel", "attached", Some(Fact::Flag(attachment.is_some())));
                }
                CategoryEvidence::Project {
                    name,
                    document,
                    attachment,
                } => {
                    facts
                        .set("project", "name", text(name))
                        .set("project", "document", text(document))
                        .set("project", "attached", Some(Fact::Flag(attachment.is_some())));
                }
            }
        }
        facts
    }

    /// What the pack's rules say of a household in its category.
    pub(crate) fn judge(&self, pack: &Pack, household: &Household) -> AcceptanceVerdict {
        let facts = self.facts(household);
        let findings = pack
            .acceptance_rules(household.facts.category)
            .map(|rule| rule.find(&facts))
            .collect();
        AcceptanceVerdict::of(findings, pack.label())
    }
}

fn coded(code: &'static str, zh: &str, en: &str) -> Fact {
    Fact::Coded {
        code,
        name: Text::new(zh, en),
    }
}

/// Whether a line of a point's list is of this household: by ID number of a member, else by the head's name in the
/// same village.
fn is_of(line: &ThreatenedHousehold, household: &Household) -> bool {
    match line.head_id_number.as_ref().and_then(|number| number.to_18()) {
        Some(number) => household.members.iter().any(|member| {
            let own = member.facts.id_number.as_ref().and_then(|own| own.to_18());
            own.as_ref() == Some(&number)
        }),
        None => {
            let head = household.head().or(household.members.first());
            head.is_some_and(|head| head.facts.name == line.head_name)
                && line.area.contains(&household.facts.area)
        }
    }
}

/// The verdict on a household, with its reasons.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn verdict(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
) -> Result<AcceptanceVerdict, AppError> {
    let own = caller.narrow(Action::ReadCasework, None)?;
    let stored: Option<Versioned<Household>> = anju_store::load(workspace.db(), &id.to_string()).await?;
    let household = stored
        .map(|stored| stored.value)
        .filter(|household| own.contains(&household.facts.area))
        .ok_or_else(|| AppError::NotFound {
            kind: "household",
            id: id.to_string(),
        })?;
    let grounds = Grounds::of_household(workspace, &household).await?;
    Ok(grounds.judge(workspace.pack(), &household))
}

/// One page of households with their verdicts, by register number.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn list(
    workspace: &Workspace,
    caller: &Caller,
    query: &AcceptanceQuery,
) -> Result<Page<AcceptanceRow>, AppError> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    rows(workspace, caller, query, limit).await
}

async fn rows(
    workspace: &Workspace,
    caller: &Caller,
    query: &AcceptanceQuery,
    limit: usize,
) -> Result<Page<AcceptanceRow>, AppError> {
    let mut wanted =
        super::areas::narrow(workspace, caller, Action::ReadCasework, query.area.as_ref()).await?;
    let filter = HouseholdFilter {
        category: query.category,
        search: query.search.clone(),
        ..HouseholdFilter::within(wanted.remove(0))
    };
    let filter = HouseholdFilter {
        further_areas: wanted,
        ..filter
    };
    let grounds = Grounds::load(workspace).await?;
    let areas = workspace.areas().await?;
    let mut items = Vec::new();
    let mut after = query.after.clone();
    // Verdicts are in no column: households are looked through until the page is full.
    loop {
        let left = limit - items.len();
        let step = match query.state {
            None => u32::try_from(left).unwrap_or(STEP).min(STEP),
            // One at a time would be slow, more than the page needs would be lost: the cursor is that of the last row kept.
            Some(_) => STEP,
        };
        let paging = Paging {
            after: after.clone(),
            limit: step,
        };
        let page = anju_store::register::households(workspace.db(), &filter, &paging).await?;
        let (total, at_least) = (page.total, page.at_least);
        let ids: Vec<String> = page.items.iter().map(|row| row.id.to_string()).collect();
        let found: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
        let found: HashMap<Uuid, Household> = found
            .into_iter()
            .map(|household| (household.value.id, household.value))
            .collect();
        for row in &page.items {
            let Some(household) = found.get(&row.id) else {
                continue;
            };
            let verdict = grounds.judge(workspace.pack(), household);
            if query.state.is_some_and(|state| state != verdict.state) {
                continue;
            }
            items.push(AcceptanceRow {
                household: household.id,
                register_number: household.facts.register_number.clone(),
                head_name: masked_name(&row.head_name),
                area_name: areas.path(&household.facts.area),
                category: household.facts.category,
                state: verdict.state,
                missing: verdict.missing(),
            });
            if items.len() == limit {
                // The order of the list of households, by register number, which also tells its rows apart.
                let number = &household.facts.register_number;
                let cursor = serde_json::json!([number, number]).to_string();
                let last = page.items.last().is_some_and(|last| last.id == row.id) && page.next.is_none();
                let (total, at_least) = match query.state {
                    None => (total, at_least),
                    Some(state) => count_of(workspace, &grounds, &filter, state).await?,
                };
                return Ok(Page {
                    items,
                    next: (!last).then_some(cursor),
                    total,
                    at_least,
                });
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => {
                let (total, at_least) = match query.state {
                    None => (total, at_least),
                    // The first page holds all of them.
                    Some(_) if query.after.is_none() => (items.len() as u64, false),
                    Some(state) => count_of(workspace, &grounds, &filter, state).await?,
                };
                return Ok(Page {
                    items,
                    next: None,
                    total,
                    at_least,
                });
            }
        }
    }
}

/// How many households have a verdict of this state, and whether there may be more, because not all were judged.
async fn count_of(
    workspace: &Workspace,
    grounds: &Grounds,
    filter: &HouseholdFilter,
    state: AcceptanceState,
) -> Result<(u64, bool), AppError> {
    let (mut count, mut judged, mut after) = (0, 0, None);
    loop {
        let paging = Paging { after, limit: STEP };
        let page = anju_store::register::households(workspace.db(), filter, &paging).await?;
        let ids: Vec<String> = page.items.iter().map(|row| row.id.to_string()).collect();
        judged += ids.len();
        let households: Vec<Versioned<Household>> = anju_store::load_many(workspace.db(), &ids).await?;
        count += households
            .iter()
            .filter(|household| grounds.judge(workspace.pack(), &household.value).state == state)
            .count() as u64;
        match page.next {
            None => return Ok((count, false)),
            Some(_) if judged >= JUDGED => return Ok((count, true)),
            next => after = next,
        }
    }
}

/// The households with their verdicts as a file.
///
/// # Errors
/// As [`list`].
pub async fn export(
    workspace: &Workspace,
    caller: &Caller,
    query: &AcceptanceQuery,
    format: TableFormat,
) -> Result<Vec<u8>, AppError> {
    let headers = ["户编号", "户主", "住址", "搬迁类型", "准入核对", "尚缺"];
    let page = rows(workspace, caller, query, EXPORT_LIMIT).await?;
    let table = page.items.into_iter().map(|row| {
        vec![
            row.register_number,
            row.head_name,
            row.area_name,
            row.category.zh().to_owned(),
            row.state.zh().to_owned(),
            row.missing.zh,
        ]
    });
    write_texts("准入核对", &headers, table, format)
}

/// Households that their category's rules do not accept, with what each lacks.
pub(crate) async fn not_accepted(
    workspace: &Workspace,
    households: &[Household],
) -> Result<HashMap<Uuid, Text>, AppError> {
    let ruled: HashSet<Category> = households
        .iter()
        .map(|household| household.facts.category)
        .filter(|category| workspace.pack().acceptance_rules(*category).next().is_some())
        .collect();
    if ruled.is_empty() {
        return Ok(HashMap::new());
    }
    let grounds = Grounds::load(workspace).await?;
    Ok(households
        .iter()
        .filter(|household| ruled.contains(&household.facts.category))
        .filter_map(|household| {
            let verdict = grounds.judge(workspace.pack(), household);
            (!verdict.passes()).then(|| (household.id, verdict.missing()))
        })
        .collect())
}

/// Refuses while a household is not accepted in its category; the message names households and what they lack.
pub(crate) async fn refuse_not_accepted(
    workspace: &Workspace,
    place: &str,
    households: &[Household],
) -> Result<(), AppError> {
    let lacking = not_accepted(workspace, households).await?;
    if lacking.is_empty() {
        return Ok(());
    }
    let mut named: Vec<(&str, &Text)> = households
        .iter()
        .filter_map(|household| {
            Some((
                household.facts.register_number.as_str(),
                lacking.get(&household.id)?,
            ))
        })
        .collect();
    named.sort_by_key(|(number, _)| *number);
    let list = |of: fn(&Text) -> &str| {
        let shown: Vec<String> = named
            .iter()
            .take(NAMED)
            .map(|(number, lacks)| format!("{number}({})", of(lacks)))
            .collect();
        match named.len().checked_sub(NAMED) {
            Some(more) if more > 0 => format!("{} … +{more}", shown.join(", ")),
            _ => shown.join(", "),
        }
    };
    Err(AppError::invalid(
        "not_accepted",
        place,
        format!(
            "{} 户不符合搬迁类型的准入条件:{}",
            named.len(),
            list(|text| &text.zh)
        ),
        format!(
            "{} households do not meet the conditions of their category: {}",
            named.len(),
            list(|text| &text.en)
        ),
    ))
}
