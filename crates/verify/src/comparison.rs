//! Comparison: two normalised records become one level number per field, and the levels one pattern number.
//!
//! Region, birth date and sex are inside the ID number. So when two numbers are equal or close, the agreement of birth
//! date and sex is not counted again.

use crate::normalise::{Birth, NameKey, PackedId, Record};

/// The fields that are compared, in the order of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// ID number.
    Id,
    /// Name.
    Name,
    /// Birth date.
    Birth,
    /// Sex.
    Sex,
    /// Area.
    Area,
}

impl Field {
    /// All fields.
    pub const ALL: [Field; 5] = [Field::Id, Field::Name, Field::Birth, Field::Sex, Field::Area];

    /// How many levels it has, level 0 (missing or not counted) included.
    pub const fn levels(self) -> usize {
        match self {
            Self::Id => 6,
            Self::Name => 5,
            Self::Birth => 7,
            Self::Sex => 3,
            Self::Area => 6,
        }
    }
}

/// The level that is neither for nor against: missing on one side, or not counted.
pub const MISSING: u8 = 0;

/// Levels of the ID number.
pub mod id {
    /// Equal.
    pub const EQUAL: u8 = 1;
    /// One character differs.
    pub const ONE_CHARACTER: u8 = 2;
    /// Two neighbours changed places, or one character is missing or too many.
    pub const SWAP: u8 = 3;
    /// Different, and at least one of the two cannot be right.
    pub const DIFFERENT: u8 = 4;
    /// Different, and both are valid: two persons, as far as the numbers go.
    pub const DIFFERENT_VALID: u8 = 5;
}

/// Levels of the name.
pub mod name {
    /// Equal but for spaces and dots.
    pub const EQUAL: u8 = 1;
    /// Equal in sound: variant characters or homophones.
    pub const SOUND: u8 = 2;
    /// One character differs, is missing or is too many.
    pub const ONE_CHARACTER: u8 = 3;
    /// Different.
    pub const DIFFERENT: u8 = 4;
}

/// Levels of the birth date.
pub mod birth {
    /// Equal.
    pub const EQUAL: u8 = 1;
    /// Month and day changed places.
    pub const SWAP: u8 = 2;
    /// Same year and day, the month before or after: a slip, or the lunar month for the solar one.
    pub const MONTH: u8 = 3;
    /// Otherwise 18 to 55 days apart, as the lunar date of a birthday is from the solar one.
    pub const LUNAR: u8 = 4;
    /// Same day of another year: up to two years off, or the tens.
    pub const YEAR: u8 = 5;
    /// Different.
    pub const DIFFERENT: u8 = 6;
}

/// Levels of the sex.
pub mod sex {
    /// Equal.
    pub const EQUAL: u8 = 1;
    /// Different.
    pub const DIFFERENT: u8 = 2;
}

/// Levels of the area: the smallest one that both are in.
pub mod area {
    /// Villagers' group.
    pub const GROUP: u8 = 1;
    /// Village.
    pub const VILLAGE: u8 = 2;
    /// Township.
    pub const TOWNSHIP: u8 = 3;
    /// County.
    pub const COUNTY: u8 = 4;
    /// None of these.
    pub const OTHER: u8 = 5;
}

/// The levels of one pair, one per [`Field`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(pub [u8; 5]);

impl Pattern {
    /// How many patterns there are.
    pub const COUNT: usize = 6 * 5 * 7 * 3 * 6;

    /// The pattern as a number below [`Pattern::COUNT`].
    pub fn number(self) -> usize {
        Field::ALL.iter().zip(self.0).fold(0, |number, (field, level)| {
            number * field.levels() + usize::from(level)
        })
    }

    /// The pattern of a number.
    pub fn of_number(mut number: usize) -> Self {
        let mut levels = [0; 5];
        for (index, field) in Field::ALL.iter().enumerate().rev() {
            levels[index] = (number % field.levels()) as u8;
            number /= field.levels();
        }
        Self(levels)
    }

    /// The level of a field.
    pub fn level(self, field: Field) -> u8 {
        self.0[field as usize]
    }

    /// Whether birth date and sex were left out because the ID numbers, which hold them, are equal or close.
    pub fn inside_id(self) -> bool {
        (id::EQUAL..=id::SWAP).contains(&self.level(Field::Id))
    }
}

/// Compares two records; symmetric.
pub fn compare(left: &Record, right: &Record) -> Pattern {
    let id_level = compare_id(left.id, right.id);
    let inside_id = (id::EQUAL..=id::SWAP).contains(&id_level);
    let (birth_level, sex_level) = if inside_id {
        (MISSING, MISSING)
    } else {
        (
            compare_birth(left.birth, right.birth),
            compare_sex(left.sex, right.sex),
        )
    };
    Pattern([
        id_level,
        compare_name(&left.name, &right.name),
        birth_level,
        sex_level,
        compare_area(left, right),
    ])
}

/// Level of two ID numbers.
pub fn compare_id(left: PackedId, right: PackedId) -> u8 {
    if !left.is_some() || !right.is_some() {
        return MISSING;
    }
    if left.bits == right.bits && left.length == right.length {
        return id::EQUAL;
    }
    if left.valid && right.valid {
        return id::DIFFERENT_VALID;
    }
    if left.length == right.length {
        return match left.difference(right) {
            (1, _) => id::ONE_CHARACTER,
            (_, true) => id::SWAP,
            _ => id::DIFFERENT,
        };
    }
    let (long, short) = if left.length > right.length {
        (left, right)
    } else {
        (right, left)
    };
    let one_missing =
        long.length == short.length + 1 && (0..long.length).any(|place| long.without(place) == short.bits);
    if one_missing { id::SWAP } else { id::DIFFERENT }
}

/// Level of two names.
pub fn compare_name(left: &NameKey, right: &NameKey) -> u8 {
    if left.length == 0 || right.length == 0 {
        return MISSING;
    }
    if left.written == right.written {
        return name::EQUAL;
    }
    if left.spoken == right.spoken {
        return name::SOUND;
    }
    let (long, short) = if left.length >= right.length {
        (left, right)
    } else {
        (right, left)
    };
    let (long_length, short_length) = (usize::from(long.length), usize::from(short.length));
    if long_length > crate::normalise::NAME_LENGTH || short_length < 2 {
        return name::DIFFERENT;
    }
    // A difference in sound counts, so that a homophone beside one wrong character is still one wrong character.
    let (long, short) = (&long.sounds[..long_length], &short.sounds[..short_length]);
    let same_start = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    let one = match long_length - short_length {
        0 => long[same_start + 1..] == short[same_start + 1..],
        1 => long[same_start + 1..] == short[same_start..],
        _ => false,
    };
    // Of two-character names one character is half the name: the surname must be the same.
    let enough = if long_length == 2 { same_start == 1 } else { true };
    if one && enough {
        name::ONE_CHARACTER
    } else {
        name::DIFFERENT
    }
}

/// Level of two birth dates.
pub fn compare_birth(left: Option<Birth>, right: Option<Birth>) -> u8 {
    let (Some(left), Some(right)) = (left, right) else {
        return MISSING;
    };
    if left.days == right.days {
        return birth::EQUAL;
    }
    if left.year == right.year && left.month == right.day && left.day == right.month {
        return birth::SWAP;
    }
    if left.year == right.year && left.day == right.day && (left.month - right.month).abs() == 1 {
        return birth::MONTH;
    }
    if left.month == right.month && left.day == right.day {
        let years = (left.year - right.year).abs();
        return if years <= 2 || years == 10 || years == 20 {
            birth::YEAR
        } else {
            birth::DIFFERENT
        };
    }
    if (18..=55).contains(&(left.days - right.days).abs()) {
        birth::LUNAR
    } else {
        birth::DIFFERENT
    }
}

/// Level of two sexes.
pub fn compare_sex(left: u8, right: u8) -> u8 {
    match (left, right) {
        (0, _) | (_, 0) => MISSING,
        (a, b) if a == b => sex::EQUAL,
        _ => sex::DIFFERENT,
    }
}

/// Level of two areas.
pub fn compare_area(left: &Record, right: &Record) -> u8 {
    if left.area == 0 || right.area == 0 {
        return MISSING;
    }
    for (digits, level) in [
        (14, area::GROUP),
        (12, area::VILLAGE),
        (9, area::TOWNSHIP),
        (6, area::COUNTY),
    ] {
        let at = left.area_at(digits);
        if at != 0 && at == right.area_at(digits) {
            return level;
        }
    }
    area::OTHER
}

#[cfg(test)]
mod tests {
    use super::*;
    use anju_model::area::AreaCode;
    use anju_model::identity::IdNumber;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn levels_of_id_numbers() {
        let of = |text: &str| PackedId::new(&IdNumber::new(text));
        let right = "11010519491231002X";
        let cases = [
            ("11010519491231002x", id::EQUAL),
            ("110105491231002", id::EQUAL),
            ("11010519491231002", id::EQUAL),
            ("11010519491231012X", id::ONE_CHARACTER),
            ("110105194912310020", id::ONE_CHARACTER),
            ("11010519491321002X", id::SWAP),
            ("11010519491213002X", id::SWAP),
            ("1101051949123102X", id::SWAP),
            ("110105194912310021X", id::SWAP),
            ("610102198001011234", id::DIFFERENT),
            // Born on the same day in the same place, both numbers right: two persons.
            ("110105194912310038", id::DIFFERENT_VALID),
        ];
        for (other, level) in cases {
            assert_eq!(compare_id(of(right), of(other)), level, "{other}");
            assert_eq!(compare_id(of(other), of(right)), level, "{other}");
        }
        assert_eq!(compare_id(of(right), PackedId::default()), MISSING);
    }

    #[test]
    fn levels_of_names() {
        let cases = [
            ("张伟", "张 伟", name::EQUAL),
            ("张伟", "章伟", name::SOUND),
            ("李峯", "李峰", name::SOUND),
            ("王小明", "王小朋", name::ONE_CHARACTER),
            ("王小明", "王明", name::ONE_CHARACTER),
            ("张伟", "张强", name::ONE_CHARACTER),
            ("张伟", "李伟", name::DIFFERENT),
            ("王小明", "明小王", name::DIFFERENT),
            ("王小明", "", MISSING),
        ];
        for (left, right, level) in cases {
            assert_eq!(
                compare_name(&NameKey::new(left), &NameKey::new(right)),
                level,
                "{left} {right}"
            );
            assert_eq!(
                compare_name(&NameKey::new(right), &NameKey::new(left)),
                level,
                "{right} {left}"
            );
        }
    }

    #[test]
    fn levels_of_birth_dates() {
        let born = Some(Birth::new(date(1985, 3, 8)));
        let cases = [
            (date(1985, 3, 8), birth::EQUAL),
            (date(1985, 8, 3), birth::SWAP),
            (date(1985, 2, 8), birth::MONTH),
            (date(1985, 4, 8), birth::MONTH),
            (date(1985, 5, 8), birth::DIFFERENT),
            // The 17th day of the first lunar month of 1985 is the 8th of March.
            (date(1985, 1, 17), birth::LUNAR),
            (date(1986, 3, 8), birth::YEAR),
            (date(1975, 3, 8), birth::YEAR),
            (date(1980, 3, 8), birth::DIFFERENT),
            (date(1985, 3, 9), birth::DIFFERENT),
        ];
        for (other, level) in cases {
            assert_eq!(compare_birth(born, Some(Birth::new(other))), level, "{other}");
        }
        assert_eq!(compare_birth(born, None), MISSING);
    }

    #[test]
    fn levels_of_areas() {
        let of = |code: &str| Record::new("甲", None, None, None, AreaCode::parse(code).ok().as_ref(), None);
        let home = of("61902110120103");
        let cases = [
            ("61902110120103", area::GROUP),
            ("61902110120104", area::VILLAGE),
            ("619021101201", area::VILLAGE),
            ("61902110120201", area::TOWNSHIP),
            ("61902110220103", area::COUNTY),
            ("61902210120103", area::OTHER),
        ];
        for (other, level) in cases {
            assert_eq!(compare_area(&home, &of(other)), level, "{other}");
        }
    }

    #[test]
    fn pattern_numbers_are_one_to_one() {
        for number in 0..Pattern::COUNT {
            assert_eq!(Pattern::of_number(number).number(), number);
        }
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric(a in "[0-9]{16,19}", b in "[0-9]{16,19}", n in "[张章李王小明朋伟]{1,5}", k in "[张章李王小明朋伟]{1,5}") {
            let left = Record::new(&n, Some(&IdNumber::new(&a)), None, None, None, None);
            let right = Record::new(&k, Some(&IdNumber::new(&b)), None, None, None, None);
            prop_assert_eq!(compare(&left, &right), compare(&right, &left));
        }

        /// One wrong digit or one swap of unequal neighbours is always seen as such.
        #[test]
        fn slips_are_recognised(body in "[1-9][0-9]{5}19[5-9][0-9]0[1-9]1[0-9][0-9]{3}", place in 0usize..16, shift in 1u8..10) {
            let check = anju_model::identity::check_character(&body).unwrap();
            let right: Vec<u8> = format!("{body}{check}").into_bytes();
            let of = |bytes: &[u8]| PackedId::new(&IdNumber::new(std::str::from_utf8(bytes).unwrap()));
            let mut wrong = right.clone();
            wrong[place] = b'0' + (wrong[place] - b'0' + shift) % 10;
            prop_assert_eq!(compare_id(of(&right), of(&wrong)), id::ONE_CHARACTER);
            let mut swapped = right.clone();
            swapped.swap(place, place + 1);
            let expected = if swapped == right { id::EQUAL } else { id::SWAP };
            prop_assert_eq!(compare_id(of(&right), of(&swapped)), expected);
        }
    }
}
