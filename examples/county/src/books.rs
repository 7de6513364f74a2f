//! Spreadsheets as offices keep them: township registers with their own column orders, names and habits, and the other
//! tables of the county. What a careful import must refuse is recorded cell by cell.

use std::path::Path;

use anju_model::identity::{IdNumber, Sex};
use anju_model::register::{Category, Relation};
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use crate::error::ExampleError;
use crate::geography::{Geography, Place};
use crate::names;
use crate::people::{Household, Person};
use crate::planting::full_width;
use crate::random::Dice;

/// The sheet of a register.
const SHEET: &str = "花名册";

/// What every file says of itself.
pub(crate) const FICTIONAL: &str = "(虚构示例 / fictional example)";

/// A cell as typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
}

impl Cell {
    fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) if number.abs() >= 1e15 => format!("{number:.5E}").replace('E', "E+"),
            Cell::Number(number) => number.to_string(),
        }
    }
}

/// A cell that a careful import must refuse.
pub(crate) struct RefusedCell {
    pub(crate) file: String,
    /// Empty in text files.
    pub(crate) sheet: &'static str,
    pub(crate) row: usize,
    pub(crate) header: String,
    pub(crate) written: String,
    pub(crate) right: String,
    pub(crate) reason: &'static str,
}

/// A column of a register.
#[derive(Clone, Copy)]
struct Column {
    field: Field,
    /// The group of columns in the upper header line.
    group: usize,
    /// Header texts in use.
    names: [&'static str; 3],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Number,
    Township,
    Village,
    Group,
    Name,
    Sex,
    Id,
    Birth,
    Relation,
    Ethnicity,
    Education,
    Health,
    Labour,
    Category,
    Cause,
    MustMove,
    Urgency,
    Poverty,
    MainCause,
    Longitude,
    Latitude,
    Point,
    Phone,
    Account,
    Farmland,
    Structure,
    Grade,
    HomeArea,
    YearBuilt,
}

const GROUPS: [&str; 4] = ["户基本情况", "家庭成员", "搬迁情况", "住房和土地"];

const COLUMNS: [Column; 29] = {
    const fn column(field: Field, group: usize, names: [&'static str; 3]) -> Column {
        Column { field, group, names }
    }
    [
        column(Field::Number, 0, ["户编号", "户号", "农户编号"]),
        column(Field::Township, 0, ["乡镇", "所在乡镇", "所属乡镇"]),
        column(Field::Village, 0, ["村", "行政村", "所在村"]),
        column(Field::Group, 0, ["组", "村民小组", "小组"]),
        column(Field::Name, 1, ["姓名", "成员姓名", "姓名"]),
        column(Field::Sex, 1, ["性别", "性别", "性别"]),
        column(Field::Id, 1, ["证件号码", "身份证号码", "公民身份号码"]),
        column(Field::Birth, 1, ["出生日期", "出生年月日", "出生日期"]),
        column(Field::Relation, 1, ["与户主关系", "与户主关系", "家庭关系"]),
        column(Field::Ethnicity, 1, ["民族", "民族", "民族"]),
        column(Field::Education, 1, ["文化程度", "文化程度", "学历"]),
        column(Field::Health, 1, ["健康状况", "身体状况", "健康状况"]),
        column(Field::Labour, 1, ["劳动能力", "劳动能力", "劳动力状况"]),
        column(Field::Category, 2, ["搬迁类型", "搬迁类别", "搬迁类型"]),
        column(Field::Cause, 2, ["搬迁原因", "搬迁原因", "搬迁原因"]),
        column(Field::MustMove, 2, ["是否应搬", "是否应搬", "应搬"]),
        column(Field::Urgency, 2, ["紧迫程度", "紧迫程度", "紧迫程度"]),
        column(Field::Poverty, 2, ["贫困户属性", "贫困户属性", "贫困户属性"]),
        column(Field::MainCause, 2, ["主要致贫原因", "致贫原因", "主要致贫原因"]),
        column(Field::Longitude, 3, ["经度", "经度", "东经"]),
        column(Field::Latitude, 3, ["纬度", "纬度", "北纬"]),
        column(Field::Point, 2, ["隐患点编号", "隐患点编号", "隐患点编号"]),
        column(Field::Phone, 0, ["联系电话", "电话", "手机号码"]),
        column(Field::Account, 0, ["银行账号", "银行卡号", "银行账号"]),
        column(Field::Farmland, 3, ["耕地面积(亩)", "耕地面积(亩)", "耕地(亩)"]),
        column(Field::Structure, 3, ["住房结构", "房屋结构", "住房结构"]),
        column(Field::Grade, 3, ["房屋安全等级", "房屋安全等级", "危房等级"]),
        column(
            Field::HomeArea,
            3,
            ["住房面积(㎡)", "住房面积(㎡)", "房屋面积(㎡)"],
        ),
        column(Field::YearBuilt, 3, ["建造年份", "建房年份", "建造年份"]),
    ]
};

const MONTHS: [&str; 12] = [
    "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二",
];

/// The habits of one township's clerk.
struct Habits {
    columns: Vec<(Column, &'static str)>,
    /// Household cells are merged over its members, repeated on each row, or only on the first.
    household_cells: HouseholdCells,
    dates: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HouseholdCells {
    Merged,
    Repeated,
    First,
}

fn habits(township: usize, dice: &mut Dice) -> Habits {
    let style = township % 3;
    let mut groups = [0, 1, 2, 3];
    // The household's own columns stay in front; the rest come as each clerk likes.
    dice.shuffle(&mut groups[1..]);
    let mut columns = Vec::new();
    for group in groups {
        let mut own: Vec<Column> = COLUMNS
            .iter()
            .copied()
            .filter(|column| column.group == group)
            .collect();
        if !township.is_multiple_of(4) {
            dice.shuffle(&mut own[1..]);
        }
        columns.extend(own.into_iter().map(|column| (column, column.names[style])));
    }
    let household_cells = [
        HouseholdCells::Merged,
        HouseholdCells::Repeated,
        HouseholdCells::First,
    ][township % 3];
    Habits {
        columns,
        household_cells,
        dates: township % 4,
    }
}

/// The ways in which one household is written down badly beyond repair, by row within it.
fn beyond_repair(dice: &mut Dice) -> usize {
    // Mostly the ID number that Excel turned into a number.
    dice.weighted(&[0.7, 0.15, 0.15])
}

/// Writes one township's register; `spoiled` names the households of which one cell cannot be read.
#[expect(
    clippy::too_many_arguments,
    reason = "one file with all that decides its content"
)]
pub(crate) fn register(
    path: &Path,
    township: usize,
    geography: &Geography,
    households: &[&Household],
    spoiled: &dyn Fn(&str) -> bool,
    degrees: &dyn Fn(Place) -> Result<(f64, f64), ExampleError>,
    seed: u64,
    refused: &mut Vec<RefusedCell>,
) -> Result<(), ExampleError> {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let as_csv = path.extension().is_some_and(|extension| extension == "csv");
    let mut dice = Dice::new(seed, &format!("register {township}"));
    let habits = habits(township, &mut dice);
    let title = format!(
        "{}{}搬迁户花名册 {FICTIONAL}",
        names::COUNTY,
        geography.townships[township].name
    );
    let header_rows = if as_csv { 2 } else { 3 };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    for household in households {
        let first = rows.len();
        let bad = spoiled(&household.number)
            .then(|| (dice.below(household.members.len()), beyond_repair(&mut dice)));
        let (longitude, latitude) = degrees(household.home)?;
        for (number, person) in household.members.iter().enumerate() {
            let mut row = Vec::with_capacity(habits.columns.len());
            for (column, header) in &habits.columns {
                let of_household = column.group != 1;
                let shown = !of_household
                    || number == 0
                    || habits.household_cells == HouseholdCells::Repeated
                    || (column.field == Field::Number && as_csv);
                let mut cell = if shown && of_household && number > 0 {
                    // Repeated cells are filled down, so they are alike.
                    rows[first][row.len()].clone()
                } else if shown {
                    write(
                        column.field,
                        household,
                        person,
                        geography,
                        (longitude, latitude),
                        &habits,
                        &mut dice,
                    )
                } else {
                    Cell::Empty
                };
                if let Some((member, how)) = bad
                    && member == number
                {
                    let spoil = match (how, column.field) {
                        (0, Field::Id) => {
                            let digits: f64 = person.id[..17].parse().unwrap_or(6.19e16);
                            Some((
                                Cell::Number(digits * 10.0),
                                "Excel turned the ID number into a number",
                            ))
                        }
                        // The month alone would be a second cell that cannot be read without the number.
                        (0, Field::Birth) => {
                            cell = date(person.birth, habits.dates, &mut dice);
                            None
                        }
                        (1, Field::Birth) => {
                            Some((Cell::Text(format!("{}.2.30", person.birth.year())), "no such day"))
                        }
                        (2, Field::Relation) => {
                            Some((Cell::Text("亲戚?".into()), "no relation of the code list"))
                        }
                        _ => None,
                    };
                    if let Some((bad, reason)) = spoil {
                        let bad = if as_csv { Cell::Text(bad.shown()) } else { bad };
                        refused.push(RefusedCell {
                            file: file.clone(),
                            sheet: if as_csv { "" } else { SHEET },
                            row: header_rows + rows.len() + 1,
                            header: (*header).to_owned(),
                            written: bad.shown(),
                            right: match column.field {
                                Field::Id => person.id.clone(),
                                Field::Birth => person.birth.to_string(),
                                _ => person.relation.zh().to_owned(),
                            },
                            reason,
                        });
                        cell = bad;
                    }
                }
                row.push(cell);
            }
            rows.push(row);
        }
        blocks.push((first, rows.len() - 1));
    }
    if as_csv {
        let headers: Vec<String> = habits
            .columns
            .iter()
            .map(|(_, header)| (*header).to_owned())
            .collect();
        return write_csv(path, Some(&title), &headers, &rows, true);
    }
    let failed = |error: XlsxError| ExampleError::Workbook {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    workbook_of_register(path, &title, &habits, &rows, &blocks).map_err(failed)
}

fn workbook_of_register(
    path: &Path,
    title: &str,
    habits: &Habits,
    rows: &[Vec<Cell>],
    blocks: &[(usize, usize)],
) -> Result<(), XlsxError> {
    let mut workbook = new_workbook()?;
    let heading = Format::new()
        .set_bold()
        .set_font_size(14)
        .set_align(FormatAlign::Center);
    let header = Format::new()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin);
    let plain = Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter);
    let sheet = workbook.add_worksheet();
    sheet.set_name(SHEET)?;
    let last = habits.columns.len() as u16 - 1;
    sheet.merge_range(0, 0, 0, last, title, &heading)?;
    let mut from = 0;
    while from < habits.columns.len() {
        let group = habits.columns[from].0.group;
        let to = (from..habits.columns.len())
            .take_while(|&c| habits.columns[c].0.group == group)
            .last()
            .unwrap_or(from);
        sheet.merge_range(1, from as u16, 1, to as u16, GROUPS[group], &header)?;
        from = to + 1;
    }
    for (place, (_, name)) in habits.columns.iter().enumerate() {
        sheet.write_with_format(2, place as u16, *name, &header)?;
    }
    for (number, row) in rows.iter().enumerate() {
        for (place, cell) in row.iter().enumerate() {
            put(sheet, number as u32 + 3, place as u16, cell, &plain)?;
        }
    }
    if habits.household_cells == HouseholdCells::Merged {
        for &(first, last) in blocks.iter().filter(|(first, last)| last > first) {
            for (place, (column, _)) in habits.columns.iter().enumerate() {
                if column.group != 1 {
                    let (first_row, last_row) = (first as u32 + 3, last as u32 + 3);
                    sheet.merge_range(first_row, place as u16, last_row, place as u16, "", &plain)?;
                    put(sheet, first_row, place as u16, &rows[first][place], &plain)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(3, 0)?;
    workbook.save(path)
}

fn put(
    sheet: &mut rust_xlsxwriter::Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    format: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => sheet.write_blank(row, column, format)?,
        Cell::Text(text) => sheet.write_string_with_format(row, column, text, format)?,
        Cell::Number(number) => sheet.write_number_with_format(row, column, *number, format)?,
    };
    Ok(())
}

/// A workbook with a fixed date, so that the same county gives the same bytes.
fn new_workbook() -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 6, 30)?.and_hms(8, 0, 0)?;
    workbook.set_properties(
        &DocProperties::new()
            .set_creation_datetime(&made)
            .set_comment(FICTIONAL),
    );
    Ok(workbook)
}

/// Writes a plain table: a title, a header, rows.
pub(crate) fn table(
    path: &Path,
    title: &str,
    headers: &[&str],
    rows: &[Vec<Cell>],
) -> Result<(), ExampleError> {
    let write = || -> Result<(), XlsxError> {
        let mut workbook = new_workbook()?;
        let heading = Format::new()
            .set_bold()
            .set_font_size(14)
            .set_align(FormatAlign::Center);
        let header = Format::new().set_bold().set_border(FormatBorder::Thin);
        let plain = Format::new();
        let sheet = workbook.add_worksheet();
        sheet.merge_range(
            0,
            0,
            0,
            headers.len() as u16 - 1,
            &format!("{title} {FICTIONAL}"),
            &heading,
        )?;
        for (place, name) in headers.iter().enumerate() {
            sheet.write_with_format(1, place as u16, *name, &header)?;
        }
        for (number, row) in rows.iter().enumerate() {
            for (place, cell) in row.iter().enumerate() {
                put(sheet, number as u32 + 2, place as u16, cell, &plain)?;
            }
        }
        workbook.save(path)
    };
    write().map_err(|error| ExampleError::Workbook {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

/// Writes a comma-separated table, with a title line when there is a title, in UTF-8 or GBK.
pub(crate) fn write_csv(
    path: &Path,
    title: Option<&str>,
    headers: &[String],
    rows: &[Vec<Cell>],
    gbk: bool,
) -> Result<(), ExampleError> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let failed = |error: csv::Error| ExampleError::Workbook {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    if let Some(title) = title {
        writer.write_record([title]).map_err(failed)?;
    }
    writer.write_record(headers).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(Cell::shown)).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| ExampleError::Workbook {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    let bytes = if gbk {
        encoding_rs::GBK
            .encode(&String::from_utf8_lossy(&bytes))
            .0
            .into_owned()
    } else {
        bytes
    };
    std::fs::write(path, bytes).map_err(ExampleError::io(path))
}

fn write(
    field: Field,
    household: &Household,
    person: &Person,
    geography: &Geography,
    (longitude, latitude): (f64, f64),
    habits: &Habits,
    dice: &mut Dice,
) -> Cell {
    let village = &geography.villages[household.village];
    let text = |text: &str| Cell::Text(text.to_owned());
    let optional = |word: Option<&'static str>| word.map_or(Cell::Empty, text);
    // Numbers are typed as text by some.
    let number = |value: f64, dice: &mut Dice| {
        if dice.chance(0.3) {
            Cell::Text(value.to_string())
        } else {
            Cell::Number(value)
        }
    };
    match field {
        Field::Number => text(&household.number),
        Field::Township => text(&geography.townships[village.township].name),
        Field::Village => text(&village.name),
        Field::Group => text(&group(household.group + 1, dice)),
        Field::Name => text(&spaced(&person.name, dice)),
        Field::Sex => text(if person.male {
            Sex::Male.zh()
        } else {
            Sex::Female.zh()
        }),
        Field::Id if person.id.is_empty() => Cell::Empty,
        Field::Id => text(&id(&person.id, dice)),
        Field::Birth => {
            let number = IdNumber::new(&person.id);
            let known = number.check().is_ok() && number.birth_date() == Some(person.birth);
            let month = MONTHS[person.birth.month() as usize - 1];
            // Some write only the month, with or without the year, trusting that the ID number says the rest.
            match dice.below(250) {
                0 if known => text(&format!("{month}月")),
                1 if known => text(&format!("{}年{month}月", person.birth.year())),
                _ => date(person.birth, habits.dates, dice),
            }
        }
        Field::Relation => text(relation(person.relation)),
        Field::Ethnicity => {
            let name = person.ethnicity.zh();
            text(if dice.chance(0.3) {
                name.trim_end_matches('族')
            } else {
                name
            })
        }
        Field::Education => text(person.education.zh()),
        Field::Health => text(person.health.zh()),
        Field::Labour => text(person.labour.zh()),
        Field::Category => text(category(household.category, dice)),
        Field::Cause => text(household.cause.zh()),
        Field::MustMove => text(if household.must_move { "是" } else { "否" }),
        Field::Urgency => optional(household.urgency.map(|urgency| urgency.zh())),
        Field::Poverty => text(household.poverty.zh()),
        Field::MainCause => optional(household.main_cause.map(|cause| cause.zh())),
        Field::Longitude => number((longitude * 1e6).round() / 1e6, dice),
        Field::Latitude => number((latitude * 1e6).round() / 1e6, dice),
        Field::Point => household
            .point
            .map_or(Cell::Empty, |point| text(&geography.points[point].code)),
        Field::Phone => text(&household.phone),
        Field::Account => text(&household.account),
        Field::Farmland => number(household.farmland_mu_hundredths as f64 / 100.0, dice),
        Field::Structure => text(household.structure.zh()),
        Field::Grade => text(household.grade.zh()),
        Field::HomeArea => number(f64::from(household.home_m2), dice),
        Field::YearBuilt => number(f64::from(household.year_built), dice),
    }
}

fn group(number: usize, dice: &mut Dice) -> String {
    const DIGITS: [&str; 11] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    match (dice.below(4), number) {
        (0, 1..=10) => format!("{}组", DIGITS[number]),
        (1, _) => format!("第{number}村民小组"),
        _ => format!("{number}组"),
    }
}

/// A name as some type it: two characters pulled apart by a space.
fn spaced(name: &str, dice: &mut Dice) -> String {
    let characters: Vec<char> = name.chars().collect();
    match (dice.below(12), characters.as_slice()) {
        (0, [first, second]) => format!("{first}  {second}"),
        (1, [first, second]) => format!("{first}\u{3000}{second}"),
        (2, _) => format!("{name} "),
        _ => name.to_owned(),
    }
}

/// An ID number as some type it: full-width digits, small x.
fn id(id: &str, dice: &mut Dice) -> String {
    match dice.below(40) {
        0 => full_width(id),
        1 => id.to_lowercase(),
        2 => format!("{id} "),
        _ => id.to_owned(),
    }
}

fn date(date: Date, habit: usize, dice: &mut Dice) -> Cell {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let serial = f64::from(
        jiff::civil::date(1899, 12, 30)
            .until(date)
            .map_or(0, |span| span.get_days()),
    );
    match (habit, dice.below(6)) {
        (0, 0) => Cell::Text(format!("{year}年{month}月{day}日")),
        (0, _) => Cell::Text(format!("{year}.{month}.{day}")),
        (1, 0) => Cell::Number(f64::from(
            i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day),
        )),
        (1, _) => Cell::Text(format!("{year:04}{month:02}{day:02}")),
        (2, 0) => Cell::Text(format!("{year}-{month:02}-{day:02}")),
        (2, _) => Cell::Number(serial),
        _ => Cell::Text(format!("{year}/{month}/{day}")),
    }
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Oneself => "本人",
        Relation::Son => "儿子",
        Relation::Daughter => "女儿",
        other => other.zh(),
    }
}

fn category(category: Category, dice: &mut Dice) -> &'static str {
    let short = dice.chance(0.2);
    match (category, short) {
        (Category::Poverty, true) => "扶贫",
        (Category::Disaster, true) => "避灾",
        (Category::Ecological, true) => "生态",
        (other, _) => other.zh(),
    }
}
