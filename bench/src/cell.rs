//! One workload at one size: what every peer took for it.

use std::fmt;

use omnipoll_cli::measure::{Sample, median, ratio};

use crate::peers::Peer;

/// What one peer took.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) who: String,
    /// One of every round; none where nothing was timed.
    pub(crate) samples: Vec<Sample>,
    /// What else was found, with its unit in the name.
    pub(crate) figures: Vec<(&'static str, f64)>,
}

impl Entry {
    pub(crate) fn new(who: impl fmt::Display, samples: Vec<Sample>) -> Entry {
        Entry { who: who.to_string(), samples, figures: Vec::new() }
    }

    pub(crate) fn wall_ns(&self) -> Option<f64> {
        self.median(|sample| sample.wall_ns)
    }

    pub(crate) fn cpu_ns(&self) -> Option<f64> {
        self.median(|sample| sample.cpu_ns)
    }

    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    fn median(&self, value: impl Fn(&Sample) -> f64) -> Option<f64> {
        (!self.samples.is_empty()).then(|| median(self.samples.iter().map(value)))
    }
}

/// One workload at one size.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) workload: &'static str,
    /// Which way of doing it, where there are several.
    pub(crate) variant: String,
    pub(crate) size: Vec<(&'static str, usize)>,
    /// What a sample's nanoseconds are for.
    pub(crate) unit: &'static str,
    pub(crate) entries: Vec<Entry>,
}

impl Cell {
    pub(crate) fn entry(&self, who: impl fmt::Display) -> Option<&Entry> {
        let who = who.to_string();
        self.entries.iter().find(|entry| entry.who == who)
    }

    /// How much of a size there is.
    pub(crate) fn amount(&self, of: &str) -> Option<usize> {
        self.size.iter().find(|(name, _)| *name == of).map(|(_, amount)| *amount)
    }

    /// What `this` took on the wall's clock, of what `that` took.
    pub(crate) fn wall_ratio(&self, this: &Entry, that: &Entry) -> Option<f64> {
        compared(this, that, |sample| sample.wall_ns)
    }

    /// What `this` took of the processor's time, of what `that` took.
    pub(crate) fn cpu_ratio(&self, this: &Entry, that: &Entry) -> Option<f64> {
        compared(this, that, |sample| sample.cpu_ns)
    }

    /// The names of all figures of `cells`, each once.
    pub(crate) fn figure_names(cells: &[&Cell]) -> Vec<&'static str> {
        let entries = cells.iter().flat_map(|cell| &cell.entries);
        let mut names = Vec::new();
        for (name, _) in entries.flat_map(|entry| &entry.figures) {
            if !names.contains(name) {
                names.push(*name);
            }
        }
        names
    }

    /// Which of its workload's cells it is.
    pub(crate) fn label(&self) -> String {
        let variant = (!self.variant.is_empty()).then(|| self.variant.clone());
        let size = self.size.iter().map(|(name, amount)| format!("{amount} {name}"));
        variant.into_iter().chain(size).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn yardstick(&self) -> Option<&Entry> {
        self.entry(Peer::YARDSTICK)
    }
}

fn compared(this: &Entry, that: &Entry, value: impl Fn(&Sample) -> f64) -> Option<f64> {
    let is_timed = !this.samples.is_empty() && this.samples.len() == that.samples.len();
    is_timed.then(|| ratio(&this.samples, &that.samples, value)).filter(|ratio| ratio.is_finite())
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.label();
        let separator = if label.is_empty() { "" } else { ": " };
        formatter.pad(&format!("{}{separator}{label}", self.workload))
    }
}
