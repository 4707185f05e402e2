//! A server with one thread and one poll for each processor, and nothing that they share.
//!
//! ```sh
//! cargo run --example reuseport -- 127.0.0.1:7777
//! cargo run --example reuseport -- 127.0.0.1:7777 4
//! ```
//!
//! The second argument is the number of threads. Talk to it with `nc 127.0.0.1 7777`, several
//! times: it says which thread has the connection, and echoes the rest.
//!
//! Each thread has its own listener on the same port, which `SO_REUSEPORT` allows, and the
//! kernel chooses one of them for each connection. So no thread wakes another, there is no
//! lock, and a connection stays with one processor's cache. What to know:
//!
//! - *All* listeners of the port must ask for it, before they are bound.
//! - Linux and DragonFly spread connections by a hash of the addresses, so it is even where
//!   there are many. FreeBSD calls that `SO_REUSEPORT_LB`. On other systems one listener may
//!   get all of them, and some have nothing like it.
//! - The kernel chooses before anybody accepts. While the thread is busy, no other helps out,
//!   as in the example `worker_pool`; and with a listener that is closed its queue is lost.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::{env, process, thread};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};
use omnipoll::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

const LISTENER: Token = Token(0);

fn main() {
    exit_on_error(serve());
}

fn exit_on_error(result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("reuseport: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let threads = match arguments.next() {
        Some(number) => number.parse().map_err(io::Error::other)?,
        None => thread::available_parallelism()?.get(),
    };
    let first = listen(address.parse().map_err(io::Error::other)?)?;
    // Not the address that was asked for, whose port 0 would stand for another one each time.
    let address = first.local_addr()?;
    for number in 2..=threads {
        let listener = listen(address)?;
        thread::spawn(move || exit_on_error(work(listener, number)));
    }
    println!("listening on {address} in {threads} threads by {}", Poll::new()?.backend());
    work(first, 1)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    share_port(&socket)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(TcpListener::from_std(socket.into()))
}

#[cfg(all(unix, not(any(target_os = "illumos", target_os = "solaris"))))]
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(all(unix, not(any(target_os = "illumos", target_os = "solaris")))))]
fn share_port(_: &Socket) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no SO_REUSEPORT"))
}

/// What each thread does: the loop of a server with one thread, unchanged.
fn work(mut listener: TcpListener, thread: usize) -> io::Result<()> {
    let mut poll = Poll::builder().retry_interrupted(true).build()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE.level())?;
    let (mut clients, mut last_token) = (HashMap::new(), LISTENER);
    let (mut spare, mut events) = (SpareDescriptor::new()?, Events::with_capacity(64));
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                // Else it was gone before its turn, or no descriptor was left for it.
                let Ok(Some((mut stream, _address))) = spare.accept(|| listener.accept()) else {
                    continue;
                };
                last_token.0 += 1;
                poll.registry().register(&mut stream, last_token, Interest::READABLE.level())?;
                if writeln!(stream, "thread {thread}").is_ok() {
                    clients.insert(last_token, stream);
                }
            } else if let Some(stream) = clients.get_mut(&event.token()) {
                if !echo(stream) {
                    clients.remove(&event.token());
                }
            }
        }
    }
}

/// Sends back what one read brings; false if the client is to go.
fn echo(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer) {
        // If there is no room for all of it, it goes: tcp_server shows how to wait for room.
        Ok(length) => length > 0 && stream.write_all(&buffer[..length]).is_ok(),
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}
