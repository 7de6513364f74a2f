//! Printed documents: the list of a notice or an announcement, and the household card.
//!
//! What is printed is what the views show: a notice has no place for personal data beyond the head's name, and a card is
//! masked unless it was asked for whole with a purpose, which is on the ledger before it is printed.

pub use anju_documents::Paper;
use anju_documents::{
    CardDecision, CardFact, CardMember, CardSection, HouseholdCard, NoticeGroup, NoticeLine, NoticeList,
    household_card, notice_list,
};
use anju_model::area::{AreaCode, AreaLevel};
use anju_model::code_list::Language;
use anju_model::identification::{NoticeKind, TakenStep, day_in_china};
use anju_model::money::Fen;
use anju_model::register::income::IncomeYear;
use anju_model::register::{Household, HouseholdFacts};
use anju_store::Versioned;
use uuid::Uuid;

use super::identification::notice::load_notice;
use super::identification::{clock, views as identification_views};
use super::unmask::{self, Need};
use super::views::{self, HouseholdDetail};
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// The list of a notice or announcement as a PDF.
///
/// # Errors
/// As [`shown_list`]; when it cannot be laid out.
pub async fn notice_pdf(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    paper: Paper,
    language: Language,
) -> Result<Vec<u8>, AppError> {
    let list = shown_list(workspace, caller, id, language).await?;
    let today = workspace.today();
    on_thread(move || notice_list(&list, language, paper, today)).await
}

/// What the list of a notice or announcement shows, by villagers' group (of a village) or by village.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown; when the caller may not read the register there.
pub async fn shown_list(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    language: Language,
) -> Result<NoticeList, AppError> {
    let shown = identification_views::notice(workspace, caller, id).await?;
    let notice = load_notice(workspace, id).await?.value;
    let areas = workspace.areas().await?;
    let area_name = full_name(workspace, &areas, &shown.area);
    let (days, calendar) = match shown.kind {
        NoticeKind::Publicity => (
            clock::notice_days(workspace.pack(), shown.level)?,
            clock::calendar(workspace.pack())?,
        ),
        NoticeKind::Announcement => (0, clock::calendar(workspace.pack())?),
    };
    let of_village = shown.area.level() >= AreaLevel::Village;
    let mut groups: Vec<(AreaCode, NoticeGroup)> = Vec::new();
    for line in shown.lines.into_iter().filter(|line| line.stands) {
        let group = line.area.at_level(AreaLevel::Group);
        let group_name = group.as_ref().map_or_else(
            || say(language, "未分组", "no group").to_owned(),
            |group| areas.name(group),
        );
        let (key, name) = if of_village {
            (line.area.clone(), group_name.clone())
        } else {
            let village = line
                .area
                .at_level(AreaLevel::Village)
                .unwrap_or(line.area.clone());
            let name = areas.path(&village);
            (village, name)
        };
        let printed = NoticeLine {
            head_name: line.head_name,
            group: (!of_village).then_some(group_name),
            persons: line.persons,
            category: say(language, line.category.zh(), line.category.en()).to_owned(),
            pathway: line.pathway.map_or_else(String::new, |pathway| {
                say(language, pathway.zh(), pathway.en()).to_owned()
            }),
        };
        match groups.last_mut() {
            Some((last, group)) if *last == key => group.lines.push(printed),
            _ => groups.push((
                key,
                NoticeGroup {
                    name,
                    lines: vec![printed],
                },
            )),
        }
    }
    Ok(NoticeList {
        kind: shown.kind,
        number: identification_views::number_text(&notice, &areas.name(&shown.area), language)
            .unwrap_or_default(),
        area_name,
        from: shown.from,
        until: shown.until,
        days,
        calendar,
        place: shown.place,
        contact: shown.contact,
        groups: groups.into_iter().map(|(_, group)| group).collect(),
    })
}

/// The card of a household as a PDF, masked.
///
/// # Errors
/// As [`masked_card`]; when it cannot be laid out.
pub async fn card_pdf(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    language: Language,
    address: Option<&str>,
) -> Result<Vec<u8>, AppError> {
    let card = masked_card(workspace, caller, id, language, address).await?;
    print_card(workspace, card, language).await
}

/// What the card of a household shows, masked. `address` is that of the web app, for the code on it.
///
/// # Errors
/// As [`views::household`].
pub async fn masked_card(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    language: Language,
    address: Option<&str>,
) -> Result<HouseholdCard, AppError> {
    let detail = views::household(workspace, caller, id).await?;
    let note = say(language, "个人信息已打掩码。", "Personal data is masked.").to_owned();
    whole_card(workspace, caller, &detail, note, language, address).await
}

/// The card of a household as a PDF with personal data as it is, for a purpose.
///
/// # Errors
/// As [`unmask::unmask`].
pub async fn unmasked_card_pdf(
    workspace: &Workspace,
    caller: &Caller,
    id: Uuid,
    need: Need,
    language: Language,
    address: Option<&str>,
) -> Result<Vec<u8>, AppError> {
    let purpose = say(language, need.purpose.zh(), need.purpose.en()).to_owned();
    let detail = unmask::unmask(workspace, caller, id, need).await?;
    let note = match language {
        Language::Chinese => format!("含未打掩码的个人信息，仅限用于：{purpose}。"),
        Language::English => format!("Personal data is shown as it is, for this purpose only: {purpose}."),
    };
    let card = whole_card(workspace, caller, &detail, note, language, address).await?;
    print_card(workspace, card, language).await
}

async fn print_card(
    workspace: &Workspace,
    card: HouseholdCard,
    language: Language,
) -> Result<Vec<u8>, AppError> {
    let today = workspace.today();
    on_thread(move || household_card(&card, language, today)).await
}

/// The card of what is shown of a household, with what the view does not have.
async fn whole_card(
    workspace: &Workspace,
    caller: &Caller,
    detail: &HouseholdDetail,
    note: String,
    language: Language,
    address: Option<&str>,
) -> Result<HouseholdCard, AppError> {
    let stored: Option<Versioned<Household>> =
        anju_store::load(workspace.db(), &detail.summary.id.to_string()).await?;
    let facts = stored.map(|stored| stored.value.facts);
    let incomes = anju_store::household_file::income_of(workspace.db(), detail.summary.id).await?;
    let mut shown = card(detail, language);
    if let Some(facts) = &facts {
        shown.sections.insert(2, land(facts, language));
    }
    if !incomes.is_empty() {
        let incomes: Vec<&IncomeYear> = incomes.iter().map(|year| &year.value).collect();
        shown
            .sections
            .insert(3, income(&incomes, detail.members.len(), language));
    }
    Ok(HouseholdCard {
        note,
        look_up: match address {
            Some(address) => format!("{}/register/{}", address.trim_end_matches('/'), detail.summary.id),
            None => detail.summary.register_number.clone(),
        },
        printed_by: caller.name().to_owned(),
        ..shown
    })
}

/// Lays out on a thread of its own: it takes all of a processor for a moment.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, anju_documents::DocumentError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| AppError::Aborted(error.to_string()))?
        .map_err(AppError::from)
}

fn say<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

/// County, township and village as official papers write them.
fn full_name(workspace: &Workspace, areas: &AreaNames, area: &AreaCode) -> String {
    format!("{}{}", workspace.county().name, areas.path(area).replace(' ', ""))
}

/// Years of income on a card.
const INCOME_YEARS: usize = 3;

/// The land that a household farms or holds.
fn land(facts: &HouseholdFacts, language: Language) -> CardSection {
    let mu = |zh, en, hundredths: Option<i64>| {
        let value = hundredths.map_or_else(
            || "—".to_owned(),
            |mu| format!("{}.{:02} {}", mu / 100, mu % 100, say(language, "亩", "mu")),
        );
        CardFact(say(language, zh, en).to_owned(), value)
    };
    CardSection {
        title: say(language, "土地", "Land").to_owned(),
        facts: vec![
            mu("耕地", "Farmland", facts.farmland_mu_hundredths),
            mu("林地", "Forest", facts.forest_mu_hundredths),
            mu("果园", "Orchard", facts.orchard_mu_hundredths),
            mu("草地", "Grassland", facts.grassland_mu_hundredths),
            mu("水面", "Water", facts.water_mu_hundredths),
        ],
    }
}

/// Net income of the latest of these years, the newest first, of the household and for each person.
fn income(years: &[&IncomeYear], persons: usize, language: Language) -> CardSection {
    let yuan = |fen: Fen| format!("{}.{:02}", fen.0 / 100, fen.0.unsigned_abs() % 100);
    let facts = years
        .iter()
        .take(INCOME_YEARS)
        .map(|year| {
            let each = year.net_per_person(persons).map_or_else(String::new, |fen| {
                format!(" ({} {})", say(language, "人均", "each"), yuan(fen))
            });
            CardFact(year.year.to_string(), format!("{}{each}", yuan(year.net())))
        })
        .collect();
    CardSection {
        title: say(language, "纯收入（元）", "Net income (yuan)").to_owned(),
        facts,
    }
}

/// What the card shows of a household, but for what the printing adds.
fn card(detail: &HouseholdDetail, language: Language) -> HouseholdCard {
    let say = |zh: &'static str, en: &'static str| say(language, zh, en);
    let fact = |zh: &'static str, en: &'static str, value: Option<String>| {
        CardFact(
            say(zh, en).to_owned(),
            value
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| "—".into()),
        )
    };
    let yes_no = |yes: bool| Some(if yes { say("是", "yes") } else { say("否", "no") }.to_owned());
    macro_rules! name {
        ($code:expr) => {
            $code.map(|code| self::say(language, code.zh(), code.en()).to_owned())
        };
    }
    let summary = &detail.summary;
    let home = &detail.home;
    let mut sections = vec![
        CardSection {
            title: say("户情", "Household").to_owned(),
            facts: vec![
                fact(
                    "搬迁原因",
                    "Causes",
                    Some(
                        detail
                            .causes
                            .iter()
                            .map(|cause| self::say(language, cause.zh(), cause.en()))
                            .collect::<Vec<_>>()
                            .join(say("、", ", ")),
                    ),
                ),
                fact("应搬", "Must move", yes_no(summary.must_move)),
                fact("紧迫程度", "Urgency", name!(summary.urgency)),
                fact("隐患点", "Hazard point", summary.hazard_point.clone()),
                fact("贫困户属性", "Poverty attribute", name!(detail.poverty_attribute)),
                fact("主要致贫原因", "Main cause", name!(detail.main_cause_of_poverty)),
                fact("电话", "Phone", detail.phone.clone()),
                fact("银行账号", "Bank account", detail.bank_account.clone()),
                fact("人口", "Persons", Some(detail.members.len().to_string())),
            ],
        },
        CardSection {
            title: say("现住房", "Present home").to_owned(),
            facts: vec![
                fact("结构", "Structure", name!(home.structure)),
                fact("安全等级", "Safety grade", name!(home.grade)),
                fact(
                    "面积",
                    "Floor area",
                    home.area_m2.map(|area| format!("{area} m²")),
                ),
                fact("建造年份", "Built", home.year_built.map(|year| year.to_string())),
            ],
        },
    ];
    let consent = detail.consent.as_ref();
    sections.push(CardSection {
        title: say("搬迁意愿和去向", "Consent and destination").to_owned(),
        facts: vec![
            fact("意愿", "Choice", name!(consent.map(|view| view.consent.choice))),
            fact(
                "安置方式",
                "Pathway",
                name!(consent.and_then(|view| view.consent.pathway)),
            ),
            fact(
                "意向乡镇",
                "Preferred township",
                consent.and_then(|view| view.preferred_township_name.clone()),
            ),
            fact(
                "签字人",
                "Signed by",
                consent.map(|view| view.consent.signer.clone()),
            ),
            fact("日期", "Date", consent.map(|view| view.consent.date.to_string())),
            fact(
                "凭证",
                "Evidence",
                consent.and_then(|view| view.consent.evidence.clone()),
            ),
            fact(
                "规划去向",
                "Planned destination",
                summary
                    .destination
                    .as_ref()
                    .and_then(|to| to.site_name.clone().or(name!(to.pathway))),
            ),
            fact(
                "核定名册",
                "Roster",
                detail
                    .roster
                    .as_ref()
                    .map(|roster| format!("{} · {} · {}", roster.title, roster.number, roster.document)),
            ),
        ],
    });
    HouseholdCard {
        register_number: summary.register_number.clone(),
        head: vec![
            fact("户编号", "Register no.", Some(summary.register_number.clone())),
            fact("户主", "Head", Some(summary.head_name.clone())),
            fact("住址", "Address", Some(summary.area_name.clone())),
            fact(
                "搬迁类型",
                "Category",
                Some(say(summary.category.zh(), summary.category.en()).to_owned()),
            ),
        ],
        note: String::new(),
        sections,
        members: detail
            .members
            .iter()
            .map(|member| CardMember {
                name: member.facts.name.clone(),
                relation: say(member.facts.relation.zh(), member.facts.relation.en()).to_owned(),
                sex: say(member.facts.sex.zh(), member.facts.sex.en()).to_owned(),
                born: member
                    .facts
                    .birth_date
                    .map(|date| date.to_string())
                    .or_else(|| member.birth_month.clone())
                    .unwrap_or_default(),
                id_number: member
                    .facts
                    .id_number
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                ethnicity: name!(member.facts.ethnicity).unwrap_or_default(),
                education: name!(member.facts.education).unwrap_or_default(),
                health: member
                    .facts
                    .health
                    .iter()
                    .map(|health| say(health.zh(), health.en()))
                    .collect::<Vec<_>>()
                    .join(say("、", ", ")),
                labour: name!(member.facts.labour).unwrap_or_default(),
            })
            .collect(),
        decisions: decisions(detail, language),
        look_up: String::new(),
        printed_by: String::new(),
    }
}

/// The steps of identification, the roster and the amendments, oldest first.
fn decisions(detail: &HouseholdDetail, language: Language) -> Vec<CardDecision> {
    let mut decisions: Vec<CardDecision> = detail
        .identification
        .iter()
        .flat_map(|case| &case.taken)
        .map(|taken| CardDecision {
            on: day_in_china(taken.at),
            what: format!(
                "{} · {}",
                say(language, taken.step.zh(), taken.step.en()),
                say(language, taken.outcome.zh(), taken.outcome.en())
            ),
            by: taken.by.clone(),
            detail: step_detail(taken, language),
        })
        .collect();
    if let Some(roster) = &detail.roster
        && let Some(frozen_at) = roster.frozen_at
    {
        decisions.push(CardDecision {
            on: day_in_china(frozen_at),
            what: say(language, "列入核定名册", "put on the approved roster").to_owned(),
            by: String::new(),
            detail: format!("{} · {}", roster.title, roster.document),
        });
    }
    for amendment in &detail.amendments {
        if let Some(last) = amendment.steps.last() {
            decisions.push(CardDecision {
                on: day_in_china(last.at),
                what: format!(
                    "{} · {}",
                    say(language, "变更审批", "amendment"),
                    say(language, amendment.state.zh(), amendment.state.en())
                ),
                by: last.by.clone(),
                detail: amendment.reason.clone(),
            });
        }
    }
    decisions.sort_by_key(|decision| decision.on);
    decisions
}

fn step_detail(taken: &TakenStep, language: Language) -> String {
    let vote = taken.vote.as_ref().map(|vote| match language {
        Language::Chinese => format!(
            "应到{}，实到{}，赞成{}，反对{}，弃权{}",
            vote.entitled, vote.present, vote.in_favour, vote.against, vote.abstained
        ),
        Language::English => format!(
            "{} entitled, {} present, {} in favour, {} against, {} abstained",
            vote.entitled, vote.present, vote.in_favour, vote.against, vote.abstained
        ),
    });
    let meeting = taken.vote.as_ref().and_then(|vote| vote.meeting.as_ref());
    let meeting = meeting.map(|meeting| match language {
        Language::Chinese => format!("{} 在{}开会", meeting.date, meeting.place),
        Language::English => format!("meeting of {} at {}", meeting.date, meeting.place),
    });
    [meeting, vote, taken.remark.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(say(language, "；", "; "))
}
