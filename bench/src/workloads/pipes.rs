//! Time per event: the ring of pipes, every loop in every round.

use std::io;

use omnipoll_cli::measure::{Enter, interleave};
use omnipoll_cli::pipes;
use omnipoll_cli::relay::{ReadPolicy, Work};

use super::CONTROL;
use crate::cell::{Cell, Entry};
use crate::peers::Peer;
use crate::scale::Scale;

pub(crate) const NAME: &str = "pipes";

/// How many are registered, and how many of them hold a byte.
const FULL: &[(usize, usize)] =
    &[(100, 1), (100, 100), (1_000, 1), (1_000, 100), (1_000, 1_000), (8_000, 1), (8_000, 100)];
const QUICK: &[(usize, usize)] = &[(1_000, 100), (8_000, 1)];
const TINY: &[(usize, usize)] = &[(16, 4)];

/// Every size in both read policies.
pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    let room = pipes::room();
    let mut cells = Vec::new();
    for policy in [ReadPolicy::Short, ReadPolicy::WouldBlock] {
        for &(registered, active) in scale.pick(FULL, QUICK, TINY) {
            if registered > room {
                eprintln!("skipped {registered} pipes: the limit of descriptors allows {room}");
                continue;
            }
            cells.push(cell(Work { registered, active, policy }, scale, peers)?);
        }
    }
    Ok(cells)
}

fn cell(work: Work, scale: Scale, peers: &[Peer]) -> io::Result<Cell> {
    eprintln!("pipes {}: {} active of {}", work.policy, work.active, work.registered);
    let mut loops: Vec<Enter> = peers.iter().map(|peer| peer.entry()).collect();
    loops.push(Peer::YARDSTICK.entry());
    let pipes = pipes::open(work.registered)?;
    let (samples, _) = interleave(&loops, pipes, work, scale.effort(), || ())?;
    let names = peers.iter().map(Peer::to_string).chain([CONTROL.to_owned()]);
    Ok(Cell {
        workload: NAME,
        variant: work.policy.to_string(),
        size: vec![("registered", work.registered), ("active", work.active)],
        unit: "event",
        entries: names.zip(samples).map(|(name, samples)| Entry::new(name, samples)).collect(),
    })
}
