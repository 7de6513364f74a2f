//! Weights after Fellegi and Sunter (1969), learned by expectation maximisation on the histogram of patterns.
//!
//! `u`, the probability of a level among pairs of different persons, comes from random pairs; `m`, that among pairs of
//! one person, and the share of matches come from the compared pairs. Both are mixed with prior counts, so that a small
//! county gets sensible weights too. Levels of the ID number are too rare among different persons to be
//! sampled; their `u` is set from how numbers are issued.

use std::collections::BTreeMap;

use crate::comparison::{Field, MISSING, Pattern, id};

/// The probabilities of the levels of each field; index 0 (missing) is 1.
pub type Levels = [Vec<f64>; 5];

/// Prior `m`: what registers of this kind show; counts as [`PRIOR_M_COUNT`] matched pairs.
const PRIOR_M: [&[f64]; 5] = [
    &[0.90, 0.03, 0.03, 0.03, 0.01],
    &[0.92, 0.04, 0.03, 0.01],
    &[0.90, 0.02, 0.02, 0.02, 0.02, 0.02],
    &[0.98, 0.02],
    &[0.30, 0.30, 0.20, 0.15, 0.05],
];

/// Prior `u`; counts as [`PRIOR_U_COUNT`] random pairs. The first three of the ID number are kept as they are: one entry in
/// a thousand with the number of another of some 50,000 persons makes 2e-8 a pair; a number has some 170 others one
/// wrong character away and some 34 one swap or lost character away, among the 25 million a county can issue, and one
/// number in a hundred is wrong.
const PRIOR_U: [&[f64]; 5] = [
    &[2e-8, 6e-8, 1e-8, 0.03, 0.97],
    &[1e-4, 3e-4, 2e-2, 0.9796],
    &[5e-5, 5e-5, 1e-4, 3e-3, 3e-4, 0.9965],
    &[0.5, 0.5],
    &[0.002, 0.01, 0.1, 0.858, 0.03],
];

/// Share of persons with two valid ID numbers (double hukou); not learned.
const TWO_NUMBERS: f64 = 0.01;
/// How many matched pairs the prior `m` counts as.
const PRIOR_M_COUNT: f64 = 100.0;
/// How many random pairs the prior `u` counts as.
const PRIOR_U_COUNT: f64 = 10_000.0;
/// Fewest pairs the share of matches is taken from, so that a handful of records does not make a match likely by itself.
const LEAST_PAIRS: f64 = 1e6;
/// Records that a prior name frequency counts as.
const PRIOR_NAME_COUNT: f64 = 10_000.0;

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Share of matches among all possible pairs.
    pub share: f64,
    /// Probability of each level among pairs of one person.
    pub m: Levels,
    /// Probability of each level among pairs of different persons.
    pub u: Levels,
    /// Rounds until the weights stood still.
    pub rounds: u32,
}

/// The score of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Weight of each field, bits; 0 when missing or not counted.
    pub parts: [f64; 5],
    /// Weight before any comparison, bits.
    pub start: f64,
    /// Correction for how frequent the name is, bits, already in the part of the name.
    pub name_frequency: f64,
    /// Sum of start and parts, bits.
    pub weight: f64,
    /// Probability that the two are one person, 0 to 1.
    pub probability: f64,
}

fn with_missing(levels: &[f64]) -> Vec<f64> {
    std::iter::once(1.0).chain(levels.iter().copied()).collect()
}

fn is_fixed(field: Field, level: usize) -> bool {
    field == Field::Id && level <= usize::from(id::SWAP)
}

/// `u` from the histogram of random pairs mixed with the prior.
pub fn random_levels(histogram: &BTreeMap<Pattern, u64>) -> Levels {
    Field::ALL.map(|field| {
        let prior = with_missing(PRIOR_U[field as usize]);
        let mut counts = vec![0.0; field.levels()];
        for (pattern, count) in histogram {
            // Pairs with equal or close numbers are matches that were drawn by chance.
            if !pattern.inside_id() {
                counts[usize::from(pattern.level(field))] += *count as f64;
            }
        }
        let total: f64 = counts[1..].iter().sum();
        let mut levels = vec![1.0; field.levels()];
        for level in 1..field.levels() {
            levels[level] = if is_fixed(field, level) {
                prior[level]
            } else {
                (counts[level] + PRIOR_U_COUNT * prior[level]) / (total + PRIOR_U_COUNT)
            };
        }
        levels
    })
}

/// Learns `m` and the share of matches from the histogram of compared pairs. `possible` is the number of all pairs,
/// compared or not; those not compared count as different persons.
pub fn train(histogram: &BTreeMap<Pattern, u64>, u: Levels, possible: f64) -> Model {
    let mut model = Model {
        share: 1.0 / LEAST_PAIRS.max(possible),
        m: Field::ALL.map(|field| with_missing(PRIOR_M[field as usize])),
        u,
        rounds: 0,
    };
    const MOST_ROUNDS: u32 = 200;
    while model.rounds < MOST_ROUNDS {
        model.rounds += 1;
        let mut matched = 0.0;
        let mut counts = Field::ALL.map(|field| vec![0.0; field.levels()]);
        for (pattern, count) in histogram {
            // Two valid numbers are two persons. Namesakes in one village are more frequent than chance, and counted
            // here they would teach that one person often has two numbers.
            if pattern.level(Field::Id) == id::DIFFERENT_VALID {
                continue;
            }
            let expected = *count as f64 * model.score(*pattern, None).probability;
            matched += expected;
            for field in Field::ALL {
                counts[field as usize][usize::from(pattern.level(field))] += expected;
            }
        }
        let mut moved = 0.0_f64;
        for field in Field::ALL {
            let known: f64 = counts[field as usize][1..].iter().sum();
            for level in 1..field.levels() {
                let prior = PRIOR_M[field as usize][level - 1];
                let mut new =
                    (counts[field as usize][level] + PRIOR_M_COUNT * prior) / (known + PRIOR_M_COUNT);
                if field == Field::Id {
                    new = if level == usize::from(id::DIFFERENT_VALID) {
                        TWO_NUMBERS
                    } else {
                        new * (1.0 - TWO_NUMBERS)
                    };
                }
                moved = moved.max((new - model.m[field as usize][level]).abs());
                model.m[field as usize][level] = new;
            }
        }
        let share = (matched + 1.0) / (possible.max(LEAST_PAIRS) + 1.0);
        moved = moved.max((share / model.share).ln().abs() * 0.01);
        model.share = share;
        if moved < 1e-6 {
            break;
        }
    }
    model
}

/// How common a name is: a share of the records, mixed with the prior share of names.
pub fn name_frequency(records_with_name: u64, records: u64) -> f64 {
    let prior = PRIOR_U[Field::Name as usize][0];
    (records_with_name as f64 + PRIOR_NAME_COUNT * prior) / (records as f64 + PRIOR_NAME_COUNT)
}

impl Model {
    /// Scores a pattern; `frequency` is the share of the common name (or sound), when the names agree.
    pub fn score(&self, pattern: Pattern, frequency: Option<f64>) -> Score {
        let mut parts = [0.0; 5];
        for field in Field::ALL {
            let level = usize::from(pattern.level(field));
            if level != usize::from(MISSING) {
                let index = field as usize;
                parts[index] = (self.m[index][level] / self.u[index][level]).log2();
            }
        }
        let name = usize::from(pattern.level(Field::Name));
        let name_frequency =
            frequency.map_or(0.0, |share| (self.u[Field::Name as usize][name] / share).log2());
        parts[Field::Name as usize] += name_frequency;
        let start = (self.share / (1.0 - self.share)).log2();
        let weight = start + parts.iter().sum::<f64>();
        Score {
            parts,
            start,
            name_frequency,
            weight,
            probability: 1.0 / (1.0 + (-weight).exp2()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{birth, name, sex};

    #[test]
    fn with_nothing_to_learn_from_the_priors_decide() {
        let model = train(&BTreeMap::new(), random_levels(&BTreeMap::new()), 10.0);
        let of = |levels| {
            model
                .score(Pattern(levels), Some(name_frequency(1, 100)))
                .probability
        };
        assert!(of([id::EQUAL, name::EQUAL, 0, 0, 0]) > 0.99);
        assert!(of([id::ONE_CHARACTER, name::EQUAL, 0, 0, 0]) > 0.99);
        assert!(of([0, name::EQUAL, birth::EQUAL, sex::EQUAL, 2]) > 0.99);
        assert!(
            of([0, name::EQUAL, 0, sex::EQUAL, 2]) < 0.5,
            "namesakes in one village"
        );
        assert!(of([id::DIFFERENT_VALID, name::EQUAL, birth::DIFFERENT, sex::EQUAL, 1]) < 0.01);
        assert!(of([0; 5]) < 0.5);
    }

    /// Pairs drawn from a known mixture: the weights are found again.
    #[test]
    fn a_known_mixture_is_found_again() {
        let mut histogram = BTreeMap::new();
        // 8,000 matches of which 80 % have equal names and 95 % equal birth dates, independent of each other.
        let matches = [
            ([id::EQUAL, name::EQUAL, 0, 0, 0], 3200),
            ([id::EQUAL, name::SOUND, 0, 0, 0], 800),
            ([0, name::EQUAL, birth::EQUAL, sex::EQUAL, 1], 3040),
            ([0, name::EQUAL, birth::LUNAR, sex::EQUAL, 1], 160),
            ([0, name::SOUND, birth::EQUAL, sex::EQUAL, 1], 760),
            ([0, name::SOUND, birth::LUNAR, sex::EQUAL, 1], 40),
            (
                [
                    id::DIFFERENT_VALID,
                    name::DIFFERENT,
                    birth::DIFFERENT,
                    sex::DIFFERENT,
                    4,
                ],
                100_000,
            ),
        ];
        for (levels, count) in matches {
            histogram.insert(Pattern(levels), count);
        }
        let model = train(&histogram, random_levels(&BTreeMap::new()), 1e9);
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 0.02, "{value} {expected}");
        near(model.m[Field::Name as usize][usize::from(name::EQUAL)], 0.80);
        near(model.m[Field::Birth as usize][usize::from(birth::EQUAL)], 0.95);
        assert!(
            (model.share * 1e9 - 8000.0).abs() < 100.0,
            "{}",
            model.share * 1e9
        );
    }

    #[test]
    fn namesakes_in_one_village_do_not_teach_that_persons_have_two_numbers() {
        let namesakes = Pattern([id::DIFFERENT_VALID, name::EQUAL, birth::DIFFERENT, sex::EQUAL, 2]);
        let found_twice = Pattern([id::EQUAL, name::EQUAL, 0, 0, 2]);
        let histogram = BTreeMap::from([(namesakes, 30_000), (found_twice, 3_000)]);
        let model = train(&histogram, random_levels(&BTreeMap::new()), 4e10);
        assert!(model.score(namesakes, Some(1e-5)).probability < 0.01);
        assert!(model.score(found_twice, Some(1e-5)).probability > 0.999);
    }

    #[test]
    fn a_frequent_name_weighs_less() {
        let model = train(&BTreeMap::new(), random_levels(&BTreeMap::new()), 10.0);
        let pattern = Pattern([0, name::EQUAL, birth::EQUAL, sex::EQUAL, 0]);
        let rare = model.score(pattern, Some(name_frequency(1, 40_000)));
        let frequent = model.score(pattern, Some(name_frequency(400, 40_000)));
        assert!(rare.weight > frequent.weight + 5.0);
        assert!((rare.start + rare.parts.iter().sum::<f64>() - rare.weight).abs() < 1e-12);
    }
}
