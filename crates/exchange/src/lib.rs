//! Files in and out: workbooks, CSV, vector and raster layers.

pub mod crs;
pub mod error;
pub mod raster;
pub mod vector;

pub use error::{ExchangeError, Fault};
