use std::io;
use std::time::{Duration, Instant};

use super::client::{Client, Failure};
use super::flight::Flight;
use super::pattern::Pattern;
use super::tally::Tally;
use crate::stream::Stream;

/// A connection of a stream: the messages follow each other without a gap, and so do their
/// answers. Nothing is kept of what was sent, since the pattern has it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    pattern: Pattern,
    /// Bytes a message.
    size: u64,
    sent: u64,
    received: u64,
    flight: Flight,
}

impl Connection {
    pub(super) fn new(stream: Stream, pattern: Pattern, size: usize, flight: Flight) -> Connection {
        Connection { stream, pattern, size: size as u64, sent: 0, received: 0, flight }
    }

    fn take(&mut self, bytes: &[u8], tally: &mut Tally) -> Result<(), Failure> {
        let owed = self.sent - self.received;
        if bytes.len() as u64 > owed {
            return Err(Failure::Surplus(bytes.len() - owed as usize));
        }
        self.pattern.check(self.received, bytes).map_err(Failure::Wrong)?;
        let now = Instant::now();
        let ended = self.received / self.size;
        self.received += bytes.len() as u64;
        tally.received_bytes += bytes.len() as u64;
        for number in ended..self.received / self.size {
            if let Some(latency) = self.flight.end(number, now) {
                tally.answer(latency, now);
            }
        }
        Ok(())
    }
}

impl Client for Connection {
    fn receive(
        &mut self,
        read_closed: bool,
        buffer: &mut [u8],
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        loop {
            match self.stream.read(buffer).map_err(Failure::Broken)? {
                Some(0) => return Err(Failure::Closed),
                Some(length) => {
                    self.take(&buffer[..length], tally)?;
                    // Short is drained, save for an end that the event has told of.
                    if length < buffer.len() && !read_closed {
                        return Ok(());
                    }
                }
                None => return Ok(()),
            }
        }
    }

    fn send(&mut self, buffer: &mut [u8], tally: &mut Tally) -> Result<(), Failure> {
        let now = Instant::now();
        loop {
            // No more than one write takes: what waits for room costs no memory.
            while self.flight.begun() * self.size - self.sent < buffer.len() as u64
                && self.flight.begin(now).is_some()
            {
                tally.sent += 1;
            }
            let owed = self.flight.begun() * self.size - self.sent;
            if owed == 0 {
                return Ok(());
            }
            let length = buffer.len().min(usize::try_from(owed).unwrap_or(usize::MAX));
            let bytes = &mut buffer[..length];
            self.pattern.fill(self.sent, bytes);
            match self.stream.write(bytes) {
                Ok(Some(length)) => {
                    self.sent += length as u64;
                    tally.sent_bytes += length as u64;
                }
                Ok(None) => return Ok(()),
                // The same news as an end that is read.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Err(Failure::Closed);
                }
                Err(error) => return Err(Failure::Broken(error)),
            }
        }
    }

    fn check_time(
        &mut self,
        now: Instant,
        patience: Duration,
        _: &mut Tally,
    ) -> Result<(), Failure> {
        match self.flight.is_late(now, patience) {
            true => Err(Failure::Silent(patience)),
            false => Ok(()),
        }
    }

    fn flight(&mut self) -> &mut Flight {
        &mut self.flight
    }
}
