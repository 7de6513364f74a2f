//! The county's layers as departments hand them over: Shapefiles with GBK attributes in the Gauss-Kruger zone, GeoJSON in
//! degrees, one GeoPackage of plans.

use std::collections::BTreeMap;
use std::path::Path;

use anju_exchange::crs::{Crs, Transformer};
use anju_exchange::raster::{GeoTiff, RasterData, write_geotiff};
use anju_exchange::vector::{
    DbfEncoding, Feature, PropertyValue, VectorLayer, write_geojson, write_geopackage, write_shapefile,
};
use geo::{Geometry, MultiPolygon, Point};

use crate::books::FICTIONAL;
use crate::error::ExampleError;
use crate::geography::Geography;

/// 2026-06-30 00:00 UTC: a fixed date, so that the same county gives the same bytes.
const LAST_CHANGE: jiff::Timestamp = jiff::Timestamp::constant(1_782_777_600, 0);

fn text(value: impl Into<String>) -> PropertyValue {
    PropertyValue::Text(value.into())
}

fn feature(geometry: impl Into<Geometry<f64>>, properties: Vec<(&str, PropertyValue)>) -> Feature {
    let properties: BTreeMap<String, PropertyValue> = properties
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Feature {
        geometry: geometry.into(),
        properties,
    }
}

/// Writes all layers below `folder`.
pub(crate) fn write(folder: &Path, geography: &Geography) -> Result<(), ExampleError> {
    std::fs::create_dir_all(folder).map_err(ExampleError::io(folder))?;
    let crs = geography.terrain.crs;
    let layer = |name: &str, features: Vec<Feature>| VectorLayer {
        name: name.to_owned(),
        crs,
        features,
    };
    let elevation = &geography.terrain.elevation;
    let cells = (0..elevation.values.len())
        .map(|index| {
            if geography.terrain.known.values[index] {
                elevation.values[index]
            } else {
                -9999.0
            }
        })
        .collect();
    write_geotiff(
        &folder.join("dem.tif"),
        &GeoTiff {
            rows: elevation.height,
            cols: elevation.width,
            west: elevation.west,
            north: elevation.north,
            cell_width: elevation.cell,
            cell_height: elevation.cell,
            crs,
            no_data: Some(-9999.0),
            data: RasterData::F32(cells),
        },
    )?;

    // Shapefiles of natural resources: names of at most ten bytes, GBK.
    let points = geography.points.iter().map(|point| {
        feature(
            Point::new(point.place.0, point.place.1),
            vec![
                ("编号", text(point.code.as_str())),
                ("类型", text(point.kind)),
                ("规模", text(point.scale)),
                ("险情等级", text(point.grade)),
                ("备注", text("虚构示例")),
            ],
        )
    });
    let zones = geography.hazards.iter().enumerate().map(|(number, hazard)| {
        feature(
            hazard.zone.outline.clone(),
            vec![
                ("名称", text(format!("{}易发区{}", hazard.kind, number + 1))),
                ("类型", text(hazard.kind)),
                ("易发程度", text(hazard.grade)),
                ("备注", text("虚构示例")),
            ],
        )
    });
    let farmland = geography.farmland.iter().enumerate().map(|(number, zone)| {
        feature(
            zone.outline.clone(),
            vec![
                ("图斑号", text(format!("{:05}", number + 1))),
                ("地类", text("水田")),
                ("备注", text("虚构示例")),
            ],
        )
    });
    let shapes = [
        ("地质灾害隐患点", points.collect::<Vec<_>>()),
        ("地质灾害易发区", zones.collect()),
        ("永久基本农田", farmland.collect()),
    ];
    for (name, features) in shapes {
        write_shapefile(
            &folder.join(format!("{name}.shp")),
            &layer(name, features),
            DbfEncoding::Gbk,
        )?;
    }

    // GeoJSON in degrees.
    let named = |name: &str, kind: &str| {
        vec![
            ("name", text(name)),
            ("kind", text(kind)),
            ("note", text(FICTIONAL)),
        ]
    };
    let towns = geography.townships.iter().map(|township| {
        feature(
            Point::new(township.seat.0, township.seat.1),
            named(&format!("{}集镇", township.name), "集镇"),
        )
    });
    let central = geography.villages.iter().filter(|village| village.central);
    let central = central.map(|village| {
        feature(
            Point::new(village.centre.0, village.centre.1),
            named(&village.name, "中心村"),
        )
    });
    let parks = geography
        .parks
        .iter()
        .map(|park| feature(park.outline.clone(), named(&park.name, park.kind)));
    let facilities = geography.facilities.iter().map(|facility| {
        let mut properties = named(&facility.name, facility.kind);
        if facility.capacity > 0 {
            properties.push(("capacity", PropertyValue::Integer(i64::from(facility.capacity))));
            properties.push(("used", PropertyValue::Integer(i64::from(facility.used))));
        }
        feature(Point::new(facility.place.0, facility.place.1), properties)
    });
    let red_line = geography.red_line.iter().enumerate().map(|(number, zone)| {
        feature(
            zone.outline.clone(),
            named(&format!("生态保护红线{}", number + 1), "水源涵养"),
        )
    });
    let townships = geography.townships.iter().map(|township| {
        let mut properties = named(&township.name, "乡镇");
        properties.push(("code", text(township.code.as_str())));
        feature(MultiPolygon(township.outlines.clone()), properties)
    });
    let collections = [
        ("towns", towns.collect::<Vec<_>>()),
        ("central_villages", central.collect()),
        ("industrial_parks", parks.collect()),
        ("facilities", facilities.collect()),
        ("ecological_red_line", red_line.collect()),
        ("townships", townships.collect()),
    ];
    let to_degrees = Transformer::new(crs, Crs::WGS84)?;
    for (name, features) in collections {
        let features = features
            .into_iter()
            .map(|feature| {
                Ok(Feature {
                    geometry: rounded(&to_degrees.geometry(&feature.geometry)?),
                    ..feature
                })
            })
            .collect::<Result<_, ExampleError>>()?;
        let layer = VectorLayer {
            name: name.to_owned(),
            crs: Crs::WGS84,
            features,
        };
        write_geojson(&folder.join(format!("{name}.geojson")), &layer)?;
    }

    // One GeoPackage of the planning office.
    let noted = |name: &str, kind: &str| {
        vec![
            ("name", text(name)),
            ("class", text(kind)),
            ("note", text(FICTIONAL)),
        ]
    };
    let roads = geography
        .roads
        .iter()
        .map(|road| feature(road.line.clone(), noted(&road.name, road.class)));
    let rivers = geography.rivers.iter().map(|river| {
        let mut properties = noted(&river.name, "河流");
        properties.push((
            "catchment_km2",
            PropertyValue::Real((river.catchment_km2 * 10.0).round() / 10.0),
        ));
        feature(river.line.clone(), properties)
    });
    let floods = geography.floods.iter().enumerate().map(|(number, zone)| {
        feature(
            zone.outline.clone(),
            noted(&format!("洪涝灾害威胁区{}", number + 1), "20年一遇"),
        )
    });
    let functional = geography
        .functional
        .iter()
        .map(|area| feature(area.outline.clone(), noted(&area.name, area.kind)));
    let town_plan = geography
        .town_plan
        .iter()
        .map(|area| feature(area.outline.clone(), noted(&area.name, area.kind)));
    write_geopackage(
        &folder.join("planning.gpkg"),
        &[
            layer("roads", roads.collect()),
            layer("rivers", rivers.collect()),
            layer("flood_zones", floods.collect()),
            layer("main_functional_zones", functional.collect()),
            layer("town_plan", town_plan.collect()),
        ],
        LAST_CHANGE,
    )?;
    Ok(())
}

/// Degrees to seven places, about a centimetre.
fn rounded(geometry: &Geometry<f64>) -> Geometry<f64> {
    use geo::MapCoords;
    geometry.map_coords(|place| geo::Coord {
        x: (place.x * 1e7).round() / 1e7,
        y: (place.y * 1e7).round() / 1e7,
    })
}
