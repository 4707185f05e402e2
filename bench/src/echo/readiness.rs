//! The echo server over any loop that tells of readiness.

use std::io;
use std::net;
use std::time::Duration;

use omnipoll_cli::relay::PATIENCE;

use super::Serves;
use super::sockets::{Listener, Stream};

/// The listener's; those of connections begin after it.
const LISTENER: usize = 0;

/// Room for events that one wait reports.
const CAPACITY: usize = 1_024;

/// An echo server on one loop.
pub(crate) struct ReadinessServer<L: Serves> {
    event_loop: L,
    listener: <L as Serves>::Listener,
    /// Each under its token less one.
    connections: Vec<Option<<L as Serves>::Stream>>,
    free: Vec<usize>,
    ended: Vec<usize>,
    buffer: Vec<u8>,
}

/// What one turn of the loop did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) accepted: usize,
    /// Messages that were sent back.
    pub(crate) answered: usize,
    /// Connections that ended.
    pub(crate) ended: usize,
}

impl<L: Serves> ReadinessServer<L> {
    pub(crate) fn new(kind: L::Kind, listener: net::TcpListener) -> io::Result<Self> {
        let mut event_loop = L::open(kind, CAPACITY)?;
        let mut listener = <L as Serves>::Listener::from_std(listener);
        event_loop.register(&mut listener, LISTENER)?;
        Ok(ReadinessServer {
            event_loop,
            listener,
            connections: Vec::new(),
            free: Vec::new(),
            ended: Vec::new(),
            buffer: vec![0; echo_child::BUFFER],
        })
    }

    pub(crate) fn serve(&mut self) -> io::Result<()> {
        loop {
            self.turn(PATIENCE)?;
        }
    }

    /// Waits, answers what has come, lets the ended connections go, accepts new ones.
    pub(crate) fn turn(&mut self, timeout: Duration) -> io::Result<Turn> {
        let ReadinessServer { event_loop, connections, ended, buffer, .. } = self;
        let mut turn = Turn::default();
        let mut knocked = false;
        event_loop.wait(timeout, |token| {
            if token == LISTENER {
                knocked = true;
                return Ok(());
            }
            let Some(Some(stream)) = connections.get(token - 1) else { return Ok(()) };
            match answer(stream, buffer) {
                Ok(Some(true)) => turn.answered += 1,
                Ok(None) => {}
                // It ends by an error as well.
                Ok(Some(false)) | Err(_) => ended.push(token),
            }
            Ok(())
        })?;
        turn.ended = self.let_go()?;
        if knocked {
            turn.accepted = self.accept()?;
        }
        Ok(turn)
    }

    /// After the wait, so that no event of it speaks of a token that was given out anew.
    fn let_go(&mut self) -> io::Result<usize> {
        let mut count = 0;
        while let Some(token) = self.ended.pop() {
            if let Some(mut stream) = self.connections[token - 1].take() {
                self.event_loop.deregister(&mut stream, token)?;
                self.free.push(token);
                count += 1;
            }
        }
        Ok(count)
    }

    fn accept(&mut self) -> io::Result<usize> {
        let mut count = 0;
        while let Some(mut stream) = self.listener.accept_one()? {
            let token = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len()
            });
            self.event_loop.register(&mut stream, token)?;
            self.connections[token - 1] = Some(stream);
            count += 1;
        }
        Ok(count)
    }
}

/// Sends back what has come; a read that does not fill the buffer is the last. False at
/// the end of the connection, and `None` where nothing has come.
#[inline]
fn answer(stream: &impl Stream, buffer: &mut [u8]) -> io::Result<Option<bool>> {
    let mut answered = None;
    while let Some(count) = stream.receive(buffer)? {
        if count == 0 {
            return Ok(Some(false));
        }
        stream.send_all(&buffer[..count])?;
        answered = Some(true);
        if count < buffer.len() {
            break;
        }
    }
    Ok(answered)
}
