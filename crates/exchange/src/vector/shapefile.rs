//! Shapefiles: geometry through the `shapefile` crate, attributes through [`super::dbf`], `.prj` and `.cpg` beside.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use encoding_rs::Encoding;
use geo::{
    Area, Contains, Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
};
use shapefile::record::EsriShape;
use shapefile::record::polygon::{GenericPolygon, PolygonRing};
use shapefile::{Shape, ShapeReader, ShapeWriter};

use super::parts::{self, Reason};
use super::{Feature, FeatureProblem, VectorFile, VectorLayer, VectorOptions, beside, dbf, stem};
use crate::crs::{self, Crs};
use crate::error::{ExchangeError, Fault};
use anju_model::code_list::Text;

/// The encoding of the texts of a shapefile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DbfEncoding {
    /// GBK, which most programs in Chinese offices expect.
    #[default]
    Gbk,
    /// UTF-8.
    Utf8,
}

/// Reads a shapefile by the path of its `.shp` file.
pub(super) fn read(path: &Path, options: &VectorOptions) -> Result<VectorFile, ExchangeError> {
    let bytes = fs::read(path).map_err(|error| ExchangeError::io(path, ("读取", "read"), &error))?;
    if bytes.is_empty() {
        return Err(ExchangeError::Empty(Fault::new(
            path,
            ("文件为 0 字节", "the file has 0 bytes"),
            (
                "重新复制完整的 Shapefile（.shp、.shx、.dbf、.prj）",
                "copy the complete shapefile again (.shp, .shx, .dbf, .prj)",
            ),
        )));
    }
    let crs = match options.crs {
        Some(crs) => crs,
        None => read_prj(path)?,
    };
    let rows = read_attributes(path)?;

    let damaged = |error: shapefile::Error| ExchangeError::damaged(path, "Shapefile", &error.to_string());
    let mut reader = ShapeReader::new(Cursor::new(&bytes)).map_err(damaged)?;
    let mut layer = VectorLayer {
        name: stem(path),
        crs,
        features: Vec::new(),
    };
    let mut problems = Vec::new();
    let mut shapes = 0;
    for (index, shape) in reader.iter_shapes().enumerate() {
        let shape = shape.map_err(damaged)?;
        shapes = index + 1;
        let properties = match rows.as_ref().map(|rows| rows.get(index)) {
            Some(Some(Some(row))) => row.clone(),
            Some(Some(None)) => continue, // marked as deleted
            Some(None) => break,          // counted below
            None => Default::default(),
        };
        match geometry(shape) {
            Ok(geometry) => layer.features.push(Feature { geometry, properties }),
            Err(reason) => {
                problems.push(FeatureProblem {
                    layer: layer.name.clone(),
                    feature: index as u64 + 1,
                    reason,
                });
            }
        }
    }
    if let Some(rows) = &rows
        && rows.len() != shapes
    {
        return Err(ExchangeError::damaged(
            path,
            "Shapefile",
            &format!(".shp: {shapes}, .dbf: {}", rows.len()),
        ));
    }
    if shapes == 0 {
        return Err(ExchangeError::Empty(Fault::new(
            path,
            ("图层没有要素", "the layer has no features"),
            (
                "检查导出时的筛选条件",
                "check the filter that was set when it was exported",
            ),
        )));
    }
    Ok(VectorFile {
        layers: vec![layer],
        problems,
    })
}

fn read_prj(path: &Path) -> Result<Crs, ExchangeError> {
    let prj = beside(path, "prj").ok_or_else(|| crs::missing(path))?;
    let bytes = fs::read(&prj).map_err(|error| ExchangeError::io(&prj, ("读取", "read"), &error))?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(&bytes).0.into_owned(),
    };
    if text.trim().is_empty() {
        return Err(crs::missing(path));
    }
    Crs::from_prj(&text).map_err(|error| error.in_file(&prj))
}

fn read_attributes(path: &Path) -> Result<Option<Vec<dbf::Row>>, ExchangeError> {
    let Some(table) = beside(path, "dbf") else {
        return Err(ExchangeError::Format(Fault::new(
            path,
            (
                "缺少同名的 .dbf 属性表",
                "the .dbf file with its attributes is missing",
            ),
            (
                "把 .shp、.shx、.dbf、.prj 放在同一文件夹",
                "put .shp, .shx, .dbf and .prj into the same folder",
            ),
        )));
    };
    let bytes = fs::read(&table).map_err(|error| ExchangeError::io(&table, ("读取", "read"), &error))?;
    let named = match beside(path, "cpg") {
        None => None,
        Some(cpg) => {
            let text = fs::read(&cpg).map_err(|error| ExchangeError::io(&cpg, ("读取", "read"), &error))?;
            encoding_named(&String::from_utf8_lossy(&text))
        }
    };
    dbf::read(&table, &bytes, named).map(Some)
}

/// The encoding that a `.cpg` file names; `None` for names nobody agrees on, where the bytes decide.
fn encoding_named(text: &str) -> Option<&'static Encoding> {
    let name = text.trim().trim_start_matches('\u{feff}').to_uppercase();
    match name.as_str() {
        "UTF-8" | "UTF8" | "65001" => Some(encoding_rs::UTF_8),
        "GBK" | "GB2312" | "GB18030" | "936" | "CP936" | "ANSI 936" | "ANSI936" | "EUC-CN" => {
            Some(encoding_rs::GB18030)
        }
        "BIG5" | "950" | "CP950" | "ANSI 950" => Some(encoding_rs::BIG5),
        _ => Encoding::for_label(name.as_bytes()),
    }
}

fn geometry(shape: Shape) -> Result<Geometry<f64>, Reason> {
    fn coords<P: shapefile::record::traits::HasXY>(points: &[P]) -> Result<Vec<Coord<f64>>, Reason> {
        points
            .iter()
            .map(|point| parts::coord(point.x(), point.y()))
            .collect()
    }
    fn lines<P: shapefile::record::traits::HasXY>(parts_of: &[Vec<P>]) -> Result<Geometry<f64>, Reason> {
        let mut lines = Vec::new();
        for part in parts_of {
            lines.push(parts::line(coords(part)?)?);
        }
        match lines.len() {
            0 => Err(parts::empty()),
            1 => Ok(Geometry::LineString(lines.remove(0))),
            _ => Ok(Geometry::MultiLineString(MultiLineString::new(lines))),
        }
    }
    fn points<P: shapefile::record::traits::HasXY>(points: &[P]) -> Result<Geometry<f64>, Reason> {
        let coords = coords(points)?;
        if coords.is_empty() {
            return Err(parts::empty());
        }
        Ok(Geometry::MultiPoint(MultiPoint::from_iter(coords)))
    }
    fn polygons<P: shapefile::record::traits::HasXY>(
        rings: &[PolygonRing<P>],
    ) -> Result<Geometry<f64>, Reason> {
        let rings: Result<Vec<_>, Reason> = rings
            .iter()
            .map(|ring| parts::ring(coords(ring_points(ring))?))
            .collect();
        assemble(rings?)
    }
    fn ring_points<P>(ring: &PolygonRing<P>) -> &[P] {
        match ring {
            PolygonRing::Outer(points) | PolygonRing::Inner(points) => points,
        }
    }
    let point = |x: f64, y: f64| parts::coord(x, y).map(|coord| Geometry::Point(Point(coord)));
    match shape {
        Shape::NullShape => Err(parts::empty()),
        Shape::Point(shape) => point(shape.x, shape.y),
        Shape::PointM(shape) => point(shape.x, shape.y),
        Shape::PointZ(shape) => point(shape.x, shape.y),
        Shape::Multipoint(shape) => points(shape.points()),
        Shape::MultipointM(shape) => points(shape.points()),
        Shape::MultipointZ(shape) => points(shape.points()),
        Shape::Polyline(shape) => lines(shape.parts()),
        Shape::PolylineM(shape) => lines(shape.parts()),
        Shape::PolylineZ(shape) => lines(shape.parts()),
        Shape::Polygon(shape) => polygons(shape.rings()),
        Shape::PolygonM(shape) => polygons(shape.rings()),
        Shape::PolygonZ(shape) => polygons(shape.rings()),
        Shape::Multipatch(_) => Err(Text::new(
            "三维面片（MultiPatch）不读取",
            "three-dimensional patches (MultiPatch) are not read",
        )),
    }
}

/// Sorts rings into polygons: clockwise rings are outer ones, the others are holes of the smallest outer ring that holds
/// them. A hole outside every outer ring was drawn the wrong way round and becomes a polygon of its own.
fn assemble(rings: Vec<LineString<f64>>) -> Result<Geometry<f64>, Reason> {
    if rings.is_empty() {
        return Err(parts::empty());
    }
    let signed = |ring: &LineString<f64>| Polygon::new(ring.clone(), vec![]).signed_area();
    let (outer, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| signed(ring) <= 0.0);
    let mut polygons: Vec<Polygon<f64>> = outer.into_iter().map(|ring| Polygon::new(ring, vec![])).collect();
    let mut reversed = Vec::new();
    if polygons.len() == 1
        && let Some(polygon) = polygons.first_mut()
    {
        for hole in holes {
            polygon.interiors_push(hole);
        }
    } else {
        for hole in holes {
            let inside = |polygon: &Polygon<f64>| {
                let shell = Polygon::new(polygon.exterior().clone(), vec![]);
                hole.points()
                    .next()
                    .is_some_and(|point| shell.contains(&point) || shell.exterior().contains(&point))
            };
            let holder = (0..polygons.len())
                .filter(|index| inside(&polygons[*index]))
                .min_by(|a, b| {
                    let area = |index: usize| {
                        Polygon::new(polygons[index].exterior().clone(), vec![]).unsigned_area()
                    };
                    area(*a).total_cmp(&area(*b))
                });
            match holder {
                Some(index) => polygons[index].interiors_push(hole),
                None => reversed.push(Polygon::new(hole, vec![])),
            }
        }
    }
    polygons.extend(reversed);
    Ok(match polygons.len() {
        1 => Geometry::Polygon(polygons.remove(0)),
        _ => Geometry::MultiPolygon(MultiPolygon::new(polygons)),
    })
}

/// Writes `.shp`, `.shx`, `.dbf`, `.prj` and `.cpg`; `path` names the `.shp` file.
///
/// # Errors
/// [`ExchangeError::Value`] when the features are not all points, all lines or all polygons, or an attribute does not
/// fit the format; [`ExchangeError::Io`].
pub fn write_shapefile(path: &Path, layer: &VectorLayer, encoding: DbfEncoding) -> Result<(), ExchangeError> {
    let (texts, label) = match encoding {
        DbfEncoding::Gbk => (encoding_rs::GBK, "GBK"),
        DbfEncoding::Utf8 => (encoding_rs::UTF_8, "UTF-8"),
    };
    let table = dbf::write(path, &layer.features, texts)?;
    let (shp, shx) = shapes(path, layer)?;
    let prj = layer.crs.to_prj();
    let files: [(&str, &[u8]); 5] = [
        ("shp", &shp),
        ("shx", &shx),
        ("dbf", &table),
        ("prj", prj.as_bytes()),
        ("cpg", label.as_bytes()),
    ];
    for (ending, bytes) in files {
        let file = path.with_extension(ending);
        fs::write(&file, bytes).map_err(|error| ExchangeError::io(&file, ("写入", "write"), &error))?;
    }
    Ok(())
}

fn shapes(path: &Path, layer: &VectorLayer) -> Result<(Vec<u8>, Vec<u8>), ExchangeError> {
    let mixed = || {
        ExchangeError::Value(Fault::new(
            path,
            (
                "Shapefile 的要素必须同为点、线或面",
                "the features of a shapefile must all be points, all lines or all polygons",
            ),
            (
                "按类型分成几个图层，或改用 GeoPackage",
                "split the layer by kind of geometry, or write a GeoPackage instead",
            ),
        ))
    };
    let points = |line: &LineString<f64>| -> Vec<shapefile::Point> {
        line.coords()
            .map(|coord| shapefile::Point::new(coord.x, coord.y))
            .collect()
    };
    let polygon = |polygons: &[Polygon<f64>]| {
        let rings = polygons.iter().flat_map(|polygon| {
            std::iter::once(PolygonRing::Outer(points(polygon.exterior()))).chain(
                polygon
                    .interiors()
                    .iter()
                    .map(|hole| PolygonRing::Inner(points(hole))),
            )
        });
        GenericPolygon::with_rings(rings.collect())
    };
    let polyline =
        |lines: &[LineString<f64>]| shapefile::Polyline::with_parts(lines.iter().map(points).collect());

    let first = layer.features.first().map(|feature| &feature.geometry);
    match first {
        None => Err(ExchangeError::Empty(Fault::new(
            path,
            ("图层没有要素", "the layer has no features"),
            ("选择有要素的图层", "choose a layer with features"),
        ))),
        Some(Geometry::Point(_)) => write_all(path, layer, |geometry| match geometry {
            Geometry::Point(point) => Ok(shapefile::Point::new(point.x(), point.y())),
            _ => Err(mixed()),
        }),
        Some(Geometry::MultiPoint(_)) => write_all(path, layer, |geometry| match geometry {
            Geometry::MultiPoint(all) => Ok(shapefile::Multipoint::new(
                all.iter()
                    .map(|point| shapefile::Point::new(point.x(), point.y()))
                    .collect(),
            )),
            _ => Err(mixed()),
        }),
        Some(Geometry::LineString(_) | Geometry::MultiLineString(_)) => {
            write_all(path, layer, |geometry| match geometry {
                Geometry::LineString(line) => Ok(polyline(std::slice::from_ref(line))),
                Geometry::MultiLineString(lines) => Ok(polyline(&lines.0)),
                _ => Err(mixed()),
            })
        }
        Some(Geometry::Polygon(_) | Geometry::MultiPolygon(_)) => {
            write_all(path, layer, |geometry| match geometry {
                Geometry::Polygon(one) => Ok(polygon(std::slice::from_ref(one))),
                Geometry::MultiPolygon(all) => Ok(polygon(&all.0)),
                _ => Err(mixed()),
            })
        }
        Some(_) => Err(mixed()),
    }
}

fn write_all<S: EsriShape>(
    path: &Path,
    layer: &VectorLayer,
    convert: impl Fn(&Geometry<f64>) -> Result<S, ExchangeError>,
) -> Result<(Vec<u8>, Vec<u8>), ExchangeError> {
    let (mut shp, mut shx) = (Cursor::new(Vec::new()), Cursor::new(Vec::new()));
    let refused = |error: shapefile::Error| {
        ExchangeError::Value(Fault::new(
            path,
            (
                &format!("图形无法写出（{error}）"),
                &format!("the geometry cannot be written ({error})"),
            ),
            ("修复图形后重试", "repair the geometry and try again"),
        ))
    };
    {
        let mut writer = ShapeWriter::with_shx(&mut shp, &mut shx);
        for feature in &layer.features {
            writer
                .write_shape(&convert(&feature.geometry)?)
                .map_err(refused)?;
        }
        writer.finalize().map_err(refused)?;
    }
    Ok((shp.into_inner(), shx.into_inner()))
}
