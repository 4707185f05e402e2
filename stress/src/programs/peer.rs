use std::io;
use std::mem;
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
    /// In how many pieces what was written to it and not read may lie there, at the most.
    unread: u32,
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
    Ok((ours, Peer { kind, side: Side::Open(side), unread: 0 }))
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
    Ok((listener.into(), Peer { kind: Kind::Listener, side, unread: 0 }))
}

impl Peer {
    pub(super) fn read(&mut self, amount: Amount) -> Attempt {
        if amount == Amount::All {
            self.unread = 0;
        }
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

    /// Notes that something was written to it in so many pieces.
    pub(super) fn receive(&mut self, pieces: u32) {
        self.unread += pieces;
    }

    /// Closes it, by a reset if `is_hard`.
    pub(super) fn close(&mut self, is_hard: bool) -> Attempt {
        if is_hard {
            self.reset_on_close();
        }
        let was_open = !matches!(mem::replace(&mut self.side, Side::Closed), Side::Closed);
        let mut attempt = Attempt::of(was_open);
        if matches!(self.kind, Kind::Unix | Kind::Datagram) {
            // The kernel frees what was not read piece by piece, and each that it frees makes
            // room for the writer anew.
            attempt.pieces += mem::take(&mut self.unread);
        }
        attempt
    }

    pub(super) fn reset_on_close(&self) {
        if let Side::Open(fd) = &self.side {
            reset_on_close(self.kind, fd.as_fd());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::end::End;
    use super::super::operation::Way;
    use super::*;

    /// Closes a peer of that kind to which an end has written until it would block.
    fn close_full(kind: Kind, is_read: bool) -> (Attempt, Attempt) {
        let (ours, mut peer) = connect(kind).unwrap();
        let written = End::new(kind, Way::Raw, ours).write(Amount::All);
        peer.receive(written.pieces);
        if is_read {
            peer.read(Amount::All);
        }
        (written, peer.close(false))
    }

    #[test]
    fn a_close_frees_each_piece_that_was_not_read() {
        for kind in [Kind::Unix, Kind::Datagram] {
            let (written, closed) = close_full(kind, false);
            assert!(written.pieces > 10, "{kind:?}: {written:?}");
            assert_eq!(closed.pieces, written.pieces + 1, "{kind:?}");
            let (_, closed) = close_full(kind, true);
            assert_eq!(closed.pieces, 1, "{kind:?}");
        }
        let (_, closed) = close_full(Kind::Tcp, false);
        assert_eq!(closed.pieces, 1);
    }
}
