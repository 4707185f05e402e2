//! The atomics and locks that threads of one poll meet at: those of the standard library,
//! or those of loom, when interleavings/ goes through every order in which they can be
//! used.

#[cfg(not(any(wasi, all(test, loom))))]
pub(super) use std::sync::Condvar;
#[cfg(not(all(test, loom)))]
pub(super) use std::sync::{Mutex, MutexGuard, atomic};

#[cfg(all(test, loom))]
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
