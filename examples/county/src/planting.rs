//! What is wrong with the files: cases for the look-back and the departments' knowledge that gives them away, among
//! near-misses that must not count. A household has one trouble; a person listed again with a wrong number or birth date
//! makes two cases of it, since both are wrong.

use std::collections::BTreeSet;

use anju_model::identity::IdNumber;
use anju_model::register::{Category, CauseOfMove, Relation};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::geography::Geography;
use crate::names;
use crate::people::{Household, Person, Standing, id_number};
use crate::random::Dice;

/// One planted case.
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) household: String,
    pub(crate) person: String,
    pub(crate) id: String,
    pub(crate) other: String,
    pub(crate) note: String,
}

/// A row of the civil registry beside what is true of the person.
pub(crate) struct Registered {
    pub(crate) person: Person,
    /// The ID number as written.
    pub(crate) id: String,
    pub(crate) death: Option<Date>,
    pub(crate) book: String,
    pub(crate) address: String,
}

/// A row of another department: owner, ID number as written, and the cells after them.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) cells: Vec<String>,
}

/// The register as written, and all departments' extracts.
pub(crate) struct Files {
    /// The register as written, in its order.
    pub(crate) listed: Vec<Household>,
    pub(crate) civil: Vec<Registered>,
    pub(crate) insurance: Vec<Row>,
    pub(crate) vehicles: Vec<Row>,
    pub(crate) estates: Vec<Row>,
    pub(crate) companies: Vec<Row>,
    pub(crate) payroll: Vec<Row>,
    pub(crate) cases: Vec<Case>,
}

/// Homes farther than this from every danger make a disaster household an over-report, m.
const CLEARLY_OUTSIDE_M: f32 = 400.0;

struct Planter<'a> {
    geography: &'a Geography,
    dice: Dice,
    listed: Vec<Household>,
    /// Households with a trouble; each has at most one.
    used: BTreeSet<usize>,
    /// ID numbers that belong to somebody of the county.
    ids: BTreeSet<String>,
    cases: Vec<Case>,
    serial: usize,
}

impl Planter<'_> {
    /// A household without a case that fits, now marked as used.
    fn choose(&mut self, fits: impl Fn(&Household) -> bool) -> Option<usize> {
        for _ in 0..5000 {
            let index = self.dice.below(self.listed.len());
            if !self.used.contains(&index) && fits(&self.listed[index]) {
                self.used.insert(index);
                return Some(index);
            }
        }
        None
    }

    fn case(&mut self, kind: &'static str, rule: &'static str, household: usize, member: usize, note: &str) {
        let home = &self.listed[household];
        let person = &home.members[member];
        self.cases.push(Case {
            kind,
            rule,
            household: home.number.clone(),
            person: person.name.clone(),
            id: person.id.clone(),
            other: String::new(),
            note: note.to_owned(),
        });
    }

    fn township(&self, household: usize) -> usize {
        self.geography.villages[self.listed[household].village].township
    }

    /// A valid ID number of nobody.
    fn stranger(&mut self, male: bool) -> (Date, String) {
        let year = self.dice.between(1950, 2004) as i16;
        let birth = jiff::civil::date(
            year,
            self.dice.between(1, 12) as i8,
            self.dice.between(1, 28) as i8,
        );
        self.serial += 1;
        // The counties' own numbers are of 619021 to 619025: this region has none of its people.
        (birth, id_number("619031", birth, male, self.serial % 490))
    }
}

/// Plants the cases and makes the extracts.
pub(crate) fn plant(geography: &Geography, households: &[Household], seed: u64) -> Files {
    let listed: Vec<Household> = households
        .iter()
        .filter(|household| household.standing == Standing::Registered)
        .cloned()
        .collect();
    let mut planter = Planter {
        geography,
        dice: Dice::new(seed, "planting"),
        listed,
        used: BTreeSet::new(),
        ids: households
            .iter()
            .flat_map(|household| &household.members)
            .map(|person| person.id.clone())
            .collect(),
        cases: Vec::new(),
        serial: 0,
    };
    // Facts that are odd in truth too come first, so that the civil registry knows them.
    odd_families(&mut planter);
    let truth = planter.listed.clone();
    wrong_facts(&mut planter);
    duplicates(&mut planter);
    over_reports(&mut planter);

    let mut files = Files {
        listed: Vec::new(),
        civil: civil_registry(geography, &truth, households, &mut planter.dice),
        insurance: Vec::new(),
        vehicles: Vec::new(),
        estates: Vec::new(),
        companies: Vec::new(),
        payroll: Vec::new(),
        cases: Vec::new(),
    };
    deceased(&mut planter, &mut files);
    unregistered(&mut planter, &mut files);
    red_flags(&mut planter, households, &mut files);
    for omitted in households
        .iter()
        .filter(|household| household.standing == Standing::Omitted)
    {
        let head = &omitted.members[0];
        planter.cases.push(Case {
            kind: "omitted",
            rule: "omission.threatened_household",
            household: String::new(),
            person: head.name.clone(),
            id: head.id.clone(),
            other: String::new(),
            note: "on the threatened list and in the civil registry, absent from the register".to_owned(),
        });
    }
    files.listed = planter.listed;
    files.cases = planter.cases;
    files
}

/// A number of the same region after sex or birth changed, near the old one in sequence, that is nobody's yet.
fn renumber(person: &mut Person, ids: &mut BTreeSet<String>) {
    let region = person.id[..6].to_owned();
    let serial = person.id[14..17].parse().unwrap_or(0) / 2;
    let free = (serial..serial + 499)
        .map(|serial| id_number(&region, person.birth, person.male, serial))
        .find(|id| !ids.contains(id));
    if let Some(id) = free {
        ids.insert(id.clone());
        person.id = id;
    }
}

fn odd_families(planter: &mut Planter<'_>) {
    let is_spouse = |person: &Person| {
        matches!(
            person.relation,
            Relation::Spouse | Relation::Husband | Relation::Wife
        )
    };
    for _ in 0..15 {
        let fits = |household: &Household| household.members.iter().any(is_spouse);
        let Some(index) = planter.choose(fits) else { break };
        let head_male = planter.listed[index].members[0].male;
        let Some(member) = planter.listed[index].members.iter().position(is_spouse) else {
            continue;
        };
        let spouse = &mut planter.listed[index].members[member];
        spouse.male = head_male;
        spouse.relation = Relation::Spouse;
        renumber(spouse, &mut planter.ids);
        planter.case(
            "wrong_fact",
            "family.spouse_same_sex",
            index,
            member,
            "spouse of the same sex as the head",
        );
    }
    let is_parent = |person: &Person| {
        matches!(
            person.relation,
            Relation::Father | Relation::Mother | Relation::Parent
        )
    };
    for _ in 0..25 {
        let fits = |household: &Household| {
            household
                .members
                .iter()
                .filter(|person| is_parent(person))
                .count()
                == 1
        };
        let Some(index) = planter.choose(fits) else { break };
        let head_birth = planter.listed[index].members[0].birth;
        let Some(member) = planter.listed[index].members.iter().position(is_parent) else {
            continue;
        };
        let parent = &mut planter.listed[index].members[member];
        parent.birth = head_birth.saturating_sub(9.years());
        renumber(parent, &mut planter.ids);
        planter.case(
            "wrong_fact",
            "family.parent_age",
            index,
            member,
            "parent nine years older than the head",
        );
    }
}

fn wrong_facts(planter: &mut Planter<'_>) {
    let child = |person: &Person| {
        matches!(
            person.relation,
            Relation::Son | Relation::Daughter | Relation::Grandchild
        ) && person.age() >= 3
    };
    let with_child = move |household: &Household| household.members.iter().any(child);
    for _ in 0..50 {
        let Some(index) = planter.choose(|household| household.members.len() > 1) else {
            break;
        };
        let member = 1 + planter.dice.below(planter.listed[index].members.len() - 1);
        let person = &mut planter.listed[index].members[member];
        let last = person.id.pop().unwrap_or('0');
        person.id.push(if last == '7' { '3' } else { '7' });
        planter.case(
            "wrong_fact",
            "identity.check_digit",
            index,
            member,
            "wrong check character",
        );
    }
    for _ in 0..50 {
        let Some(index) = planter.choose(with_child) else {
            break;
        };
        let Some(member) = planter.listed[index].members.iter().position(child) else {
            continue;
        };
        let months = planter.dice.between(13, 40);
        let person = &mut planter.listed[index].members[member];
        person.birth = person.birth.saturating_sub(months.months());
        planter.case(
            "wrong_fact",
            "identity.birth_mismatch",
            index,
            member,
            "birth date against the ID number",
        );
    }
    for _ in 0..40 {
        let Some(index) = planter.choose(with_child) else {
            break;
        };
        let Some(member) = planter.listed[index].members.iter().position(child) else {
            continue;
        };
        let person = &mut planter.listed[index].members[member];
        person.male = !person.male;
        planter.case(
            "wrong_fact",
            "identity.sex_mismatch",
            index,
            member,
            "sex against the ID number",
        );
    }
    for _ in 0..40 {
        let Some(index) = planter.choose(with_child) else {
            break;
        };
        let Some(member) = planter.listed[index].members.iter().position(child) else {
            continue;
        };
        let male = planter.listed[index].members[member].male;
        let surname = planter.listed[index].members[member]
            .name
            .chars()
            .next()
            .unwrap_or('王');
        let before = planter.listed[index].members[member].name.clone();
        let name = loop {
            let name = format!("{surname}{}", names::given_name(&mut planter.dice, male, None));
            if name.chars().skip(1).all(|character| !before.contains(character)) {
                break name;
            }
        };
        planter.listed[index].members[member].name = name;
        planter.case(
            "wrong_fact",
            "identity.name_mismatch",
            index,
            member,
            "another name than in the civil registry",
        );
    }
    for _ in 0..20 {
        let Some(index) = planter.choose(|household| household.members.len() > 1) else {
            break;
        };
        planter.listed[index].members[0].relation = Relation::OtherKin;
        planter.case(
            "wrong_fact",
            "family.no_head",
            index,
            0,
            "nobody is marked as head",
        );
    }
    for _ in 0..20 {
        let adult = |person: &Person| person.relation == Relation::Son && person.age() >= 25;
        let Some(index) = planter.choose(|household| household.members.iter().any(adult)) else {
            break;
        };
        let Some(member) = planter.listed[index].members.iter().position(adult) else {
            continue;
        };
        planter.listed[index].members[member].relation = Relation::Head;
        planter.case(
            "wrong_fact",
            "family.two_heads",
            index,
            member,
            "two persons are marked as head",
        );
    }
    for _ in 0..15 {
        let in_law = |person: &Person| person.relation == Relation::DaughterInLaw;
        let fits = |household: &Household| {
            household.members[0].male
                && household
                    .members
                    .iter()
                    .any(|person| matches!(person.relation, Relation::Spouse | Relation::Wife))
                && household.members.iter().any(in_law)
        };
        let Some(index) = planter.choose(fits) else { break };
        let Some(member) = planter.listed[index].members.iter().position(in_law) else {
            continue;
        };
        planter.listed[index].members[member].relation = Relation::Wife;
        planter.case(
            "wrong_fact",
            "family.two_spouses",
            index,
            member,
            "two spouses of the head",
        );
    }
}

fn duplicates(planter: &mut Planter<'_>) {
    for number in 0..150 {
        let grown = |household: &Household| household.members.iter().skip(1).any(|person| person.age() >= 16);
        let Some(first) = planter.choose(grown) else { break };
        let member = loop {
            let member = 1 + planter.dice.below(planter.listed[first].members.len() - 1);
            if planter.listed[first].members[member].age() >= 16 {
                break member;
            }
        };
        let home = planter.township(first);
        // Most are listed again in another township, some in the same one.
        let elsewhere = number % 10 != 0;
        let villages = &planter.geography.villages;
        let far = |household: &Household| (villages[household.village].township != home) == elsewhere;
        let Some(second) = planter.choose(far) else { break };
        let mut copy = planter.listed[first].members[member].clone();
        copy.relation = Relation::OtherKin;
        let (note, also) = dirty(&mut copy, &mut planter.dice);
        planter.listed[second].members.push(copy);
        planter.case("duplicate", "identity.duplicate_person", first, member, note);
        let other = planter.listed[second].number.clone();
        if let Some(case) = planter.cases.last_mut() {
            case.other = other;
        }
        if let Some(rule) = also {
            let copied = planter.listed[second].members.len() - 1;
            planter.case("wrong_fact", rule, second, copied, note);
        }
    }
}

/// Writes a person who is listed again down as a clerk may; returns how, and the rule that this breaks by itself.
fn dirty(person: &mut Person, dice: &mut Dice) -> (&'static str, Option<&'static str>) {
    const AS_IT_IS: (&str, Option<&str>) = ("as it is", None);
    match dice.weighted(&[0.40, 0.14, 0.12, 0.10, 0.08, 0.08, 0.08]) {
        1 if person.birth.year() < 2000 => {
            person.id = format!("{}{}", &person.id[..6], &person.id[8..17]);
            ("15-digit ID number", None)
        }
        2 => {
            let mut known = names::VARIANTS.iter().chain(&names::HOMOPHONES);
            let Some((usual, other)) = known.find(|(usual, _)| person.name.contains(*usual)) else {
                return AS_IT_IS;
            };
            person.name = person.name.replace(*usual, &other.to_string());
            ("variant or homophone character", None)
        }
        3 => {
            person.id = slipped(&person.id, dice);
            ("one wrong digit in the ID number", Some("identity.check_digit"))
        }
        4 => {
            person.id = swapped(&person.id, dice);
            (
                "two neighbouring digits of the ID number swapped",
                Some("identity.check_digit"),
            )
        }
        5 => {
            person.birth = mistaken(person.birth, dice);
            (
                "birth date written differently, ID number right",
                Some("identity.birth_mismatch"),
            )
        }
        6 => {
            person.birth = mistaken(person.birth, dice);
            person.id.clear();
            ("birth date written differently, no ID number", None)
        }
        _ => AS_IT_IS,
    }
}

/// An ID number with one wrong digit, which its check character gives away.
fn slipped(id: &str, dice: &mut Dice) -> String {
    let place = dice.below(17);
    let shift = dice.between(1, 9) as u8;
    let wrong = |(index, byte): (usize, u8)| match index == place {
        true => char::from(b'0' + (byte - b'0' + shift) % 10),
        false => char::from(byte),
    };
    id.bytes().enumerate().map(wrong).collect()
}

/// An ID number of which two unlike neighbours changed places, which its check character gives away.
fn swapped(id: &str, dice: &mut Dice) -> String {
    let mut bytes = id.as_bytes().to_vec();
    // Never empty: the region alone has unlike neighbours.
    let unlike: Vec<usize> = (0..16)
        .filter(|place| bytes[*place] != bytes[place + 1])
        .collect();
    let place = *dice.pick(&unlike);
    bytes.swap(place, place + 1);
    bytes.into_iter().map(char::from).collect()
}

/// A birth date with day and month changed over, or a month off as when the lunar month is taken for the solar one.
fn mistaken(birth: Date, dice: &mut Dice) -> Date {
    let (year, month, day) = (birth.year(), birth.month(), birth.day());
    let over = (day <= 12 && day != month && dice.chance(0.7)).then_some((day, month));
    let (month, day) = over.unwrap_or((if month > 1 { month - 1 } else { 2 }, day));
    // Days of birth are at most the 28th: the date exists.
    Date::new(year, month, day).unwrap_or(birth)
}

fn over_reports(planter: &mut Planter<'_>) {
    let danger = &planter.geography.danger_distance;
    let outside = |household: &Household| {
        household.category == Category::Poverty
            && danger
                .cell_at(household.home.0, household.home.1)
                .is_some_and(|cell| danger.values[cell] > CLEARLY_OUTSIDE_M)
    };
    for _ in 0..60 {
        let Some(index) = planter.choose(outside) else {
            break;
        };
        let household = &mut planter.listed[index];
        household.category = Category::Disaster;
        household.cause = CauseOfMove::Geohazard;
        household.point = None;
        planter.case(
            "ineligible",
            "over_report.outside_hazard",
            index,
            0,
            "disaster household far from every danger",
        );
    }
}

fn address(geography: &Geography, household: &Household) -> String {
    let village = &geography.villages[household.village];
    format!(
        "{}{}{}{}组",
        names::COUNTY,
        geography.townships[village.township].name,
        village.name,
        household.group + 1
    )
}

fn civil_registry(
    geography: &Geography,
    truth: &[Household],
    households: &[Household],
    dice: &mut Dice,
) -> Vec<Registered> {
    let others = households
        .iter()
        .filter(|household| household.standing != Standing::Registered);
    let mut rows = Vec::new();
    for (book, household) in truth.iter().chain(others).enumerate() {
        let address = address(geography, household);
        for person in &household.members {
            // A few moved their registration away or are not registered yet.
            if household.standing == Standing::Resident && dice.chance(0.02) {
                continue;
            }
            let death = (household.standing == Standing::Resident && person.age() > 60 && dice.chance(0.15))
                .then(|| jiff::civil::date(2024, dice.between(1, 12) as i8, dice.between(1, 28) as i8));
            rows.push(Registered {
                person: person.clone(),
                id: written(&person.id, 60, dice),
                death,
                book: format!("61902{book:07}"),
                address: address.clone(),
            });
        }
    }
    rows
}

fn deceased(planter: &mut Planter<'_>, files: &mut Files) {
    for _ in 0..60 {
        let old = |person: &Person| person.age() >= 60 && person.relation != Relation::Head;
        let fits = |household: &Household| household.members.iter().skip(1).any(old);
        let Some(index) = planter.choose(fits) else { break };
        let Some(member) =
            (1..planter.listed[index].members.len()).find(|&m| old(&planter.listed[index].members[m]))
        else {
            continue;
        };
        let id = &planter.listed[index].members[member].id;
        let died = jiff::civil::date(
            2025,
            planter.dice.between(1, 12) as i8,
            planter.dice.between(1, 28) as i8,
        );
        if let Some(row) = files.civil.iter_mut().find(|row| row.person.id == *id) {
            row.death = Some(died);
        }
        planter.case(
            "ineligible",
            "identity.deceased",
            index,
            member,
            "dead in the civil registry",
        );
    }
}

/// About one in a hundred persons of the register is missing from the civil registry, which by itself means nothing.
fn unregistered(planter: &mut Planter<'_>, files: &mut Files) {
    let mut missing = BTreeSet::new();
    for (index, household) in planter.listed.iter().enumerate() {
        // Troubles are left whole: some of them only the civil registry gives away.
        let whole = !planter.used.contains(&index);
        for person in household.members.iter().filter(|_| whole) {
            if planter.dice.chance(0.01) {
                missing.insert(person.id.as_str());
            }
        }
    }
    files
        .civil
        .retain(|row| !missing.contains(row.person.id.as_str()));
}

/// An ID number as a department may write it, about four in `of` badly.
fn written(id: &str, of: usize, dice: &mut Dice) -> String {
    match dice.below(of) {
        0 => id.to_lowercase(),
        1 if id[6..8] == *"19" => format!("{}{}", &id[..6], &id[8..17]),
        2 => format!("{id} "),
        3 => full_width(id),
        _ => id.to_owned(),
    }
}

/// Digits as an input method in Chinese mode gives them.
pub(crate) fn full_width(id: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_digit());
    id.chars().map(|c| wide(c).unwrap_or(c)).collect()
}

fn is_right(id: &str) -> bool {
    id.len() == 18 && IdNumber::new(id).check().is_ok()
}

fn texts(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn red_flags(planter: &mut Planter<'_>, households: &[Household], files: &mut Files) {
    let geography = planter.geography;
    let residents: Vec<&Household> = households
        .iter()
        .filter(|household| household.standing == Standing::Resident)
        .collect();
    let day = |dice: &mut Dice| {
        format!(
            "20{:02}-{:02}-{:02}",
            dice.between(12, 25),
            dice.between(1, 12),
            dice.between(1, 28)
        )
    };
    let plate = |dice: &mut Dice| format!("陕Z·{:05}", dice.between(10000, 99999));
    let car = |dice: &mut Dice, price: i64, state: &str| {
        let kind = *dice.pick(&["小型轿车", "小型普通客车", "轻型货车"]);
        let (plate, day) = (plate(dice), day(dice));
        texts(&[&plate, kind, &price.to_string(), &day, state])
    };
    let cottage = |dice: &mut Dice, kind: &str, home: &Household| {
        let (area, day) = (home.home_m2.to_string(), day(dice));
        texts(&[kind, &address(geography, home), &area, &day])
    };
    let flat = |dice: &mut Dice, kind: &str| {
        let place = format!(
            "{}城关街道{}小区{}号楼",
            names::COUNTY,
            names::village(dice),
            dice.between(1, 30)
        );
        let (area, day) = (dice.between(48, 140).to_string(), day(dice));
        texts(&[kind, &place, &area, &day])
    };
    let firm = |dice: &mut Dice, state: &str| {
        let (firm, capital, day) = (names::firm(dice), dice.between(5, 500).to_string(), day(dice));
        let role = *dice.pick(&["法定代表人", "股东", "执行董事"]);
        texts(&[&firm, role, state, &capital, &day])
    };
    // Many a farmer is a member of a cooperative, which is no firm of the member's.
    let membership = |dice: &mut Dice| {
        let (name, day) = (names::cooperative(dice), day(dice));
        texts(&[&name, "成员", "存续", &dice.between(10, 300).to_string(), &day])
    };
    let post = |dice: &mut Dice, state: &str| {
        let unit = *dice.pick(&[
            "县第一中学",
            "县人民医院",
            "县水利局",
            "镇人民政府",
            "县公路段",
            "中心小学",
        ]);
        let post = *dice.pick(&["教师", "医师", "科员", "职员", "技术员"]);
        texts(&[unit, post, state])
    };

    // What counts: adults of the register.
    const FLAGS: [(&str, usize); 4] = [
        ("red_flag.vehicle", 70),
        ("red_flag.commercial_housing", 50),
        ("red_flag.company", 40),
        ("red_flag.public_payroll", 40),
    ];
    for (rule, count) in FLAGS {
        for _ in 0..count {
            let adult = |person: &Person| (22..60).contains(&person.age());
            let Some(index) = planter.choose(|household| household.members.iter().any(adult)) else {
                break;
            };
            let Some(member) = planter.listed[index].members.iter().position(adult) else {
                continue;
            };
            let person = planter.listed[index].members[member].clone();
            let dice = &mut planter.dice;
            let (name, id) = (person.name, written(&person.id, 20, dice));
            let (rows, cells) = match rule {
                "red_flag.vehicle" => {
                    let price = dice.between(32, 160) * 1000;
                    (&mut files.vehicles, car(dice, price, "正常"))
                }
                "red_flag.commercial_housing" => {
                    let kind = *dice.pick(&["商品住宅", "商品住宅", "商铺"]);
                    (&mut files.estates, flat(dice, kind))
                }
                "red_flag.company" => (&mut files.companies, firm(dice, "存续")),
                _ => (&mut files.payroll, post(dice, "在职")),
            };
            rows.push(Row { name, id, cells });
            planter.case("ineligible", rule, index, member, "in the department's extract");
        }
    }

    // What does not: the same people with harmless things, namesakes with other numbers, and residents.
    for number in 0..900 {
        let index = planter.dice.below(planter.listed.len());
        let member = planter.dice.below(planter.listed[index].members.len());
        let person = planter.listed[index].members[member].clone();
        // The departments know the right number or nobody of that name.
        if person.age() < 20 || !is_right(&person.id) {
            continue;
        }
        let namesake = number % 3 == 0;
        let id = if namesake {
            planter.stranger(person.male).1
        } else {
            written(&person.id, 20, &mut planter.dice)
        };
        let dice = &mut planter.dice;
        let (rows, cells) = match (number / 3 % 4, namesake) {
            (0, true) => (&mut files.vehicles, car(dice, 88_000, "正常")),
            (0, false) if dice.chance(0.6) => {
                let (plate, day) = (plate(dice), day(dice));
                let (kind, price) = match dice.chance(0.5) {
                    true => ("两轮摩托车", dice.between(3, 12) * 500),
                    false => ("正三轮载货摩托车", dice.between(10, 28) * 500),
                };
                (
                    &mut files.vehicles,
                    texts(&[&plate, kind, &price.to_string(), &day, "正常"]),
                )
            }
            (0, false) if dice.chance(0.5) => {
                let price = dice.between(8, 29) * 1000;
                (&mut files.vehicles, car(dice, price, "正常"))
            }
            (0, false) => {
                let state = *dice.pick(&["注销", "报废", "达到报废标准"]);
                (&mut files.vehicles, car(dice, 76_000, state))
            }
            (1, true) => (&mut files.estates, flat(dice, "商品住宅")),
            (1, false) if dice.chance(0.3) => (&mut files.estates, flat(dice, "移民安置房")),
            (1, false) => {
                let kind = *dice.pick(&["宅基地房屋", "农村自建房"]);
                (&mut files.estates, cottage(dice, kind, &planter.listed[index]))
            }
            (2, true) => (&mut files.companies, firm(dice, "存续")),
            (2, false) if dice.chance(0.5) => (&mut files.companies, membership(dice)),
            (2, false) => (&mut files.companies, firm(dice, "注销")),
            (_, true) => (&mut files.payroll, post(dice, "在职")),
            (_, false) if person.age() >= 55 => (&mut files.payroll, post(dice, "退休")),
            (_, false) => (&mut files.payroll, post(dice, "离职")),
        };
        rows.push(Row {
            name: person.name,
            id,
            cells,
        });
    }
    for (number, household) in residents.iter().enumerate() {
        let Some(person) = household
            .members
            .iter()
            .find(|person| (25..60).contains(&person.age()))
        else {
            continue;
        };
        let dice = &mut planter.dice;
        let (rows, cells) = match number % 4 {
            0 => {
                let price = dice.between(40, 200) * 1000;
                (&mut files.vehicles, car(dice, price, "正常"))
            }
            1 => (&mut files.estates, flat(dice, "商品住宅")),
            2 => (&mut files.companies, firm(dice, "存续")),
            _ => (&mut files.payroll, post(dice, "在职")),
        };
        let id = written(&person.id, 20, dice);
        rows.push(Row {
            name: person.name.clone(),
            id,
            cells,
        });
    }
    // Nearly everybody of working age is insured somewhere; some of the old are retired from a public body.
    for index in 0..planter.listed.len() {
        for member in 0..planter.listed[index].members.len() {
            let person = planter.listed[index].members[member].clone();
            let share = if person.age() < 60 { 0.45 } else { 0.02 };
            if person.age() < 16 || !is_right(&person.id) || !planter.dice.chance(share) {
                continue;
            }
            let dice = &mut planter.dice;
            let cells = if person.age() >= 60 {
                let unit = *dice.pick(&["县农机站", "县供销社", "乡镇卫生院"]);
                texts(&["机关事业单位养老保险(退休)", unit, ""])
            } else if dice.chance(0.06) {
                let (firm, base) = (names::firm(dice), dice.between(4000, 7000).to_string());
                texts(&["城镇职工养老保险", &firm, &base])
            } else {
                texts(&["城乡居民养老保险", "", ""])
            };
            let id = written(&person.id, 20, dice);
            files.insurance.push(Row {
                name: person.name,
                id,
                cells,
            });
        }
    }
}
