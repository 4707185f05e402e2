//! Waking a loop from another thread, while it sleeps and while it does not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use omnipoll_cli::event_loop::{EventLoop, Wake};
use omnipoll_cli::relay::PATIENCE;

use super::measure;
use crate::cell::Cell;
use crate::echo::Serves;
use crate::peers::{Peer, Visit};
use crate::runs::Run;
use crate::scale::Scale;

pub(crate) const NAME: &str = "wake";
/// Nobody sleeps, and nobody takes the wakes.
pub(crate) const AWAKE: &str = "nobody waits";
/// Every wake is taken by a wait that does not have to sleep for it.
pub(crate) const TAKEN: &str = "wake, then poll";
/// One thread wakes as fast as it can, the other takes what it can.
pub(crate) const BUSY: &str = "busy";
/// Two threads, each asleep until the other wakes it.
pub(crate) const PING_PONG: &str = "ping-pong";

const TOKEN: usize = 7;

pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    let rounds = scale.effort().rounds;
    let mut cells = Vec::new();
    for (variant, unit, count) in [
        (AWAKE, "wake", scale.pick(20_000, 10_000, 10)),
        (TAKEN, "wake", scale.pick(2_000, 1_000, 10)),
        (BUSY, "wake", scale.pick(10_000, 5_000, 10)),
        (PING_PONG, "round trip", scale.pick(300, 200, 10)),
    ] {
        eprintln!("wake: {variant}");
        cells.push(Cell {
            workload: NAME,
            variant: variant.to_owned(),
            size: Vec::new(),
            unit,
            entries: measure(peers, rounds, |peer| open(peer, variant, count))?,
        });
    }
    Ok(cells)
}

/// The run of one peer: `count` wakes.
pub(crate) fn open(peer: Peer, variant: &str, count: usize) -> io::Result<Run> {
    match variant {
        AWAKE => peer.give(Awake(count)),
        TAKEN => peer.give(Taken(count)),
        BUSY => peer.give(Busy(count)),
        _ => peer.give(PingPong(count)),
    }
}

/// Waits for a wake, and fails where none comes within `timeout`.
fn take<L: EventLoop>(event_loop: &mut L, timeout: Duration) -> io::Result<()> {
    let mut woken = false;
    event_loop.wait(timeout, |token| {
        woken |= token == TOKEN;
        Ok(())
    })?;
    if woken { Ok(()) } else { Err(io::Error::new(io::ErrorKind::TimedOut, "a wake was lost")) }
}

struct Awake(usize);

impl Visit for Awake {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let mut event_loop = L::open(kind, 16)?;
        let waker = event_loop.waker(TOKEN)?;
        Ok(Box::new(move || {
            for _ in 0..self.0 {
                waker.wake()?;
            }
            take(&mut event_loop, PATIENCE)?;
            Ok(self.0)
        }))
    }
}

struct Taken(usize);

impl Visit for Taken {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let mut event_loop = L::open(kind, 16)?;
        let waker = event_loop.waker(TOKEN)?;
        Ok(Box::new(move || {
            for _ in 0..self.0 {
                waker.wake()?;
                take(&mut event_loop, Duration::ZERO)?;
            }
            Ok(self.0)
        }))
    }
}

/// A thread that does the same each time that it is told to.
struct Partner {
    go: Sender<()>,
    done: Receiver<io::Result<()>>,
}

impl Partner {
    /// `prepare` makes, in the new thread, what it does there.
    fn start<W: FnMut() -> io::Result<()>>(
        prepare: impl FnOnce() -> io::Result<W> + Send + 'static,
    ) -> Partner {
        let (go, told) = mpsc::channel();
        let (tell, done) = mpsc::channel();
        thread::spawn(move || {
            let mut work = prepare();
            while told.recv().is_ok() {
                let result = match &mut work {
                    Ok(work) => work(),
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                };
                if tell.send(result).is_err() {
                    break;
                }
            }
        });
        Partner { go, done }
    }

    fn go(&self) -> io::Result<()> {
        self.go.send(()).map_err(io::Error::other)
    }

    fn join(&self) -> io::Result<()> {
        self.done.recv().map_err(io::Error::other)?
    }
}

struct Busy(usize);

impl Visit for Busy {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let mut event_loop = L::open(kind, 16)?;
        let waker = event_loop.waker(TOKEN)?;
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let partner = Partner::start(move || {
            Ok(move || {
                for _ in 0..self.0 {
                    // As one fills a queue before one wakes the thread that empties it.
                    count.fetch_add(1, Ordering::Release);
                    waker.wake()?;
                }
                Ok(())
            })
        });
        Ok(Box::new(move || {
            sent.store(0, Ordering::Relaxed);
            partner.go()?;
            // Where one wake is lost after the last item, this one times out.
            while sent.load(Ordering::Acquire) < self.0 {
                take(&mut event_loop, PATIENCE)?;
            }
            partner.join()?;
            // The last wake may come after the last item was seen.
            event_loop.wait(Duration::ZERO, |_| Ok(()))?;
            Ok(self.0)
        }))
    }
}

struct PingPong(usize);

impl Visit for PingPong {
    type Answer = Run;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Run> {
        let mut event_loop = L::open(kind, 16)?;
        let home = event_loop.waker(TOKEN)?;
        let (give, given) = mpsc::channel();
        let partner = Partner::start(move || {
            let mut event_loop = L::open(kind, 16)?;
            // If nobody takes it, nobody will call either.
            let _ = give.send(event_loop.waker(TOKEN)?);
            Ok(move || {
                for _ in 0..self.0 {
                    take(&mut event_loop, PATIENCE)?;
                    home.wake()?;
                }
                Ok(())
            })
        });
        let away = given.recv().map_err(io::Error::other)?;
        Ok(Box::new(move || {
            partner.go()?;
            for _ in 0..self.0 {
                away.wake()?;
                take(&mut event_loop, PATIENCE)?;
            }
            partner.join()?;
            Ok(self.0)
        }))
    }
}
