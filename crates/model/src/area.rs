//! Administrative areas (行政区划) and their statistical codes.
//!
//! A code has 2 digits for a province, 4 for a prefecture, 6 for a county, 9 for a township, 12 for a village and
//! 14 for a villagers' group; the parent of an area is the prefix of its code, which is what access rules rely on.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::code_list;

/// Why a text is not an area code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not an area code: expected 2, 4, 6, 9, 12 or 14 digits")]
pub struct AreaCodeError {
    /// The refused text.
    pub value: String,
}

/// The level of an area, read from the length of its code.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AreaLevel {
    /// 省, 2 digits.
    Province,
    /// 市, 4 digits.
    Prefecture,
    /// 县, 6 digits.
    County,
    /// 乡镇, 9 digits.
    Township,
    /// 村, 12 digits.
    Village,
    /// 村民小组, 14 digits.
    Group,
}

/// A statistical area code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AreaCode(String);

impl utoipa::PartialSchema for AreaCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some(r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{14})$"))
            .description(Some(
                "Statistical area code: province 2 digits, prefecture 4, county 6, township 9, village 12, villagers' group 14; \
                 an area contains those whose codes begin with its own.",
            ))
            .examples(["610926", "610926100001"])
            .into()
    }
}

impl utoipa::ToSchema for AreaCode {}

impl AreaCode {
    /// Reads a code of 2, 4, 6, 9, 12 or 14 ASCII digits.
    ///
    /// # Errors
    /// When the text has another length or holds anything but digits.
    pub fn parse(text: &str) -> Result<Self, AreaCodeError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && matches!(text.len(), 2 | 4 | 6 | 9 | 12 | 14) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AreaCodeError {
                value: text.to_owned(),
            })
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The level, from the number of digits.
    pub fn level(&self) -> AreaLevel {
        match self.0.len() {
            2 => AreaLevel::Province,
            4 => AreaLevel::Prefecture,
            6 => AreaLevel::County,
            9 => AreaLevel::Township,
            12 => AreaLevel::Village,
            _ => AreaLevel::Group,
        }
    }

    /// The enclosing area, or `None` for a province.
    pub fn parent(&self) -> Option<Self> {
        let length = match self.level() {
            AreaLevel::Province => return None,
            AreaLevel::Prefecture => 2,
            AreaLevel::County => 4,
            AreaLevel::Township => 6,
            AreaLevel::Village => 9,
            AreaLevel::Group => 12,
        };
        Some(Self(self.0[..length].to_owned()))
    }

    /// The enclosing area of the given level, or `None` when this code is above it.
    pub fn at_level(&self, level: AreaLevel) -> Option<Self> {
        let mut area = self.clone();
        while area.level() > level {
            area = area.parent()?;
        }
        (area.level() == level).then_some(area)
    }

    /// Whether `other` is this area or lies inside it.
    pub fn contains(&self, other: &AreaCode) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl TryFrom<String> for AreaCode {
    type Error = AreaCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<AreaCode> for String {
    fn from(code: AreaCode) -> Self {
        code.0
    }
}

impl std::fmt::Display for AreaCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

code_list! {
    /// What became of an area on a day.
    SuccessionKind {
        Renamed = "renamed", "更名", "renamed";
        Recoded = "recoded", "代码变更", "recoded";
        Split = "split", "拆分", "split";
        Merged = "merged", "合并", "merged";
    }
}

/// What became of an area, by which document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// What happened.
    pub kind: SuccessionKind,
    /// The codes that its places have from then on; its own for a new name.
    pub to: Vec<AreaCode>,
    /// First day on which it holds.
    pub date: Date,
    /// Number of the document that ordered it.
    pub document: String,
}

/// A name that an area had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// The last day on which it held.
    pub valid_to: Date,
}

/// A name of an area with the time in which it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AreaVersion {
    /// The name.
    pub name: String,
    /// First day; none when it began before the records do.
    pub valid_from: Option<Date>,
    /// Last day; none while it is in force.
    pub valid_to: Option<Date>,
}

/// An administrative area: one code, with the names it had and what became of it.
///
/// A code is given once and never again to another place, so that old papers mean one place only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// The statistical code.
    pub code: AreaCode,
    /// The newest name as the office writes it, e.g. 清溪镇.
    pub name: String,
    /// First day of the code; none when it began before the records do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Last day of the code; none while it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Names before the newest, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_names: Vec<FormerName>,
    /// What became of it, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successions: Vec<Succession>,
}

impl Area {
    /// An area in force of which nothing but code and name is recorded.
    pub fn new(code: AreaCode, name: impl Into<String>) -> Self {
        Self {
            code,
            name: name.into(),
            valid_from: None,
            valid_to: None,
            former_names: Vec::new(),
            successions: Vec::new(),
        }
    }

    /// Whether the code is in force.
    pub fn is_in_force(&self) -> bool {
        self.valid_to.is_none()
    }

    /// Whether the code was in force on a day.
    pub fn was_in_force(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// The name it had on a day; before its first and after its last, the nearest.
    pub fn name_on(&self, day: Date) -> &str {
        self.former_names
            .iter()
            .find(|former| day <= former.valid_to)
            .map_or(&self.name, |former| &former.name)
    }

    /// All names with their times, the oldest first.
    pub fn versions(&self) -> Vec<AreaVersion> {
        let mut from = self.valid_from;
        let mut versions = Vec::with_capacity(self.former_names.len() + 1);
        for former in &self.former_names {
            versions.push(AreaVersion {
                name: former.name.clone(),
                valid_from: from,
                valid_to: Some(former.valid_to),
            });
            from = former.valid_to.tomorrow().ok();
        }
        versions.push(AreaVersion {
            name: self.name.clone(),
            valid_from: from,
            valid_to: self.valid_to,
        });
        versions
    }

    /// What took the place of its code, once that is no longer in force.
    pub fn successor(&self) -> Option<&Succession> {
        let last = self.successions.last()?;
        (self.valid_to.is_some() && last.kind != SuccessionKind::Renamed).then_some(last)
    }
}

/// What a code stands for today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Present {
    /// It is in force.
    InForce,
    /// It is no longer in force, and all of it lies under this code.
    Now(AreaCode),
    /// It was split: which of these it is cannot be told from the code.
    Split(Vec<AreaCode>),
    /// The table does not know it, or not what became of it.
    Unknown,
}

/// Successions followed before a table is taken for circular, which only a damaged one can be.
const LONGEST_CHAIN: usize = 64;

/// The table of areas, those no longer in force included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Areas(BTreeMap<AreaCode, Area>);

impl Areas {
    /// The area of a code, in force or not.
    pub fn get(&self, code: &AreaCode) -> Option<&Area> {
        self.0.get(code)
    }

    /// All areas, in the order of their codes.
    pub fn all(&self) -> impl Iterator<Item = &Area> {
        self.0.values()
    }

    /// The areas in force, in the order of their codes.
    pub fn in_force(&self) -> impl Iterator<Item = &Area> {
        self.0.values().filter(|area| area.is_in_force())
    }

    /// The areas inside one, itself included, in the order of their codes.
    pub fn inside<'a>(&'a self, code: &'a AreaCode) -> impl Iterator<Item = &'a Area> {
        self.0
            .range(code.clone()..)
            .map(|(_, area)| area)
            .take_while(move |area| code.contains(&area.code))
    }

    /// Adds an area, or writes another state of it.
    pub fn put(&mut self, area: Area) {
        self.0.insert(area.code.clone(), area);
    }

    /// What a code stands for today. The group of a known village need not be in the table itself.
    pub fn present(&self, code: &AreaCode) -> Present {
        let mut code = code.clone();
        let mut moved = false;
        for _ in 0..LONGEST_CHAIN {
            let Some(known) = self.nearest(&code) else {
                return Present::Unknown;
            };
            let whole = known.code == code;
            if known.is_in_force() {
                // A village that no table names is not known; a group is, by its number.
                let named = whole || known.code.level() == AreaLevel::Village;
                return match (named, moved) {
                    (false, _) => Present::Unknown,
                    (true, false) => Present::InForce,
                    (true, true) => Present::Now(code),
                };
            }
            let Some(succession) = known.successor() else {
                return Present::Unknown;
            };
            code = match (succession.kind, succession.to.as_slice()) {
                (SuccessionKind::Recoded, [to]) => {
                    let tail = &code.as_str()[known.code.as_str().len()..];
                    match AreaCode::parse(&format!("{to}{tail}")) {
                        Ok(code) => code,
                        Err(_) => return Present::Unknown,
                    }
                }
                // The number of a group that was not recorded says nothing in the area it was merged into.
                (SuccessionKind::Merged, [to]) if whole => to.clone(),
                (SuccessionKind::Split, to) => {
                    let mut candidates: Vec<AreaCode> = to
                        .iter()
                        .flat_map(|to| match self.present(to) {
                            Present::InForce => vec![to.clone()],
                            Present::Now(now) => vec![now],
                            Present::Split(several) => several,
                            Present::Unknown => Vec::new(),
                        })
                        .collect();
                    candidates.sort();
                    candidates.dedup();
                    return match <[AreaCode; 1]>::try_from(candidates) {
                        Ok([only]) => Present::Now(only),
                        Err(several) => Present::Split(several),
                    };
                }
                _ => return Present::Unknown,
            };
            moved = true;
        }
        Present::Unknown
    }

    /// The area of the code, or the smallest known one around it.
    fn nearest(&self, code: &AreaCode) -> Option<&Area> {
        let mut around = Some(code.clone());
        while let Some(code) = around {
            if let Some(area) = self.0.get(&code) {
                return Some(area);
            }
            around = code.parent();
        }
        None
    }

    /// Codes no longer in force of which all lies within `code` today, so that whoever may see it may see them.
    pub fn former(&self, code: &AreaCode) -> Vec<AreaCode> {
        self.0
            .values()
            .filter(|area| !area.is_in_force() && !code.contains(&area.code))
            .filter(|area| matches!(self.present(&area.code), Present::Now(now) if code.contains(&now)))
            .map(|area| area.code.clone())
            .collect()
    }
}

impl FromIterator<Area> for Areas {
    fn from_iter<I: IntoIterator<Item = Area>>(areas: I) -> Self {
        Self(areas.into_iter().map(|area| (area.code.clone(), area)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_prefixes() {
        let group = AreaCode::parse("61902110120103").unwrap();
        assert_eq!(group.level(), AreaLevel::Group);
        assert_eq!(group.parent().unwrap().as_str(), "619021101201");
        assert_eq!(group.at_level(AreaLevel::County).unwrap().as_str(), "619021");
        assert!(AreaCode::parse("619021").unwrap().contains(&group));
        assert!(!AreaCode::parse("619022").unwrap().contains(&group));
        assert_eq!(AreaCode::parse("61").unwrap().parent(), None);
        assert_eq!(AreaCode::parse("61").unwrap().at_level(AreaLevel::County), None);
    }

    #[test]
    fn other_lengths_and_letters_are_refused() {
        for text in ["", "6", "6190211", "61902a", "６１"] {
            assert!(AreaCode::parse(text).is_err(), "{text}");
        }
    }
}
