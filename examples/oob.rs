//! Urgent data of TCP beside normal data: it is told of while all before it is unread.
//!
//! In one terminal, and then in another:
//!
//! ```sh
//! cargo run --example oob -- listen 127.0.0.1:7777
//! cargo run --example oob -- send 127.0.0.1:7777
//! ```
//!
//! Type lines into the second. The letter after the first `!` of a line is sent out of band: of
//! `one!xtwo`, the `x`. This is how telnet sends an interrupt to a program that has stopped reading.
//!
//! - The urgent byte is an event of its own, by [`Interest::PRIORITY`], and is taken by a call
//!   of its own, `recv_out_of_band`. It is no part of the normal data.
//! - There is one at a time: the next one takes the place of one that was not taken.
//! - The stream has a *mark* where the byte was sent. A read ends there, although more may
//!   have come, so "short" does not mean "drained" here. `is_at_mark` tells where it is.
//! - A read that begins at the mark goes on behind it, and the byte is lost if nobody has taken
//!   it. So look before you read: it may have come since the last event.
//! - After `set_out_of_band_inline(true)`, which is `SO_OOBINLINE`, the byte stays in its place
//!   among the others, and none is lost. The event comes all the same, and the mark is there.

use std::io::{self, BufRead, Read, Write};
use std::{env, net, process};

use omnipoll::net::TcpStream;
use omnipoll::{Events, Interest, Poll, Token};

fn main() {
    let mut arguments = env::args().skip(1);
    let command = arguments.next();
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let result = match command.as_deref() {
        Some("listen") => listen(&address),
        Some("send") => send(&address),
        _ => Err(io::Error::other("which side? oob listen ADDRESS, or oob send ADDRESS")),
    };
    if let Err(error) = result {
        eprintln!("oob: {error}");
        process::exit(1);
    }
}

/// Shows what one client sends.
fn listen(address: &str) -> io::Result<()> {
    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    let listener = net::TcpListener::bind(address)?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());
    // There is nothing else to wait for yet, so this may block.
    let (stream, _address) = listener.accept()?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    poll.registry().register(&mut stream, Token(0), Interest::READABLE | Interest::PRIORITY)?;

    let mut events = Events::with_capacity(8);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            // First, for that is what urgent means.
            if event.is_priority() {
                show_urgent(&stream);
            }
            if !show_normal(&mut stream)? {
                return Ok(());
            }
        }
    }
}

fn show_urgent(stream: &TcpStream) {
    let mut urgent = [0];
    // It fails if there is none: events may be spurious.
    if stream.recv_out_of_band(&mut urgent).is_ok() {
        println!("urgent: {:?}", char::from(urgent[0]));
    }
}

/// Shows the normal data that has come; false at its end.
fn show_normal(stream: &mut TcpStream) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    loop {
        let length = match stream.peek(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        };
        // Windows tells only whether urgent data waits, not where it was.
        if cfg!(unix) && stream.is_at_mark()? {
            show_urgent(stream);
            println!("(the mark)");
        }
        stream.read_exact(&mut buffer[..length])?;
        println!("normal: {:?}", String::from_utf8_lossy(&buffer[..length]));
    }
}

/// Sends what is typed. It waits for one thing at a time, and so needs no poll.
fn send(address: &str) -> io::Result<()> {
    let stream = net::TcpStream::connect(address)?;
    // Else a short line waits until the one before it has arrived.
    stream.set_nodelay(true)?;
    let mut stream = TcpStream::from_std(stream);
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (before, after) = line.split_once('!').unwrap_or((&line, ""));
        stream.write_all(before.as_bytes())?;
        let (urgent, after) = after.as_bytes().split_at(after.len().min(1));
        if !urgent.is_empty() {
            stream.send_out_of_band(urgent)?;
        }
        stream.write_all(after)?;
        stream.write_all(b"\n")?;
    }
    Ok(())
}
