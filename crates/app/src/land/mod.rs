//! The land stage: layers of the workspace, the assessment of the county's land, and what the map shows.
//!
//! [`run`] reads the newest layer of each kind, hands them to `anju_land` with the figures of the policy pack and
//! records the assessment with its candidates; rasters are attachments. [`layers`] reads and stores layers,
//! [`exposure`] says which homes stand in harm's way, [`tiles`] and [`views`] are what the map and the pages show.

pub(crate) mod exposure;
pub(crate) mod layers;
pub mod tiles;
pub mod views;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anju_exchange::crs::{Crs, Transformer};
use anju_exchange::raster::RasterData;
use anju_exchange::vector::{Feature, PropertyValue, VectorLayer};
use anju_land::{
    AttractionLayer, Basis, CandidateRules, Connectivity, Criteria, Criterion, Exclusion, ExclusionLayer,
    Factor, LandInput, LandResult, Membership, PlanLayer, Raster, SlopePercent, Sun,
};
use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::code_list::Text;
use anju_model::land::{
    AnchorDistance, Candidate, ExcludedShare, LandAssessment, Layer, LayerKind, LayerVerdict, ScorePart,
    Verdict,
};
use anju_model::policy::Pack;
use anju_store::Versioned;
use geo::orient::Direction;
use geo::{Contains, Geometry, LineString, MultiPolygon, Orient, Point, Polygon, unary_union};
use serde::Serialize;

pub(crate) use layers::{RasterU8, layer, read_raster, read_vector};

use crate::{AppError, Caller, Progress, Workspace};

/// Overlaps up to this area are imprecise digitising, m².
const OVERLAP_TOLERANCE_M2: f64 = 1.0;

/// What an assessment found.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The assessment.
    pub assessment: uuid::Uuid,
    /// Assessed land, m².
    pub area_m2: f64,
    /// Excluded share, 0 to 1.
    pub excluded_share: f64,
    /// Excluded share by constraint; constraints overlap.
    pub excluded: Vec<ExcludedShare>,
    /// Candidate sites.
    pub candidates: usize,
    /// Households they could take.
    pub capacity_households: u64,
}

/// A public facility that exists already.
pub(crate) struct ExistingFacility {
    /// Kind as the layer writes it.
    pub kind: String,
    /// (easting, northing), m.
    pub place: (f64, f64),
    /// Whether it can serve more people; facilities without figures are taken to be able to.
    pub spare_capacity: bool,
}

/// Assesses the county's land and records the result.
///
/// # Errors
/// When the elevation model is missing, or a layer cannot be used.
pub async fn run(workspace: &Workspace, caller: &Caller, progress: &Progress) -> Result<Outcome, AppError> {
    caller.require_in(Action::RunAnalysis, &workspace.county().code)?;
    progress.report("读取图层", "reading layers", 0.0)?;
    let all: Vec<Versioned<Layer>> = anju_store::load_all(workspace.db()).await?;
    let metadata: Vec<Layer> = all.into_iter().map(|layer| layer.value).collect();
    let mut vectors: BTreeMap<LayerKind, VectorLayer> = BTreeMap::new();
    for layer in metadata.iter().filter(|layer| layer.kind != LayerKind::Elevation) {
        vectors.insert(layer.kind, read_vector(workspace, layer)?);
    }
    let Some(elevation) = metadata.iter().find(|layer| layer.kind == LayerKind::Elevation) else {
        return Err(AppError::invalid(
            "no_elevation",
            "",
            "尚未导入数字高程模型(GeoTIFF);请先用 anju import 导入",
            "no elevation model (GeoTIFF) has been imported; import one with `anju import`",
        ));
    };
    let dem = layers::read_dem(workspace, elevation)?;
    let townships = Townships::read(vectors.get(&LayerKind::Townships));
    let pack = workspace.pack().clone();
    let watched = progress.clone();
    // Pure computation on all cores: on a thread of its own, so that the server goes on answering.
    let (vectors, townships, (result, forbidden), shade) = tokio::task::spawn_blocking(move || {
        let listener = watched.within(
            "坡度、避让、距离与适宜性",
            "slope, exclusions, distances, suitability",
            0.05,
            0.75,
        );
        let result = assess(&dem, &vectors, townships.outline(), &pack, &listener)?;
        let shade = anju_land::hillshade(&dem, Sun::default())?;
        Ok::<_, AppError>((vectors, townships, result, shade))
    })
    .await
    .map_err(|error| AppError::Aborted(error.to_string()))??;

    progress.report("备选址逐层核对", "judging the candidates by every layer", 0.75)?;
    let judges = judges(&vectors, workspace.pack(), OVERLAP_TOLERANCE_M2)?;
    let id = workspace.new_id();
    let mut candidates = Vec::with_capacity(result.candidates.len());
    // The own township comes first, so every township needs candidates of its own.
    let most_of_township = workspace.pack().count("siting.candidates_per_township")?;
    let mut kept: BTreeMap<AreaCode, u32> = BTreeMap::new();
    // Best first, so that the codes rise as the score falls.
    for found in &result.candidates {
        let township = townships
            .at(&found.point)
            .unwrap_or_else(|| workspace.county().code.clone());
        let count = kept.entry(township.clone()).or_default();
        if *count == most_of_township {
            continue;
        }
        *count += 1;
        let rank = candidates.len();
        candidates.push(candidate(
            workspace, id, rank, found, township, &judges, &vectors,
        )?);
    }
    let capacity_households = candidates
        .iter()
        .map(|candidate| u64::from(candidate.capacity_households))
        .sum();

    progress.report("保存栅格", "storing rasters", 0.9)?;
    let grid = &result.grid;
    let hillshade = layers::store_raster(
        workspace,
        "hillshade.tif",
        grid,
        RasterData::U8(shade.into_cells()),
    )?;
    let suitability = layers::store_raster(
        workspace,
        "suitability.tif",
        grid,
        RasterData::U8(to_bytes(&result)),
    )?;
    let slope = layers::store_raster(
        workspace,
        "slope.tif",
        grid,
        RasterData::F32(result.slope.cells().to_vec()),
    )?;
    let excluded = excluded_shares(&result, &forbidden);
    let assessment = LandAssessment {
        id,
        made_at: workspace.now(),
        pack: workspace.pack_reference(),
        layers: metadata.iter().map(|layer| layer.id).collect(),
        epsg: workspace.county().epsg,
        size: (grid.rows() as u32, grid.cols() as u32),
        cell_m: grid.cell_width(),
        area_m2: result.assessed_cells as f64 * grid.cell_area(),
        excluded_m2: result.assessed_cells as f64 * grid.cell_area() * result.excluded_share,
        excluded: excluded.clone(),
        candidates: candidates.len() as u32,
        hillshade: hillshade.hash.clone(),
        suitability: suitability.hash.clone(),
        slope: slope.hash.clone(),
    };
    let mut transaction = workspace.begin(caller, "assess_land", None).await?;
    transaction
        .insert_attachments(&[hillshade, suitability, slope])
        .await?;
    transaction.insert(std::slice::from_ref(&assessment)).await?;
    transaction.insert(&candidates).await?;
    transaction.commit().await?;
    progress.report("完成", "done", 1.0)?;
    Ok(Outcome {
        assessment: id,
        area_m2: assessment.area_m2,
        excluded_share: if assessment.area_m2 > 0.0 {
            assessment.excluded_m2 / assessment.area_m2
        } else {
            0.0
        },
        excluded,
        candidates: candidates.len(),
        capacity_households,
    })
}

/// Runs the assessment with the pack's figures: layers whose rule forbids become exclusions, criteria name the layers
/// to be near to.
fn assess(
    dem: &Raster<f32>,
    vectors: &BTreeMap<LayerKind, VectorLayer>,
    boundary: Option<&MultiPolygon<f64>>,
    pack: &Pack,
    listener: &dyn Fn(f32) -> ControlFlow<()>,
) -> Result<(LandResult, Vec<LayerKind>), AppError> {
    let forbidden: Vec<(LayerKind, Vec<Geometry<f64>>, f64)> = pack
        .layer_rules()
        .iter()
        .filter(|rule| rule.verdict == Verdict::Forbid)
        .filter_map(|rule| {
            let features = features_of_class(vectors.get(&rule.layer)?, rule.class.as_deref());
            (!features.is_empty()).then_some((rule.layer, features, rule.buffer_m))
        })
        .collect();
    let near: BTreeMap<LayerKind, Vec<Geometry<f64>>> = pack
        .criteria()
        .iter()
        .flat_map(|criterion| &criterion.layers)
        .map(|&kind| {
            (
                kind,
                vectors
                    .get(&kind)
                    .map(|vector| geometries(vector).collect())
                    .unwrap_or_default(),
            )
        })
        .collect();
    let criteria = pack
        .criteria()
        .iter()
        .map(|criterion| {
            Ok(Criterion {
                id: criterion.id.clone(),
                factor: if criterion.layers.is_empty() {
                    Factor::SlopePercent
                } else {
                    Factor::Distance(
                        criterion
                            .layers
                            .iter()
                            .map(|kind| kind.code().to_owned())
                            .collect(),
                    )
                },
                weight: criterion.weight,
                membership: Membership::new(vec![(criterion.full_at, 1.0), (criterion.zero_at, 0.0)])?,
            })
        })
        .collect::<Result<_, AppError>>()?;
    let household_m2 =
        pack.number("siting.land_per_person")? * pack.number("siting.persons_per_household")?;
    let smallest_m2 = f64::from(pack.count("siting.min_households")?) * household_m2;
    let input = LandInput {
        dem,
        boundary,
        exclusions: forbidden
            .iter()
            .enumerate()
            .map(|(index, (kind, features, buffer_m))| ExclusionLayer {
                // Two rules may speak of one layer; the number keeps them apart.
                id: format!("{kind} {index}"),
                features,
                buffer_m: *buffer_m,
                allowed_share: 0.0,
            })
            .collect(),
        attractions: near
            .iter()
            .map(|(kind, features)| AttractionLayer {
                id: kind.code().to_owned(),
                features,
            })
            .collect(),
        criteria: Criteria {
            max_slope: SlopePercent(pack.number("siting.slope_limit_percent")?),
            criteria,
        },
        candidate_rules: CandidateRules {
            min_score: pack.number("siting.candidate_min_suitability")?,
            min_area_m2: (pack.number("siting.candidate_min_area")? * 10_000.0).max(smallest_m2),
            max_area_m2: pack.number("siting.candidate_max_households")? * household_m2,
            connectivity: Connectivity::Four,
            smoothing_m2: dem.grid().cell_area(),
            limit: None,
        },
    };
    let result = anju_land::assess(&input, listener)?;
    Ok((result, forbidden.into_iter().map(|(kind, ..)| kind).collect()))
}

/// The layers' rules, ready to judge a site: one judge for each rule of the pack whose layer is there.
struct Judge {
    kind: LayerKind,
    reason: Text,
    layer: PlanLayer,
}

fn judges(
    vectors: &BTreeMap<LayerKind, VectorLayer>,
    pack: &Pack,
    tolerance_m2: f64,
) -> Result<Vec<Judge>, AppError> {
    let mut judges = Vec::new();
    for rule in pack.layer_rules() {
        let Some(vector) = vectors.get(&rule.layer) else {
            continue;
        };
        let features = features_of_class(vector, rule.class.as_deref());
        if features.is_empty() || rule.verdict == Verdict::Neutral {
            continue;
        }
        let effect = match rule.verdict {
            Verdict::Forbid => anju_land::Verdict::Forbid,
            Verdict::Condition => anju_land::Verdict::Condition,
            Verdict::Prefer => anju_land::Verdict::Prefer,
            Verdict::Neutral => anju_land::Verdict::Neutral,
        };
        let layer = PlanLayer::new(rule.layer.code(), &features, effect, rule.buffer_m, tolerance_m2)?;
        judges.push(Judge {
            kind: rule.layer,
            reason: rule.reason.clone(),
            layer,
        });
    }
    Ok(judges)
}

/// What every layer says of a site: the strictest of a layer's rules speaks for it.
fn verdicts(judges: &[Judge], site: &MultiPolygon<f64>) -> Result<Vec<LayerVerdict>, AppError> {
    let mut found: BTreeMap<LayerKind, LayerVerdict> = BTreeMap::new();
    for judge in judges {
        let said = judge.layer.judge(site)?;
        let (verdict, explanation) = match (said.basis, said.nearest) {
            (Basis::Overlap | Basis::Within, _) => {
                let verdict = match said.verdict {
                    anju_land::Verdict::Forbid => Verdict::Forbid,
                    anju_land::Verdict::Condition => Verdict::Condition,
                    anju_land::Verdict::Prefer => Verdict::Prefer,
                    anju_land::Verdict::Neutral => Verdict::Neutral,
                };
                (verdict, judge.reason.clone())
            }
            (Basis::Clear, Some(nearest)) => (
                Verdict::Neutral,
                Text::new(
                    format!("不涉及,最近处相距 {:.0} 米", nearest.metres),
                    format!("not concerned; the nearest is {:.0} m away", nearest.metres),
                ),
            ),
            (Basis::Clear, None) => (
                Verdict::Neutral,
                Text::new("图层中没有要素", "the layer is empty"),
            ),
        };
        let verdict = LayerVerdict {
            layer: judge.kind.code().to_owned(),
            name: Text::new(judge.kind.zh(), judge.kind.en()),
            verdict,
            overlap_m2: (said.overlap_m2 * 10.0).round() / 10.0,
            distance_m: said.nearest.map(|nearest| (nearest.metres * 10.0).round() / 10.0),
            explanation,
        };
        match found.get_mut(&judge.kind) {
            Some(before) if strictness(before.verdict) >= strictness(verdict.verdict) => {
                before.distance_m = match (before.distance_m, verdict.distance_m) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            _ => {
                found.insert(judge.kind, verdict);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// What every layer says of a spot: of a square of one metre around it.
fn spot_verdicts(
    workspace: &Workspace,
    vectors: &BTreeMap<LayerKind, VectorLayer>,
    place: Point<f64>,
) -> Result<Vec<LayerVerdict>, AppError> {
    let square = geo::Rect::new(
        (place.x() - 0.5, place.y() - 0.5),
        (place.x() + 0.5, place.y() + 0.5),
    );
    // A whole square metre is less than the tolerance for digitising, so the judges are asked without one.
    verdicts(
        &judges(vectors, workspace.pack(), 0.0)?,
        &MultiPolygon(vec![square.to_polygon()]),
    )
}

fn strictness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Neutral => 0,
        Verdict::Prefer => 1,
        Verdict::Condition => 2,
        Verdict::Forbid => 3,
    }
}

fn candidate(
    workspace: &Workspace,
    assessment: uuid::Uuid,
    rank: usize,
    found: &anju_land::Candidate,
    area: AreaCode,
    judges: &[Judge],
    vectors: &BTreeMap<LayerKind, VectorLayer>,
) -> Result<Candidate, AppError> {
    let pack = workspace.pack();
    let household_m2 =
        pack.number("siting.land_per_person")? * pack.number("siting.persons_per_household")?;
    let names: BTreeMap<&str, &Text> = pack
        .criteria()
        .iter()
        .map(|criterion| (criterion.id.as_str(), &criterion.name))
        .collect();
    let rings = found
        .geometry
        .iter()
        .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
        .map(|ring| {
            ring.coords()
                .map(|place| (round_mm(place.x), round_mm(place.y)))
                .collect()
        })
        .collect();
    let anchors = ANCHORS
        .into_iter()
        .filter_map(|kind| {
            nearest_named(vectors.get(&kind)?, &found.geometry).map(|(name, metres)| (kind, name, metres))
        })
        .map(|(kind, name, metres)| AnchorDistance {
            kind,
            name,
            distance_m: (metres * 10.0).round() / 10.0,
        })
        .collect();
    Ok(Candidate {
        id: workspace.new_id(),
        assessment,
        code: format!("B{:03}", rank + 1),
        area,
        rings,
        centre: (round_mm(found.point.x()), round_mm(found.point.y())),
        area_m2: (found.area_m2 * 10.0).round() / 10.0,
        capacity_households: (found.area_m2 / household_m2).floor() as u32,
        slope_percent: (found.mean_slope_percent * 100.0).round() / 100.0,
        elevation_m: (found.mean_elevation_m * 10.0).round() / 10.0,
        score: found.score,
        score_parts: found
            .parts
            .iter()
            .map(|part| ScorePart {
                criterion: part.criterion.clone(),
                name: names
                    .get(part.criterion.as_str())
                    .map_or_else(Text::default, |&name| name.clone()),
                weight: part.weight,
                membership: part.membership,
            })
            .collect(),
        anchors,
        verdicts: verdicts(judges, &found.geometry)?,
    })
}

/// 四靠近: what a settlement leans on.
const ANCHORS: [LayerKind; 3] = [
    LayerKind::Towns,
    LayerKind::IndustrialParks,
    LayerKind::CentralVillages,
];

fn round_mm(metres: f64) -> f64 {
    (metres * 1000.0).round() / 1000.0
}

fn nearest_named(vector: &VectorLayer, site: &MultiPolygon<f64>) -> Option<(String, f64)> {
    let shapes: Vec<Geometry<f64>> = geometries(vector).collect();
    let nearest = anju_land::NearestFeatures::new(&vector.name, &shapes)
        .ok()?
        .to_land(site)?;
    let name = vector
        .features
        .get(nearest.feature)
        .and_then(name)
        .unwrap_or_default();
    Some((name, nearest.metres))
}

fn excluded_shares(result: &LandResult, forbidden: &[LayerKind]) -> Vec<ExcludedShare> {
    let cell = result.grid.cell_area();
    let mut shares: Vec<ExcludedShare> = result
        .excluded_by
        .iter()
        .filter(|share| share.cells > 0)
        .filter_map(|share| {
            let (constraint, name) = match share.reason {
                Exclusion::NoElevation => ("no_elevation", Text::new("无高程数据", "no elevation")),
                Exclusion::OutsideBoundary => ("outside", Text::new("县域之外", "outside the county")),
                Exclusion::Slope => ("slope", Text::new("坡度超限", "too steep")),
                Exclusion::Layer(index) => {
                    let kind = forbidden.get(index)?;
                    (kind.code(), Text::new(kind.zh(), kind.en()))
                }
            };
            let area_m2 = share.cells as f64 * cell;
            Some(ExcludedShare {
                constraint: constraint.to_owned(),
                name,
                area_m2,
                share: share.share,
            })
        })
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    shares
}

/// Suitability as bytes: 0 excluded, 1 to 255 rising.
fn to_bytes(result: &LandResult) -> Vec<u8> {
    let byte = |value: &f32| {
        if value.is_nan() {
            0
        } else {
            1 + (value.clamp(0.0, 1.0) * 254.0).round() as u8
        }
    };
    result.suitability.cells().iter().map(byte).collect()
}

/// Township outlines by code.
struct Townships {
    outlines: Vec<(AreaCode, MultiPolygon<f64>)>,
    union: Option<MultiPolygon<f64>>,
}

impl Townships {
    fn read(vector: Option<&VectorLayer>) -> Self {
        let outlines: Vec<(AreaCode, MultiPolygon<f64>)> = vector
            .into_iter()
            .flat_map(|vector| &vector.features)
            .filter_map(|feature| {
                let code = text_property(feature, &["code", "区划代码", "代码"])?;
                let outline = match &feature.geometry {
                    Geometry::Polygon(polygon) => MultiPolygon(vec![polygon.clone()]),
                    Geometry::MultiPolygon(polygons) => polygons.clone(),
                    _ => return None,
                };
                Some((AreaCode::parse(&code).ok()?, outline))
            })
            .collect();
        // Shapefile rings run clockwise, GeoJSON's do not: the union is of outlines wound alike, or it loses some.
        let polygons: Vec<Polygon<f64>> = outlines
            .iter()
            .flat_map(|(_, outline)| &outline.0)
            .map(|polygon| polygon.orient(Direction::Default))
            .collect();
        let union = (!polygons.is_empty()).then(|| unary_union(&polygons));
        Self { outlines, union }
    }

    fn outline(&self) -> Option<&MultiPolygon<f64>> {
        self.union.as_ref()
    }

    fn at(&self, place: &Point<f64>) -> Option<AreaCode> {
        self.outlines
            .iter()
            .find(|(_, outline)| outline.contains(place))
            .map(|(code, _)| code.clone())
    }
}

/// Existing public facilities of the county.
pub(crate) async fn facilities(workspace: &Workspace) -> Result<Vec<ExistingFacility>, AppError> {
    let Some(layer) = layer(workspace, LayerKind::Facilities).await? else {
        return Ok(Vec::new());
    };
    let vector = read_vector(workspace, &layer)?;
    Ok(vector
        .features
        .iter()
        .filter_map(|feature| {
            let Geometry::Point(place) = feature.geometry else {
                return None;
            };
            let capacity = number_property(feature, &["capacity", "容量"]);
            let used = number_property(feature, &["used", "在用", "现有人数"]);
            Some(ExistingFacility {
                kind: text_property(feature, &["kind", "类型", "类别"])?,
                place: (place.x(), place.y()),
                spare_capacity: capacity.zip(used).is_none_or(|(capacity, used)| used < capacity),
            })
        })
        .collect())
}

/// The lines of a layer; empty when it was not imported.
pub(crate) async fn lines(workspace: &Workspace, kind: LayerKind) -> Result<Vec<LineString<f64>>, AppError> {
    let Some(layer) = layer(workspace, kind).await? else {
        return Ok(Vec::new());
    };
    let vector = read_vector(workspace, &layer)?;
    Ok(vector
        .features
        .into_iter()
        .flat_map(|feature| match feature.geometry {
            Geometry::LineString(line) => vec![line],
            Geometry::MultiLineString(lines) => lines.0,
            _ => Vec::new(),
        })
        .collect())
}

/// From degrees (CGCS2000) to the county's metric CRS.
pub(crate) fn from_degrees(workspace: &Workspace) -> Result<Transformer, AppError> {
    Ok(Transformer::new(
        Crs::CGCS2000,
        Crs::from_epsg(workspace.county().epsg)?,
    )?)
}

/// From the county's metric CRS to degrees (CGCS2000).
pub(crate) fn to_degrees(workspace: &Workspace) -> Result<Transformer, AppError> {
    Ok(Transformer::new(
        Crs::from_epsg(workspace.county().epsg)?,
        Crs::CGCS2000,
    )?)
}

fn geometries(vector: &VectorLayer) -> impl Iterator<Item = Geometry<f64>> + '_ {
    vector.features.iter().map(|feature| feature.geometry.clone())
}

/// Features of a class; without one, all features whose class no other rule names is the caller's choice: here all.
fn features_of_class(vector: &VectorLayer, class: Option<&str>) -> Vec<Geometry<f64>> {
    vector
        .features
        .iter()
        .filter(|feature| class.is_none_or(|class| self::class(feature).as_deref() == Some(class)))
        .map(|feature| feature.geometry.clone())
        .collect()
}

/// The class of a feature as its layer writes it.
fn class(feature: &Feature) -> Option<String> {
    text_property(feature, &["class", "kind", "类型", "类别", "等级", "功能区类型"])
}

/// The name of a feature.
pub(crate) fn name(feature: &Feature) -> Option<String> {
    text_property(feature, &["name", "名称"])
}

fn text_property(feature: &Feature, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| match feature.properties.get(*name)? {
            PropertyValue::Text(text) if !text.is_empty() => Some(text.clone()),
            PropertyValue::Integer(number) => Some(number.to_string()),
            _ => None,
        })
}

fn number_property(feature: &Feature, names: &[&str]) -> Option<f64> {
    names
        .iter()
        .find_map(|name| match feature.properties.get(*name)? {
            PropertyValue::Integer(number) => Some(*number as f64),
            PropertyValue::Real(number) => Some(*number),
            PropertyValue::Text(text) => text.trim().parse().ok(),
            PropertyValue::Null => None,
        })
}
