//! The errors of this crate. It names what is wrong, where, and what to do; it does not log or print.

/// Why terrain or land could not be assessed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LandError {
    /// The grid has no rows or no columns, or more cells than can be addressed.
    #[error(
        "The grid has {rows} rows and {cols} columns. It must have at least one of each and at most {most} of either: choose another extent or cell size."
    )]
    GridSize {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
        /// The largest number of rows or columns.
        most: usize,
    },
    /// Origin or cell size of the grid is not a usable number.
    #[error(
        "The grid's {what} is {value}. It must be a finite number{bound}: check the georeference of the elevation model."
    )]
    GridNumber {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What else it must satisfy, beginning with a space, or nothing.
        bound: &'static str,
    },
    /// A raster's cells do not match its grid.
    #[error(
        "The raster holds {cells} cells, but its grid of {rows} rows and {cols} columns needs {needed}. Read the file again."
    )]
    RasterSize {
        /// Cells given.
        cells: usize,
        /// Rows of the grid.
        rows: usize,
        /// Columns of the grid.
        cols: usize,
        /// Cells needed.
        needed: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error(
        "Feature {feature} of {place} has a coordinate that is not a finite number. Repair or remove the feature."
    )]
    NotFinite {
        /// The layer, site or boundary.
        place: String,
        /// Index of the feature, from 0.
        feature: usize,
    },
    /// A coordinate is so far from the grid that it cannot be in the same reference system.
    #[error(
        "Feature {feature} of {place} lies at ({x}, {y}), more than {most_km} km from the grid. The layer is probably in another coordinate reference system: reproject it first."
    )]
    FarFromGrid {
        /// The layer, site or boundary.
        place: String,
        /// Index of the feature, from 0.
        feature: usize,
        /// First offending easting, in metres.
        x: f64,
        /// First offending northing, in metres.
        y: f64,
        /// The largest distance allowed, in kilometres.
        most_km: f64,
    },
    /// A distance, area or share given by the caller is out of range.
    #[error(
        "{what} of {place} is {value}. It must be {expected}: correct it in the policy pack or the layer."
    )]
    Parameter {
        /// Which parameter.
        what: &'static str,
        /// The layer, criterion or rule it belongs to.
        place: String,
        /// The value given.
        value: f64,
        /// The range allowed, in words.
        expected: &'static str,
    },
    /// A point or line cannot exclude land without a set-back.
    #[error(
        "Feature {feature} of {place} is a point or a line, which covers no land. Give the layer a buffer in metres above 0, or remove the feature."
    )]
    BufferNeeded {
        /// The layer.
        place: String,
        /// Index of the feature, from 0.
        feature: usize,
    },
    /// More exclusion layers than the mask has bits.
    #[error(
        "There are {count} exclusion layers, but at most {most} can be told apart in one assessment. Put layers with the same reason and buffer together."
    )]
    TooManyLayers {
        /// Layers given.
        count: usize,
        /// Layers allowed.
        most: usize,
    },
    /// Two layers or two criteria have the same identifier.
    #[error("The identifier \"{id}\" is given twice among the {kind}. Each must be named once.")]
    DuplicateId {
        /// Exclusions, attractions, plan layers or criteria.
        kind: &'static str,
        /// The identifier.
        id: String,
    },
    /// A criterion refers to a layer that is not among the attractions.
    #[error(
        "The criterion \"{criterion}\" measures the distance to \"{attraction}\", but no attraction layer has that identifier. Import the layer or drop the criterion."
    )]
    UnknownAttraction {
        /// The criterion.
        criterion: String,
        /// The identifier it names.
        attraction: String,
    },
    /// A criterion of distance names no layer.
    #[error(
        "The criterion \"{criterion}\" measures a distance but names no attraction layer. Name at least one."
    )]
    NoLayers {
        /// The criterion.
        criterion: String,
    },
    /// The weights of the criteria do not sum to one.
    #[error("The weights of the criteria sum to {sum}. They must sum to 1: correct them in the policy pack.")]
    Weights {
        /// Their sum.
        sum: f64,
    },
    /// A membership function is not usable.
    #[error("A membership function is wrong: {reason}. Correct its points in the policy pack.")]
    Membership {
        /// What is wrong, with the point.
        reason: String,
    },
    /// The caller asked to stop.
    #[error("The assessment was cancelled. Nothing was kept; start it again when needed.")]
    Cancelled,
}
