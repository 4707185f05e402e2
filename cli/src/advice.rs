//! Errors that read like a good compiler's: what, where, why, and what to do.

use std::fmt::Display;
use std::io;

/// `error`, which happened at `what`, with the way out of it.
pub(crate) fn explain(what: impl Display, error: &io::Error, help: impl Display) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}{}", advice(help)))
}

/// The way out, as a line of its own below what went wrong.
pub(crate) fn advice(help: impl Display) -> String {
    format!("\n  help: {help}")
}
