//! What every echo server of the benchmark does alike.
//!
//! A server is a process of its own, so that no two share a heap, pinned to one
//! processor. It writes its port to its standard output, then answers each line on its
//! standard input with the processor's time that it has used so far, in nanoseconds, and
//! ends when the input does.

mod on_tokio;

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process;
use std::thread;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

pub use on_tokio::OnTokio;

/// Room for what is read at once: more than any message, so that a read that takes one is
/// a short read.
pub const BUFFER: usize = 8_192;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 4_096;

/// An echo server on one thread.
pub trait EchoServer {
    /// Sends back whatever the connections to `listener`, which does not block, send.
    ///
    /// # Errors
    /// Those that end the server; those of a connection end that connection.
    fn serve(self, listener: TcpListener) -> io::Result<()>;
}

/// Runs `server` as a child of the benchmark; it returns only where the server fails.
///
/// # Errors
/// Those of the system and those of the server.
pub fn run(server: impl EchoServer) -> io::Result<()> {
    pin(Side::Server)?;
    let listener = listener()?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(answer);
    server.serve(listener)
}

/// Who runs where, so that neither takes the other's time.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    /// On the first processor.
    Server,
    /// On the second.
    Client,
}

/// Keeps this thread, and those that it starts, on one processor; with one alone there is
/// nothing to choose.
///
/// # Errors
/// Those of the system.
pub fn pin(side: Side) -> io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let mut processors = (0..CpuSet::MAX_CPU).filter(|&index| allowed.is_set(index));
    let (Some(first), Some(second)) = (processors.next(), processors.next()) else {
        return Ok(());
    };
    let mut chosen = CpuSet::new();
    chosen.set(match side {
        Side::Server => first,
        Side::Client => second,
    });
    Ok(sched_setaffinity(None, &chosen)?)
}

/// Opens a listener on loopback that does not block.
///
/// # Errors
/// Those of the system.
pub fn listener() -> io::Result<TcpListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket: OwnedFd = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

/// Tells the time that was used, as often as it is asked.
fn answer() {
    let mut lines = io::stdin().lock().lines();
    while let Some(Ok(_)) = lines.next() {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        println!("{}", time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64);
        if io::stdout().flush().is_err() {
            break;
        }
    }
    process::exit(0);
}
