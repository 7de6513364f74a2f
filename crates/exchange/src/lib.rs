//! Files in and out: workbooks, CSV, vector and raster layers.
//!
//! A table goes through three steps: [`table`] reads cells, [`header`] finds out what a sheet holds and which column is
//! which, and a module per kind of file ([`register`], [`consent`], [`areas`], [`extract`], [`threatened`],
//! [`hazard_points`], [`poverty_roster`], [`stock_housing`], [`funds`], [`income`]) makes records of the rows. Rows that are not
//! understood are held back with every bad
//! cell named, and [`workbook`] writes them out to be corrected and imported again;
//! [`change_sheet`] writes stored records out to be edited and handed back. Layers are read by [`vector`] and
//! [`raster`], their systems by [`crs`]; [`layer_kind`](mod@layer_kind) tells what a layer shows.
//!
//! What is absent: the clock, the database, any decision on what a record means. Random ids are handed in.

pub mod areas;
pub mod change_sheet;
pub mod consent;
pub mod crs;
pub mod error;
pub mod extract;
pub mod funds;
pub mod hazard_points;
pub mod header;
pub mod income;
pub mod layer_kind;
pub mod normal;
pub mod packed;
pub mod poverty_roster;
pub mod raster;
pub mod register;
pub mod rows;
pub mod stock_housing;
pub mod table;
pub mod threatened;
pub mod vector;
pub mod workbook;

pub use error::{ExchangeError, Fault};
pub use rows::{CellProblem, Parsed, RefusedRows};
