//! Use cases, one module per stage, and the jobs that run them.
