//! Administrative areas: the table of codes and names, and finding the code of a township, village or group that other
//! tables give by name.

use std::collections::{BTreeMap, HashMap};

use anju_model::area::{Area, AreaCode, AreaLevel, Areas, Present};
use jiff::civil::Date;

use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, Row, read_each};
use crate::table::Cell;

/// An area as a table gives it, with the codes that it takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaRecord {
    /// The code.
    pub code: AreaCode,
    /// The name.
    pub name: String,
    /// First day of code and name.
    pub valid_from: Option<Date>,
    /// Codes that this one takes the place of: one for a new code, several for a merger.
    pub former_codes: Vec<AreaCode>,
    /// Number of the document that ordered it.
    pub document: Option<String>,
    /// Row in the file, counted from 1.
    pub row: u32,
}

/// Reads a table of area codes and names. Codes of the statistics office are filled up with zeros to 12 digits: the
/// zeros are taken away.
pub fn read_areas(table: &Table<'_>) -> Parsed<AreaRecord> {
    let mut seen = BTreeMap::new();
    read_each(table, |row| {
        let code = row.need("code", area_code);
        let name = row.need_text("name").map(|name| normal::compact(&name));
        let valid_from = row.take("valid_from", |cell| normal::date(cell, None));
        let former_codes = former_codes(row);
        let document = row.text("document");
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
        // What takes the place of something needs the day and the document, as on the page of areas.
        if !former_codes.is_empty() {
            for (field, given) in [
                ("valid_from", valid_from.is_some()),
                ("document", document.is_some()),
            ] {
                if !given {
                    row.refuse(
                        field,
                        Refusal::new(
                            (
                                "填写了原代码，还须填写启用日期和文号",
                                "a row with a former code needs the first day and the document too",
                            ),
                            ("补填该项", "fill it in"),
                        ),
                    );
                }
            }
        }
        Some(AreaRecord {
            code,
            name: name?,
            valid_from,
            former_codes,
            document,
            row: row.number(),
        })
    })
}

/// The former codes in a cell; several are set apart by commas, semicolons or spaces.
fn former_codes(row: &mut Row<'_, '_>) -> Vec<AreaCode> {
    row.take("former_code", |cell| {
        let Some(text) = normal::identifier(cell)? else {
            return Ok(None);
        };
        let parts = text
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty());
        let codes = parts.map(|part| area_code(&Cell::Text(part.to_owned())));
        let codes: Vec<AreaCode> = codes
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect();
        Ok(Some(codes))
    })
    .unwrap_or_default()
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

/// Finds area codes by the names that offices use, those of areas no longer in force included.
#[derive(Debug, Clone, Default)]
pub struct AreaIndex {
    table: Areas,
    in_force: Names,
    /// Codes no longer in force, and names that areas had before.
    former: Names,
}

/// Codes by name without its kind.
#[derive(Debug, Clone, Default)]
struct Names {
    townships: HashMap<String, Vec<AreaCode>>,
    villages: HashMap<String, Vec<AreaCode>>,
    /// Groups by village, with the names meant here.
    groups: HashMap<AreaCode, Vec<(AreaCode, String)>>,
}

impl Names {
    fn add(&mut self, code: &AreaCode, name: &str) {
        match code.level() {
            AreaLevel::Township => self
                .townships
                .entry(township_key(name))
                .or_default()
                .push(code.clone()),
            AreaLevel::Village => self
                .villages
                .entry(village_key(name))
                .or_default()
                .push(code.clone()),
            AreaLevel::Group => {
                if let Some(village) = code.parent() {
                    let groups = self.groups.entry(village).or_default();
                    groups.push((code.clone(), name.to_owned()));
                }
            }
            AreaLevel::Province | AreaLevel::Prefecture | AreaLevel::County => {}
        }
    }

    fn townships(&self, name: &str) -> &[AreaCode] {
        self.townships.get(&township_key(name)).map_or(&[], Vec::as_slice)
    }

    fn villages(&self, name: &str) -> &[AreaCode] {
        self.villages.get(&village_key(name)).map_or(&[], Vec::as_slice)
    }

    fn groups(&self, village: &AreaCode) -> &[(AreaCode, String)] {
        self.groups.get(village).map_or(&[], Vec::as_slice)
    }
}

impl AreaIndex {
    /// An index of these areas, in force or not.
    pub fn new(areas: &[Area]) -> Self {
        let mut index = Self {
            table: areas.iter().cloned().collect(),
            ..Self::default()
        };
        for area in areas {
            if area.is_in_force() {
                index.in_force.add(&area.code, &area.name);
            } else {
                index.former.add(&area.code, &area.name);
            }
            for former in &area.former_names {
                index.former.add(&area.code, &former.name);
            }
        }
        index
    }

    /// The township of this name, or of this code, as it is today.
    ///
    /// # Errors
    /// When no township, or more than one, is called so.
    pub fn township(&self, name: &str) -> Result<AreaCode, Refusal> {
        self.present(&self.township_as_written(name)?)
    }

    /// The township of this name, or of this code, which may be one that is no longer in force: the villages of a file
    /// are looked up in the township that the file means.
    ///
    /// # Errors
    /// When no township, or more than one, is called so.
    pub fn township_as_written(&self, name: &str) -> Result<AreaCode, Refusal> {
        let name = normal::compact(name);
        if let Some(code) = self.by_code(&name, AreaLevel::Township)? {
            return Ok(code);
        }
        let codes = match self.in_force.townships(&name) {
            [] => self.former.townships(&name),
            known => known,
        };
        self.one(&name, codes, ("乡镇", "township"))
    }

    /// The village, or the group where one is given, as it is today.
    ///
    /// # Errors
    /// When nothing, or more than one, is called so, or the area was split since.
    pub fn present(&self, code: &AreaCode) -> Result<AreaCode, Refusal> {
        match self.table.present(code) {
            Present::InForce => Ok(code.clone()),
            Present::Now(now) => Ok(now),
            Present::Split(candidates) => {
                let shown: Vec<String> = candidates.iter().map(|code| self.shown(code)).collect();
                let of = self.shown(code);
                let split = self.table.get(code).and_then(Area::successor);
                let order = split.map_or_else(String::new, |split| {
                    format!("（{}，{}）", split.date, split.document)
                });
                Err(Refusal::new(
                    (
                        &format!("{of}已拆分{order}，仅凭原代码或原名不能确定现属何处"),
                        &format!(
                            "{of} was split{order}: its old code or name does not say where it lies now"
                        ),
                    ),
                    (
                        &format!("改填现行区划：{}", shown.join("、")),
                        &format!("enter the area of today: {}", shown.join(", ")),
                    ),
                ))
            }
            Present::Unknown => Err(Refusal::new(
                (
                    &format!("区划“{code}”不在区划表中，或其去向未登记"),
                    &format!(
                        "the area {code} is not in the table of areas, or what became of it is not recorded"
                    ),
                ),
                (
                    "填写现行区划的名称或代码",
                    "enter name or code of the area of today",
                ),
            )),
        }
    }

    fn shown(&self, code: &AreaCode) -> String {
        let name = self.table.get(code).map_or("", |area| &area.name);
        format!("{name} {code}").trim_start().to_owned()
    }

    /// The village of this name, or of this code, in the given township; without one, the name may begin with the
    /// township's (清溪镇青石村) or must be the only one in the county. It may be one that is no longer in force:
    /// [`AreaIndex::present`] says what became of it.
    ///
    /// # Errors
    /// When no village, or more than one, is called so.
    pub fn village(&self, township: Option<&AreaCode>, name: &str) -> Result<AreaCode, Refusal> {
        let name = normal::compact(name);
        if let Some(code) = self.by_code(&name, AreaLevel::Village)? {
            return Ok(code);
        }
        let mut codes = self.villages(&self.in_force, township, &name);
        if codes.is_empty() {
            codes = self.villages(&self.former, township, &name);
        }
        if codes.is_empty() {
            // The township's name may stand before the village's.
            for (at, _) in name.char_indices().skip(1) {
                let (head, tail) = name.split_at(at);
                if !head.ends_with(['镇', '乡', '办', '道']) {
                    continue;
                }
                for names in [&self.in_force, &self.former] {
                    for prefix in names.townships(head) {
                        if township.is_none_or(|township| township == prefix) {
                            codes.extend(self.villages(&self.in_force, Some(prefix), tail));
                            codes.extend(self.villages(&self.former, Some(prefix), tail));
                        }
                    }
                }
            }
            codes.sort();
            codes.dedup();
        }
        self.one(&name, &codes, ("村", "village"))
    }

    fn villages(&self, names: &Names, township: Option<&AreaCode>, name: &str) -> Vec<AreaCode> {
        let inside = |code: &AreaCode| {
            township.is_none_or(|township| {
                // An old village is found in the township where it lies now as well.
                township.contains(code)
                    || matches!(self.table.present(code), Present::Now(now) if township.contains(&now))
            })
        };
        let mut found: Vec<AreaCode> = names
            .villages(name)
            .iter()
            .filter(|code| inside(code))
            .cloned()
            .collect();
        found.sort();
        found.dedup();
        // 青石村 and 青石社区 may both exist: then the whole name decides.
        if found.len() > 1 {
            let exact: Vec<AreaCode> = found
                .iter()
                .filter(|code| {
                    self.table
                        .get(code)
                        .is_some_and(|known| normal::compact(&known.name) == name)
                })
                .cloned()
                .collect();
            if exact.len() == 1 {
                found = exact;
            }
        }
        found
    }

    /// The villagers' group of a village by name (三组, 3组, 第3村民小组, 3) or code: the village's code and two digits.
    /// Like the village, it may be one that is no longer in force.
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
        let known = self.in_force.groups(village);
        let former = self.former.groups(village);
        let named = |groups: &[(AreaCode, String)]| {
            groups
                .iter()
                .find(|(_, known)| normal::compact(known) == name)
                .map(|(code, _)| code.clone())
        };
        if let Some(code) = named(known).or_else(|| named(former)) {
            return Ok(code);
        }
        let refused = || {
            let names: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).take(20).collect();
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
        let numbered = |groups: &[(AreaCode, String)]| {
            groups
                .iter()
                .find(|(_, known)| group_number(&normal::compact(known)) == Some(number))
                .map(|(code, _)| code.clone())
        };
        if let Some(code) = numbered(known).or_else(|| numbered(former)) {
            return Ok(code);
        }
        let code = AreaCode::parse(&format!("{village}{number:02}")).map_err(|_| refused())?;
        if known.is_empty() || known.iter().any(|(group, _)| *group == code) {
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
        if code.level() == level && (self.table.get(&code).is_some() || level == AreaLevel::Group) {
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
        Area::new(AreaCode::parse(code).unwrap(), name)
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
            parsed
                .records
                .iter()
                .map(|record| (record.code.as_str(), record.name.clone()))
                .collect::<Vec<_>>(),
            [("619021101", "清溪镇"), ("619021101201", "青石村")].map(|(code, name)| (code, name.to_owned()))
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

    #[test]
    fn former_codes_need_a_day_and_a_document() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let row = |cells: [&str; 5]| cells.map(text).to_vec();
        let sheet = Sheet {
            file: "区划.csv".to_owned(),
            sheet: String::new(),
            rows: vec![
                row(["区划代码", "名称", "启用日期", "原代码", "批准文号"]),
                row(["619021105", "清溪街道", "2026-03-01", "619021101000", "3号"]),
                row(["619021102", "白河镇", "2026-03-01", "619021103、619021104", "4号"]),
                row(["619021106", "东河镇", "", "619021107", "5号"]),
                row(["619021108", "西河镇", "2026-03-01", "6190211", "5号"]),
            ],
            merged: Vec::new(),
            numbers: Vec::new(),
        };
        let tables = recognise(std::slice::from_ref(&sheet), &[], None).unwrap();
        let parsed = read_areas(&tables[0]);
        let former: Vec<Vec<&str>> = parsed
            .records
            .iter()
            .map(|record| record.former_codes.iter().map(AreaCode::as_str).collect())
            .collect();
        assert_eq!(former, [vec!["619021101"], vec!["619021103", "619021104"]]);
        let refused: Vec<u32> = parsed.refused.iter().map(|refused| refused.rows[0]).collect();
        assert_eq!(refused, [4, 5]);
    }

    /// 大湾村 was merged into 青石村, 白河乡 got a new code, 河口社区 was split.
    fn changed() -> AreaIndex {
        use anju_model::area::{FormerName, Succession, SuccessionKind};
        let code = |text: &str| AreaCode::parse(text).unwrap();
        let gone = |at: &str, name: &str, kind, to: &[&str]| Area {
            valid_to: Some(jiff::civil::date(2026, 2, 28)),
            successions: vec![Succession {
                kind,
                to: to.iter().map(|to| code(to)).collect(),
                date: jiff::civil::date(2026, 3, 1),
                document: "3号".into(),
            }],
            ..area(at, name)
        };
        let renamed = Area {
            former_names: vec![FormerName {
                name: "青石村".into(),
                valid_to: jiff::civil::date(2026, 2, 28),
            }],
            ..area("619021101201", "青湾村")
        };
        AreaIndex::new(&[
            area("619021", "清溪县"),
            area("619021101", "清溪镇"),
            renamed,
            gone(
                "619021101202",
                "大湾村",
                SuccessionKind::Merged,
                &["619021101201"],
            ),
            gone(
                "61902110120201",
                "1组",
                SuccessionKind::Recoded,
                &["61902110120107"],
            ),
            gone(
                "619021101203",
                "河口社区",
                SuccessionKind::Split,
                &["619021101204", "619021101205"],
            ),
            area("619021101204", "上河口社区"),
            area("619021101205", "下河口社区"),
            gone("619021102", "白河乡", SuccessionKind::Recoded, &["619021105"]),
            gone(
                "619021102201",
                "石门村",
                SuccessionKind::Recoded,
                &["619021105201"],
            ),
            area("619021105", "白河镇"),
            area("619021105201", "石门村"),
        ])
    }

    #[test]
    fn old_codes_and_names_mean_the_area_of_today() {
        let index = changed();
        assert_eq!(index.township("619021102").unwrap().as_str(), "619021105");
        assert_eq!(index.township("白河乡").unwrap().as_str(), "619021105");
        let place = |township: Option<&str>, village: &str, group: Option<&str>| {
            let township = township.map(|name| index.township_as_written(name).unwrap());
            let village = index.village(township.as_ref(), village).unwrap();
            let place = group.map_or(village.clone(), |group| index.group(&village, group).unwrap());
            index.present(&place)
        };
        let found = |township, village, group| place(township, village, group).unwrap().to_string();
        // A new name, a merged village with its renumbered group, and old villages in old and new townships.
        assert_eq!(found(None, "青石村", Some("3组")), "61902110120103");
        assert_eq!(found(None, "大湾村", Some("1组")), "61902110120107");
        assert_eq!(found(None, "619021101202", None), "619021101201");
        assert_eq!(found(Some("619021102"), "石门村", Some("2组")), "61902110520102");
        assert_eq!(found(Some("白河镇"), "619021102201", None), "619021105201");
        assert_eq!(found(Some("清溪镇"), "大湾", Some("1组")), "61902110120107");
        // Of a group that was not recorded nobody knows its number in the merged village.
        assert!(place(None, "大湾村", Some("2组")).is_err());
        let split = place(None, "河口社区", None).unwrap_err();
        assert!(split.reason.zh.contains("已拆分（2026-03-01，3号）"), "{split:?}");
        assert!(split.remedy.zh.contains("上河口社区 619021101204"), "{split:?}");
    }
}
