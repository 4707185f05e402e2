//! What `omnipoll bench` and the side-by-side benchmarks of `bench/` share: the
//! workload, the loops written by hand, and how a run is measured.
//!
//! - [`pipes`]: the descriptors of a run.
//! - [`relay`]: the workload, and the trait of everything that runs it.
//! - [`raw`]: the loops that a careful C programmer writes, the yardstick.
//! - [`library`]: the loop that a user of omnipoll writes.
//! - [`measure`]: interleaved rounds, medians, ratios.
//! - [`calls`]: counts the system calls of a run.

#[cfg(target_os = "linux")]
pub mod calls;
pub mod library;
pub mod measure;
pub mod pipes;
pub mod raw;
pub mod relay;
