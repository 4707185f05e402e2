//! What a source costs that comes and goes: pipes that are registered and deregistered,
//! and connections that are accepted, used once and closed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use omnipoll_cli::event_loop::EventLoop;
use omnipoll_cli::pipes::{self, Pipe};
use omnipoll_cli::relay::PATIENCE;

use super::measure;
use crate::cell::Cell;
use crate::echo::{ReadinessServer, Serves, Turn};
use crate::peers::{Peer, Visit};
use crate::runs::Run;
use crate::scale::Scale;

pub(crate) const NAME: &str = "churn";
/// How the pipes come and go.
pub(crate) const TURNS: &str = "100 on, poll, 100 off, poll";

/// Sources that come and go together.
pub(crate) const SOURCES: usize = 100;
/// The one that is readable: each look has to find it, and nothing else.
const READABLE: usize = 70;

pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    eprintln!("churn");
    let rounds = scale.effort().rounds;
    let turns = scale.pick(20, 10, 1);
    let sources = measure(peers, rounds, |peer| open(peer, turns))?;
    let turns = scale.pick(2, 2, 1);
    let connections = measure(peers, rounds, |peer| peer.give(Visitors(turns)))?;
    let cell = |variant: &str, unit, entries| Cell {
        workload: NAME,
        variant: variant.to_owned(),
        size: Vec::new(),
        unit,
        entries,
    };
    Ok(vec![
        cell(TURNS, "source", sources),
        cell("accept, one message, close", "connection", connections),
    ])
}

/// The run of one peer: `turns` times.
pub(crate) fn open(peer: Peer, turns: usize) -> io::Result<Run> {
    peer.give(Turns(turns))
}

struct Turns(usize);

impl Visit for Turns {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let mut event_loop = L::open(kind, 1_024)?;
        let mut sources: Vec<L::Pipe> =
            pipes::open(SOURCES)?.into_iter().map(L::Pipe::from).collect();
        sources[READABLE].write(b"x")?;
        Ok(Box::new(move || {
            for _ in 0..self.0 {
                for (token, source) in sources.iter_mut().enumerate() {
                    event_loop.register(source.reader(), token)?;
                }
                look(&mut event_loop, &[READABLE])?;
                for (token, source) in sources.iter_mut().enumerate() {
                    event_loop.deregister(source.reader(), token)?;
                }
                look(&mut event_loop, &[])?;
            }
            Ok(self.0 * SOURCES)
        }))
    }
}

/// Polls without waiting, and fails unless it finds what it should.
fn look<L: EventLoop>(event_loop: &mut L, expected: &[usize]) -> io::Result<()> {
    let mut found = [0; 4];
    let mut count = 0;
    event_loop.wait(Duration::ZERO, |token| {
        if let Some(place) = found.get_mut(count) {
            *place = token;
        }
        count += 1;
        Ok(())
    })?;
    if found.get(..count) == Some(expected) {
        return Ok(());
    }
    Err(io::Error::other(format!("{count} sources were readable, not those of {expected:?}")))
}

/// Connections that come, are answered and go together.
const VISITORS: usize = 32;
const MESSAGE: &[u8; 8] = b"visiting";

struct Visitors(usize);

impl Visit for Visitors {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let listener = echo_child::listener()?;
        let address = listener.local_addr()?;
        let mut server = ReadinessServer::<L>::new(kind, listener)?;
        Ok(Box::new(move || {
            for _ in 0..self.0 {
                let mut visitors = (0..VISITORS)
                    .map(|_| TcpStream::connect(address))
                    .collect::<io::Result<Vec<TcpStream>>>()?;
                serve_all(&mut server, |turn| turn.accepted)?;
                visitors.iter_mut().try_for_each(|visitor| visitor.write_all(MESSAGE))?;
                serve_all(&mut server, |turn| turn.answered)?;
                for visitor in &mut visitors {
                    let mut answer = [0; MESSAGE.len()];
                    visitor.read_exact(&mut answer)?;
                    if answer != *MESSAGE {
                        return Err(io::Error::other("an answer is not what was sent"));
                    }
                }
                drop(visitors);
                serve_all(&mut server, |turn| turn.ended)?;
            }
            Ok(self.0 * VISITORS)
        }))
    }
}

/// Turns the loop until what `count` counts has happened to every visitor.
fn serve_all<L: Serves>(
    server: &mut ReadinessServer<L>,
    count: impl Fn(&Turn) -> usize,
) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    let mut done = 0;
    while done < VISITORS {
        done += count(&server.turn(PATIENCE)?);
        if Instant::now() > end {
            let text = format!("an event was lost: {done} of {VISITORS} visitors were served");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
    }
    Ok(())
}
