//! Cross-matching: which department's record is whose, and what follows from it.
//!
//! Numbers are compared after bringing both generations to 18 characters; a number one slip off with a fitting name is a
//! probable match; a record without a number matches by equal name and birth date, and only when one person fits.
//! Namesakes with another valid number never match.

use std::collections::{BTreeMap, BTreeSet};

use anju_model::code_list::Text;
use anju_model::identity::Sex;
use anju_model::lookback::{ExtractFacts, ExtractRecord, Severity};
use anju_model::money::Fen;
use anju_model::policy::{Clause, Decision, Fact, Facts, Pack};
use jiff::civil::Date;
use rayon::prelude::*;

use crate::blocking::Side;
use crate::comparison::{Field, birth, id, name, sex};
use crate::explain::FoundItem;
use crate::linkage::{Link, Linkage, link};
use crate::normalise::Record;
use crate::register::{Entry, Register};

/// A department's record taken for a person of the register.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Number of the person in the register.
    pub person: u32,
    /// Number of the record among the sorted extracts.
    pub extract: u32,
    /// Whether the ID numbers are equal.
    pub exact: bool,
    /// Whether the names are equal but for spaces, dots, variant characters and homophones.
    pub names_agree: bool,
    /// Probability that the record is the person's.
    pub probability: f64,
}

impl Match {
    /// Whether nothing is left to estimate: equal numbers and agreeing names.
    fn certain(&self) -> bool {
        self.exact && self.names_agree
    }

    /// The probability to show: 1 when certain.
    fn shown_probability(&self) -> f64 {
        if self.certain() { 1.0 } else { self.probability }
    }
}

/// Normalises a department's record.
pub fn record_of(extract: &ExtractRecord) -> Record {
    let (sex, birth) = match &extract.facts {
        ExtractFacts::CivilRegistry { sex, birth_date, .. } => (*sex, *birth_date),
        _ => (None, None),
    };
    Record::new(&extract.name, extract.id_number.as_ref(), birth, sex, None, None)
}

/// Matches the extracts (sorted by the caller) with the register.
pub fn match_extracts(
    register: &Register<'_>,
    extracts: &[&ExtractRecord],
    key_limit: usize,
    probability: f64,
) -> (Vec<Match>, Linkage) {
    let boundary = register.records.len() as u32;
    let mut records = register.records.clone();
    records.par_extend(extracts.par_iter().map(|extract| record_of(extract)));
    let linkage = link(&records, Side::Across(boundary), key_limit, probability);
    let mut by_extract: BTreeMap<u32, Vec<&Link>> = BTreeMap::new();
    for found in &linkage.links {
        by_extract.entry(found.pair.1 - boundary).or_default().push(found);
    }
    let matches = by_extract
        .into_iter()
        .flat_map(|(extract, candidates)| {
            choose(candidates).into_iter().map(move |found| Match {
                person: found.pair.0,
                extract,
                exact: found.pattern.level(Field::Id) == id::EQUAL,
                names_agree: matches!(found.pattern.level(Field::Name), name::EQUAL | name::SOUND),
                probability: found.score.probability,
            })
        })
        .collect();
    (matches, linkage)
}

/// The links of one record that hold: all with an equal number (a person entered twice has the record twice), or else
/// the single best one.
fn choose(candidates: Vec<&Link>) -> Vec<&Link> {
    let equal: Vec<&Link> = candidates
        .iter()
        .copied()
        .filter(|link| link.pattern.level(Field::Id) == id::EQUAL)
        .collect();
    if !equal.is_empty() {
        return equal;
    }
    let admissible = |link: &&Link| {
        let names_agree = matches!(link.pattern.level(Field::Name), name::EQUAL | name::SOUND);
        match link.pattern.level(Field::Id) {
            id::DIFFERENT_VALID => false,
            id::ONE_CHARACTER | id::SWAP => link.pattern.level(Field::Name) != name::DIFFERENT,
            _ => names_agree && link.pattern.level(Field::Birth) == birth::EQUAL,
        }
    };
    single_best(candidates.into_iter().filter(admissible))
        .into_iter()
        .collect()
}

/// The one link that weighs more than all others.
fn single_best<'l>(links: impl Iterator<Item = &'l Link>) -> Option<&'l Link> {
    let mut left: Vec<&Link> = links.collect();
    left.sort_by(|a, b| {
        b.score
            .weight
            .total_cmp(&a.score.weight)
            .then(a.pair.cmp(&b.pair))
    });
    match left.as_slice() {
        [best] => Some(best),
        [best, second, ..] if best.score.weight > second.score.weight + 1e-9 => Some(best),
        _ => None,
    }
}

/// An entry without a usable number that is probably a person of the civil registry whose number another entry has.
#[derive(Debug, Clone)]
pub struct ListedAgain<'l> {
    /// Number of the entry that has the number.
    pub holder: u32,
    /// Number of the record among the sorted extracts.
    pub extract: u32,
    /// The link of the other entry and the record.
    pub link: &'l Link,
}

/// Entries of one person that only the civil registry brings together: alone, a name and a birth date written
/// differently are too little among all pairs of a register, but the registry has everybody once.
///
/// `linkage` is that of [`match_extracts`].
pub fn listed_again<'l>(
    register: &Register<'_>,
    extracts: &[&ExtractRecord],
    linkage: &'l Linkage,
) -> Vec<ListedAgain<'l>> {
    let boundary = register.records.len() as u32;
    let id_level = |link: &Link| link.pattern.level(Field::Id);
    let mut holders: BTreeMap<u32, u32> = BTreeMap::new();
    let mut by_person: BTreeMap<u32, Vec<&Link>> = BTreeMap::new();
    for link in &linkage.links {
        let (person, extract) = (link.pair.0, link.pair.1 - boundary);
        if !matches!(
            extracts[extract as usize].facts,
            ExtractFacts::CivilRegistry { .. }
        ) {
            continue;
        }
        if id_level(link) == id::EQUAL && register.records[person as usize].id.valid {
            holders.entry(extract).or_insert(person);
        }
        by_person.entry(person).or_default().push(link);
    }
    by_person
        .into_values()
        .filter_map(|links| {
            // Whoever has a number of the registry, or one a slip away from one, is that person.
            if links
                .iter()
                .any(|link| (id::EQUAL..=id::SWAP).contains(&id_level(link)))
            {
                return None;
            }
            let fits = |link: &&Link| {
                id_level(link) != id::DIFFERENT_VALID
                    && matches!(link.pattern.level(Field::Name), name::EQUAL | name::SOUND)
                    && link.pattern.level(Field::Sex) != sex::DIFFERENT
            };
            let link = single_best(links.into_iter().filter(fits))?;
            let extract = link.pair.1 - boundary;
            let holder = *holders.get(&extract)?;
            let household = |person: u32| register.records[person as usize].household;
            (household(holder) != household(link.pair.0)).then_some(ListedAgain {
                holder,
                extract,
                link,
            })
        })
        .collect()
}

/// Items from the civil registry: another name under the same number, and death.
pub fn civil_registry(
    register: &Register<'_>,
    extracts: &[&ExtractRecord],
    matches: &[Match],
    as_of: Date,
) -> Vec<FoundItem> {
    let mut by_person: BTreeMap<u32, Vec<&Match>> = BTreeMap::new();
    for found in matches {
        if matches!(
            extracts[found.extract as usize].facts,
            ExtractFacts::CivilRegistry { .. }
        ) {
            by_person.entry(found.person).or_default().push(found);
        }
    }
    let mut items = Vec::new();
    for (person, found) in by_person {
        let entry = &register.entries[person as usize];
        let record = &register.records[person as usize];
        let exact: Vec<&Match> = found
            .iter()
            .copied()
            .filter(|found| found.exact && record.id.valid)
            .collect();
        if let Some(first) = exact.first()
            && !exact.iter().any(|found| found.names_agree)
        {
            items.push(name_mismatch(entry, extracts[first.extract as usize]));
        }
        let death = found.iter().find_map(|found| {
            let extract = extracts[found.extract as usize];
            match extract.facts {
                ExtractFacts::CivilRegistry {
                    death_date: Some(date),
                    ..
                } if date <= as_of => Some((found, extract, date)),
                _ => None,
            }
        });
        if let Some((found, extract, date)) = death {
            items.push(deceased(entry, extract, date, found));
        }
    }
    items
}

fn name_mismatch(entry: &Entry<'_>, extract: &ExtractRecord) -> FoundItem {
    let (name, shown, other) = (&entry.person.facts.name, entry.masked_id(), &extract.name);
    let explanation = Text::new(
        format!(
            "身份证号 {shown} 在名册中登记为{name}，在公安户籍中为{other}（{} 第 {} 行）。",
            extract.file, extract.row
        ),
        format!(
            "The ID number {shown} is {name} in the register and {other} in the civil registry ({}, row {}).",
            extract.file, extract.row
        ),
    );
    let action = Text::new(
        "对照身份证原件，确认是姓名录错、曾用名还是身份证号录成他人的，并更正。",
        "See the identity card: find out whether the name is wrong, is a former name, or the number is another person's; correct it.",
    );
    let mut item = FoundItem::new(
        "identity.name_mismatch",
        Severity::Block,
        &entry.household.facts.area,
        explanation,
        action,
    )
    .about(entry)
    .value("name", name)
    .value("civil_registry_name", other)
    .value("id_number", shown);
    item.evidence = vec![extract.id];
    item
}

fn deceased(entry: &Entry<'_>, extract: &ExtractRecord, date: Date, found: &Match) -> FoundItem {
    let (name, shown) = (&entry.person.facts.name, entry.masked_id());
    let explanation = Text::new(
        format!(
            "{name}（{shown}）在公安户籍中已于 {date} 死亡注销（{} 第 {} 行），名册中仍为家庭成员。",
            extract.file, extract.row
        ),
        format!(
            "{name} ({shown}) died on {date} according to the civil registry ({}, row {}), but is still a member in the register.",
            extract.file, extract.row
        ),
    );
    let action = Text::new(
        "入户核实，取得死亡证明或户口注销证明后按变更程序核减；本人健在的，通知公安户籍更正。",
        "Visit the household; with the death certificate remove the person by amendment; if the person is alive, tell the civil registry.",
    );
    let mut item = FoundItem::new(
        "identity.deceased",
        Severity::Block,
        &entry.household.facts.area,
        explanation,
        action,
    )
    .about(entry)
    .value("name", name)
    .value("id_number", shown)
    .value("death_date", date);
    item.evidence = vec![extract.id];
    item.probability = found.shown_probability();
    item
}

/// The facts of a person, its household and a department's record, as clauses name them.
pub fn facts(entry: &Entry<'_>, extract: &ExtractRecord) -> Facts {
    let text = |value: &str| Fact::Text(value.to_owned());
    let maybe = |value: &Option<String>| value.as_deref().map(text);
    let money = |value: Option<Fen>| value.map(Fact::Money);
    let day = |value: Option<Date>| value.map(Fact::Day);
    let sex = |value: Option<Sex>| value.map(|sex| text(sex.zh()));
    let (person, household) = (&entry.person.facts, entry.household);
    let mut facts = Facts::new();
    facts
        .person("name", text(&person.name))
        .person("id_masked", text(&entry.masked_id()))
        .person("sex", sex(Some(person.sex)))
        .person("birth_date", day(person.birth_date))
        .person("relation", text(person.relation.zh()))
        .household("register_number", text(&household.facts.register_number))
        .household("category", text(household.facts.category.code()))
        .household("area", text(household.facts.area.as_str()))
        .household("members", Fact::Count(household.members.len() as i64));
    match &extract.facts {
        ExtractFacts::CivilRegistry {
            sex: recorded,
            birth_date,
            death_date,
            hukou_number,
            address,
        } => facts
            .record("sex", sex(*recorded))
            .record("birth_date", day(*birth_date))
            .record("death_date", day(*death_date))
            .record("hukou_number", maybe(hukou_number))
            .record("address", maybe(address)),
        ExtractFacts::SocialInsurance {
            scheme,
            employer,
            base,
        } => facts
            .record("scheme", text(scheme))
            .record("employer", maybe(employer))
            .record("base", money(*base)),
        ExtractFacts::Vehicle {
            plate,
            kind,
            price,
            registered,
            state,
        } => facts
            .record("plate", text(plate))
            .record("kind", text(kind))
            .record("price", money(*price))
            .record("registered", day(*registered))
            .record("state", maybe(state)),
        ExtractFacts::RealEstate {
            kind,
            address,
            area_m2,
            registered,
        } => facts
            .record("kind", text(kind))
            .record("address", maybe(address))
            .record("area_m2", area_m2.map(Fact::Number))
            .record("registered", day(*registered)),
        ExtractFacts::Company {
            company,
            role,
            state,
            capital,
            registered,
        } => facts
            .record("company", text(company))
            .record("role", maybe(role))
            .record("state", maybe(state))
            .record("capital", money(*capital))
            .record("registered", day(*registered)),
        ExtractFacts::PublicPayroll { unit, post, state } => facts
            .record("unit", text(unit))
            .record("post", maybe(post))
            .record("state", maybe(state)),
    };
    facts
}

/// What one clause says of one matched record.
struct Flagged<'a> {
    clause: &'a Clause,
    found: &'a Match,
    facts: Facts,
    decision: Decision,
}

/// Red flags: the pack's clauses on every matched record. Several records of one person under one clause are one item.
/// A clause that cannot decide gives an item that asks for the missing fact.
pub fn red_flags(
    register: &Register<'_>,
    extracts: &[&ExtractRecord],
    matches: &[Match],
    pack: &Pack,
) -> Vec<FoundItem> {
    let flagged: Vec<Flagged<'_>> = matches
        .par_iter()
        .flat_map_iter(|found| {
            let (entry, extract) = (
                &register.entries[found.person as usize],
                extracts[found.extract as usize],
            );
            let kind = extract.facts.file_kind();
            let clauses = pack.clauses().iter().filter(move |clause| clause.looks_at(kind));
            clauses.filter_map(move |clause| {
                let facts = facts(entry, extract);
                let decision = clause.decide(&facts);
                (decision != Decision::DoesNotHold).then_some(Flagged {
                    clause,
                    found,
                    facts,
                    decision,
                })
            })
        })
        .collect();
    let mut grouped: BTreeMap<(&str, u32, bool), Vec<&Flagged<'_>>> = BTreeMap::new();
    for flag in &flagged {
        let holds = flag.decision == Decision::Holds;
        grouped
            .entry((&flag.clause.id, flag.found.person, holds))
            .or_default()
            .push(flag);
    }
    grouped
        .into_iter()
        .map(|((_, person, holds), flags)| {
            let entry = &register.entries[person as usize];
            if holds {
                held(entry, extracts, &flags)
            } else {
                undecided(entry, extracts, &flags)
            }
        })
        .collect()
}

fn held(entry: &Entry<'_>, extracts: &[&ExtractRecord], flags: &[&Flagged<'_>]) -> FoundItem {
    let first = flags[0];
    // The same fact in two files is said once.
    let said: BTreeSet<(String, String)> = flags
        .iter()
        .map(|flag| {
            let text = flag.clause.explain(&flag.facts);
            (text.zh, text.en)
        })
        .collect();
    let join =
        |pick: fn(&(String, String)) -> &str, gap: &str| said.iter().map(pick).collect::<Vec<_>>().join(gap);
    let mut explanation = Text::new(join(|text| &text.0, ""), join(|text| &text.1, " "));
    let mut record_name = None;
    if !flags.iter().any(|flag| flag.found.certain()) {
        let name = &extracts[first.found.extract as usize].name;
        record_name = Some(name.clone());
        let (zh, en) = if first.found.exact {
            (
                "身份证号相同而姓名不同",
                "the ID numbers are equal, the names differ",
            )
        } else {
            ("身份证号不完全一致", "the ID numbers are not equal")
        };
        explanation
            .zh
            .push_str(&format!("部门记录的姓名为{name}，{zh}，请先确认是否本人。"));
        explanation.en.push_str(&format!(
            " The department's record names {name}; {en}: first make sure that it is the same person."
        ));
    }
    let mut item = FoundItem::new(
        &first.clause.id,
        first.clause.severity,
        &entry.household.facts.area,
        explanation,
        first.clause.act(&first.facts),
    )
    .about(entry);
    item.values = first.clause.values(&first.facts);
    item.values.insert("records".to_owned(), said.len().to_string());
    item.values
        .extend(record_name.map(|name| ("record.name".to_owned(), name)));
    item.evidence = flags
        .iter()
        .map(|flag| extracts[flag.found.extract as usize].id)
        .collect();
    item.probability = best_probability(flags);
    item
}

fn undecided(entry: &Entry<'_>, extracts: &[&ExtractRecord], flags: &[&Flagged<'_>]) -> FoundItem {
    let first = flags[0];
    let extract = extracts[first.found.extract as usize];
    let (name, shown) = (&entry.person.facts.name, entry.masked_id());
    let (missing, reason) = match &first.decision {
        Decision::CannotDecide { missing, reason } => (missing.clone().unwrap_or_default(), reason.clone()),
        Decision::Holds | Decision::DoesNotHold => (String::new(), String::new()),
    };
    let explanation = Text::new(
        format!(
            "“{}”无法判定：{name}（{shown}）的{}记录（{} 第 {} 行）缺少所需内容 {missing}。",
            first.clause.name.zh,
            extract.facts.file_kind().zh(),
            extract.file,
            extract.row
        ),
        format!(
            "\"{}\" cannot be decided for {name} ({shown}): the {} record ({}, row {}) lacks {missing}. {reason}",
            first.clause.name.en,
            extract.facts.file_kind().en(),
            extract.file,
            extract.row
        ),
    );
    let action = Text::new(
        "向数据来源部门补齐该内容后重新比对。",
        "Obtain the missing content from the department and compare again.",
    );
    let mut item = FoundItem::new(
        "red_flag.undecided",
        Severity::Ask,
        &entry.household.facts.area,
        explanation,
        action,
    )
    .about(entry)
    .value("clause", &first.clause.id)
    .value("missing", missing)
    .value("reason", reason);
    item.evidence = flags
        .iter()
        .map(|flag| extracts[flag.found.extract as usize].id)
        .collect();
    item.probability = best_probability(flags);
    item
}

fn best_probability(flags: &[&Flagged<'_>]) -> f64 {
    flags
        .iter()
        .map(|flag| flag.found.shown_probability())
        .fold(0.0, f64::max)
}
