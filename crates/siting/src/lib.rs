//! Capacitated facility location with tiers: which settlements, how large, and who goes where.
