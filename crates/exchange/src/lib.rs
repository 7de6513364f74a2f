//! Files in and out: workbooks, CSV, vector and raster layers.

pub mod crs;
pub mod error;
pub mod header;
pub mod normal;
pub mod raster;
pub mod table;
pub mod vector;

pub use error::{ExchangeError, Fault};
