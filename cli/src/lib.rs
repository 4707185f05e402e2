//! What `omnipoll bench` and the side-by-side benchmarks of `bench/` share: the
//! workload, the loops written by hand, and how a run is measured.
//!
//! - [`event_loop`]: what every loop can do.
//! - [`pipes`]: the descriptors of a run; [`descriptors`]: how many there may be.
//! - [`relay`]: the workload, and the trait of everything that runs it.
//! - [`ring`]: the workload in the hands of any one loop.
//! - [`raw`]: the loops that a careful C programmer writes, the yardstick.
//! - [`library`]: the loop that a user of omnipoll writes.
//! - [`measure`]: interleaved rounds, medians, ratios.
//! - [`split_mix`]: numbers that look random.
//! - [`calls`]: counts the system calls of a run.

#[cfg(target_os = "linux")]
pub mod calls;
pub mod descriptors;
pub mod event_loop;
pub mod library;
pub mod measure;
pub mod pipes;
pub mod raw;
pub mod relay;
pub mod ring;
pub mod split_mix;
