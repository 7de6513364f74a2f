//! Households and persons of each county, township and village, counted as they are written: a list says how many
//! households it has without reading them.
//!
//! What is counted apart is a facet: status, category, choice, pathway and must-move together, which is what lists and figures
//! are filtered and grouped by. The table is made from the rows of households alone; verification compares it with them.

use std::collections::BTreeMap;

use anju_model::area::{AreaCode, AreaLevel};
use anju_model::register::{Category, ConsentChoice, Household, HouseholdStatus, Pathway};

use crate::database::Link;
use crate::list::{Conditions, placeholders};
use crate::value::Record;
use crate::{StoreError, Value};

/// What households are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facet {
    pub category: Category,
    pub choice: Option<ConsentChoice>,
    pub pathway: Option<Pathway>,
    pub must_move: bool,
    pub status: HouseholdStatus,
}

/// Stands for a choice or pathway that is not recorded.
const NONE: &str = "-";

impl Facet {
    pub fn of(household: &Household) -> Self {
        let consent = household.consent.as_ref();
        Self {
            category: household.facts.category,
            choice: consent.map(|consent| consent.choice),
            pathway: consent.and_then(|consent| consent.pathway),
            must_move: household.facts.must_move,
            status: household.status,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut word = || words.next();
        let category = Category::from_code(word()?)?;
        let choice = match word()? {
            NONE => None,
            code => Some(ConsentChoice::from_code(code)?),
        };
        let pathway = match word()? {
            NONE => None,
            code => Some(Pathway::from_code(code)?),
        };
        let must_move = word()? == "1";
        let status = HouseholdStatus::from_code(word()?)?;
        Some(Self {
            category,
            choice,
            pathway,
            must_move,
            status,
        })
    }

    /// Reads a facet from a column.
    pub fn read(row: &Record, place: usize) -> Result<Self, StoreError> {
        row.code(place, Self::parse)
    }
}

impl std::fmt::Display for Facet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let choice = self.choice.map_or(NONE, ConsentChoice::code);
        let pathway = self.pathway.map_or(NONE, Pathway::code);
        let must_move = u8::from(self.must_move);
        let status = self.status.code();
        write!(
            f,
            "{} {choice} {pathway} {must_move} {status}",
            self.category.code()
        )
    }
}

/// The enclosing areas that are counted, as SQL over a household's row.
const AREAS: [&str; 3] = ["substr(area, 1, 6)", "substr(area, 1, 9)", "substr(area, 1, 12)"];

/// Adds the stored households with these ids to the counts, or takes them off.
pub(crate) async fn add_to_tally(link: &mut Link, ids: &[String], sign: i64) -> Result<(), StoreError> {
    let arguments: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
    let list = placeholders(1, ids.len());
    let sign = if sign < 0 { "-" } else { "" };
    for area in AREAS {
        let sql = format!(
            "INSERT INTO household_tally (area, facet, households, persons)
             SELECT {area}, facet, {sign}COUNT(*), {sign}CAST(SUM(persons) AS BIGINT) FROM household
             WHERE id IN ({list}) GROUP BY {area}, facet
             ON CONFLICT (area, facet) DO UPDATE SET households = household_tally.households + excluded.households,
                 persons = household_tally.persons + excluded.persons"
        );
        link.execute(&sql, &arguments).await?;
    }
    Ok(())
}

/// Takes away counts of nothing.
pub(crate) async fn tidy_tally(link: &mut Link) -> Result<(), StoreError> {
    link.execute("DELETE FROM household_tally WHERE households = 0", &[])
        .await?;
    Ok(())
}

/// Counts all households anew.
pub(crate) async fn remake_tally(link: &mut Link) -> Result<(), StoreError> {
    link.execute("DELETE FROM household_tally", &[]).await?;
    for area in AREAS {
        let sql = format!(
            "INSERT INTO household_tally (area, facet, households, persons)
             SELECT {area}, facet, COUNT(*), CAST(SUM(persons) AS BIGINT) FROM household GROUP BY {area}, facet"
        );
        link.execute(&sql, &[]).await?;
    }
    Ok(())
}

/// Area and facet of each count that is not what the rows of households give, with what was found and expected:
/// households and persons.
pub(crate) async fn check_tally(link: &mut Link) -> Result<Vec<(String, [String; 2])>, StoreError> {
    let read = |rows: Vec<Record>| {
        rows.iter()
            .map(|row| {
                Ok((
                    format!("{} {}", row.text(0)?, row.text(1)?),
                    [row.int(2)?, row.int(3)?],
                ))
            })
            .collect::<Result<BTreeMap<String, [i64; 2]>, StoreError>>()
    };
    let kept = "SELECT area, facet, households, persons FROM household_tally";
    let mut found = read(link.all(kept, &[]).await?)?;
    let mut wrong = Vec::new();
    let shown = |counts: Option<[i64; 2]>| match counts {
        Some([households, persons]) => format!("{households} households, {persons} persons"),
        None => "nothing".to_owned(),
    };
    for area in AREAS {
        let sql = format!(
            "SELECT {area}, facet, COUNT(*), CAST(SUM(persons) AS BIGINT) FROM household GROUP BY {area}, facet"
        );
        for (key, expected) in read(link.all(&sql, &[]).await?)? {
            let found = found.remove(&key);
            if found != Some(expected) {
                wrong.push((key, [shown(found), shown(Some(expected))]));
            }
        }
    }
    wrong.extend(
        found
            .into_iter()
            .map(|(key, found)| (key, [shown(Some(found)), shown(None)])),
    );
    Ok(wrong)
}

/// Households and persons of an area by facet; `None` for an area that is too small to be counted.
pub(crate) async fn facets(
    link: &mut Link,
    area: &AreaCode,
) -> Result<Option<Vec<(Facet, u64, u64)>>, StoreError> {
    let mut conditions = Conditions::default();
    match area.level() {
        AreaLevel::Province | AreaLevel::Prefecture => {
            conditions.within("t.area", area);
            conditions.and("length(t.area) = 6");
        }
        AreaLevel::County | AreaLevel::Township | AreaLevel::Village => {
            conditions.equal("t.area", Some(area.as_str()));
        }
        AreaLevel::Group => return Ok(None),
    }
    let sql = format!(
        "SELECT t.facet, t.households, t.persons FROM household_tally t{} ORDER BY t.facet",
        conditions.text()
    );
    let rows = link.all(&sql, conditions.values()).await?;
    let facets = rows
        .iter()
        .map(|row| Ok((Facet::read(row, 0)?, row.count(1)?, row.count(2)?)));
    facets.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_is_read_as_it_was_written() {
        for choice in [None, Some(ConsentChoice::Stay)] {
            for pathway in [None, Some(Pathway::StockHousing)] {
                let facet = Facet {
                    category: Category::Disaster,
                    choice,
                    pathway,
                    must_move: pathway.is_some(),
                    status: HouseholdStatus::Active,
                };
                assert_eq!(Facet::parse(&facet.to_string()), Some(facet));
            }
        }
        assert_eq!(Facet::parse("disaster move"), None);
        assert_eq!(Facet::parse("disaster moved - 1 active"), None);
    }
}
