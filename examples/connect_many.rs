//! Connects to many addresses at once, and gives up on all of them at one point in time.
//!
//! ```sh
//! cargo run --example connect_many -- 2.5 127.0.0.1:22 127.0.0.1:80 example.org:443
//! ```
//!
//! The first argument is how many seconds it may take.
//!
//! A connect that blocks takes as long as the other side pleases, often minutes, and the next
//! one begins after it. Here all are begun, and events tell how they end. What to know:
//!
//! - A connect that has ended makes its socket *writable*, for good or bad: `take_error` says
//!   which. An event may come too early, and then nobody is connected.
//! - A deadline is a point in time. A timeout that begins anew after each event does not end
//!   while there are events.
//! - To look up a name blocks, whatever the loop does, so it is done before.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};
use std::{env, process};

use omnipoll::net::TcpStream;
use omnipoll::{Events, Interest, Poll, Token};

/// Each attempt takes a descriptor, of which a process may have some hundred.
const AT_ONCE: usize = 200;

fn main() {
    if let Err(error) = connect_many() {
        eprintln!("connect_many: {error}");
        process::exit(1);
    }
}

fn connect_many() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok());
    let Some(Ok(time)) = seconds.map(Duration::try_from_secs_f64) else {
        return Err(io::Error::other("for how long? connect_many SECONDS ADDRESS..."));
    };
    let mut addresses = Vec::new();
    for name in arguments {
        match name.to_socket_addrs() {
            Ok(found) => addresses.extend(found),
            Err(error) => println!("{name}: {error}"),
        }
    }

    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    println!("connecting to {} addresses by {}", addresses.len(), poll.backend());
    let mut events = Events::with_capacity(64);
    let mut attempts = HashMap::new();
    let mut addresses = addresses.into_iter().enumerate();
    let start = Instant::now();
    while start.elapsed() < time {
        while attempts.len() < AT_ONCE {
            let Some((number, address)) = addresses.next() else { break };
            match begin(&poll, Token(number), address) {
                Ok(stream) => drop(attempts.insert(Token(number), (stream, address))),
                // Some errors are known at once.
                Err(error) => println!("{address}: {error}"),
            }
        }
        if attempts.is_empty() && addresses.len() == 0 {
            return Ok(());
        }
        poll.poll_until(&mut events, start + time)?;
        for event in &events {
            let Some((stream, address)) = attempts.get(&event.token()) else { continue };
            match outcome(stream) {
                None => continue,
                Some(Ok(())) => println!("{address}: connected after {:.1?}", start.elapsed()),
                Some(Err(error)) => println!("{address}: {error}"),
            }
            // Here a program that wants the connection would keep it. Dropping it closes it.
            attempts.remove(&event.token());
        }
    }
    for (_stream, address) in attempts.values() {
        println!("{address}: no answer within {time:?}");
    }
    addresses.for_each(|(_number, address)| println!("{address}: not tried within {time:?}"));
    Ok(())
}

fn begin(poll: &Poll, token: Token, address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    // By level, for an event that comes too early must not be the last.
    poll.registry().register(&mut stream, token, Interest::WRITABLE.level())?;
    Ok(stream)
}

/// How an attempt has ended; None if it has not.
fn outcome(stream: &TcpStream) -> Option<io::Result<()>> {
    match (stream.take_error(), stream.peer_addr()) {
        (Ok(Some(error)) | Err(error), _) => Some(Err(error)),
        (Ok(None), Err(error)) if error.kind() == io::ErrorKind::NotConnected => None,
        (Ok(None), peer) => Some(peer.map(drop)),
    }
}
