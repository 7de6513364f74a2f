//! What the benchmarks share: a made-up register of any size, and measuring a program.

pub mod made_up;
pub mod measure;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
