//! Suitability by weighted linear combination: each criterion turns a factor (slope, elevation, distance) into a membership
//! between 0 and 1, and the weighted sum is the score. Constraints are kept apart: a high score never brings
//! back excluded land. It does not derive the weights.

use crate::LandError;
use crate::slope::SlopePercent;

/// A piecewise-linear membership function: level before its first point and after its last.
#[derive(Debug, Clone, PartialEq)]
pub struct Membership(Vec<(f64, f64)>);

impl Membership {
    /// From points (value of the factor, membership): values finite and strictly rising, memberships 0 to 1.
    ///
    /// # Errors
    /// [`LandError::Membership`] names the point that is wrong.
    ///
    /// ```
    /// use anju_land::Membership;
    /// let slope = Membership::new(vec![(5.0, 1.0), (25.0, 0.0)])?;
    /// assert_eq!(slope.of(10.0), 0.75);
    /// assert_eq!(slope.of(2.0), 1.0);
    /// # Ok::<(), anju_land::LandError>(())
    /// ```
    pub fn new(points: Vec<(f64, f64)>) -> Result<Membership, LandError> {
        let wrong = |reason: String| Err(LandError::Membership { reason });
        if points.is_empty() {
            return wrong("it has no points".to_owned());
        }
        for &(value, share) in &points {
            if !value.is_finite() || !(0.0..=1.0).contains(&share) {
                return wrong(format!(
                    "the point ({value}, {share}) must have a finite value and a membership from 0 to 1"
                ));
            }
        }
        for pair in points.windows(2) {
            if pair[0].0 >= pair[1].0 {
                return wrong(format!(
                    "the value {} is not above {} before it",
                    pair[1].0, pair[0].0
                ));
            }
        }
        Ok(Membership(points))
    }

    /// The membership of a value; infinity has that of the last point.
    pub fn of(&self, value: f64) -> f64 {
        let points = &self.0;
        let after = points.partition_point(|point| point.0 <= value);
        if after == 0 {
            return points[0].1;
        }
        if after == points.len() {
            return points[after - 1].1;
        }
        let ((x0, y0), (x1, y1)) = (points[after - 1], points[after]);
        y0 + (value - x0) / (x1 - x0) * (y1 - y0)
    }

    /// The points.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.0
    }
}

/// What a criterion measures in each cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Factor {
    /// The slope in percent.
    SlopePercent,
    /// The elevation in metres.
    Elevation,
    /// The straight distance in metres to the nearest feature of any of these attraction layers, named by their identifiers.
    /// Infinite if all are empty.
    Distance(Vec<String>),
}

/// One criterion of the suitability.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Identifier, unique among the criteria.
    pub id: String,
    /// What is measured.
    pub factor: Factor,
    /// Share of the score, 0 to 1.
    pub weight: f64,
    /// How the measure becomes a membership.
    pub membership: Membership,
}

/// The slope limit and the criteria, whose weights sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Criteria {
    /// Cells steeper than this are excluded.
    pub max_slope: SlopePercent,
    /// At least one criterion.
    pub criteria: Vec<Criterion>,
}

impl Criteria {
    /// Checks limit, identifiers, weights and references.
    pub(crate) fn check<'a>(
        &self,
        attractions: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), LandError> {
        crate::geometry::check_not_negative("The slope limit", "the criteria", self.max_slope.0)?;
        crate::geometry::check_ids(
            "criteria",
            self.criteria.iter().map(|criterion| criterion.id.as_str()),
        )?;
        for criterion in &self.criteria {
            if !(0.0..=1.0).contains(&criterion.weight) {
                return Err(LandError::Parameter {
                    what: "The weight",
                    place: format!("the criterion \"{}\"", criterion.id),
                    value: criterion.weight,
                    expected: "from 0 to 1",
                });
            }
            if let Factor::Distance(layers) = &criterion.factor {
                if layers.is_empty() {
                    return Err(LandError::NoLayers {
                        criterion: criterion.id.clone(),
                    });
                }
                if let Some(missing) = layers
                    .iter()
                    .find(|layer| !attractions.clone().any(|id| id == *layer))
                {
                    return Err(LandError::UnknownAttraction {
                        criterion: criterion.id.clone(),
                        attraction: missing.clone(),
                    });
                }
            }
        }
        let sum: f64 = self.criteria.iter().map(|criterion| criterion.weight).sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err(LandError::Weights { sum });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership_is_linear_between_points_and_level_outside() {
        let distance = Membership::new(vec![(0.0, 1.0), (1000.0, 0.5), (3000.0, 0.0)]).unwrap();
        for (value, expected) in [
            (-5.0, 1.0),
            (0.0, 1.0),
            (500.0, 0.75),
            (1000.0, 0.5),
            (2000.0, 0.25),
            (3000.0, 0.0),
            (f64::INFINITY, 0.0),
        ] {
            assert_eq!(distance.of(value), expected, "at {value}");
        }
    }

    #[test]
    fn wrong_memberships_are_named() {
        for points in [
            vec![],
            vec![(0.0, 1.5)],
            vec![(f64::NAN, 0.5)],
            vec![(1.0, 0.0), (1.0, 1.0)],
        ] {
            assert!(matches!(
                Membership::new(points),
                Err(LandError::Membership { .. })
            ));
        }
    }

    #[test]
    fn weights_must_sum_to_one_and_layers_must_exist() {
        let criterion = |id: &str, factor, weight| Criterion {
            id: id.to_owned(),
            factor,
            weight,
            membership: Membership::new(vec![(0.0, 1.0)]).unwrap(),
        };
        let check = |criteria| {
            Criteria {
                max_slope: SlopePercent(25.0),
                criteria,
            }
            .check(["towns"].into_iter())
        };
        let towns = || Factor::Distance(vec!["towns".to_owned()]);
        assert!(
            check(vec![
                criterion("slope", Factor::SlopePercent, 0.4),
                criterion("towns", towns(), 0.6)
            ])
            .is_ok()
        );
        assert!(matches!(
            check(vec![criterion("towns", towns(), 0.6)]),
            Err(LandError::Weights { .. })
        ));
        assert!(matches!(check(vec![]), Err(LandError::Weights { .. })));
        let parks = Factor::Distance(vec!["towns".to_owned(), "parks".to_owned()]);
        assert!(matches!(
            check(vec![criterion("parks", parks, 1.0)]),
            Err(LandError::UnknownAttraction { .. })
        ));
        let nowhere = Factor::Distance(Vec::new());
        assert!(matches!(
            check(vec![criterion("parks", nowhere, 1.0)]),
            Err(LandError::NoLayers { .. })
        ));
        let twice = vec![criterion("towns", towns(), 0.5), criterion("towns", towns(), 0.5)];
        assert!(matches!(check(twice), Err(LandError::DuplicateId { .. })));
    }
}
