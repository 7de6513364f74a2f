//! Resident identity numbers after GB 11643 and the first generation of 15 digits.
//!
//! A number of 18 characters is: 6 digits of the area of first registration, 8 digits of the birth date, 3 digits of
//! sequence (odd for men, even for women) and a check character (ISO 7064 MOD 11-2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::code_list;

code_list! {
    /// Sex, GB/T 2261.1.
    Sex {
        Unknown = "0", "未知的性别", "unknown";
        Male = "1", "男", "male";
        Female = "2", "女", "female";
        Unstated = "9", "未说明的性别", "unstated";
    }
}

/// Why a text is not a usable identity number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdNumberError {
    /// Neither 15 nor 18 characters, nor the 20 or 22 of a disability certificate.
    #[error(
        "an ID number has 18 characters (15 in the first generation, 20 or 22 on a disability certificate), this one has {0}"
    )]
    Length(usize),
    /// Something else than digits, or a letter before the last place.
    #[error("character {0} is not a digit")]
    Character(usize),
    /// The digits of the birth date are not a date.
    #[error("places 7 to 14 are not a date")]
    BirthDate,
    /// The check character does not fit the digits.
    #[error("the check character should be {expected}")]
    CheckCharacter {
        /// The character that the digits call for.
        expected: char,
    },
    /// What follows the 18 characters on a disability certificate is no class, grade and mark of reissue.
    #[error(
        "after the 18 characters a disability certificate has its class (1 to 7), its grade (1 to 4) and, reissued, B and a digit"
    )]
    Certificate,
}

impl IdNumberError {
    /// The message in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Length(length) => {
                format!("应为 18 位(一代 15 位,残疾人证 20 或 22 位),现为 {length} 位")
            }
            Self::Character(place) => format!("第 {place} 位不是数字"),
            Self::BirthDate => "第 7 至 14 位不是日期".into(),
            Self::CheckCharacter { expected } => format!("校验码应为 {expected}"),
            Self::Certificate => {
                "残疾人证在 18 位之后应为类别(1 至 7)、等级(1 至 4),补办的再加 B 和一位数字".into()
            }
        }
    }
}

/// A resident identity number as written in a register: kept even when its check character is wrong, because the
/// register must show what was written; [`IdNumber::check`] says whether it can be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdNumber(String);

impl utoipa::PartialSchema for IdNumber {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some(
                "Resident identity number (GB 11643: 17 digits and a check character 0-9 or X; 15 digits in old papers), as \
                 written in the register, where it may be wrong.",
            ))
            .into()
    }
}

impl utoipa::ToSchema for IdNumber {}

impl IdNumber {
    /// Takes a number as written: surrounding space removed, letters in upper case.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_uppercase())
    }

    /// The characters as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the number can be right: length, digits, birth date and check character.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), IdNumberError> {
        if !self.0.is_ascii() || !matches!(self.0.len(), 15 | 18 | 20 | 22) {
            return Err(IdNumberError::Length(self.0.chars().count()));
        }
        let resident = self.resident();
        let characters = resident.as_bytes();
        let last = characters.len() - 1;
        for (index, byte) in characters.iter().enumerate() {
            let letter_allowed = characters.len() == 18 && index == last && *byte == b'X';
            if !byte.is_ascii_digit() && !letter_allowed {
                return Err(IdNumberError::Character(index + 1));
            }
        }
        if self.birth_date().is_none() {
            return Err(IdNumberError::BirthDate);
        }
        if characters.len() == 18 {
            let expected = check_character(&resident[..17]).ok_or(IdNumberError::Length(characters.len()))?;
            if !resident.ends_with(expected) {
                return Err(IdNumberError::CheckCharacter { expected });
            }
        }
        match &self.0.as_bytes()[characters.len()..] {
            [] | [b'1'..=b'7', b'1'..=b'4'] | [b'1'..=b'7', b'1'..=b'4', b'B', b'0'..=b'9'] => Ok(()),
            _ => Err(IdNumberError::Certificate),
        }
    }

    /// The identity number inside: the whole of it, or the first 18 characters of a disability certificate.
    fn resident(&self) -> &str {
        match self.0.len() {
            20 | 22 => self.0.get(..18).unwrap_or(&self.0),
            _ => &self.0,
        }
    }

    /// The birth date inside the number, if its digits are a date.
    pub fn birth_date(&self) -> Option<Date> {
        let resident = self.resident();
        let digits = match resident.len() {
            18 => resident.get(6..14)?.to_owned(),
            15 => format!("19{}", resident.get(6..12)?),
            _ => return None,
        };
        let year = digits.get(0..4)?.parse().ok()?;
        let month = digits.get(4..6)?.parse().ok()?;
        let day = digits.get(6..8)?.parse().ok()?;
        Date::new(year, month, day).ok()
    }

    /// The sex inside the number, if its sequence is a number.
    pub fn sex(&self) -> Option<Sex> {
        let resident = self.resident();
        let place = match resident.len() {
            18 => 16,
            15 => 14,
            _ => return None,
        };
        let digit = resident.as_bytes().get(place)?;
        digit
            .is_ascii_digit()
            .then(|| if digit % 2 == 1 { Sex::Male } else { Sex::Female })
    }

    /// The number brought to 18 characters, so that both generations and the disability certificate of one person
    /// compare equal.
    pub fn to_18(&self) -> Option<Self> {
        match self.0.len() {
            18 => Some(self.clone()),
            20 | 22 => self.0.get(..18).map(|resident| Self(resident.to_owned())),
            15 if self.0.bytes().all(|byte| byte.is_ascii_digit()) => {
                let digits = format!("{}19{}", &self.0[..6], &self.0[6..]);
                let check = check_character(&digits)?;
                Some(Self(format!("{digits}{check}")))
            }
            _ => None,
        }
    }

    /// The number with birth date and sequence hidden, as shown where the full number is not needed.
    pub fn masked(&self) -> String {
        let characters: Vec<char> = self.0.chars().collect();
        if characters.len() < 11 {
            return "*".repeat(characters.len());
        }
        let head: String = characters[..6].iter().collect();
        let tail: String = characters[characters.len() - 4..].iter().collect();
        format!("{head}{}{tail}", "*".repeat(characters.len() - 10))
    }
}

impl std::fmt::Display for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The check character for the first 17 digits (ISO 7064 MOD 11-2), or `None` when they are not 17 digits.
pub fn check_character(digits: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARACTERS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    if digits.len() != 17 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = digits
        .bytes()
        .zip(WEIGHTS)
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    Some(CHARACTERS[(sum % 11) as usize])
}

/// A personal name with only its first character shown.
pub fn masked_name(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => format!("{first}{}", "*".repeat(characters.count().clamp(1, 2))),
        None => String::new(),
    }
}

/// A text with these names masked in it, the longest first where one begins as another does. A name of one character is
/// a family name at most and stays.
pub fn mask_names(text: &str, names: &[String]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let longest = names
            .iter()
            .filter(|name| name.chars().nth(1).is_some() && rest.starts_with(name.as_str()))
            .max_by_key(|name| name.len());
        match longest {
            Some(name) => {
                masked.push_str(&masked_name(name));
                rest = &rest[name.len()..];
            }
            None => {
                masked.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    masked
}

/// A phone number with its middle hidden.
pub fn masked_phone(phone: &str) -> String {
    let characters: Vec<char> = phone.chars().collect();
    if characters.len() < 8 {
        return "*".repeat(characters.len());
    }
    let head: String = characters[..3].iter().collect();
    let tail: String = characters[characters.len() - 4..].iter().collect();
    format!("{head}{}{tail}", "*".repeat(characters.len() - 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_text_are_masked_and_nothing_else() {
        let names = ["张三", "张三丰", "王", ""].map(str::to_owned);
        let text = "张三丰（户 QX-1，王家湾）与张三同号；张三丰";
        assert_eq!(mask_names(text, &names), "张**（户 QX-1，王家湾）与张*同号；张**");
        assert_eq!(
            mask_names("Anne and Ann", &["Ann".into(), "Anne".into()]),
            "A** and A**"
        );
        assert_eq!(mask_names(text, &[]), text);
    }
    use proptest::prelude::*;

    #[test]
    fn known_number() {
        // The specimen of GB 11643-1999.
        let number = IdNumber::new("11010519491231002x");
        assert_eq!(number.check(), Ok(()));
        assert_eq!(number.birth_date(), Date::new(1949, 12, 31).ok());
        assert_eq!(number.sex(), Some(Sex::Female));
        assert_eq!(number.masked(), "110105********002X");
    }

    #[test]
    fn fifteen_digits_become_eighteen() {
        let old = IdNumber::new("110105491231002");
        assert_eq!(old.to_18().unwrap().as_str(), "11010519491231002X");
    }

    #[test]
    fn wrong_numbers_say_why() {
        assert_eq!(IdNumber::new("1101").check(), Err(IdNumberError::Length(4)));
        assert_eq!(
            IdNumber::new("11010519491331002X").check(),
            Err(IdNumberError::BirthDate)
        );
        assert_eq!(
            IdNumber::new("110105194912310021").check(),
            Err(IdNumberError::CheckCharacter { expected: 'X' })
        );
        assert_eq!(
            IdNumber::new("1101051949123100２X").check(),
            Err(IdNumberError::Length(18))
        );
    }

    proptest! {
        /// Any single wrong digit is found: the promise of MOD 11-2.
        #[test]
        fn one_wrong_digit_is_found(body in "[1-9][0-9]{5}19[5-9][0-9]0[1-9](0[1-9]|1[0-9])[0-9]{3}", place in 0usize..17, shift in 1u8..10) {
            let check = check_character(&body).unwrap();
            let mut digits: Vec<u8> = body.bytes().collect();
            digits[place] = b'0' + (digits[place] - b'0' + shift) % 10;
            let changed = String::from_utf8(digits).unwrap();
            prop_assert_ne!(check_character(&changed).unwrap(), check);
        }
    }
}
