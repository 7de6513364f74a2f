//! Administrative areas: the table of codes and names, and finding the code of a township, village or group that other
//! tables give by name.

use std::collections::{BTreeMap, HashMap};

use anju_model::area::{Area, AreaCode, AreaLevel};

use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, read_each};
use crate::table::Cell;

/// Reads a table of area codes and names. Codes of the statistics office are filled up with zeros to 12 digits: the
/// zeros are taken away.
pub fn read_areas(table: &Table<'_>) -> Parsed<Area> {
    let mut seen = BTreeMap::new();
    read_each(table, |row| {
        let code = row.need("code", area_code);
        let name = row.need_text("name").map(|name| normal::compact(&name));
        let code = code?;
        if let Some(first) = seen.insert(code.clone(), row.number()) {
            row.refuse(
                "code",
                Refusal::new(
                    (
                        &format!("代码与第 {first} 行重复"),
                        &format!("the code is already used in row {first}"),
                    ),
                    (
                        "核对代码，删除重复的行",
                        "check the code and delete the repeated row",
                    ),
                ),
            );
        }
        Some(Area { code, name: name? })
    })
}

/// An area code in a cell, without the zeros it may be filled up with.
fn area_code(cell: &Cell) -> Result<Option<AreaCode>, Refusal> {
    let Some(text) = normal::identifier(cell)? else {
        return Ok(None);
    };
    let mut digits = text.as_str();
    // 12 digits of which the last three are zeros are a township, and so on upwards; no village has the number 000.
    for (length, shorter) in [(12, 9), (9, 6), (6, 4), (4, 2)] {
        if digits.len() == length && digits.bytes().skip(shorter).all(|byte| byte == b'0') {
            digits = &digits[..shorter];
        }
    }
    AreaCode::parse(digits).map(Some).map_err(|_| {
        Refusal::new(
            (
                &format!("“{text}”不是区划代码"),
                &format!("{text:?} is not an area code"),
            ),
            (
                "填写 6、9、12 或 14 位数字代码",
                "enter a code of 6, 9, 12 or 14 digits",
            ),
        )
    })
}

/// Finds area codes by the names that offices use.
#[derive(Debug, Clone, Default)]
pub struct AreaIndex {
    /// Townships by name without its kind.
    townships: HashMap<String, Vec<AreaCode>>,
    /// Villages by name without its kind.
    villages: HashMap<String, Vec<AreaCode>>,
    /// Groups by village, with their names.
    groups: HashMap<AreaCode, Vec<Area>>,
    names: HashMap<AreaCode, String>,
}

impl AreaIndex {
    /// An index of these areas.
    pub fn new(areas: &[Area]) -> Self {
        let mut index = Self::default();
        for area in areas {
            index.names.insert(area.code.clone(), area.name.clone());
            match area.code.level() {
                AreaLevel::Township => index
                    .townships
                    .entry(township_key(&area.name))
                    .or_default()
                    .push(area.code.clone()),
                AreaLevel::Village => index
                    .villages
                    .entry(village_key(&area.name))
                    .or_default()
                    .push(area.code.clone()),
                AreaLevel::Group => {
                    if let Some(village) = area.code.parent() {
                        index.groups.entry(village).or_default().push(area.clone());
                    }
                }
                _ => {}
            }
        }
        index
    }

    /// The township of this name, or of this code.
    ///
    /// # Errors
    /// When no township, or more than one, is called so.
    pub fn township(&self, name: &str) -> Result<AreaCode, Refusal> {
        let name = normal::compact(name);
        if let Some(code) = self.by_code(&name, AreaLevel::Township)? {
            return Ok(code);
        }
        self.one(
            &name,
            self.townships
                .get(&township_key(&name))
                .map_or(&[][..], Vec::as_slice),
            ("乡镇", "township"),
        )
    }

    /// The village of this name, or of this code, in the given township; without one, the name may begin with the
    /// township's (清溪镇青石村) or must be the only one in the county.
    ///
    /// # Errors
    /// When no village, or more than one, is called so.
    pub fn village(&self, township: Option<&AreaCode>, name: &str) -> Result<AreaCode, Refusal> {
        let name = normal::compact(name);
        if let Some(code) = self.by_code(&name, AreaLevel::Village)? {
            return Ok(code);
        }
        let inside = |code: &AreaCode, township: Option<&AreaCode>| {
            township.is_none_or(|township| township.contains(code))
        };
        let found = |name: &str, township: Option<&AreaCode>| -> Vec<AreaCode> {
            let villages = self
                .villages
                .get(&village_key(name))
                .map_or(&[][..], Vec::as_slice);
            let mut found: Vec<AreaCode> = villages
                .iter()
                .filter(|code| inside(code, township))
                .cloned()
                .collect();
            // 青石村 and 青石社区 may both exist: then the whole name decides.
            if found.len() > 1 {
                let exact: Vec<AreaCode> = found
                    .iter()
                    .filter(|code| {
                        self.names
                            .get(code)
                            .is_some_and(|known| normal::compact(known) == name)
                    })
                    .cloned()
                    .collect();
                if exact.len() == 1 {
                    found = exact;
                }
            }
            found
        };
        let mut codes = found(&name, township);
        if codes.is_empty() {
            // The township's name may stand before the village's.
            for (at, _) in name.char_indices().skip(1) {
                let (head, tail) = name.split_at(at);
                for prefix in self.townships.get(&township_key(head)).into_iter().flatten() {
                    if township.is_none_or(|township| township == prefix)
                        && head.ends_with(['镇', '乡', '办', '道'])
                    {
                        codes.extend(found(tail, Some(prefix)));
                    }
                }
            }
            codes.sort();
            codes.dedup();
        }
        self.one(&name, &codes, ("村", "village"))
    }

    /// The villagers' group of a village by name (三组, 3组, 第3村民小组, 3) or code: the village's code and two digits.
    ///
    /// # Errors
    /// When the text is no number from 1 to 99 and no known group, or the village's groups are known and it is not among
    /// them.
    pub fn group(&self, village: &AreaCode, name: &str) -> Result<AreaCode, Refusal> {
        let name = normal::compact(name);
        if name.len() == 14
            && let Some(code) = self.by_code(&name, AreaLevel::Group)?
            && village.contains(&code)
        {
            return Ok(code);
        }
        let known = self.groups.get(village).map_or(&[][..], Vec::as_slice);
        if let Some(group) = known.iter().find(|group| normal::compact(&group.name) == name) {
            return Ok(group.code.clone());
        }
        let refused = || {
            let names: Vec<&str> = known.iter().map(|group| group.name.as_str()).take(20).collect();
            let (zh, en) = if names.is_empty() {
                (
                    "填写组号，例如 3组".to_owned(),
                    "enter the number of the group, for example 3组".to_owned(),
                )
            } else {
                (
                    format!("该村现有：{}", names.join("、")),
                    format!("the village has: {}", names.join(", ")),
                )
            };
            Refusal::new(
                (&format!("没有组“{name}”"), &format!("there is no group {name:?}")),
                (&zh, &en),
            )
        };
        let number = group_number(&name)
            .filter(|number| *number > 0)
            .ok_or_else(refused)?;
        if let Some(group) = known
            .iter()
            .find(|group| group_number(&normal::compact(&group.name)) == Some(number))
        {
            return Ok(group.code.clone());
        }
        let code = AreaCode::parse(&format!("{village}{number:02}")).map_err(|_| refused())?;
        if known.is_empty() || known.iter().any(|group| group.code == code) {
            Ok(code)
        } else {
            Err(refused())
        }
    }

    fn by_code(&self, text: &str, level: AreaLevel) -> Result<Option<AreaCode>, Refusal> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() < 9 {
            return Ok(None);
        }
        let Some(code) = area_code(&Cell::Text(text.to_owned()))? else {
            return Ok(None);
        };
        if code.level() == level && (self.names.contains_key(&code) || level == AreaLevel::Group) {
            return Ok(Some(code));
        }
        Err(Refusal::new(
            (
                &format!("区划代码“{text}”不在区划表中，或级别不符"),
                &format!("the area code {text:?} is not in the table of areas, or of another level"),
            ),
            (
                "核对代码，或先导入区划表",
                "check the code, or import the table of areas first",
            ),
        ))
    }

    fn one(&self, name: &str, codes: &[AreaCode], level: (&str, &str)) -> Result<AreaCode, Refusal> {
        match codes {
            [code] => Ok(code.clone()),
            [] => Err(Refusal::new(
                (
                    &format!("没有名为“{name}”的{}", level.0),
                    &format!("there is no {} called {name:?}", level.1),
                ),
                (
                    &format!("按区划表填写{}名称或代码", level.0),
                    &format!(
                        "enter the {} as the table of areas has it, by name or code",
                        level.1
                    ),
                ),
            )),
            several => {
                let shown: Vec<String> = several.iter().take(5).map(ToString::to_string).collect();
                let shown = shown.join(", ");
                Err(Refusal::new(
                    (
                        &format!("有 {} 个{}叫“{name}”（{shown}）", several.len(), level.0),
                        &format!(
                            "{} areas of level {} are called {name:?} ({shown})",
                            several.len(),
                            level.1
                        ),
                    ),
                    (
                        "补填所属乡镇，或填写代码",
                        "fill in the township, or enter the code",
                    ),
                ))
            }
        }
    }
}

fn without_ending<'n>(name: &'n str, endings: &[&str]) -> &'n str {
    endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .filter(|short| !short.is_empty())
        .unwrap_or(name)
}

fn township_key(name: &str) -> String {
    let name = normal::compact(name);
    let name = without_ending(&name, &["人民政府", "政府"]);
    without_ending(name, &["街道办事处", "街道", "办事处", "镇", "乡"]).to_owned()
}

fn village_key(name: &str) -> String {
    let name = normal::compact(name);
    without_ending(
        &name,
        &[
            "村民委员会",
            "村委会",
            "居民委员会",
            "社区居委会",
            "居委会",
            "社区",
            "村",
        ],
    )
    .to_owned()
}

/// The number in the name of a group, with the village's name before it or not.
fn group_number(name: &str) -> Option<u32> {
    let tail = name
        .rsplit_once("村")
        .filter(|(_, tail)| !tail.starts_with("民"))
        .map_or(name, |(_, tail)| tail);
    let short = without_ending(tail, &["村民小组", "居民小组", "小组", "组", "社", "队"]);
    normal::small_number(short.trim_start_matches('第'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::recognise;
    use crate::table::Sheet;

    pub fn area(code: &str, name: &str) -> Area {
        Area {
            code: AreaCode::parse(code).unwrap(),
            name: name.to_owned(),
        }
    }

    fn index() -> AreaIndex {
        AreaIndex::new(&[
            area("619021", "清溪县"),
            area("619021101", "清溪镇"),
            area("619021102", "白河乡"),
            area("619021101201", "青石村"),
            area("619021101202", "河口社区"),
            area("619021102201", "青石村"),
            area("619021102202", "大湾村"),
            area("61902110220201", "一组"),
            area("61902110220202", "张家院子"),
        ])
    }

    #[test]
    fn names_in_their_common_forms_are_found() {
        let index = index();
        let township = index.township("清溪").unwrap();
        assert_eq!(index.township("清溪镇人民政府").unwrap(), township);
        assert_eq!(index.township("619021101000").unwrap(), township);
        for name in [
            "青石村",
            "青石",
            "青石村委会",
            " 青 石村",
            "619021101201",
            "清溪镇青石村",
        ] {
            assert_eq!(
                index.village(Some(&township), name).unwrap().as_str(),
                "619021101201",
                "{name}"
            );
        }
        assert_eq!(
            index.village(None, "白河乡青石村").unwrap().as_str(),
            "619021102201"
        );
        assert_eq!(
            index.village(None, "河口居委会").unwrap().as_str(),
            "619021101202"
        );
        let refused = index.village(None, "青石村").unwrap_err();
        assert!(refused.reason.en.contains("2 areas"), "{refused:?}");
        assert!(index.village(Some(&township), "大湾村").is_err());
        assert!(index.township("不存在").is_err());
        assert!(index.village(None, "619021999201").is_err());
    }

    #[test]
    fn groups_become_two_digits() {
        let index = index();
        let village = AreaCode::parse("619021101201").unwrap();
        for name in [
            "三组",
            "3组",
            "第3村民小组",
            "3",
            "03",
            "第三组",
            "青石村三组",
            "3社",
        ] {
            assert_eq!(
                index.group(&village, name).unwrap().as_str(),
                "61902110120103",
                "{name}"
            );
        }
        assert_eq!(
            index.group(&village, "十二组").unwrap().as_str(),
            "61902110120112"
        );
        let known = AreaCode::parse("619021102202").unwrap();
        assert_eq!(
            index.group(&known, "张家院子").unwrap().as_str(),
            "61902110220202"
        );
        assert_eq!(index.group(&known, "1组").unwrap().as_str(), "61902110220201");
        let refused = index.group(&known, "三组").unwrap_err();
        assert!(refused.remedy.zh.contains("张家院子"), "{refused:?}");
        assert!(index.group(&village, "〇组").is_err());
    }

    #[test]
    fn a_table_of_areas_is_read() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let sheet = Sheet {
            file: "区划.csv".to_owned(),
            sheet: String::new(),
            rows: vec![
                vec![text("区划代码"), text("名称")],
                vec![Cell::Number(619021101000.0), text("清溪镇")],
                vec![text("619021101201"), text("青石村")],
                vec![text("619021101201"), text("又一个")],
                vec![text("61902"), text("错")],
            ],
            merged: Vec::new(),
            numbers: Vec::new(),
        };
        let tables = recognise(std::slice::from_ref(&sheet), &[], None).unwrap();
        let parsed = read_areas(&tables[0]);
        assert_eq!(
            parsed.records,
            [area("619021101", "清溪镇"), area("619021101201", "青石村")]
        );
        assert_eq!(parsed.rows_read, 4);
        assert_eq!(
            parsed
                .refused
                .iter()
                .map(|refused| refused.rows[0])
                .collect::<Vec<_>>(),
            [4, 5]
        );
    }
}
