//! What the benchmarks of `benches` share with the tasks.

pub mod bench;
