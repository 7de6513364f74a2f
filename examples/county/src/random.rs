//! Seeded randomness: one independent stream per step, so that a change in one step leaves the others as they were.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random choices that depends on the seed and the name of the step alone.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of one step.
    pub(crate) fn new(seed: u64, step: &str) -> Self {
        // FNV-1a: the stream number must not depend on the standard library's hasher.
        let stream = step.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// A whole number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The bias of the product method is below 2^-40 for every bound used here.
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether an event of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the values, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len())]
    }

    /// An index drawn by weight; 0 when all weights are 0.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// The values in random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}

/// Smooth noise over the plane, -1 to 1: a sum of waves in random directions. `length` is the typical wave length.
pub(crate) struct Noise {
    waves: Vec<(f64, f64, f64)>,
}

impl Noise {
    pub(crate) fn new(dice: &mut Dice, length: f64) -> Self {
        let waves = (0..14)
            .map(|_| {
                let angle = dice.unit() * std::f64::consts::TAU;
                let number = std::f64::consts::TAU / (length * (0.5 + dice.unit()));
                (
                    angle.cos() * number,
                    angle.sin() * number,
                    dice.unit() * std::f64::consts::TAU,
                )
            })
            .collect();
        Self { waves }
    }

    pub(crate) fn at(&self, x: f64, y: f64) -> f64 {
        let sum: f64 = self
            .waves
            .iter()
            .map(|(a, b, phase)| (a * x + b * y + phase).sin())
            .sum();
        (sum / (self.waves.len() as f64 / 2.0).sqrt()).tanh()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_apart() {
        let draw = |seed, step| {
            let mut dice = Dice::new(seed, step);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
    }

    #[test]
    fn choices_stay_in_range() {
        let mut dice = Dice::new(7, "range");
        for _ in 0..2000 {
            assert!((-3..=4).contains(&dice.between(-3, 4)));
            assert!(dice.below(5) < 5);
        }
        assert_eq!(dice.below(0), 0);
        let mut values: Vec<u32> = (0..50).collect();
        dice.shuffle(&mut values);
        values.sort_unstable();
        assert_eq!(values, (0..50).collect::<Vec<_>>());
    }
}
