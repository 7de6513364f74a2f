//! The maker of the fictional example county on real terrain.
