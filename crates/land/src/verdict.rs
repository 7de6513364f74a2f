//! What each plan layer says to a site: forbid, condition, prefer or neutral, with the areas, lengths and distances that led
//! to it. The texts of conditions and the reasons of law belong to the policy pack and the feature's own attributes, which
//! the caller finds by the indices given here.

use geo::{
    Area, BooleanOps, BoundingRect, Euclidean, Geometry, Intersects, Length, MultiLineString, MultiPolygon,
    Point,
};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::LandError;
use crate::buffer::dissolve;
use crate::geometry::{Part, check_coordinates, check_not_negative, parts};
use crate::nearest::{Nearest, NearestFeatures};

/// What a layer says to a site, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The layer does not concern the site.
    Neutral,
    /// The layer speaks for the site.
    Prefer,
    /// The site is possible on a condition.
    Condition,
    /// The site is not possible.
    Forbid,
}

/// How a layer's verdict came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A feature lies on the site: more area than the tolerance, or any length of line, or any point.
    Overlap,
    /// No feature lies on the site, but one is within the layer's distance.
    Within,
    /// No feature lies on the site or within the distance.
    Clear,
}

/// How much of one feature lies on the site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureOverlap {
    /// Index of the feature in its layer.
    pub feature: usize,
    /// Area in common, in square metres.
    pub area_m2: f64,
    /// Length of lines on the site, in metres.
    pub length_m: f64,
    /// Points on the site.
    pub points: usize,
}

/// A layer's verdict on a site, with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerVerdict {
    /// The layer's identifier.
    pub layer: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How it came about.
    pub basis: Basis,
    /// Area of the site under the layer's polygons, in square metres, overlaps among them counted once.
    pub overlap_m2: f64,
    /// That area as a share of the site, 0 to 1.
    pub overlap_share: f64,
    /// The nearest feature; `None` if the layer is empty.
    pub nearest: Option<Nearest>,
    /// The features that lie on the site, by index.
    pub features: Vec<FeatureOverlap>,
}

/// A plan layer, ready to judge sites.
#[derive(Debug)]
pub struct PlanLayer {
    id: String,
    effect: Verdict,
    within_m: f64,
    tolerance_m2: f64,
    features: Vec<Geometry<f64>>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    nearest: NearestFeatures,
}

impl PlanLayer {
    /// A layer whose features have an `effect` on a site they lie on or come within `within_m` metres of (0: only those
    /// on it). Areas in common of at most `tolerance_m2` square metres are taken for imprecise digitising.
    ///
    /// # Errors
    /// [`LandError::NotFinite`] for a coordinate, [`LandError::Parameter`] for a negative distance or tolerance.
    pub fn new(
        id: &str,
        features: &[Geometry<f64>],
        effect: Verdict,
        within_m: f64,
        tolerance_m2: f64,
    ) -> Result<PlanLayer, LandError> {
        let place = format!("the layer \"{id}\"");
        check_not_negative("The distance", &place, within_m)?;
        check_not_negative("The tolerance", &place, tolerance_m2)?;
        let nearest = NearestFeatures::new(&place, features)?;
        let boxes = features.iter().enumerate().filter_map(|(feature, geometry)| {
            let extent = geometry.bounding_rect()?;
            let corners =
                Rectangle::from_corners([extent.min().x, extent.min().y], [extent.max().x, extent.max().y]);
            Some(GeomWithData::new(corners, feature as u32))
        });
        let boxes = RTree::bulk_load(boxes.collect());
        Ok(PlanLayer {
            id: id.to_owned(),
            effect,
            within_m,
            tolerance_m2,
            features: features.to_vec(),
            boxes,
            nearest,
        })
    }

    /// The layer's verdict on a site.
    ///
    /// # Errors
    /// [`LandError::NotFinite`] for a coordinate of the site.
    ///
    /// ```
    /// use anju_land::{Basis, PlanLayer, Verdict};
    /// use geo::{MultiPolygon, Rect};
    /// let farmland = PlanLayer::new(
    ///     "permanent-basic-farmland", &[Rect::new((50.0, 0.0), (500.0, 100.0)).into()], Verdict::Forbid, 0.0, 1.0,
    /// )?;
    /// let site = MultiPolygon(vec![Rect::new((0.0, 0.0), (100.0, 100.0)).to_polygon()]);
    /// let verdict = farmland.judge(&site)?;
    /// assert_eq!((verdict.verdict, verdict.basis), (Verdict::Forbid, Basis::Overlap));
    /// assert!((verdict.overlap_m2 - 5000.0).abs() < 0.01);
    /// # Ok::<(), anju_land::LandError>(())
    /// ```
    pub fn judge(&self, site: &MultiPolygon<f64>) -> Result<LayerVerdict, LandError> {
        Ok(self.judge_normal(&normal_site(site, 0)?))
    }

    /// The verdict on a site whose polygons are valid and do not overlap.
    fn judge_normal(&self, site: &MultiPolygon<f64>) -> LayerVerdict {
        let mut features = Vec::new();
        let mut covered: Vec<MultiPolygon<f64>> = Vec::new();
        if let Some(extent) = site.bounding_rect() {
            let extent =
                AABB::from_corners([extent.min().x, extent.min().y], [extent.max().x, extent.max().y]);
            let mut near: Vec<usize> = self
                .boxes
                .locate_in_envelope_intersecting(&extent)
                .map(|entry| entry.data as usize)
                .collect();
            near.sort_unstable();
            for feature in near {
                let (overlap, land) = self.overlap(feature, site);
                if overlap.area_m2 > 0.0 || overlap.length_m > 0.0 || overlap.points > 0 {
                    features.push(overlap);
                    covered.push(land);
                }
            }
        }
        let lands: Vec<Geometry<f64>> = covered.into_iter().map(Geometry::from).collect();
        let overlap_m2 = dissolve(&lands, 0.0, None).0.unsigned_area();
        let site_area = site.unsigned_area();
        let overlap_share = if site_area > 0.0 {
            (overlap_m2 / site_area).min(1.0)
        } else {
            0.0
        };
        let nearest = self.nearest.to_land(site);
        let on_site = overlap_m2 > self.tolerance_m2
            || features
                .iter()
                .any(|overlap| overlap.length_m > 0.0 || overlap.points > 0);
        let basis = if on_site {
            Basis::Overlap
        } else if self.within_m > 0.0 && nearest.is_some_and(|nearest| nearest.metres <= self.within_m) {
            Basis::Within
        } else {
            Basis::Clear
        };
        let verdict = if basis == Basis::Clear {
            Verdict::Neutral
        } else {
            self.effect
        };
        LayerVerdict {
            layer: self.id.clone(),
            verdict,
            basis,
            overlap_m2,
            overlap_share,
            nearest,
            features,
        }
    }

    fn overlap(&self, feature: usize, site: &MultiPolygon<f64>) -> (FeatureOverlap, MultiPolygon<f64>) {
        let geometry = std::slice::from_ref(&self.features[feature]);
        let land = dissolve(geometry, 0.0, None).0.intersection(site);
        let mut overlap = FeatureOverlap {
            feature,
            area_m2: land.unsigned_area(),
            length_m: 0.0,
            points: 0,
        };
        parts(&self.features[feature], &mut |part| match part {
            Part::Line(line) => {
                let on_site = site.clip(&MultiLineString(vec![line.clone()]), false);
                overlap.length_m += Euclidean.length(&on_site);
            }
            Part::Point(at) => overlap.points += usize::from(site.intersects(&Point(at))),
            Part::Polygon(_) => {}
        });
        (overlap, land)
    }
}

/// A site without self-crossings and overlaps, `number` being its place among the sites.
fn normal_site(site: &MultiPolygon<f64>, number: usize) -> Result<MultiPolygon<f64>, LandError> {
    let whole = [Geometry::from(site.clone())];
    check_coordinates(&|| "the sites".to_owned(), &whole, None).map_err(|error| match error {
        LandError::NotFinite { place, .. } => LandError::NotFinite {
            place,
            feature: number,
        },
        other => other,
    })?;
    Ok(dissolve(&whole, 0.0, None).0)
}

/// The verdicts of several layers on several sites, on all cores: for each site, in the order of the layers.
///
/// # Errors
/// [`LandError::NotFinite`] for a coordinate, naming the site by its index.
pub fn verdicts(
    sites: &[MultiPolygon<f64>],
    layers: &[PlanLayer],
) -> Result<Vec<Vec<LayerVerdict>>, LandError> {
    let judged: Vec<Result<Vec<LayerVerdict>, LandError>> = sites
        .par_iter()
        .enumerate()
        .map(|(number, site)| {
            let site = normal_site(site, number)?;
            Ok(layers.iter().map(|layer| layer.judge_normal(&site)).collect())
        })
        .collect();
    // In order, so that it is always the first broken site that is named.
    judged.into_iter().collect()
}

/// The strictest of some verdicts; neutral if there are none.
pub fn strictest(verdicts: &[LayerVerdict]) -> Verdict {
    verdicts
        .iter()
        .map(|verdict| verdict.verdict)
        .max()
        .unwrap_or(Verdict::Neutral)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Rect, line_string};

    fn site() -> MultiPolygon<f64> {
        MultiPolygon(vec![Rect::new((0.0, 0.0), (100.0, 100.0)).to_polygon()])
    }

    fn judge(features: &[Geometry<f64>], effect: Verdict, within: f64, tolerance: f64) -> LayerVerdict {
        PlanLayer::new("layer", features, effect, within, tolerance)
            .unwrap()
            .judge(&site())
            .unwrap()
    }

    #[test]
    fn overlapping_features_are_listed_each_and_counted_once() {
        let zones = [
            Rect::new((-50.0, 0.0), (50.0, 100.0)).into(),
            Rect::new((40.0, 0.0), (60.0, 100.0)).into(),
            Rect::new((100.0, 0.0), (200.0, 100.0)).into(),
        ];
        let found = judge(&zones, Verdict::Condition, 0.0, 1.0);
        assert_eq!((found.verdict, found.basis), (Verdict::Condition, Basis::Overlap));
        assert!((found.overlap_m2 - 6000.0).abs() < 0.01 && (found.overlap_share - 0.6).abs() < 1e-6);
        let listed: Vec<_> = found
            .features
            .iter()
            .map(|overlap| (overlap.feature, overlap.area_m2.round()))
            .collect();
        assert_eq!(listed, [(0, 5000.0), (1, 2000.0)]);
        assert_eq!(
            found.nearest,
            Some(Nearest {
                feature: 0,
                metres: 0.0
            })
        );
    }

    #[test]
    fn slivers_within_the_tolerance_and_touching_edges_are_neutral() {
        let sliver = [Rect::new((99.99, 0.0), (200.0, 100.0)).into()];
        assert_eq!(
            judge(&sliver, Verdict::Forbid, 0.0, 2.0).verdict,
            Verdict::Neutral
        );
        assert_eq!(judge(&sliver, Verdict::Forbid, 0.0, 0.5).verdict, Verdict::Forbid);
        let beside = [Rect::new((100.0, 0.0), (200.0, 100.0)).into()];
        assert_eq!(
            judge(&beside, Verdict::Forbid, 0.0, 0.1).verdict,
            Verdict::Neutral
        );
    }

    #[test]
    fn distance_counts_only_within_the_layers_reach() {
        let town: [Geometry<f64>; 1] = [Point::new(100.0, 2600.0).into()];
        let near = judge(&town, Verdict::Prefer, 3000.0, 0.0);
        assert_eq!((near.verdict, near.basis), (Verdict::Prefer, Basis::Within));
        assert_eq!(
            near.nearest,
            Some(Nearest {
                feature: 0,
                metres: 2500.0
            })
        );
        assert_eq!(
            judge(&town, Verdict::Prefer, 2000.0, 0.0).verdict,
            Verdict::Neutral
        );
        let none = judge(&[], Verdict::Prefer, 2000.0, 0.0);
        assert_eq!((none.verdict, none.nearest), (Verdict::Neutral, None));
    }

    #[test]
    fn a_fault_line_across_the_site_is_an_overlap_with_its_length() {
        let fault = [line_string![(x: -50.0, y: 50.0), (x: 150.0, y: 50.0)].into()];
        let found = judge(&fault, Verdict::Forbid, 0.0, 0.0);
        assert_eq!((found.verdict, found.overlap_m2), (Verdict::Forbid, 0.0));
        assert!((found.features[0].length_m - 100.0).abs() < 1e-3);
    }

    #[test]
    fn many_sites_get_the_verdicts_they_would_get_alone() {
        let zone: Geometry<f64> = Rect::new((0.0, 0.0), (9.0, 9.0)).into();
        let layers = [Verdict::Forbid, Verdict::Prefer]
            .map(|effect| PlanLayer::new("layer", std::slice::from_ref(&zone), effect, 0.0, 0.0).unwrap());
        let away = MultiPolygon(vec![Rect::new((500.0, 0.0), (600.0, 9.0)).to_polygon()]);
        let found = verdicts(&[site(), away.clone()], &layers).unwrap();
        assert_eq!(
            found[0],
            [
                layers[0].judge(&site()).unwrap(),
                layers[1].judge(&site()).unwrap()
            ]
        );
        assert_eq!(
            found[1],
            [layers[0].judge(&away).unwrap(), layers[1].judge(&away).unwrap()]
        );
        let broken = MultiPolygon(vec![Rect::new((f64::NAN, 0.0), (1.0, 1.0)).to_polygon()]);
        assert!(matches!(
            verdicts(&[site(), broken], &layers),
            Err(LandError::NotFinite { feature: 1, .. })
        ));
    }

    #[test]
    fn the_strictest_verdict_wins() {
        let list = [Verdict::Prefer, Verdict::Forbid, Verdict::Condition]
            .map(|effect| judge(&[Rect::new((0.0, 0.0), (9.0, 9.0)).into()], effect, 0.0, 0.0));
        assert_eq!(strictest(&list), Verdict::Forbid);
        assert_eq!(strictest(&[]), Verdict::Neutral);
    }
}
