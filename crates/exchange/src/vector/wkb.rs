//! Well-known binary inside the GeoPackage header (OGC 12-128, clause 2.1.3). Heights and measures are skipped; curves
//! are not read.

use anju_model::code_list::Text;
use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};

use super::parts::{self, Reason};

/// Collections nested deeper than any real data are refused.
const DEEPEST: usize = 16;

/// Reads a geometry column's value.
pub fn read_geopackage(blob: &[u8]) -> Result<Geometry<f64>, Reason> {
    let damaged = || Text::new("图形的二进制内容损坏", "the bytes of its geometry are damaged");
    let &[b'G', b'P', _version, flags, ..] = blob else {
        return Err(damaged());
    };
    if flags & 0b0001_0000 != 0 {
        return Err(parts::empty());
    }
    let envelope = match (flags >> 1) & 0b111 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err(damaged()),
    };
    let mut reader = Reader {
        bytes: blob.get(8 + envelope..).ok_or_else(damaged)?,
    };
    reader.geometry(0)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

struct Head {
    little: bool,
    kind: u32,
    dimensions: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        match self.bytes.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.bytes = rest;
                Ok(*head)
            }
            None => Err(Text::new(
                "图形的二进制内容不完整",
                "the bytes of its geometry end too early",
            )),
        }
    }

    fn number(&mut self, little: bool) -> Result<u32, Reason> {
        let bytes = self.take::<4>()?;
        Ok(if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn head(&mut self) -> Result<Head, Reason> {
        let little = self.take::<1>()? == [1];
        let code = self.number(little)?;
        // ISO puts Z and M into the thousands, the older PostGIS form into the highest bits.
        let (iso, flags) = ((code & 0xffff) / 1000, code >> 28);
        let dimensions = match (iso, flags & 0b1100) {
            (0, 0) => 2,
            (3, _) | (_, 0b1100) => 4,
            _ => 3,
        };
        if flags & 0b0010 != 0 {
            self.number(little)?; // spatial reference of the PostGIS form
        }
        Ok(Head {
            little,
            kind: (code & 0xffff) % 1000,
            dimensions,
        })
    }

    fn coord(&mut self, head: &Head) -> Result<Coord<f64>, Reason> {
        let mut values = [0.0; 4];
        for value in values.iter_mut().take(head.dimensions) {
            let bytes = self.take::<8>()?;
            *value = if head.little {
                f64::from_le_bytes(bytes)
            } else {
                f64::from_be_bytes(bytes)
            };
        }
        parts::coord(values[0], values[1])
    }

    fn coords(&mut self, head: &Head) -> Result<Vec<Coord<f64>>, Reason> {
        let count = self.number(head.little)?;
        (0..count).map(|_| self.coord(head)).collect()
    }

    fn polygon(&mut self, head: &Head) -> Result<Polygon<f64>, Reason> {
        let count = self.number(head.little)?;
        let rings: Result<Vec<LineString<f64>>, Reason> =
            (0..count).map(|_| parts::ring(self.coords(head)?)).collect();
        parts::polygon(rings?)
    }

    fn geometry(&mut self, depth: usize) -> Result<Geometry<f64>, Reason> {
        if depth > DEEPEST {
            return Err(Text::new("图形嵌套过深", "its geometry is nested too deeply"));
        }
        let head = self.head()?;
        match head.kind {
            1 => {
                let coord = self.coord(&head).map_err(|reason| {
                    // An empty point is written as two NaN.
                    if reason.en.contains("NaN, NaN") {
                        parts::empty()
                    } else {
                        reason
                    }
                })?;
                Ok(Geometry::Point(Point(coord)))
            }
            2 => Ok(Geometry::LineString(parts::line(self.coords(&head)?)?)),
            3 => Ok(Geometry::Polygon(self.polygon(&head)?)),
            4..=7 => {
                let count = self.number(head.little)?;
                if count == 0 {
                    return Err(parts::empty());
                }
                let members: Vec<Geometry<f64>> = (0..count)
                    .map(|_| self.geometry(depth + 1))
                    .collect::<Result<_, _>>()?;
                collect(head.kind, members)
            }
            kind => Err(Text::new(
                format!("图形类型 {kind}（曲线等）不读取"),
                format!("geometries of type {kind} (curves and the like) are not read"),
            )),
        }
    }
}

fn collect(kind: u32, members: Vec<Geometry<f64>>) -> Result<Geometry<f64>, Reason> {
    let wrong = || {
        Text::new(
            "多部件图形的部件类型不符",
            "a part of its geometry is of the wrong type",
        )
    };
    Ok(match kind {
        4 => Geometry::MultiPoint(MultiPoint::new(
            members
                .into_iter()
                .map(|part| Point::try_from(part).map_err(|_| wrong()))
                .collect::<Result<_, _>>()?,
        )),
        5 => Geometry::MultiLineString(MultiLineString::new(
            members
                .into_iter()
                .map(|part| LineString::try_from(part).map_err(|_| wrong()))
                .collect::<Result<_, _>>()?,
        )),
        6 => Geometry::MultiPolygon(MultiPolygon::new(
            members
                .into_iter()
                .map(|part| Polygon::try_from(part).map_err(|_| wrong()))
                .collect::<Result<_, _>>()?,
        )),
        _ => Geometry::GeometryCollection(GeometryCollection::new_from(members)),
    })
}

/// The value of a geometry column, little-endian and with an envelope unless it is a point.
pub fn write_geopackage(geometry: &Geometry<f64>, srs_id: i32) -> Vec<u8> {
    use geo::BoundingRect;
    let bounds = match geometry {
        Geometry::Point(_) => None,
        other => other.bounding_rect(),
    };
    let mut bytes = vec![
        b'G',
        b'P',
        0,
        if bounds.is_some() {
            0b0000_0011
        } else {
            0b0000_0001
        },
    ];
    bytes.extend(srs_id.to_le_bytes());
    if let Some(bounds) = bounds {
        for value in [bounds.min().x, bounds.max().x, bounds.min().y, bounds.max().y] {
            bytes.extend(value.to_le_bytes());
        }
    }
    write(&mut bytes, geometry);
    bytes
}

fn write(bytes: &mut Vec<u8>, geometry: &Geometry<f64>) {
    fn head(bytes: &mut Vec<u8>, kind: u32) {
        bytes.push(1);
        bytes.extend(kind.to_le_bytes());
    }
    fn count(bytes: &mut Vec<u8>, count: usize) {
        // A blob of SQLite is at most 2^31 bytes: no count reaches 2^32.
        bytes.extend((count as u32).to_le_bytes());
    }
    fn coords(bytes: &mut Vec<u8>, line: &LineString<f64>) {
        count(bytes, line.0.len());
        for coord in line.coords() {
            bytes.extend(coord.x.to_le_bytes());
            bytes.extend(coord.y.to_le_bytes());
        }
    }
    match geometry {
        Geometry::Point(point) => {
            head(bytes, 1);
            bytes.extend(point.x().to_le_bytes());
            bytes.extend(point.y().to_le_bytes());
        }
        Geometry::Line(line) => write(bytes, &Geometry::LineString(LineString::from(line))),
        Geometry::LineString(line) => {
            head(bytes, 2);
            coords(bytes, line);
        }
        Geometry::Polygon(polygon) => {
            head(bytes, 3);
            count(bytes, 1 + polygon.interiors().len());
            coords(bytes, polygon.exterior());
            for hole in polygon.interiors() {
                coords(bytes, hole);
            }
        }
        Geometry::Rect(rect) => write(bytes, &Geometry::Polygon(rect.to_polygon())),
        Geometry::Triangle(triangle) => write(bytes, &Geometry::Polygon(triangle.to_polygon())),
        Geometry::MultiPoint(points) => {
            head(bytes, 4);
            count(bytes, points.0.len());
            for point in &points.0 {
                write(bytes, &Geometry::Point(*point));
            }
        }
        Geometry::MultiLineString(lines) => {
            head(bytes, 5);
            count(bytes, lines.0.len());
            for line in &lines.0 {
                write(bytes, &Geometry::LineString(line.clone()));
            }
        }
        Geometry::MultiPolygon(polygons) => {
            head(bytes, 6);
            count(bytes, polygons.0.len());
            for polygon in &polygons.0 {
                write(bytes, &Geometry::Polygon(polygon.clone()));
            }
        }
        Geometry::GeometryCollection(parts) => {
            head(bytes, 7);
            count(bytes, parts.0.len());
            for part in &parts.0 {
                write(bytes, part);
            }
        }
    }
}
