//! Normalisation: a record as columns of fixed width, made once, so that comparing two records needs no text function.
//!
//! ID numbers become 6 bits a character in a `u128`, dates become day numbers, area codes `u64`, names up to twelve
//! characters with and without their writing (the sound is the Mandarin reading without tone, which variant
//! characters and homophones share). What was written stays with the caller; nothing here is shown to people.

use anju_model::area::AreaCode;
use anju_model::identity::{IdNumber, Sex, check_character};
use jiff::civil::Date;
use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;

/// Characters of a name that are compared one by one; of longer names only the hash of the rest counts.
pub const NAME_LENGTH: usize = 12;

/// An ID number in 6 bits a character, first character highest, at most 21 characters; 0 when there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackedId {
    /// The characters.
    pub bits: u128,
    /// How many characters.
    pub length: u8,
    /// Whether digits, birth date and check character are right as written.
    pub valid: bool,
}

impl PackedId {
    /// Packs a number: 15 digits are brought to 18, 17 digits get their check character (and stay not valid).
    pub fn new(number: &IdNumber) -> Self {
        let written: String = number.as_str().nfkc().filter(|c| !c.is_whitespace()).collect();
        let written = IdNumber::new(&written);
        let valid = written.check().is_ok();
        let text = match (written.to_18(), check_character(written.as_str())) {
            (Some(long), _) => long.as_str().to_owned(),
            (None, Some(check)) => format!("{written}{check}"),
            (None, None) => written.as_str().to_owned(),
        };
        let mut packed = Self {
            bits: 0,
            length: 0,
            valid,
        };
        for character in text.chars().take(21) {
            let code = match character {
                '0'..='9' => 1 + (character as u128 - '0' as u128),
                'X' => 11,
                other => 12 + (other as u128 % 50),
            };
            packed.bits = (packed.bits << 6) | code;
            packed.length += 1;
        }
        packed
    }

    /// Whether there is a number at all.
    pub fn is_some(self) -> bool {
        self.length > 0
    }

    /// The code of the character at `place` from the left.
    fn character(self, place: u8) -> u128 {
        (self.bits >> (6 * (self.length - 1 - place))) & 63
    }

    /// The number without the character at `place` from the left, as a key.
    pub fn without(self, place: u8) -> u128 {
        let below = 6 * (self.length - 1 - place);
        let low = self.bits & ((1 << below) - 1);
        ((self.bits >> below >> 6) << below) | low
    }

    /// How many characters differ between numbers of equal length, and whether they are one pair of neighbours that
    /// changed places.
    pub fn difference(self, other: Self) -> (u32, bool) {
        let mut places = (0..self.length).filter(|place| self.character(*place) != other.character(*place));
        let (Some(first), second, third) = (places.next(), places.next(), places.next()) else {
            return (0, false);
        };
        let swapped = second == Some(first + 1)
            && third.is_none()
            && self.character(first) == other.character(first + 1)
            && self.character(first + 1) == other.character(first);
        let count = 1 + u32::from(second.is_some()) + u32::from(third.is_some());
        (count, swapped)
    }
}

/// A name without its spaces and dots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameKey {
    /// The characters, compatibility forms folded, Latin letters in upper case; unused places are 0.
    pub characters: [u32; NAME_LENGTH],
    /// The reading of each character, or the character itself when it has none.
    pub sounds: [u32; NAME_LENGTH],
    /// Characters in the name, more than [`NAME_LENGTH`] for longer ones.
    pub length: u8,
    /// Hash of all characters; 0 for an empty name.
    pub written: u64,
    /// Hash of all readings; 0 for an empty name.
    pub spoken: u64,
}

impl NameKey {
    /// Reads a name.
    pub fn new(name: &str) -> Self {
        let mut key = Self::default();
        let (mut written, mut spoken) = (HASH_START, HASH_START);
        let folded = name
            .nfkc()
            .filter(|c| !c.is_whitespace() && !is_name_dot(*c))
            .flat_map(char::to_uppercase);
        for character in folded {
            let sound = sound(character);
            if let Some(place) = key.characters.get_mut(usize::from(key.length)) {
                *place = character as u32;
                key.sounds[usize::from(key.length)] = sound;
            }
            written = hash_step(written, u64::from(character as u32));
            spoken = hash_step(spoken, u64::from(sound));
            key.length = key.length.saturating_add(1);
        }
        if key.length > 0 {
            (key.written, key.spoken) = (written, spoken);
        }
        key
    }
}

/// The dots between the parts of a name, in the forms keyboards give.
fn is_name_dot(character: char) -> bool {
    matches!(
        character,
        '·' | '•'
            | '‧'
            | '∙'
            | '⋅'
            | '・'
            | '･'
            | '.'
            | '．'
            | '。'
            | 'ᐧ'
            | '\u{2e31}'
            | '\u{feff}'
            | '\u{200b}'
    )
}

/// The toneless reading of a character as a number above the range of characters, or the character itself.
fn sound(character: char) -> u32 {
    match character.to_pinyin() {
        Some(reading) => {
            let hash = reading
                .plain()
                .bytes()
                .fold(HASH_START, |hash, byte| hash_step(hash, u64::from(byte)));
            (hash as u32) | 0x8000_0000
        }
        None => character as u32,
    }
}

const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV-1a with a final mix, so that keys do not depend on the version of the standard library.
fn hash_step(hash: u64, value: u64) -> u64 {
    let mixed = (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    mixed ^ (mixed >> 29)
}

/// A key made of several numbers.
pub fn key_of(parts: &[u64]) -> u64 {
    parts.iter().fold(HASH_START, |hash, part| {
        hash_step(hash_step(hash, *part), part >> 32)
    })
}

/// A birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: i8,
    /// Day, 1 to 31.
    pub day: i8,
    /// Days since 1970-01-01.
    pub days: i32,
}

impl Birth {
    /// Reads a date.
    pub fn new(date: Date) -> Self {
        let days = date
            .since(jiff::civil::date(1970, 1, 1))
            .map_or(0, |span| span.get_days());
        Self {
            year: date.year(),
            month: date.month(),
            day: date.day(),
            days,
        }
    }
}

/// A record ready for comparison. What is missing is `None`, 0 or empty, and never speaks for or against a match.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Record {
    /// ID number.
    pub id: PackedId,
    /// Name.
    pub name: NameKey,
    /// Birth date as recorded, or the one in a valid ID number.
    pub birth: Option<Birth>,
    /// 1 male, 2 female, 0 not known.
    pub sex: u8,
    /// Area code as a number, 0 when not known.
    pub area: u64,
    /// Digits of the area code.
    pub area_digits: u8,
    /// Number of the household within the run, for the rule that members of one household are different persons.
    pub household: Option<u32>,
}

impl Record {
    /// Normalises what is known of a person.
    pub fn new(
        name: &str,
        id_number: Option<&IdNumber>,
        birth_date: Option<Date>,
        sex: Option<Sex>,
        area: Option<&AreaCode>,
        household: Option<u32>,
    ) -> Self {
        let id = id_number.map(PackedId::new).unwrap_or_default();
        let trusted = id_number.filter(|_| id.valid);
        let sex = match sex {
            Some(Sex::Male) => 1,
            Some(Sex::Female) => 2,
            _ => match trusted.and_then(IdNumber::sex) {
                Some(Sex::Male) => 1,
                Some(Sex::Female) => 2,
                _ => 0,
            },
        };
        Self {
            id,
            name: NameKey::new(name),
            birth: birth_date
                .or_else(|| trusted.and_then(IdNumber::birth_date))
                .map(Birth::new),
            sex,
            area: area.and_then(|code| code.as_str().parse().ok()).unwrap_or(0),
            area_digits: area.map_or(0, |code| code.as_str().len() as u8),
            household,
        }
    }

    /// The area at a level of so many digits, or 0 when the code is shorter.
    pub fn area_at(&self, digits: u8) -> u64 {
        if self.area_digits < digits {
            0
        } else {
            self.area / 10_u64.pow(u32::from(self.area_digits - digits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_and_a_cut_number_pack_alike() {
        let full = PackedId::new(&IdNumber::new("11010519491231002x"));
        let old = PackedId::new(&IdNumber::new("110105491231002"));
        let cut = PackedId::new(&IdNumber::new("11010519491231002"));
        let wide = PackedId::new(&IdNumber::new("１１０１０５ 19491231002X"));
        assert!(full.valid && old.valid && wide.valid && !cut.valid);
        assert_eq!(full.bits, old.bits);
        assert_eq!(full.bits, cut.bits);
        assert_eq!(full.bits, wide.bits);
    }

    #[test]
    fn differences_of_numbers() {
        let of = |text: &str| PackedId::new(&IdNumber::new(text));
        let right = of("11010519491231002X");
        assert_eq!(right.difference(right), (0, false));
        assert_eq!(right.difference(of("11010519491231012X")), (1, false));
        assert_eq!(right.difference(of("11010519491213002X")), (2, true));
        assert!(!right.difference(of("11010519401239002X")).1);
        assert_eq!(right.without(0), of("1010519491231002X").bits);
        assert_eq!(right.without(17), of("11010519491231002X").bits >> 6);
    }

    #[test]
    fn names_fold_spaces_dots_variants_and_homophones() {
        let key = NameKey::new;
        assert_eq!(key("张 伟"), key("张\u{3000}伟"));
        assert_eq!(key("阿依·古丽").written, key("阿依古丽").written);
        assert_eq!(key("阿依•古丽").written, key("阿依・古丽").written);
        assert_ne!(key("李峰").written, key("李峯").written);
        assert_eq!(key("李峰").spoken, key("李峯").spoken);
        assert_eq!(key("张伟").spoken, key("章伟").spoken);
        assert_ne!(key("张伟").spoken, key("张强").spoken);
        assert_eq!(key("  ").written, 0);
    }
}
