//! A wait of 50 us in which nothing happens: how long it takes.

use std::io;
use std::time::{Duration, Instant};

use omnipoll_cli::pipes::{self, Pipe};

use super::measure;
use crate::cell::Cell;
use crate::echo::Serves;
use crate::peers::{Peer, Visit};
use crate::runs::Run;
use crate::scale::Scale;

pub(crate) const NAME: &str = "timeout";

const TIMEOUT: Duration = Duration::from_micros(50);
/// Some round to whole units of a clock that they have read before: not a wait cut short.
const TOLERANCE: Duration = Duration::from_micros(10);

pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    eprintln!("timeout");
    let waits = scale.pick(10, 10, 1);
    let entries = measure(peers, scale.effort().rounds, |peer| open(peer, waits))?;
    Ok(vec![Cell {
        workload: NAME,
        variant: "of 50 us".to_owned(),
        size: Vec::new(),
        unit: "wait",
        entries,
    }])
}

/// The run of one peer: so many `waits`.
pub(crate) fn open(peer: Peer, waits: usize) -> io::Result<Run> {
    peer.give(Waits(waits))
}

struct Waits(usize);

impl Visit for Waits {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let mut event_loop = L::open(kind, 1_024)?;
        let mut sources: Vec<L::Pipe> = pipes::open(1)?.into_iter().map(L::Pipe::from).collect();
        for (token, source) in sources.iter_mut().enumerate() {
            event_loop.register(source.reader(), token)?;
        }
        Ok(Box::new(move || {
            // It stays registered, and so must stay open.
            let _keep = &sources;
            for _ in 0..self.0 {
                let start = Instant::now();
                let count = event_loop.wait(TIMEOUT, |_| Ok(()))?;
                let elapsed = start.elapsed();
                if count > 0 || elapsed + TOLERANCE < TIMEOUT {
                    return Err(io::Error::other(format!(
                        "a wait of {TIMEOUT:?} with nothing to wait for ended after {elapsed:?} \
                         with {count} events"
                    )));
                }
            }
            Ok(self.0)
        }))
    }
}
