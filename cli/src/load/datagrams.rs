use std::time::{Duration, Instant};

use omnipoll::net::UdpSocket;

use super::client::{Client, Failure};
use super::flight::Flight;
use super::pattern::Pattern;
use super::tally::Tally;
use crate::stream::unless_it_blocks;

/// A socket that sends datagrams to the server, each a message, and may lose some.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    pattern: Pattern,
    /// Bytes a datagram.
    size: usize,
    flight: Flight,
    /// The one that there was no room for.
    kept: Option<u64>,
}

impl Datagrams {
    pub(super) fn new(
        socket: UdpSocket,
        pattern: Pattern,
        size: usize,
        flight: Flight,
    ) -> Datagrams {
        Datagrams { socket, pattern, size, flight, kept: None }
    }

    fn take(&mut self, datagram: &[u8], tally: &mut Tally) -> Result<(), Failure> {
        if datagram.len() != self.size {
            return Err(Failure::Resized(datagram.len()));
        }
        let number = self.pattern.number(datagram).filter(|&number| number < self.flight.begun());
        let number = number.ok_or(Failure::Stranger)?;
        self.pattern.check_datagram(number, datagram).map_err(Failure::Wrong)?;
        let now = Instant::now();
        tally.received_bytes += datagram.len() as u64;
        match self.flight.end(number, now) {
            Some(latency) => tally.answer(latency, now),
            None => tally.late += 1,
        }
        Ok(())
    }
}

impl Client for Datagrams {
    fn receive(&mut self, _: bool, buffer: &mut [u8], tally: &mut Tally) -> Result<(), Failure> {
        while let Some(length) =
            unless_it_blocks(self.socket.recv(buffer)).map_err(Failure::Broken)?
        {
            self.take(&buffer[..length], tally)?;
        }
        Ok(())
    }

    fn send(&mut self, buffer: &mut [u8], tally: &mut Tally) -> Result<(), Failure> {
        let now = Instant::now();
        while let Some(number) = self.kept.take().or_else(|| self.flight.begin(now)) {
            let datagram = &mut buffer[..self.size];
            self.pattern.fill_datagram(number, datagram);
            match unless_it_blocks(self.socket.send(datagram)).map_err(Failure::Broken)? {
                Some(length) => {
                    tally.sent += 1;
                    tally.sent_bytes += length as u64;
                }
                None => {
                    self.kept = Some(number);
                    break;
                }
            }
        }
        Ok(())
    }

    fn check_time(
        &mut self,
        now: Instant,
        patience: Duration,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        while self.flight.is_late(now, patience) {
            self.flight.lose();
            tally.lost += 1;
        }
        Ok(())
    }

    fn flight(&mut self) -> &mut Flight {
        &mut self.flight
    }
}
