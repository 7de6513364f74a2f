//! Blocking: which pairs are compared at all. Several rules are united; a pair belongs to the first rule that makes it.
//!
//! A rule is one or more keys per record; records that share a key are paired. A key that too many records share is
//! split by a further field, and what remains too large is left out and reported, never dropped in silence.

use std::collections::HashSet;
use std::ops::Range;

use rayon::prelude::*;

use crate::normalise::{Record, key_of};

/// A blocking rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockingRule {
    /// Equal ID numbers.
    IdEqual,
    /// ID numbers one character or one swap apart, at least one of them not valid.
    IdNear,
    /// Names of equal sound and equal birth dates.
    NameAndBirth,
    /// Names of equal sound in one village.
    NameAndVillage,
    /// Names of equal sound, same year of birth and sex.
    NameAndYear,
    /// Names of equal sound, same month and day of birth.
    NameAndDay,
    /// Equal birth date and sex in one township.
    BirthAndTownship,
}

impl BlockingRule {
    /// All rules, in the order in which they claim pairs.
    pub const ALL: [BlockingRule; 7] = [
        Self::IdEqual,
        Self::IdNear,
        Self::NameAndBirth,
        Self::NameAndVillage,
        Self::NameAndYear,
        Self::NameAndDay,
        Self::BirthAndTownship,
    ];

    /// The single key of a record, for rules that have one.
    fn key(self, record: &Record) -> Option<u64> {
        let name = Some(record.name.spoken).filter(|hash| *hash != 0);
        let area = |digits| Some(record.area_at(digits)).filter(|code| *code != 0);
        match self {
            Self::IdEqual => record.id.is_some().then(|| id_key(record.id.bits)),
            Self::IdNear => None,
            Self::NameAndBirth => Some(key_of(&[name?, record.birth?.days as u64])),
            Self::NameAndVillage => Some(key_of(&[name?, area(12)?])),
            Self::NameAndYear => {
                (record.sex != 0).then_some(())?;
                Some(key_of(&[name?, record.birth?.year as u64, u64::from(record.sex)]))
            }
            Self::NameAndDay => {
                let birth = record.birth?;
                Some(key_of(&[name?, birth.month as u64, birth.day as u64]))
            }
            Self::BirthAndTownship => {
                (record.sex != 0).then_some(())?;
                Some(key_of(&[
                    record.birth?.days as u64,
                    u64::from(record.sex),
                    area(9)?,
                ]))
            }
        }
    }
}

fn id_key(bits: u128) -> u64 {
    key_of(&[bits as u64, (bits >> 64) as u64])
}

/// The field by which a key that too many records share is split.
fn refinement(record: &Record) -> u64 {
    key_of(&[
        record.name.written,
        record.area_at(12),
        record.birth.map_or(0, |birth| birth.days as u64),
    ])
}

/// What a rule did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BlockingReport {
    /// The rule.
    pub rule: BlockingRule,
    /// Keys that at least two records share.
    pub keys: u64,
    /// Records of the most frequent key.
    pub largest_key: u64,
    /// Keys that more records than the limit share and that were split by name, village and birth date.
    pub keys_split: u64,
    /// Records in parts that were still above the limit and were not paired by this rule.
    pub records_left_out: u64,
    /// Pairs that no earlier rule made.
    pub pairs: u64,
}

/// A pair of record numbers, the smaller first.
pub type Pair = (u32, u32);

/// Which pairs a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// All pairs of one list.
    Within,
    /// Pairs of one record below this number and one at or above it: two lists behind each other.
    Across(u32),
}

/// Makes the pairs of all rules, in order and without repetition. No key of more than `limit` records is paired whole.
pub fn pairs(records: &[Record], side: Side, limit: usize) -> (Vec<Pair>, Vec<BlockingReport>) {
    let mut all: Vec<(Pair, u8)> = Vec::new();
    let mut reports = Vec::new();
    for (index, rule) in BlockingRule::ALL.into_iter().enumerate() {
        let mut keyed = match rule {
            BlockingRule::IdNear => near_keys(records),
            _ => keys(records, rule),
        };
        keyed.par_sort_unstable();
        keyed.dedup();
        let mut report = BlockingReport {
            rule,
            keys: 0,
            largest_key: 0,
            keys_split: 0,
            records_left_out: 0,
            pairs: 0,
        };
        for group in groups(&keyed) {
            let group = &keyed[group];
            report.keys += 1;
            report.largest_key = report.largest_key.max(group.len() as u64);
            if group.len() <= limit {
                push_pairs(group, records, side, index as u8, &mut all);
                continue;
            }
            report.keys_split += 1;
            let mut parts: Vec<(u64, u32)> = group
                .iter()
                .map(|(_, number)| (refinement(&records[*number as usize]), *number))
                .collect();
            parts.sort_unstable();
            for part in groups(&parts) {
                let part = &parts[part];
                if part.len() <= limit {
                    push_pairs(part, records, side, index as u8, &mut all);
                } else {
                    report.records_left_out += part.len() as u64;
                }
            }
        }
        reports.push(report);
    }
    all.par_sort_unstable();
    all.dedup_by_key(|(pair, _)| *pair);
    for (_, rule) in &all {
        reports[usize::from(*rule)].pairs += 1;
    }
    (all.into_iter().map(|(pair, _)| pair).collect(), reports)
}

fn keys(records: &[Record], rule: BlockingRule) -> Vec<(u64, u32)> {
    records
        .par_iter()
        .enumerate()
        .filter_map(|(number, record)| Some((rule.key(record)?, number as u32)))
        .collect()
}

/// Keys of an ID number without one of its characters, and of the whole number for one that lost a character. Two
/// valid numbers are never one slip apart, so the keys of valid numbers count only where an invalid one has the same.
fn near_keys(records: &[Record]) -> Vec<(u64, u32)> {
    let of = |(number, record): (usize, &Record)| -> Vec<(u64, u32)> {
        let id = record.id;
        (0..id.length)
            .map(|place| id.without(place))
            .chain([id.bits])
            .map(|bits| (id_key(bits), number as u32))
            .collect()
    };
    let numbered = || {
        records
            .par_iter()
            .enumerate()
            .filter(|(_, record)| record.id.is_some())
    };
    let mut keyed: Vec<(u64, u32)> = numbered()
        .filter(|(_, record)| !record.id.valid)
        .flat_map_iter(of)
        .collect();
    let wanted: HashSet<u64> = keyed.iter().map(|(key, _)| *key).collect();
    if wanted.is_empty() {
        return keyed;
    }
    keyed.par_extend(
        numbered()
            .filter(|(_, record)| record.id.valid)
            .flat_map_iter(of)
            .filter(|(key, _)| wanted.contains(key)),
    );
    keyed
}

/// Ranges of equal keys with at least two entries.
fn groups(keyed: &[(u64, u32)]) -> Vec<Range<usize>> {
    let mut start = 0;
    keyed
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|group| {
            let range = start..start + group.len();
            start = range.end;
            (range.len() > 1).then_some(range)
        })
        .collect()
}

fn push_pairs(group: &[(u64, u32)], records: &[Record], side: Side, rule: u8, all: &mut Vec<(Pair, u8)>) {
    for (index, (_, first)) in group.iter().enumerate() {
        for (_, second) in &group[index + 1..] {
            let pair = (*first.min(second), *first.max(second));
            let wanted = match side {
                Side::Within => pair.0 != pair.1,
                Side::Across(boundary) => pair.0 < boundary && pair.1 >= boundary,
            };
            // Two valid numbers that share a key without one character are simply different.
            let (left, right) = (&records[pair.0 as usize], &records[pair.1 as usize]);
            if wanted && !(rule == 1 && left.id.valid && right.id.valid) {
                all.push((pair, rule));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anju_model::identity::IdNumber;
    use jiff::civil::date;

    fn record(name: &str, id: &str) -> Record {
        Record::new(
            name,
            Some(&IdNumber::new(id)),
            Some(date(1980, 1, 2)),
            None,
            None,
            None,
        )
    }

    #[test]
    fn a_pair_is_made_once_and_belongs_to_its_first_rule() {
        let records = [
            record("张伟", "11010519491231002X"),
            record("章伟", "11010519491231002X"),
        ];
        let (found, reports) = pairs(&records, Side::Within, 50);
        assert_eq!(found, [(0, 1)]);
        let by_rule: Vec<u64> = reports.iter().map(|report| report.pairs).collect();
        assert_eq!(by_rule, [1, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn slips_of_the_number_are_paired_whatever_the_name() {
        let right = "11010519491231002X";
        for wrong in [
            "11010519491231012X",
            "11010519491213002X",
            "1101051949123102X",
            "110105194912310021X",
        ] {
            let mut records = [record("甲", right), record("乙", wrong)];
            records[1].birth = None;
            let (found, _) = pairs(&records, Side::Within, 50);
            assert_eq!(found, [(0, 1)], "{wrong}");
        }
    }

    #[test]
    fn a_frequent_key_is_split_and_the_rest_reported() {
        let mut records: Vec<Record> = (0..30).map(|_| record("张伟", "")).collect();
        for (index, record) in records.iter_mut().enumerate() {
            record.area = 619_021_101_201 + (index as u64 % 10);
            record.area_digits = 12;
        }
        let (found, reports) = pairs(&records, Side::Within, 5);
        // Ten villages with three namesakes each.
        assert_eq!(found.len(), 30);
        let report = reports
            .iter()
            .find(|report| report.rule == BlockingRule::NameAndBirth)
            .unwrap();
        assert_eq!(
            (report.keys_split, report.largest_key, report.records_left_out),
            (1, 30, 0)
        );
        let (found, reports) = pairs(&records, Side::Within, 2);
        assert!(found.is_empty());
        assert!(reports.iter().any(|report| report.records_left_out == 30));
    }

    #[test]
    fn two_lists_are_paired_across_only() {
        let records = [record("张伟", ""), record("张伟", ""), record("张伟", "")];
        let (found, _) = pairs(&records, Side::Across(2), 50);
        assert_eq!(found, [(0, 2), (1, 2)]);
    }
}
