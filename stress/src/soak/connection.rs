//! The server's end of one connection: what comes in goes back.

use std::io;

use fastrand::Rng;
use omnipoll::event::{Event, Source};
use omnipoll::{Interest, Registry, Token};

use super::ledger::Account;
use super::pattern::Pattern;
use super::stream::Stream;
use super::trigger::Trigger;

/// With this much that the client has not taken, nothing more is read from it; so this is
/// the length of the buffer to read into.
pub(super) const WAITING_MAX: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Connection {
    /// None once it is closed, of which other threads with an event for it learn thus.
    stream: Option<Stream>,
    trigger: Trigger,
    /// What it is registered for.
    interest: Interest,
    /// Whether to take what came up short for the end of what can be done, as the edge
    /// trigger allows and as tokio does.
    stops_short: bool,
    /// Whether to end the registration first and then close, rather than just close.
    deregisters: bool,
    /// Received, and not sent back yet.
    waiting: Vec<u8>,
    /// The client will send no more.
    ended: bool,
    header: [u8; Pattern::HEADER],
    received: u64,
    sent: u64,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// This is what it moved.
    Known(Account),
    /// It ended before its number had come.
    Nameless,
}

/// Whether a call did all that there was to do, or could have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    All,
    Some,
}

impl Connection {
    pub(super) fn new(stream: Stream, trigger: Trigger, random: &mut Rng) -> Connection {
        let mut connection = Connection {
            stream: Some(stream),
            trigger,
            interest: Interest::READABLE,
            stops_short: random.bool(),
            deregisters: random.bool(),
            waiting: Vec::new(),
            ended: false,
            header: [0; Pattern::HEADER],
            received: 0,
            sent: 0,
        };
        connection.interest = connection.wanted();
        connection
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.register(registry, token, self.interest),
            None => Ok(()),
        }
    }

    /// Answers an event; returns how it ended, if it did.
    pub(super) fn answer(
        &mut self,
        event: &Event,
        registry: &Registry,
        buffer: &mut [u8],
    ) -> io::Result<Option<End>> {
        let Some(mut stream) = self.stream.take() else { return Ok(None) };
        let outcome = match self.trigger {
            Trigger::Edge => self.echo_all(&stream, event.is_read_closed(), buffer),
            _ => self.echo_some(&stream, buffer),
        };
        // An error is the client's doing: it reset the connection, or left.
        if outcome.is_err() || (self.ended && self.waiting.is_empty()) {
            if self.deregisters {
                stream.deregister(registry)?;
            }
            return Ok(Some(self.end(outcome.is_ok())));
        }
        let wanted = self.wanted();
        if wanted != self.interest || wanted.is_oneshot() {
            stream.reregister(registry, event.token(), wanted)?;
            self.interest = wanted;
        }
        self.stream = Some(stream);
        Ok(None)
    }

    fn wanted(&self) -> Interest {
        let both = Interest::READABLE | Interest::WRITABLE;
        let directions = match self.trigger {
            Trigger::Edge => both,
            // The others would report what nothing can be done about.
            _ if self.waiting.is_empty() => Interest::READABLE,
            _ if self.ended || self.waiting.len() == WAITING_MAX => Interest::WRITABLE,
            _ => both,
        };
        self.trigger.of(directions)
    }

    /// Goes on until it must wait for an event, whether to read or to write.
    fn echo_all(
        &mut self,
        stream: &Stream,
        read_closed: bool,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        loop {
            let mut read = Done::Some;
            while read == Done::Some && !self.ended && self.waiting.len() < WAITING_MAX {
                // A short read may have the end behind it that the event has told already.
                read = self.read(stream, buffer, self.stops_short && !read_closed)?;
            }
            let mut written = Done::Some;
            while written == Done::Some && !self.waiting.is_empty() {
                written = self.write(stream, self.stops_short)?;
            }
            if read == Done::All || written == Done::All || self.ended {
                return Ok(());
            }
        }
    }

    /// Does a little, and has the rest reported again.
    fn echo_some(&mut self, stream: &Stream, buffer: &mut [u8]) -> io::Result<()> {
        if !self.ended && self.waiting.len() < WAITING_MAX {
            self.read(stream, buffer, false)?;
        }
        if !self.waiting.is_empty() {
            self.write(stream, false)?;
        }
        Ok(())
    }

    fn read(&mut self, stream: &Stream, buffer: &mut [u8], stops_short: bool) -> io::Result<Done> {
        let room = &mut buffer[self.waiting.len()..];
        match stream.read(room) {
            Ok(0) => {
                self.ended = true;
                Ok(Done::All)
            }
            Ok(length) => {
                let is_short = length < room.len();
                self.take(&buffer[self.waiting.len()..][..length]);
                Ok(if is_short && stops_short { Done::All } else { Done::Some })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Done::All),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let known = self.header.len().min(self.received as usize);
        for (slot, &byte) in self.header[known..].iter_mut().zip(bytes) {
            *slot = byte;
        }
        self.received += bytes.len() as u64;
        self.waiting.extend_from_slice(bytes);
    }

    fn write(&mut self, stream: &Stream, stops_short: bool) -> io::Result<Done> {
        match stream.write(&self.waiting) {
            Ok(length) => {
                let is_short = length < self.waiting.len();
                self.sent += length as u64;
                self.waiting.drain(..length);
                Ok(if is_short && stops_short { Done::All } else { Done::Some })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Done::All),
            Err(error) => Err(error),
        }
    }

    fn end(&self, orderly: bool) -> End {
        if self.received < Pattern::HEADER as u64 {
            return End::Nameless;
        }
        let number = Pattern::number(self.header);
        End::Known(Account { number, forth: self.received, back: self.sent, orderly })
    }
}
