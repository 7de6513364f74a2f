//! How values are written in files, brought to one form: texts, names, numbers, ID numbers, dates, yes and no, code
//! lists and numbers in Chinese characters.
//!
//! Every function either understands a value or says why not; none of them guesses. They know nothing of sheets.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use anju_model::code_list::Text;
use anju_model::identity::IdNumber;
use anju_model::money::Fen;
use jiff::civil::Date;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::table::Cell;

/// Why a value was not understood and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub reason: Text,
    /// What to do.
    pub remedy: Text,
}

impl Refusal {
    /// A refusal with reason and remedy, each as (Chinese, English).
    pub fn new(reason: (&str, &str), remedy: (&str, &str)) -> Self {
        Self {
            reason: Text::new(reason.0, reason.1),
            remedy: Text::new(remedy.0, remedy.1),
        }
    }
}

/// Text in compatibility form (full-width digits and letters become plain ones), without invisible characters and outer
/// space, inner space reduced to single blanks.
pub fn clean(text: &str) -> String {
    // Most texts are clean already.
    let plain =
        |character: char| !character.is_whitespace() && !character.is_control() && !is_invisible(character);
    if text.chars().all(plain) && is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return text.to_owned();
    }
    let visible = text.nfkc().filter(|character| !is_invisible(*character));
    let mut cleaned = String::with_capacity(text.len());
    for character in visible {
        if character.is_whitespace() || character.is_control() {
            if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else {
            cleaned.push(character);
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}'
    )
}

/// [`clean`] without any space: for codes and words of code lists.
pub fn compact(text: &str) -> String {
    clean(text).replace(' ', "")
}

/// Words an office writes where it has nothing to write.
fn means_nothing(text: &str) -> bool {
    matches!(
        text,
        "" | "无"
            | "/"
            | "-"
            | "--"
            | "—"
            | "——"
            | "不详"
            | "暂无"
            | "未知"
            | "空"
            | "N/A"
            | "n/a"
            | "#N/A"
            | "\\"
            | "没有"
    )
}

/// The text of a cell, `None` for a blank one. Whole numbers are written without decimals.
///
/// # Errors
/// For an error value such as `#N/A`, and for a number so large that digits were lost.
pub fn text(cell: &Cell) -> Result<Option<String>, Refusal> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Error(error) => Err(Refusal::new(
            (
                &format!("单元格是错误值 {error}"),
                &format!("the cell holds the error {error}"),
            ),
            ("改为实际的值", "replace it with the value that is meant"),
        )),
        Cell::Number(number) if number.abs() >= 1e15 => Err(lost_digits()),
        other => Ok(Some(clean(&other.shown())).filter(|text| !text.is_empty())),
    }
}

fn lost_digits() -> Refusal {
    Refusal::new(
        (
            "号码被存成了数字，末尾几位已经丢失（如 6.12401E+17）",
            "the number was stored as a numeric value and its last digits are lost (like 6.12401E+17)",
        ),
        (
            "把该列设为文本格式，按证件重新填写完整号码",
            "format the column as text and enter the whole number again from the document",
        ),
    )
}

/// Whether a text is a number in scientific form, such as a CSV file exported from such a cell holds.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(exponent.trim_start_matches('+'))
}

/// A number with many digits that is an identifier (ID number, account, phone): digits and letters without blanks, in
/// upper case, `None` for a blank cell or a word like 无.
///
/// # Errors
/// When digits were lost because the cell held a number.
pub fn identifier(cell: &Cell) -> Result<Option<String>, Refusal> {
    let Some(text) = text(cell)? else { return Ok(None) };
    let text = text
        .trim_start_matches(['\'', '‘', '’', '`'])
        .replace([' ', '\'', '’'], "")
        .to_uppercase();
    if means_nothing(&text) {
        return Ok(None);
    }
    if is_scientific(&text) {
        return Err(lost_digits());
    }
    Ok(Some(text))
}

/// A resident identity number as written; wrong ones are kept, since whether they are right is not decided here.
///
/// # Errors
/// As [`identifier`].
pub fn id_number(cell: &Cell) -> Result<Option<IdNumber>, Refusal> {
    Ok(identifier(cell)?.map(|text| IdNumber::new(&text)))
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// A personal name: blanks inside dropped unless it is in Latin letters, one form of the middle dot.
///
/// # Errors
/// For more than 50 characters, digits, or a character that was lost in an earlier conversion (`?`, `□`).
pub fn person_name(name: &str) -> Result<String, Refusal> {
    let dotted: String = clean(name)
        .chars()
        .map(|c| {
            if matches!(c, '•' | '・' | '‧' | '∙' | '⋅' | '.' | '．' | '●' | '゠' | '･') {
                '·'
            } else {
                c
            }
        })
        .collect();
    let name = if dotted.chars().any(is_han) {
        dotted.replace(' ', "")
    } else {
        dotted
    };
    let count = name.chars().count();
    if count == 0 || count > 50 {
        return Err(Refusal::new(
            ("姓名应为 1 至 50 个字", "a name has 1 to 50 characters"),
            ("填写证件上的姓名", "enter the name as on the identity card"),
        ));
    }
    if name
        .chars()
        .any(|c| c.is_ascii_digit() || matches!(c, '?' | '□' | '\u{fffd}' | '*'))
    {
        return Err(Refusal::new(
            (
                "姓名中有数字，或有显示不出的字",
                "the name holds a digit or a character that was lost",
            ),
            (
                "按证件填写姓名，生僻字用输入法的大字符集",
                "enter the name as on the identity card, rare characters included",
            ),
        ));
    }
    Ok(name)
}

/// A number, also when it is written as text with thousands separators or a unit.
///
/// # Errors
/// For text that is not a number.
pub fn number(cell: &Cell) -> Result<Option<f64>, Refusal> {
    if let Cell::Number(number) = cell {
        return if number.is_finite() {
            Ok(Some(*number))
        } else {
            Err(not_a_number(cell))
        };
    }
    let Some(text) = text(cell)? else { return Ok(None) };
    if means_nothing(&text) && text != "-" {
        return Ok(None);
    }
    let bare = text.replace([',', ' '], "");
    let bare = [
        "平方米",
        "㎡",
        "m2",
        "m²",
        "亩",
        "万元",
        "元",
        "人",
        "套",
        "年",
        "度",
        "°",
        "E",
        "N",
    ]
    .iter()
    .fold(bare.as_str(), |bare, unit| {
        bare.strip_suffix(unit).unwrap_or(bare)
    });
    let plain = !bare.is_empty()
        && bare
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    match bare.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => Ok(Some(number)),
        _ => Err(not_a_number(cell)),
    }
}

fn not_a_number(cell: &Cell) -> Refusal {
    let shown = cell.shown();
    Refusal::new(
        (&format!("“{shown}”不是数"), &format!("{shown:?} is not a number")),
        ("只填数字", "enter digits only"),
    )
}

/// A number between two bounds.
///
/// # Errors
/// As [`number`], and outside the bounds.
pub fn number_between(cell: &Cell, least: f64, most: f64) -> Result<Option<f64>, Refusal> {
    match number(cell)? {
        Some(number) if !(least..=most).contains(&number) => Err(Refusal::new(
            (
                &format!("{number} 不在 {least} 至 {most} 之间"),
                &format!("{number} is not between {least} and {most}"),
            ),
            ("核对数值和单位", "check the value and its unit"),
        )),
        number => Ok(number),
    }
}

/// A whole number between two bounds.
///
/// # Errors
/// As [`number_between`], and for a fraction.
pub fn whole_between(cell: &Cell, least: i64, most: i64) -> Result<Option<i64>, Refusal> {
    match number_between(cell, least as f64, most as f64)? {
        Some(number) if number.fract() != 0.0 => Err(Refusal::new(
            (
                &format!("{number} 不是整数"),
                &format!("{number} is not a whole number"),
            ),
            ("填写整数", "enter a whole number"),
        )),
        number => Ok(number.map(|number| number as i64)),
    }
}

/// An amount of money. The unit is the one written in the cell, else the one in the header (元 or 万元), else
/// `default_yuan` yuan.
///
/// # Errors
/// As [`number`], for a negative amount and for one above 10 million million yuan.
pub fn money(cell: &Cell, header: &str, default_yuan: f64) -> Result<Option<Fen>, Refusal> {
    let unit = |text: &str| {
        if text.contains("万元") {
            Some(10_000.0)
        } else if text.contains("亿元") {
            Some(100_000_000.0)
        } else if text.contains('元') {
            Some(1.0)
        } else {
            None
        }
    };
    let shown = clean(&cell.shown());
    let yuan = unit(&shown)
        .or_else(|| unit(&clean(header)))
        .unwrap_or(default_yuan);
    let amount = number_between(cell, 0.0, 1e13)?;
    match amount.map(|amount| (amount * yuan * 100.0).round()) {
        None => Ok(None),
        Some(fen) if fen <= 1e15 => Ok(Some(Fen(fen as i64))),
        Some(_) => Err(Refusal::new(
            ("金额过大", "the amount is too large"),
            (
                "核对金额的单位是元还是万元",
                "check whether the unit is yuan or 10,000 yuan",
            ),
        )),
    }
}

/// Yes or no.
///
/// # Errors
/// For any other word.
pub fn yes_no(cell: &Cell) -> Result<Option<bool>, Refusal> {
    if let Cell::Boolean(flag) = cell {
        return Ok(Some(*flag));
    }
    let Some(text) = text(cell)? else { return Ok(None) };
    match compact(&text).to_lowercase().as_str() {
        "是" | "有" | "对" | "√" | "✓" | "✔" | "y" | "yes" | "1" | "true" | "t" | "接受" | "愿意"
        | "同意" | "应搬" | "应搬迁" | "需要" | "必须" | "可以" | "需搬" => Ok(Some(true)),
        "否" | "无" | "不" | "×" | "✗" | "✘" | "x" | "n" | "no" | "0" | "false" | "f" | "不接受"
        | "不愿意" | "不同意" | "不应搬" | "不应搬迁" | "不需要" | "不必" | "不可以" | "没有" | "不是"
        | "不需搬" => Ok(Some(false)),
        other => Err(Refusal::new(
            (
                &format!("“{other}”不是“是”或“否”"),
                &format!("{other:?} is neither yes nor no"),
            ),
            ("填写“是”或“否”", "enter 是 (yes) or 否 (no)"),
        )),
    }
}

type Words = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Other words for the values of code lists. The text is part of the program and a test reads all of it.
static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("codes.toml")).unwrap_or_default());

/// A code list as the reader of values needs it.
pub struct CodeList<T: 'static> {
    /// Name of the list in `codes.toml`.
    pub name: &'static str,
    /// All values.
    pub all: &'static [T],
    /// Code, Chinese and English name of a value.
    pub names: fn(T) -> [&'static str; 3],
    /// Place in `all` by every word for a value, in the form words are compared in.
    words: LazyLock<HashMap<String, usize>>,
}

/// A word without what varies from file to file.
fn word_key(text: &str) -> String {
    compact(text)
        .to_lowercase()
        .replace(['、', ',', '/', '(', ')', '-'], "")
}

/// Codes and names of all values first, then the other words, so that a value's own name is never another's variant.
fn words(list: &str, names: &[[&'static str; 3]]) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for (place, names) in names.iter().enumerate() {
        for name in names {
            words.entry(word_key(name)).or_insert(place);
        }
        // 汉 for 汉族: the last character of an ethnic group is often left out.
        if list == "ethnicity"
            && let Some(short) = names[1].strip_suffix('族')
        {
            words.entry(word_key(short)).or_insert(place);
        }
    }
    for (place, names) in names.iter().enumerate() {
        for variant in WORDS
            .get(list)
            .and_then(|list| list.get(names[0]))
            .into_iter()
            .flatten()
        {
            words.entry(word_key(variant)).or_insert(place);
        }
    }
    words
}

/// Declares statics of [`CodeList`] for code lists of the model.
macro_rules! code_lists {
    ($($(#[$meta:meta])* $constant:ident: $name:literal, $list:ty;)+) => {
        $($(#[$meta])*
        pub static $constant: CodeList<$list> = CodeList {
            name: $name,
            all: <$list>::ALL,
            names: |value| [value.code(), value.zh(), value.en()],
            words: LazyLock::new(|| {
                let names: Vec<_> = <$list>::ALL.iter().map(|value| [value.code(), value.zh(), value.en()]).collect();
                words($name, &names)
            }),
        };)+
    };
}

code_lists! {
    /// 搬迁类型.
    CATEGORY: "category", anju_model::register::Category;
    /// 搬迁原因.
    CAUSE_OF_MOVE: "cause_of_move", anju_model::register::CauseOfMove;
    /// 紧迫程度.
    URGENCY: "urgency", anju_model::register::Urgency;
    /// 贫困户属性.
    POVERTY_ATTRIBUTE: "poverty_attribute", anju_model::register::PovertyAttribute;
    /// 主要致贫原因.
    POVERTY_CAUSE: "poverty_cause", anju_model::register::PovertyCause;
    /// 住房结构.
    STRUCTURE: "structure", anju_model::register::Structure;
    /// 房屋安全等级.
    SAFETY_GRADE: "safety_grade", anju_model::register::SafetyGrade;
    /// 与户主关系.
    RELATION: "relation", anju_model::register::Relation;
    /// 民族.
    ETHNICITY: "ethnicity", anju_model::register::Ethnicity;
    /// 文化程度.
    EDUCATION: "education", anju_model::register::Education;
    /// 健康状况.
    HEALTH: "health", anju_model::register::Health;
    /// 劳动能力.
    LABOUR: "labour", anju_model::register::Labour;
    /// 意愿.
    CONSENT_CHOICE: "consent_choice", anju_model::register::ConsentChoice;
    /// 安置方式.
    PATHWAY: "pathway", anju_model::register::Pathway;
    /// 性别.
    SEX: "sex", anju_model::identity::Sex;
    /// 灾害类型.
    HAZARD_KIND: "hazard_kind", anju_model::hazard::HazardKind;
    /// 规模等级.
    HAZARD_SCALE: "hazard_scale", anju_model::hazard::HazardScale;
    /// 风险等级.
    HAZARD_RISK: "hazard_risk", anju_model::hazard::HazardRisk;
    /// 隐患点状态.
    HAZARD_STATE: "hazard_state", anju_model::hazard::HazardState;
    /// 整点或局部.
    RELOCATION_EXTENT: "relocation_extent", anju_model::hazard::RelocationExtent;
    /// 脱贫状态.
    POVERTY_STANDING: "poverty_standing", anju_model::register::PovertyStanding;
    /// 监测对象类型.
    MONITORED_CLASS: "monitored_class", anju_model::register::MonitoredClass;
    /// 入户路.
    ACCESS_ROAD: "access_road", anju_model::register::AccessRoad;
    /// 燃料.
    FUEL: "fuel", anju_model::register::Fuel;
    /// 厕所.
    TOILET: "toilet", anju_model::register::Toilet;
    /// 保护村落.
    LISTED_VILLAGE: "listed_village", anju_model::register::ListedVillage;
    /// 特殊困难.
    VULNERABILITY: "vulnerability", anju_model::register::Vulnerability;
    /// 证件类型.
    ID_KIND: "id_kind", anju_model::register::IdKind;
    /// 婚姻状况.
    MARRIAGE: "marriage", anju_model::register::Marriage;
    /// 在校状况.
    SCHOOL: "school", anju_model::register::SchoolState;
    /// 残疾类别.
    DISABILITY_CLASS: "disability_class", anju_model::register::DisabilityClass;
    /// 残疾等级.
    DISABILITY_GRADE: "disability_grade", anju_model::register::DisabilityGrade;
    /// 就业渠道.
    EMPLOYMENT_CHANNEL: "employment_channel", anju_model::register::EmploymentChannel;
    /// 务工区域.
    EMPLOYMENT_PLACE: "employment_place", anju_model::register::EmploymentPlace;
    /// 医疗保险.
    MEDICAL_INSURANCE: "medical_insurance", anju_model::register::MedicalInsurance;
    /// 养老保险.
    PENSION_INSURANCE: "pension_insurance", anju_model::register::PensionInsurance;
    /// 享受待遇.
    BENEFIT: "benefit", anju_model::register::Benefit;
    /// 服役情况.
    MILITARY: "military", anju_model::register::MilitaryService;
    /// 外出原因.
    AWAY_REASON: "away_reason", anju_model::register::AwayReason;
    /// 成员认定依据.
    MEMBERSHIP_BASIS: "membership_basis", anju_model::register::MembershipBasis;
    /// 收入类型.
    INCOME_KIND: "income_kind", anju_model::register::IncomeKind;
}

/// One word or several of a code list, each once, in the order they stand in.
///
/// # Errors
/// For a word that means none of them.
pub fn several<T: Copy + PartialEq>(list: &CodeList<T>, cell: &Cell) -> Result<Vec<T>, Refusal> {
    let Some(text) = text(cell)? else {
        return Ok(Vec::new());
    };
    if let Ok(one) = coded(list, &text) {
        return Ok(vec![one]);
    }
    let mut values = Vec::new();
    for word in text
        .split(['、', ',', ';', '/', '|', '+', '和', ' '])
        .filter(|word| !word.trim().is_empty())
    {
        let value = coded(list, word)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values)
}

/// The value that a word means: by code, Chinese name, English name or a common variant.
///
/// # Errors
/// For a word that means none of them.
pub fn coded<T: Copy>(list: &CodeList<T>, word: &str) -> Result<T, Refusal> {
    if let Some(value) = list
        .words
        .get(&word_key(word))
        .and_then(|place| list.all.get(*place))
    {
        return Ok(*value);
    }
    let choices: Vec<&str> = list
        .all
        .iter()
        .take(12)
        .map(|value| (list.names)(*value)[1])
        .collect();
    let more = if list.all.len() > choices.len() { "…" } else { "" };
    Err(Refusal::new(
        (
            &format!("“{word}”不在代码表中"),
            &format!("{word:?} is not in the code list"),
        ),
        (
            &format!("填写：{}{more}", choices.join("、")),
            &format!("enter one of: {}{more}", choices.join(", ")),
        ),
    ))
}

/// A whole number from 0 to 99 in Chinese characters or digits, such as 三, 十二, 二十, 廿一, 3.
pub fn small_number(text: &str) -> Option<u32> {
    let text = clean(text);
    if let Ok(number) = text.parse() {
        return (number < 100).then_some(number);
    }
    let digit = |c: char| {
        "〇一二三四五六七八九"
            .chars()
            .position(|d| d == c)
            .map(|place| place as u32)
    };
    let digit = |c: char| match c {
        '零' => Some(0),
        '两' => Some(2),
        '元' | '正' => Some(1),
        other => digit(other),
    };
    let characters: Vec<char> = text
        .replace('廿', "二十")
        .replace('卅', "三十")
        .trim_start_matches('初')
        .chars()
        .collect();
    match characters.as_slice() {
        [one] if *one == '十' => Some(10),
        [one] => digit(*one),
        ['十', unit] => Some(10 + digit(*unit)?),
        [ten, '十'] => Some(10 * digit(*ten)?),
        [ten, '十', unit] => Some(10 * digit(*ten)? + digit(*unit)?),
        _ => None,
    }
}

/// The date of a cell: 1968-05-03, 1968.5.3, 1968/5/3, 1968年5月3日, 一九六八年五月三日, 19680503, or a date or day number of
/// Excel. A date that lacks a part (1968年5月, 五月) is completed from the ID number when what is written agrees with
/// it.
///
/// # Errors
/// For an incomplete date without such an ID number, for a day that does not exist, and for anything else.
pub fn date(cell: &Cell, id_number: Option<&IdNumber>) -> Result<Option<Date>, Refusal> {
    let shown = match cell {
        Cell::Date(date) => return in_range(*date, &cell.shown()).map(Some),
        Cell::Number(number)
            if number.fract() == 0.0 && *number >= 19_000_000.0 && *number < 22_000_000.0 =>
        {
            format!("{number:.0}")
        }
        // Day 1 of Excel is 1900-01-01; small numbers are years, those above 2200 are days.
        Cell::Number(number) if *number > 2200.0 && *number < 90_000.0 => {
            return serial_date(*number)
                .ok_or_else(|| not_a_date(&cell.shown()))
                .map(Some);
        }
        other => match text(other)? {
            None => return Ok(None),
            Some(text) if means_nothing(&text) => return Ok(None),
            Some(text) => text,
        },
    };
    let parts = date_parts(&shown).ok_or_else(|| not_a_date(&shown))?;
    if let Parts {
        year: Some(year),
        month: Some(month),
        day: Some(day),
    } = parts
    {
        let date = i16::try_from(year)
            .ok()
            .and_then(|year| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok())
            .ok_or_else(|| {
                Refusal::new(
                    (
                        &format!("“{shown}”这一天不存在"),
                        &format!("there is no such day as {shown:?}"),
                    ),
                    ("核对年、月、日", "check year, month and day"),
                )
            })?;
        return in_range(date, &shown).map(Some);
    }
    // Incomplete: the ID number completes it if it does not contradict.
    let completed = id_number
        .filter(|number| number.check().is_ok())
        .and_then(IdNumber::birth_date)
        .filter(|date| {
            parts
                .year
                .is_none_or(|year| i64::from(date.year()) == i64::from(year))
                && parts
                    .month
                    .is_none_or(|month| i64::from(date.month()) == i64::from(month))
                && parts
                    .day
                    .is_none_or(|day| i64::from(date.day()) == i64::from(day))
        });
    completed.map(Some).ok_or_else(|| {
        Refusal::new(
            (
                &format!("日期“{shown}”不完整，身份证号也不能补全"),
                &format!("the date {shown:?} is incomplete and the ID number does not complete it"),
            ),
            (
                "填写完整的年月日，例如 1968-05-03",
                "enter year, month and day, for example 1968-05-03",
            ),
        )
    })
}

fn not_a_date(shown: &str) -> Refusal {
    Refusal::new(
        (&format!("“{shown}”不是日期"), &format!("{shown:?} is not a date")),
        (
            "填写年月日，例如 1968-05-03",
            "enter year, month and day, for example 1968-05-03",
        ),
    )
}

fn in_range(date: Date, shown: &str) -> Result<Date, Refusal> {
    if (1850..=2150).contains(&date.year()) {
        Ok(date)
    } else {
        Err(not_a_date(shown))
    }
}

/// The date of a day number of Excel (with its leap day 1900-02-29 that never was).
fn serial_date(serial: f64) -> Option<Date> {
    let days = serial.floor() as i64;
    Date::constant(1899, 12, 30)
        .checked_add(jiff::Span::new().days(days))
        .ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
}

fn date_parts(text: &str) -> Option<Parts> {
    let text = clean(text);
    // A time of day after the date says nothing here.
    let text = text
        .split(['T', ' '])
        .next()
        .filter(|head| head.len() >= 6 && head.contains(['-', '/', '.']))
        .unwrap_or(&text);
    let text = text.replace(' ', "");
    if text.contains(['年', '月']) {
        let (year, rest) = match text.split_once('年') {
            Some((year, rest)) => (Some(year_number(year)?), rest),
            None => (None, text.as_str()),
        };
        let (month, rest) = match rest.split_once('月') {
            Some((month, rest)) => (
                Some(small_number(month).filter(|month| (1..=12).contains(month))?),
                rest,
            ),
            None => (None, rest),
        };
        let rest = rest.trim_end_matches(['日', '号', '生']);
        let day = if rest.is_empty() {
            None
        } else {
            Some(small_number(rest)?)
        };
        return Some(Parts { year, month, day });
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
        return match text.len() {
            8 => Some(Parts {
                year: number(0, 4),
                month: number(4, 6),
                day: number(6, 8),
            }),
            6 if number(0, 4).is_some_and(|year: u32| (1850..=2150).contains(&year)) => Some(Parts {
                year: number(0, 4),
                month: number(4, 6),
                day: None,
            }),
            4 if number(0, 4).is_some_and(|year: u32| (1850..=2150).contains(&year)) => Some(Parts {
                year: number(0, 4),
                month: None,
                day: None,
            }),
            _ => None,
        };
    }
    let numbers: Option<Vec<u32>> = text
        .trim_end_matches('.')
        .split(['-', '.', '/', '\\', '–', '—', '~'])
        .map(|part| part.parse().ok())
        .collect();
    match numbers?.as_slice() {
        [year, month, day] if *year >= 1000 => Some(Parts {
            year: Some(*year),
            month: Some(*month),
            day: Some(*day),
        }),
        [year, month] if *year >= 1000 => Some(Parts {
            year: Some(*year),
            month: Some(*month),
            day: None,
        }),
        // Two digits of a year, or day and month before it: only the ID number can tell.
        [_, _, year] if *year >= 1000 => Some(Parts {
            year: Some(*year),
            month: None,
            day: None,
        }),
        [_, month, day] if *month <= 12 => Some(Parts {
            year: None,
            month: Some(*month),
            day: Some(*day),
        }),
        [month, day] if *month <= 12 => Some(Parts {
            year: None,
            month: Some(*month),
            day: Some(*day),
        }),
        _ => None,
    }
}

/// A year of four digits, also in Chinese characters (一九六八).
fn year_number(text: &str) -> Option<u32> {
    let digits: Option<String> = text
        .chars()
        .map(|c| match c {
            '0'..='9' => Some(c),
            '零' | 'O' | 'o' | '○' => Some('0'),
            other => small_number(&other.to_string()).and_then(|digit| char::from_digit(digit, 10)),
        })
        .collect();
    let digits = digits?;
    (digits.len() == 4).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use anju_model::register::{Ethnicity, Relation};
    use proptest::prelude::*;

    use super::*;

    fn cell(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn birth() -> Date {
        Date::constant(1968, 5, 3)
    }

    #[test]
    fn dates_in_every_common_form() {
        for text in [
            "1968.5.3",
            "1968-05-03",
            "1968/5/3",
            "1968年5月3日",
            "19680503",
            "１９６８年５月３日",
            "一九六八年五月三日",
            "1968年五月初三",
            " 1968-05-03 00:00:00 ",
            "1968.05.03.",
            "1968-05-03T00:00:00",
            "1968 年 5 月 3 日",
        ] {
            assert_eq!(date(&cell(text), None), Ok(Some(birth())), "{text}");
        }
        assert_eq!(date(&Cell::Number(24_961.0), None), Ok(Some(birth())));
        assert_eq!(date(&Cell::Number(19_680_503.0), None), Ok(Some(birth())));
        assert_eq!(date(&Cell::Date(birth()), None), Ok(Some(birth())));
        assert_eq!(date(&cell("不详"), None), Ok(None));
        assert_eq!(date(&Cell::Empty, None), Ok(None));
    }

    #[test]
    fn incomplete_dates_need_an_id_number_that_agrees() {
        let digits = format!("6124011968050300{}", "1");
        let right = IdNumber::new(&format!(
            "{digits}{}",
            anju_model::identity::check_character(&digits).unwrap_or('0')
        ));
        for text in [
            "1968年五月",
            "五月",
            "5月3日",
            "1968",
            "196805",
            "68.5.3",
            "3/5/1968",
            "1968.5",
        ] {
            let refused = date(&cell(text), None).unwrap_err();
            assert!(refused.reason.en.contains("incomplete"), "{text}: {refused:?}");
            assert!(refused.remedy.zh.contains("1968-05-03"));
            assert_eq!(date(&cell(text), Some(&right)), Ok(Some(birth())), "{text}");
        }
        for text in ["1969年五月", "六月", "5月4日"] {
            assert!(date(&cell(text), Some(&right)).is_err(), "{text}");
        }
        let wrong_check = IdNumber::new("612401196805030000");
        assert!(wrong_check.check().is_err());
        assert!(date(&cell("五月"), Some(&wrong_check)).is_err());
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "1968-02-30",
            "1968-13-01",
            "abc",
            "19681301",
            "0068-01-01",
            "1968年十三月",
        ] {
            assert!(date(&cell(text), None).is_err(), "{text}");
        }
    }

    #[test]
    fn identity_numbers_never_lose_digits_silently() {
        assert_eq!(
            id_number(&cell(" ６１２４０１１９６８０５０３００１x "))
                .unwrap()
                .unwrap()
                .as_str(),
            "61240119680503001X"
        );
        assert_eq!(
            id_number(&cell("'612401196805030018")).unwrap().unwrap().as_str(),
            "612401196805030018"
        );
        assert_eq!(
            id_number(&Cell::Number(612401680503001.0))
                .unwrap()
                .unwrap()
                .as_str(),
            "612401680503001"
        );
        for lost in [
            Cell::Number(6.12401196805030e17),
            cell("6.12401E+17"),
            cell("6.12401e17"),
        ] {
            let refused = id_number(&lost).unwrap_err();
            assert!(refused.reason.en.contains("lost"), "{lost:?}");
        }
        assert_eq!(id_number(&cell("无")), Ok(None));
    }

    #[test]
    fn names_are_brought_to_one_form() {
        assert_eq!(person_name("张　 三").unwrap(), "张三");
        assert_eq!(person_name("阿依古丽•买买提").unwrap(), "阿依古丽·买买提");
        assert_eq!(person_name("阿依古丽．买买提").unwrap(), "阿依古丽·买买提");
        assert_eq!(person_name(" John  Smith ").unwrap(), "John Smith");
        for bad in ["", "张?", "张3", "\u{3000}", "张*"] {
            assert!(person_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn words_of_code_lists_are_known_by_code_name_and_variant() {
        for word in ["汉", "汉族", "01", "Han", " 汉 族 "] {
            assert_eq!(coded(&ETHNICITY, word).unwrap(), Ethnicity::Han, "{word}");
        }
        assert_eq!(coded(&RELATION, "次女").unwrap(), Relation::SecondDaughter);
        assert_eq!(
            coded(&CATEGORY, "地灾").unwrap(),
            anju_model::register::Category::Disaster
        );
        let refused = coded(&PATHWAY, "坐火箭").unwrap_err();
        assert!(refused.remedy.zh.contains("集中安置"), "{refused:?}");
    }

    #[test]
    fn other_words_belong_to_existing_codes_and_to_one_of_them() {
        fn check<T: Copy + PartialEq + std::fmt::Debug>(list: &CodeList<T>) {
            let words: Words = toml::from_str(include_str!("codes.toml")).unwrap();
            let codes: Vec<&str> = list.all.iter().map(|value| (list.names)(*value)[0]).collect();
            for (code, variants) in &words[list.name] {
                let value = list.all[codes
                    .iter()
                    .position(|known| known == code)
                    .unwrap_or_else(|| panic!("{}: {code}", list.name))];
                for variant in variants {
                    assert_eq!(coded(list, variant).unwrap(), value, "{}: {variant}", list.name);
                }
            }
        }
        check(&CATEGORY);
        check(&CAUSE_OF_MOVE);
        check(&URGENCY);
        check(&POVERTY_ATTRIBUTE);
        check(&POVERTY_CAUSE);
        check(&STRUCTURE);
        check(&SAFETY_GRADE);
        check(&RELATION);
        check(&ETHNICITY);
        check(&EDUCATION);
        check(&HEALTH);
        check(&LABOUR);
        check(&CONSENT_CHOICE);
        check(&PATHWAY);
        check(&SEX);
    }

    #[test]
    fn money_follows_its_unit() {
        assert_eq!(
            money(&Cell::Number(1.5), "金额(万元)", 1.0),
            Ok(Some(Fen(1_500_000)))
        );
        assert_eq!(
            money(&Cell::Number(1.5), "金额", 10_000.0),
            Ok(Some(Fen(1_500_000)))
        );
        assert_eq!(
            money(&cell("1,234.56元"), "金额（万元）", 10_000.0),
            Ok(Some(Fen(123_456)))
        );
        assert_eq!(
            money(&cell("12万元"), "价格（元）", 1.0),
            Ok(Some(Fen(12_000_000)))
        );
        assert!(money(&cell("-5"), "", 1.0).is_err());
        assert!(money(&cell("很多"), "", 1.0).is_err());
    }

    #[test]
    fn yes_and_no() {
        assert_eq!(yes_no(&cell("√")), Ok(Some(true)));
        assert_eq!(yes_no(&cell("不 应搬")), Ok(Some(false)));
        assert_eq!(yes_no(&Cell::Number(1.0)), Ok(Some(true)));
        assert_eq!(yes_no(&Cell::Empty), Ok(None));
        assert!(yes_no(&cell("也许")).is_err());
    }

    proptest! {
        /// Every date is read back from every form it is written in.
        #[test]
        fn dates_round_trip(days in 0i64..90_000) {
            let date = Date::constant(1900, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (year, month, day) = (date.year(), date.month(), date.day());
            for text in [date.to_string(), format!("{year}.{month}.{day}"), format!("{year}年{month}月{day}日"), format!("{year}{month:02}{day:02}")] {
                prop_assert_eq!(super::date(&cell(&text), None), Ok(Some(date)), "{}", text);
            }
        }

        /// Cleaning is idempotent, and full width makes no difference.
        #[test]
        fn cleaning_twice_changes_nothing(text in "\\PC{0,30}") {
            prop_assert_eq!(clean(&clean(&text)), clean(&text));
        }

        #[test]
        fn numbers_in_full_width_are_the_same(number in 0u32..1_000_000) {
            let wide: String = number.to_string().chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
            prop_assert_eq!(super::number(&cell(&wide)), Ok(Some(f64::from(number))));
        }

        /// No text makes a reader panic.
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
            let cell = cell(&text);
            let _ = (date(&cell, None), id_number(&cell), number(&cell), yes_no(&cell), person_name(&text), small_number(&text));
            let _ = coded(&RELATION, &text);
        }
    }
}
