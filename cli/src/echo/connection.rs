use std::io;

use omnipoll::{Registry, Token};

use super::counts::Counts;
use super::registration::{MOVES, Pause, Registration};
use super::trigger::Trigger;
use crate::stream::Stream;

/// The server's end of one connection.
///
/// What is read is written at once. Only what the client has no room for is kept, and
/// nothing more is read before that is gone: so no connection ever holds more than one
/// buffer, an idle one holds none, and the end of the stream, when it is read, is the end of
/// the echo too.
#[derive(Debug)]
pub(super) struct Connection {
    /// None once it is over, of which another thread with an event for it learns thus.
    open: Option<(Stream, Registration)>,
    backlog: Vec<u8>,
}

/// What has become of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    GoesOn,
    /// All was echoed.
    Ended,
    /// The client reset it, or left before it had taken everything.
    Failed,
}

impl Connection {
    pub(super) fn new(
        mut stream: Stream,
        registry: &Registry,
        token: Token,
        trigger: Trigger,
    ) -> io::Result<Connection> {
        let registration = Registration::new(&mut stream, registry, token, trigger)?;
        Ok(Connection { open: Some((stream, registration)), backlog: Vec::new() })
    }

    /// Echoes what can be echoed now.
    pub(super) fn answer(
        &mut self,
        registry: &Registry,
        buffer: &mut [u8],
        counts: &Counts,
    ) -> io::Result<Fate> {
        let Some((mut stream, mut registration)) = self.open.take() else {
            return Ok(Fate::GoesOn);
        };
        let stops_short = registration.stops_short();
        match self.echo(&stream, stops_short, buffer, counts) {
            Ok(Some(pause)) => {
                registration.settle(&mut stream, registry, pause)?;
                self.open = Some((stream, registration));
                Ok(Fate::GoesOn)
            }
            Ok(None) => Ok(Fate::Ended),
            Err(_) => Ok(Fate::Failed),
        }
    }

    /// Why it pauses; `None` at the end.
    fn echo(
        &mut self,
        stream: &Stream,
        stops_short: bool,
        buffer: &mut [u8],
        counts: &Counts,
    ) -> io::Result<Option<Pause>> {
        for _ in 0..MOVES {
            if !self.flush(stream, counts)? {
                return Ok(Some(Pause::Blocked));
            }
            match stream.read(buffer)? {
                Some(0) => return Ok(None),
                Some(length) => {
                    let written = stream.write(&buffer[..length])?.unwrap_or(0);
                    counts.echo(written);
                    self.backlog = buffer[written..length].to_vec();
                    if length < buffer.len() && stops_short && self.backlog.is_empty() {
                        return Ok(Some(Pause::Drained));
                    }
                }
                None => return Ok(Some(Pause::Drained)),
            }
        }
        Ok(Some(if self.backlog.is_empty() { Pause::Turn } else { Pause::Blocked }))
    }

    /// Writes what was kept; false if the client still has no room.
    fn flush(&mut self, stream: &Stream, counts: &Counts) -> io::Result<bool> {
        while !self.backlog.is_empty() {
            let Some(length) = stream.write(&self.backlog)? else { return Ok(false) };
            counts.echo(length);
            self.backlog.drain(..length);
        }
        self.backlog = Vec::new();
        Ok(true)
    }
}
