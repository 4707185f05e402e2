//! A TCP server that echoes what it is sent, to any number of clients, in one thread.
//!
//! ```sh
//! cargo run --example tcp_server -- 127.0.0.1:7777
//! cargo run --example tcp_server -- 127.0.0.1:7777 --backend select
//! ```
//!
//! Talk to it with `nc 127.0.0.1 7777`. The module `guide` explains it step by step.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::{env, process};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};
use omnipoll::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(0);

/// A client whose answers pile up to this is not read from until it takes some.
const WAITING_MAX: usize = 256 * 1024;

fn main() {
    if let Err(error) = serve() {
        eprintln!("tcp_server: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let mut address = "127.0.0.1:7777".to_owned();
    let mut builder = Poll::builder();
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--backend" {
            let name = arguments.next().unwrap_or_default();
            builder = builder.backend(name.parse().map_err(io::Error::other)?);
        } else {
            address = argument;
        }
    }
    let mut poll = builder.build()?;
    let mut events = Events::with_capacity(1024);

    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());

    let mut clients = HashMap::new();
    let mut last_token = LISTENER;
    let mut spare = SpareDescriptor::new()?;
    loop {
        match poll.poll(&mut events, None) {
            // A signal came; nothing is lost.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept_all(&poll, &listener, &mut spare, &mut clients, &mut last_token)?;
                continue;
            }
            // Not there if it was removed earlier in this round.
            let Some(client) = clients.get_mut(&event.token()) else { continue };
            // What fails here is this client's connection, not the server.
            if !client.echo().unwrap_or(false) {
                // Dropping it deregisters and closes it.
                clients.remove(&event.token());
            }
        }
    }
}

fn accept_all(
    poll: &Poll,
    listener: &TcpListener,
    spare: &mut SpareDescriptor,
    clients: &mut HashMap<Token, Client>,
    last_token: &mut Token,
) -> io::Result<()> {
    loop {
        let mut stream = match spare.accept(|| listener.accept()) {
            Ok(Some((stream, _address))) => stream,
            // There was no descriptor for it.
            Ok(None) => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            // It was gone before we came to it.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        last_token.0 += 1;
        // Both directions once and for all: with edges, an idle one costs nothing.
        poll.registry().register(
            &mut stream,
            *last_token,
            Interest::READABLE | Interest::WRITABLE,
        )?;
        clients.insert(*last_token, Client { stream, waiting: Vec::new(), ended: false });
    }
}

struct Client {
    stream: TcpStream,
    /// Received, and not sent back yet.
    waiting: Vec<u8>,
    /// It will send no more.
    ended: bool,
}

impl Client {
    /// Does all that can be done without waiting; true while there is more to come.
    fn echo(&mut self) -> io::Result<bool> {
        loop {
            let read = self.read_some()?;
            self.write_all_that_fits()?;
            if self.ended && self.waiting.is_empty() {
                return Ok(false);
            }
            // Stop when the next event is owed: reading, or else writing, would block.
            if !read || self.waiting.len() >= WAITING_MAX {
                return Ok(true);
            }
        }
    }

    /// False if there was nothing to read.
    fn read_some(&mut self) -> io::Result<bool> {
        if self.ended || self.waiting.len() >= WAITING_MAX {
            return Ok(false);
        }
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.ended = true,
            Ok(length) => self.waiting.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn write_all_that_fits(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(length) => drop(self.waiting.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
