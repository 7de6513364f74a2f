//! Terrain, exclusion, distance, suitability and candidate sites.
