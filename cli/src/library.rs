//! The loop that a user of omnipoll writes, on any backend.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use omnipoll::unix::pipe::{Receiver, Sender};
use omnipoll::{Backend, Events, Interest, Poll, Token};

use crate::pipes::Ends;
use crate::relay::{Contestant, PATIENCE, Pipe, Relay, Tally, Work};

/// Registers `pipes` on `backend` with the trigger that `interest` carries.
///
/// # Errors
/// Those of the backend.
pub fn enter(
    backend: Backend,
    interest: Interest,
    pipes: Vec<Ends>,
    work: Work,
) -> io::Result<Box<dyn Contestant>> {
    enter_with(Poll::builder().backend(backend).build()?, interest, pipes, work)
}

/// As [`enter`], on a poll that the caller has set up.
///
/// # Errors
/// Those of the backend.
pub fn enter_with(
    poll: Poll,
    interest: Interest,
    pipes: Vec<Ends>,
    work: Work,
) -> io::Result<Box<dyn Contestant>> {
    let pipes = pipes.into_iter().map(LibraryPipe::from).collect();
    let mut relay = Relay::new(pipes, work);
    for (index, pipe) in relay.pipes_mut().iter_mut().enumerate() {
        poll.registry().register(&mut pipe.receiver, Token(index), interest)?;
    }
    Ok(Box::new(Library { poll, events: Events::with_capacity(work.capacity()), relay }))
}

struct LibraryPipe {
    receiver: Receiver,
    sender: Sender,
}

impl From<Ends> for LibraryPipe {
    fn from(ends: Ends) -> LibraryPipe {
        LibraryPipe { receiver: Receiver::from(ends.reader), sender: Sender::from(ends.writer) }
    }
}

impl Pipe for LibraryPipe {
    #[inline]
    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.receiver).read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn write(&self, byte: &[u8; 1]) -> io::Result<()> {
        (&self.sender).write(byte).map(drop)
    }

    fn into_ends(self) -> Ends {
        Ends { reader: OwnedFd::from(self.receiver), writer: OwnedFd::from(self.sender) }
    }
}

struct Library {
    poll: Poll,
    events: Events,
    relay: Relay<LibraryPipe>,
}

impl Contestant for Library {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        self.relay.start(writes)?;
        while self.relay.is_running() {
            match self.poll.poll(&mut self.events, Some(PATIENCE)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            let mut count = 0;
            for event in &self.events {
                count += 1;
                if event.is_readable() {
                    self.relay.pass_on(event.token().0)?;
                }
            }
            self.relay.waited(count)?;
        }
        self.relay.finish()
    }

    fn leave(self: Box<Self>) -> Vec<Ends> {
        self.relay.into_ends()
    }
}
