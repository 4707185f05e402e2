//! The page for the documentation: what was measured, in which run, in tables and plots.

use std::fmt::Write;
use std::io;
use std::path::Path;

use crate::cell::{Cell, Entry};
use crate::plot;
use crate::report::{Report, decimals, duration, figure};

const INTRODUCTION: &str = "\
# Benchmark

Every peer did the same work in turns, in every round in another order; the figures are
medians over the rounds, and a ratio is the median of the ratios within each round. The
yardstick is `raw-epoll`, a loop over `epoll_wait` written by hand, level-triggered; how far
`raw-epoll again` is off 1 is the noise. Look at the ratios: times differ from machine to
machine. An event that is lost fails the run.

This page was written by the command below; each peer's loop is in `bench/src/peers`,
`bench/src/echo` and `cli/src/raw`, and what a workload does is in `bench/src/workloads`.
";

/// Writes the page to `file`, with the plots, if there are any, from `plots`.
pub(crate) fn write(report: &Report, file: &Path, plots: Option<&Path>) -> io::Result<()> {
    let mut page = INTRODUCTION.to_owned();
    let result = write_all(report, file, plots, &mut page);
    result.map_err(io::Error::other)?;
    std::fs::write(file, page)
}

fn write_all(
    report: &Report,
    file: &Path,
    plots: Option<&Path>,
    page: &mut String,
) -> std::fmt::Result {
    writeln!(page, "\n```text\n{}```\n", report.environment)?;
    if !report.verdicts.is_empty() {
        writeln!(page, "## Targets\n\n| | figure | at most | |\n|---|---|---|---|")?;
        report.verdicts.iter().try_for_each(|verdict| writeln!(page, "{}", verdict.row()))?;
    }
    for (workload, cells) in report.workloads() {
        writeln!(page, "\n## {workload}")?;
        let plot = plots.map(|plots| plots.join(plot::file_name(workload)));
        if let Some(plot) = plot.filter(|plot| plot.exists()) {
            let base = file.parent().unwrap_or(Path::new(""));
            let link = plot.strip_prefix(base).unwrap_or(&plot).display();
            writeln!(page, "\n![{workload}: the ratios of the tables below]({link})")?;
        }
        matrix(page, &cells, "CPU time, of raw-epoll's", |cell, entry| {
            cell.cpu_ratio(entry, cell.yardstick()?).map(decimals)
        })?;
        let unit = cells.first().map_or("", |cell| cell.unit);
        matrix(page, &cells, &format!("Time per {unit}"), |_, entry| {
            entry.wall_ns().map(duration)
        })?;
        for name in Cell::figure_names(&cells) {
            matrix(page, &cells, name, |_, entry| entry.figure(name).map(figure))?;
        }
    }
    Ok(())
}

/// A table with a column a cell and a row a peer, unless it were empty.
fn matrix(
    page: &mut String,
    cells: &[&Cell],
    title: &str,
    value: impl Fn(&Cell, &Entry) -> Option<String>,
) -> std::fmt::Result {
    let mut names: Vec<&str> = Vec::new();
    for entry in cells.iter().flat_map(|cell| &cell.entries) {
        if !names.contains(&entry.who.as_str()) {
            names.push(&entry.who);
        }
    }
    let text = |cell: &Cell, name: &str| cell.entry(name).and_then(|entry| value(cell, entry));
    if !cells.iter().any(|cell| names.iter().any(|name| text(cell, name).is_some())) {
        return Ok(());
    }
    let heads: Vec<String> = cells.iter().map(|cell| cell.label()).collect();
    writeln!(page, "\n{title}:\n\n| | {} |", heads.join(" | "))?;
    writeln!(page, "|---|{}", "---|".repeat(cells.len()))?;
    for name in names {
        let values = cells.iter().map(|cell| text(cell, name).unwrap_or_default());
        writeln!(page, "| {name} | {} |", values.collect::<Vec<_>>().join(" | "))?;
    }
    Ok(())
}
