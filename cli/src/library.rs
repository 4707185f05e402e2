//! The loop that a user of omnipoll writes, on any backend.

use std::io;
use std::time::Duration;

use omnipoll::event::Source;
use omnipoll::unix::pipe::{Receiver, Sender};
use omnipoll::{Backend, Events, Interest, Poll, Token, Waker};

use crate::event_loop::{EventLoop, Registers, Wake};
use crate::pipes::{Ends, Halves};
use crate::relay::{Contestant, Work};
use crate::ring;

/// Which of omnipoll's loops.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it waits with.
    pub backend: Backend,
    /// To be read from, with the trigger that all of its sources have.
    pub interest: Interest,
}

impl Kind {
    /// The one with the default trigger.
    pub fn edge(backend: Backend) -> Kind {
        Kind { backend, interest: Interest::READABLE }
    }

    /// Registers `pipes` in a loop of this kind.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn enter(self, pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
        ring::enter::<Library>(self, pipes, work)
    }
}

/// A loop over omnipoll.
#[derive(Debug)]
pub struct Library {
    poll: Poll,
    interest: Interest,
    events: Events,
}

impl<S: Source> Registers<S> for Library {
    #[inline]
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        self.poll.registry().register(source, Token(token), self.interest)
    }

    #[inline]
    fn deregister(&mut self, source: &mut S, _: usize) -> io::Result<()> {
        self.poll.registry().deregister(source)
    }
}

impl EventLoop for Library {
    type Kind = Kind;
    type Pipe = Halves<Receiver, Sender>;
    type Waker = Waker;

    fn open(kind: Kind, capacity: usize) -> io::Result<Library> {
        let poll = Poll::builder().backend(kind.backend).build()?;
        Ok(Library { poll, interest: kind.interest, events: Events::with_capacity(capacity) })
    }

    fn waker(&mut self, token: usize) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), Token(token))
    }

    #[inline]
    fn wait(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize> {
        loop {
            match self.poll.poll(&mut self.events, Some(timeout)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        }
        let mut count = 0;
        for event in &self.events {
            count += 1;
            if event.is_readable() {
                ready(event.token().0)?;
            }
        }
        Ok(count)
    }
}

impl Wake for Waker {
    #[inline]
    fn wake(&self) -> io::Result<()> {
        Waker::wake(self)
    }
}
