//! The client of all servers: each connection sends a message, waits for all of it to
//! come back, compares every byte, and sends the next.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use omnipoll_cli::event_loop::{EventLoop, Registers};
use omnipoll_cli::raw::RawEpoll;
use omnipoll_cli::relay::PATIENCE;

use super::sockets::Stream;

/// Bytes that a message is cut from, at a place that differs from message to message, so
/// that an old answer is not taken for a new one; a prime, so that it differs long.
const PATTERN: usize = 16_381;

/// Connections to one server.
pub(crate) struct Client {
    event_loop: RawEpoll,
    connections: Vec<Connection>,
    pattern: Vec<u8>,
    message: usize,
    buffer: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// Where the message that is under way begins in the pattern.
    place: usize,
    /// How much of it has come back.
    returned: usize,
    sent: Instant,
}

/// What one run of the client found.
pub(crate) struct Lap {
    pub(crate) elapsed: Duration,
    /// How long each request took, sorted.
    pub(crate) latencies: Vec<Duration>,
}

impl Lap {
    /// How long it took but for the slowest `share` of all.
    pub(crate) fn all_but(&self, share: f64) -> Duration {
        let count = self.latencies.len();
        let slow = (count as f64 * share) as usize;
        self.latencies.get(count.saturating_sub(slow + 1)).copied().unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn connect(
        address: SocketAddr,
        connections: usize,
        message: usize,
    ) -> io::Result<Client> {
        let mut event_loop = RawEpoll::open((), 1_024)?;
        let mut list = Vec::with_capacity(connections);
        for index in 0..connections {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            // A reset instead of a long farewell: ports are few.
            rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
            event_loop.register(&mut stream, index)?;
            let place = index * 31 % PATTERN;
            list.push(Connection { stream, place, returned: 0, sent: Instant::now() });
        }
        let pattern = pattern(PATTERN + message);
        let buffer = vec![0; message.max(64)];
        Ok(Client { event_loop, connections: list, pattern, message, buffer })
    }

    /// Sends on every connection, at least once and as often as `time` allows.
    pub(crate) fn run(&mut self, time: Duration) -> io::Result<Lap> {
        let Client { event_loop, connections, pattern, message, buffer } = self;
        let start = Instant::now();
        let mut latencies = Vec::new();
        let mut under_way = connections.len();
        for connection in connections.iter_mut() {
            connection.send(pattern, *message, Instant::now())?;
        }
        while under_way > 0 {
            let count = event_loop.wait(PATIENCE, |index| {
                let connection = &mut connections[index];
                if !connection.receive(pattern, *message, buffer)? {
                    return Ok(());
                }
                let now = Instant::now();
                latencies.push(now - connection.sent);
                if now - start < time {
                    return connection.send(pattern, *message, now);
                }
                under_way -= 1;
                Ok(())
            })?;
            if count == 0 {
                let text = format!("an event was lost: {under_way} answers never came");
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
        }
        let elapsed = start.elapsed();
        latencies.sort_unstable();
        Ok(Lap { elapsed, latencies })
    }
}

impl Connection {
    fn send(&mut self, pattern: &[u8], message: usize, now: Instant) -> io::Result<()> {
        self.place = (self.place + 1) % PATTERN;
        self.returned = 0;
        self.sent = now;
        self.stream.send_all(&pattern[self.place..][..message])
    }

    /// Takes what has come back; true when it is the whole message.
    fn receive(&mut self, pattern: &[u8], message: usize, buffer: &mut [u8]) -> io::Result<bool> {
        let Some(count) = self.stream.receive(buffer)? else { return Ok(false) };
        let expected = &pattern[self.place..][..message][self.returned..];
        if count == 0 || expected.get(..count) != Some(&buffer[..count]) {
            let text = format!("{count} bytes came back that were not sent");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        self.returned += count;
        Ok(self.returned == message)
    }
}

/// Bytes without a pattern, the same in every run.
fn pattern(length: usize) -> Vec<u8> {
    let mut state: u32 = 0x9e37_79b9;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}
