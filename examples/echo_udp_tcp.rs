//! An echo server for UDP and TCP on one port, in one loop.
//!
//! ```sh
//! cargo run --example echo_udp_tcp -- 127.0.0.1:7777
//! ```
//!
//! Talk to it with `nc 127.0.0.1 7777`, and with `nc -u 127.0.0.1 7777`.
//!
//! A loop does not care what its sources are: each has a token, which says what to do. So
//! that no source is kept waiting by a busy one, each event gets a bounded amount of work,
//! some datagrams or one read, and what is left comes with the next round. That takes the
//! *level* trigger, by which every wait tells what is still ready. Its trap: a socket is
//! nearly always writable, and who asks for that with nothing to write never sleeps.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::{env, process};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream, UdpSocket};
use omnipoll::{Events, Interest, Poll, Registry, Token};

const LISTENER: Token = Token(0);
const DATAGRAMS: Token = Token(1);
const READ: Interest = Interest::READABLE.level();
const WRITE: Interest = Interest::WRITABLE.level();

fn main() {
    if let Err(error) = serve() {
        eprintln!("echo_udp_tcp: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let (mut listener, mut datagrams) = bind(address.parse().map_err(io::Error::other)?)?;
    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    poll.registry().register(&mut listener, LISTENER, READ)?;
    poll.registry().register(&mut datagrams, DATAGRAMS, READ)?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());

    let (mut clients, mut last_token) = (HashMap::new(), DATAGRAMS);
    let (mut spare, mut events) = (SpareDescriptor::new()?, Events::with_capacity(64));
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                DATAGRAMS => echo_datagrams(&datagrams),
                LISTENER => {
                    // Else it was gone before its turn, or no descriptor was left for it.
                    if let Ok(Some((mut stream, _address))) = spare.accept(|| listener.accept()) {
                        last_token.0 += 1;
                        poll.registry().register(&mut stream, last_token, READ)?;
                        clients.insert(last_token, Client { stream, waiting: Vec::new() });
                    }
                }
                token => {
                    let Some(client) = clients.get_mut(&token) else { continue };
                    match client.echo(poll.registry(), token) {
                        Ok(true) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        // What failed is this client, not the server.
                        Ok(false) | Err(_) => drop(clients.remove(&token)),
                    }
                }
            }
        }
    }
}

/// Each protocol counts its ports by itself.
fn bind(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    loop {
        let listener = TcpListener::bind(address)?;
        match UdpSocket::bind(listener.local_addr()?) {
            // Port 0 stands for any, and UDP has in use what TCP was given.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 => {}
            socket => return Ok((listener, socket?)),
        }
    }
}

fn echo_datagrams(socket: &UdpSocket) {
    // Room for the longest: what does not fit is lost. No bytes are a datagram too, not an end.
    let mut buffer = [0; 65_535];
    for _ in 0..16 {
        // None is left; or one that was sent before did not arrive, as Windows tells here.
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else { return };
        // If there is no room to send it, it is dropped, as the network may do as well.
        let _ = socket.send_to(&buffer[..length], peer);
    }
}

struct Client {
    stream: TcpStream,
    waiting: Vec<u8>,
}

impl Client {
    /// Reads once or, while an answer is waiting, writes once; false at the end of what the client sends.
    fn echo(&mut self, registry: &Registry, token: Token) -> io::Result<bool> {
        if self.waiting.is_empty() {
            let mut buffer = [0; 16 * 1024];
            let length = self.stream.read(&mut buffer)?;
            self.waiting.extend_from_slice(&buffer[..length]);
            registry.reregister(&mut self.stream, token, WRITE)?;
            return Ok(length > 0);
        }
        let length = self.stream.write(&self.waiting)?;
        self.waiting.drain(..length);
        // Not before all is sent, so that memory has an end.
        if self.waiting.is_empty() {
            registry.reregister(&mut self.stream, token, READ)?;
        }
        Ok(true)
    }
}
