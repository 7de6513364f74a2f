//! Comparing a sheet with the register: what its rows change, and which rows are refused and why.
//!
//! A row is one record or it is refused. A cell that says what the register says is no change, nor is a masked value that
//! comes back as it was shown. A row of an older version is compared with the household as it was then: what was not
//! edited is no change, what was edited contradicts somebody's newer value and is refused with both.

use std::collections::{BTreeSet, HashMap};

use anju_exchange::normal::Refusal;
use anju_exchange::table::Cell;
use anju_model::bulk::{BulkContents, BulkEdit, BulkRow, RefusedRow};
use anju_model::code_list::Text;
use anju_model::register::Household;
use anju_model::register::check::{FieldProblem, problems};
use anju_store::Versioned;
use jiff::civil::Date;
use uuid::Uuid;

use super::columns::{Title, value, without_guard, write};
use super::sheet::{LOCKED, SheetRow, locked_values};
use crate::register::roster::Frozen;
use crate::workspace::AreaNames;

/// What a reader may do with a sheet.
pub(super) struct Rules<'a> {
    /// Fields whose emptied cells are changes.
    pub clear: &'a BTreeSet<String>,
    /// Whether personal data may be changed: the purpose was said.
    pub personal: bool,
    /// Households on rosters in force.
    pub frozen: &'a Frozen,
    /// Names of areas.
    pub areas: &'a AreaNames,
    /// The present day, by which dates are judged.
    pub today: Date,
}

/// The register as far as a sheet speaks of it: what the caller may see, and nothing else.
#[derive(Default)]
pub(super) struct Known {
    pub households: HashMap<Uuid, Versioned<Household>>,
    pub numbers: HashMap<String, Uuid>,
    /// Households as they were at an older version that the sheet was made from.
    pub older: HashMap<(Uuid, i64), Household>,
}

/// What came of comparing.
#[derive(Default)]
pub(super) struct Compared {
    pub contents: BulkContents,
    pub read: u64,
    pub unchanged: u64,
    /// Households whose personal data changes.
    pub personal: Vec<Uuid>,
}

fn refusal(row: &SheetRow<'_>, column: &str, shown: String, refusal: Refusal) -> RefusedRow {
    RefusedRow {
        file: row.file.clone(),
        row: row.row,
        register_number: row.number.clone().unwrap_or_default(),
        column: column.to_owned(),
        value: shown,
        stored: None,
        reason: refusal.reason,
        remedy: refusal.remedy,
        personal: false,
    }
}

/// Compares all rows.
pub(super) fn compare(rows: &[SheetRow<'_>], known: &Known, rules: &Rules<'_>) -> Compared {
    let mut compared = Compared {
        read: rows.len() as u64,
        ..Compared::default()
    };
    let repeated = repeated(rows, known);
    // What each household's rows change, with the rows they stand in.
    let mut wanted: HashMap<Uuid, Vec<(usize, Vec<BulkEdit>)>> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        let found = match repeated.get(&place) {
            Some(other) => Err(vec![refusal(row, "", String::new(), twice(rows[*other].row))]),
            None => find(row, known).and_then(|stored| {
                compare_row(row, stored, known, rules).map(|edits| (stored.value.id, edits))
            }),
        };
        match found {
            Ok((_, edits)) if edits.is_empty() => compared.unchanged += 1,
            Ok((household, edits)) => wanted.entry(household).or_default().push((place, edits)),
            Err(refused) => compared.contents.refused.extend(refused),
        }
    }
    for (id, parts) in wanted {
        let Some(stored) = known.households.get(&id) else {
            continue;
        };
        let parts = keep_sound(
            &stored.value,
            parts,
            rows,
            rules.today,
            &mut compared.contents.refused,
        );
        let edits: Vec<BulkEdit> = parts.into_iter().flat_map(|(_, edits)| edits).collect();
        if edits.is_empty() {
            continue;
        }
        if edits.iter().any(is_personal) {
            compared.personal.push(id);
        }
        compared.contents.rows.push(BulkRow {
            household: id,
            register_number: stored.value.facts.register_number.clone(),
            area: stored.value.facts.area.clone(),
            edits,
        });
    }
    compared
        .contents
        .rows
        .sort_by(|a, b| (&a.register_number, a.household).cmp(&(&b.register_number, b.household)));
    compared
        .contents
        .refused
        .sort_by(|a, b| (&a.file, a.row, &a.column).cmp(&(&b.file, b.row, &b.column)));
    compared.personal.sort_unstable();
    compared
}

/// Whether an edit is one of personal data.
pub(super) fn is_personal(edit: &BulkEdit) -> bool {
    super::columns::title(&edit.field, edit.person.is_some()).is_some_and(|title| title.mask.is_some())
}

/// Rows that name a record which another row names too, each with the other row.
fn repeated(rows: &[SheetRow<'_>], known: &Known) -> HashMap<usize, usize> {
    let mut first: HashMap<(Uuid, Option<Uuid>), usize> = HashMap::new();
    let mut repeated = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        let household = row
            .household
            .or_else(|| known.numbers.get(row.number.as_deref()?).copied());
        let Some(household) = household else { continue };
        match first.get(&(household, row.person)) {
            Some(other) => {
                repeated.insert(place, *other);
                repeated.entry(*other).or_insert(place);
            }
            None => {
                first.insert((household, row.person), place);
            }
        }
    }
    repeated
}

fn twice(other: u32) -> Refusal {
    Refusal::new(
        (
            &format!("同一条记录在文件中出现两次(另见第 {other} 行)"),
            &format!("the record stands twice in the file (row {other} too)"),
        ),
        (
            "两行都未采用;只保留正确的一行",
            "neither row was taken; keep the right one",
        ),
    )
}

/// The one household that a row names.
fn find<'k>(row: &SheetRow<'_>, known: &'k Known) -> Result<&'k Versioned<Household>, Vec<RefusedRow>> {
    let refuse = |column: &str, shown: String, reason: Refusal| vec![refusal(row, column, shown, reason)];
    if let Some((column, shown)) = &row.bad_key {
        return Err(refuse(
            column,
            shown.clone(),
            Refusal::new(
                ("标识或版本无法识别", "the key or the version cannot be read"),
                (
                    "不要改动灰色列;从系统重新导出表格",
                    "do not edit the grey columns; export the sheet again",
                ),
            ),
        ));
    }
    let unknown = |column: &str, shown: String| {
        refuse(
            column,
            shown,
            Refusal::new(
                (
                    "名册中没有这一户,或它不在您的辖区",
                    "the register has no such household, or it is outside your area",
                ),
                (
                    "核对户编号;新户请用“导入”登记",
                    "check the register number; new households come in by import",
                ),
            ),
        )
    };
    let by_number = row
        .number
        .as_deref()
        .map(|number| (number, known.numbers.get(number)));
    let stored = match (row.household, by_number) {
        (Some(id), _) => known
            .households
            .get(&id)
            .ok_or_else(|| unknown("户标识", id.to_string()))?,
        (None, Some((number, id))) => id
            .and_then(|id| known.households.get(id))
            .ok_or_else(|| unknown("户编号", number.to_owned()))?,
        (None, None) => {
            return Err(refuse(
                "户编号",
                String::new(),
                Refusal::new(
                    (
                        "这一行没有户标识,也没有户编号",
                        "the row has neither the household's id nor its number",
                    ),
                    ("从系统重新导出表格", "export the sheet again"),
                ),
            ));
        }
    };
    if let Some(number) = &row.number
        && *number != stored.value.facts.register_number
    {
        return Err(refuse("户编号", number.clone(), not_editable()));
    }
    if row.is_member
        && !row
            .person
            .is_some_and(|id| stored.value.members.iter().any(|person| person.id == id))
    {
        return Err(refuse(
            "人员标识",
            row.person.map(|id| id.to_string()).unwrap_or_default(),
            Refusal::new(
                ("该户没有这名成员", "the household has no such member"),
                (
                    "成员的增加和移出在户页面办理",
                    "members come and go on the household's page",
                ),
            ),
        ));
    }
    match row.version {
        Some(version) if version > stored.version => Err(refuse(
            "版本",
            version.to_string(),
            Refusal::new(
                (
                    &format!("该户现为第 {} 版,没有第 {version} 版", stored.version),
                    &format!(
                        "the household is at version {}, there is no version {version}",
                        stored.version
                    ),
                ),
                ("从系统重新导出表格", "export the sheet again"),
            ),
        )),
        Some(_) => Ok(stored),
        None => Err(refuse(
            "版本",
            String::new(),
            Refusal::new(
                ("这一行没有版本", "the row has no version"),
                ("保留导出的“版本”列", "keep the column 版本 as it was exported"),
            ),
        )),
    }
}

fn not_editable() -> Refusal {
    Refusal::new(
        (
            "这一列不能在表格中修改",
            "this column cannot be edited in a sheet",
        ),
        (
            "改回原值,在户页面办理该项变动",
            "put the value back; change it on the household's page",
        ),
    )
}

/// What one row changes.
fn compare_row(
    row: &SheetRow<'_>,
    stored: &Versioned<Household>,
    known: &Known,
    rules: &Rules<'_>,
) -> Result<Vec<BulkEdit>, Vec<RefusedRow>> {
    let household = &stored.value;
    let older = row.version.filter(|version| *version < stored.version);
    // Without the older contents, which may have been erased, every difference counts as edited.
    let seen = older
        .and_then(|version| known.older.get(&(household.id, version)))
        .unwrap_or(household);
    let mut refused = Vec::new();
    let mut edits: Vec<BulkEdit> = Vec::new();
    for (column, cell) in &row.locked {
        let text = anju_exchange::normal::clean(&without_guard(cell).shown());
        let unchanged = [seen, household]
            .into_iter()
            .any(|household| locked_values(household, rules.areas, LOCKED[*column]).contains(&text));
        if !text.is_empty() && !unchanged {
            let mut problem = refusal(row, LOCKED[*column], text, not_editable());
            problem.personal = true;
            refused.push(problem);
        }
    }
    for (title, cell) in &row.cells {
        let cell = without_guard(cell);
        let stood = value(seen, row.person, title.field).flatten();
        let stands = value(household, row.person, title.field).flatten();
        let new = match difference(title, &cell, stood.as_deref(), rules) {
            Ok(None) => continue,
            Ok(Some(new)) => new,
            Err(reason) => {
                let mut problem = refusal(row, title.zh, cell.shown(), reason);
                problem.personal = title.mask.is_some();
                refused.push(problem);
                continue;
            }
        };
        if new == stands {
            continue;
        }
        if let Some(version) = older {
            let shown = |value: &Option<String>| {
                value
                    .as_ref()
                    .map_or(String::new(), |value| title.kind.shown(value).zh)
            };
            let mut problem = refusal(row, title.zh, cell.shown(), outdated(version, stored));
            problem.stored = Some(shown(&stands));
            problem.personal = title.mask.is_some();
            refused.push(problem);
            continue;
        }
        edits.push(BulkEdit {
            person: row.person,
            field: title.field.to_owned(),
            before: stands,
            after: new,
        });
    }
    if refused.is_empty()
        && let Some(problem) = objection(household, &edits, rules.frozen)
    {
        refused.push(RefusedRow {
            reason: problem.1,
            remedy: problem.2,
            ..refusal(row, &problem.0, String::new(), not_editable())
        });
    }
    if refused.is_empty() {
        Ok(edits)
    } else {
        Err(refused)
    }
}

fn outdated(version: i64, stored: &Versioned<Household>) -> Refusal {
    Refusal::new(
        (
            &format!(
                "表格是第 {version} 版时导出的,该户已被 {} 改为第 {} 版",
                stored.changed_by, stored.version
            ),
            &format!(
                "the sheet was made from version {version}; {} changed the household to version {}",
                stored.changed_by, stored.version
            ),
        ),
        (
            "对照现值,确需修改的重新导出后填写",
            "compare with the present value; where it must change, export the sheet again",
        ),
    )
}

/// Why a household may not change in this way: it is no household of its own any more, or the change touches key facts
/// that a roster in force keeps. Column, reason and remedy.
pub(super) fn objection(
    household: &Household,
    edits: &[BulkEdit],
    frozen: &Frozen,
) -> Option<(String, Text, Text)> {
    if edits.is_empty() {
        return None;
    }
    if !household.is_active() {
        return Some((
            String::new(),
            Text::new(
                "该户已注销或并入他户",
                "the household was cancelled or merged into another",
            ),
            Text::new("从表格中删去这一行", "take the row out of the sheet"),
        ));
    }
    // The number of a helper is no column: another name would leave it with the wrong person.
    let numbered = household
        .facts
        .helper
        .as_ref()
        .is_some_and(|helper| helper.id_number.is_some());
    if numbered && edits.iter().any(|edit| edit.field == "helper_name") {
        return Some((
            "帮扶责任人".to_owned(),
            Text::new(
                "该户已登记帮扶责任人的证件号码,不能在此换人",
                "the helper's ID number is on record; the helper cannot be changed here",
            ),
            Text::new(
                "在户页面更换帮扶责任人",
                "change the helper on the household's page",
            ),
        ));
    }
    let mut after = household.clone();
    for edit in edits {
        write(&mut after, edit.person, &edit.field, edit.after.as_deref())?;
    }
    let (fields, reason, remedy) = frozen.refusal(household, &after)?;
    let names: Vec<&str> = fields.iter().map(|field| field.zh()).collect();
    Some((names.join("、"), reason, remedy))
}

/// The new value of a cell, in canonical form; `None` when the cell says what `before` says.
fn difference(
    title: &Title,
    cell: &Cell,
    before: Option<&str>,
    rules: &Rules<'_>,
) -> Result<Option<Option<String>>, Refusal> {
    let new = if cell.is_blank() {
        if before.is_none() || !rules.clear.contains(title.field) {
            return Ok(None);
        }
        None
    } else {
        let text = anju_exchange::normal::clean(&cell.shown());
        if let Some(before) = before {
            let shown = title.kind.shown(before);
            let masked = title.mask.map(|mask| mask(before));
            if [Some(before), Some(&shown.zh), masked.as_deref()].contains(&Some(&text)) {
                return Ok(None);
            }
        }
        if title.mask.is_some() && text.contains('*') {
            return Err(Refusal::new(
                (
                    "带 * 的值已打掩码,与该户现值的掩码不同",
                    "a value with * is masked, and not the masked form of the present value",
                ),
                (
                    "填写完整的新值,或改回原样",
                    "enter the whole new value, or put back what was there",
                ),
            ));
        }
        title.kind.parse(cell)?
    };
    if new.as_deref() == before {
        return Ok(None);
    }
    if new.is_none() && !title.clearable {
        return Err(Refusal::new(
            ("这一项不能为空", "this field cannot be empty"),
            ("填写一个值", "enter a value"),
        ));
    }
    // A word such as 无 empties a cell as a blank does: only where it was chosen.
    if new.is_none() && !rules.clear.contains(title.field) {
        return Err(Refusal::new(
            (
                "这一列没有勾选“允许清空”",
                "emptying was not allowed for this column",
            ),
            (
                "勾选该列后重新上传,或改回原值",
                "allow it for the column and upload again, or put the value back",
            ),
        ));
    }
    if title.mask.is_some() && !rules.personal {
        return Err(Refusal::new(
            (
                "修改个人信息须有查看权限并写明用途",
                "personal data is changed only by who may see it, for a stated purpose",
            ),
            (
                "写明用途后重新导出和上传",
                "state the purpose when exporting and uploading",
            ),
        ));
    }
    Ok(Some(new))
}

/// What the edits would make wrong with a household that is not wrong with it now.
pub(super) fn new_problems(household: &Household, edits: &[BulkEdit], today: Date) -> Vec<FieldProblem> {
    let mut after = household.clone();
    for edit in edits {
        write(&mut after, edit.person, &edit.field, edit.after.as_deref());
    }
    let before = problems(household, today);
    problems(&after, today)
        .into_iter()
        .filter(|problem| !before.contains(problem))
        .collect()
}

/// What a person does about it is said together with what is wrong.
pub(super) fn mend() -> Text {
    Text::new("改正后重新提交", "correct it and hand it in again")
}

/// Refuses the rows that would make a household wrong: the ones that change the field in question, or all of the
/// household where it cannot be told from a field. Two rows that are only right together, such as a change of head, are
/// looked at together.
fn keep_sound(
    household: &Household,
    mut parts: Vec<(usize, Vec<BulkEdit>)>,
    rows: &[SheetRow<'_>],
    today: Date,
    refused: &mut Vec<RefusedRow>,
) -> Vec<(usize, Vec<BulkEdit>)> {
    loop {
        let all: Vec<BulkEdit> = parts.iter().flat_map(|(_, edits)| edits.clone()).collect();
        let found = new_problems(household, &all, today);
        let Some(problem) = found.first() else {
            return parts;
        };
        let touches = |edit: &BulkEdit| {
            let place = |person| household.members.iter().position(|member| member.id == person);
            let member = edit
                .person
                .and_then(place)
                .map(|place| format!("members.{}.", place + 1));
            match member {
                Some(member) => problem.field.starts_with(&member) && problem.field.ends_with(&edit.field),
                None => problem.field.ends_with(&edit.field),
            }
        };
        let family = |edit: &BulkEdit| problem.field == "members" && edit.field == "relation";
        let concerned = |edits: &[BulkEdit]| edits.iter().any(|edit| touches(edit) || family(edit));
        let any = parts.iter().any(|(_, edits)| concerned(edits));
        let (wrong, kept): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(_, edits)| !any || concerned(edits));
        refused.extend(wrong.into_iter().map(|(place, edits)| {
            let edit = edits.iter().find(|edit| touches(edit) || family(edit));
            let title = edit.and_then(|edit| super::columns::title(&edit.field, edit.person.is_some()));
            let value = edit.and_then(|edit| edit.after.clone()).unwrap_or_default();
            RefusedRow {
                personal: title.is_some_and(|title| title.mask.is_some()),
                value: title.map_or_else(String::new, |title| title.kind.shown(&value).zh),
                reason: problem.detail.clone(),
                remedy: mend(),
                ..refusal(
                    &rows[place],
                    title.map_or("", |title| title.zh),
                    String::new(),
                    not_editable(),
                )
            }
        }));
        parts = kept;
    }
}
