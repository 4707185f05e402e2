//! The ring of pipes in the hands of any one loop.

use std::io;

use crate::event_loop::EventLoop;
use crate::pipes::{Ends, Pipe};
use crate::relay::{Contestant, PATIENCE, Relay, Tally, Work};

struct Ring<L: EventLoop> {
    /// Above the pipes, so that it is closed before their descriptors are.
    event_loop: L,
    relay: Relay<L::Pipe>,
}

/// Registers `pipes` in a new loop.
///
/// # Errors
/// Those of the system.
pub fn enter<L: EventLoop>(
    kind: L::Kind,
    pipes: Vec<Ends>,
    work: Work,
) -> io::Result<Box<dyn Contestant>> {
    enter_loop(L::open(kind, work.capacity())?, pipes, work)
}

/// As [`enter`], in a loop that the caller has opened and put other sources into.
///
/// # Errors
/// Those of the system.
pub fn enter_loop<L: EventLoop>(
    mut event_loop: L,
    pipes: Vec<Ends>,
    work: Work,
) -> io::Result<Box<dyn Contestant>> {
    let mut relay = Relay::new(pipes.into_iter().map(L::Pipe::from).collect(), work);
    for (index, pipe) in relay.pipes_mut().iter_mut().enumerate() {
        event_loop.register(pipe.reader(), index)?;
    }
    Ok(Box::new(Ring { event_loop, relay }))
}

impl<L: EventLoop> Contestant for Ring<L> {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        let Ring { event_loop, relay } = self;
        relay.start(writes)?;
        while relay.is_running() {
            let count = event_loop.wait(PATIENCE, |index| relay.pass_on(index))?;
            relay.waited(count)?;
        }
        relay.finish()
    }

    fn leave(self: Box<Self>) -> io::Result<Vec<Ends>> {
        let Ring { mut event_loop, mut relay } = *self;
        for (index, pipe) in relay.pipes_mut().iter_mut().enumerate() {
            event_loop.deregister(pipe.reader(), index)?;
        }
        drop(event_loop);
        Ok(relay.into_ends())
    }
}
