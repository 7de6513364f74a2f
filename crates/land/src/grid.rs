//! Georeferenced grids and rasters held in memory: row 0 is the northernmost, column 0 the westernmost, cells
//! may be oblong. It does not read files, resample or reproject.

use geo::{Coord, Rect, coord};

use crate::LandError;

/// The largest number of rows or columns of a [`Grid`].
pub const MOST_ROWS: usize = 1 << 24;

/// A north-up grid of equal cells in a metric coordinate reference system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    west: f64,
    north: f64,
    cell_width: f64,
    cell_height: f64,
    rows: usize,
    cols: usize,
}

impl Grid {
    /// A grid from its north-west corner (metres), its cell size (metres, both positive) and its shape.
    ///
    /// # Errors
    /// [`LandError::GridSize`] without rows or columns, [`LandError::GridNumber`] for an origin that is not finite
    /// or a cell size that is not a positive finite number.
    pub fn new(
        west: f64,
        north: f64,
        cell_width: f64,
        cell_height: f64,
        rows: usize,
        cols: usize,
    ) -> Result<Grid, LandError> {
        if rows == 0 || cols == 0 || rows > MOST_ROWS || cols > MOST_ROWS {
            return Err(LandError::GridSize {
                rows,
                cols,
                most: MOST_ROWS,
            });
        }
        for (what, value) in [("western edge", west), ("northern edge", north)] {
            if !value.is_finite() {
                return Err(LandError::GridNumber {
                    what,
                    value,
                    bound: "",
                });
            }
        }
        for (what, value) in [("cell width", cell_width), ("cell height", cell_height)] {
            if !value.is_finite() || value <= 0.0 {
                return Err(LandError::GridNumber {
                    what,
                    value,
                    bound: " above 0",
                });
            }
        }
        Ok(Grid {
            west,
            north,
            cell_width,
            cell_height,
            rows,
            cols,
        })
    }

    /// Easting of the western edge, in metres.
    pub fn west(&self) -> f64 {
        self.west
    }

    /// Northing of the northern edge, in metres.
    pub fn north(&self) -> f64 {
        self.north
    }

    /// East-west size of a cell, in metres.
    pub fn cell_width(&self) -> f64 {
        self.cell_width
    }

    /// North-south size of a cell, in metres.
    pub fn cell_height(&self) -> f64 {
        self.cell_height
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.rows * self.cols
    }

    /// Area of one cell, in square metres.
    pub fn cell_area(&self) -> f64 {
        self.cell_width * self.cell_height
    }

    /// The corner where `row` and `col` begin: the north-west corner of that cell. Both may run to one past the last.
    pub fn corner(&self, row: usize, col: usize) -> Coord<f64> {
        coord! { x: self.west + col as f64 * self.cell_width, y: self.north - row as f64 * self.cell_height }
    }

    /// The centre of a cell.
    pub fn centre(&self, row: usize, col: usize) -> Coord<f64> {
        coord! {
            x: self.west + (col as f64 + 0.5) * self.cell_width,
            y: self.north - (row as f64 + 0.5) * self.cell_height,
        }
    }

    /// Row and column of the cell that holds a coordinate; a coordinate on an edge belongs to the cell south or east of
    /// it. `None` outside the grid.
    pub fn cell_at(&self, at: Coord<f64>) -> Option<(usize, usize)> {
        let (x, y) = self.to_cells(at);
        let inside = x >= 0.0 && y >= 0.0 && x < self.cols as f64 && y < self.rows as f64;
        inside.then_some((y as usize, x as usize))
    }

    /// The extent of the grid.
    pub fn bounds(&self) -> Rect<f64> {
        Rect::new(self.corner(self.rows, 0), self.corner(0, self.cols))
    }

    /// A coordinate in cells: columns east of the western edge and rows south of the northern edge.
    pub(crate) fn to_cells(self, at: Coord<f64>) -> (f64, f64) {
        (
            (at.x - self.west) / self.cell_width,
            (self.north - at.y) / self.cell_height,
        )
    }
}

/// One value per cell of a grid, in rows from north to south.
///
/// A raster of numbers that may be missing is a `Raster<f32>` in which a missing value is NaN; a reader turns a file's
/// no-data value into NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster<T> {
    grid: Grid,
    cells: Vec<T>,
}

impl<T> Raster<T> {
    /// A raster from its cells, rows from north to south, each from west to east.
    ///
    /// # Errors
    /// [`LandError::RasterSize`] when their number is not that of the grid.
    pub fn new(grid: Grid, cells: Vec<T>) -> Result<Raster<T>, LandError> {
        if cells.len() != grid.cells() {
            return Err(LandError::RasterSize {
                cells: cells.len(),
                rows: grid.rows,
                cols: grid.cols,
                needed: grid.cells(),
            });
        }
        Ok(Raster { grid, cells })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// All cells.
    pub fn cells(&self) -> &[T] {
        &self.cells
    }

    /// One row.
    ///
    /// # Panics
    /// If the row is not in the grid.
    pub fn row(&self, row: usize) -> &[T] {
        &self.cells[row * self.grid.cols..(row + 1) * self.grid.cols]
    }

    /// The cells themselves.
    pub fn into_cells(self) -> Vec<T> {
        self.cells
    }
}

impl<T: Copy> Raster<T> {
    /// One cell.
    ///
    /// # Panics
    /// If row or column is not in the grid.
    pub fn get(&self, row: usize, col: usize) -> T {
        self.row(row)[col]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_and_centres_follow_the_georeference() {
        let grid = Grid::new(500_000.0, 3_600_000.0, 30.0, 20.0, 3, 4).unwrap();
        assert_eq!(grid.corner(3, 4), coord! { x: 500_120.0, y: 3_599_940.0 });
        assert_eq!(grid.centre(0, 0), coord! { x: 500_015.0, y: 3_599_990.0 });
        assert_eq!(
            grid.cell_at(coord! { x: 500_030.0, y: 3_599_980.0 }),
            Some((1, 1))
        );
        assert_eq!(grid.cell_at(coord! { x: 500_120.0, y: 3_599_980.0 }), None);
        assert_eq!(grid.cell_area(), 600.0);
    }

    #[test]
    fn unusable_grids_are_refused() {
        assert!(matches!(
            Grid::new(0.0, 0.0, 1.0, 1.0, 0, 5),
            Err(LandError::GridSize { .. })
        ));
        assert!(matches!(
            Grid::new(f64::NAN, 0.0, 1.0, 1.0, 1, 1),
            Err(LandError::GridNumber { .. })
        ));
        assert!(matches!(
            Grid::new(0.0, 0.0, 1.0, -1.0, 1, 1),
            Err(LandError::GridNumber { .. })
        ));
        let grid = Grid::new(0.0, 0.0, 1.0, 1.0, 2, 2).unwrap();
        assert!(matches!(
            Raster::new(grid, vec![0u8; 3]),
            Err(LandError::RasterSize { .. })
        ));
    }
}
