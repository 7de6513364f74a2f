//! Vector formats written and read again, and files that must be refused.

use geo::{Geometry, MultiPolygon, point, polygon};
use proptest::prelude::*;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn feature(geometry: impl Into<Geometry<f64>>, properties: &[(&str, PropertyValue)]) -> Feature {
    Feature {
        geometry: geometry.into(),
        properties: properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}

fn points() -> VectorLayer {
    VectorLayer {
        name: "隐患点".to_owned(),
        crs: Crs::from_epsg(4545).unwrap(),
        features: vec![
            feature(
                point!(x: 500_123.25, y: 3_612_000.5),
                &[
                    ("名称", "大湾滑坡".into()),
                    ("编号", 612_401_000_123_456_789_i64.into()),
                    ("面积", 12.5.into()),
                ],
            ),
            feature(
                point!(x: 500_999.0, y: 3_612_777.0),
                &[
                    ("名称", PropertyValue::Null),
                    ("编号", 7_i64.into()),
                    ("面积", 0.1.into()),
                ],
            ),
        ],
    }
}

fn areas() -> VectorLayer {
    let ring = polygon!(exterior: [(x: 0.0, y: 0.0), (x: 100.0, y: 0.0), (x: 100.0, y: 100.0), (x: 0.0, y: 100.0), (x: 0.0, y: 0.0)],
        interiors: [[(x: 10.0, y: 10.0), (x: 10.0, y: 20.0), (x: 20.0, y: 20.0), (x: 20.0, y: 10.0), (x: 10.0, y: 10.0)]]);
    let other = polygon![(x: 200.0, y: 0.0), (x: 300.0, y: 0.0), (x: 300.0, y: 50.0), (x: 200.0, y: 0.0)];
    let mut layer = VectorLayer {
        name: "areas".to_owned(),
        crs: Crs::from_epsg(4545).unwrap(),
        features: Vec::new(),
    };
    layer
        .features
        .push(feature(ring.clone(), &[("kind", "a".into())]));
    layer.features.push(feature(
        MultiPolygon::new(vec![ring, other]),
        &[("kind", "b".into())],
    ));
    layer
}

/// Area by feature: what must survive every format, whatever the direction of rings.
fn measured(layer: &VectorLayer) -> Vec<f64> {
    use geo::Area;
    layer
        .features
        .iter()
        .map(|feature| feature.geometry.unsigned_area())
        .collect()
}

#[test]
fn a_shapefile_keeps_geometry_digits_and_chinese_texts_in_both_encodings() {
    for encoding in [DbfEncoding::Gbk, DbfEncoding::Utf8] {
        let folder = folder();
        let path = folder.path().join("隐患点.shp");
        write_shapefile(&path, &points(), encoding).unwrap();
        let read = read_vector(&path, &VectorOptions::default()).unwrap();
        assert_eq!(read, vec![points()], "{encoding:?}");
        // Without the .cpg file the bytes decide.
        std::fs::remove_file(path.with_extension("cpg")).unwrap();
        assert_eq!(
            read_vector(&path, &VectorOptions::default()).unwrap(),
            vec![points()],
            "{encoding:?}"
        );
    }
}

#[test]
fn holes_stay_holes_in_every_format() {
    let folder = folder();
    let expected = vec![9_900.0, 12_400.0];
    let shp = folder.path().join("areas.shp");
    write_shapefile(&shp, &areas(), DbfEncoding::Gbk).unwrap();
    let gpkg = folder.path().join("areas.gpkg");
    write_geopackage(&gpkg, &[areas()], jiff::Timestamp::UNIX_EPOCH).unwrap();
    for path in [shp, gpkg] {
        let read = read_vector(&path, &VectorOptions::default()).unwrap();
        assert_eq!(measured(&read[0]), expected, "{path:?}");
        assert_eq!(read[0].crs.epsg(), 4545);
    }
}

#[test]
fn a_geopackage_keeps_layers_and_types() {
    let folder = folder();
    let path = folder.path().join("county.gpkg");
    write_geopackage(&path, &[points(), areas()], jiff::Timestamp::UNIX_EPOCH).unwrap();
    let read = read_vector(&path, &VectorOptions::default()).unwrap();
    assert_eq!(read, vec![areas(), points()]);
    let one = VectorOptions {
        layer: Some("隐患点".to_owned()),
        ..VectorOptions::default()
    };
    assert_eq!(read_vector(&path, &one).unwrap(), vec![points()]);
    let none = VectorOptions {
        layer: Some("x".to_owned()),
        ..VectorOptions::default()
    };
    let error = read_vector(&path, &none).unwrap_err();
    assert!(error.to_string().contains("it has: areas, 隐患点"), "{error}");
}

#[tokio::test]
async fn a_geopackage_can_be_read_inside_an_async_runtime() {
    let folder = folder();
    let path = folder.path().join("county.gpkg");
    write_geopackage(&path, &[points()], jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(
        read_vector(&path, &VectorOptions::default()).unwrap(),
        vec![points()]
    );
}

#[test]
fn geojson_is_written_in_degrees_and_read_back() {
    let folder = folder();
    let path = folder.path().join("隐患点.geojson");
    write_geojson(&path, &points()).unwrap();
    let read = read_vector(&path, &VectorOptions::default()).unwrap();
    assert_eq!(read[0].crs, Crs::WGS84);
    let Geometry::Point(point) = read[0].features[0].geometry else {
        panic!("a point")
    };
    assert!(
        (point.x() - 108.0).abs() < 0.01 && (point.y() - 32.6).abs() < 0.1,
        "{point:?}"
    );
    assert_eq!(read[0].features[0].properties, points().features[0].properties);
}

#[test]
fn the_older_crs_member_of_geojson_is_honoured() {
    let folder = folder();
    let path = folder.path().join("old.json");
    let text = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4545"}},
        "features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[500000,3600000]}}]}"#;
    std::fs::write(&path, text).unwrap();
    assert_eq!(
        read_vector(&path, &VectorOptions::default()).unwrap()[0]
            .crs
            .epsg(),
        4545
    );
    std::fs::write(&path, text.replace("4545", "2327")).unwrap();
    let error = read_vector(&path, &VectorOptions::default()).unwrap_err();
    assert!(matches!(error, ExchangeError::Crs(_)), "{error}");
    assert!(error.to_string().contains("old.json"), "{error}");
    let given = VectorOptions {
        crs: Some(Crs::CGCS2000),
        ..VectorOptions::default()
    };
    assert_eq!(read_vector(&path, &given).unwrap()[0].crs, Crs::CGCS2000);
}

#[test]
fn equal_layers_are_equal_bytes() {
    let folder = folder();
    for ending in ["shp", "gpkg", "geojson"] {
        let bytes: Vec<Vec<Vec<u8>>> = ["a", "b"]
            .iter()
            .map(|name| {
                let path = folder.path().join(name).with_extension(ending);
                match ending {
                    "shp" => write_shapefile(&path, &points(), DbfEncoding::Gbk).unwrap(),
                    "gpkg" => write_geopackage(&path, &[points()], jiff::Timestamp::UNIX_EPOCH).unwrap(),
                    _ => write_geojson(&path, &points()).unwrap(),
                }
                let endings: &[&str] = if ending == "shp" {
                    &["shp", "shx", "dbf", "prj", "cpg"]
                } else {
                    &[ending]
                };
                endings
                    .iter()
                    .map(|ending| std::fs::read(path.with_extension(ending)).unwrap())
                    .collect()
            })
            .collect();
        assert_eq!(bytes[0], bytes[1], "{ending}");
    }
}

#[test]
fn missing_and_foreign_systems_are_refused_with_a_remedy() {
    let folder = folder();
    let path = folder.path().join("p.shp");
    write_shapefile(&path, &points(), DbfEncoding::Gbk).unwrap();
    std::fs::remove_file(path.with_extension("prj")).unwrap();
    let error = read_vector(&path, &VectorOptions::default()).unwrap_err();
    assert!(matches!(error, ExchangeError::Crs(_)));
    assert!(error.to_string().contains("put a .prj file"), "{error}");
    assert!(
        error.zh().contains("p.shp") && error.zh().contains("--crs"),
        "{}",
        error.zh()
    );
    let given = VectorOptions {
        crs: Some(Crs::from_epsg(4545).unwrap()),
        ..VectorOptions::default()
    };
    assert!(read_vector(&path, &given).is_ok());

    let xian = r#"PROJCS["Xian_1980_3_Degree_GK_CM_108E",GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]]],PROJECTION["Gauss_Kruger"],PARAMETER["Central_Meridian",108.0],UNIT["Meter",1.0]]"#;
    std::fs::write(path.with_extension("prj"), xian).unwrap();
    let error = read_vector(&path, &VectorOptions::default()).unwrap_err();
    assert!(error.to_string().contains("D_Xian_1980"), "{error}");
}

#[test]
fn broken_shapefiles_are_named() {
    let folder = folder();
    let path = folder.path().join("p.shp");
    write_shapefile(&path, &points(), DbfEncoding::Gbk).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert!(matches!(
        read_vector(&path, &VectorOptions::default()),
        Err(ExchangeError::Format(_))
    ));
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(
        read_vector(&path, &VectorOptions::default()),
        Err(ExchangeError::Empty(_))
    ));
    std::fs::write(&path, &whole).unwrap();
    let table = std::fs::read(path.with_extension("dbf")).unwrap();
    std::fs::write(path.with_extension("dbf"), &table[..table.len() - 30]).unwrap();
    assert!(matches!(
        read_vector(&path, &VectorOptions::default()),
        Err(ExchangeError::Format(_))
    ));
    std::fs::remove_file(path.with_extension("dbf")).unwrap();
    let error = read_vector(&path, &VectorOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains(".dbf file with its attributes is missing"),
        "{error}"
    );
    assert!(matches!(
        read_vector(&folder.path().join("none.shp"), &VectorOptions::default()),
        Err(ExchangeError::Io(_))
    ));
    assert!(matches!(
        read_vector(&folder.path().join("a.dwg"), &VectorOptions::default()),
        Err(ExchangeError::Format(_))
    ));
}

#[test]
fn unusable_geometry_is_reported_by_feature_number() {
    let folder = folder();
    let path = folder.path().join("bad.geojson");
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[108,32]}},
        {"type":"Feature","properties":{},"geometry":null},
        {"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}}]}"#;
    std::fs::write(&path, text).unwrap();
    let error = read_vector(&path, &VectorOptions::default()).unwrap_err();
    assert!(error.to_string().contains("feature 2, 3"), "{error}");
    let file = read_vector_with_problems(&path, &VectorOptions::default()).unwrap();
    assert_eq!(file.layers[0].features.len(), 1);
    assert_eq!(
        file.problems
            .iter()
            .map(|problem| problem.feature)
            .collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(file.problems[1].reason.en, "a ring does not close");

    let mut layer = points();
    layer.features[1].geometry = point!(x: f64::NAN, y: 1.0).into();
    for (path, write) in [("n.shp", true), ("n.gpkg", false)] {
        let path = folder.path().join(path);
        if write {
            write_shapefile(&path, &layer, DbfEncoding::Gbk).unwrap();
        } else {
            write_geopackage(&path, &[layer.clone()], jiff::Timestamp::UNIX_EPOCH).unwrap();
        }
        let file = read_vector_with_problems(&path, &VectorOptions::default()).unwrap();
        assert_eq!(
            file.problems
                .iter()
                .map(|problem| problem.feature)
                .collect::<Vec<_>>(),
            [2],
            "{path:?}"
        );
    }
}

#[test]
fn geojson_and_geopackage_that_are_none_are_refused() {
    let folder = folder();
    for (name, bytes) in [
        ("a.geojson", &b"{\"type\":"[..]),
        ("b.geojson", b"[1]"),
        ("c.gpkg", b"not a database at all"),
        ("d.shp", b"zzzz"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::write(path.with_extension("prj"), Crs::WGS84.to_prj()).unwrap();
        std::fs::write(path.with_extension("dbf"), b"zzzz").unwrap();
        assert!(
            matches!(
                read_vector(&path, &VectorOptions::default()),
                Err(ExchangeError::Format(_))
            ),
            "{name}"
        );
        std::fs::write(&path, b"").unwrap();
        assert!(
            matches!(
                read_vector(&path, &VectorOptions::default()),
                Err(ExchangeError::Empty(_))
            ),
            "{name}"
        );
    }
}

#[test]
fn what_a_shapefile_cannot_hold_is_refused_when_writing() {
    let folder = folder();
    let path = folder.path().join("x.shp");
    let mut mixed = points();
    mixed.features.extend(areas().features);
    assert!(matches!(
        write_shapefile(&path, &mixed, DbfEncoding::Gbk),
        Err(ExchangeError::Value(_))
    ));
    let mut long = points();
    long.features[0]
        .properties
        .insert("a_name_too_long".to_owned(), 1_i64.into());
    assert!(matches!(
        write_shapefile(&path, &long, DbfEncoding::Gbk),
        Err(ExchangeError::Value(_))
    ));
}

fn any_property() -> impl Strategy<Value = PropertyValue> {
    prop_oneof![
        any::<i64>().prop_map(PropertyValue::Integer),
        (-1e12..1e12f64).prop_map(PropertyValue::Real),
        "[一-龥a-zA-Z0-9·]{1,12}".prop_map(PropertyValue::Text),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// What is written is what is read, for every format, coordinates to the last bit.
    #[test]
    fn round_trip(rows in prop::collection::vec((-1e7..1e7f64, -1e7..1e7f64, any_property()), 1..20)) {
        let folder = folder();
        // A column holds one type: take the first row's.
        let same = |value: &PropertyValue| std::mem::discriminant(value) == std::mem::discriminant(&rows[0].2);
        let features: Vec<Feature> = rows.iter().filter(|row| same(&row.2))
            .map(|(x, y, value)| feature(point!(x: *x, y: *y), &[("v", value.clone())])).collect();
        let layer = VectorLayer { name: "layer".to_owned(), crs: Crs::from_epsg(4524).unwrap(), features };
        let shp = folder.path().join("layer.shp");
        write_shapefile(&shp, &layer, DbfEncoding::Gbk).unwrap();
        let gpkg = folder.path().join("layer.gpkg");
        write_geopackage(&gpkg, std::slice::from_ref(&layer), jiff::Timestamp::UNIX_EPOCH).unwrap();
        for path in [shp, gpkg] {
            let read = read_vector(&path, &VectorOptions::default()).unwrap();
            prop_assert_eq!(&read[0], &layer);
        }
    }

    /// No bytes make a reader panic.
    #[test]
    fn readers_refuse_noise(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = folder();
        for name in ["a.shp", "a.gpkg", "a.geojson"] {
            let path = folder.path().join(name);
            std::fs::write(&path, &bytes).unwrap();
            std::fs::write(path.with_extension("dbf"), &bytes).unwrap();
            std::fs::write(path.with_extension("prj"), Crs::WGS84.to_prj()).unwrap();
            let _ = read_vector_with_problems(&path, &VectorOptions::default());
        }
        let _ = wkb::read_geopackage(&[&b"GP\0\x01\0\0\0\0"[..], &bytes].concat());
    }

    /// No damage to a good file makes a reader panic.
    #[test]
    fn readers_survive_damage(kind in 0usize..3, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<Option<prop::sample::Index>>()) {
        let folder = folder();
        let (path, damaged) = match kind {
            0 => {
                let path = folder.path().join("a.shp");
                write_shapefile(&path, &areas(), DbfEncoding::Gbk).unwrap();
                (path.clone(), path)
            }
            1 => {
                let path = folder.path().join("a.shp");
                write_shapefile(&path, &points(), DbfEncoding::Gbk).unwrap();
                (path.clone(), path.with_extension("dbf"))
            }
            _ => {
                let path = folder.path().join("a.gpkg");
                write_geopackage(&path, &[areas()], jiff::Timestamp::UNIX_EPOCH).unwrap();
                (path.clone(), path)
            }
        };
        let mut bytes = std::fs::read(&damaged).unwrap();
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&damaged, bytes).unwrap();
        let _ = read_vector_with_problems(&path, &VectorOptions::default());
    }
}
