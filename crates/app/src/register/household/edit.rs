//! Recording a household by hand, and correcting what is recorded of it and its members.
//!
//! What changes is given as a merge patch (RFC 7396) over the fields of [`Field`]: what is left out stays, so that a page
//! which shows masked values never writes one back; `null` takes a value away.

use anju_model::access::Action;
use anju_model::code_list;
use anju_model::identity::{IdNumber, Sex};
use anju_model::register::field::Field;
use anju_model::register::{Household, HouseholdFacts, HouseholdStatus, Person, PersonFacts};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    find_at, introduced, reason, refuse, refuse_against_register, refuse_frozen, refuse_unknown_area,
};
use crate::register::views::{HouseholdDetail, household as detail};
use crate::{AppError, Caller, Problem, Workspace};

/// Fields that hold fields of their own; all others are given whole.
const NESTED: [&str; 4] = ["home", "living", "work", "membership"];

code_list! {
    /// Why somebody is no longer a member.
    LeavingReason {
        Death = "death", "死亡", "death";
        MarriedOut = "married_out", "婚出", "married out";
        LongAbsence = "long_absence", "长期外出且不共享收支", "long absence without shared budget";
        MovedHukou = "moved_hukou", "户口迁出", "hukou moved";
        Mistake = "mistake", "登记有误", "recorded by mistake";
    }
}

/// A household to be recorded.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHousehold {
    /// Its fields; register number, area and category are needed.
    pub facts: Map<String, Value>,
    /// Its members with their fields; name and relation are needed, sex and birth date where no ID number says them.
    pub members: Vec<Map<String, Value>>,
    /// Why it is recorded by hand.
    pub reason: String,
}

/// A change of one member.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum MemberChange {
    /// Somebody joins.
    Joins {
        /// The fields.
        facts: Map<String, Value>,
    },
    /// What is recorded of a member is corrected.
    Corrected {
        /// Who.
        person: Uuid,
        /// The fields that change.
        facts: Map<String, Value>,
    },
    /// A member leaves.
    Leaves {
        /// Who.
        person: Uuid,
        /// Why.
        why: LeavingReason,
    },
}

/// A correction of a household.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HouseholdCorrection)]
pub struct Correction {
    /// The fields that change.
    #[serde(default)]
    pub facts: Map<String, Value>,
    /// The members that change.
    #[serde(default)]
    pub members: Vec<MemberChange>,
    /// Why.
    pub reason: String,
}

/// Records a household.
///
/// # Errors
/// [`AppError::Fields`] with every field that is wrong; a caller who may not.
pub async fn record(
    workspace: &Workspace,
    caller: &Caller,
    new: NewHousehold,
) -> Result<HouseholdDetail, AppError> {
    caller.require(Action::EditRegister)?;
    let why = reason(&new.reason)?;
    let mut problems = Vec::new();
    let template = json!({"causes": [], "must_move": false, "home": {}});
    need(
        &new.facts,
        &["register_number", "area", "category"],
        "",
        &mut problems,
    );
    let facts: Option<HouseholdFacts> = merged(template, &new.facts, "", "", &mut problems);
    let mut members = Vec::with_capacity(new.members.len());
    for (place, fields) in (1..).zip(&new.members) {
        let at = format!("members.{place}.");
        members.extend(joining(workspace, fields, &at, &mut problems));
    }
    let (Some(facts), true) = (facts, problems.is_empty()) else {
        return Err(AppError::Fields(problems));
    };
    members.sort_by_key(|member: &Person| !member.facts.relation.is_head());
    let household = Household {
        id: workspace.new_id(),
        facts,
        members,
        consent: None,
        status: HouseholdStatus::Active,
        events: Vec::new(),
    };
    refuse_unknown_area(workspace, caller, &household.facts.area).await?;
    refuse(numbered(
        &household,
        introduced(None, &household, &[], workspace.today()),
    ))?;
    let mut transaction = workspace.begin(caller, "record_household", Some(why)).await?;
    refuse_against_register(workspace, &household).await?;
    transaction.insert(std::slice::from_ref(&household)).await?;
    transaction.commit().await?;
    detail(workspace, caller, household.id).await
}

/// Members that are new have no id that the caller knows: their problems are told by their place.
fn numbered(household: &Household, problems: Vec<Problem>) -> Vec<Problem> {
    problems
        .into_iter()
        .map(|mut problem| {
            for (place, member) in (1..).zip(&household.members) {
                let prefix = format!("members.{}.", member.id);
                if let Some(field) = problem.place.strip_prefix(&prefix) {
                    problem.place = format!("members.{place}.{field}");
                    break;
                }
            }
            problem
        })
        .collect()
}

/// Corrects a household that was seen at `version`.
///
/// # Errors
/// [`AppError::Fields`] with every field that is wrong, or a key fact that only an amendment may change;
/// [`AppError::VersionConflict`] when somebody else was quicker; a caller who may not.
pub async fn correct(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    version: i64,
    correction: Correction,
) -> Result<HouseholdDetail, AppError> {
    let stored = find_at(workspace, caller, id, version).await?;
    let why = reason(&correction.reason)?;
    if !stored.value.is_active() {
        return Err(anju_model::register::change::ChangeError::NotActive(
            stored.value.facts.register_number.clone(),
        )
        .into());
    }
    let mut problems = Vec::new();
    let mut touched: Vec<String> = leaves(&correction.facts).map(|(path, _)| path).collect();
    if correction.facts.contains_key("area") {
        problems.push(Problem::new(
            "area_by_move",
            "area",
            "更改行政区划请办理迁移",
            "a household changes its area by being moved",
        ));
    }
    let before = &stored.value;
    let base = to_value(&before.facts)?;
    let facts: Option<HouseholdFacts> = merged(base, &correction.facts, "", "", &mut problems);
    let mut members = before.members.clone();
    let mut left = Vec::new();
    let mut joined = 0;
    for change in &correction.members {
        match change {
            MemberChange::Joins { facts } => {
                joined += 1;
                members.extend(joining(
                    workspace,
                    facts,
                    &format!("members.new.{joined}."),
                    &mut problems,
                ));
            }
            MemberChange::Corrected { person, facts } => {
                let member = member_mut(&mut members, *person)?;
                let at = format!("members.{person}.");
                touched.extend(leaves(facts).map(|(path, _)| format!("{at}{path}")));
                let base = to_value(&member.facts)?;
                if let Some(facts) = merged(base, facts, "members.", &at, &mut problems) {
                    member.facts = facts;
                }
            }
            MemberChange::Leaves { person, why } => {
                member_mut(&mut members, *person)?;
                members.retain(|member| member.id != *person);
                left.push(why.zh());
            }
        }
    }
    let (Some(facts), true) = (facts, problems.is_empty()) else {
        return Err(AppError::Fields(problems));
    };
    members.sort_by_key(|member| !member.facts.relation.is_head());
    let mut after = Household {
        facts,
        members,
        ..before.clone()
    };
    if let Some(consent) = &mut after.consent {
        let members = &after.members;
        consent
            .exceptions
            .retain(|exception| members.iter().any(|member| member.id == exception.person));
    }
    if after == *before {
        return Err(AppError::invalid(
            "nothing_changed",
            "",
            "没有任何改动",
            "nothing is different from what is recorded",
        ));
    }
    let found = introduced(Some(before), &after, &touched, workspace.today());
    refuse(named_as_new(before, &after, found))?;
    let why = match left.as_slice() {
        [] => why,
        left => format!("{why}(成员减少:{})", left.join("、")),
    };
    let transaction = workspace.begin(caller, "correct_household", Some(why)).await?;
    refuse_frozen(workspace, before, &after).await?;
    refuse_against_register(workspace, &after).await?;
    super::update(
        transaction,
        &[anju_store::Versioned {
            value: after,
            ..stored
        }],
    )
    .await?;
    detail(workspace, caller, id).await
}

/// Members that join are told by their place among those who join.
fn named_as_new(before: &Household, after: &Household, problems: Vec<Problem>) -> Vec<Problem> {
    // New ids are made in the order in which the members were given.
    let mut new: Vec<Uuid> = after
        .members
        .iter()
        .map(|member| member.id)
        .filter(|id| before.members.iter().all(|member| member.id != *id))
        .collect();
    new.sort_unstable();
    problems
        .into_iter()
        .map(|mut problem| {
            for (place, id) in (1..).zip(&new) {
                if let Some(field) = problem.place.strip_prefix(&format!("members.{id}.")) {
                    problem.place = format!("members.new.{place}.{field}");
                    break;
                }
            }
            problem
        })
        .collect()
}

fn member_mut(members: &mut [Person], person: Uuid) -> Result<&mut Person, AppError> {
    members
        .iter_mut()
        .find(|member| member.id == person)
        .ok_or_else(|| AppError::NotFound {
            kind: "person",
            id: person.to_string(),
        })
}

/// A member that joins: what the ID number says is not asked for again.
fn joining(
    workspace: &Workspace,
    fields: &Map<String, Value>,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Option<Person> {
    let number = fields.get("id_number").and_then(Value::as_str).map(IdNumber::new);
    let sex = number.as_ref().and_then(IdNumber::sex);
    let mut template = json!({
        "sex": sex.unwrap_or(Sex::Unstated).code(),
        "birth_date": number.as_ref().and_then(IdNumber::birth_date),
        "health": [],
    });
    if sex.is_none() {
        need(fields, &["sex"], at, problems);
    }
    need(fields, &["name", "relation"], at, problems);
    if let Some(template) = template.as_object_mut() {
        template.retain(|_, value| !value.is_null());
    }
    let facts: PersonFacts = merged(template, fields, "members.", at, problems)?;
    Some(Person {
        id: workspace.new_id(),
        facts,
    })
}

fn need(fields: &Map<String, Value>, needed: &[&str], at: &str, problems: &mut Vec<Problem>) {
    for field in needed {
        let given = match fields.get(*field) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        if !given {
            problems.push(Problem::new(
                "missing",
                format!("{at}{field}"),
                "必填项为空",
                "the field must not be blank",
            ));
        }
    }
}

fn to_value<T: Serialize>(value: &T) -> Result<Value, AppError> {
    serde_json::to_value(value).map_err(|error| AppError::Aborted(error.to_string()))
}

/// The single values of a patch with their paths: `home.grade`, `phone`.
fn leaves(patch: &Map<String, Value>) -> impl Iterator<Item = (String, &Value)> {
    patch.iter().flat_map(|(name, value)| match value {
        Value::Object(inner) if NESTED.contains(&name.as_str()) => inner
            .iter()
            .map(|(field, value)| (format!("{name}.{field}"), value))
            .collect::<Vec<_>>(),
        value => vec![(name.clone(), value)],
    })
}

/// The base with a patch over it, or the fields that cannot be read. `kind` begins the names of the fields, `at` their
/// places in the answer.
fn merged<T: DeserializeOwned>(
    base: Value,
    patch: &Map<String, Value>,
    kind: &str,
    at: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let known = problems.len();
    let mut whole = base.clone();
    for (path, value) in leaves(patch) {
        if Field::from_code(&format!("{kind}{path}")).is_none() {
            problems.push(Problem::new(
                "unknown_field",
                format!("{at}{path}"),
                format!("没有名为 {path} 的项"),
                format!("there is no field {path}"),
            ));
        }
        set(&mut whole, &path, value);
    }
    if problems.len() > known {
        return None;
    }
    match serde_json::from_value(whole) {
        Ok(value) => Some(value),
        Err(error) => {
            // Each by itself, over what could be read before, tells which ones cannot be read.
            let readable = serde_json::from_value::<T>(base.clone()).is_ok();
            for (path, value) in leaves(patch) {
                let mut alone = base.clone();
                set(&mut alone, &path, value);
                let wrong = match serde_json::from_value::<T>(alone) {
                    Ok(_) => false,
                    Err(_) if readable => true,
                    Err(error) => !error.to_string().starts_with("missing field"),
                };
                if wrong {
                    problems.push(unreadable(&format!("{at}{path}"), value));
                }
            }
            if problems.len() == known {
                problems.push(Problem::new(
                    "unreadable",
                    at.trim_end_matches('.'),
                    format!("内容不能识别:{error}"),
                    format!("the values cannot be read: {error}"),
                ));
            }
            None
        }
    }
}

fn unreadable(place: &str, value: &Value) -> Problem {
    let shown: String = value.to_string().chars().take(40).collect();
    Problem::new(
        "unreadable",
        place,
        format!("{shown} 不能识别:核对日期是否存在、代码是否在代码表中、数字格式是否正确"),
        format!(
            "{shown} cannot be read: check that the day exists, the code is of its list, the number is one"
        ),
    )
}

/// Sets a field, or takes it away. Text is written without outer space; an empty text is no text.
fn set(target: &mut Value, path: &str, value: &Value) {
    let mut place = target;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(object) = place.as_object_mut() else {
            return;
        };
        if parts.peek().is_none() {
            match cleaned(value) {
                Value::Null => {
                    object.remove(part);
                }
                value => {
                    object.insert(part.to_owned(), value);
                }
            }
            return;
        }
        place = object.entry(part).or_insert(Value::Null);
    }
}

fn cleaned(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.trim() {
            "" => Value::Null,
            text => Value::String(text.to_owned()),
        },
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), cleaned(value)))
                .filter(|(_, value)| !value.is_null())
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.iter().map(cleaned).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use anju_model::area::AreaCode;

    use super::*;

    fn base() -> Value {
        to_value(&HouseholdFacts::new(
            "QX-1",
            AreaCode::parse("61902110120101").unwrap(),
            anju_model::register::Category::Disaster,
        ))
        .unwrap()
    }

    fn patched(patch: Value) -> Result<HouseholdFacts, Vec<String>> {
        let mut problems = Vec::new();
        let facts = merged(base(), patch.as_object().unwrap(), "", "", &mut problems);
        facts.ok_or_else(|| {
            problems
                .into_iter()
                .map(|problem| format!("{} {}", problem.code, problem.place))
                .collect()
        })
    }

    #[test]
    fn a_patch_changes_what_it_names_and_leaves_the_rest() {
        let facts = patched(json!({
            "phone": " 13912340001 ",
            "home": {"grade": "D", "area_m2": 88.5},
            "living": {"water_safe": false},
            "position": {"longitude": 108.5, "latitude": 33.0},
        }))
        .unwrap();
        assert_eq!(facts.phone.as_deref(), Some("13912340001"));
        assert_eq!(facts.home.grade, Some(anju_model::register::SafetyGrade::D));
        assert_eq!(facts.living.water_safe, Some(false));
        assert_eq!(facts.register_number, "QX-1");
        let mut problems = Vec::new();
        let patch = json!({"home": {"grade": null}, "phone": ""});
        let less: HouseholdFacts = merged(
            to_value(&facts).unwrap(),
            patch.as_object().unwrap(),
            "",
            "",
            &mut problems,
        )
        .unwrap();
        assert_eq!((less.home.grade, less.home.area_m2), (None, Some(88.5)));
        assert_eq!((less.phone, less.position), (None, facts.position));
    }

    #[test]
    fn each_field_that_cannot_be_read_is_named() {
        let wrong =
            patched(json!({"home": {"grade": "E", "year_built": "old"}, "urgency": "urgent", "colour": 1}));
        assert_eq!(wrong.unwrap_err(), ["unknown_field colour"]);
        let wrong = patched(json!({"home": {"grade": "E", "year_built": "old"}, "urgency": "urgent"}));
        assert_eq!(
            wrong.unwrap_err(),
            ["unreadable home.grade", "unreadable home.year_built"]
        );
        // A coordinate alone is no position.
        let wrong = patched(json!({"position": {"longitude": 108.5}}));
        assert_eq!(wrong.unwrap_err(), ["unreadable position"]);
    }

    #[test]
    fn every_field_of_a_household_has_a_name_people_read() {
        let mut facts = HouseholdFacts::new(
            "QX-1",
            AreaCode::parse("61902110120101").unwrap(),
            anju_model::register::Category::Disaster,
        );
        facts.position = Some(anju_model::register::Position {
            longitude: 1.0,
            latitude: 2.0,
        });
        let value = to_value(&facts).unwrap();
        for (path, _) in leaves(value.as_object().unwrap()) {
            assert!(Field::from_code(&path).is_some(), "{path}");
        }
        let person = to_value(&PersonFacts::new(
            "张三",
            Sex::Male,
            anju_model::register::Relation::Head,
        ))
        .unwrap();
        for (path, _) in leaves(person.as_object().unwrap()) {
            assert!(Field::from_code(&format!("members.{path}")).is_some(), "{path}");
        }
    }
}
