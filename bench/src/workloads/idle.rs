//! Cost per event beside many sockets on which nothing happens.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use omnipoll_cli::measure::{Enter, interleave};
use omnipoll_cli::pipes::{self, Ends, Pipe};
use omnipoll_cli::relay::{Contestant, ReadPolicy, Tally, Work};
use omnipoll_cli::ring;

use crate::cell::{Cell, Entry};
use crate::echo::Serves;
use crate::peers::{Peer, Visit};
use crate::scale::Scale;

pub(crate) const NAME: &str = "idle";

const FULL: &[usize] = &[0, 1_000, 3_000, 9_000];
const QUICK: &[usize] = &[0, 9_000];
const TINY: &[usize] = &[0, 16];

/// One byte that goes to and fro between two pipes.
const WORK: Work = Work { registered: 2, active: 1, policy: ReadPolicy::Short };

/// One cell for each number of idle sockets, all of them of the same rounds.
pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    eprintln!("idle");
    let room = pipes::room() - WORK.registered;
    let counts: Vec<usize> =
        scale.pick(FULL, QUICK, TINY).iter().copied().filter(|&count| count <= room).collect();
    let places = counts.iter().flat_map(|&count| peers.iter().map(move |&peer| (count, peer)));
    let loops: Vec<Enter> = places.map(|(count, peer)| entry(peer, count)).collect();
    let mut effort = scale.effort();
    effort.rounds = scale.pick(11, 3, 1);
    let (samples, _) = interleave(&loops, pipes::open(WORK.registered)?, WORK, effort, || ())?;
    let mut samples = samples.into_iter();
    let mut cells = Vec::new();
    for count in counts {
        let entries = peers.iter().zip(&mut samples);
        cells.push(Cell {
            workload: NAME,
            variant: String::new(),
            size: vec![("idle", count)],
            unit: "event",
            entries: entries.map(|(peer, samples)| Entry::new(peer, samples)).collect(),
        });
    }
    Ok(cells)
}

fn entry(peer: Peer, idle: usize) -> Enter {
    peer.entry_by(move |pipes, work| peer.give(EnterBeside { idle, pipes, work }))
}

struct EnterBeside {
    idle: usize,
    pipes: Vec<Ends>,
    work: Work,
}

impl Visit for EnterBeside {
    type Answer = Box<dyn Contestant>;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Self::Answer> {
        let mut event_loop = L::open(kind, self.work.capacity())?;
        let mut idle = Vec::with_capacity(self.idle);
        for index in 0..self.idle {
            let mut socket = L::Pipe::from(socket_pair()?);
            event_loop.register(socket.reader(), self.pipes.len() + index)?;
            idle.push(socket);
        }
        let ring = ring::enter_loop(event_loop, self.pipes, self.work)?;
        Ok(Box::new(Beside { ring, _idle: idle }))
    }
}

/// A socket is read as a pipe is.
fn socket_pair() -> io::Result<Ends> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    Ok(Ends { reader: OwnedFd::from(reader), writer: OwnedFd::from(writer) })
}

/// The ring, and what is registered in its loop besides.
struct Beside<P> {
    /// Above the sockets, so that its loop is closed before they are.
    ring: Box<dyn Contestant>,
    _idle: Vec<P>,
}

impl<P> Contestant for Beside<P> {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        self.ring.run(writes)
    }

    fn leave(self: Box<Self>) -> io::Result<Vec<Ends>> {
        self.ring.leave()
    }
}
