//! Checked building blocks of geometries, shared by the three readers: a bad part is named instead of repaired.

use anju_model::code_list::Text;
use geo::{Coord, LineString, Polygon};

/// Why a feature cannot be used, in both languages.
pub type Reason = Text;

/// The geometry has no coordinates.
pub fn empty() -> Reason {
    Text::new("没有图形", "it has no geometry")
}

/// The coordinates must be finite numbers.
pub fn coord(x: f64, y: f64) -> Result<Coord<f64>, Reason> {
    if x.is_finite() && y.is_finite() {
        Ok(Coord { x, y })
    } else {
        Err(Text::new(
            format!("坐标 ({x}, {y}) 不是数"),
            format!("the coordinates ({x}, {y}) are not numbers"),
        ))
    }
}

/// A line of at least two points.
pub fn line(coords: Vec<Coord<f64>>) -> Result<LineString<f64>, Reason> {
    match coords.len() {
        0 => Err(empty()),
        1 => Err(Text::new("线只有一个点", "a line has a single point")),
        _ => Ok(LineString::new(coords)),
    }
}

/// A ring of at least four points whose last is its first.
pub fn ring(coords: Vec<Coord<f64>>) -> Result<LineString<f64>, Reason> {
    if coords.is_empty() {
        return Err(empty());
    }
    if coords.first() != coords.last() {
        return Err(Text::new("环没有闭合", "a ring does not close"));
    }
    if coords.len() < 4 {
        return Err(Text::new(
            "环少于三个不同的点",
            "a ring has fewer than three different points",
        ));
    }
    Ok(LineString::new(coords))
}

/// A polygon from its rings, the outer one first.
pub fn polygon(rings: Vec<LineString<f64>>) -> Result<Polygon<f64>, Reason> {
    let mut rings = rings.into_iter();
    let outer = rings.next().ok_or_else(empty)?;
    Ok(Polygon::new(outer, rings.collect()))
}
