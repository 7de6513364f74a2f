//! What a sheet holds and which column is which: header lines are found below title rows, read through merged cells,
//! and matched with the known names of columns or with a mapping the user saved.
//!
//! The known names are data (`columns.toml`). Nothing is guessed from the values below the header.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use anju_model::register::FileKind;
use serde::{Deserialize, Serialize};

use crate::error::{ExchangeError, Fault};
use crate::normal;
use crate::table::Sheet;

/// A column as the program knows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Field {
    /// Title in Chinese.
    pub zh: String,
    /// Title in English.
    pub en: String,
    /// Whether a sheet must have it to be of the kind.
    pub required: bool,
    /// Header texts it is known by.
    pub names: Vec<String>,
    /// The same in the form headers are compared in.
    #[serde(skip)]
    keys: Vec<String>,
}

/// Fields by code, in alphabetical order.
pub type Fields = BTreeMap<String, Field>;

static FIELDS: LazyLock<BTreeMap<String, Fields>> = LazyLock::new(|| {
    // The text is part of the program and a test reads all of it: it cannot fail to parse.
    let mut kinds: BTreeMap<String, Fields> =
        toml::from_str(include_str!("columns.toml")).unwrap_or_default();
    for field in kinds.values_mut().flat_map(BTreeMap::values_mut) {
        field.keys = field.names.iter().map(|name| key(name)).collect();
    }
    kinds
});

/// The fields of a kind of file by code; none for kinds that are not tables.
pub fn fields(kind: FileKind) -> Option<&'static Fields> {
    FIELDS.get(kind.code())
}

/// A mapping that a user saved for files whose header is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// What the user calls it.
    pub name: String,
    /// The kind of file it is for.
    pub kind: FileKind,
    /// Field code by header text, as [`Table::headers`] shows it.
    pub columns: BTreeMap<String, String>,
}

impl ColumnProfile {
    /// That every field it names is one of its kind of file: to be asked before a profile is stored.
    ///
    /// # Errors
    /// [`ExchangeError::Header`], naming the first unknown field.
    pub fn check(&self) -> Result<(), ExchangeError> {
        let known = fields(self.kind);
        let unknown = self
            .columns
            .values()
            .find(|code| !known.is_some_and(|fields| fields.contains_key(*code)));
        let Some(code) = unknown else { return Ok(()) };
        let codes: Vec<&str> = known
            .into_iter()
            .flatten()
            .map(|(code, _)| code.as_str())
            .collect();
        Err(ExchangeError::Header(Fault::new(
            std::path::Path::new(""),
            (
                &format!(
                    "列对应方案“{}”中的字段“{code}”不属于“{}”",
                    self.name,
                    self.kind.zh()
                ),
                &format!(
                    "the column profile {:?} names the field {code:?}, which {:?} does not have",
                    self.name,
                    self.kind.en()
                ),
            ),
            (
                &format!("可用的字段：{}", codes.join("、")),
                &format!("use one of the fields {}", codes.join(", ")),
            ),
        )))
    }
}

/// A sheet of a known kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<'s> {
    /// The sheet.
    pub sheet: &'s Sheet,
    /// What it holds.
    pub kind: FileKind,
    /// First and last header row, counted from 0; the data begin below.
    pub header_rows: (usize, usize),
    /// The header of each column: lines joined by `/`, empty where there is none.
    pub headers: Vec<String>,
    /// Column by field code.
    pub columns: BTreeMap<&'static str, usize>,
    /// The saved mapping that was used.
    pub profile: Option<String>,
}

impl Table<'_> {
    /// The same table with other rows below its header.
    pub fn with_rows<'p>(&self, sheet: &'p Sheet) -> Table<'p> {
        Table {
            sheet,
            kind: self.kind,
            header_rows: self.header_rows,
            headers: self.headers.clone(),
            columns: self.columns.clone(),
            profile: self.profile.clone(),
        }
    }

    /// Whether the sheet is one of [`crate::workbook::error_workbook`]: the held-back rows of a list, not a whole list.
    pub fn is_error_workbook(&self) -> bool {
        self.explanations().is_some()
    }

    /// The column of an error workbook in which its rows are explained.
    pub(crate) fn explanations(&self) -> Option<usize> {
        // Below a group of columns the header is that of the group and its own, joined.
        self.headers
            .iter()
            .position(|header| header.rsplit('/').next() == Some(crate::workbook::ERROR_COLUMN))
    }

    /// Headers that no field was found for; their columns are not read.
    pub fn unused_headers(&self) -> Vec<&str> {
        let used = |column: usize| self.columns.values().any(|used| *used == column);
        let unused = self
            .headers
            .iter()
            .enumerate()
            .filter(|(column, header)| !header.is_empty() && !used(*column))
            .filter(|(column, _)| self.explanations() != Some(*column));
        unused.map(|(_, header)| header.as_str()).collect()
    }

    /// The header of a field's column, or the field's title where the sheet has no such column.
    pub fn header(&self, field: &str) -> String {
        match self
            .columns
            .get(field)
            .and_then(|column| self.headers.get(*column))
        {
            Some(header) => header.clone(),
            None => fields(self.kind)
                .and_then(|fields| fields.get(field))
                .map_or_else(String::new, |field| field.zh.clone()),
        }
    }
}

/// Rows below this one are not tried as header.
pub(crate) const LAST_HEADER_ROW: usize = 20;

/// Finds the tables of a workbook. Sheets that are of no known kind (instructions, code lists) are passed over as long
/// as one sheet is recognised. `kind` fixes the kind; saved mappings win over the known names.
///
/// # Errors
/// [`ExchangeError::Header`] when no sheet is recognised, with the header that came nearest and what it lacks.
pub fn recognise<'s>(
    sheets: &'s [Sheet],
    profiles: &[ColumnProfile],
    kind: Option<FileKind>,
) -> Result<Vec<Table<'s>>, ExchangeError> {
    let mut tables = Vec::new();
    let mut nearest: Option<Candidate<'s>> = None;
    for sheet in sheets {
        let Some(candidate) = best(sheet, profiles, kind) else {
            continue;
        };
        if candidate.missing.is_empty() {
            tables.push(candidate.table);
        } else if nearest
            .as_ref()
            .is_none_or(|nearest| candidate.score > nearest.score)
        {
            nearest = Some(candidate);
        }
    }
    if !tables.is_empty() {
        return Ok(tables);
    }
    Err(unrecognised(sheets, nearest))
}

struct Candidate<'s> {
    table: Table<'s>,
    missing: Vec<&'static Field>,
    /// Share of required columns, columns named by a saved mapping, columns in all; then earlier and fewer header rows.
    score: (u32, usize, usize, std::cmp::Reverse<(usize, usize)>),
}

fn best<'s>(sheet: &'s Sheet, profiles: &[ColumnProfile], kind: Option<FileKind>) -> Option<Candidate<'s>> {
    let mut best: Option<Candidate<'s>> = None;
    let last = sheet.rows.len().min(LAST_HEADER_ROW);
    for first in 0..last {
        for lines in 1..=2 {
            if first + lines > sheet.rows.len() {
                continue;
            }
            if lines == 2 && !two_lines(sheet, first) {
                continue;
            }
            let headers = headers(sheet, first, first + lines - 1);
            let header_keys: Vec<Vec<String>> = headers.iter().map(|header| keys(header)).collect();
            for (code, fields) in FIELDS.iter() {
                let Some(file_kind) = FileKind::from_code(code) else {
                    continue;
                };
                if kind.is_some_and(|kind| kind != file_kind) {
                    continue;
                }
                let fitting = profiles
                    .iter()
                    .filter(|profile| profile.kind == file_kind)
                    .map(Some);
                for profile in fitting.chain([None]) {
                    let (columns, from_profile) = map_columns(&header_keys, fields, profile);
                    if columns.is_empty() || (profile.is_some() && from_profile == 0) {
                        continue;
                    }
                    let missing: Vec<&Field> = fields
                        .iter()
                        .filter(|(code, field)| field.required && !columns.contains_key(code.as_str()))
                        .map(|(_, field)| field)
                        .collect();
                    let required = fields.values().filter(|field| field.required).count();
                    let share = ((required - missing.len()) * 1000 / required.max(1)) as u32;
                    let score = (
                        share,
                        from_profile,
                        columns.len(),
                        std::cmp::Reverse((first, lines)),
                    );
                    if best.as_ref().is_none_or(|best| score > best.score) {
                        let table = Table {
                            sheet,
                            kind: file_kind,
                            header_rows: (first, first + lines - 1),
                            headers: headers.clone(),
                            columns,
                            profile: profile.map(|profile| profile.name.clone()),
                        };
                        best = Some(Candidate {
                            table,
                            missing,
                            score,
                        });
                    }
                }
            }
        }
    }
    best
}

/// Whether the row and the one below can be two lines of one header: only then does a merged cell begin in the row.
fn two_lines(sheet: &Sheet, first: usize) -> bool {
    let width = sheet.width();
    sheet.merged.iter().any(|region| {
        region.top == first
            && (region.bottom == first || region.bottom == first + 1)
            && region.right - region.left + 1 < width
    })
}

/// The header of each column: the texts of its lines through merged cells, joined by `/`.
fn headers(sheet: &Sheet, first: usize, last: usize) -> Vec<String> {
    (0..sheet.width())
        .map(|column| {
            let mut lines: Vec<String> = Vec::new();
            for row in first..=last {
                let line = normal::clean(&sheet.merged_cell(row, column).shown());
                if !line.is_empty() && lines.last() != Some(&line) {
                    lines.push(line);
                }
            }
            lines.join("/")
        })
        .collect()
}

/// A header without what varies from file to file: spaces, case, brackets with units, marks.
fn key(header: &str) -> String {
    let mut depth = 0;
    let mut key = String::new();
    for character in normal::clean(header).to_lowercase().chars() {
        match character {
            '(' | '[' | '{' | '【' | '〔' => depth += 1,
            ')' | ']' | '}' | '】' | '〕' => depth = i32::max(depth - 1, 0),
            _ if depth > 0 => {}
            _ if character.is_alphanumeric() => key.push(character),
            _ => {}
        }
    }
    key
}

/// The texts under which a header may be known, the most telling first: whole, upper line without 信息 plus lower line,
/// lower line alone.
fn keys(header: &str) -> Vec<String> {
    let mut keys = vec![key(header)];
    if let Some((upper, lower)) = header.split_once('/') {
        let mut upper = key(upper);
        for ending in ["基本信息", "基本情况", "信息", "情况"] {
            if let Some(shorter) = upper.strip_suffix(ending) {
                upper = shorter.to_owned();
                break;
            }
        }
        keys.push(format!("{upper}{}", key(lower)));
        keys.push(key(lower));
    }
    keys
}

/// Columns by field code, and how many of them the saved mapping named. Of two columns with the same header the first
/// is read.
fn map_columns(
    headers: &[Vec<String>],
    fields: &'static Fields,
    profile: Option<&ColumnProfile>,
) -> (BTreeMap<&'static str, usize>, usize) {
    let mut columns = BTreeMap::new();
    let mut taken = vec![false; headers.len()];
    if let Some(profile) = profile {
        for (text, code) in &profile.columns {
            let wanted = key(text);
            let column = headers
                .iter()
                .position(|keys| keys.first() == Some(&wanted) && !wanted.is_empty());
            if let (Some(column), Some((code, _))) = (column, fields.get_key_value(code)) {
                columns.insert(code.as_str(), column);
                taken[column] = true;
            }
        }
    }
    let from_profile = columns.len();
    // Telling keys of all columns come before weaker ones of any, and first names of a field before later ones.
    for rank in 0..3 {
        let mut found: Vec<(usize, &'static str, usize)> = Vec::new();
        for (column, keys) in headers.iter().enumerate() {
            if taken[column] {
                continue;
            }
            let Some(wanted) = keys.get(rank).filter(|key| !key.is_empty()) else {
                continue;
            };
            for (code, field) in fields {
                if let Some(place) = field.keys.iter().position(|key| key == wanted) {
                    found.push((place, code, column));
                }
            }
        }
        found.sort();
        for (_, code, column) in found {
            if !taken[column] && !columns.contains_key(code) {
                columns.insert(code, column);
                taken[column] = true;
            }
        }
    }
    (columns, from_profile)
}

fn unrecognised(sheets: &[Sheet], nearest: Option<Candidate<'_>>) -> ExchangeError {
    let file = sheets.first().map(|sheet| sheet.file.clone()).unwrap_or_default();
    let path = std::path::Path::new(&file);
    let remedy = (
        "把表头改为标准列名，或用 anju profile 保存一份列对应方案后重新导入",
        "rename the columns to the standard names, or save a column profile with `anju profile` and import again",
    );
    let Some(nearest) = nearest else {
        return ExchangeError::Header(Fault::new(
            path,
            ("没有找到已知的表头", "no known header was found"),
            remedy,
        ));
    };
    let shown: Vec<&str> = nearest
        .table
        .headers
        .iter()
        .map(String::as_str)
        .filter(|header| !header.is_empty())
        .take(30)
        .collect();
    let zh: Vec<&str> = nearest.missing.iter().map(|field| field.zh.as_str()).collect();
    let en: Vec<&str> = nearest.missing.iter().map(|field| field.en.as_str()).collect();
    let row = nearest.table.header_rows.0 + 1;
    ExchangeError::Header(
        Fault::new(
            path,
            (
                &format!(
                    "表头为“{}”，最接近“{}”，但缺少必需的列：{}",
                    shown.join("、"),
                    nearest.table.kind.zh(),
                    zh.join("、")
                ),
                &format!(
                    "its header is {:?}, nearest to {:?}, but these required columns were not found: {}",
                    shown.join(", "),
                    nearest.table.kind.en(),
                    en.join(", ")
                ),
            ),
            remedy,
        )
        .at(
            format!("工作表“{}”第 {row} 行", nearest.table.sheet.sheet),
            format!("sheet {:?}, row {row}", nearest.table.sheet.sheet),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Cell, Region};

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let cells = |row: &&[&str]| row.iter().map(|text| Cell::Text((*text).to_owned())).collect();
        Sheet {
            file: "名册.xlsx".to_owned(),
            sheet: "一".to_owned(),
            rows: rows.iter().map(cells).collect(),
            merged: Vec::new(),
            numbers: Vec::new(),
        }
    }

    const HEAD: &[&str] = &[
        "户编号",
        "乡 镇",
        "行政村",
        "户主姓名",
        "姓名",
        "身份证号码",
        "与户主关系",
        "搬迁类型",
        "是否应搬",
        "耕地面积（亩）",
        "备注",
    ];

    #[test]
    fn the_lists_of_columns_are_whole() {
        let table: BTreeMap<String, Fields> = toml::from_str(include_str!("columns.toml")).unwrap();
        let tables = FileKind::ALL
            .iter()
            .filter(|kind| !matches!(kind, FileKind::VectorLayer | FileKind::Elevation));
        assert_eq!(table.len(), tables.clone().count());
        for kind in tables {
            let fields = fields(*kind).unwrap();
            assert!(fields.values().any(|field| field.required), "{kind}");
            let mut seen = BTreeMap::new();
            for (code, field) in fields {
                assert!(field.names.contains(&field.zh), "{kind} {code}");
                for name in &field.names {
                    assert_eq!(seen.insert(key(name), code), None, "{kind} {code} {name}");
                }
            }
        }
    }

    #[test]
    fn a_header_below_a_title_is_found() {
        let sheet = sheet(&[&["清溪县搬迁户名册"], &[], HEAD, &["001"]]);
        let tables = recognise(std::slice::from_ref(&sheet), &[], None).unwrap();
        assert_eq!(tables[0].kind, FileKind::Register);
        assert_eq!(tables[0].header_rows, (2, 2));
        assert_eq!(tables[0].columns["name"], 4);
        assert_eq!(tables[0].columns["head_name"], 3);
        assert_eq!(tables[0].columns["farmland"], 9);
        assert_eq!(tables[0].unused_headers(), ["备注"]);
    }

    #[test]
    fn two_header_lines_are_joined_through_merged_cells() {
        let mut sheet = sheet(&[
            &[
                "户编号",
                "村",
                "户主信息",
                "",
                "家庭成员信息",
                "",
                "",
                "搬迁类型",
                "是否应搬",
            ],
            &[
                "",
                "",
                "姓名",
                "联系电话",
                "姓名",
                "身份证号",
                "与户主关系",
                "",
                "",
            ],
            &["1"],
        ]);
        sheet.merged = vec![
            Region {
                top: 0,
                left: 2,
                bottom: 0,
                right: 3,
            },
            Region {
                top: 0,
                left: 4,
                bottom: 0,
                right: 6,
            },
        ];
        for column in [0, 1, 7, 8] {
            sheet.merged.push(Region {
                top: 0,
                left: column,
                bottom: 1,
                right: column,
            });
        }
        let tables = recognise(std::slice::from_ref(&sheet), &[], None).unwrap();
        assert_eq!(tables[0].header_rows, (0, 1));
        assert_eq!(tables[0].columns["head_name"], 2);
        assert_eq!(tables[0].columns["name"], 4);
        assert_eq!(tables[0].columns["phone"], 3);
        assert_eq!(tables[0].headers[4], "家庭成员信息/姓名");
    }

    #[test]
    fn an_unknown_header_names_what_is_missing_and_a_profile_helps() {
        let mut head = HEAD.to_vec();
        head[7] = "甲";
        let sheet = sheet(&[&head, &["1"]]);
        let error = recognise(std::slice::from_ref(&sheet), &[], None).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("名册.xlsx")
                && message.contains("not found: category")
                && message.contains("column profile"),
            "{message}"
        );
        assert!(error.zh().contains("缺少必需的列：搬迁类型"), "{}", error.zh());
        let profile = ColumnProfile {
            name: "我镇的表".to_owned(),
            kind: FileKind::Register,
            columns: BTreeMap::from([
                ("甲".to_owned(), "category".to_owned()),
                ("户主姓名".to_owned(), "name".to_owned()),
            ]),
        };
        assert_eq!(profile.check(), Ok(()));
        let mut wrong = profile.clone();
        wrong.columns.insert("乙".to_owned(), "colour".to_owned());
        assert!(wrong.check().unwrap_err().to_string().contains("\"colour\""));
        let stored = serde_json::to_string(&profile).unwrap();
        let profile: ColumnProfile = serde_json::from_str(&stored).unwrap();
        let tables = recognise(std::slice::from_ref(&sheet), &[profile], None).unwrap();
        assert_eq!(tables[0].columns["category"], 7);
        assert_eq!(
            tables[0].columns["name"], 3,
            "a profile wins over the known names"
        );
        assert_eq!(tables[0].profile.as_deref(), Some("我镇的表"));
    }

    #[test]
    fn each_kind_recognises_its_own_standard_header() {
        for (code, fields) in FIELDS.iter() {
            let titles: Vec<&str> = fields.values().map(|field| field.zh.as_str()).collect();
            let sheet = sheet(&[&titles, &["1"]]);
            let tables = recognise(std::slice::from_ref(&sheet), &[], None).unwrap();
            assert_eq!(tables[0].kind.code(), code);
            assert_eq!(tables[0].columns.len(), fields.len(), "{code}");
            let required: Vec<&str> = fields
                .values()
                .filter(|field| field.required)
                .map(|field| field.zh.as_str())
                .collect();
            let sheet = self::sheet(&[&required, &["1"]]);
            assert_eq!(
                recognise(std::slice::from_ref(&sheet), &[], None).unwrap()[0]
                    .kind
                    .code(),
                code
            );
        }
    }

    #[test]
    fn sheets_of_instructions_are_passed_over() {
        let sheets = [sheet(&[&["填表说明"], &["请如实填写"]]), sheet(&[HEAD, &["1"]])];
        assert_eq!(recognise(&sheets, &[], None).unwrap().len(), 1);
        assert!(matches!(
            recognise(&sheets[..1], &[], None),
            Err(ExchangeError::Header(_))
        ));
        assert!(recognise(&sheets, &[], Some(FileKind::Funds)).is_err());
    }
}
