//! Linkage: blocking, comparison and training put together. Answers which pairs are one person, with what probability.
//!
//! Deterministic: records are taken in the order given (callers sort by identifier), random pairs are drawn with a
//! fixed seed, and every sum runs over ordered counts, so neither threads nor the order of a file change an answer.

use std::collections::{BTreeMap, HashMap};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::blocking::{self, BlockingReport, Pair, Side};
use crate::comparison::{Field, Pattern, compare, name};
use crate::normalise::Record;
use crate::weights::{Model, Score, name_frequency, random_levels, train};

/// Random pairs that are compared to learn how often different persons agree.
const RANDOM_PAIRS: usize = 500_000;
/// Seed of the random pairs.
const SEED: u64 = 0x616e_6a75;

/// A pair that was compared and scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Numbers of the records, the smaller first.
    pub pair: Pair,
    /// Levels of the fields.
    pub pattern: Pattern,
    /// Weight and probability.
    pub score: Score,
}

/// What a linkage run found.
#[derive(Debug, Clone)]
pub struct Linkage {
    /// Pairs at or above the probability asked for and pairs with equal ID numbers, in the order of their numbers.
    pub links: Vec<Link>,
    /// The trained weights.
    pub model: Model,
    /// What each blocking rule did.
    pub blocking: Vec<BlockingReport>,
    /// Pairs compared.
    pub pairs_compared: u64,
}

/// Links records within one list or across two.
pub fn link(records: &[Record], side: Side, key_limit: usize, probability: f64) -> Linkage {
    let (pairs, blocking) = blocking::pairs(records, side, key_limit);
    let patterns: Vec<Pattern> = pairs
        .par_iter()
        .map(|(left, right)| compare(&records[*left as usize], &records[*right as usize]))
        .collect();
    let model = train(
        &histogram(&patterns),
        random_levels(&histogram(&random(records, side))),
        possible(records, side),
    );
    let frequencies = Frequencies::new(records);
    let links = pairs
        .par_iter()
        .zip(&patterns)
        .filter_map(|(pair, pattern)| {
            let frequency = frequencies.of(&records[pair.0 as usize], *pattern);
            let score = model.score(*pattern, frequency);
            let kept =
                score.probability >= probability || pattern.level(Field::Id) == crate::comparison::id::EQUAL;
            kept.then_some(Link {
                pair: *pair,
                pattern: *pattern,
                score,
            })
        })
        .collect();
    Linkage {
        links,
        model,
        blocking,
        pairs_compared: pairs.len() as u64,
    }
}

fn histogram(patterns: &[Pattern]) -> BTreeMap<Pattern, u64> {
    let mut counts = vec![0_u64; Pattern::COUNT];
    for pattern in patterns {
        counts[pattern.number()] += 1;
    }
    let counted = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
    counted
        .map(|(number, count)| (Pattern::of_number(number), count))
        .collect()
}

/// How many pairs there are at all.
fn possible(records: &[Record], side: Side) -> f64 {
    let count = records.len() as f64;
    match side {
        Side::Within => count * (count - 1.0) / 2.0,
        Side::Across(boundary) => f64::from(boundary) * (count - f64::from(boundary)),
    }
}

/// Patterns of random pairs of different records, members of one household left out.
fn random(records: &[Record], side: Side) -> Vec<Pattern> {
    let count = records.len();
    let (left, right) = match side {
        Side::Within => (0..count, 0..count),
        Side::Across(boundary) => (0..boundary as usize, boundary as usize..count),
    };
    if left.is_empty() || right.is_empty() || count < 2 {
        return Vec::new();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let drawn: Vec<(usize, usize)> = (0..RANDOM_PAIRS.min(count * count / 2))
        .map(|_| (rng.random_range(left.clone()), rng.random_range(right.clone())))
        .filter(|(left, right)| left != right)
        .collect();
    drawn
        .par_iter()
        .map(|(left, right)| (&records[*left], &records[*right]))
        .filter(|(left, right)| left.household.is_none() || left.household != right.household)
        .map(|(left, right)| compare(left, right))
        .collect()
}

/// How often each name and each sound occurs.
struct Frequencies {
    written: HashMap<u64, u64>,
    spoken: HashMap<u64, u64>,
    records: u64,
}

impl Frequencies {
    fn new(records: &[Record]) -> Self {
        let (mut written, mut spoken) = (HashMap::new(), HashMap::new());
        for record in records {
            *written.entry(record.name.written).or_default() += 1;
            *spoken.entry(record.name.spoken).or_default() += 1;
        }
        Self {
            written,
            spoken,
            records: records.len() as u64,
        }
    }

    fn of(&self, record: &Record, pattern: Pattern) -> Option<f64> {
        let count = match pattern.level(Field::Name) {
            name::EQUAL => self.written.get(&record.name.written),
            name::SOUND => self.spoken.get(&record.name.spoken),
            _ => None,
        };
        count.map(|count| name_frequency(*count, self.records))
    }
}
