//! The look-back itself: all rules over one register, in one call.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use anju_model::lookback::{ExtractFacts, ExtractRecord, ThreatenedHousehold};
use anju_model::policy::{Pack, PolicyError};
use anju_model::register::Household;
use jiff::civil::Date;
use uuid::Uuid;

use crate::blocking::{BlockingReport, Side};
use crate::cross_match;
use crate::explain::FoundItem;
use crate::hazard::{self, HazardExposure};
use crate::linkage::link;
use crate::register::Register;
use crate::rules::{self, Ages};

/// Why a look-back did not come to its end.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// The pack lacks a figure or has another kind of value.
    #[error("The look-back cannot start. {0}")]
    Policy(#[from] PolicyError),
    /// The caller asked to stop.
    #[error("The look-back was stopped before its end. Nothing was kept; start it again.")]
    Stopped,
    /// Two persons or households have the same identifier.
    #[error(
        "The identifier {0} occurs twice in the register. Each household and person needs its own; correct the register and start again."
    )]
    SameIdentifier(Uuid),
}

/// What a look-back reads.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The register.
    pub households: &'a [Household],
    /// All departments' extracts.
    pub extracts: &'a [ExtractRecord],
    /// The lists of threatened households.
    pub threatened: &'a [ThreatenedHousehold],
    /// How homes lie to the hazard and flood layers, by household; a household without a position has no entry.
    pub hazards: &'a HashMap<Uuid, HazardExposure>,
    /// The day ages and deaths are reckoned on.
    pub as_of: Date,
}

/// The counts of a look-back.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Figures {
    /// Households in the register.
    pub households: u64,
    /// Persons in the register.
    pub persons: u64,
    /// Rows in the extracts.
    pub extract_rows: u64,
    /// Rows that are some person's by an equal ID number.
    pub rows_matched_exactly: u64,
    /// Rows that are probably some person's.
    pub rows_matched_probably: u64,
    /// Threatened households on the lists.
    pub threatened: u64,
    /// Pairs of persons compared within the register.
    pub pairs_within: u64,
    /// Pairs of person and row compared.
    pub pairs_across: u64,
    /// What each blocking rule did within the register.
    pub blocking_within: Vec<BlockingReport>,
    /// What each blocking rule did across register and extracts.
    pub blocking_across: Vec<BlockingReport>,
    /// Items that ask because a clause could not decide.
    pub undecided: u64,
    /// Items by rule.
    pub items: BTreeMap<String, u64>,
}

/// What a look-back found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The items, by rule, place and person.
    pub items: Vec<FoundItem>,
    /// The counts.
    pub figures: Figures,
}

/// Checks a register against itself, the extracts, the lists of threatened households and the hazard layers.
///
/// `progress` is told the share done, 0 to 1, and may stop the work. The order of the input changes nothing.
///
/// # Errors
/// When the pack lacks a figure, an identifier occurs twice, or `progress` breaks.
pub fn look_back(
    input: &Input<'_>,
    pack: &Pack,
    progress: &(dyn Fn(f32) -> ControlFlow<()> + Sync),
) -> Result<Outcome, VerifyError> {
    let step = |share: f32| match progress(share) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(VerifyError::Stopped),
    };
    let ages = Ages {
        parent_gap: pack.count("look_back.parent_age_gap")?,
        adult: pack.count("look_back.adult_age")?,
    };
    let duplicate_probability = pack.number("look_back.duplicate_probability")?;
    let match_probability = pack.number("look_back.match_probability")?;
    let key_limit = pack.count("look_back.blocking_key_limit")? as usize;
    let outside_limit = pack.number("look_back.outside_hazard_distance")?;
    check_identifiers(input.households)?;
    step(0.0)?;

    let register = Register::new(input.households);
    let mut extracts: Vec<&ExtractRecord> = input.extracts.iter().collect();
    extracts.sort_by_key(|extract| extract.id);
    let mut threatened: Vec<&ThreatenedHousehold> = input.threatened.iter().collect();
    threatened.sort_by_key(|entry| entry.id);
    step(0.05)?;

    let mut items = rules::identity(&register);
    items.extend(rules::family(&register, ages, input.as_of));
    step(0.15)?;

    let within = link(&register.records, Side::Within, key_limit, duplicate_probability);
    items.extend(rules::duplicates(&register, &within, duplicate_probability));
    step(0.45)?;

    let (matches, across) = cross_match::match_extracts(&register, &extracts, key_limit, match_probability);
    let again = cross_match::listed_again(&register, &extracts, &across);
    let again = rules::listed_again(&register, &extracts, &again, &items);
    items.extend(again);
    attach_civil_records(&mut items, &register, &extracts, &matches);
    step(0.7)?;

    items.extend(cross_match::civil_registry(
        &register,
        &extracts,
        &matches,
        input.as_of,
    ));
    items.extend(cross_match::red_flags(&register, &extracts, &matches, pack));
    step(0.9)?;

    let listed = hazard::threatened(&register, &threatened);
    items.extend(listed.items);
    items.extend(hazard::outside(
        &register,
        input.hazards,
        &listed.listed,
        outside_limit,
    ));
    items.sort_by(|a, b| a.order().cmp(&b.order()));
    step(1.0)?;

    let mut by_rule: BTreeMap<String, u64> = BTreeMap::new();
    for item in &items {
        *by_rule.entry(item.rule.clone()).or_default() += 1;
    }
    let rows = |exact: bool| {
        let rows = matches
            .iter()
            .filter(|found| found.exact == exact)
            .map(|found| found.extract);
        rows.collect::<HashSet<u32>>().len() as u64
    };
    let figures = Figures {
        households: register.households.len() as u64,
        persons: register.entries.len() as u64,
        extract_rows: extracts.len() as u64,
        rows_matched_exactly: rows(true),
        rows_matched_probably: rows(false),
        threatened: threatened.len() as u64,
        pairs_within: within.pairs_compared,
        pairs_across: across.pairs_compared,
        blocking_within: within.blocking,
        blocking_across: across.blocking,
        undecided: by_rule.get("red_flag.undecided").copied().unwrap_or(0),
        items: by_rule,
    };
    Ok(Outcome { items, figures })
}

fn check_identifiers(households: &[Household]) -> Result<(), VerifyError> {
    let (mut of_households, mut of_persons) = (HashSet::new(), HashSet::new());
    for household in households {
        if !of_households.insert(household.id) {
            return Err(VerifyError::SameIdentifier(household.id));
        }
        if let Some(twice) = household
            .members
            .iter()
            .find(|person| !of_persons.insert(person.id))
        {
            return Err(VerifyError::SameIdentifier(twice.id));
        }
    }
    Ok(())
}

/// A wrong number gets the civil registry's record that is probably the same person's as evidence.
fn attach_civil_records(
    items: &mut [FoundItem],
    register: &Register<'_>,
    extracts: &[&ExtractRecord],
    matches: &[cross_match::Match],
) {
    let mut civil: HashMap<Uuid, Vec<&ExtractRecord>> = HashMap::new();
    for found in matches.iter().filter(|found| !found.exact) {
        let extract = extracts[found.extract as usize];
        if matches!(extract.facts, ExtractFacts::CivilRegistry { .. }) {
            civil
                .entry(register.entries[found.person as usize].person.id)
                .or_default()
                .push(extract);
        }
    }
    for item in items
        .iter_mut()
        .filter(|item| matches!(item.rule.as_str(), "identity.length" | "identity.check_digit"))
    {
        if let Some(records) = item.person.and_then(|person| civil.get(&person)) {
            item.evidence.extend(records.iter().map(|extract| extract.id));
            if let Some(number) = &records[0].id_number {
                let (name, number) = (&records[0].name, number.masked());
                item.values.insert("civil_registry_name".to_owned(), name.clone());
                item.explanation
                    .zh
                    .push_str(&format!("公安户籍中可能是同一人的{name}，号码为 {number}。"));
                item.explanation.en.push_str(&format!(
                    " The civil registry's {name}, probably the same person, has {number}."
                ));
            }
        }
    }
}
