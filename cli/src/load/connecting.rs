use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use omnipoll::net::{TcpStream, UdpSocket};
use omnipoll::{Events, Interest, Poll, Token};

use super::client::Failure;
use super::display::Display;
use super::plan::Plan;
use super::tally::Tally;
use crate::address::Address;
use crate::interrupt::INTERRUPT;
use crate::stream::{Stream, unless_it_blocks};

/// How many connections are begun before the server gets its turn, which has a queue of
/// limited length.
const AT_A_TIME: usize = 64;

/// How soon to try again after a queue was full, and to look what has timed out.
const RETRY: Duration = Duration::from_millis(5);

/// With the edge trigger, both directions are asked for once and for all.
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A socket that is connected, and registered under its place.
#[derive(Debug)]
pub(super) enum Socket {
    Stream(Stream),
    Datagrams(UdpSocket),
}

/// Connects all that there are to be; what fails goes into the tally, and an interrupt too.
pub(super) fn connect_all(
    plan: &Plan,
    poll: &mut Poll,
    display: &Display,
    tally: &mut Tally,
) -> io::Result<Vec<Option<Socket>>> {
    let mut events = Events::with_capacity(AT_A_TIME);
    let mut sockets: Vec<Option<Socket>> = (0..plan.connections).map(|_| None).collect();
    let mut under_way = HashMap::new();
    let mut places = (0..plan.connections).peekable();
    let mut full_since = None;
    while places.peek().is_some() || !under_way.is_empty() {
        while let Some(&place) = places.peek().filter(|_| under_way.len() < AT_A_TIME) {
            match unless_it_blocks(begin(&plan.address, poll, Token(place))) {
                Ok(None) => {
                    // The server's queue is full. If it stays so, nobody takes from it.
                    if full_since.get_or_insert_with(Instant::now).elapsed() <= plan.patience {
                        break;
                    }
                    let error = io::Error::from(io::ErrorKind::TimedOut);
                    tally.fail(place, &Failure::Unconnected(error));
                }
                Ok(Some(socket)) => {
                    full_since = None;
                    under_way.insert(Token(place), (socket, Instant::now()));
                }
                Err(error) => tally.fail(place, &Failure::Unconnected(error)),
            }
            places.next();
        }
        poll.poll(&mut events, Some(RETRY))?;
        for event in &events {
            if event.token() == INTERRUPT {
                tally.interrupted = true;
                return Ok(sockets);
            }
            let Some((socket, since)) = under_way.remove(&event.token()) else { continue };
            match socket.is_connected() {
                Ok(true) => {
                    sockets[event.token().0] = Some(socket);
                    tally.connected += 1;
                }
                Ok(false) => drop(under_way.insert(event.token(), (socket, since))),
                Err(error) => tally.fail(event.token().0, &Failure::Unconnected(error)),
            }
        }
        under_way.retain(|token, (_, since)| {
            let is_in_time = since.elapsed() <= plan.patience;
            if !is_in_time {
                let error = io::Error::from(io::ErrorKind::TimedOut);
                tally.fail(token.0, &Failure::Unconnected(error));
            }
            is_in_time
        });
        display.show_connecting(tally.connected, plan.connections);
    }
    Ok(sockets)
}

fn begin(address: &Address, poll: &Poll, token: Token) -> io::Result<Socket> {
    let mut stream = match address {
        Address::Tcp(address) => Stream::Tcp(TcpStream::connect(*address)?),
        #[cfg(unix)]
        Address::Unix(path) => Stream::Unix(omnipoll::net::UnixStream::connect(path)?),
        Address::Udp(address) => {
            let mut socket = UdpSocket::bind(any_port(*address))?;
            socket.connect(*address)?;
            poll.registry().register(&mut socket, token, BOTH)?;
            return Ok(Socket::Datagrams(socket));
        }
    };
    stream.send_at_once()?;
    poll.registry().register(&mut stream, token, BOTH)?;
    Ok(Socket::Stream(stream))
}

/// Any port of the family that `peer` is of.
fn any_port(peer: SocketAddr) -> SocketAddr {
    match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

impl Socket {
    /// Whether the connection stands; an error if it never will.
    fn is_connected(&self) -> io::Result<bool> {
        match self {
            Socket::Stream(stream) => stream.is_connected(),
            Socket::Datagrams(_) => Ok(true),
        }
    }
}
