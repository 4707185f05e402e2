//! A chat room: each line that a client sends goes to all the others.
//!
//! Run it as `cargo run --example chat_room -- 127.0.0.1:7777`, and enter it from several
//! terminals, with `nc 127.0.0.1 7777` or `telnet 127.0.0.1 7777`.
//!
//! What one guest says is written to the others, who may not be ready. No write may keep the
//! room waiting, so what does not fit is queued, and sent when an event tells of room. And
//! the queue has an end: a guest who does not read is shown out, before memory is full.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::{env, process};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};
use omnipoll::{Events, Interest, Poll, Registry, Token};

const LISTENER: Token = Token(0);
/// In bytes: a line that does not end, and what a guest may leave unread.
const LENGTH_MAX: usize = 256 * 1024;

fn main() {
    if let Err(error) = serve() {
        eprintln!("chat_room: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE.level())?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());

    let mut room = Room { guests: HashMap::new(), last_token: LISTENER };
    let (mut spare, mut events) = (SpareDescriptor::new()?, Events::with_capacity(64));
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() != LISTENER {
                room.attend(event.token(), poll.registry());
            // By level, the next one is told of again. Who left, or finds no descriptor, stays out.
            } else if let Ok(Some((stream, _address))) = spare.accept(|| listener.accept()) {
                room.enter(stream, poll.registry())?;
            }
        }
    }
}

struct Room {
    guests: HashMap<Token, Guest>,
    last_token: Token,
}

impl Room {
    fn enter(&mut self, mut stream: TcpStream, registry: &Registry) -> io::Result<()> {
        self.last_token.0 += 1;
        registry.register(&mut stream, self.last_token, Interest::READABLE | Interest::WRITABLE)?;
        self.tell_others(self.last_token, b"(came in)");
        self.guests.insert(self.last_token, Guest { stream, line: Vec::new(), queue: Vec::new() });
        Ok(())
    }

    /// Sends what is queued for a guest, and passes on what one read brings.
    fn attend(&mut self, token: Token, registry: &Registry) {
        // Not there if it was shown out earlier in this round.
        let Some(guest) = self.guests.get_mut(&token) else { return };
        match guest.tell(b"").and_then(|()| guest.hear(token, registry)) {
            Ok(lines) => lines.iter().for_each(|line| self.tell_others(token, line)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => {
                self.guests.remove(&token);
                self.tell_others(token, b"(left)");
            }
        }
    }

    fn tell_others(&mut self, speaker: Token, line: &[u8]) {
        let text = [format!("guest {}: ", speaker.0).as_bytes(), line, b"\n"].concat();
        self.guests.retain(|&token, guest| token == speaker || guest.tell(&text).is_ok());
    }
}

struct Guest {
    stream: TcpStream,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
    /// What found no room in the connection.
    queue: Vec<u8>,
}

impl Guest {
    /// The lines that one read completes.
    fn hear(&mut self, token: Token, registry: &Registry) -> io::Result<Vec<Vec<u8>>> {
        let mut buffer = [0; 4096];
        let length = self.stream.read(&mut buffer)?;
        if length == 0 || self.line.len() > LENGTH_MAX {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // There may be more. Registered again, it is told behind the others: nobody holds them up.
        registry.reregister(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.line.extend_from_slice(&buffer[..length]);
        let mut lines: Vec<_> = self.line.split(|&byte| byte == b'\n').map(Vec::from).collect();
        self.line = lines.pop().unwrap_or_default();
        Ok(lines)
    }

    fn tell(&mut self, text: &[u8]) -> io::Result<()> {
        self.queue.extend_from_slice(text);
        while !self.queue.is_empty() {
            match self.stream.write(&self.queue) {
                Ok(length) => drop(self.queue.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if self.queue.len() > LENGTH_MAX { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}
