//! Coordinate reference systems: the EPSG codes a Chinese county meets, their projection strings, `.prj` texts in and
//! out, and transformation of points and geometries.
//!
//! CGCS2000 and WGS 84 differ by centimetres and are treated as equal, but which one was named is kept. Systems on
//! other datums (Xi'an 1980, Beijing 1954) are refused: their difference is a county's own secret set of parameters.
//! What is absent: heights, GCJ-02 and BD-09, and any table of codes beyond the ones listed at [`Crs`].

use geo::{Geometry, MapCoords};
use proj4rs::Proj;

use crate::error::{ExchangeError, Fault};

/// One of the systems that are read and written, by EPSG code:
/// 4326 (WGS 84), 4490 (CGCS2000), 4491-4512 (CGCS2000 6-degree Gauss-Kruger), 4513-4554 (CGCS2000 3-degree
/// Gauss-Kruger: with the zone in the easting up to 4533, by central meridian from 4534), 32601-32660 and 32701-32760
/// (WGS 84 / UTM).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crs(u16);

/// A transverse Mercator projection as the supported codes use it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TransverseMercator {
    /// Degrees east.
    central_meridian: i32,
    /// Metres.
    false_easting: f64,
    /// Metres.
    false_northing: f64,
    /// Scale on the central meridian.
    scale: f64,
}

const REMEDY_ZH: &str = "附上说明坐标系的 .prj 文件，或用 --crs 指定，例如 --crs EPSG:4545";
const REMEDY_EN: &str =
    "put a .prj file that names the system beside it, or give it with --crs, for example --crs EPSG:4545";

/// The error for a file that does not say which system it is in.
pub(crate) fn missing(file: &std::path::Path) -> ExchangeError {
    ExchangeError::Crs(Fault::new(
        file,
        (
            "没有说明坐标系（缺少 .prj 文件或坐标系标记）",
            "it does not say which coordinate reference system it is in (no .prj file, no tag)",
        ),
        (REMEDY_ZH, REMEDY_EN),
    ))
}

fn unknown(zh: &str, en: &str) -> ExchangeError {
    ExchangeError::Crs(Fault::new(
        std::path::Path::new(""),
        (zh, en),
        (REMEDY_ZH, REMEDY_EN),
    ))
}

impl Crs {
    /// WGS 84 in degrees, the system of GeoJSON.
    pub const WGS84: Crs = Crs(4326);
    /// CGCS2000 in degrees.
    pub const CGCS2000: Crs = Crs(4490);

    /// The system with this EPSG code.
    ///
    /// # Errors
    /// [`ExchangeError::Crs`] for a code outside the list at [`Crs`].
    pub fn from_epsg(code: u16) -> Result<Crs, ExchangeError> {
        match code {
            4326 | 4490..=4554 | 32601..=32660 | 32701..=32760 => Ok(Crs(code)),
            _ => Err(unknown(
                &format!("坐标系 EPSG:{code} 不在支持之列（4326、4490-4554、32601-32660、32701-32760）"),
                &format!(
                    "the system EPSG:{code} is not among those read (4326, 4490-4554, 32601-32660, 32701-32760)"
                ),
            )),
        }
    }

    /// Reads `EPSG:4545` or `4545`.
    ///
    /// # Errors
    /// [`ExchangeError::Crs`] when the text is not a code or the code is not supported.
    pub fn parse(text: &str) -> Result<Crs, ExchangeError> {
        let digits = text.trim();
        let digits = digits
            .strip_prefix("EPSG:")
            .or_else(|| digits.strip_prefix("epsg:"))
            .unwrap_or(digits);
        match digits.parse() {
            Ok(code) => Crs::from_epsg(code),
            Err(_) => Err(unknown(
                &format!("“{text}”不是坐标系代码"),
                &format!("{text:?} is not the code of a coordinate reference system"),
            )),
        }
    }

    /// The CGCS2000 3-degree Gauss-Kruger system (easting without zone) whose strip holds `longitude`, in degrees
    /// from 73.5 to 136.5.
    ///
    /// # Errors
    /// [`ExchangeError::Crs`] outside that range.
    pub fn gauss_kruger_3_degree(longitude: f64) -> Result<Crs, ExchangeError> {
        let index = ((longitude - 73.5) / 3.0).floor();
        if (0.0..=20.0).contains(&index) {
            return Ok(Crs(4534 + index as u16));
        }
        Err(unknown(
            &format!("经度 {longitude} 不在 73.5 至 136.5 度之间"),
            &format!("the longitude {longitude} is not between 73.5 and 136.5 degrees"),
        ))
    }

    /// The EPSG code.
    pub fn epsg(self) -> u16 {
        self.0
    }

    /// Whether coordinates are longitude and latitude in degrees; otherwise they are easting and northing in metres.
    pub fn is_geographic(self) -> bool {
        matches!(self.0, 4326 | 4490)
    }

    /// Whether the system stands on CGCS2000 (otherwise on WGS 84).
    pub fn is_cgcs2000(self) -> bool {
        matches!(self.0, 4490..=4554)
    }

    fn projection(self) -> Option<TransverseMercator> {
        let gauss_kruger = |meridian: u16, false_easting: f64| TransverseMercator {
            central_meridian: i32::from(meridian),
            false_easting,
            false_northing: 0.0,
            scale: 1.0,
        };
        let code = self.0;
        Some(match code {
            4491..=4501 => {
                let zone = code - 4491 + 13;
                gauss_kruger(6 * zone - 3, f64::from(zone) * 1e6 + 500_000.0)
            }
            4502..=4512 => gauss_kruger(75 + 6 * (code - 4502), 500_000.0),
            4513..=4533 => {
                let zone = code - 4513 + 25;
                gauss_kruger(3 * zone, f64::from(zone) * 1e6 + 500_000.0)
            }
            4534..=4554 => gauss_kruger(75 + 3 * (code - 4534), 500_000.0),
            32601..=32660 | 32701..=32760 => TransverseMercator {
                central_meridian: i32::from(code % 100) * 6 - 183,
                false_easting: 500_000.0,
                false_northing: if code > 32700 { 10_000_000.0 } else { 0.0 },
                scale: 0.9996,
            },
            _ => return None,
        })
    }

    /// The name in the wording of `.prj` files, e.g. `CGCS2000_3_Degree_GK_CM_108E`.
    pub fn name(self) -> String {
        let code = self.0;
        match code {
            4326 => "GCS_WGS_1984".to_owned(),
            4490 => "GCS_China_Geodetic_Coordinate_System_2000".to_owned(),
            4491..=4501 => format!("CGCS2000_GK_Zone_{}", code - 4491 + 13),
            4502..=4512 => format!("CGCS2000_GK_CM_{}E", 75 + 6 * (code - 4502)),
            4513..=4533 => format!("CGCS2000_3_Degree_GK_Zone_{}", code - 4513 + 25),
            4534..=4554 => format!("CGCS2000_3_Degree_GK_CM_{}E", 75 + 3 * (code - 4534)),
            32601..=32660 => format!("WGS_1984_UTM_Zone_{}N", code - 32600),
            _ => format!("WGS_1984_UTM_Zone_{}S", code - 32700),
        }
    }

    /// The projection string that proj4rs (and PROJ) understands.
    pub fn proj_string(self) -> String {
        let ellipsoid = if self.is_cgcs2000() { "GRS80" } else { "WGS84" };
        match self.projection() {
            None => format!("+proj=longlat +ellps={ellipsoid} +no_defs"),
            Some(projection) => format!(
                "+proj=tmerc +lat_0=0 +lon_0={} +k={} +x_0={} +y_0={} +ellps={ellipsoid} +units=m +no_defs",
                projection.central_meridian,
                projection.scale,
                projection.false_easting,
                projection.false_northing
            ),
        }
    }

    /// The text of a `.prj` file (WKT 1 in ESRI's dialect).
    pub fn to_prj(self) -> String {
        let geographic = if self.is_cgcs2000() {
            "GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",\
             SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],\
             UNIT[\"Degree\",0.0174532925199433]]"
        } else {
            "GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],\
             PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]"
        };
        let Some(projection) = self.projection() else {
            return geographic.to_owned();
        };
        let method = if self.is_cgcs2000() {
            "Gauss_Kruger"
        } else {
            "Transverse_Mercator"
        };
        format!(
            "PROJCS[\"{}\",{geographic},PROJECTION[\"{method}\"],PARAMETER[\"False_Easting\",{:?}],\
             PARAMETER[\"False_Northing\",{:?}],PARAMETER[\"Central_Meridian\",{:?}],PARAMETER[\"Scale_Factor\",{:?}],\
             PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]",
            self.name(),
            projection.false_easting,
            projection.false_northing,
            f64::from(projection.central_meridian),
            projection.scale,
        )
    }

    /// Reads the text of a `.prj` file: WKT 1 in the dialects of ESRI and OGC, and WKT 2, by authority code where one
    /// is given and else by datum, method and parameters.
    ///
    /// # Errors
    /// [`ExchangeError::Crs`] when the text is not WKT, the datum is another one, or the projection is none of the
    /// supported ones.
    pub fn from_prj(text: &str) -> Result<Crs, ExchangeError> {
        let Some(root) = wkt::parse(text) else {
            return Err(unknown(
                ".prj 的内容不是坐标系文本（WKT）",
                "the text of the .prj file is not a description of a coordinate reference system (WKT)",
            ));
        };
        let name = root.name().unwrap_or("?").to_owned();
        if let Some(code) = root.own_epsg() {
            return Crs::from_epsg(code);
        }
        let datum = root
            .find(&["DATUM", "TRF", "ENSEMBLE", "GEODETICDATUM"])
            .and_then(wkt::Node::name)
            .or_else(|| {
                root.find(&["GEOGCS", "GEOGCRS", "BASEGEOGCRS", "BASEGEODCRS"])
                    .and_then(wkt::Node::name)
            })
            .unwrap_or("");
        let cgcs2000 = is_cgcs2000_name(datum);
        if !cgcs2000 && !is_wgs84_name(datum) {
            return Err(ExchangeError::Crs(Fault::new(
                std::path::Path::new(""),
                (
                    &format!(
                        "坐标系“{name}”的基准“{datum}”既不是 CGCS2000 也不是 WGS 84，直接使用会偏移几十米以上"
                    ),
                    &format!(
                        "the datum {datum:?} of the system {name:?} is neither CGCS2000 nor WGS 84, using it as it is would be off by tens of metres or more"
                    ),
                ),
                (
                    "请测绘部门转换到 CGCS2000 后再导入",
                    "have the surveying authority convert the file to CGCS2000 and import that",
                ),
            )));
        }
        if !matches!(root.keyword.as_str(), "PROJCS" | "PROJCRS" | "PROJECTEDCRS") {
            return Ok(if cgcs2000 { Crs::CGCS2000 } else { Crs::WGS84 });
        }
        let method = root
            .find(&["PROJECTION", "METHOD"])
            .and_then(wkt::Node::name)
            .unwrap_or("")
            .to_lowercase();
        let unsupported = || {
            unknown(
                &format!("坐标系“{name}”的投影不在支持之列（高斯-克吕格 3 度带、6 度带，UTM）"),
                &format!(
                    "the projection of the system {name:?} is not among those read (Gauss-Kruger in 3 or 6 degree zones, UTM)"
                ),
            )
        };
        if ![
            "gauss_kruger",
            "transverse_mercator",
            "gauss kruger",
            "transverse mercator",
        ]
        .contains(&method.as_str())
        {
            return Err(unsupported());
        }
        let parameter = |names: &[&str]| root.parameter(names);
        let projection = (
            parameter(&[
                "central_meridian",
                "longitude_of_natural_origin",
                "longitude_of_center",
            ]),
            parameter(&["false_easting"]),
            parameter(&["false_northing"]).unwrap_or(0.0),
            parameter(&["scale_factor", "scale_factor_at_natural_origin"]).unwrap_or(1.0),
            parameter(&["latitude_of_origin", "latitude_of_natural_origin"]).unwrap_or(0.0),
        );
        let (Some(meridian), Some(false_easting), false_northing, scale, 0.0) = projection else {
            return Err(unsupported());
        };
        from_transverse_mercator(meridian, false_easting, false_northing, scale).ok_or_else(unsupported)
    }
}

/// Whether a datum or system is called by one of the names of CGCS2000.
pub(crate) fn is_cgcs2000_name(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', ' ', '-'], "");
    name.contains("cgcs2000")
        || name.contains("china2000")
        || name.contains("chinageodeticcoordinatesystem2000")
        || name.contains("chinageodetic2000")
        || name.contains("2000国家大地坐标系")
}

/// Whether a datum or system is called by one of the names of WGS 84.
pub(crate) fn is_wgs84_name(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', ' ', '-'], "");
    name.contains("wgs1984") || name.contains("wgs84") || name.contains("worldgeodeticsystem1984")
}

/// The supported system with these parameters: 3-degree zones before 6-degree ones where they coincide. A
/// Gauss-Kruger projection on WGS 84 is taken for its CGCS2000 equal, which is within centimetres.
pub(crate) fn from_transverse_mercator(
    central_meridian: f64,
    false_easting: f64,
    false_northing: f64,
    scale: f64,
) -> Option<Crs> {
    let codes = (4534..=4554)
        .chain(4513..=4533)
        .chain(4491..=4512)
        .chain(32601..=32660)
        .chain(32701..=32760);
    codes.map(Crs).find(|crs| {
        crs.projection().is_some_and(|projection| {
            (f64::from(projection.central_meridian) - central_meridian).abs() < 1e-9
                && (projection.false_easting - false_easting).abs() < 1e-3
                && (projection.false_northing - false_northing).abs() < 1e-3
                && (projection.scale - scale).abs() < 1e-9
        })
    })
}

impl std::fmt::Display for Crs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EPSG:{}", self.0)
    }
}

/// Takes coordinates from one system to another.
pub struct Transformer {
    from: Crs,
    to: Crs,
    projections: Option<(Proj, Proj)>,
}

impl Transformer {
    /// A transformer between two systems.
    ///
    /// # Errors
    /// [`ExchangeError::Crs`] when the projection library does not take one of them.
    pub fn new(from: Crs, to: Crs) -> Result<Transformer, ExchangeError> {
        let same = from == to || (from.is_geographic() && to.is_geographic());
        let projections = if same {
            None
        } else {
            Some((projection_of(from)?, projection_of(to)?))
        };
        Ok(Transformer {
            from,
            to,
            projections,
        })
    }

    /// The position of (x, y), which are degrees east and north or metres east and north, in the other system.
    ///
    /// # Errors
    /// [`ExchangeError::Crs`] for coordinates that cannot be in the source system, or that have no image.
    pub fn point(&self, x: f64, y: f64) -> Result<(f64, f64), ExchangeError> {
        let plausible = if self.from.is_geographic() {
            x.abs() <= 180.0 && y.abs() <= 90.0
        } else {
            x.is_finite() && y.is_finite()
        };
        if !plausible {
            return Err(self.no_image(x, y));
        }
        let Some((source, target)) = &self.projections else {
            return Ok((x, y));
        };
        let mut point = if self.from.is_geographic() {
            (x.to_radians(), y.to_radians(), 0.0)
        } else {
            (x, y, 0.0)
        };
        proj4rs::transform::transform(source, target, &mut point).map_err(|_| self.no_image(x, y))?;
        let (x_out, y_out) = if self.to.is_geographic() {
            (point.0.to_degrees(), point.1.to_degrees())
        } else {
            (point.0, point.1)
        };
        if x_out.is_finite() && y_out.is_finite() {
            Ok((x_out, y_out))
        } else {
            Err(self.no_image(x, y))
        }
    }

    /// The geometry in the other system, vertex by vertex.
    ///
    /// # Errors
    /// As [`Transformer::point`].
    pub fn geometry(&self, geometry: &Geometry<f64>) -> Result<Geometry<f64>, ExchangeError> {
        geometry.try_map_coords(|coord| {
            let (x, y) = self.point(coord.x, coord.y)?;
            Ok(geo::Coord { x, y })
        })
    }

    fn no_image(&self, x: f64, y: f64) -> ExchangeError {
        let (from, to) = (self.from, self.to);
        ExchangeError::Crs(Fault::new(
            std::path::Path::new(""),
            (
                &format!("坐标 ({x}, {y}) 不可能是 {from} 的坐标，或无法转换到 {to}"),
                &format!("the coordinates ({x}, {y}) cannot be in {from}, or have no image in {to}"),
            ),
            (
                "检查坐标系是否标错，东坐标与北坐标是否颠倒",
                "check whether another system is meant, and whether easting and northing are swapped",
            ),
        ))
    }
}

fn projection_of(crs: Crs) -> Result<Proj, ExchangeError> {
    Proj::from_proj_string(&crs.proj_string()).map_err(|error| {
        unknown(
            &format!("投影库不接受 {crs}（{error}）"),
            &format!("the projection library does not take {crs} ({error})"),
        )
    })
}

/// The little of well-known text that `.prj` files need: nested `KEYWORD["name", ...]`.
mod wkt {
    /// One bracketed node.
    #[derive(Debug)]
    pub struct Node {
        pub keyword: String,
        pub values: Vec<Value>,
    }

    /// What stands between the brackets.
    #[derive(Debug)]
    pub enum Value {
        Text(String),
        Number(f64),
        Node(Node),
    }

    /// Nodes nested deeper than any real system are refused.
    const DEEPEST: usize = 32;

    /// Reads a whole text, or `None` when it is not well formed.
    pub fn parse(text: &str) -> Option<Node> {
        let text = text.trim_start_matches('\u{feff}');
        let mut rest = text.trim().trim_end_matches('\0').trim_end();
        let node = node(&mut rest, 0)?;
        rest.trim().is_empty().then_some(node)
    }

    fn node(rest: &mut &str, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        let end = rest.find(['[', '('])?;
        let keyword = rest[..end].trim().to_uppercase();
        if keyword.is_empty() || !keyword.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        *rest = &rest[end + 1..];
        let mut values = Vec::new();
        loop {
            *rest = rest.trim_start();
            let first = rest.chars().next()?;
            match first {
                ']' | ')' => {
                    *rest = &rest[1..];
                    return Some(Node { keyword, values });
                }
                ',' => *rest = &rest[1..],
                '"' => {
                    let end = rest[1..].find('"')? + 1;
                    values.push(Value::Text(rest[1..end].to_owned()));
                    *rest = &rest[end + 1..];
                }
                _ => {
                    let end = rest.find([',', ']', ')', '[', '('])?;
                    if rest[end..].starts_with(['[', '(']) {
                        values.push(Value::Node(node(rest, depth + 1)?));
                    } else {
                        let word = rest[..end].trim();
                        values.push(match word.parse() {
                            Ok(number) => Value::Number(number),
                            Err(_) => Value::Text(word.to_owned()),
                        });
                        *rest = &rest[end..];
                    }
                }
            }
        }
    }

    impl Node {
        /// The quoted name that stands first.
        pub fn name(&self) -> Option<&str> {
            match self.values.first() {
                Some(Value::Text(name)) => Some(name),
                _ => None,
            }
        }

        fn children(&self) -> impl Iterator<Item = &Node> {
            self.values.iter().filter_map(|value| match value {
                Value::Node(node) => Some(node),
                _ => None,
            })
        }

        /// The first node with one of the keywords, this one or below.
        pub fn find(&self, keywords: &[&str]) -> Option<&Node> {
            if keywords.contains(&self.keyword.as_str()) {
                return Some(self);
            }
            self.children().find_map(|child| child.find(keywords))
        }

        /// The EPSG code given to this node itself.
        pub fn own_epsg(&self) -> Option<u16> {
            let authority = self
                .children()
                .find(|child| matches!(child.keyword.as_str(), "AUTHORITY" | "ID"))?;
            if !authority.name()?.eq_ignore_ascii_case("EPSG") {
                return None;
            }
            match authority.values.get(1)? {
                Value::Text(code) => code.parse().ok(),
                Value::Number(code) => Some(*code as u16),
                Value::Node(_) => None,
            }
        }

        /// The number of the first parameter with one of the names, which are in lower case with underscores.
        pub fn parameter(&self, names: &[&str]) -> Option<f64> {
            if self.keyword == "PARAMETER" {
                let name = self.name()?.to_lowercase().replace(' ', "_");
                return match self.values.get(1)? {
                    Value::Number(number) if names.contains(&name.as_str()) => Some(*number),
                    _ => None,
                };
            }
            self.children().find_map(|child| child.parameter(names))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all() -> impl Iterator<Item = Crs> {
        (0..=u16::MAX).filter_map(|code| Crs::from_epsg(code).ok())
    }

    #[test]
    fn every_system_survives_its_own_prj_text() {
        assert_eq!(all().count(), 1 + 65 + 60 + 60);
        for crs in all() {
            let read = Crs::from_prj(&crs.to_prj()).unwrap();
            // 6-degree systems by central meridian are the 3-degree ones of the same meridian.
            let expected = if (4502..=4512).contains(&crs.epsg()) {
                4534 + (crs.epsg() - 4502) * 2
            } else {
                crs.epsg()
            };
            assert_eq!(read.epsg(), expected, "{}", crs.to_prj());
        }
    }

    #[test]
    fn other_dialects_are_read() {
        let cases = [
            (
                r#"PROJCS["CGCS2000 / 3-degree Gauss-Kruger CM 108E",GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4490"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",108],PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","4545"]]"#,
                4545,
            ),
            (
                r#"PROJCS["CGCS2000_3_Degree_GK_Zone_36",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",36500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",108.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#,
                4524,
            ),
            (
                r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#,
                4326,
            ),
            (
                r#"PROJCRS["WGS 84 / UTM zone 49N",BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]]],CONVERSION["UTM zone 49N",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0],PARAMETER["Longitude of natural origin",111],PARAMETER["Scale factor at natural origin",0.9996],PARAMETER["False easting",500000],PARAMETER["False northing",0]],CS[Cartesian,2]]"#,
                32649,
            ),
        ];
        for (text, code) in cases {
            assert_eq!(Crs::from_prj(text).unwrap().epsg(), code, "{text}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for text in [
            "",
            "hello",
            "PROJCS[",
            "GEOGCS[\"x\"",
            "PROJCS[\"x\",GEOGCS[\"GCS_WGS_1984\"],PROJECTION[\"Lambert_Conformal_Conic\"]]",
        ] {
            assert!(Crs::from_prj(text).is_err(), "{text}");
        }
        let deep = "A[".repeat(10_000);
        assert!(Crs::from_prj(&deep).is_err());
        assert!(Crs::parse("EPSG:2327").is_err());
        assert_eq!(Crs::parse(" epsg:4490 ").unwrap(), Crs::CGCS2000);
    }

    /// On the central meridian the easting is the false easting and the northing the meridian arc times the scale.
    #[test]
    fn known_positions() {
        for (longitude, code, scale, false_easting) in [
            (108.0, 4545, 1.0, 500_000.0),
            (108.0, 4524, 1.0, 36_500_000.0),
            (111.0, 32649, 0.9996, 500_000.0),
        ] {
            let transformer = Transformer::new(Crs::WGS84, Crs::from_epsg(code).unwrap()).unwrap();
            let (x, y) = transformer.point(longitude, 33.0).unwrap();
            assert!((x - false_easting).abs() < 1e-6, "{x}");
            // WGS 84's flattening differs from GRS80's in the tenth digit: a tenth of a millimetre here.
            assert!(
                (y / scale - meridian_arc(33.0)).abs() < 1e-3,
                "{y} {}",
                meridian_arc(33.0)
            );
        }
    }

    /// Meridian arc by Simpson's rule on the radius of curvature, an independent way to the same number.
    fn meridian_arc(latitude: f64) -> f64 {
        let (a, f) = (6_378_137.0_f64, 1.0 / 298.257222101);
        let e2 = f * (2.0 - f);
        let radius = |phi: f64| a * (1.0 - e2) / (1.0 - e2 * phi.sin().powi(2)).powf(1.5);
        let (steps, end) = (2000, latitude.to_radians());
        let h = end / f64::from(steps);
        let sum: f64 = (0..=steps)
            .map(|step| {
                let weight = if step == 0 || step == steps {
                    1.0
                } else if step % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                weight * radius(f64::from(step) * h)
            })
            .sum();
        sum * h / 3.0
    }

    /// Off the meridian against the textbook's power series of the Gauss-Kruger projection, to the sixth order in
    /// longitude: within a millimetre at one degree and a half.
    #[test]
    fn positions_off_the_meridian() {
        let (longitude, latitude) = (109.3_f64, 33.25_f64);
        let transformer = Transformer::new(Crs::CGCS2000, Crs::from_epsg(4545).unwrap()).unwrap();
        let (x, y) = transformer.point(longitude, latitude).unwrap();
        let (a, f) = (6_378_137.0_f64, 1.0 / 298.257222101);
        let e2 = f * (2.0 - f);
        let phi = latitude.to_radians();
        let n = a / (1.0 - e2 * phi.sin().powi(2)).sqrt();
        let (t2, eta2) = (phi.tan().powi(2), e2 / (1.0 - e2) * phi.cos().powi(2));
        let m = (longitude - 108.0).to_radians() * phi.cos();
        let easting = n
            * (m + (1.0 - t2 + eta2) * m.powi(3) / 6.0
                + (5.0 - 18.0 * t2 + t2 * t2 + 14.0 * eta2 - 58.0 * t2 * eta2) * m.powi(5) / 120.0);
        let northing = meridian_arc(latitude)
            + n * phi.tan()
                * (m * m / 2.0
                    + (5.0 - t2 + 9.0 * eta2 + 4.0 * eta2 * eta2) * m.powi(4) / 24.0
                    + (61.0 - 58.0 * t2 + t2 * t2) * m.powi(6) / 720.0);
        assert!((x - 500_000.0 - easting).abs() < 1e-3, "{x} {easting}");
        assert!((y - northing).abs() < 1e-3, "{y} {northing}");
    }

    #[test]
    fn impossible_coordinates_are_refused() {
        let transformer = Transformer::new(Crs::WGS84, Crs::from_epsg(4545).unwrap()).unwrap();
        let error = transformer.point(500_000.0, 3_600_000.0).unwrap_err();
        assert!(error.to_string().contains("swapped"), "{error}");
        assert!(transformer.point(f64::NAN, 0.0).is_err());
    }

    proptest! {
        /// There and back is the same place, within a zone and one zone beyond.
        #[test]
        fn round_trip(code in 4513u16..=4554, offset in -3.0..3.0f64, latitude in 18.0..54.0f64) {
            let crs = Crs::from_epsg(code).unwrap();
            let meridian = f64::from(crs.projection().unwrap().central_meridian);
            let there = Transformer::new(Crs::CGCS2000, crs).unwrap();
            let back = Transformer::new(crs, Crs::CGCS2000).unwrap();
            let (x, y) = there.point(meridian + offset, latitude).unwrap();
            let (longitude, latitude_back) = back.point(x, y).unwrap();
            prop_assert!((longitude - meridian - offset).abs() < 1e-9);
            prop_assert!((latitude_back - latitude).abs() < 1e-9);
        }

        /// No text makes the reader panic.
        #[test]
        fn any_text_is_read_or_refused(text in "[A-Z\\[\\]\",.0-9é中 ]{0,60}") {
            let _ = Crs::from_prj(&text);
        }
    }
}
