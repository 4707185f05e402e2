//! Ctrl-C, and the signal that `kill` and service managers send: something to wait for.
//!
//! The first one is an event of the poll, so that a command can end well. The second one
//! kills, as if nobody had cared.
//!
//! A file here offers `Interrupt`, with `register` and `raise`. Its events keep coming, to
//! each thread that waits, until it is dropped.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use omnipoll::Token;

pub(crate) use system::Interrupt;

/// What it is reported as.
pub(crate) const INTERRUPT: Token = Token(usize::MAX);
