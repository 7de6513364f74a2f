//! The household card: what is known of one household, on one page.

use anju_model::code_list::Language;
use jiff::civil::Date;
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use typst_layout::PagedDocument;

use crate::DocumentError;
use crate::notice::{day, missing_words, page_words};
use crate::press::{Template, lay_out, print};

const TEMPLATE: Template = Template {
    name: "card.typ",
    text: include_str!("../templates/card.typ"),
};

/// Sizes of print that are tried until the card fits on its page.
const SCALES: [f64; 4] = [1.0, 0.88, 0.76, 0.66];
/// Decisions printed; of more, the newest.
const DECISIONS: usize = 12;

/// A label and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardFact(pub String, pub String);

/// Facts under a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardSection {
    /// The title.
    pub title: String,
    /// The facts.
    pub facts: Vec<CardFact>,
}

/// A member of the household.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardMember {
    /// Name.
    pub name: String,
    /// Relation to the head.
    pub relation: String,
    /// Sex.
    pub sex: String,
    /// Month or day of birth.
    pub born: String,
    /// ID number.
    pub id_number: String,
    /// Ethnicity.
    pub ethnicity: String,
    /// Education.
    pub education: String,
    /// Health.
    pub health: String,
    /// Capacity to work.
    pub labour: String,
}

/// Something decided about the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardDecision {
    /// When.
    pub on: Date,
    /// What.
    pub what: String,
    /// By whom.
    pub by: String,
    /// Reason, document or place.
    pub detail: String,
}

/// What a card shows, in the language it is printed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdCard {
    /// 户编号.
    pub register_number: String,
    /// The facts beside the title: number, head, address, category.
    pub head: Vec<CardFact>,
    /// Whether personal data is masked, and if not, for which purpose; printed under the title.
    pub note: String,
    /// Household, home, land, income, consent, destination.
    pub sections: Vec<CardSection>,
    /// The members, the head first.
    pub members: Vec<CardMember>,
    /// What was decided, oldest first.
    pub decisions: Vec<CardDecision>,
    /// What the QR code says: the address of the household's page, or its register number.
    pub look_up: String,
    /// Who printed it.
    pub printed_by: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Sheet<'a> {
    title: &'static str,
    number: &'a str,
    head: &'a [CardFact],
    note: &'a str,
    sections: &'a [CardSection],
    member_words: [&'static str; 9],
    members: Vec<[&'a str; 9]>,
    decision_words: [&'static str; 4],
    decisions: Vec<[String; 4]>,
    left_out: String,
    code: Code,
    signatures: [&'static str; 3],
    printed: String,
    words: Words,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Words {
    page_before: &'static str,
    page_between: &'static str,
    page_after: &'static str,
    missing: &'static str,
    members: &'static str,
    decisions: &'static str,
    look_up: &'static str,
}

/// A QR code as runs of dark modules: column, row, length.
#[derive(Serialize)]
struct Code {
    modules: usize,
    runs: Vec<(usize, usize, usize)>,
}

fn code(text: &str) -> Result<Code, DocumentError> {
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| DocumentError::Values {
            template: TEMPLATE.name,
            reason: error.to_string(),
        })?;
    let modules = code.width();
    let mut runs = Vec::new();
    for (row, colors) in code.to_colors().chunks(modules).enumerate() {
        let mut column = 0;
        for run in colors.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                runs.push((column, row, run.len()));
            }
            column += run.len();
        }
    }
    Ok(Code { modules, runs })
}

fn sheet<'a>(card: &'a HouseholdCard, language: Language, printed: Date) -> Result<Sheet<'a>, DocumentError> {
    let chinese = language == Language::Chinese;
    let say = |zh: &'static str, en: &'static str| if chinese { zh } else { en };
    let left_out = card.decisions.len().saturating_sub(DECISIONS);
    let [page_before, page_between, page_after] = page_words(language);
    Ok(Sheet {
        title: say("移民搬迁户信息卡", "Household card"),
        number: &card.register_number,
        head: &card.head,
        note: &card.note,
        sections: &card.sections,
        member_words: [
            say("姓名", "Name"),
            say("关系", "Relation"),
            say("性别", "Sex"),
            say("出生", "Born"),
            say("证件号码", "ID number"),
            say("民族", "Ethnicity"),
            say("文化程度", "Education"),
            say("健康", "Health"),
            say("劳动能力", "Labour"),
        ],
        members: card
            .members
            .iter()
            .map(|member| {
                [
                    &member.name,
                    &member.relation,
                    &member.sex,
                    &member.born,
                    &member.id_number,
                    &member.ethnicity,
                    &member.education,
                    &member.health,
                    &member.labour,
                ]
                .map(String::as_str)
            })
            .collect(),
        decision_words: [
            say("日期", "Date"),
            say("事项", "What"),
            say("办理人", "By"),
            say("说明", "Detail"),
        ],
        decisions: card.decisions[left_out..]
            .iter()
            .map(|decision| {
                [
                    decision.on.to_string(),
                    decision.what.clone(),
                    decision.by.clone(),
                    decision.detail.clone(),
                ]
            })
            .collect(),
        left_out: match (left_out, chinese) {
            (0, _) => String::new(),
            (count, true) => format!("此前另有{count}项，见系统。"),
            (count, false) => format!("{count} earlier ones are in the system."),
        },
        code: code(&card.look_up)?,
        signatures: [
            say("户主（签字）", "Head (signature)"),
            say("核对人（签字）", "Checked by (signature)"),
            say("日期", "Date"),
        ],
        printed: format!(
            "{}{} · {}",
            say("打印 ", "printed "),
            card.printed_by,
            day(printed, language)
        ),
        words: Words {
            page_before,
            page_between,
            page_after,
            missing: missing_words(language),
            members: say("家庭成员", "Members"),
            decisions: say("办理经过", "Decisions"),
            look_up: say("扫码查询", "Look-up"),
        },
    })
}

fn page(card: &HouseholdCard, language: Language, printed: Date) -> Result<PagedDocument, DocumentError> {
    let sheet = sheet(card, language, printed)?;
    let mut pages = 0;
    for scale in SCALES {
        let laid_out = lay_out(TEMPLATE, &sheet, language, printed, scale)?;
        pages = laid_out.pages().len();
        if pages == 1 {
            return Ok(laid_out);
        }
    }
    Err(DocumentError::TooLong {
        template: TEMPLATE.name,
        pages,
    })
}

/// The card as a PDF of one page, printed on a day. Of a large household the print is made smaller.
///
/// # Errors
/// When it cannot be laid out, or does not fit on one page.
pub fn household_card(
    card: &HouseholdCard,
    language: Language,
    printed: Date,
) -> Result<Vec<u8>, DocumentError> {
    let page = page(card, language, printed)?;
    print(TEMPLATE, &page, printed)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::press::reading::{lines, text};

    const PRINTED: Date = date(2026, 3, 1);

    fn card(members: usize, decisions: usize) -> HouseholdCard {
        let fact = |label: &str, value: &str| CardFact(label.into(), value.into());
        HouseholdCard {
            register_number: "619021101201-0007".into(),
            head: vec![
                fact("户编号", "619021101201-0007"),
                fact("户主", "张*"),
                fact("住址", "清溪镇 青石村 3组"),
                fact("搬迁类型", "避灾搬迁"),
            ],
            note: "个人信息已打掩码。".into(),
            sections: vec![
                CardSection {
                    title: "户情".into(),
                    facts: vec![
                        fact("搬迁原因", "地质灾害"),
                        fact("应搬", "是"),
                        fact("紧迫程度", "较紧迫"),
                        fact("隐患点", "6190210034"),
                    ],
                },
                CardSection {
                    title: "现住房".into(),
                    facts: vec![
                        fact("结构", "土坯"),
                        fact("安全等级", "D级"),
                        fact("面积", "86 m²"),
                        fact("建造年份", "1987"),
                        fact("耕地", "3.20 亩"),
                    ],
                },
            ],
            members: (0..members)
                .map(|member| CardMember {
                    name: if member == 1 {
                        "阿卜杜热合曼·*".into()
                    } else {
                        "张*".into()
                    },
                    relation: "户主".into(),
                    sex: "男".into(),
                    born: "1968-05".into(),
                    id_number: "619021********0011".into(),
                    ethnicity: "乌孜别克族".into(),
                    education: "初中".into(),
                    health: "长期慢性病".into(),
                    labour: "弱劳动力或半劳动力".into(),
                })
                .collect(),
            decisions: (0..decisions)
                .map(|decision| CardDecision {
                    on: date(2026, 3, 2),
                    what: format!("第{decision}次村民代表会议评议 · 通过"),
                    by: "village".into(),
                    detail: "应到30,实到22,赞成18,反对3,弃权1;信息比对结果已宣读".into(),
                })
                .collect(),
            look_up: "https://anju.example.gov.cn/register/0192f0c1-0000-7000-8000-000000000001".into(),
            printed_by: "county".into(),
        }
    }

    #[test]
    fn a_card_is_laid_out_as_it_was() {
        let page = page(&card(4, 3), Language::Chinese, PRINTED).unwrap();
        let text: Vec<String> = lines(&page).concat();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn a_large_household_still_has_one_page() {
        let page = page(&card(16, 40), Language::English, PRINTED).unwrap();
        assert_eq!(page.pages().len(), 1);
        let text = text(&page);
        assert!(text.contains("28 earlier ones"), "{text}");
        assert!(text.contains("第39次") && !text.contains("第27次"), "{text}");
    }

    #[test]
    fn what_cannot_fit_is_refused_in_words() {
        let error = household_card(&card(400, 0), Language::Chinese, PRINTED).unwrap_err();
        assert!(matches!(error, DocumentError::TooLong { .. }), "{error}");
        assert!(error.text().zh.contains("页"));
    }

    #[test]
    fn the_code_is_drawn_as_it_was_made() {
        let text = "https://anju.example/register/1";
        let code = code(text).unwrap();
        let dark: usize = code.runs.iter().map(|run| run.2).sum();
        let made = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let colors = made.to_colors();
        assert_eq!(dark, colors.iter().filter(|color| **color == Color::Dark).count());
        for (column, row, length) in &code.runs {
            for x in *column..column + length {
                assert_eq!(colors[row * code.modules + x], Color::Dark);
            }
        }
        assert!(code_of_a_book().is_err());
    }

    fn code_of_a_book() -> Result<Code, DocumentError> {
        code(&"x".repeat(5000))
    }
}
