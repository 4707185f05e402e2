//! What omnipoll must reach, beside what it reached.

use std::fmt;

use omnipoll::Backend;
use omnipoll_cli::raw::Call;
use serde_json::{Value, json};

use crate::cell::{Cell, Entry};
use crate::peers::Peer;
use crate::workloads::{
    CONTROL, calls, churn, echo, idle, instructions, memory, pipes, timeout, wake,
};

/// One target and the figure that is to keep it.
pub(crate) struct Verdict {
    what: String,
    figure: f64,
    at_most: f64,
}

impl Verdict {
    pub(crate) fn is_met(&self) -> bool {
        // As many digits as are printed: 1.0204 is 1.02.
        (self.figure * 1e3).round() / 1e3 <= self.at_most
    }

    /// A row of a table in Markdown.
    pub(crate) fn row(&self) -> String {
        let verdict = if self.is_met() { "kept" } else { "missed" };
        format!("| {} | {:.3} | {} | {verdict} |", self.what, self.figure, self.at_most)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "what": self.what,
            "figure": self.figure,
            "at_most": self.at_most,
            "is_met": self.is_met(),
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "ok" } else { "MISS" };
        let Verdict { what, figure, at_most } = self;
        write!(formatter, "{verdict:<5}{figure:>10.3} <= {at_most:<8} {what}")
    }
}

/// Every target for which there are figures.
pub(crate) fn check(cells: &[Cell]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for cell in cells {
        for backend in Backend::available() {
            let Some(ours) = cell.entry(Peer::Omnipoll(backend)) else { continue };
            let mut must = |what: &str, figure: Option<f64>, at_most: f64| {
                let what = format!("{cell}: {} {what}", ours.who);
                verdicts.extend(figure.map(|figure| Verdict { what, figure, at_most }));
            };
            match cell.workload {
                pipes::NAME => of_pipes(cell, ours, backend, &mut must),
                echo::NAME => of_echo(cell, ours, backend, &mut must),
                idle::NAME => {
                    if is_scalable(backend) {
                        must("CPU, of none idle", beside_none(cells, cell, ours), 1.05);
                    }
                }
                _ => of_others(cell, ours, backend, &mut must),
            }
        }
    }
    verdicts
}

/// Takes what is compared, the figure if there is one, and its bound.
type Must<'a> = dyn FnMut(&str, Option<f64>, f64) + 'a;

fn of_pipes(cell: &Cell, ours: &Entry, backend: Backend, must: &mut Must<'_>) {
    let cpu = |whom: Peer| cell.entry(whom).and_then(|theirs| cell.cpu_ratio(ours, theirs));
    match backend.name() {
        "epoll" => {
            must("CPU, of mio", cpu(Peer::Mio), 1.0);
            must("CPU, of raw-epoll", cpu(Peer::YARDSTICK), 1.02);
        }
        "io_uring" => {
            must("CPU, of raw-epoll", cpu(Peer::YARDSTICK), 0.95);
            must("CPU, of raw-io_uring", cpu(Peer::Raw(Call::IoUring)), 1.05);
        }
        name => {
            if let Some(call) = Call::below(backend) {
                must(&format!("CPU, of raw-{name}"), cpu(Peer::Raw(call)), 1.05);
            }
        }
    }
}

/// First of all libraries, or level with the first within what the control is off.
///
/// By the server's CPU time: the wall's clock tells as much of the client, and of whether
/// the two fell into step.
fn of_echo(cell: &Cell, ours: &Entry, backend: Backend, must: &mut Must<'_>) {
    if !is_scalable(backend) {
        return;
    }
    let is_library =
        |entry: &&Entry| !entry.who.starts_with("raw-") && !entry.who.contains("omnipoll");
    let best = cell.entries.iter().filter(is_library).min_by(|one, other| {
        one.cpu_ns().unwrap_or(f64::MAX).total_cmp(&other.cpu_ns().unwrap_or(f64::MAX))
    });
    let control = cell.yardstick().zip(cell.entry(CONTROL));
    let noise = control.and_then(|(yardstick, control)| cell.cpu_ratio(control, yardstick));
    let noise = noise.map_or(0.02, |ratio| (ratio - 1.0).abs().max(0.02));
    if let Some(best) = best {
        let bound = ((1.0 + noise) * 1e3).round() / 1e3;
        must(&format!("CPU, of {}", best.who), cell.cpu_ratio(ours, best), bound);
    }
}

fn of_others(cell: &Cell, ours: &Entry, backend: Backend, must: &mut Must<'_>) {
    let of_mio = |ratio: fn(&Cell, &Entry, &Entry) -> Option<f64>| {
        cell.entry(Peer::Mio).and_then(|mio| ratio(cell, ours, mio))
    };
    match (cell.workload, cell.variant.as_str(), backend.name()) {
        (churn::NAME, churn::TURNS, "io_uring") => {
            must("CPU, of mio", of_mio(Cell::cpu_ratio), 0.32)
        }
        (churn::NAME, churn::TURNS, "epoll") => must("CPU, of mio", of_mio(Cell::cpu_ratio), 1.0),
        (wake::NAME, wake::AWAKE, _) => must("ns", ours.wall_ns(), 5.0),
        (wake::NAME, wake::PING_PONG, "epoll" | "io_uring") => {
            must("time, of mio", of_mio(Cell::wall_ratio), 1.0);
        }
        (timeout::NAME, _, "epoll") => must("ns", ours.wall_ns(), 130_000.0),
        (timeout::NAME, _, "io_uring") => must("ns", ours.wall_ns(), 80_000.0),
        (memory::NAME, _, "epoll") => must("heap B/source", ours.figure(memory::HEAP), 0.0),
        (instructions::NAME, "short", "epoll") => {
            must("instructions", ours.figure(instructions::COUNT), 80.0);
        }
        (instructions::NAME, _, "epoll") => {
            must("instructions", ours.figure(instructions::COUNT), 160.0);
        }
        (calls::NAME, variant, _) => {
            let calls = ours.figure(calls::COUNT);
            if variant.ends_with(wake::AWAKE) {
                // One wait at the end takes them all.
                must("system calls", calls, 0.001);
            } else if variant.starts_with(timeout::NAME) {
                must("system calls", calls, 1.0);
            } else if variant.starts_with(pipes::NAME) {
                // A read and a write, and a wait for each hundred.
                must("system calls", calls, 2.01);
            }
        }
        _ => {}
    }
}

/// Whether idle descriptors should cost nothing.
fn is_scalable(backend: Backend) -> bool {
    !matches!(backend, Backend::Poll | Backend::Select)
}

/// What the same peer took without anything idle beside it.
fn beside_none(cells: &[Cell], cell: &Cell, ours: &Entry) -> Option<f64> {
    let none = cells
        .iter()
        .find(|other| other.workload == idle::NAME && other.amount("idle") == Some(0))?;
    cell.cpu_ratio(ours, none.entry(&ours.who)?)
}
