use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use omnipoll::net::{UdpSocket, UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::pipe;
use rustix::event::{EventfdFlags, eventfd};
use rustix::net::{SendFlags, send};

use super::end::{Attempt, is_stream, read_raw, repeat, reset_on_close, shut_down, write_raw};
use super::operation::{Amount, Kind};

/// How many clients of a listener are kept.
const CLIENTS: usize = 8;

/// The other side of an end: it is never registered.
#[derive(Debug)]
pub(super) struct Peer {
    kind: Kind,
    side: Side,
}

#[derive(Debug)]
enum Side {
    Open(OwnedFd),
    Clients(SocketAddr, Vec<UnixStream>),
    Closed,
}

/// Two sides that are connected, of which the first is for an end.
pub(super) fn connect(kind: Kind) -> io::Result<(OwnedFd, Peer)> {
    let (ours, side): (OwnedFd, OwnedFd) = match kind {
        Kind::Unix => {
            let (ours, theirs) = UnixStream::pair()?;
            (ours.into(), theirs.into())
        }
        Kind::Tcp => connect_tcp()?,
        Kind::PipeReader => {
            let (sender, receiver) = pipe::new()?;
            (receiver.into(), sender.into())
        }
        Kind::PipeWriter => {
            let (sender, receiver) = pipe::new()?;
            (sender.into(), receiver.into())
        }
        Kind::Datagram => {
            let (ours, theirs) = UnixDatagram::pair()?;
            (ours.into(), theirs.into())
        }
        Kind::Udp => connect_udp()?,
        Kind::Listener => return listen(),
        Kind::Eventfd => {
            let ours = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            let theirs = ours.try_clone()?;
            (ours, theirs)
        }
    };
    Ok((ours, Peer { kind, side: Side::Open(side) }))
}

fn connect_tcp() -> io::Result<(OwnedFd, OwnedFd)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let ours = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (theirs, _) = listener.accept()?;
    for stream in [&ours, &theirs] {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
    }
    Ok((ours.into(), theirs.into()))
}

fn connect_udp() -> io::Result<(OwnedFd, OwnedFd)> {
    let localhost = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    let (ours, theirs) = (UdpSocket::bind(localhost)?, UdpSocket::bind(localhost)?);
    ours.connect(theirs.local_addr()?)?;
    theirs.connect(ours.local_addr()?)?;
    Ok((ours.into(), theirs.into()))
}

fn listen() -> io::Result<(OwnedFd, Peer)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("omnipoll-stress-{}-{number}", std::process::id());
    let address = SocketAddr::from_abstract_name(name)?;
    let listener = UnixListener::bind_addr(&address)?;
    let side = Side::Clients(address, Vec::new());
    Ok((listener.into(), Peer { kind: Kind::Listener, side }))
}

impl Peer {
    pub(super) fn read(&mut self, amount: Amount) -> Attempt {
        match &self.side {
            Side::Open(fd) if self.kind != Kind::PipeReader => {
                let mut buffer = vec![0; 64 * 1024];
                repeat(self.kind, amount, |bytes| {
                    read_raw(self.kind, fd.as_fd(), &mut buffer[..bytes.max(8)])
                })
            }
            _ => Attempt::default(),
        }
    }

    pub(super) fn write(&mut self, amount: Amount) -> Attempt {
        match &mut self.side {
            Side::Open(fd) if self.kind != Kind::PipeWriter => {
                repeat(self.kind, amount, |bytes| write_raw(self.kind, fd.as_fd(), &vec![9; bytes]))
            }
            Side::Clients(address, clients) => {
                let amount = if amount == Amount::All { Amount::OneCall } else { amount };
                repeat(self.kind, amount, |_| {
                    let client = UnixStream::connect_addr(address)?;
                    if clients.len() == CLIENTS {
                        clients.remove(0);
                    }
                    clients.push(client);
                    Ok(1)
                })
            }
            _ => Attempt::default(),
        }
    }

    /// Writes a byte of urgent data; false if there is no such thing.
    pub(super) fn write_urgent(&self) -> bool {
        match &self.side {
            Side::Open(fd) if self.kind == Kind::Tcp => send(fd, b"!", SendFlags::OOB).is_ok(),
            _ => false,
        }
    }

    /// Shuts it down; false if it cannot be.
    pub(super) fn shutdown(&self, how: Shutdown) -> bool {
        match &self.side {
            Side::Open(fd) if is_stream(self.kind) => shut_down(fd.as_fd(), how),
            _ => false,
        }
    }

    /// Closes it, by a reset if `is_hard`; false if it is closed.
    pub(super) fn close(&mut self, is_hard: bool) -> bool {
        if is_hard {
            self.reset_on_close();
        }
        !matches!(std::mem::replace(&mut self.side, Side::Closed), Side::Closed)
    }

    pub(super) fn reset_on_close(&self) {
        if let Side::Open(fd) = &self.side {
            reset_on_close(self.kind, fd.as_fd());
        }
    }
}
