//! The command line program `anju`.
fn main() {}
