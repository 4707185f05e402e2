//! System calls, counted by ptrace(2) on a child that does a workload once.

use std::io;
use std::process::Command;

use omnipoll_cli::calls;
use omnipoll_cli::pipes as descriptors;
use omnipoll_cli::relay::{ReadPolicy, Work};

use super::{churn, pipes, timeout, wake};
use crate::cell::{Cell, Entry};
use crate::peers::Peer;
use crate::runs::Run;
use crate::scale::Scale;

pub(crate) const NAME: &str = "calls";
/// System calls for each unit of work.
pub(crate) const COUNT: &str = "calls/unit";

/// The hidden subcommand that the child runs.
pub(crate) const TRACED: &str = "traced";

/// What is counted: the name, a variant, and the unit of the count.
const COUNTED: &[(&str, &str, &str)] = &[
    (pipes::NAME, "100 of 1,000, short reads", "event"),
    (churn::NAME, churn::TURNS, "source"),
    (wake::NAME, wake::AWAKE, "wake"),
    (wake::NAME, wake::TAKEN, "wake"),
    (timeout::NAME, "of 50 us", "wait"),
];

/// The work of a child whose system calls its parent counts
#[derive(clap::Args)]
pub(crate) struct Arguments {
    peer: Peer,
    /// Which of those that are counted.
    place: usize,
}

/// The child's side.
pub(crate) fn run_traced(arguments: &Arguments) -> io::Result<()> {
    descriptors::room();
    let mut run = open(arguments.peer, COUNTED[arguments.place])?;
    // What is done only once is not counted.
    run()?;
    let units = calls::traced(&mut run)?;
    if units == UNITS { Ok(()) } else { Err(io::Error::other("it did less than it should")) }
}

/// Units of work in one run of each.
const UNITS: usize = 1_000;

fn open(peer: Peer, (workload, variant, _): (&str, &str, &str)) -> io::Result<Run> {
    match workload {
        pipes::NAME => {
            let work = Work { registered: 1_000, active: 100, policy: ReadPolicy::Short };
            let mut ring = peer.enter(descriptors::open(work.registered)?, work)?;
            Ok(Box::new(move || ring.run(UNITS - work.active).map(|tally| tally.read)))
        }
        churn::NAME => churn::open(peer, UNITS / churn::SOURCES),
        wake::NAME => wake::open(peer, variant, UNITS),
        _ => timeout::open(peer, UNITS),
    }
}

/// Counts for every peer; nothing, and a word why, where children cannot be traced.
pub(crate) fn run(_: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    eprintln!("calls");
    let mut cells = Vec::new();
    for (place, &(workload, variant, unit)) in COUNTED.iter().enumerate() {
        let mut entries = Vec::new();
        for peer in peers {
            let mut child = Command::new(std::env::current_exe()?);
            child.args([TRACED, &peer.to_string(), &place.to_string()]);
            match calls::count(&mut child) {
                Ok(calls) => entries.push(Entry {
                    who: peer.to_string(),
                    samples: Vec::new(),
                    figures: vec![(COUNT, calls as f64 / UNITS as f64)],
                }),
                Err(error) => eprintln!("skipped {workload} of {peer}: {error}"),
            }
        }
        let variant = format!("{workload}, {variant}");
        cells.push(Cell { workload: NAME, variant, size: Vec::new(), unit, entries });
    }
    Ok(cells)
}
