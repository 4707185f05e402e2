//! The loop that a user of mio writes.

use std::io;
use std::time::Duration;

use mio::event::Source;
use mio::unix::pipe::{Receiver, Sender};
use mio::{Events, Interest, Poll, Token, Waker};
use omnipoll_cli::event_loop::{EventLoop, Registers, Wake};
use omnipoll_cli::pipes::Halves;

/// A loop over mio, which has epoll and edges here.
pub(crate) struct Mio {
    poll: Poll,
    events: Events,
}

impl<S: Source> Registers<S> for Mio {
    #[inline]
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        self.poll.registry().register(source, Token(token), Interest::READABLE)
    }

    #[inline]
    fn deregister(&mut self, source: &mut S, _: usize) -> io::Result<()> {
        self.poll.registry().deregister(source)
    }
}

impl EventLoop for Mio {
    type Kind = ();
    type Pipe = Halves<Receiver, Sender>;
    type Waker = MioWaker;

    fn open((): (), capacity: usize) -> io::Result<Mio> {
        Ok(Mio { poll: Poll::new()?, events: Events::with_capacity(capacity) })
    }

    fn waker(&mut self, token: usize) -> io::Result<MioWaker> {
        Waker::new(self.poll.registry(), Token(token)).map(MioWaker)
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

/// mio's waker.
pub(crate) struct MioWaker(Waker);

impl Wake for MioWaker {
    #[inline]
    fn wake(&self) -> io::Result<()> {
        self.0.wake()
    }
}
