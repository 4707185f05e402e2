//! Bold type, where somebody looks on.

use std::env;
use std::io::{self, IsTerminal};

/// Whether there is bold type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
}

impl Style {
    /// Bold if standard output is a terminal and nobody objects, by NO_COLOR or by a
    /// terminal that can do nothing.
    pub(super) fn of_stdout() -> Style {
        let objects = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        if io::stdout().is_terminal() && !objects { Style::Bold } else { Style::Plain }
    }

    /// `text` where it is to stand out; any padding is for the caller.
    pub(super) fn strong(self, text: &str) -> String {
        match self {
            Style::Plain => text.to_owned(),
            Style::Bold => format!("\x1b[1m{text}\x1b[0m"),
        }
    }
}
