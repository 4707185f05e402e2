//! A client's end of one connection, and how it misbehaves.

use std::io;
use std::time::{Duration, Instant};

use fastrand::Rng;
use omnipoll::event::Source;
use omnipoll::{Interest, Registry, Token};

use super::ledger::{Account, Ledger, Side};
use super::pattern::Pattern;
use super::stream::{Address, Stream};

/// What is sent and received at once, at the most: the length of the buffer for it.
pub(super) const PIECE: usize = 16 * 1024;

/// How long a pause may be.
const PAUSE_MS: u64 = 500;

/// What all clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// They come, misbehave, and go.
    Storm,
    /// They receive nothing, and send until there is no more room.
    Stall,
    /// They do what they came for, without a pause, and do not come again.
    Finish,
}

/// How a client goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    /// It ends its writing, and stays until all is back and the server has closed.
    HalfClose,
    /// It closes once all is back.
    Close,
    /// It resets once so much is back.
    ResetReceived(u64),
    /// It resets once so much is sent, of which the server may not have seen anything.
    ResetSent(u64),
}

#[derive(Debug)]
pub(super) struct Visit {
    stream: Stream,
    pattern: Pattern,
    number: u64,
    random: Rng,
    leave: Leave,
    connected: bool,
    /// How much it wants to send.
    length: u64,
    sent: u64,
    received: u64,
    ended_writing: bool,
    /// The server has closed its end.
    ended: bool,
    /// Its pauses.
    writes_from: Instant,
    reads_from: Instant,
    /// When something last changed.
    pub(super) moved_at: Instant,
    /// The earliest time at which it is to go on without an event.
    pub(super) due: Option<Instant>,
}

/// Whether the connection of that number may be reset before the server has heard it.
pub(super) fn is_nameless(number: u64) -> bool {
    number % 2 == 1
}

/// What a visit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An event.
    Event,
    /// An event, or this point in time.
    Until(Instant),
    /// Nothing more.
    Over,
}

impl Visit {
    /// Begins the visit of this number at one of `addresses`.
    pub(super) fn begin(
        addresses: &[Address],
        number: u64,
        seed: u64,
        now: Instant,
    ) -> io::Result<Visit> {
        let mut random = Rng::with_seed(seed ^ number);
        let stream = Stream::connect(&addresses[random.usize(..addresses.len())])?;
        if random.bool() {
            stream.keep_little()?;
        }
        // Most are short, and a few are far longer than all the buffers on the way.
        let header = Pattern::HEADER as u64;
        let magnitude = random.u32(0..=22).min(random.u32(8..=22));
        let length = header + random.u64(..1 << magnitude);
        let number = number << 1;
        let (number, leave) = match random.u32(..10) {
            0 => (number | 1, Leave::ResetSent(random.u64(..length))),
            1 | 2 => (number, Leave::ResetReceived(random.u64(header..=length))),
            3..=5 => (number, Leave::Close),
            _ => (number, Leave::HalfClose),
        };
        let starts_late = Duration::from_millis(random.u64(..3000));
        Ok(Visit {
            stream,
            pattern: Pattern::new(number),
            number,
            leave,
            connected: false,
            length,
            sent: 0,
            received: 0,
            ended_writing: false,
            ended: false,
            writes_from: if random.u32(..4) == 0 { now + starts_late } else { now },
            reads_from: now,
            moved_at: now,
            due: None,
            random,
        })
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.stream.register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Does all that can be done now. The server never fails, so each error is a fault.
    pub(super) fn go_on(
        &mut self,
        phase: Phase,
        now: Instant,
        buffer: &mut [u8],
    ) -> io::Result<Step> {
        if !self.connected {
            self.connected = self.stream.is_connected()?;
            if !self.connected {
                return Ok(Step::Event);
            }
        }
        loop {
            let wrote = self.write(phase, now, buffer)?;
            let read = self.read(phase, now, buffer)?;
            if self.is_over() {
                return Ok(Step::Over);
            }
            if !wrote && !read {
                return Ok(self.pause(phase, now));
            }
            self.moved_at = now;
        }
    }

    /// Leaves, and tells the ledger.
    pub(super) fn leave(self, ledger: &Ledger) -> io::Result<()> {
        // First, so that the server's account never is the earlier one of a connection
        // that the server cannot know of yet.
        if is_nameless(self.number) {
            ledger.enter_nameless(Side::Client);
        } else {
            let orderly = !self.is_reset();
            let account =
                Account { number: self.number, forth: self.sent, back: self.received, orderly };
            ledger.enter(Side::Client, account);
        }
        if self.is_reset() { self.stream.reset() } else { Ok(()) }
    }

    fn is_reset(&self) -> bool {
        matches!(self.leave, Leave::ResetReceived(_) | Leave::ResetSent(_))
    }

    fn is_over(&self) -> bool {
        match self.leave {
            Leave::HalfClose => self.ended,
            Leave::Close => self.received == self.length,
            Leave::ResetReceived(count) => self.received >= count,
            Leave::ResetSent(count) => self.sent >= count,
        }
    }

    /// Whether it sent anything.
    fn write(&mut self, phase: Phase, now: Instant, buffer: &mut [u8]) -> io::Result<bool> {
        if self.sent == self.length {
            if self.leave == Leave::HalfClose && !self.ended_writing {
                self.stream.end_writing()?;
                self.ended_writing = true;
            }
            return Ok(false);
        }
        if phase == Phase::Storm && now < self.writes_from {
            return Ok(false);
        }
        let left = (self.length - self.sent).min(PIECE as u64) as usize;
        let piece = &mut buffer[..self.random.usize(1..=left)];
        self.pattern.fill(self.sent, piece);
        match self.stream.write(piece) {
            Ok(length) => self.sent += length as u64,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        if self.random.u32(..8) == 0 {
            self.writes_from = now + Duration::from_millis(self.random.u64(..PAUSE_MS));
        }
        Ok(true)
    }

    /// Whether it received anything.
    fn read(&mut self, phase: Phase, now: Instant, buffer: &mut [u8]) -> io::Result<bool> {
        if self.ended || phase == Phase::Stall || (phase == Phase::Storm && now < self.reads_from) {
            return Ok(false);
        }
        let room = self.random.usize(1..=PIECE);
        let length = match self.stream.read(&mut buffer[..room]) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        if length == 0 {
            self.ended = true;
            if !self.ended_writing || self.received != self.length {
                return Err(io::Error::other("the server closed before all was back"));
            }
            return Ok(true);
        }
        if let Some(place) = self.pattern.first_wrong(self.received, &buffer[..length]) {
            return Err(io::Error::other(format!("the byte at {place} is not the one sent")));
        }
        self.received += length as u64;
        if self.received > self.sent {
            return Err(io::Error::other("more came back than was sent"));
        }
        if self.random.u32(..16) == 0 {
            self.reads_from = now + Duration::from_millis(self.random.u64(..PAUSE_MS));
        }
        Ok(true)
    }

    fn pause(&self, phase: Phase, now: Instant) -> Step {
        let writes = (self.sent < self.length).then_some(self.writes_from);
        let pauses = writes.into_iter().chain([self.reads_from]).filter(|&until| until > now);
        match pauses.min() {
            Some(until) if phase == Phase::Storm => Step::Until(until),
            _ => Step::Event,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// A visit with all its bytes sent, and the other end, which has them.
    fn visit() -> (Visit, TcpStream, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut theirs = listener.accept().unwrap().0;
        ours.set_nonblocking(true).unwrap();
        let now = Instant::now();
        let mut visit = Visit {
            stream: Stream::Tcp(omnipoll::net::TcpStream::from_std(ours)),
            pattern: Pattern::new(4),
            number: 4,
            random: Rng::with_seed(1),
            leave: Leave::HalfClose,
            connected: false,
            length: 1000,
            sent: 0,
            received: 0,
            ended_writing: false,
            ended: false,
            writes_from: now,
            reads_from: now,
            moved_at: now,
            due: None,
        };
        assert_eq!(go_on(&mut visit).unwrap(), Step::Event);
        let mut bytes = Vec::new();
        theirs.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 1000);
        (visit, theirs, bytes)
    }

    fn go_on(visit: &mut Visit) -> io::Result<Step> {
        visit.go_on(Phase::Finish, Instant::now(), &mut [0; PIECE])
    }

    #[test]
    fn it_is_over_when_all_is_back_and_the_server_has_closed() {
        let (mut visit, mut server, bytes) = visit();
        server.write_all(&bytes).unwrap();
        assert_eq!(go_on(&mut visit).unwrap(), Step::Event);
        drop(server);
        assert_eq!(go_on(&mut visit).unwrap(), Step::Over);
    }

    #[test]
    fn a_byte_lost_at_the_end_is_noticed() {
        let (mut visit, mut server, bytes) = visit();
        server.write_all(&bytes[..999]).unwrap();
        drop(server);
        let error = go_on(&mut visit).unwrap_err();
        assert!(error.to_string().contains("closed before all was back"), "{error}");
    }

    #[test]
    fn a_doubled_piece_is_noticed() {
        for from in [990, 992] {
            let (mut visit, mut server, bytes) = visit();
            server.write_all(&bytes).unwrap();
            server.write_all(&bytes[from..]).unwrap();
            let error = go_on(&mut visit).unwrap_err();
            assert!(error.to_string().contains("the byte at 1000"), "{error}");
        }
    }
}
