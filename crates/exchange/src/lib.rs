//! Files in and out: workbooks, CSV, vector and raster layers.
