//! The look-back on small registers with known answers, and its laws on made ones.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as made"
)]

use std::collections::HashMap;
use std::ops::ControlFlow;

use anju_model::area::AreaCode;
use anju_model::identity::{IdNumber, Sex, check_character};
use anju_model::lookback::{ExtractFacts, ExtractRecord, Severity, ThreatenedHousehold};
use anju_model::money::Fen;
use anju_model::policy::{Pack, embedded};
use anju_model::register::{
    Category, Household, HouseholdFacts, HouseholdStatus, Person, PersonFacts, Relation,
};
use anju_verify::{FoundItem, HazardExposure, Input, Outcome, VerifyError, look_back};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use uuid::Uuid;

const TODAY: Date = date(2025, 6, 1);
const VILLAGE: &str = "61902110120103";

/// A valid number.
fn number(birth: Date, sequence: u32) -> String {
    let digits = format!(
        "619021{:04}{:02}{:02}{sequence:03}",
        birth.year(),
        birth.month(),
        birth.day()
    );
    let check = check_character(&digits).unwrap();
    format!("{digits}{check}")
}

fn person(id: u128, name: &str, id_number: &str, birth: Date, sex: Sex, relation: Relation) -> Person {
    Person {
        id: Uuid::from_u128(id),
        facts: PersonFacts {
            birth_date: Some(birth),
            id_number: (!id_number.is_empty()).then(|| IdNumber::new(id_number)),
            ..PersonFacts::new(name, sex, relation)
        },
    }
}

fn man(id: u128, name: &str, birth: Date, sequence: u32, relation: Relation) -> Person {
    assert_eq!(sequence % 2, 1);
    person(id, name, &number(birth, sequence), birth, Sex::Male, relation)
}

fn woman(id: u128, name: &str, birth: Date, sequence: u32, relation: Relation) -> Person {
    assert_eq!(sequence % 2, 0);
    person(id, name, &number(birth, sequence), birth, Sex::Female, relation)
}

fn household(id: u128, area: &str, members: Vec<Person>) -> Household {
    Household {
        id: Uuid::from_u128(id),
        facts: HouseholdFacts::new(
            format!("H{id}"),
            AreaCode::parse(area).unwrap(),
            Category::Poverty,
        ),
        members,
        consent: None,
        status: HouseholdStatus::Active,
        events: Vec::new(),
    }
}

/// A family without fault.
fn family() -> Household {
    household(
        1,
        VILLAGE,
        vec![
            man(11, "张建国", date(1970, 5, 1), 101, Relation::Head),
            woman(12, "李秀英", date(1972, 7, 9), 102, Relation::Wife),
            man(13, "张强", date(1995, 2, 3), 103, Relation::Son),
            woman(14, "王桂兰", date(1948, 3, 3), 104, Relation::Mother),
        ],
    )
}

fn extract(id: u128, name: &str, id_number: &str, facts: ExtractFacts) -> ExtractRecord {
    ExtractRecord {
        id: Uuid::from_u128(id),
        file: "extract.xlsx".to_owned(),
        row: 2,
        name: name.to_owned(),
        id_number: (!id_number.is_empty()).then(|| IdNumber::new(id_number)),
        facts,
    }
}

fn civil(birth: Option<Date>, death: Option<Date>) -> ExtractFacts {
    ExtractFacts::CivilRegistry {
        sex: None,
        birth_date: birth,
        death_date: death,
        hukou_number: None,
        address: None,
    }
}

fn vehicle(kind: &str, price: Option<i64>, state: &str) -> ExtractFacts {
    ExtractFacts::Vehicle {
        plate: "陕F·12345".to_owned(),
        kind: kind.to_owned(),
        price: price.map(Fen::from_yuan),
        registered: None,
        state: Some(state.to_owned()),
    }
}

fn listed(id: u128, name: &str, id_number: &str, must_move: bool) -> ThreatenedHousehold {
    ThreatenedHousehold {
        id: Uuid::from_u128(id),
        file: "threatened.xlsx".to_owned(),
        row: 3,
        hazard_point: "Y01".to_owned(),
        area: AreaCode::parse(&VILLAGE[..12]).unwrap(),
        head_name: name.to_owned(),
        head_id_number: (!id_number.is_empty()).then(|| IdNumber::new(id_number)),
        persons: 4,
        must_move,
    }
}

#[derive(Debug, Default, Clone)]
struct County {
    households: Vec<Household>,
    extracts: Vec<ExtractRecord>,
    threatened: Vec<ThreatenedHousehold>,
    hazards: HashMap<Uuid, HazardExposure>,
}

impl County {
    fn run(&self, pack: &Pack) -> Outcome {
        let input = Input {
            households: &self.households,
            extracts: &self.extracts,
            threatened: &self.threatened,
            hazards: &self.hazards,
            as_of: TODAY,
        };
        look_back(&input, pack, &|_| ControlFlow::Continue(())).unwrap()
    }

    fn items(&self) -> Vec<FoundItem> {
        self.run(&embedded("cn-shaanxi").unwrap()).items
    }

    fn rules(&self) -> Vec<String> {
        self.items().into_iter().map(|item| item.rule).collect()
    }
}

fn of(households: Vec<Household>) -> County {
    County {
        households,
        ..County::default()
    }
}

fn with_extract(record: ExtractRecord) -> County {
    County {
        households: vec![family()],
        extracts: vec![record],
        ..County::default()
    }
}

fn changed(change: impl FnOnce(&mut Household)) -> Vec<String> {
    let mut household = family();
    change(&mut household);
    of(vec![household]).rules()
}

fn set_number(household: &mut Household, member: usize, text: &str) {
    household.members[member].facts.id_number = Some(IdNumber::new(text));
}

#[test]
fn a_family_without_fault_gives_no_item() {
    assert_eq!(changed(|_| ()), [""; 0]);
    let old_generation = changed(|household| set_number(household, 3, "619021480303104"));
    assert_eq!(old_generation, [""; 0]);
    // A disability certificate is the ID number with class and grade behind it.
    let certificate = changed(|household| {
        let text = format!("{}42", number(date(1948, 3, 3), 104));
        set_number(household, 3, &text);
    });
    assert_eq!(certificate, [""; 0]);
}

#[test]
fn a_wrong_number_is_one_item() {
    let right = number(date(1995, 2, 3), 103);
    assert_eq!(
        changed(|household| set_number(household, 2, &right[..16])),
        ["identity.length"]
    );
    let mut wrong = right.clone().into_bytes();
    wrong.swap(16, 15);
    let wrong = String::from_utf8(wrong).unwrap();
    assert_eq!(
        changed(|household| set_number(household, 2, &wrong)),
        ["identity.check_digit"]
    );
    // The wrong number would also say another sex and birth date; that is the same mistake.
    let sex_digit = format!("{}4{}", &right[..16], &right[17..]);
    assert_eq!(
        changed(|household| set_number(household, 2, &sex_digit)),
        ["identity.check_digit"]
    );
    assert_eq!(
        changed(|household| set_number(household, 2, "61902119951303103X")),
        ["identity.check_digit"]
    );
}

#[test]
fn birth_date_and_sex_against_the_number() {
    let lunar = changed(|household| household.members[2].facts.birth_date = Some(date(1995, 1, 4)));
    assert_eq!(lunar, ["identity.birth_mismatch"]);
    let sex = changed(|household| household.members[2].facts.sex = Sex::Female);
    assert_eq!(sex, ["identity.sex_mismatch"]);
    // The wife recorded as a man is a wrong sex, not a marriage of two men.
    let wife = changed(|household| household.members[1].facts.sex = Sex::Male);
    assert_eq!(wife, ["identity.sex_mismatch"]);
}

#[test]
fn families() {
    let no_head = changed(|household| household.members[0].facts.relation = Relation::OtherKin);
    assert_eq!(no_head, ["family.no_head"]);
    let two_heads = changed(|household| household.members[2].facts.relation = Relation::Head);
    assert_eq!(two_heads, ["family.two_heads"]);
    let two_spouses = changed(|household| household.members[3].facts.relation = Relation::Spouse);
    assert_eq!(two_spouses, ["family.two_spouses"]);
    let same_sex = changed(|household| {
        household.members[1] = man(12, "李秀英", date(1972, 7, 9), 111, Relation::Spouse);
    });
    assert_eq!(same_sex, ["family.spouse_same_sex"]);
    let near =
        changed(|household| household.members[2] = man(13, "张强", date(1984, 4, 30), 103, Relation::Son));
    assert_eq!(near, ["family.parent_age"]);
    let fourteen =
        changed(|household| household.members[2] = man(13, "张强", date(1984, 5, 1), 103, Relation::Son));
    assert_eq!(fourteen, [""; 0]);
    let mother = changed(|household| {
        household.members[3] = woman(14, "王桂兰", date(1960, 3, 3), 104, Relation::Mother);
    });
    assert_eq!(mother, ["family.parent_age"]);
    // A birth date that the number contradicts is that item alone.
    let mistyped = changed(|household| household.members[2].facts.birth_date = Some(date(1975, 2, 3)));
    assert_eq!(mistyped, ["identity.birth_mismatch"]);
    let alone = |birth| {
        of(vec![household(
            1,
            VILLAGE,
            vec![man(11, "张小明", birth, 101, Relation::Head)],
        )])
        .rules()
    };
    assert_eq!(alone(date(2007, 6, 2)), ["family.lone_minor"]);
    assert_eq!(alone(date(2007, 6, 1)), [""; 0]);
}

/// The head of [`family`] entered again in another household of the township, with a change.
fn entered_twice(change: impl FnOnce(&mut PersonFacts)) -> County {
    let mut again = man(21, "张建国", date(1970, 5, 1), 101, Relation::Head);
    change(&mut again.facts);
    of(vec![family(), household(2, "61902110120201", vec![again])])
}

fn duplicates(county: &County) -> Vec<FoundItem> {
    county
        .items()
        .into_iter()
        .filter(|item| item.rule == "identity.duplicate_person")
        .collect()
}

#[test]
fn one_person_entered_twice() {
    let id = number(date(1970, 5, 1), 101);
    let swapped = format!("{}{}{}{}", &id[..12], &id[13..14], &id[12..13], &id[14..]);
    let cut = id[..17].to_owned();
    type Change = Box<dyn FnOnce(&mut PersonFacts)>;
    let set =
        |text: String| -> Change { Box::new(move |facts| facts.id_number = Some(IdNumber::new(&text))) };
    let none = |name: &'static str, birth: Date| -> Change {
        Box::new(move |facts| {
            facts.id_number = None;
            facts.name = name.to_owned();
            facts.birth_date = Some(birth);
        })
    };
    let cases: Vec<(&str, Change)> = vec![
        ("equal", Box::new(|_| ())),
        ("homophone", Box::new(|facts| facts.name = "章建国".to_owned())),
        ("small x and spaces", set(format!(" {} ", id.to_lowercase()))),
        ("neighbours swapped", set(swapped)),
        ("cut", set(cut)),
        ("one digit", set(format!("{}7{}", &id[..14], &id[15..]))),
        ("without number", none("张建国", date(1970, 5, 1))),
    ];
    for (case, change) in cases {
        let found = duplicates(&entered_twice(change));
        assert_eq!(found.len(), 1, "{case}");
        let item = &found[0];
        assert!(item.probability > 0.9, "{case}: {}", item.probability);
        assert_eq!(item.person, Some(Uuid::from_u128(21)), "the later entry");
        assert_eq!(item.other_person, Some(Uuid::from_u128(11)));
        assert!(
            !item.explanation.zh.contains(&id) && !item.explanation.en.contains(&id),
            "masked"
        );
        assert!(
            item.explanation.zh.contains("依据") && item.values.contains_key("weight.name"),
            "{case}"
        );
    }
}

#[test]
fn the_civil_registry_shows_who_is_entered_again_without_a_number() {
    let syllables: Vec<char> = "伟强军勇涛明超刚平辉鹏华飞鑫波斌宇浩凯健".chars().collect();
    let areas = [VILLAGE, "61902110220103"];
    let mut county = County::default();
    for number_of in 0..400_usize {
        let name = format!("张{}{}", syllables[number_of / 20], syllables[number_of % 20]);
        let (month, day) = (1 + number_of / 50, 1 + number_of * 5 % 28);
        let birth = date(1950 + (number_of % 50) as i16, month as i8, day as i8);
        let one = man(5000 + number_of as u128, &name, birth, 101, Relation::Head);
        let mut facts = civil(Some(birth), None);
        if let ExtractFacts::CivilRegistry { sex, .. } = &mut facts {
            *sex = Some(Sex::Male);
        }
        let record = extract(9000 + number_of as u128, &name, &number(birth, 101), facts);
        county.extracts.push(record);
        county.households.push(household(
            1000 + number_of as u128,
            areas[number_of % 2],
            vec![one],
        ));
    }
    // Born on the 8th of March 1969: written as the 3rd of August, and with the month before it.
    let known = &county.households[119].members[0];
    let name = known.facts.name.clone();
    assert_eq!(known.facts.birth_date, Some(date(1969, 3, 8)));
    for birth in [date(1969, 8, 3), date(1969, 2, 8)] {
        let again = person(8000, &name, "", birth, Sex::Male, Relation::OtherKin);
        let mut county = county.clone();
        county.households.push(household(8000, VILLAGE, vec![again]));
        let found = duplicates(&county);
        assert_eq!(found.len(), 1, "{birth}");
        let item = &found[0];
        assert_eq!(item.person, Some(Uuid::from_u128(8000)));
        assert_eq!(item.other_person, Some(Uuid::from_u128(5119)));
        assert_eq!(item.evidence, [Uuid::from_u128(9119)]);
        assert!(item.probability > 0.9 && item.explanation.zh.contains("公安户籍"));
        // Somebody born in another year or of the other sex is another person.
        let other = |change: fn(&mut PersonFacts)| {
            let mut county = county.clone();
            change(&mut county.households[400].members[0].facts);
            duplicates(&county)
        };
        assert!(other(|facts| facts.birth_date = Some(date(1974, 2, 8))).is_empty());
        assert!(other(|facts| facts.sex = Sex::Female).is_empty());
        county.extracts.clear();
        assert!(duplicates(&county).is_empty(), "{birth}: without the registry");
    }
}

#[test]
fn namesakes_with_other_valid_numbers_are_two_persons() {
    let namesake = |birth, area: &str| {
        of(vec![
            family(),
            household(2, area, vec![man(21, "张建国", birth, 105, Relation::Head)]),
        ])
    };
    assert!(duplicates(&namesake(date(1971, 5, 1), VILLAGE)).is_empty());
    assert!(duplicates(&namesake(date(1970, 5, 1), "61902220120201")).is_empty());
    // Same name, birth date and group, but another valid number: asked, not merged.
    let found = duplicates(&namesake(date(1970, 5, 1), VILLAGE));
    for item in &found {
        assert_eq!(item.severity, Severity::Ask);
        assert!(
            item.explanation.zh.contains("不自动合并"),
            "{}",
            item.explanation.zh
        );
    }
}

#[test]
fn brothers_and_twins_of_one_household_are_not_one_person() {
    let mut home = family();
    home.members
        .push(man(15, "张刚", date(1995, 2, 3), 105, Relation::Son));
    assert_eq!(of(vec![home.clone()]).rules(), [""; 0]);
    // One son listed twice, the second time without his number.
    home.members[4].facts.name = "张强".to_owned();
    home.members[4].facts.id_number = None;
    let found = of(vec![home.clone()]).items();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].explanation.zh.contains("同一户内登记两次"),
        "{}",
        found[0].explanation.zh
    );
    // Two sons with one number: it cannot be both's.
    home.members[4].facts.name = "张刚".to_owned();
    home.members[4].facts.id_number = home.members[2].facts.id_number.clone();
    assert_eq!(duplicates(&of(vec![home])).len(), 1);
}

#[test]
fn a_valid_number_shared_by_two_persons_must_be_corrected() {
    let shared = entered_twice(|facts| {
        facts.name = "欧阳锋".to_owned();
        facts.birth_date = None;
    });
    let found = duplicates(&shared);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].severity, found[0].probability), (Severity::Block, 1.0));
    assert!(
        found[0].explanation.zh.contains("同一个有效身份证号"),
        "{}",
        found[0].explanation.zh
    );
}

#[test]
fn names_against_the_civil_registry() {
    let id = number(date(1970, 5, 1), 101);
    let rules =
        |name: &str| with_extract(extract(100, name, &id, civil(Some(date(1970, 5, 1)), None))).rules();
    for same in ["张建国", "张 建国", "章建国", "张建囯", "张·建国"] {
        assert_eq!(rules(same), [""; 0], "{same}");
    }
    assert_eq!(rules("张建军"), ["identity.name_mismatch"]);
    assert_eq!(rules("刘志强"), ["identity.name_mismatch"]);
    // A vehicle under the same number and another name: flagged, but not as certain.
    let vehicle = extract(100, "刘志强", &id, vehicle("轿车", Some(50_000), "正常"));
    let items = with_extract(vehicle).items();
    assert!(
        items[0].probability < 1.0 && items[0].explanation.zh.contains("刘志强"),
        "{}",
        items[0].explanation.zh
    );
    // Another row of the registry that agrees settles it.
    let mut county = with_extract(extract(100, "刘志强", &id, civil(None, None)));
    county
        .extracts
        .push(extract(101, "张建国", &id, civil(None, None)));
    assert_eq!(county.rules(), [""; 0]);
}

#[test]
fn the_dead_and_how_they_are_found() {
    let birth = date(1970, 5, 1);
    let id = number(birth, 101);
    let dead = civil(Some(birth), Some(date(2023, 1, 2)));
    let rules = |name: &str, text: &str, facts: &ExtractFacts| {
        with_extract(extract(100, name, text, facts.clone())).rules()
    };
    assert_eq!(rules("张建国", &id, &dead), ["identity.deceased"]);
    assert_eq!(rules("张建国", &id.to_lowercase(), &dead), ["identity.deceased"]);
    let old = format!("{}{}", &id[..6], &id[8..17]);
    assert_eq!(
        rules("张建国", &old, &dead),
        ["identity.deceased"],
        "fifteen digits"
    );
    let slip = format!("{}9{}", &id[..15], &id[16..]);
    assert_eq!(rules("张建国", &slip, &dead), ["identity.deceased"], "one digit");
    assert_eq!(
        rules("张建国", "", &dead),
        ["identity.deceased"],
        "name and birth date"
    );
    assert_eq!(
        rules("张建国", "", &civil(None, Some(date(2023, 1, 2)))),
        [""; 0],
        "a name alone is nobody"
    );
    assert_eq!(
        rules("张建国", &number(birth, 105), &dead),
        [""; 0],
        "a namesake with another valid number"
    );
    assert_eq!(
        rules("张建国", &id, &civil(Some(birth), Some(date(2025, 6, 2)))),
        [""; 0],
        "not yet"
    );
    // Two persons of the register fit: nobody is chosen.
    let mut county = with_extract(extract(100, "张建国", "", dead));
    let mut twin = man(21, "张建国", birth, 101, Relation::Head);
    twin.facts.id_number = None;
    county.households[0].members[0].facts.id_number = None;
    county.households.push(household(2, VILLAGE, vec![twin]));
    assert!(!county.rules().contains(&"identity.deceased".to_owned()));
}

#[test]
fn red_flags() {
    let id = number(date(1995, 2, 3), 103);
    let rules = |facts: ExtractFacts| with_extract(extract(100, "张强", &id, facts)).rules();
    assert_eq!(
        rules(vehicle("小型轿车", Some(30_000), "正常")),
        ["red_flag.vehicle"]
    );
    assert_eq!(rules(vehicle("小型轿车", Some(29_999), "正常")), [""; 0]);
    assert_eq!(rules(vehicle("小型轿车", Some(90_000), "注销")), [""; 0]);
    assert_eq!(rules(vehicle("两轮摩托车", Some(90_000), "正常")), [""; 0]);
    let house = |kind: &str| ExtractFacts::RealEstate {
        kind: kind.to_owned(),
        address: None,
        area_m2: Some(90.5),
        registered: None,
    };
    assert_eq!(rules(house("商品住宅")), ["red_flag.commercial_housing"]);
    assert_eq!(rules(house("商铺")), ["red_flag.commercial_housing"]);
    assert_eq!(rules(house("移民安置房")), [""; 0]);
    let company = |state: Option<&str>| ExtractFacts::Company {
        company: "某某商贸".to_owned(),
        role: None,
        state: state.map(str::to_owned),
        capital: None,
        registered: None,
    };
    assert_eq!(rules(company(Some("存续"))), ["red_flag.company"]);
    assert_eq!(rules(company(Some("注销"))), [""; 0]);
    let payroll = |state: &str| ExtractFacts::PublicPayroll {
        unit: "某小学".to_owned(),
        post: None,
        state: Some(state.to_owned()),
    };
    assert_eq!(rules(payroll("在职")), ["red_flag.public_payroll"]);
    assert_eq!(rules(payroll("离职")), [""; 0]);
    // A missing fact asks; it is not a "no".
    assert_eq!(rules(company(None)), ["red_flag.undecided"]);
    assert_eq!(rules(vehicle("小型轿车", None, "正常")), ["red_flag.undecided"]);
    let county = with_extract(extract(100, "张强", &id, vehicle("小型轿车", None, "正常")));
    let outcome = county.run(&embedded("cn-national").unwrap());
    assert_eq!(outcome.figures.undecided, 1);
    assert_eq!(outcome.items[0].values["missing"], "price");
    assert_eq!(outcome.items[0].severity, Severity::Ask);
}

#[test]
fn a_red_flag_says_why_and_shows_no_number() {
    let id = number(date(1995, 2, 3), 103);
    let mut county = with_extract(extract(
        100,
        "张强",
        &id,
        vehicle("小型轿车", Some(128_000), "正常"),
    ));
    county.extracts.push(extract(
        101,
        "张强",
        &id,
        vehicle("小型轿车", Some(128_000), "正常"),
    ));
    county.extracts.push(extract(
        102,
        "张强",
        &id,
        vehicle("重型货车", Some(300_000), "正常"),
    ));
    let items = county.items();
    assert_eq!(items.len(), 1, "one person under one clause");
    let item = &items[0];
    assert_eq!(item.evidence.len(), 3);
    assert_eq!(
        item.values["records"], "2",
        "the same vehicle in two files is said once"
    );
    assert_eq!(item.severity, Severity::Clear);
    assert!(
        item.explanation.zh.contains("128,000 元") && item.explanation.zh.contains("30,000 元"),
        "{}",
        item.explanation.zh
    );
    assert!(
        item.explanation.en.contains("30,000 yuan"),
        "{}",
        item.explanation.en
    );
    assert!(!item.explanation.zh.contains(&id) && item.explanation.zh.contains("619021********"));
}

#[test]
fn a_clause_broken_for_real_cases_asks() {
    let text = r#"
id = "county"
version = "1"
parent = "cn-national"
name = { zh = "县", en = "county" }
[[clause]]
id = "red_flag.vehicle"
name = { zh = "车辆", en = "vehicle" }
severity = "clear"
registers = ["vehicles"]
when = "record.wheels > 2"
explanation = { zh = "{record.plate}", en = "{record.plate}" }
action = { zh = "查", en = "check" }
cites = []
samples = [
  { facts = { record = { wheels = 4 } }, expect = "holds" },
  { facts = { record = { wheels = 2 } }, expect = "does_not_hold" },
]
"#;
    let parent = |id: &str| anju_model::policy::embedded_text(id).map(str::to_owned);
    let pack = Pack::load(text, &parent).unwrap();
    let id = number(date(1995, 2, 3), 103);
    let outcome = with_extract(extract(100, "张强", &id, vehicle("小型轿车", Some(1), "正常"))).run(&pack);
    assert_eq!(outcome.items.len(), 1);
    assert_eq!(outcome.items[0].rule, "red_flag.undecided");
    assert_eq!(outcome.items[0].values["missing"], "wheels");
}

#[test]
fn threatened_households_that_the_register_lacks() {
    let rules = |entry: ThreatenedHousehold| {
        County {
            households: vec![family()],
            threatened: vec![entry],
            ..County::default()
        }
        .rules()
    };
    let id = number(date(1970, 5, 1), 101);
    let other = number(date(1966, 6, 6), 107);
    assert_eq!(rules(listed(200, "张建国", &id, true)), [""; 0]);
    assert_eq!(
        rules(listed(200, "李秀英", &number(date(1972, 7, 9), 102), true)),
        [""; 0],
        "a member is enough"
    );
    assert_eq!(
        rules(listed(200, "章建国", "", true)),
        [""; 0],
        "name and village"
    );
    let slip = format!("{}9{}", &id[..15], &id[16..]);
    assert_eq!(rules(listed(200, "张建国", &slip, true)), [""; 0]);
    assert_eq!(
        rules(listed(200, "赵大山", &other, true)),
        ["omission.threatened_household"]
    );
    assert_eq!(rules(listed(200, "赵大山", &other, false)), [""; 0]);
    assert_eq!(
        rules(listed(200, "张建国", &other, true)),
        ["omission.threatened_household"],
        "a namesake"
    );
    let twice = County {
        households: vec![family()],
        threatened: vec![
            listed(200, "赵大山", &other, true),
            listed(201, "赵大山", &other, true),
        ],
        ..County::default()
    };
    let items = twice.items();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].evidence.len(), 2);
    assert_eq!(
        (items[0].household, items[0].severity),
        (None, Severity::Omission)
    );
}

#[test]
fn disaster_households_far_from_any_hazard() {
    let rules = |change: &dyn Fn(&mut County), inside: bool, nearest_m: Option<f64>| {
        let mut home = family();
        home.facts.category = Category::Disaster;
        let exposure = HazardExposure {
            inside,
            nearest_m,
            layer: Some("滑坡易发区".to_owned()),
        };
        let mut county = of(vec![home.clone()]);
        county.hazards.insert(home.id, exposure);
        change(&mut county);
        county.rules()
    };
    let flagged = ["over_report.outside_hazard"];
    assert_eq!(rules(&|_| (), false, Some(301.0)), flagged);
    assert_eq!(rules(&|_| (), false, Some(300.0)), [""; 0]);
    assert_eq!(rules(&|_| (), true, Some(0.0)), [""; 0]);
    assert_eq!(rules(&|_| (), false, None), [""; 0], "no layer says nothing");
    assert_eq!(
        rules(&|county| county.hazards.clear(), false, Some(900.0)),
        [""; 0]
    );
    let named = |county: &mut County| county.households[0].facts.hazard_point = Some("Y01".to_owned());
    assert_eq!(rules(&named, false, Some(900.0)), [""; 0]);
    let on_list = |county: &mut County| {
        county
            .threatened
            .push(listed(200, "张建国", &number(date(1970, 5, 1), 101), true));
    };
    assert_eq!(rules(&on_list, false, Some(900.0)), [""; 0]);
    let poor = |county: &mut County| county.households[0].facts.category = Category::Poverty;
    assert_eq!(rules(&poor, false, Some(900.0)), [""; 0]);
}

#[test]
fn a_wrong_number_is_explained_by_the_civil_registry() {
    let id = number(date(1995, 2, 3), 103);
    let mut county = with_extract(extract(100, "张强", &id, civil(Some(date(1995, 2, 3)), None)));
    set_number(
        &mut county.households[0],
        2,
        &format!("{}8{}", &id[..15], &id[16..]),
    );
    let items = county.items();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].rule, "identity.check_digit");
    assert_eq!(items[0].evidence, [Uuid::from_u128(100)]);
}

#[test]
fn it_stops_when_asked_and_refuses_a_repeated_identifier() {
    let pack = embedded("cn-national").unwrap();
    let hazards = HashMap::new();
    let homes = [family(), family()];
    let input = |households| Input {
        households,
        extracts: &[],
        threatened: &[],
        hazards: &hazards,
        as_of: TODAY,
    };
    let stopped = look_back(&input(&homes[..1]), &pack, &|_| ControlFlow::Break(())).unwrap_err();
    assert_eq!(stopped, VerifyError::Stopped);
    let twice = look_back(&input(&homes), &pack, &|_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(twice, VerifyError::SameIdentifier(Uuid::from_u128(1)));
    assert!(
        look_back(&input(&[]), &pack, &|_| ControlFlow::Continue(()))
            .unwrap()
            .items
            .is_empty()
    );
}

/// A made county: households of one to four, some numbers wrong or missing, some persons entered twice.
fn made_county() -> impl Strategy<Value = County> {
    let names = prop::sample::select(vec![
        "张伟",
        "章伟",
        "王芳",
        "李娜",
        "刘洋",
        "陈静",
        "阿依·古丽",
        "王小明",
        "王小朋",
    ]);
    let one = (names, 1950i16..2015, 1i8..=12, 1i8..=28, 0u32..40, 0u8..8);
    let home = (prop::collection::vec(one, 1..5), 0usize..3);
    prop::collection::vec(home, 1..12).prop_map(|homes| {
        let areas = ["61902110120103", "61902110120201", "61902110220101"];
        let mut county = County::default();
        let mut next = 1000_u128;
        for (index, (members, area)) in homes.into_iter().enumerate() {
            let mut persons = Vec::new();
            for (name, year, month, day, sequence, trouble) in members {
                next += 1;
                let birth = date(year, month, day);
                let right = number(birth, sequence);
                let text = match trouble {
                    0 => String::new(),
                    1 => format!("{}{}", &right[..16], "77"),
                    2 => right[..17].to_owned(),
                    _ => right.clone(),
                };
                let sex = if sequence % 2 == 1 { Sex::Male } else { Sex::Female };
                let relation = if persons.is_empty() {
                    Relation::Head
                } else {
                    Relation::OtherKin
                };
                persons.push(person(next, name, &text, birth, sex, relation));
                let death = (trouble == 3).then(|| date(2020, 1, 1));
                county
                    .extracts
                    .push(extract(next + 100_000, name, &right, civil(Some(birth), death)));
                county.extracts.push(extract(
                    next + 200_000,
                    name,
                    &right,
                    vehicle("轿车", Some(50_000), "正常"),
                ));
                if trouble < 5 {
                    county.threatened.push(listed(next + 300_000, name, &right, true));
                }
            }
            county
                .households
                .push(household(index as u128 + 1, areas[area], persons));
        }
        county
    })
}

/// What an item is about, without its estimates. Weights are learned from all records, so somebody more moves every
/// probability a little; items that are estimated near the threshold are left out.
fn subjects(items: &[FoundItem], least: f64) -> Vec<(String, [Option<Uuid>; 3])> {
    let clear = items.iter().filter(|item| item.probability >= least);
    clear
        .map(|item| {
            (
                item.rule.clone(),
                [item.household, item.person, item.other_person],
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The order of files and rows changes nothing, to the last bit.
    #[test]
    fn the_order_of_the_input_changes_nothing(county in made_county(), turn in 0usize..7) {
        let pack = embedded("cn-national").unwrap();
        let mut turned = county.clone();
        turned.households.reverse();
        let length = turned.extracts.len();
        turned.extracts.rotate_left(turn % length);
        turned.threatened.reverse();
        for home in &mut turned.households {
            home.members.reverse();
        }
        prop_assert_eq!(county.run(&pack), turned.run(&pack));
    }

    /// Somebody who has nothing to do with anybody takes no item away.
    #[test]
    fn an_unrelated_person_removes_no_item(county in made_county()) {
        let pack = embedded("cn-national").unwrap();
        let before = subjects(&county.run(&pack).items, 0.99);
        let mut larger = county.clone();
        larger.households.push(household(900, "61902310320102", vec![man(999, "欧阳锋", date(1931, 11, 30), 901, Relation::Head)]));
        let after = subjects(&larger.run(&pack).items, 0.0);
        for item in before {
            prop_assert!(after.contains(&item), "{item:?}");
        }
    }
}
