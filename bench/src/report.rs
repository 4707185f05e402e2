//! All that one run found: as a table for people and as JSON for programs.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use crate::cell::{Cell, Entry};
use crate::environment::Environment;
use crate::targets::Verdict;

/// All that one run found.
pub(crate) struct Report {
    pub(crate) environment: Environment,
    pub(crate) cells: Vec<Cell>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Report {
    /// The cells of each workload, in the order in which they were run.
    pub(crate) fn workloads(&self) -> Vec<(&'static str, Vec<&Cell>)> {
        let mut workloads: Vec<(&'static str, Vec<&Cell>)> = Vec::new();
        for cell in &self.cells {
            match workloads.last_mut() {
                Some((name, cells)) if *name == cell.workload => cells.push(cell),
                _ => workloads.push((cell.workload, vec![cell])),
            }
        }
        workloads
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "environment": self.environment.json(),
            "cells": self.cells.iter().map(cell_json).collect::<Vec<_>>(),
            "targets": self.verdicts.iter().map(Verdict::json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cell in &self.cells {
            writeln!(formatter, "{}", text_of(cell)?)?;
        }
        let missed = self.verdicts.iter().filter(|verdict| !verdict.is_met()).count();
        self.verdicts.iter().try_for_each(|verdict| writeln!(formatter, "{verdict}"))?;
        let kept = self.verdicts.len() - missed;
        writeln!(formatter, "{kept} targets kept, {missed} missed\n\n{}", self.environment)
    }
}

/// The table of one cell: times, ratios to the yardstick, whatever else was found.
fn text_of(cell: &Cell) -> Result<String, fmt::Error> {
    let mut text = format!("{cell}\n");
    let columns = Columns::of(cell);
    write!(text, "  {:<24}", "")?;
    columns.heads.iter().try_for_each(|head| write!(text, " {head:>18}"))?;
    for (entry, values) in cell.entries.iter().zip(columns.rows) {
        write!(text, "\n  {:<24}", entry.who)?;
        values.iter().try_for_each(|value| write!(text, " {value:>18}"))?;
    }
    text.push('\n');
    Ok(text)
}

/// A cell as a table.
struct Columns {
    heads: Vec<String>,
    /// One an entry.
    rows: Vec<Vec<String>>,
}

impl Columns {
    fn of(cell: &Cell) -> Columns {
        let mut columns = Columns { heads: Vec::new(), rows: vec![Vec::new(); cell.entries.len()] };
        let yardstick = cell.yardstick();
        let ratio = |entry: &Entry, ratio: fn(&Cell, &Entry, &Entry) -> Option<f64>| {
            yardstick.and_then(|yardstick| ratio(cell, entry, yardstick))
        };
        columns.add(cell, &format!("time/{}", cell.unit), |entry| entry.wall_ns().map(duration));
        columns.add(cell, "ratio", |entry| ratio(entry, Cell::wall_ratio).map(decimals));
        columns.add(cell, &format!("CPU/{}", cell.unit), |entry| entry.cpu_ns().map(duration));
        columns.add(cell, "CPU ratio", |entry| ratio(entry, Cell::cpu_ratio).map(decimals));
        for name in Cell::figure_names(&[cell]) {
            columns.add(cell, name, |entry| entry.figure(name).map(figure));
        }
        columns
    }

    /// Adds a column, unless it were empty.
    fn add(&mut self, cell: &Cell, head: &str, value: impl Fn(&Entry) -> Option<String>) {
        let values: Vec<Option<String>> = cell.entries.iter().map(value).collect();
        if values.iter().all(Option::is_none) {
            return;
        }
        self.heads.push(head.to_owned());
        for (row, value) in self.rows.iter_mut().zip(values) {
            row.push(value.unwrap_or_else(|| "–".to_owned()));
        }
    }
}

fn cell_json(cell: &Cell) -> Value {
    let size = cell.size.iter().map(|(name, amount)| ((*name).to_owned(), json!(amount)));
    let entries = cell.entries.iter().map(|entry| {
        let yardstick = cell.yardstick();
        let figures = entry.figures.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        json!({
            "peer": entry.who,
            "wall_ns": entry.wall_ns(),
            "cpu_ns": entry.cpu_ns(),
            "wall_ratio": yardstick.and_then(|that| cell.wall_ratio(entry, that)),
            "cpu_ratio": yardstick.and_then(|that| cell.cpu_ratio(entry, that)),
            "rounds": entry.samples.len(),
            "figures": Value::Object(figures.collect()),
        })
    });
    json!({
        "workload": cell.workload,
        "variant": cell.variant,
        "size": Value::Object(size.collect()),
        "unit": cell.unit,
        "entries": entries.collect::<Vec<_>>(),
    })
}

pub(crate) fn decimals(ratio: f64) -> String {
    format!("{ratio:.3}")
}

/// As many digits as are worth reading.
pub(crate) fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// A time in the unit that suits it.
pub(crate) fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        time if time < 1e2 => format!("{time:.1} ns"),
        time if time < 1e4 => format!("{time:.0} ns"),
        time if time < 1e7 => format!("{:.1} µs", time / 1e3),
        time => format!("{:.1} ms", time / 1e6),
    }
}
