//! The loop that a user of mio writes.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use mio::unix::pipe::{Receiver, Sender};
use mio::{Events, Interest, Poll, Token};
use omnipoll_cli::pipes::Ends;
use omnipoll_cli::relay::{Contestant, PATIENCE, Pipe, Relay, Tally, Work};

pub(super) fn enter(pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
    let poll = Poll::new()?;
    let mut relay = Relay::new(pipes.into_iter().map(MioPipe::from).collect(), work);
    for (index, pipe) in relay.pipes_mut().iter_mut().enumerate() {
        poll.registry().register(&mut pipe.receiver, Token(index), Interest::READABLE)?;
    }
    Ok(Box::new(Mio { poll, events: Events::with_capacity(work.capacity()), relay }))
}

struct MioPipe {
    receiver: Receiver,
    sender: Sender,
}

impl From<Ends> for MioPipe {
    fn from(ends: Ends) -> MioPipe {
        MioPipe { receiver: Receiver::from(ends.reader), sender: Sender::from(ends.writer) }
    }
}

impl Pipe for MioPipe {
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

struct Mio {
    poll: Poll,
    events: Events,
    relay: Relay<MioPipe>,
}

impl Contestant for Mio {
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
