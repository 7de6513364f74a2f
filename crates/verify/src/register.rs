//! The register prepared for a run: households and persons in the order of their identifiers, each person normalised.

use anju_model::identity::{IdNumber, Sex};
use anju_model::register::{Household, IdKind, Person};
use jiff::civil::Date;
use rayon::prelude::*;

use crate::normalise::Record;

/// A person with the household it is listed in.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The household.
    pub household: &'a Household,
    /// The person.
    pub person: &'a Person,
}

impl Entry<'_> {
    /// The ID number, when it can be right.
    pub fn valid_id(&self) -> Option<&IdNumber> {
        self.person
            .facts
            .id_number
            .as_ref()
            .filter(|number| self.person.facts.id_kind != IdKind::Passport && number.check().is_ok())
    }

    /// The birth dates that are claimed: as recorded, and in a valid ID number.
    pub fn births(&self) -> impl Iterator<Item = Date> {
        self.person
            .facts
            .birth_date
            .into_iter()
            .chain(self.valid_id().and_then(IdNumber::birth_date))
    }

    /// The sexes that are claimed: as recorded, and in a valid ID number.
    pub fn sexes(&self) -> impl Iterator<Item = Sex> {
        let known = |sex: &Sex| matches!(sex, Sex::Male | Sex::Female);
        Some(self.person.facts.sex)
            .filter(known)
            .into_iter()
            .chain(self.valid_id().and_then(IdNumber::sex))
    }

    /// The ID number with its middle hidden, or a dash.
    pub fn masked_id(&self) -> String {
        self.person
            .facts
            .id_number
            .as_ref()
            .map_or_else(|| "—".to_owned(), IdNumber::masked)
    }
}

/// Households and persons, sorted by identifier so that the order of a file changes nothing.
#[derive(Debug)]
pub struct Register<'a> {
    /// Households.
    pub households: Vec<&'a Household>,
    /// Persons.
    pub entries: Vec<Entry<'a>>,
    /// The persons normalised, at the same places.
    pub records: Vec<Record>,
}

impl<'a> Register<'a> {
    /// Prepares a register.
    pub fn new(households: &'a [Household]) -> Self {
        let mut households: Vec<&Household> = households.iter().collect();
        households.sort_by_key(|household| household.id);
        let mut numbered: Vec<(u32, Entry<'a>)> = households
            .iter()
            .enumerate()
            .flat_map(|(number, household)| {
                household
                    .members
                    .iter()
                    .map(move |person| (number as u32, Entry { household, person }))
            })
            .collect();
        numbered.sort_by_key(|(_, entry)| entry.person.id);
        let records = numbered
            .par_iter()
            .map(|(number, Entry { household, person })| {
                let facts = &person.facts;
                let (id, area) = (facts.id_number.as_ref(), Some(&household.facts.area));
                Record::new(
                    &facts.name,
                    id,
                    facts.birth_date,
                    Some(facts.sex),
                    area,
                    Some(*number),
                )
            })
            .collect();
        let entries = numbered.into_iter().map(|(_, entry)| entry).collect();
        Self {
            households,
            entries,
            records,
        }
    }
}
