//! Which homes stand in harm's way: inside a hazard or flood zone, or how far from the nearest.

use std::collections::HashMap;

use anju_land::NearestFeatures;
use anju_model::land::LayerKind;
use anju_model::register::Household;
use anju_verify::HazardExposure;
use geo::{Coord, Geometry};
use uuid::Uuid;

use crate::{AppError, Workspace};

/// The layers that threaten homes.
const THREATS: [LayerKind; 3] = [
    LayerKind::HazardZones,
    LayerKind::FloodZones,
    LayerKind::HazardPoints,
];

/// The exposure of every household whose position is known; empty when no such layer was imported.
pub(crate) async fn exposures(
    workspace: &Workspace,
    households: &[Household],
) -> Result<HashMap<Uuid, HazardExposure>, AppError> {
    let mut threats = Vec::new();
    for kind in THREATS {
        if let Some(layer) = super::layer(workspace, kind).await? {
            let vector = super::read_vector(workspace, &layer)?;
            let shapes: Vec<Geometry<f64>> = vector
                .features
                .into_iter()
                .map(|feature| feature.geometry)
                .collect();
            threats.push((kind, NearestFeatures::new(kind.code(), &shapes)?));
        }
    }
    if threats.is_empty() {
        return Ok(HashMap::new());
    }
    let to_metric = super::from_degrees(workspace)?;
    let mut exposures = HashMap::with_capacity(households.len());
    for household in households {
        let Some(position) = household.facts.position else {
            continue;
        };
        let Ok((x, y)) = to_metric.point(position.longitude, position.latitude) else {
            continue;
        };
        let nearest = threats
            .iter()
            .filter_map(|(kind, features)| Some((*kind, features.to_point(Coord { x, y })?.metres)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        exposures.insert(
            household.id,
            HazardExposure {
                inside: nearest.is_some_and(|(_, metres)| metres == 0.0),
                nearest_m: nearest.map(|(_, metres)| metres),
                layer: nearest.map(|(kind, _)| kind.zh().to_owned()),
            },
        );
    }
    Ok(exposures)
}
