//! Administrative areas (行政区划) and their statistical codes.
//!
//! A code has 2 digits for a province, 4 for a prefecture, 6 for a county, 9 for a township, 12 for a village and
//! 14 for a villagers' group; the parent of an area is the prefix of its code, which is what access rules rely on.

use serde::{Deserialize, Serialize};

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

/// An administrative area with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Area {
    /// The statistical code.
    pub code: AreaCode,
    /// The name as the office writes it, e.g. 清溪镇.
    pub name: String,
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
