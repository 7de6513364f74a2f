//! What a search field finds households by: columns with an index each, so that a search reads what it finds and not the
//! register.
//!
//! A name is kept from its first, its second and its third character (behind a middle dot instead, where there is one),
//! so that surname, given name and part of a given name are all the beginning of a column; likewise the initials of its
//! reading in Pinyin. Numbers of which people know the end, register number and phone, are kept from the end. Finding is
//! then a range of an index: no pattern has to be matched against anything.

use anju_model::area::AreaCode;
use anju_model::identity::IdNumber;
use pinyin::ToPinyin;

use crate::Value;
use crate::list::Conditions;

/// Surnames whose reading as a surname begins with another letter than the first reading of the character, with the
/// initials of that reading. 覃 is read Qin and Tan; the more frequent one stands.
const SURNAMES: [(&str, &str); 39] = [
    ("万俟", "mq"),
    ("尉迟", "yc"),
    ("长孙", "zs"),
    ("澹台", "tt"),
    ("单于", "cy"),
    ("令狐", "lh"),
    ("鲜于", "xy"),
    ("夏侯", "xh"),
    ("皇甫", "hf"),
    ("欧阳", "oy"),
    ("单", "s"),
    ("曾", "z"),
    ("解", "x"),
    ("仇", "q"),
    ("查", "z"),
    ("区", "o"),
    ("翟", "z"),
    ("乐", "y"),
    ("员", "y"),
    ("覃", "q"),
    ("秘", "b"),
    ("种", "c"),
    ("召", "s"),
    ("谌", "c"),
    ("隗", "w"),
    ("繁", "p"),
    ("折", "s"),
    ("盛", "s"),
    ("石", "s"),
    ("沈", "s"),
    ("贾", "j"),
    ("祭", "z"),
    ("句", "g"),
    ("朴", "p"),
    ("宿", "s"),
    ("尉", "w"),
    ("洗", "x"),
    ("不", "f"),
    ("郗", "x"),
];

/// The last character of Unicode: whatever begins with a text lies before the text with this behind it.
const LAST: char = '\u{10ffff}';

/// The first letter of each character's reading: 张三丰 gives `zsf`, Latin letters stand for themselves.
///
/// The readings come from a table in a library. Rows are made from them, so that a library with other readings needs a
/// migration that makes the rows again.
pub fn initials(name: &str) -> String {
    let (surname, given) = SURNAMES
        .iter()
        .find_map(|(surname, initials)| Some((*initials, name.strip_prefix(surname)?)))
        .unwrap_or(("", name));
    let letters = given.chars().filter_map(|character| match character.to_pinyin() {
        Some(reading) => reading.plain().chars().next().filter(char::is_ascii_lowercase),
        None => Some(character.to_ascii_lowercase()).filter(char::is_ascii_alphanumeric),
    });
    surname.chars().chain(letters).collect()
}

/// A name in small letters from its first, second and third character, or instead of the third behind its middle dot.
pub(crate) fn name_parts(name: &str) -> (String, Option<String>, Option<String>) {
    let name = name.to_lowercase();
    let from = |place: usize| {
        name.char_indices()
            .nth(place)
            .map(|(place, _)| name[place..].to_owned())
    };
    let behind_dot = name.rsplit_once('·').map(|(_, last)| last.to_owned());
    let last = behind_dot.filter(|last| !last.is_empty()).or_else(|| from(2));
    let given = from(1);
    (name, given, last)
}

/// A number from its end, in capital letters.
pub(crate) fn reversed(number: &str) -> String {
    number.to_uppercase().chars().rev().collect()
}

/// What a person typed into a search field.
pub(crate) struct Typed {
    text: String,
}

/// A table that a search looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Person,
    Household,
}

/// One way in which a household may be meant: the column and its first and last value.
struct Way {
    table: Table,
    column: &'static str,
    from: String,
    /// Where the range ends; `None` for the one value.
    below: Option<String>,
}

impl Typed {
    /// `None` when nothing was typed.
    pub fn new(typed: Option<&str>) -> Option<Self> {
        let text = typed.map(str::trim).filter(|typed| !typed.is_empty())?;
        Some(Self {
            text: text.to_owned(),
        })
    }

    fn ways(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        let mut begins = |table, column, text: String| {
            let below = format!("{text}{LAST}");
            ways.push(Way {
                table,
                column,
                from: text,
                below: Some(below),
            });
        };
        let small = self.text.to_lowercase();
        for column in ["name_search", "given_search", "end_search"] {
            begins(Table::Person, column, small.clone());
        }
        if self.text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !self.text.as_bytes()[0].is_ascii_digit()
        {
            begins(Table::Person, "initials", small);
        }
        if self.text.is_ascii() {
            begins(Table::Household, "register_number", self.text.clone());
            let capital = self.text.to_uppercase();
            if capital != self.text {
                begins(Table::Household, "register_number", capital);
            }
            begins(Table::Household, "register_number_reversed", reversed(&self.text));
        }
        if self.text.len() >= 4 && self.text.bytes().all(|byte| byte.is_ascii_digit()) {
            begins(Table::Household, "phone_reversed", reversed(&self.text));
        }
        if let Some(number) = IdNumber::new(&self.text).to_18() {
            ways.push(Way {
                table: Table::Person,
                column: "id_number",
                from: number.to_string(),
                below: None,
            });
        }
        ways
    }

    /// Queries for the register numbers of what is found: of the households on the register in an area, or without an area
    /// of all that ever were. One query for each way; each may find the same.
    pub fn finders(&self, conditions: &mut Conditions, area: Option<&AreaCode>) -> Vec<String> {
        let bounds = area.map(|area| crate::read::area_range(area).map(|bound| conditions.bind(bound)));
        self.ways()
            .into_iter()
            .map(|way| {
                let (table, active) = match way.table {
                    Table::Person => ("person", ""),
                    Table::Household => ("household", " AND status = 'active'"),
                };
                let range = way.condition("", conditions);
                let place = match &bounds {
                    Some([from, below]) => format!(" AND area >= {from} AND area < {below}{active}"),
                    None => String::new(),
                };
                format!("SELECT register_number FROM {table} WHERE {range}{place}")
            })
            .collect()
    }

    /// A condition on the household `h` alone, for going through a list until enough is found.
    pub fn condition(&self, conditions: &mut Conditions) -> String {
        let (mut persons, mut households) = (Vec::new(), Vec::new());
        for way in self.ways() {
            match way.table {
                Table::Person => persons.push(way.condition("q.", conditions)),
                Table::Household => households.push(way.condition("h.", conditions)),
            }
        }
        // The limit keeps PostgreSQL from reading all persons at once, of whom only a few are asked about.
        let member = format!(
            "EXISTS (SELECT 1 FROM person q WHERE q.household_id = h.id AND ({}) LIMIT 1 OFFSET 0)",
            persons.join(" OR ")
        );
        households.push(member);
        format!("({})", households.join(" OR "))
    }
}

impl Way {
    fn condition(self, alias: &str, conditions: &mut Conditions) -> String {
        let column = self.column;
        let from = conditions.bind(Value::Text(self.from));
        match self.below {
            Some(below) => {
                let below = conditions.bind(Value::Text(below));
                format!("({alias}{column} >= {from} AND {alias}{column} < {below})")
            }
            None => format!("{alias}{column} = {from}"),
        }
    }
}

/// A condition on the household `h` for what a person typed into a search field, `None` when nothing was typed.
pub(crate) fn search_condition(conditions: &mut Conditions, typed: Option<&str>) -> Option<String> {
    let finders = Typed::new(typed)?.finders(conditions, None);
    Some(format!("h.register_number IN ({})", finders.join(" UNION ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_reading() {
        for (name, expected) in [
            ("张三丰", "zsf"),
            ("王秀英", "wxy"),
            ("单田芳", "stf"),
            ("曾国藩", "zgf"),
            ("解缙", "xj"),
            ("仇英", "qy"),
            ("欧阳修", "oyx"),
            ("尉迟恭", "ycg"),
            ("万俟卨", "mqx"),
            ("长孙无忌", "zswj"),
            ("阿依古丽·买买提", "ayglmmt"),
            ("O'Brien", "obrien"),
            ("", ""),
            ("·", ""),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_found_by_surname_given_name_and_the_part_behind_a_dot() {
        let parts = |name: &str| {
            let (whole, given, last) = name_parts(name);
            [whole, given.unwrap_or_default(), last.unwrap_or_default()]
        };
        assert_eq!(parts("张三丰"), ["张三丰", "三丰", "丰"]);
        assert_eq!(parts("李四"), ["李四", "四", ""]);
        assert_eq!(parts("欧阳建国"), ["欧阳建国", "阳建国", "建国"]);
        assert_eq!(
            parts("阿依古丽·买买提"),
            ["阿依古丽·买买提", "依古丽·买买提", "买买提"]
        );
        assert_eq!(parts("Ann"), ["ann", "nn", "n"]);
    }

    #[test]
    fn the_end_of_a_number_is_the_beginning_of_its_reverse() {
        assert_eq!(reversed("qx-0012"), "2100-XQ");
        assert!(reversed("13912340001").starts_with(&reversed("0001")));
    }
}
