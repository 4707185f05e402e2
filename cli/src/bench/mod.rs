//! `omnipoll bench`: the same work on every backend of this machine, each beside
//! a hand-written loop of the same system call.

mod calls;
mod plan;
mod plot;
mod report;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use omnipoll::Backend;
use omnipoll_cli::library::Kind;
use omnipoll_cli::measure::{self, Effort, Enter, Sample};
use omnipoll_cli::{pipes, raw};

#[cfg(target_os = "linux")]
pub(crate) use calls::{TRACED, TracedArguments, run_traced};
use plan::{Cell, Plan};
use report::{Report, Row, Side};

/// Where the plot goes if nobody says.
const DEFAULT_PLOT: &str = "omnipoll-bench.svg";

const QUICK: Effort = Effort { rounds: 15, slice: Duration::from_millis(20) };
const THOROUGH: Effort = Effort { rounds: 41, slice: Duration::from_millis(40) };

/// Runs the same work on every backend, each beside a hand-written loop of its system call.
///
/// Pipes are registered, and some of them hold one byte; every readable event reads
/// its pipe and writes one byte into the next, as in libevent's classic benchmark.
/// All backends are measured, whatever OMNIPOLL_BACKEND says.
/// Each backend runs with the default (edge) trigger, the raw loops with the level
/// trigger that their calls have, both in turns and with the same reads and writes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fewer sizes and rounds: under two minutes instead of several
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of the table; a plot is then drawn only with --out
    #[arg(long)]
    json: bool,
    /// Where to write the plot [default: omnipoll-bench.svg]
    #[arg(long, value_name = "FILE.svg")]
    out: Option<PathBuf>,
    /// Only these backends [default: all that this machine has]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    backend: Vec<String>,
    /// How many pipes to register [default: 100,300,1000,3000,8000; quick: 100,1000,8000]
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    registered: Vec<usize>,
    /// How many of them hold a byte at any time [default: 1,100]
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    active: Vec<usize>,
}

/// Measures, prints, and draws.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    let plan = Plan::new(
        arguments.quick,
        &arguments.backend,
        &arguments.registered,
        &arguments.active,
        pipes::room(),
    )?;
    let plot = match &arguments.out {
        Some(path) => Some(path.as_path()),
        None if arguments.json => None,
        None => Some(Path::new(DEFAULT_PLOT)),
    };
    // A run takes minutes: what would fail at its end is better said now.
    plot.map_or(Ok(()), plot::check)?;
    let effort = if arguments.quick { QUICK } else { THOROUGH };
    let rows = measure_all(&plan, effort)?;
    let mut report = Report { rows, skipped: plan.skipped, effort, plot: None };

    // The figures come first: a plot that cannot be written must not cost them.
    let drawn = plot.map_or(Ok(()), |path| plot::draw(&report.rows, path));
    report.plot = plot.filter(|_| drawn.is_ok()).map(Path::to_owned);
    let mut out = io::stdout().lock();
    if arguments.json {
        report.print_json(&mut out)?;
    } else {
        report.print_table(&mut out)?;
    }
    drawn
}

fn measure_all(plan: &Plan, effort: Effort) -> io::Result<Vec<Row>> {
    let bar = progress_bar(plan, effort);
    let mut rows = Vec::new();
    for cell in &plan.cells {
        bar.set_message(format!("{} registered, {} active", cell.registered, cell.active));
        let work = cell.work();
        let pipes = pipes::open(work.registered)?;
        let loops = loops(&plan.backends);
        let (samples, _) = measure::interleave(&loops, pipes, work, effort, || bar.inc(1))?;
        let mut samples = samples.into_iter();
        for &backend in &plan.backends {
            let library = samples.next().unwrap_or_default();
            let raw = raw::Call::below(backend).and_then(|_| samples.next());
            rows.push(row(backend, cell, &library, raw.as_deref()));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(rows)
}

/// Every backend, each followed by the raw loop below it, if there is one.
fn loops(backends: &[Backend]) -> Vec<Enter> {
    let mut loops: Vec<Enter> = Vec::new();
    for &backend in backends {
        loops.push(Box::new(move |pipes, work| Kind::edge(backend).enter(pipes, work)));
        if let Some(call) = raw::Call::below(backend) {
            loops.push(Box::new(move |pipes, work| call.enter(pipes, work)));
        }
    }
    loops
}

fn row(backend: Backend, cell: &Cell, library: &[Sample], raw: Option<&[Sample]>) -> Row {
    let work = cell.work();
    Row {
        backend,
        work,
        library: Side::new(library, calls::count(backend, false, work)),
        raw: raw.map(|raw| Side::new(raw, calls::count(backend, true, work))),
        ratio: raw.map(|raw| measure::ratio(library, raw, |sample| sample.wall_ns)),
        noise: raw.map(|raw| measure::noise(library, raw, |sample| sample.wall_ns)),
        cpu_ratio: raw.map(|raw| measure::ratio(library, raw, |sample| sample.cpu_ns)),
    }
}

/// Drawn on stderr, and only if that is a terminal.
fn progress_bar(plan: &Plan, effort: Effort) -> ProgressBar {
    let loops = loops(&plan.backends).len();
    let steps = plan.cells.len() * (loops * (effort.rounds + 1) + plan.backends.len());
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {eta:>3} left  {msg}");
    // The template is a constant; a wrong one costs the looks, not the figures.
    ProgressBar::new(steps as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
