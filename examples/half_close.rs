//! Sorts lines over TCP: it answers when the client has ended its half of the connection.
//!
//! ```sh
//! cargo run --example half_close -- 127.0.0.1:7777
//! printf 'pear\napple\nfig\n' | nc -N 127.0.0.1 7777
//! ```
//!
//! (`nc -N` ends its half at the end of the input, as a program does by
//! `stream.shutdown(Shutdown::Write)`; other versions of it take `-q 0`.)
//!
//! A connection is two streams, one each way, and each has an end of its own. A read of no
//! bytes is the end of what comes in, no more: the other side may be waiting for an answer,
//! as here, where the last line may be the first of the answer. What to know:
//!
//! - `is_read_closed` of an event is a hint, and what was sent before is still to be read. The
//!   read of no bytes is the sure sign.
//! - An end stays readable for ever. Under level, go on to ask for it and the loop spins.
//! - To close with bytes unread resets the connection, and the answer may be lost on its way.
//! - The answer is as long as the question, and finds room bit by bit.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::{env, mem, process};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};
use omnipoll::{Events, Interest, Poll, Registry, Token};

const LISTENER: Token = Token(0);

/// In bytes: who sends more is sent away.
const QUESTION_MAX: usize = 16 * 1024 * 1024;

fn main() {
    if let Err(error) = serve() {
        eprintln!("half_close: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE.level())?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());

    let (mut clients, mut last_token) = (HashMap::new(), LISTENER);
    let (mut spare, mut events) = (SpareDescriptor::new()?, Events::with_capacity(64));
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                // Else it was gone before its turn, or no descriptor was left for it.
                if let Ok(Some((mut stream, _address))) = spare.accept(|| listener.accept()) {
                    last_token.0 += 1;
                    poll.registry().register(&mut stream, last_token, Interest::READABLE)?;
                    clients.insert(
                        last_token,
                        Client { stream, text: Vec::new(), sent: 0, asked: false },
                    );
                }
                continue;
            }
            let Some(client) = clients.get_mut(&event.token()) else { continue };
            match client.go_on(poll.registry(), event.token()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Answered, or failed.
                Ok(()) | Err(_) => drop(clients.remove(&event.token())),
            }
        }
    }
}

struct Client {
    stream: TcpStream,
    /// The question, and then the answer, of which so much is sent.
    text: Vec<u8>,
    sent: usize,
    /// The client's half of the connection has ended.
    asked: bool,
}

impl Client {
    /// Reads the question, then writes the answer; it fails with `WouldBlock` until that is done.
    fn go_on(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while !self.asked {
            match self.stream.read(&mut buffer)? {
                0 => {
                    self.asked = true;
                    self.text = sorted(mem::take(&mut self.text));
                    // From now on, only room to write is of interest.
                    registry.reregister(&mut self.stream, token, Interest::WRITABLE)?;
                }
                _ if self.text.len() > QUESTION_MAX => {
                    return Err(io::ErrorKind::OutOfMemory.into());
                }
                length => self.text.extend_from_slice(&buffer[..length]),
            }
        }
        while self.sent < self.text.len() {
            self.sent += self.stream.write(&self.text[self.sent..])?;
        }
        Ok(())
    }
}

fn sorted(mut text: Vec<u8>) -> Vec<u8> {
    if text.last().is_some_and(|&last| last != b'\n') {
        text.push(b'\n');
    }
    let mut lines: Vec<_> = text.split_inclusive(|&byte| byte == b'\n').collect();
    lines.sort_unstable();
    lines.concat()
}
