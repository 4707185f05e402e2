//! The loop that a user of polling writes.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;

use omnipoll_cli::pipes::Ends;
use omnipoll_cli::relay::{Contestant, PATIENCE, Pipe, Relay, Tally, Work};
use polling::{Event, Events, PollMode, Poller};

pub(super) fn enter(pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
    let poller = Poller::new()?;
    let mut relay = Relay::new(pipes.into_iter().map(PollingPipe::from).collect(), work);
    for (index, pipe) in relay.pipes_mut().iter().enumerate() {
        // SAFETY: `leave` deletes every pipe before it gives up the descriptors.
        unsafe { poller.add_with_mode(&pipe.reader, Event::readable(index), PollMode::Edge)? };
    }
    let capacity = NonZeroUsize::new(work.capacity()).unwrap_or(NonZeroUsize::MIN);
    Ok(Box::new(Polling { poller, events: Events::with_capacity(capacity), relay }))
}

struct PollingPipe {
    reader: File,
    writer: File,
}

impl From<Ends> for PollingPipe {
    fn from(ends: Ends) -> PollingPipe {
        PollingPipe { reader: File::from(ends.reader), writer: File::from(ends.writer) }
    }
}

impl Pipe for PollingPipe {
    #[inline]
    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.reader).read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn write(&self, byte: &[u8; 1]) -> io::Result<()> {
        (&self.writer).write(byte).map(drop)
    }

    fn into_ends(self) -> Ends {
        Ends { reader: OwnedFd::from(self.reader), writer: OwnedFd::from(self.writer) }
    }
}

struct Polling {
    poller: Poller,
    events: Events,
    relay: Relay<PollingPipe>,
}

impl Contestant for Polling {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        self.relay.start(writes)?;
        while self.relay.is_running() {
            self.events.clear();
            let count = match self.poller.wait(&mut self.events, Some(PATIENCE)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            };
            self.relay.waited(count)?;
            for event in self.events.iter() {
                if event.readable {
                    self.relay.pass_on(event.key)?;
                }
            }
        }
        self.relay.finish()
    }

    fn leave(mut self: Box<Self>) -> Vec<Ends> {
        for pipe in self.relay.pipes_mut() {
            // One that is not registered any more needs no deleting.
            let _ = self.poller.delete(&pipe.reader);
        }
        self.relay.into_ends()
    }
}
