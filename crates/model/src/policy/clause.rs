//! Conditions written in the Common Expression Language over named facts: red flags ([`Clause`]) and rules of acceptance
//! ([`AcceptanceRule`]).
//!
//! CEL as used here has no static types: a wrong name or a mixture of kinds only shows when a clause runs. So a
//! clause runs its samples when the pack is loaded, and an error in a real case means [`Decision::CannotDecide`],
//! never "does not hold".

use std::collections::{BTreeMap, HashMap};

use cel::{Context, Env, ExecutionError, Program, Value};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::category::{AcceptanceFinding, AcceptanceSeverity, RuleOutcome};
use crate::code_list::{Language, Text};
use crate::lookback::Severity;
use crate::money::Fen;
use crate::register::{Category, FileKind};

/// The groups of facts that a red flag may name, beside `figure`.
const RED_FLAG_GROUPS: &[&str] = &["person", "household", "record"];

/// The groups of facts that a rule of acceptance may name, beside `figure`.
const ACCEPTANCE_GROUPS: &[&str] = &[
    "household",
    "members",
    "list",
    "point",
    "assessment",
    "parcel",
    "project",
];

/// One named fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Yes or no; `bool` in CEL.
    Flag(bool),
    /// A count; `int` in CEL.
    Count(i64),
    /// Money; `int` fen in CEL, shown in yuan.
    Money(Fen),
    /// A measure; `double` in CEL.
    Number(f64),
    /// A text; `string` in CEL.
    Text(String),
    /// A day; ISO `string` in CEL, so that days compare in order.
    Day(Date),
    /// A value of a code list; its code as `string` in CEL, its name when shown.
    Coded {
        /// The code.
        code: &'static str,
        /// The name.
        name: Text,
    },
}

impl Fact {
    fn to_cel(&self) -> Value {
        match self {
            Self::Flag(value) => Value::Bool(*value),
            Self::Count(value) => Value::Int(*value),
            Self::Money(value) => Value::Int(value.0),
            Self::Number(value) => Value::Float(*value),
            Self::Text(value) => Value::from(value.as_str()),
            Self::Day(value) => Value::from(value.to_string()),
            Self::Coded { code, .. } => Value::from(*code),
        }
    }

    /// The fact as shown to people.
    pub fn show(&self, language: Language) -> String {
        let chinese = language == Language::Chinese;
        match self {
            Self::Flag(true) => (if chinese { "是" } else { "yes" }).to_owned(),
            Self::Flag(false) => (if chinese { "否" } else { "no" }).to_owned(),
            Self::Count(value) => value.to_string(),
            Self::Money(value) if chinese => format!("{} 元", show_yuan(*value)),
            Self::Money(value) => format!("{} yuan", show_yuan(*value)),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Day(value) => value.to_string(),
            Self::Coded { name, .. } => name.get(language).to_owned(),
        }
    }
}

/// Yuan with thousands separated, without decimals when there are none.
fn show_yuan(amount: Fen) -> String {
    let text = amount.to_string();
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if decimals == "00" {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{decimals}")
    }
}

/// Named facts in groups, such as `person`, `household` and `record`. A fact that is not known is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    groups: BTreeMap<&'static str, BTreeMap<String, Fact>>,
}

impl Facts {
    /// No facts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fact of the person.
    pub fn person(&mut self, name: &str, fact: impl Into<Option<Fact>>) -> &mut Self {
        self.set("person", name, fact.into())
    }

    /// Adds a fact of the person's household.
    pub fn household(&mut self, name: &str, fact: impl Into<Option<Fact>>) -> &mut Self {
        self.set("household", name, fact.into())
    }

    /// Adds a fact of the department's record.
    pub fn record(&mut self, name: &str, fact: impl Into<Option<Fact>>) -> &mut Self {
        self.set("record", name, fact.into())
    }

    /// Adds a fact of a group.
    pub fn set(&mut self, group: &'static str, name: &str, fact: Option<Fact>) -> &mut Self {
        if let Some(fact) = fact {
            self.groups
                .entry(group)
                .or_default()
                .insert(name.to_owned(), fact);
        }
        self
    }

    /// A fact by group and name.
    pub fn get(&self, group: &str, name: &str) -> Option<&Fact> {
        self.groups.get(group)?.get(name)
    }
}

/// What a clause says of some facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The condition holds.
    Holds,
    /// It does not.
    DoesNotHold,
    /// A fact is missing or of another kind than the clause takes it for.
    CannotDecide {
        /// The missing fact, when that is the reason.
        missing: Option<String>,
        /// What the evaluator says.
        reason: String,
    },
}

impl Decision {
    fn code(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does_not_hold",
            Self::CannotDecide { .. } => "cannot_decide",
        }
    }
}

/// A sample that a clause must decide as expected when its pack is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    /// Facts by group and name; money in fen.
    facts: BTreeMap<String, BTreeMap<String, toml::Value>>,
    /// `holds`, `does_not_hold` or `cannot_decide`.
    expect: String,
}

/// A clause as written in a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClauseText {
    pub(super) id: String,
    name: Text,
    severity: Severity,
    registers: Vec<FileKind>,
    when: String,
    explanation: Text,
    action: Text,
    cites: Vec<String>,
    samples: Vec<Sample>,
}

/// A red flag: a condition on one person of the register and one record of a department.
#[derive(Debug, Serialize)]
pub struct Clause {
    /// Stable name, e.g. `red_flag.vehicle`.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// What an item asks for when the condition holds.
    pub severity: Severity,
    /// The departments' registers it looks at.
    pub registers: Vec<FileKind>,
    /// The condition in CEL.
    pub when: String,
    /// What was found, with `{group.fact}` in place of values.
    pub explanation: Text,
    /// What the field worker should do.
    pub action: Text,
    /// The documents it stands on.
    pub cites: Vec<String>,
    #[serde(skip)]
    condition: Condition,
}

impl Clause {
    /// Compiles a clause and runs its samples.
    pub(super) fn compile(
        pack: &str,
        text: &ClauseText,
        figures: &BTreeMap<String, Fact>,
    ) -> Result<Self, PolicyError> {
        let texts = [&text.explanation, &text.action];
        let condition = Condition::compile(pack, &text.id, &text.when, &texts, figures, RED_FLAG_GROUPS)?;
        condition.run_samples(pack, &text.id, &text.samples)?;
        Ok(Self {
            id: text.id.clone(),
            name: text.name.clone(),
            severity: text.severity,
            registers: text.registers.clone(),
            when: text.when.clone(),
            explanation: text.explanation.clone(),
            action: text.action.clone(),
            cites: text.cites.clone(),
            condition,
        })
    }

    /// Whether the clause looks at records of this register.
    pub fn looks_at(&self, register: FileKind) -> bool {
        self.registers.contains(&register)
    }

    /// Evaluates the condition. Anything but a clear yes or no is "cannot decide".
    pub fn decide(&self, facts: &Facts) -> Decision {
        self.condition.decide(facts)
    }

    /// The explanation with its values.
    pub fn explain(&self, facts: &Facts) -> Text {
        self.condition.fill(&self.explanation, facts)
    }

    /// The action with its values.
    pub fn act(&self, facts: &Facts) -> Text {
        self.condition.fill(&self.action, facts)
    }

    /// The values the explanation names, by `group.fact`, as shown in Chinese.
    pub fn values(&self, facts: &Facts) -> BTreeMap<String, String> {
        self.condition.values(&self.explanation, facts)
    }
}

/// A rule of acceptance as written in a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptanceText {
    pub(super) id: String,
    name: Text,
    #[serde(default)]
    category: Option<Category>,
    severity: AcceptanceSeverity,
    when: String,
    explanation: Text,
    action: Text,
    cites: Vec<String>,
    samples: Vec<Sample>,
}

/// What a household must be for its category: the rule is met where the condition holds.
#[derive(Debug, Serialize)]
pub struct AcceptanceRule {
    /// Stable name, e.g. `acceptance.poverty.listed`.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// The category it is of; none where it holds for all.
    pub category: Option<Category>,
    /// What it does where it is not met.
    pub severity: AcceptanceSeverity,
    /// The condition in CEL.
    pub when: String,
    /// What was looked at, with `{group.fact}` in place of values.
    pub explanation: Text,
    /// What is to be done where it is not met.
    pub action: Text,
    /// The documents it stands on.
    pub cites: Vec<String>,
    #[serde(skip)]
    condition: Condition,
}

impl AcceptanceRule {
    /// Compiles a rule and runs its samples.
    pub(super) fn compile(
        pack: &str,
        text: &AcceptanceText,
        figures: &BTreeMap<String, Fact>,
    ) -> Result<Self, PolicyError> {
        let texts = [&text.explanation, &text.action];
        let condition = Condition::compile(pack, &text.id, &text.when, &texts, figures, ACCEPTANCE_GROUPS)?;
        condition.run_samples(pack, &text.id, &text.samples)?;
        Ok(Self {
            id: text.id.clone(),
            name: text.name.clone(),
            category: text.category,
            severity: text.severity,
            when: text.when.clone(),
            explanation: text.explanation.clone(),
            action: text.action.clone(),
            cites: text.cites.clone(),
            condition,
        })
    }

    /// What the rule says of a household's facts. A fact that is not recorded makes it undecided, never met.
    pub fn find(&self, facts: &Facts) -> AcceptanceFinding {
        let (outcome, missing) = match self.condition.decide(facts) {
            Decision::Holds => (RuleOutcome::Met, None),
            Decision::DoesNotHold => (RuleOutcome::NotMet, None),
            Decision::CannotDecide { missing, .. } => (RuleOutcome::CannotDecide, missing),
        };
        AcceptanceFinding {
            rule: self.id.clone(),
            name: self.name.clone(),
            severity: self.severity,
            outcome,
            explanation: self.condition.fill(&self.explanation, facts),
            action: match outcome {
                RuleOutcome::Met => Text::default(),
                RuleOutcome::NotMet | RuleOutcome::CannotDecide => self.condition.fill(&self.action, facts),
            },
            values: self.condition.values(&self.explanation, facts),
            missing,
            cites: self.cites.clone(),
        }
    }
}

/// A condition ready to be asked.
#[derive(Debug)]
struct Condition {
    program: Program,
    groups: &'static [&'static str],
    /// The figures the condition and the texts name.
    figures: BTreeMap<String, Fact>,
}

impl Condition {
    fn compile(
        pack: &str,
        clause: &str,
        when: &str,
        texts: &[&Text],
        figures: &BTreeMap<String, Fact>,
        groups: &'static [&'static str],
    ) -> Result<Self, PolicyError> {
        let refuse = |reason: String| PolicyError::ClauseSyntax {
            pack: pack.to_owned(),
            clause: clause.to_owned(),
            reason,
        };
        let program = Env::stdlib()
            .compile(when)
            .map_err(|error| refuse(format!("{error}")))?;
        for wording in texts.iter().flat_map(|text| [&text.zh, &text.en]) {
            for place in placeholders(wording) {
                let known = match place.split_once('.') {
                    Some(("figure", id)) => figures.contains_key(id),
                    Some((group, name)) => groups.contains(&group) && !name.is_empty(),
                    None => false,
                };
                if !known {
                    return Err(refuse(format!(
                        "A text names {{{place}}}, which is neither a fact of {} nor a figure of the pack.",
                        groups.join(", ")
                    )));
                }
            }
        }
        let named = |id: &str| {
            let quoted = [format!("'{id}'"), format!("\"{id}\"")];
            let place = format!("{{figure.{id}}}");
            quoted.iter().any(|form| when.contains(form))
                || texts
                    .iter()
                    .any(|t| t.zh.contains(&place) || t.en.contains(&place))
        };
        Ok(Self {
            program,
            groups,
            figures: figures
                .iter()
                .filter(|(id, _)| named(id))
                .map(|(id, fact)| (id.clone(), fact.clone()))
                .collect(),
        })
    }

    fn run_samples(&self, pack: &str, clause: &str, samples: &[Sample]) -> Result<(), PolicyError> {
        let fail = |sample: usize, expected: &str, found: String| PolicyError::SampleFailed {
            pack: pack.to_owned(),
            clause: clause.to_owned(),
            sample,
            expected: expected.to_owned(),
            found,
        };
        for expected in ["holds", "does_not_hold"] {
            if !samples.iter().any(|sample| sample.expect == expected) {
                return Err(fail(samples.len() + 1, expected, "no such sample".to_owned()));
            }
        }
        for (index, sample) in samples.iter().enumerate() {
            let facts = sample_facts(&sample.facts, self.groups)
                .map_err(|reason| fail(index + 1, &sample.expect, reason))?;
            let found = self.decide(&facts);
            if found.code() != sample.expect {
                let found = match found {
                    Decision::CannotDecide { reason, .. } => format!("cannot_decide ({reason})"),
                    other => other.code().to_owned(),
                };
                return Err(fail(index + 1, &sample.expect, found));
            }
        }
        Ok(())
    }

    fn decide(&self, facts: &Facts) -> Decision {
        let mut context = Context::default();
        for group in self.groups {
            let map: HashMap<String, Value> = facts
                .groups
                .get(group)
                .into_iter()
                .flatten()
                .map(|(name, fact)| (name.clone(), fact.to_cel()))
                .collect();
            context.add_variable_from_value(*group, map);
        }
        let figures: HashMap<String, Value> = self
            .figures
            .iter()
            .map(|(id, fact)| (id.clone(), fact.to_cel()))
            .collect();
        context.add_variable_from_value("figure", figures);
        match self.program.execute(&context) {
            Ok(Value::Bool(true)) => Decision::Holds,
            Ok(Value::Bool(false)) => Decision::DoesNotHold,
            Ok(other) => Decision::CannotDecide {
                missing: None,
                reason: format!("The condition gives {other:?} instead of true or false."),
            },
            Err(ExecutionError::NoSuchKey(name)) => Decision::CannotDecide {
                missing: Some(name.to_string()),
                reason: format!("The fact {name:?} is not recorded."),
            },
            Err(error) => Decision::CannotDecide {
                missing: None,
                reason: error.to_string(),
            },
        }
    }

    fn values(&self, text: &Text, facts: &Facts) -> BTreeMap<String, String> {
        placeholders(&text.zh)
            .map(|place| (place.to_owned(), self.value(place, facts, Language::Chinese)))
            .collect()
    }

    fn value(&self, place: &str, facts: &Facts, language: Language) -> String {
        let fact = match place.split_once('.') {
            Some(("figure", id)) => self.figures.get(id),
            Some((group, name)) => facts.get(group, name),
            None => None,
        };
        match (fact, language) {
            (Some(fact), _) => fact.show(language),
            (None, Language::Chinese) => "未记录".to_owned(),
            (None, Language::English) => "not recorded".to_owned(),
        }
    }

    fn fill(&self, text: &Text, facts: &Facts) -> Text {
        let fill = |wording: &str, language: Language| {
            placeholders(wording).fold(wording.to_owned(), |filled, place| {
                filled.replace(&format!("{{{place}}}"), &self.value(place, facts, language))
            })
        };
        Text::new(
            fill(&text.zh, Language::Chinese),
            fill(&text.en, Language::English),
        )
    }
}

/// The `{...}` of a wording, without the braces.
fn placeholders(wording: &str) -> impl Iterator<Item = &str> {
    wording
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(place, _)| place))
}

fn sample_facts(
    groups: &BTreeMap<String, BTreeMap<String, toml::Value>>,
    known: &'static [&'static str],
) -> Result<Facts, String> {
    let mut facts = Facts::new();
    for (group, entries) in groups {
        let Some(group) = known.iter().find(|known| *known == group) else {
            return Err(format!(
                "the sample has facts of {group:?}, but only {} exist",
                known.join(", ")
            ));
        };
        for (name, value) in entries {
            let fact = match value {
                toml::Value::Boolean(value) => Fact::Flag(*value),
                toml::Value::Integer(value) => Fact::Count(*value),
                toml::Value::Float(value) => Fact::Number(*value),
                toml::Value::String(value) => Fact::Text(value.clone()),
                other => return Err(format!("the sample gives {group}.{name} as {}", other.type_str())),
            };
            facts.set(group, name, Some(fact));
        }
    }
    Ok(facts)
}
