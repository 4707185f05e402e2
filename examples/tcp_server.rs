//! A TCP server that echoes what it is sent, to any number of clients, in one thread.
//!
//! ```sh
//! cargo run --example tcp_server -- 127.0.0.1:7777
//! OMNIPOLL_BACKEND=select cargo run --example tcp_server -- 127.0.0.1:7777
//! ```
//!
//! Talk to it with `nc 127.0.0.1 7777`. The module `guide` explains it step by step.
//!
//! The trigger is edge, the default: an event tells that something has *become* ready, and
//! the next one is owed only after the program has tried until the call would block. Who
//! stops earlier may wait for ever, or registers it again, as is done here when a client has
//! had its turn: the loop would never end for one who sends without end.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::{env, process};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};
use omnipoll::{Events, Interest, Poll, Registry, Token};

const LISTENER: Token = Token(0);
/// Both directions once and for all: with edges, an idle one costs nothing.
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn main() {
    if let Err(error) = serve() {
        eprintln!("tcp_server: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());

    let mut clients = Clients {
        listener,
        spare: SpareDescriptor::new()?,
        connected: HashMap::new(),
        last_token: LISTENER,
    };
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => clients.accept_all(poll.registry())?,
                token => clients.echo(token, poll.registry())?,
            }
        }
    }
}

struct Clients {
    listener: TcpListener,
    /// To turn clients away with, when there is no descriptor for them.
    spare: SpareDescriptor,
    connected: HashMap<Token, Client>,
    last_token: Token,
}

impl Clients {
    fn accept_all(&mut self, registry: &Registry) -> io::Result<()> {
        loop {
            let mut stream = match self.spare.accept(|| self.listener.accept()) {
                Ok(Some((stream, _address))) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // There was no descriptor for it; or it was gone before its turn.
                Ok(None) => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            self.last_token.0 += 1;
            registry.register(&mut stream, self.last_token, BOTH)?;
            self.connected.insert(self.last_token, Client { stream, waiting: Vec::new() });
        }
    }

    fn echo(&mut self, token: Token, registry: &Registry) -> io::Result<()> {
        let Some(client) = self.connected.get_mut(&token) else { return Ok(()) };
        match client.echo() {
            // Registered again, what it has left is told of behind the others.
            Ok(()) => registry.reregister(&mut client.stream, token, BOTH)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // What fails here is this client's connection, not the server. Dropping closes it.
            Err(_) => drop(self.connected.remove(&token)),
        }
        Ok(())
    }
}

struct Client {
    stream: TcpStream,
    /// Received, and not sent back yet.
    waiting: Vec<u8>,
}

impl Client {
    /// Has its turn, of 16 reads; `WouldBlock` if there is no more to do without waiting.
    fn echo(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        for _ in 0..16 {
            // Who does not take the answers is not read from, and so is made to wait.
            while !self.waiting.is_empty() {
                let length = self.stream.write(&self.waiting)?;
                self.waiting.drain(..length);
            }
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => self.waiting.extend_from_slice(&buffer[..length]),
            }
        }
        Ok(())
    }
}
