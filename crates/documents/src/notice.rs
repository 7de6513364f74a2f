//! The publicity list and the announcement.

use anju_model::code_list;
use anju_model::code_list::Language;
use anju_model::identification::{Calendar, NoticeKind};
use jiff::civil::Date;
use serde::Serialize;
use typst_layout::PagedDocument;

use crate::DocumentError;
use crate::press::{Template, lay_out, print};

const TEMPLATE: Template = Template {
    name: "notice.typ",
    text: include_str!("../templates/notice.typ"),
};

/// Lines from which an A3 sheet is set in two columns.
const TWO_COLUMNS_FROM: usize = 30;

code_list! {
    /// Size of the paper: A4 upright, or A3 lying, in larger print for a notice board.
    Paper {
        A4 = "a4", "A4", "A4";
        A3 = "a3", "A3", "A3";
    }
}

/// A list to be posted. It has no place for what a notice never shows: ID number, phone, bank account, health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeList {
    /// Open to objection, or final.
    pub kind: NoticeKind,
    /// Number of the notice, e.g. 青石村公示〔2026〕3号.
    pub number: String,
    /// The area in full, e.g. 安澜县清溪镇青石村.
    pub area_name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Days that objections are taken, as the policy pack has them.
    pub days: u32,
    /// Which days count.
    pub calendar: Calendar,
    /// Where it hangs.
    pub place: String,
    /// Whom to tell of an objection.
    pub contact: String,
    /// The households, by village or group.
    pub groups: Vec<NoticeGroup>,
}

/// The households of one village or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeGroup {
    /// Its name.
    pub name: String,
    /// Its households.
    pub lines: Vec<NoticeLine>,
}

/// One household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeLine {
    /// Name of the head.
    pub head_name: String,
    /// The villagers' group, where the list is by village.
    pub group: Option<String>,
    /// Persons.
    pub persons: usize,
    /// Category.
    pub category: String,
    /// Pathway; empty when none is chosen yet.
    pub pathway: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Sheet<'a> {
    paper: &'static str,
    columns: u8,
    title: String,
    number: &'a str,
    statement: String,
    facts: Vec<[&'a str; 2]>,
    columns_words: Vec<&'static str>,
    groups: Vec<Group>,
    posting: [&'static str; 3],
    issuer: &'a str,
    date: String,
    printed: String,
    words: Words,
}

#[derive(Serialize)]
struct Group {
    heading: String,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Words {
    page_before: &'static str,
    page_between: &'static str,
    page_after: &'static str,
    missing: &'static str,
    stamp: &'static str,
}

/// A day as documents write it.
pub(crate) fn day(date: Date, language: Language) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    match language {
        Language::Chinese => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Language::English => {
            let month = usize::try_from(date.month() - 1)
                .ok()
                .and_then(|index| MONTHS.get(index))
                .copied()
                .unwrap_or_default();
            format!("{} {month} {}", date.day(), date.year())
        }
    }
}

/// The words for characters that no font has.
pub(crate) fn missing_words(language: Language) -> &'static str {
    match language {
        Language::Chinese => "〓 处为字库未收录的字：",
        Language::English => "〓 stands for a character that the fonts lack: ",
    }
}

/// Page x of y.
pub(crate) fn page_words(language: Language) -> [&'static str; 3] {
    match language {
        Language::Chinese => ["第 ", " 页，共 ", " 页"],
        Language::English => ["page ", " of ", ""],
    }
}

/// An empty cell of a posted list could be filled in by hand; a dash cannot.
fn filled(text: &str) -> String {
    if text.is_empty() { "—" } else { text }.to_owned()
}

/// 户 and 人 of a group, e.g. 12户45人.
fn counted(households: usize, persons: usize, language: Language) -> String {
    match language {
        Language::Chinese => format!("{households}户{persons}人"),
        Language::English => format!(
            "{households} {}, {persons} {}",
            if households == 1 {
                "household"
            } else {
                "households"
            },
            if persons == 1 { "person" } else { "persons" }
        ),
    }
}

fn statement(list: &NoticeList, language: Language) -> String {
    let lines = list.groups.iter().flat_map(|group| &group.lines);
    let persons = lines.clone().map(|line| line.persons).sum();
    let counted = counted(lines.count(), persons, language);
    let (from, until) = (day(list.from, language), day(list.until, language));
    let days = list.days;
    match (list.kind, language) {
        (NoticeKind::Publicity, Language::Chinese) => format!(
            "按照移民搬迁对象认定程序，下列{counted}拟认定为移民搬迁对象，现予公示。公示期自{from}起至{until}止（{days}个{}，张贴当日不计）。\
             对公示对象有异议的，请在公示期内以口头或书面方式向下列联系人反映，可以匿名。",
            list.calendar.zh()
        ),
        (NoticeKind::Publicity, Language::English) => format!(
            "By the procedure of identification, {counted} are put forward for relocation as listed below. Objections are \
             taken from {from} to {until} ({days} {}, not counting the day of posting), in writing or orally, with or \
             without a name, by the contact named below.",
            list.calendar.en()
        ),
        (NoticeKind::Announcement, Language::Chinese) => format!(
            "经评议、公示、审核和审批，下列{counted}认定为移民搬迁对象，现予公告。对认定结果有意见的，可向下列联系人反映。"
        ),
        (NoticeKind::Announcement, Language::English) => format!(
            "After review, public notice, check and approval, {counted} are identified for relocation as listed below. Whoever \
             has something to say about it may turn to the contact named below."
        ),
    }
}

fn sheet<'a>(list: &'a NoticeList, language: Language, paper: Paper, printed: Date) -> Sheet<'a> {
    let chinese = language == Language::Chinese;
    let say = |zh: &'static str, en: &'static str| if chinese { zh } else { en };
    let lines = list.groups.iter().map(|group| group.lines.len()).sum::<usize>();
    let with_groups = list
        .groups
        .iter()
        .flat_map(|group| &group.lines)
        .any(|line| line.group.is_some());
    let mut columns_words = vec![say("序号", "No."), say("户主姓名", "Head of household")];
    if with_groups {
        columns_words.push(say("村民小组", "Group"));
    }
    columns_words.extend([
        say("人口", "Persons"),
        say("搬迁类型", "Category"),
        say("安置方式", "Pathway"),
    ]);
    let mut number = 0;
    let groups = list
        .groups
        .iter()
        .map(|group| {
            let persons = group.lines.iter().map(|line| line.persons).sum();
            let counted = counted(group.lines.len(), persons, language);
            Group {
                heading: if chinese {
                    format!("{}（{counted}）", group.name)
                } else {
                    format!("{} ({counted})", group.name)
                },
                rows: group
                    .lines
                    .iter()
                    .map(|line| {
                        number += 1;
                        let mut cells = vec![number.to_string(), line.head_name.clone()];
                        if with_groups {
                            cells.push(filled(line.group.as_deref().unwrap_or_default()));
                        }
                        cells.extend([
                            line.persons.to_string(),
                            line.category.clone(),
                            filled(&line.pathway),
                        ]);
                        cells
                    })
                    .collect(),
            }
        })
        .collect();
    let title = match (list.kind, language) {
        (NoticeKind::Publicity, Language::Chinese) => format!("{}移民搬迁对象公示", list.area_name),
        (NoticeKind::Publicity, Language::English) => {
            format!("{}: households put forward for relocation", list.area_name)
        }
        (NoticeKind::Announcement, Language::Chinese) => format!("{}移民搬迁对象公告", list.area_name),
        (NoticeKind::Announcement, Language::English) => {
            format!("{}: households identified for relocation", list.area_name)
        }
    };
    let contact = match list.kind {
        NoticeKind::Publicity => say("异议受理", "Objections to"),
        NoticeKind::Announcement => say("联系方式", "Contact"),
    };
    let [page_before, page_between, page_after] = page_words(language);
    Sheet {
        paper: paper.code(),
        columns: if lines >= TWO_COLUMNS_FROM { 2 } else { 1 },
        title,
        number: &list.number,
        statement: statement(list, language),
        facts: vec![
            [contact, &list.contact],
            [say("张贴地点", "Posted at"), &list.place],
        ],
        columns_words,
        groups,
        posting: [
            say("张贴人（签字）", "Posted by (signature)"),
            say("张贴日期", "Posted on"),
            say("撤下日期", "Taken down on"),
        ],
        issuer: &list.area_name,
        date: day(list.from, language),
        printed: format!("{}{}", say("打印日期 ", "printed "), day(printed, language)),
        words: Words {
            page_before,
            page_between,
            page_after,
            missing: missing_words(language),
            stamp: say("（盖章）", "(stamp)"),
        },
    }
}

fn pages(
    list: &NoticeList,
    language: Language,
    paper: Paper,
    printed: Date,
) -> Result<PagedDocument, DocumentError> {
    let sheet = sheet(list, language, paper, printed);
    lay_out(TEMPLATE, &sheet, language, printed, 1.0)
}

/// The list as a PDF, printed on a day.
///
/// # Errors
/// When it cannot be laid out.
pub fn notice_list(
    list: &NoticeList,
    language: Language,
    paper: Paper,
    printed: Date,
) -> Result<Vec<u8>, DocumentError> {
    let pages = pages(list, language, paper, printed)?;
    print(TEMPLATE, &pages, printed)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::press::reading::{lines, text};

    const NAMES: [&str; 6] = [
        "张三",
        "欧阳·*_#@$<\\`名",
        "阿卜杜热合曼·买买提伊明",
        "王䶮",
        "司马𬭎",
        "赵𠀀",
    ];

    fn list(kind: NoticeKind, groups: usize, of: usize, by_village: bool) -> NoticeList {
        NoticeList {
            kind,
            number: "青石村公示〔2026〕3号".into(),
            area_name: "安澜县清溪镇青石村".into(),
            from: date(2026, 3, 2),
            until: date(2026, 3, 9),
            days: 7,
            calendar: Calendar::CalendarDays,
            place: "村委会公示栏".into(),
            contact: "村监委会 李四,0916-0000000".into(),
            groups: (0..groups)
                .map(|group| NoticeGroup {
                    name: if by_village {
                        format!("清溪镇 第{}村", group + 1)
                    } else {
                        format!("{}组", group + 1)
                    },
                    lines: (0..of)
                        .map(|line| NoticeLine {
                            head_name: NAMES[(group + line) % NAMES.len()].into(),
                            group: by_village.then(|| format!("{}组", line % 4 + 1)),
                            persons: line % 6 + 1,
                            category: "避灾搬迁".into(),
                            pathway: if line % 5 == 4 {
                                String::new()
                            } else {
                                "存量商品房安置".into()
                            },
                        })
                        .collect(),
                })
                .collect(),
        }
    }

    const PRINTED: Date = date(2026, 3, 1);

    #[test]
    fn a_list_is_laid_out_as_it_was() {
        let list = list(NoticeKind::Publicity, 2, 3, false);
        let pages = pages(&list, Language::Chinese, Paper::A4, PRINTED).unwrap();
        let text: Vec<String> = lines(&pages).concat();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn the_announcement_is_laid_out_as_it_was() {
        let list = list(NoticeKind::Announcement, 1, 2, true);
        let pages = pages(&list, Language::English, Paper::A3, PRINTED).unwrap();
        let text: Vec<String> = lines(&pages).concat();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn names_are_printed_as_they_are_written() {
        let list = list(NoticeKind::Publicity, 1, 6, false);
        let text = text(&pages(&list, Language::Chinese, Paper::A4, PRINTED).unwrap());
        assert!(text.contains("欧阳·*_#@$<\\`名"), "{text}");
        assert!(text.contains("阿卜杜热合曼·买买提伊明"), "{text}");
        assert!(text.contains("司马𬭎"), "{text}");
        // The fifth has chosen no pathway.
        assert_eq!(text.matches('—').count(), 1, "{text}");
        assert!(text.contains("赵〓") && text.contains("U+20000"), "{text}");
    }

    #[test]
    fn every_page_of_three_hundred_households_has_its_headings_and_number() {
        for (paper, most) in [(Paper::A4, 12), (Paper::A3, 8)] {
            let list = list(NoticeKind::Publicity, 10, 30, true);
            let pages = lines(&pages(&list, Language::Chinese, paper, PRINTED).unwrap());
            assert!(pages.len() > 2 && pages.len() <= most, "{} pages", pages.len());
            for (number, page) in pages.iter().enumerate() {
                let page = page.join("\n");
                assert!(page.contains("户主姓名"), "page {number}: {page}");
                let below = format!("第 {} 页，共 {} 页", number + 1, pages.len());
                assert!(page.contains(&below), "page {number}: {page}");
                // The village whose households go on is named again.
                assert!(page.contains("清溪镇 第"), "page {number}: {page}");
            }
            let all = pages.concat().join("\n");
            assert!(all.contains("下列300户"), "{all}");
            assert_eq!(all.matches("存量商品房安置").count(), 240);
        }
    }

    #[test]
    fn the_same_values_and_day_give_the_same_file_with_its_fonts() {
        let list = list(NoticeKind::Publicity, 1, 2, false);
        let make = |printed| notice_list(&list, Language::Chinese, Paper::A4, printed).unwrap();
        let file = make(PRINTED);
        assert_eq!(file, make(PRINTED));
        assert_ne!(file, make(date(2026, 3, 2)), "the day is printed");
        assert!(file.starts_with(b"%PDF-1.7"));
        let contains = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
        // Three fonts are named with the prefix of a subset, and each brings its outlines.
        for font in [
            "+NotoSansSC-Regular",
            "+NotoSansSC-Bold",
            "+NotoSerifSC-Bold",
            "/FontFile2",
            "/ToUnicode",
        ] {
            assert!(contains(font), "{font}");
        }
    }
}
