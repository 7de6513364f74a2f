//! Rules on the register alone: identity numbers, families, and one person entered twice.
//!
//! One cause gives one item: a number that is not valid says nothing of birth date and sex, and a family rule fires only
//! when every claimed birth date or sex agrees with it, because a contradiction between them is an item already.

use std::collections::HashSet;

use anju_model::code_list::Text;
use anju_model::identity::{IdNumberError, Sex};
use anju_model::lookback::{ExtractRecord, Severity};
use anju_model::register::{Household, IdKind, Relation};
use jiff::ToSpan;
use jiff::civil::Date;
use rayon::prelude::*;
use uuid::Uuid;

use crate::cluster::{Conflict, cluster};
use crate::comparison::{Field, Pattern, id, name};
use crate::cross_match::ListedAgain;
use crate::explain::{self, FoundItem};
use crate::linkage::{Link, Linkage};
use crate::register::{Entry, Register};

/// Ages the family rules work with, from the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    /// Smallest age gap between parent and child, years.
    pub parent_gap: u32,
    /// Age of majority, years.
    pub adult: u32,
}

/// Checks every person's ID number against itself and against what is recorded.
pub fn identity(register: &Register<'_>) -> Vec<FoundItem> {
    register.entries.par_iter().flat_map_iter(identity_of).collect()
}

fn identity_of(entry: &Entry<'_>) -> Vec<FoundItem> {
    let facts = &entry.person.facts;
    let Some(number) = &facts.id_number else {
        return Vec::new();
    };
    let (name, shown) = (&facts.name, number.masked());
    let item = |rule: &str, explanation: Text, action: Text| {
        FoundItem::new(
            rule,
            Severity::Block,
            &entry.household.facts.area,
            explanation,
            action,
        )
        .about(entry)
        .value("name", name)
        .value("id_number", &shown)
    };
    let copy = || {
        Text::new(
            "对照身份证或户口簿原件更正号码。",
            "Correct the number from the identity card or the hukou book.",
        )
    };
    // Passports have no rule by which one could tell that they are wrong.
    if facts.id_kind == IdKind::Passport {
        return Vec::new();
    }
    match number.check() {
        Err(IdNumberError::Length(length)) => {
            let explanation = Text::new(
                format!("{name}的身份证号 {shown} 有 {length} 位，应为 18 位（第一代 15 位）。"),
                format!(
                    "The ID number {shown} of {name} has {length} characters; 18 are needed (15 in the first generation)."
                ),
            );
            return vec![item("identity.length", explanation, copy()).value("length", length)];
        }
        Err(error) => {
            let (zh, en) = (error.zh(), error.to_string());
            let explanation = Text::new(
                format!("{name}的身份证号 {shown} 不能成立：{zh}，至少有一位录错。"),
                format!(
                    "The ID number {shown} of {name} cannot be right: {en}; at least one character is wrong."
                ),
            );
            return vec![item("identity.check_digit", explanation, copy()).value("reason", zh)];
        }
        Ok(()) => {}
    }
    let mut found = Vec::new();
    let settle = |what: &str, en: &str| {
        Text::new(
            format!("对照身份证或户口簿原件，更正{what}或身份证号中有误的一项。"),
            format!(
                "Compare with the identity card or the hukou book; correct the {en} or the ID number, whichever is wrong."
            ),
        )
    };
    if let (Some(recorded), Some(inside)) = (facts.birth_date, number.birth_date())
        && recorded != inside
    {
        let explanation = Text::new(
            format!("{name}登记的出生日期 {recorded} 与身份证号 {shown} 中的 {inside} 不一致。"),
            format!(
                "The recorded birth date {recorded} of {name} differs from {inside} in the ID number {shown}."
            ),
        );
        found.push(
            item(
                "identity.birth_mismatch",
                explanation,
                settle("出生日期", "birth date"),
            )
            .value("recorded", recorded)
            .value("in_id_number", inside),
        );
    }
    if let (recorded @ (Sex::Male | Sex::Female), Some(inside)) = (facts.sex, number.sex())
        && recorded != inside
    {
        let explanation = Text::new(
            format!(
                "{name}登记的性别“{}”与身份证号 {shown} 表示的“{}”不一致。",
                recorded.zh(),
                inside.zh()
            ),
            format!(
                "The recorded sex of {name} is {}; the ID number {shown} says {}.",
                recorded.en(),
                inside.en()
            ),
        );
        found.push(
            item("identity.sex_mismatch", explanation, settle("性别", "sex"))
                .value("recorded", recorded.zh())
                .value("in_id_number", inside.zh()),
        );
    }
    found
}

/// Checks every household's composition.
pub fn family(register: &Register<'_>, ages: Ages, as_of: Date) -> Vec<FoundItem> {
    register
        .households
        .par_iter()
        .flat_map_iter(|household| family_of(household, ages, as_of))
        .collect()
}

fn family_of(household: &Household, ages: Ages, as_of: Date) -> Vec<FoundItem> {
    let number = &household.facts.register_number;
    let members: Vec<Entry<'_>> = household
        .members
        .iter()
        .map(|person| Entry { household, person })
        .collect();
    let with = |wanted: fn(Relation) -> bool| -> Vec<Entry<'_>> {
        members
            .iter()
            .filter(|entry| wanted(entry.person.facts.relation))
            .copied()
            .collect()
    };
    let item = |rule: &str, severity: Severity, explanation: Text, action: Text| {
        let mut item = FoundItem::new(rule, severity, &household.facts.area, explanation, action);
        item.household = Some(household.id);
        item.value("register_number", number)
    };
    let names = |entries: &[Entry<'_>]| -> String {
        entries
            .iter()
            .map(|entry| entry.person.facts.name.as_str())
            .collect::<Vec<_>>()
            .join("、")
    };
    let mut found = Vec::new();
    let heads = with(Relation::is_head);
    let spouses = with(Relation::is_spouse);
    if heads.is_empty() {
        found.push(item(
            "family.no_head",
            Severity::Block,
            Text::new(
                format!("户 {number} 的 {} 名成员中没有户主。", members.len()),
                format!(
                    "None of the {} members of household {number} is the head.",
                    members.len()
                ),
            ),
            Text::new(
                "核对户口簿，确定户主后更正与户主关系。",
                "Check the hukou book, name the head and correct the relations.",
            ),
        ));
    }
    if heads.len() > 1 {
        let list = names(&heads);
        found.push(
            item(
                "family.two_heads",
                Severity::Block,
                Text::new(
                    format!("户 {number} 有 {} 名户主：{list}。", heads.len()),
                    format!("Household {number} has {} heads: {list}.", heads.len()),
                ),
                Text::new(
                    "核对户口簿，只保留一名户主；分户的按分户登记。",
                    "Check the hukou book and keep one head; register separate households separately.",
                ),
            )
            .value("heads", list),
        );
    }
    if spouses.len() > 1 {
        let list = names(&spouses);
        found.push(
            item(
                "family.two_spouses",
                Severity::Block,
                Text::new(
                    format!("户 {number} 的户主有 {} 名配偶：{list}。", spouses.len()),
                    format!(
                        "The head of household {number} has {} spouses: {list}.",
                        spouses.len()
                    ),
                ),
                Text::new(
                    "核对结婚证和户口簿，更正与户主关系。",
                    "Check the marriage certificate and the hukou book; correct the relations.",
                ),
            )
            .value("spouses", list),
        );
    }
    if let [only] = members.as_slice()
        && only.births().next().is_some()
        && only.births().all(|birth| !reached(birth, ages.adult, as_of))
    {
        let (name, birth) = (&only.person.facts.name, shown_birth(only));
        found.push(
            item(
                "family.lone_minor",
                Severity::Block,
                Text::new(
                    format!(
                        "户 {number} 只有未成年人{name}一人（{birth} 出生，未满 {} 周岁）。",
                        ages.adult
                    ),
                    format!(
                        "Household {number} is one minor alone: {name}, born {birth}, younger than {}.",
                        ages.adult
                    ),
                ),
                Text::new(
                    "核实监护人和实际共同生活人员，并入实际生活的家庭。",
                    "Find the guardian and those the child lives with; join the child to that household.",
                ),
            )
            .about(only)
            .value("birth_date", birth),
        );
    }
    let [head] = heads.as_slice() else { return found };
    if let [spouse] = spouses.as_slice() {
        let claims: Vec<Sex> = head.sexes().chain(spouse.sexes()).collect();
        let both = head.sexes().next().is_some() && spouse.sexes().next().is_some();
        if both && claims.iter().all(|sex| *sex == claims[0]) {
            let (first, second, shared) = (&head.person.facts.name, &spouse.person.facts.name, claims[0]);
            found.push(
                item(
                    "family.spouse_same_sex",
                    Severity::Ask,
                    Text::new(
                        format!(
                            "户 {number} 的户主{first}与配偶{second}登记的性别同为“{}”。",
                            shared.zh()
                        ),
                        format!(
                            "Head {first} and spouse {second} of household {number} are both recorded as {}.",
                            shared.en()
                        ),
                    ),
                    Text::new(
                        "核对双方身份证和与户主关系，更正性别或关系。",
                        "Check both identity cards and the relation; correct the sex or the relation.",
                    ),
                )
                .about(spouse)
                .value("sex", shared.zh()),
            );
        }
    }
    let children = with(Relation::is_child).into_iter().map(|child| (*head, child));
    let parents = with(Relation::is_parent)
        .into_iter()
        .map(|parent| (parent, *head));
    for (parent, child) in children.chain(parents) {
        let both = parent.births().next().is_some() && child.births().next().is_some();
        let too_close = parent.births().all(|parent_birth| {
            child
                .births()
                .all(|child_birth| !reached(parent_birth, ages.parent_gap, child_birth))
        });
        if both && too_close {
            let (older, younger) = (&parent.person.facts.name, &child.person.facts.name);
            let (older_birth, younger_birth) = (shown_birth(&parent), shown_birth(&child));
            let about = if parent.person.id == head.person.id {
                child
            } else {
                parent
            };
            found.push(
                item(
                    "family.parent_age",
                    Severity::Ask,
                    Text::new(
                        format!("户 {number} 中{older}（{older_birth} 出生）登记为{younger}（{younger_birth} 出生）的父母，年龄差不足 {} 岁。", ages.parent_gap),
                        format!("In household {number}, {older} (born {older_birth}) is recorded as parent of {younger} (born {younger_birth}): less than {} years apart.", ages.parent_gap),
                    ),
                    Text::new("核对户口簿，更正与户主关系或出生日期；继父母、养父母注明。", "Check the hukou book; correct the relation or the birth date; note step- and adoptive parents."),
                )
                .about(&about)
                .value("parent_birth_date", older_birth)
                .value("child_birth_date", younger_birth),
            );
        }
    }
    found
}

/// Whether somebody born on `birth` is at least `years` old on `day`.
fn reached(birth: Date, years: u32, day: Date) -> bool {
    birth.saturating_add(i64::from(years).years()) <= day
}

fn shown_birth(entry: &Entry<'_>) -> String {
    entry
        .births()
        .next()
        .map_or_else(|| "—".to_owned(), |birth| birth.to_string())
}

/// Why two entries are put before somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// They are likely one person.
    OnePerson,
    /// They are likely one person, but a conflict forbids to join them.
    Conflict(Conflict),
    /// They share a valid ID number and nothing else makes them one person.
    SharedNumber,
}

/// Items for entries that are one person, and for entries that share a valid ID number, from a linkage of the register
/// with itself.
pub fn duplicates(register: &Register<'_>, linkage: &Linkage, probability: f64) -> Vec<FoundItem> {
    let (likely, unlikely): (Vec<Link>, Vec<Link>) = linkage
        .links
        .iter()
        .cloned()
        .partition(|link| link.score.probability >= probability);
    let clusters = cluster(&register.records, &likely);
    let joined = clusters
        .joined
        .iter()
        .map(|number| (&likely[*number], Reason::OnePerson));
    let refused = clusters
        .refused
        .iter()
        .map(|(number, conflict)| (&likely[*number], *conflict))
        .filter(|(link, conflict)| *conflict != Conflict::OneHousehold || listed_twice_at_home(link.pattern))
        .map(|(link, conflict)| (link, Reason::Conflict(conflict)));
    // An invalid number is an item already; a valid one cannot be two persons'.
    let shared = unlikely
        .iter()
        .filter(|link| equal_id(link.pattern) && register.records[link.pair.0 as usize].id.valid)
        .map(|link| (link, Reason::SharedNumber));
    joined
        .chain(refused)
        .chain(shared)
        .map(|(link, reason)| duplicate(register, link, reason))
        .collect()
}

fn duplicate(register: &Register<'_>, link: &Link, reason: Reason) -> FoundItem {
    // Identifiers rise with time: the later entry is the one to look at.
    let earlier = &register.entries[link.pair.0 as usize];
    let later = &register.entries[link.pair.1 as usize];
    let weights = explain::waterfall(link.pattern, &link.score);
    let shown = explain::percent(link.score.probability);
    let (zh, en) = match reason {
        Reason::OnePerson => (
            format!("疑为同一人，概率 {}", shown.zh),
            format!("may be one person, probability {}", shown.en),
        ),
        Reason::Conflict(Conflict::OneHousehold) => (
            format!("疑为同一人在同一户内登记两次，概率 {}", shown.zh),
            format!(
                "may be one person listed twice in one household, probability {}",
                shown.en
            ),
        ),
        Reason::Conflict(Conflict::TwoValidNumbers) => (
            format!(
                "疑为同一人（概率 {}），但涉及两个不同的有效身份证号，可能是双重户口，不自动合并",
                shown.zh
            ),
            format!(
                "may be one person (probability {}), but two different valid ID numbers are involved (double hukou?), so they are not joined",
                shown.en
            ),
        ),
        Reason::SharedNumber => (
            format!(
                "登记了同一个有效身份证号，其他信息却不一致（为同一人的概率 {}），至少一方号码有误",
                shown.zh
            ),
            format!(
                "have the same valid ID number, but little else agrees (probability of one person {}): at least one number is wrong",
                shown.en
            ),
        ),
    };
    let (a, b) = (&later.person.facts.name, &earlier.person.facts.name);
    let (ida, idb) = (later.masked_id(), earlier.masked_id());
    let (numa, numb) = (
        &later.household.facts.register_number,
        &earlier.household.facts.register_number,
    );
    let explanation = Text::new(
        format!(
            "{a}（{ida}，户 {numa}）与{b}（{idb}，户 {numb}）{zh}。依据：{}。",
            weights.zh
        ),
        format!(
            "{a} ({ida}, household {numa}) and {b} ({idb}, household {numb}) {en}. Reasons: {}.",
            weights.en
        ),
    );
    let action = match reason {
        Reason::SharedNumber => Text::new(
            "到两户核对本人身份证，更正录错的号码。",
            "See both identity cards and correct the number that is wrong.",
        ),
        Reason::OnePerson | Reason::Conflict(_) => keep_one(),
    };
    let severity = if reason == Reason::SharedNumber {
        Severity::Block
    } else {
        Severity::Ask
    };
    let mut item = item_of_pair(later, earlier, severity, explanation, action);
    // That a shared number has to be corrected is certain; that the two are one person is not.
    item.probability = if reason == Reason::SharedNumber {
        1.0
    } else {
        link.score.probability
    };
    explain::weights(item, link.pattern, &link.score)
}

fn keep_one() -> Text {
    Text::new(
        "核对本人身份证和户口簿；确为一人的，保留实际共同生活的一处登记，另一处更正。",
        "See the identity card and the hukou book; if it is one person, keep the entry in the household the person lives in and correct the other.",
    )
}

fn item_of_pair(
    entry: &Entry<'_>,
    other: &Entry<'_>,
    severity: Severity,
    explanation: Text,
    action: Text,
) -> FoundItem {
    let mut item = FoundItem::new(
        "identity.duplicate_person",
        severity,
        &entry.household.facts.area,
        explanation,
        action,
    )
    .about(entry)
    .value("name", &entry.person.facts.name)
    .value("other_name", &other.person.facts.name)
    .value("id_number", entry.masked_id())
    .value("other_id_number", other.masked_id())
    .value("register_number", &entry.household.facts.register_number)
    .value("other_register_number", &other.household.facts.register_number);
    item.other_household = Some(other.household.id);
    item.other_person = Some(other.person.id);
    item
}

/// Items for entries that the civil registry shows to be one person and that no item has yet.
pub fn listed_again(
    register: &Register<'_>,
    extracts: &[&ExtractRecord],
    found: &[ListedAgain<'_>],
    items: &[FoundItem],
) -> Vec<FoundItem> {
    let known: HashSet<(Uuid, Uuid)> = items
        .iter()
        .filter_map(|item| Some((item.person?, item.other_person?)))
        .flat_map(|(a, b)| [(a, b), (b, a)])
        .collect();
    let entry = |number: u32| &register.entries[number as usize];
    found
        .iter()
        .map(|again| (again, entry(again.link.pair.0), entry(again.holder)))
        .filter(|(_, entry, holder)| !known.contains(&(entry.person.id, holder.person.id)))
        .map(|(again, entry, holder)| {
            let (link, extract) = (again.link, extracts[again.extract as usize]);
            let weights = explain::waterfall(link.pattern, &link.score);
            let shown = explain::percent(link.score.probability);
            let (a, b) = (&entry.person.facts.name, &holder.person.facts.name);
            let (numa, numb) = (
                &entry.household.facts.register_number,
                &holder.household.facts.register_number,
            );
            let (ida, idb) = (entry.masked_id(), holder.masked_id());
            let (name, file, row) = (&extract.name, &extract.file, extract.row);
            let explanation = Text::new(
                format!(
                    "{a}（{ida}，户 {numa}）疑为公安户籍中的{name}（{file} 第 {row} 行），概率 {}，该人的身份证号已在户 {numb} 登记为{b}（{idb}）。依据：{}。",
                    shown.zh, weights.zh
                ),
                format!(
                    "{a} ({ida}, household {numa}) may be {name} of the civil registry ({file}, row {row}), probability {}, whose ID number is listed in household {numb} as {b} ({idb}). Reasons: {}.",
                    shown.en, weights.en
                ),
            );
            let mut item = item_of_pair(entry, holder, Severity::Ask, explanation, keep_one())
                .value("civil_registry_name", name);
            item.evidence = vec![extract.id];
            item.probability = link.score.probability;
            explain::weights(item, link.pattern, &link.score)
        })
        .collect()
}

fn equal_id(pattern: Pattern) -> bool {
    pattern.level(Field::Id) == id::EQUAL
}

/// Members of one household who are merely alike are brothers and sisters; an equal number, or an equal name without
/// two valid numbers, is one person listed twice.
fn listed_twice_at_home(pattern: Pattern) -> bool {
    let same_name =
        pattern.level(Field::Name) == name::EQUAL && pattern.level(Field::Id) != id::DIFFERENT_VALID;
    equal_id(pattern) || same_name
}
