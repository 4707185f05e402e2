//! Long random runs over omnipoll.
//!
//! - [`programs`]: random sequences of operations, checked against a model.
//! - [`soak`]: an echo server whose clients misbehave; every byte is accounted for.

mod arguments;
pub mod programs;
pub mod soak;
#[cfg_attr(unix, path = "usage/unix.rs")]
#[cfg_attr(windows, path = "usage/windows.rs")]
mod usage;
