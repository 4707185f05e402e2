//! What the peers are put to.

pub(crate) mod calls;
pub(crate) mod churn;
pub(crate) mod echo;
pub(crate) mod idle;
pub(crate) mod instructions;
pub(crate) mod memory;
pub(crate) mod pipes;
pub(crate) mod timeout;
pub(crate) mod wake;

use std::io;

use crate::cell::Entry;
use crate::peers::Peer;
use crate::runs::{self, Run};

/// The name of the entry that repeats the yardstick: what its ratio is off 1 is noise.
pub(crate) const CONTROL: &str = "raw-epoll again";

/// Has every peer do the same piece of work, the yardstick twice.
fn measure(
    peers: &[Peer],
    rounds: usize,
    open: impl Fn(Peer) -> io::Result<Run>,
) -> io::Result<Vec<Entry>> {
    let mut names: Vec<String> = peers.iter().map(Peer::to_string).collect();
    let mut runs = Vec::new();
    for &peer in peers {
        let mut run = open(peer).map_err(|error| peer.blame(&error))?;
        runs.push(Box::new(move || run().map_err(|error| peer.blame(&error))) as Run);
    }
    names.push(CONTROL.to_owned());
    runs.push(open(Peer::YARDSTICK)?);
    let samples = runs::interleave(&mut runs, rounds)?;
    Ok(names.into_iter().zip(samples).map(|(name, samples)| Entry::new(name, samples)).collect())
}
