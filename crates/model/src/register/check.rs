//! What is wrong with a household as a person records it: what no household can be, told field by field.
//!
//! What merely asks for a second look is the look-back's, and what needs the rest of the register (a number that is
//! taken, a helper who is listed) is the use case's.

use std::collections::HashSet;

use jiff::civil::Date;

use super::person::Generation;
use super::{Household, HouseholdFacts, IdKind, Person, SchoolState};
use crate::area::AreaLevel;
use crate::code_list::Text;
use crate::identity::{IdNumber, IdNumberError, Sex};
use crate::roster::is_line;

/// Most other causes of poverty.
pub const OTHER_CAUSES: usize = 2;

/// Most characters of a person's name.
const NAME_LIMIT: usize = 50;

/// Most characters of a register number.
const NUMBER_LIMIT: usize = 40;

/// Largest plot of land in mu x 100 that is believed of one household.
const LAND_LIMIT: i64 = 1_000_000;

/// Something wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Stable code.
    pub code: &'static str,
    /// The field: `home.area_m2`, `members.3.id_number` with the place of the member counted from 1.
    pub field: String,
    /// What is wrong and what to do.
    pub detail: Text,
}

fn problem(
    code: &'static str,
    field: impl Into<String>,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> FieldProblem {
    FieldProblem {
        code,
        field: field.into(),
        detail: Text::new(zh, en),
    }
}

/// Everything that is wrong with a household on a day.
pub fn problems(household: &Household, today: Date) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    facts(&household.facts, today, &mut found);
    for (place, member) in (1..).zip(&household.members) {
        person(place, member, today, &mut found);
    }
    family(&household.members, &mut found);
    found
}

fn facts(facts: &HouseholdFacts, today: Date, found: &mut Vec<FieldProblem>) {
    let number = facts.register_number.trim();
    if number.is_empty()
        || number.chars().count() > NUMBER_LIMIT
        || number
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        found.push(problem(
            "register_number",
            "register_number",
            format!("户编号须为 1 至 {NUMBER_LIMIT} 个字符,不含空格"),
            format!("a register number has 1 to {NUMBER_LIMIT} characters and no spaces"),
        ));
    }
    if facts.area.level() < AreaLevel::Village {
        found.push(problem(
            "area_level",
            "area",
            format!("区划 {} 不是村或村民小组", facts.area),
            format!("{} is no village or villagers' group", facts.area),
        ));
    }
    if has_twice(&facts.causes) {
        found.push(problem(
            "twice",
            "causes",
            "同一搬迁原因重复",
            "a cause is named twice",
        ));
    }
    causes_of_poverty(facts, found);
    if let Some(position) = facts.position
        && !((-180.0..=180.0).contains(&position.longitude) && (-90.0..=90.0).contains(&position.latitude))
    {
        found.push(problem(
            "position",
            "position",
            "经度须在 -180 至 180 之间,纬度须在 -90 至 90 之间",
            "a longitude lies between -180 and 180, a latitude between -90 and 90",
        ));
    }
    if let Some(text) = &facts.phone
        && !is_phone(text)
    {
        found.push(phone_problem("phone"));
    }
    if let Some(account) = &facts.bank_account
        && !((8..=32).contains(&account.len()) && account.bytes().all(|byte| byte.is_ascii_digit()))
    {
        found.push(problem(
            "bank_account",
            "bank_account",
            "银行账号须为 8 至 32 位数字",
            "a bank account has 8 to 32 digits",
        ));
    }
    for (field, mu) in [
        ("farmland_mu_hundredths", facts.farmland_mu_hundredths),
        ("forest_mu_hundredths", facts.forest_mu_hundredths),
        ("orchard_mu_hundredths", facts.orchard_mu_hundredths),
        ("grassland_mu_hundredths", facts.grassland_mu_hundredths),
        ("water_mu_hundredths", facts.water_mu_hundredths),
    ] {
        if mu.is_some_and(|mu| !(0..=LAND_LIMIT).contains(&mu)) {
            found.push(problem(
                "land",
                field,
                format!("面积须在 0 至 {} 亩之间", LAND_LIMIT / 100),
                format!("an area of land lies between 0 and {} mu", LAND_LIMIT / 100),
            ));
        }
    }
    let home = &facts.home;
    for (field, area) in [
        ("home.area_m2", home.area_m2),
        ("home.homestead_m2", home.homestead_m2),
    ] {
        if area.is_some_and(|area| !(0.0..=5_000.0).contains(&area)) {
            found.push(problem(
                "floor_area",
                field,
                "面积须在 0 至 5000 平方米之间",
                "an area lies between 0 and 5000 square metres",
            ));
        }
    }
    if home
        .year_built
        .is_some_and(|year| !(1800..=today.year()).contains(&year))
    {
        found.push(problem(
            "year_built",
            "home.year_built",
            format!("建造年份须在 1800 至 {} 之间", today.year()),
            format!("a home was built between 1800 and {}", today.year()),
        ));
    }
    if home.owner.as_ref().is_some_and(|owner| !is_line(owner)) {
        found.push(line_problem("home.owner"));
    }
    if facts
        .living
        .road_distance_km
        .is_some_and(|distance| !(0.0..=500.0).contains(&distance))
    {
        found.push(problem(
            "road_distance",
            "living.road_distance_km",
            "距离须在 0 至 500 公里之间",
            "a distance lies between 0 and 500 km",
        ));
    }
    if let Some(helper) = &facts.helper {
        if !is_line(&helper.name) {
            found.push(line_problem("helper.name"));
        }
        if helper.unit.as_ref().is_some_and(|unit| !is_line(unit)) {
            found.push(line_problem("helper.unit"));
        }
        if let Some(Err(error)) = helper.id_number.as_ref().map(IdNumber::check) {
            found.push(number_problem("helper.id_number", &error));
        }
        if helper.phone.as_ref().is_some_and(|phone| !is_phone(phone)) {
            found.push(phone_problem("helper.phone"));
        }
    }
    if has_twice(&facts.vulnerabilities) {
        found.push(problem(
            "twice",
            "vulnerabilities",
            "同一情形重复",
            "one is named twice",
        ));
    }
}

fn causes_of_poverty(facts: &HouseholdFacts, found: &mut Vec<FieldProblem>) {
    let others = &facts.other_causes_of_poverty;
    let field = "other_causes_of_poverty";
    if others.len() > OTHER_CAUSES {
        found.push(problem(
            "too_many_causes",
            field,
            format!("其他致贫原因最多 {OTHER_CAUSES} 项"),
            format!("there are at most {OTHER_CAUSES} other causes of poverty"),
        ));
    }
    if has_twice(others) {
        found.push(problem(
            "twice",
            field,
            "同一致贫原因重复",
            "a cause is named twice",
        ));
    }
    match facts.main_cause_of_poverty {
        Some(main) if others.contains(&main) => found.push(problem(
            "cause_is_main",
            field,
            format!("其他致贫原因不能与主要致贫原因相同({})", main.zh()),
            format!("another cause cannot be the main one ({})", main.en()),
        )),
        None if !others.is_empty() => found.push(problem(
            "no_main_cause",
            "main_cause_of_poverty",
            "填了其他致贫原因,须先填主要致贫原因",
            "name the main cause before the other ones",
        )),
        _ => {}
    }
}

fn person(place: usize, member: &Person, today: Date, found: &mut Vec<FieldProblem>) {
    let facts = &member.facts;
    let at = |field: &str| format!("members.{place}.{field}");
    let letters = facts.name.chars().count();
    if facts.name.trim() != facts.name
        || !(1..=NAME_LIMIT).contains(&letters)
        || !facts
            .name
            .chars()
            .all(|letter| letter.is_alphabetic() || matches!(letter, '·' | ' ' | '-' | '\'' | '.'))
    {
        found.push(problem(
            "name",
            at("name"),
            format!("姓名须为 1 至 {NAME_LIMIT} 个文字,间隔号用“·”"),
            format!("a name has 1 to {NAME_LIMIT} letters; its parts are set apart by '·'"),
        ));
    }
    if facts
        .birth_date
        .is_some_and(|date| date > today || date.year() < 1880)
    {
        found.push(problem(
            "birth_date",
            at("birth_date"),
            "出生日期不能晚于今天,也不能早于 1880 年",
            "a birth date is not after today and not before 1880",
        ));
    }
    id_number(place, member, found);
    match (facts.relation.sex(), facts.sex) {
        (Some(Sex::Male), Sex::Female) | (Some(Sex::Female), Sex::Male) => found.push(problem(
            "relation_sex",
            at("relation"),
            format!(
                "与户主关系“{}”与性别“{}”矛盾",
                facts.relation.zh(),
                facts.sex.zh()
            ),
            format!(
                "the relation ({}) contradicts the sex ({})",
                facts.relation.en(),
                facts.sex.en()
            ),
        )),
        _ => {}
    }
    if has_twice(&facts.health) || (facts.health.len() > 1 && facts.health.contains(&super::Health::Healthy))
    {
        found.push(problem(
            "health",
            at("health"),
            "“健康”不能与其他健康状况并存,同一状况不能重复",
            "healthy goes with no other state of health, and none is named twice",
        ));
    }
    if facts.work.months.is_some_and(|months| months > 12) {
        found.push(problem(
            "months",
            at("work.months"),
            "务工月数须在 0 至 12 之间",
            "the months of work lie between 0 and 12",
        ));
    }
    if facts.work.monthly_wage.is_some_and(|wage| wage.0 < 0) {
        found.push(problem(
            "wage",
            at("work.monthly_wage"),
            "月工资不能为负",
            "a wage is not negative",
        ));
    }
    for (field, text) in [
        ("work.skills", &facts.work.skills),
        ("work.training_wish", &facts.work.training_wish),
        ("membership.document", &facts.membership.document),
        ("dropout_reason", &facts.dropout_reason),
        ("no_id_reason", &facts.no_id_reason),
    ] {
        if text.as_ref().is_some_and(|text| !is_line(text)) {
            found.push(line_problem(at(field)));
        }
    }
    if facts.phone.as_ref().is_some_and(|phone| !is_phone(phone)) {
        found.push(phone_problem(at("phone")));
    }
    if facts.membership.basis.needs_document() && facts.membership.document.is_none() {
        found.push(problem(
            "membership_document",
            at("membership.document"),
            format!("按“{}”认定成员,须填写结婚证号或决定文号", facts.membership.basis.zh()),
            format!(
                "a member on the ground \"{}\" needs the number of the marriage certificate or of the decision",
                facts.membership.basis.en()
            ),
        ));
    }
    if facts.school == Some(SchoolState::DroppedOut) && facts.dropout_reason.is_none() {
        found.push(problem(
            "dropout_reason",
            at("dropout_reason"),
            "失学辍学须写明原因",
            "say why the person dropped out of school",
        ));
    }
}

fn id_number(place: usize, member: &Person, found: &mut Vec<FieldProblem>) {
    let facts = &member.facts;
    let at = |field: &str| format!("members.{place}.{field}");
    let field = at("id_number");
    match (facts.id_kind, &facts.id_number) {
        (IdKind::NoDocument, Some(_)) => found.push(problem(
            "id_kind",
            field,
            "证件类型为“无证件”,不应有证件号码",
            "there is an ID number although the kind says there is no document",
        )),
        (IdKind::NoDocument, None) if facts.no_id_reason.is_none() => found.push(problem(
            "no_id_reason",
            at("no_id_reason"),
            "无证件的须写明原因",
            "say why there is no document",
        )),
        (IdKind::Passport, Some(number)) => {
            let text = number.as_str();
            if !((5..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
                found.push(problem(
                    "passport",
                    field,
                    "护照号码须为 5 至 20 位字母或数字",
                    "a passport number has 5 to 20 letters or digits",
                ));
            }
        }
        (kind @ (IdKind::Resident | IdKind::DisabilityCertificate), Some(number)) => {
            let fits = match kind {
                IdKind::DisabilityCertificate => matches!(number.as_str().len(), 20 | 22),
                _ => matches!(number.as_str().len(), 15 | 18),
            };
            if !fits {
                found.push(problem(
                    "id_kind",
                    field,
                    format!(
                        "{} 位号码不是{}(居民身份证 18 或 15 位,残疾人证 20 或 22 位)",
                        number.as_str().chars().count(),
                        kind.zh()
                    ),
                    format!(
                        "a number of {} characters is no {} (18 or 15 for an identity number, 20 or 22 for a disability certificate)",
                        number.as_str().chars().count(),
                        kind.en()
                    ),
                ));
            } else if let Err(error) = number.check() {
                found.push(number_problem(field, &error));
            } else {
                if let (Some(inside), Some(written)) = (number.birth_date(), facts.birth_date)
                    && inside != written
                {
                    found.push(problem(
                        "birth_date_differs",
                        at("birth_date"),
                        format!("出生日期 {written} 与证件号码中的 {inside} 不一致"),
                        format!("the birth date {written} is not the one in the ID number, {inside}"),
                    ));
                }
                if let (Some(inside), Sex::Male | Sex::Female) = (number.sex(), facts.sex)
                    && inside != facts.sex
                {
                    found.push(problem(
                        "sex_differs",
                        at("sex"),
                        format!("性别“{}”与证件号码中的“{}”不一致", facts.sex.zh(), inside.zh()),
                        format!(
                            "the sex ({}) is not the one in the ID number ({})",
                            facts.sex.en(),
                            inside.en()
                        ),
                    ));
                }
            }
        }
        _ => {}
    }
}

/// The relations among the members: one head, one spouse, every document once, and nobody older than a parent.
fn family(members: &[Person], found: &mut Vec<FieldProblem>) {
    if members.is_empty() {
        found.push(problem(
            "no_members",
            "members",
            "户内没有成员",
            "a household has members",
        ));
        return;
    }
    let of = |wanted: fn(super::Relation) -> bool| -> Vec<usize> {
        (1..)
            .zip(members)
            .filter(|(_, member)| wanted(member.facts.relation))
            .map(|(place, _)| place)
            .collect()
    };
    let heads = of(super::Relation::is_head);
    let spouses = of(super::Relation::is_spouse);
    if heads.is_empty() {
        found.push(problem(
            "no_head",
            "members",
            "没有户主;请指定一名户主",
            "nobody is the head; name one member",
        ));
    }
    for place in heads.iter().skip(1) {
        found.push(problem(
            "two_heads",
            format!("members.{place}.relation"),
            "一户只能有一名户主",
            "a household has one head",
        ));
    }
    for place in spouses.iter().skip(1) {
        found.push(problem(
            "two_spouses",
            format!("members.{place}.relation"),
            "户主只能有一名配偶",
            "the head has one spouse",
        ));
    }
    let mut numbers = HashSet::new();
    for (place, member) in (1..).zip(members) {
        let number = member.facts.id_number.as_ref();
        let number = number.map(|number| number.to_18().unwrap_or_else(|| number.clone()));
        if number.is_some_and(|number| !numbers.insert(number)) {
            found.push(problem(
                "id_number_twice",
                format!("members.{place}.id_number"),
                "同户另一成员已使用该证件号码",
                "another member has this ID number",
            ));
        }
    }
    let Some(head) = heads.first().and_then(|&place| members.get(place - 1)) else {
        return;
    };
    let Some(head_birth) = birth(head) else { return };
    for (place, member) in (1..).zip(members) {
        let Some(birth) = birth(member) else { continue };
        let contradicts = match member.facts.relation.generation() {
            Generation::Older => birth >= head_birth,
            Generation::Younger => birth <= head_birth,
            Generation::Any => false,
        };
        if contradicts {
            let relation = member.facts.relation;
            found.push(problem(
                "relation_age",
                format!("members.{place}.relation"),
                format!("{birth} 出生,不可能是 {head_birth} 出生的户主的{}", relation.zh()),
                format!(
                    "somebody born on {birth} cannot be the {} of a head born on {head_birth}",
                    relation.en()
                ),
            ));
        }
    }
}

/// The birth date as recorded, else the one in the ID number.
pub fn birth(member: &Person) -> Option<Date> {
    let facts = &member.facts;
    facts.birth_date.or_else(|| {
        facts
            .id_number
            .as_ref()
            .filter(|_| matches!(facts.id_kind, IdKind::Resident | IdKind::DisabilityCertificate))
            .and_then(IdNumber::birth_date)
    })
}

fn has_twice<T: PartialEq>(list: &[T]) -> bool {
    list.iter()
        .enumerate()
        .any(|(place, value)| list[..place].contains(value))
}

/// A mobile number of 11 digits, or a landline with its area code.
fn is_phone(text: &str) -> bool {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && match digits.len() {
            11 => digits.starts_with('1') || digits.starts_with('0'),
            10 | 12 => digits.starts_with('0'),
            _ => false,
        }
}

fn phone_problem(field: impl Into<String>) -> FieldProblem {
    problem(
        "phone",
        field,
        "电话须为 11 位手机号,或带区号的固定电话",
        "a phone is a mobile number of 11 digits, or a landline with its area code",
    )
}

fn line_problem(field: impl Into<String>) -> FieldProblem {
    problem(
        "text",
        field,
        "须为一行不超过 200 字的文字",
        "it is one line of at most 200 characters",
    )
}

fn number_problem(field: impl Into<String>, error: &IdNumberError) -> FieldProblem {
    problem(
        "id_number",
        field,
        format!("证件号码不成立:{}", error.zh()),
        format!("the ID number cannot be right: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::register::{Health, MembershipBasis, Position, PovertyCause, Relation};
    use crate::roster::tests::household;

    const TODAY: Date = date(2026, 3, 1);

    /// What is wrong with a household of a mother and her daughter after a change, as code and field.
    fn found(change: impl FnOnce(&mut Household)) -> Vec<String> {
        let mut one = household(1, 2, None);
        one.members[0].facts.name = "李秀英".into();
        one.members[0].facts.birth_date = Some(date(1970, 5, 3));
        one.members[1].facts.name = "张敏".into();
        one.members[1].facts.birth_date = Some(date(1995, 2, 1));
        change(&mut one);
        problems(&one, TODAY)
            .into_iter()
            .map(|problem| {
                assert!(!problem.detail.zh.is_empty() && !problem.detail.en.is_empty());
                format!("{} {}", problem.code, problem.field)
            })
            .collect()
    }

    #[test]
    fn a_household_as_it_should_be_has_no_problem() {
        assert_eq!(found(|_| {}), [""; 0]);
    }

    #[test]
    fn documents_are_checked_by_their_kind() {
        let with = |kind, number: &str| {
            found(|one| {
                one.members[0].facts.birth_date = None;
                one.members[0].facts.id_kind = kind;
                one.members[0].facts.id_number = Some(IdNumber::new(number));
            })
        };
        // 11010519491231002X is the example of GB 11643.
        assert_eq!(with(IdKind::Resident, "11010519491231002X"), [""; 0]);
        assert_eq!(
            with(IdKind::Resident, "110105194912310021"),
            ["id_number members.1.id_number"]
        );
        assert_eq!(
            with(IdKind::Resident, "110105194902310029"),
            ["id_number members.1.id_number"]
        );
        assert_eq!(
            with(IdKind::Resident, "11010519491231002X42"),
            ["id_kind members.1.id_number"]
        );
        assert_eq!(
            with(IdKind::DisabilityCertificate, "11010519491231002X42"),
            [""; 0]
        );
        assert_eq!(
            with(IdKind::DisabilityCertificate, "11010519491231002X42B1"),
            [""; 0]
        );
        assert_eq!(
            with(IdKind::DisabilityCertificate, "11010519491231002X85"),
            ["id_number members.1.id_number"]
        );
        assert_eq!(with(IdKind::Passport, "E12345678"), [""; 0]);
        assert_eq!(with(IdKind::Passport, "护照"), ["passport members.1.id_number"]);
        assert_eq!(with(IdKind::NoDocument, "E1"), ["id_kind members.1.id_number"]);
        assert_eq!(
            found(|one| one.members[1].facts.id_kind = IdKind::NoDocument),
            ["no_id_reason members.2.no_id_reason"]
        );
    }

    #[test]
    fn the_document_and_what_is_written_beside_it_agree() {
        assert_eq!(
            found(|one| {
                one.members[0].facts.id_number = Some(IdNumber::new("11010519491231002X"));
                one.members[0].facts.sex = Sex::Male;
            }),
            [
                "birth_date_differs members.1.birth_date",
                "sex_differs members.1.sex"
            ]
        );
        assert_eq!(
            found(|one| {
                for member in &mut one.members {
                    member.facts.birth_date = None;
                    member.facts.id_number = Some(IdNumber::new("11010519491231002X"));
                }
            }),
            [
                "id_number_twice members.2.id_number",
                "relation_age members.2.relation"
            ]
        );
    }

    #[test]
    fn relations_do_not_contradict_each_other() {
        assert_eq!(
            found(|one| one.members[1].facts.relation = Relation::Head),
            ["two_heads members.2.relation"]
        );
        assert_eq!(
            found(|one| one.members[0].facts.relation = Relation::OtherKin),
            ["no_head members"]
        );
        assert_eq!(
            found(|one| one.members[1].facts.relation = Relation::Mother),
            ["relation_age members.2.relation"]
        );
        assert_eq!(
            found(|one| one.members[1].facts.relation = Relation::Husband),
            ["relation_sex members.2.relation"]
        );
        assert_eq!(
            found(|one| {
                let second = one.members[1].clone();
                one.members.push(second);
                one.members[1].facts.relation = Relation::Spouse;
                one.members[2].facts.relation = Relation::Spouse;
            }),
            ["two_spouses members.3.relation"]
        );
        assert_eq!(found(|one| one.members.clear()), ["no_members members"]);
    }

    #[test]
    fn other_causes_are_not_the_main_one() {
        let with = |main, others: &[PovertyCause]| {
            found(|one| {
                one.facts.main_cause_of_poverty = main;
                one.facts.other_causes_of_poverty = others.to_vec();
            })
        };
        use PovertyCause::{Disability, Illness, Land, Schooling};
        assert_eq!(with(Some(Illness), &[Land, Schooling]), [""; 0]);
        assert_eq!(
            with(Some(Illness), &[Illness]),
            ["cause_is_main other_causes_of_poverty"]
        );
        assert_eq!(
            with(Some(Illness), &[Land, Schooling, Disability]),
            ["too_many_causes other_causes_of_poverty"]
        );
        assert_eq!(with(None, &[Land]), ["no_main_cause main_cause_of_poverty"]);
        assert_eq!(
            with(Some(Illness), &[Land, Land]),
            ["twice other_causes_of_poverty"]
        );
    }

    #[test]
    fn figures_lie_in_their_ranges() {
        assert_eq!(
            found(|one| {
                one.facts.register_number = "QX 1".into();
                one.facts.area = crate::area::AreaCode::parse("619021101").unwrap();
                one.facts.position = Some(Position {
                    longitude: 1080.0,
                    latitude: 33.0,
                });
                one.facts.phone = Some("1381234567".into());
                one.facts.bank_account = Some("6217-1".into());
                one.facts.farmland_mu_hundredths = Some(-1);
                one.facts.home.area_m2 = Some(f64::NAN);
                one.facts.home.year_built = Some(2027);
                one.facts.living.road_distance_km = Some(-1.0);
            }),
            [
                "register_number register_number",
                "area_level area",
                "position position",
                "phone phone",
                "bank_account bank_account",
                "land farmland_mu_hundredths",
                "floor_area home.area_m2",
                "year_built home.year_built",
                "road_distance living.road_distance_km",
            ]
        );
        assert_eq!(
            found(|one| {
                let facts = &mut one.members[1].facts;
                facts.name = "张 三1".into();
                facts.birth_date = Some(date(2026, 3, 2));
                facts.health = vec![Health::Healthy, Health::Disabled];
                facts.work.months = Some(13);
                facts.phone = Some("138".into());
                facts.membership.basis = MembershipBasis::MarriedIn;
                facts.school = Some(SchoolState::DroppedOut);
            }),
            [
                "name members.2.name",
                "birth_date members.2.birth_date",
                "health members.2.health",
                "months members.2.work.months",
                "phone members.2.phone",
                "membership_document members.2.membership.document",
                "dropout_reason members.2.dropout_reason",
            ]
        );
    }
}
