//! What the map and the land pages show.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anju_exchange::vector::PropertyValue;
use anju_model::access::Action;
use anju_model::area::AreaCode;
use anju_model::land::{Candidate, LandAssessment, Layer, LayerKind, LayerVerdict};
use anju_model::plan::Tier;
use anju_model::register::Position;
use anju_store::register::PlannedDestination;
use geo::{Coord, Point};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::layers::{read_dem, read_numbers, read_vector};
use super::tiles::{TileAddress, TileCache, TilePoint, encode, point_layer};
use crate::register::views::sort_key;
use crate::workspace::AreaNames;
use crate::{AppError, Caller, Workspace};

/// The land page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LandPage {
    /// The newest assessment.
    pub assessment: Option<LandAssessment>,
    /// The layers of the workspace.
    pub layers: Vec<Layer>,
    /// West, south, east and north of the county, degrees.
    pub bounds: Option<[f64; 4]>,
}

/// Which candidates, in which order.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CandidateQuery {
    /// Only in this area.
    pub area: Option<AreaCode>,
    /// `score`, `area_m2`, `capacity_households`, `slope_percent`, `code`; `-` before it for descending.
    pub sort: Option<String>,
    /// Only those the plan uses, or does not use.
    pub used: Option<bool>,
}

/// A candidate as shown: outline and centre in degrees.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CandidateView {
    /// The candidate.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// Name of the township.
    pub area_name: String,
    /// What the newest plan makes of it.
    pub planned: Option<PlannedUse>,
}

/// How the plan uses a candidate.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlannedUse {
    /// Size class.
    pub tier: Option<Tier>,
    /// Households placed.
    pub households: u32,
}

/// What stands in the way of building at a spot.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SpotView {
    /// Slope, percent.
    pub slope_percent: Option<f64>,
    /// Elevation, m.
    pub elevation_m: Option<f64>,
    /// Suitability, 0 to 1; absent where building is excluded.
    pub suitability: Option<f64>,
    /// What each layer says.
    pub verdicts: Vec<LayerVerdict>,
}

/// The land page; `None` before any layer was imported.
///
/// # Errors
/// When the caller may not read the register.
pub async fn page(workspace: &Workspace, caller: &Caller) -> Result<Option<LandPage>, AppError> {
    caller.require(Action::ReadRegister)?;
    let layers: Vec<Layer> = anju_store::land::layers(workspace.db())
        .await?
        .into_iter()
        .map(|layer| layer.value)
        .collect();
    if layers.is_empty() {
        return Ok(None);
    }
    let assessment = anju_store::land::latest_assessment(workspace.db())
        .await?
        .map(|assessment| assessment.value);
    let bounds = match layers.iter().find(|layer| layer.kind == LayerKind::Elevation) {
        Some(layer) => Some(bounds(workspace, layer)?),
        None => None,
    };
    Ok(Some(LandPage {
        assessment,
        layers,
        bounds,
    }))
}

/// The extent of the elevation model in degrees.
fn bounds(workspace: &Workspace, layer: &Layer) -> Result<[f64; 4], AppError> {
    let extent = read_dem(workspace, layer)?.grid().bounds();
    let to_degrees = super::to_degrees(workspace)?;
    let (low, high) = (extent.min(), extent.max());
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (x, y) in [(low.x, low.y), (low.x, high.y), (high.x, low.y), (high.x, high.y)] {
        let (longitude, latitude) = to_degrees.point(x, y)?;
        bounds[0] = bounds[0].min(longitude);
        bounds[1] = bounds[1].min(latitude);
        bounds[2] = bounds[2].max(longitude);
        bounds[3] = bounds[3].max(latitude);
    }
    Ok(bounds)
}

/// The candidates of the newest assessment.
///
/// # Errors
/// When the caller may not read the register or that area.
pub async fn candidates(
    workspace: &Workspace,
    caller: &Caller,
    query: &CandidateQuery,
) -> Result<Vec<CandidateView>, AppError> {
    let area =
        crate::register::areas::narrow_to_one(workspace, caller, Action::ReadRegister, query.area.as_ref())
            .await?;
    let Some(assessment) = anju_store::land::latest_assessment(workspace.db()).await? else {
        return Ok(Vec::new());
    };
    let found = anju_store::land::candidates_within(workspace.db(), assessment.value.id, &area).await?;
    let mut views = views(workspace, found).await?;
    views.retain(|view| query.used.is_none_or(|used| view.planned.is_some() == used));
    let (key, descending) = sort_key(query.sort.as_deref());
    views.sort_by(|a, b| {
        let (a, b) = (&a.candidate, &b.candidate);
        let order = match key {
            "score" => a.score.total_cmp(&b.score),
            "area_m2" => a.area_m2.total_cmp(&b.area_m2),
            "capacity_households" => a.capacity_households.cmp(&b.capacity_households),
            "slope_percent" => a.slope_percent.total_cmp(&b.slope_percent),
            _ => std::cmp::Ordering::Equal,
        };
        let order = if descending { order.reverse() } else { order };
        order.then_with(|| a.code.cmp(&b.code))
    });
    Ok(views)
}

/// One candidate.
///
/// # Errors
/// [`AppError::NotFound`] for one that is unknown or outside the caller's area.
pub async fn candidate(workspace: &Workspace, caller: &Caller, id: Uuid) -> Result<CandidateView, AppError> {
    let area = caller.narrow(Action::ReadRegister, None)?;
    let stored = anju_store::load::<Candidate>(workspace.db(), &id.to_string()).await?;
    let stored = stored
        .map(|stored| stored.value)
        .filter(|candidate| area.contains(&candidate.area));
    let mut views = views(workspace, stored.into_iter().collect()).await?;
    views.pop().ok_or_else(|| AppError::NotFound {
        kind: "candidate",
        id: id.to_string(),
    })
}

/// The candidates as GeoJSON (EPSG:4326).
///
/// # Errors
/// When the caller may not read the register.
pub async fn candidates_geojson(
    workspace: &Workspace,
    caller: &Caller,
) -> Result<serde_json::Value, AppError> {
    let views = candidates(workspace, caller, &CandidateQuery::default()).await?;
    let features: Vec<serde_json::Value> = views
        .iter()
        .map(|view| {
            json!({
                "type": "Feature",
                "geometry": { "type": "Polygon", "coordinates": view.candidate.rings },
                "properties": {
                    "id": view.candidate.id, "code": view.candidate.code, "score": view.candidate.score,
                    "capacity_households": view.candidate.capacity_households, "area_m2": view.candidate.area_m2,
                    "planned_households": view.planned.as_ref().map_or(0, |planned| planned.households),
                },
            })
        })
        .collect();
    Ok(json!({ "type": "FeatureCollection", "features": features }))
}

/// Why here, or why not here.
///
/// # Errors
/// When the caller may not read the register, or the position is no position.
pub async fn spot(
    workspace: &Workspace,
    caller: &Caller,
    longitude: f64,
    latitude: f64,
) -> Result<SpotView, AppError> {
    caller.require(Action::ReadRegister)?;
    if !(-180.0..=180.0).contains(&longitude) || !(-90.0..=90.0).contains(&latitude) {
        return Err(AppError::invalid(
            "position",
            "",
            "坐标超出范围",
            "the position is out of range",
        ));
    }
    let (x, y) = super::from_degrees(workspace)?.point(longitude, latitude)?;
    let place = Coord { x, y };
    let mut view = SpotView {
        slope_percent: None,
        elevation_m: None,
        suitability: None,
        verdicts: Vec::new(),
    };
    let layers: Vec<Layer> = anju_store::land::layers(workspace.db())
        .await?
        .into_iter()
        .map(|layer| layer.value)
        .collect();
    let mut vectors = BTreeMap::new();
    for layer in &layers {
        if layer.kind == LayerKind::Elevation {
            view.elevation_m = value_at(&read_dem(workspace, layer)?, place);
        } else {
            vectors.insert(layer.kind, read_vector(workspace, layer)?);
        }
    }
    if let Some(assessment) = anju_store::land::latest_assessment(workspace.db()).await? {
        view.slope_percent = value_at(&read_numbers(workspace, &assessment.value.slope)?, place);
        let suitability = super::read_raster(workspace, &assessment.value.suitability)?;
        view.suitability = suitability
            .at(x, y)
            .filter(|&value| value > 0)
            .map(|value| f64::from(value - 1) / 254.0);
    }
    view.verdicts = super::spot_verdicts(workspace, &vectors, Point::from(place))?;
    Ok(view)
}

fn value_at(raster: &anju_land::Raster<f32>, place: Coord<f64>) -> Option<f64> {
    let (row, column) = raster.grid().cell_at(place)?;
    let value = raster.get(row, column);
    (!value.is_nan()).then_some((f64::from(value) * 10.0).round() / 10.0)
}

/// The households of the caller's area as a vector tile.
///
/// # Errors
/// When the caller may not read the register.
pub async fn households_tile(
    workspace: &Workspace,
    caller: &Caller,
    cache: &TileCache,
    address: TileAddress,
) -> Result<Vec<u8>, AppError> {
    let area = caller.narrow(Action::ReadRegister, None)?;
    // A tile of a few villages reads its own households. One that shows much of the county is drawn from all of them, which
    // are kept until something is written.
    if address.z >= CLOSE_ZOOM {
        let points = household_points(workspace, &area, Some(address.window())).await?;
        return encode("households", &point_layer(points), address);
    }
    let ledger_size = anju_store::entry_count(workspace.db()).await?;
    if let Some(layer) = cache.households(&area, ledger_size) {
        return encode("households", &layer, address);
    }
    let layer = Arc::new(point_layer(household_points(workspace, &area, None).await?));
    cache.keep_households(area, ledger_size, layer.clone());
    encode("households", &layer, address)
}

/// From this zoom on a tile is less than 10 km wide.
const CLOSE_ZOOM: u8 = 12;

async fn household_points(
    workspace: &Workspace,
    area: &AreaCode,
    window: Option<[Position; 2]>,
) -> Result<Vec<TilePoint>, AppError> {
    let points = anju_store::register::household_points(workspace.db(), area, window).await?;
    let drawn = points.into_iter().map(|point| {
        let text = |value: &str| PropertyValue::Text(value.to_owned());
        let to = match point.destination {
            Some(PlannedDestination::Site(_)) => "site",
            Some(PlannedDestination::Pathway(_)) => "pathway",
            Some(PlannedDestination::Unplaced) => "unplaced",
            None => "",
        };
        let choice = point.choice.map_or("", |choice| choice.code());
        TilePoint {
            longitude: point.position.longitude,
            latitude: point.position.latitude,
            properties: vec![
                ("id".to_owned(), PropertyValue::Text(point.id.to_string())),
                ("category".to_owned(), text(point.category.code())),
                ("choice".to_owned(), text(choice)),
                (
                    "open_items".to_owned(),
                    PropertyValue::Integer(i64::from(point.open_items)),
                ),
                ("to".to_owned(), text(to)),
            ],
        }
    });
    Ok(drawn.collect())
}

async fn views(workspace: &Workspace, candidates: Vec<Candidate>) -> Result<Vec<CandidateView>, AppError> {
    let areas: AreaNames = workspace.areas().await?;
    let plan = anju_store::plan::latest(workspace.db()).await?;
    let used: HashMap<Uuid, PlannedUse> = plan
        .map(|plan| {
            let sites = plan.value.sites.into_iter();
            sites
                .map(|site| {
                    (
                        site.site,
                        PlannedUse {
                            tier: site.tier,
                            households: site.households,
                        },
                    )
                })
                .collect()
        })
        .unwrap_or_default();
    let to_degrees = super::to_degrees(workspace)?;
    candidates
        .into_iter()
        .map(|mut candidate| {
            for ring in &mut candidate.rings {
                for place in ring.iter_mut() {
                    *place = to_degrees.point(place.0, place.1)?;
                }
            }
            candidate.centre = to_degrees.point(candidate.centre.0, candidate.centre.1)?;
            Ok(CandidateView {
                area_name: areas.name(&candidate.area),
                planned: used.get(&candidate.id).cloned(),
                candidate,
            })
        })
        .collect()
}
