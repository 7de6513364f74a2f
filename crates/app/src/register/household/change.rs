//! What happens to a household as a whole: split, merge, move, cancel, reinstate. Both sides keep their history; what is
//! on a frozen roster or in the procedure is refused.

use std::collections::HashSet;

use anju_model::area::AreaCode;
use anju_model::policy::{FigureValue, PolicyError, Situation};
use anju_model::register::change::{self, Ground, Relations};
use anju_model::register::{Category, Household, Position, Relation};
use anju_store::Versioned;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    evidence, find_at, introduced, past_day, reason, refuse, refuse_against_register, refuse_frozen,
    refuse_in_procedure, refuse_unknown_area,
};
use crate::register::views::{HouseholdDetail, household as detail};
use crate::{AppError, Caller, Workspace};

/// The figure of the pack after whose day a split gives no entitlement.
const CUT_OFF: &str = "register.cut_off_date";

/// On which ground something happens.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HouseholdChangeGrounds)]
pub struct Grounds {
    /// The day it takes effect, not after today.
    pub date: Date,
    /// Why.
    pub reason: String,
    /// Hash of a stored paper about it.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// A member with the relation to the head that he or she has afterwards.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRelation {
    /// Who.
    pub person: Uuid,
    /// The relation.
    pub relation: Relation,
}

/// A split.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HouseholdSplit)]
pub struct Split {
    /// Register number of the new household.
    pub register_number: String,
    /// Who leaves, with the relations to the head of the new household.
    pub leaving: Vec<MemberRelation>,
    /// Those who stay and whose relation changes because the head left.
    #[serde(default)]
    pub staying: Vec<MemberRelation>,
    /// The ground.
    pub grounds: Grounds,
}

/// A merger into another household.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HouseholdMerger)]
pub struct Merger {
    /// The household that takes the members in.
    pub into: Uuid,
    /// Its version as it was seen.
    pub into_version: i64,
    /// Relations to its head that change.
    #[serde(default)]
    pub relations: Vec<MemberRelation>,
    /// The ground.
    pub grounds: Grounds,
}

/// A move to another area.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HouseholdMove)]
pub struct Move {
    /// The village or villagers' group it moves to.
    pub area: AreaCode,
    /// Where its home stands there, when that is known.
    #[serde(default)]
    pub position: Option<Position>,
    /// The ground.
    pub grounds: Grounds,
}

/// The two households of a split or merger.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = HouseholdPair)]
pub struct Pair {
    /// The one that was acted on.
    pub household: HouseholdDetail,
    /// The new one, or the one that took the members in.
    pub other: HouseholdDetail,
}

fn relations(members: &[MemberRelation]) -> Relations {
    members
        .iter()
        .map(|member| (member.person, member.relation))
        .collect()
}

/// The cut-off date for households of a category; none where the pack sets none.
fn cut_off(workspace: &Workspace, category: Category) -> Result<Option<Date>, AppError> {
    let situation = Situation {
        category: Some(category),
        ..Situation::default()
    };
    match workspace.pack().figure_in(CUT_OFF, &situation) {
        Ok(figure) => match &figure.value {
            FigureValue::Word(day) => day.parse().map(Some).map_err(|_| {
                AppError::invalid(
                    "cut_off_date",
                    CUT_OFF,
                    format!("政策包中的截止日 {day} 不是日期"),
                    format!("the cut-off date {day} of the policy pack is no date"),
                )
            }),
            _ => Ok(None),
        },
        Err(PolicyError::MissingFigure { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn ground(
    workspace: &Workspace,
    caller: &Caller,
    household: &Household,
    grounds: &Grounds,
) -> Result<Ground, AppError> {
    let date = past_day(workspace, grounds.date, "grounds.date")?;
    let after = cut_off(workspace, household.facts.category)?.is_some_and(|last| date > last);
    Ok(Ground {
        date,
        reason: reason(&grounds.reason)?,
        evidence: evidence(workspace, grounds.evidence.as_deref()).await?,
        by: caller.name().to_owned(),
        at: workspace.now(),
        after_cut_off: after,
    })
}

/// Splits members of a household that was seen at `version` off into one of their own. A split after the cut-off date of
/// the pack is recorded and marked: it gives no entitlement.
///
/// # Errors
/// [`AppError::Fields`] where a household would not be one; on a frozen roster or in the procedure; somebody else was
/// quicker; a caller who may not.
pub async fn split(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    wanted: Split,
) -> Result<Pair, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let ground = ground(workspace, caller, &stored.value, &wanted.grounds).await?;
    let leaving: HashSet<Uuid> = wanted.leaving.iter().map(|member| member.person).collect();
    let mut related = relations(&wanted.leaving);
    for member in &wanted.staying {
        if leaving.contains(&member.person) {
            return Err(change::ChangeError::NoMember(member.person).into());
        }
        related.insert(member.person, member.relation);
    }
    let number = wanted.register_number.trim().to_owned();
    let new_id = workspace.new_id();
    let (rest, new) = change::split(&stored.value, &leaving, &related, (new_id, number), &ground)?;
    let today = workspace.today();
    let mut problems = introduced(Some(&stored.value), &rest, &[], today);
    // The members of the new household come from the old one and may have been wrong there; its family is new.
    let family: Vec<String> = new
        .members
        .iter()
        .map(|member| format!("members.{}.relation", member.id))
        .chain(["members".to_owned(), "register_number".to_owned()])
        .collect();
    let of_new = introduced(Some(&stored.value), &new, &family, today);
    problems.extend(of_new.into_iter().map(|mut problem| {
        if problem.place == "members" {
            "leaving".clone_into(&mut problem.place);
        }
        problem
    }));
    refuse(problems)?;
    let why = Some(ground.reason.clone());
    let mut transaction = workspace.begin(caller, "split_household", why).await?;
    refuse_in_procedure(workspace, &stored.value).await?;
    refuse_frozen(workspace, &stored.value, &rest).await?;
    refuse_against_register(workspace, &new).await?;
    transaction
        .update(&[Versioned {
            value: rest,
            ..stored
        }])
        .await?;
    transaction.insert(&[new]).await?;
    transaction.commit().await?;
    pair(workspace, caller, id, new_id).await
}

async fn pair(workspace: &Workspace, caller: &Caller, id: Uuid, other: Uuid) -> Result<Pair, AppError> {
    Ok(Pair {
        household: detail(workspace, caller, id).await?,
        other: detail(workspace, caller, other).await?,
    })
}

/// Merges a household that was seen at `version` into another one.
///
/// # Errors
/// As [`split`].
pub async fn merge(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    wanted: Merger,
) -> Result<Pair, AppError> {
    let from = find_at(workspace, caller, id, version).await?;
    let into = find_at(workspace, caller, wanted.into, wanted.into_version).await?;
    let ground = ground(workspace, caller, &into.value, &wanted.grounds).await?;
    let (ended, joined) = change::merge(&from.value, &into.value, &relations(&wanted.relations), &ground)?;
    let touched: Vec<String> = joined
        .members
        .iter()
        .filter(|member| from.value.members.iter().any(|before| before.id == member.id))
        .map(|member| format!("members.{}.relation", member.id))
        .collect();
    refuse(introduced(
        Some(&into.value),
        &joined,
        &touched,
        workspace.today(),
    ))?;
    let why = Some(ground.reason.clone());
    let mut transaction = workspace.begin(caller, "merge_households", why).await?;
    for (before, after) in [(&from.value, &ended), (&into.value, &joined)] {
        refuse_in_procedure(workspace, before).await?;
        refuse_frozen(workspace, before, after).await?;
    }
    // The one that ends gives its members up before the other takes them in: a person is in one household.
    transaction.update(&[Versioned { value: ended, ..from }]).await?;
    transaction
        .update(&[Versioned {
            value: joined,
            ..into
        }])
        .await?;
    transaction.commit().await?;
    pair(workspace, caller, id, wanted.into).await
}

/// Moves a household that was seen at `version` to another area.
///
/// # Errors
/// As [`split`]; an area that is unknown or outside the caller's own.
pub async fn move_to(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    wanted: Move,
) -> Result<HouseholdDetail, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let ground = ground(workspace, caller, &stored.value, &wanted.grounds).await?;
    refuse_unknown_area(workspace, caller, &wanted.area).await?;
    let moved = change::move_to(&stored.value, wanted.area, wanted.position, &ground)?;
    whole(workspace, caller, "move_household", ground, stored, moved).await
}

/// Takes a household that was seen at `version` off the register.
///
/// # Errors
/// As [`split`].
pub async fn cancel(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    grounds: Grounds,
) -> Result<HouseholdDetail, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let ground = ground(workspace, caller, &stored.value, &grounds).await?;
    let cancelled = change::cancel(&stored.value, &ground)?;
    whole(workspace, caller, "cancel_household", ground, stored, cancelled).await
}

/// Brings a cancelled household that was seen at `version` back.
///
/// # Errors
/// As [`split`].
pub async fn reinstate(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    grounds: Grounds,
) -> Result<HouseholdDetail, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let ground = ground(workspace, caller, &stored.value, &grounds).await?;
    let back = change::reinstate(&stored.value, &ground)?;
    whole(workspace, caller, "reinstate_household", ground, stored, back).await
}

/// Writes what happened to one household.
async fn whole(
    workspace: &Workspace,
    caller: &Caller,
    command: &'static str,
    ground: Ground,
    stored: Versioned<Household>,
    after: Household,
) -> Result<HouseholdDetail, AppError> {
    refuse(introduced(Some(&stored.value), &after, &[], workspace.today()))?;
    let id = after.id;
    let transaction = workspace.begin(caller, command, Some(ground.reason)).await?;
    refuse_in_procedure(workspace, &stored.value).await?;
    refuse_frozen(workspace, &stored.value, &after).await?;
    super::update(
        transaction,
        &[Versioned {
            value: after,
            ..stored
        }],
    )
    .await?;
    detail(workspace, caller, id).await
}
