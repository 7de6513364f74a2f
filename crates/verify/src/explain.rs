//! Wording: what a found item says, in both languages. ID numbers are shown with their middle hidden.

use std::collections::BTreeMap;

use anju_model::code_list::Text;
use anju_model::lookback::Severity;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use anju_model::area::AreaCode;

use crate::comparison::{Field, MISSING, Pattern, area, birth, id, name, sex};
use crate::register::Entry;
use crate::weights::Score;

/// Something to be checked in the field, before it has an identity and a state of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundItem {
    /// Stable rule id, e.g. `identity.duplicate_person`.
    pub rule: String,
    /// What it asks for.
    pub severity: Severity,
    /// Where the household is.
    pub area: AreaCode,
    /// The household, unless the item is about one that is absent from the register.
    pub household: Option<Uuid>,
    /// The person, when the item is about one.
    pub person: Option<Uuid>,
    /// The other household of a pair.
    pub other_household: Option<Uuid>,
    /// The other person of a pair.
    pub other_person: Option<Uuid>,
    /// The department's records or list entries that speak against it.
    pub evidence: Vec<Uuid>,
    /// The named values that led to it; ID numbers masked.
    pub values: BTreeMap<String, String>,
    /// What was found, with the values.
    pub explanation: Text,
    /// What the field worker should do.
    pub action: Text,
    /// Probability that the item is right, 0 to 1; 1 for rules that do not estimate.
    pub probability: f64,
}

impl FoundItem {
    /// An item in an area, about nobody yet.
    pub fn new(rule: &str, severity: Severity, area: &AreaCode, explanation: Text, action: Text) -> Self {
        Self {
            rule: rule.to_owned(),
            severity,
            area: area.clone(),
            household: None,
            person: None,
            other_household: None,
            other_person: None,
            evidence: Vec::new(),
            values: BTreeMap::new(),
            explanation,
            action,
            probability: 1.0,
        }
    }

    /// The item about a person.
    pub fn about(mut self, entry: &Entry<'_>) -> Self {
        self.household = Some(entry.household.id);
        self.person = Some(entry.person.id);
        self
    }

    /// The item with a named value.
    pub fn value(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }

    /// The order of items in an outcome: by rule, place, persons and evidence.
    pub fn order(&self) -> impl Ord + '_ {
        (
            &self.rule,
            &self.area,
            self.household,
            self.person,
            self.other_person,
            &self.evidence,
        )
    }
}

/// The name of a field.
pub fn field(field: Field) -> Text {
    match field {
        Field::Id => Text::new("身份证号", "ID number"),
        Field::Name => Text::new("姓名", "name"),
        Field::Birth => Text::new("出生日期", "birth date"),
        Field::Sex => Text::new("性别", "sex"),
        Field::Area => Text::new("住址", "address"),
    }
}

/// What a level of a field means.
pub fn level(field: Field, level: u8) -> Text {
    let (zh, en) = match (field, level) {
        (_, MISSING) => ("未比较", "not compared"),
        (Field::Id, id::EQUAL) => ("相同", "equal"),
        (Field::Id, id::ONE_CHARACTER) => ("相差一位", "one character differs"),
        (Field::Id, id::SWAP) => ("相邻两位颠倒或缺一位", "two neighbours swapped or one missing"),
        (Field::Id, id::DIFFERENT_VALID) => ("均有效而不同", "both valid and different"),
        (Field::Name, name::EQUAL) => ("相同", "equal"),
        (Field::Name, name::SOUND) => ("同音或异体", "same sound or variant"),
        (Field::Name, name::ONE_CHARACTER) => ("相差一字", "one character differs"),
        (Field::Birth, birth::EQUAL) | (Field::Sex, sex::EQUAL) => ("相同", "equal"),
        (Field::Birth, birth::SWAP) => ("月日颠倒", "month and day swapped"),
        (Field::Birth, birth::MONTH) => ("月份差一（疑农历）", "one month off (lunar month?)"),
        (Field::Birth, birth::LUNAR) => ("相差约一月（疑农历）", "about a month apart (lunar date?)"),
        (Field::Birth, birth::YEAR) => ("月日相同、年份不同", "same day of another year"),
        (Field::Area, area::GROUP) => ("同组", "same group"),
        (Field::Area, area::VILLAGE) => ("同村", "same village"),
        (Field::Area, area::TOWNSHIP) => ("同乡镇", "same township"),
        (Field::Area, area::COUNTY) => ("同县", "same county"),
        _ => ("不同", "different"),
    };
    Text::new(zh, en)
}

/// The weights of a pair, field by field, with the field that was not counted and why.
pub fn waterfall(pattern: Pattern, score: &Score) -> Text {
    let mut text = (Vec::new(), Vec::new());
    for compared in Field::ALL {
        let found = pattern.level(compared);
        if found != MISSING {
            let (name, meaning, bits) = (
                field(compared),
                level(compared, found),
                score.parts[compared as usize],
            );
            text.0.push(format!("{}{}（{bits:+.1}）", name.zh, meaning.zh));
            text.1.push(format!("{} {} ({bits:+.1})", name.en, meaning.en));
        }
    }
    if pattern.inside_id() {
        text.0.push("出生日期和性别已含于身份证号，不重复计算".to_owned());
        text.1
            .push("birth date and sex are inside the ID number and not counted again".to_owned());
    }
    Text::new(text.0.join("；"), text.1.join("; "))
}

/// The weights of a pair as named values, in bits.
pub fn weights(item: FoundItem, pattern: Pattern, score: &Score) -> FoundItem {
    const NAMES: [&str; 5] = [
        "weight.id",
        "weight.name",
        "weight.birth",
        "weight.sex",
        "weight.area",
    ];
    let mut item = item
        .value("weight.start", format!("{:+.2}", score.start))
        .value("weight", format!("{:+.2}", score.weight));
    for compared in Field::ALL {
        if pattern.level(compared) != MISSING {
            item = item.value(
                NAMES[compared as usize],
                format!("{:+.2}", score.parts[compared as usize]),
            );
        }
    }
    item
}

/// A probability as a percentage that never rounds up to certainty.
pub fn percent(probability: f64) -> Text {
    if probability >= 0.9995 {
        return Text::new("99.9%以上", "above 99.9%");
    }
    let shown = format!("{:.1}%", probability * 100.0);
    Text::new(shown.clone(), shown)
}
