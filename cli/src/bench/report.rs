//! The figures, as a table for people and as JSON for programs.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use omnipoll::Backend;
use omnipoll_cli::measure::{Effort, Sample, median};
use omnipoll_cli::relay::Work;
use serde_json::{Value, json};

use crate::units::show_time;

/// What was measured of one loop.
pub(super) struct Side {
    pub(super) wall_ns: f64,
    cpu_ns: f64,
    calls: io::Result<f64>,
}

impl Side {
    pub(super) fn new(samples: &[Sample], calls: io::Result<f64>) -> Side {
        Side {
            wall_ns: median(samples.iter().map(|sample| sample.wall_ns)),
            cpu_ns: median(samples.iter().map(|sample| sample.cpu_ns)),
            calls,
        }
    }

    fn json(&self) -> Value {
        json!({
            "nanoseconds_per_event": self.wall_ns,
            "cpu_nanoseconds_per_event": self.cpu_ns,
            "system_calls_per_event": self.calls.as_ref().ok(),
        })
    }
}

/// One backend at one size.
pub(super) struct Row {
    pub(super) backend: Backend,
    pub(super) work: Work,
    pub(super) library: Side,
    /// The loop written by hand, if there is one for this backend.
    pub(super) raw: Option<Side>,
    pub(super) ratio: Option<f64>,
    /// How far from it half of the rounds are.
    pub(super) noise: Option<f64>,
    pub(super) cpu_ratio: Option<f64>,
}

impl Row {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let raw = self.raw.as_ref();
        writeln!(
            out,
            "{:<13}{:>10} {:>7} {:>11} {:>11} {:>14} {:>12} {:>9}",
            self.backend.to_string(),
            self.work.registered,
            self.work.active,
            show_time(self.library.wall_ns),
            raw.map_or_else(absent, |raw| show_time(raw.wall_ns)),
            self.ratio
                .zip(self.noise)
                .map_or_else(absent, |(ratio, noise)| { format!("{ratio:.3} ± {noise:.3}") }),
            calls(&self.library.calls),
            raw.map_or_else(absent, |raw| calls(&raw.calls)),
        )
    }

    fn json(&self) -> Value {
        json!({
            "backend": self.backend.to_string(),
            "registered": self.work.registered,
            "active": self.work.active,
            "omnipoll": self.library.json(),
            "raw": self.raw.as_ref().map(Side::json),
            "ratio": self.ratio,
            "noise": self.noise,
            "cpu_ratio": self.cpu_ratio,
        })
    }
}

/// All that one run found.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) skipped: Vec<String>,
    pub(super) effort: Effort,
    pub(super) plot: Option<PathBuf>,
}

impl Report {
    pub(super) fn print_table(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{:<13}{:>10} {:>7} {:>11} {:>11} {:>14} {:>12} {:>9}",
            "backend",
            "registered",
            "active",
            "time/event",
            "raw loop",
            "ratio",
            "calls/event",
            "raw loop"
        )?;
        self.rows.iter().try_for_each(|row| row.print(out))?;
        writeln!(
            out,
            "\nMedians of {} interleaved rounds; a raw loop is the same work written by hand over \
             the same\nsystem call; the ratio is the median of the ratios in each round, and ± \
             how far from it half of\nthem are: what differs by less is noise.",
            self.effort.rounds
        )?;
        for reason in self.uncounted() {
            writeln!(out, "System calls were not counted: {reason}.")?;
        }
        for reason in &self.skipped {
            writeln!(out, "Skipped {reason}.")?;
        }
        if let Some(path) = &self.plot {
            writeln!(out, "The plot is in {} (--out puts it elsewhere).", path.display())?;
        }
        Ok(())
    }

    pub(super) fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        let report = json!({
            "rounds": self.effort.rounds,
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "uncounted": self.uncounted(),
            "skipped": self.skipped,
            "plot": self.plot,
        });
        writeln!(out, "{report:#}")
    }

    /// Why system calls were not counted, each reason once.
    fn uncounted(&self) -> BTreeSet<String> {
        let sides = self.rows.iter().flat_map(|row| [Some(&row.library), row.raw.as_ref()]);
        sides
            .flatten()
            .filter_map(|side| side.calls.as_ref().err())
            .map(io::Error::to_string)
            .collect()
    }
}

fn calls(calls: &io::Result<f64>) -> String {
    calls.as_ref().map_or_else(|_| "refused".to_owned(), |calls| format!("{calls:.2}"))
}

fn absent() -> String {
    "–".to_owned()
}
