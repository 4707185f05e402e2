use std::io;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use omnipoll::net::{UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::pipe;
use rustix::event::{EventfdFlags, eventfd};

use crate::programs::loopback::{tcp_pair, udp_pair};
use crate::programs::operation::Kind;
use crate::programs::peer::Side;

/// Where a listener is, and who connects to it.
pub(crate) type Address = SocketAddr;
pub(crate) type Client = UnixStream;

/// Two sides that are connected, of which the first is for an end.
pub(crate) fn pair(kind: Kind) -> io::Result<(OwnedFd, Side)> {
    let (ours, theirs): (OwnedFd, OwnedFd) = match kind {
        Kind::Unix => {
            let (ours, theirs) = UnixStream::pair()?;
            (ours.into(), theirs.into())
        }
        Kind::Tcp => {
            let (ours, theirs) = tcp_pair()?;
            (ours.into(), theirs.into())
        }
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
        Kind::Udp => {
            let (ours, theirs) = udp_pair()?;
            (ours.into(), theirs.into())
        }
        Kind::Listener => return listen(),
        Kind::Eventfd => {
            let ours = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            let theirs = ours.try_clone()?;
            (ours, theirs)
        }
    };
    Ok((ours, Side::Open(theirs)))
}

/// Connects to a listener.
pub(crate) fn call(address: &Address) -> io::Result<Client> {
    UnixStream::connect_addr(address)
}

fn listen() -> io::Result<(OwnedFd, Side)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("omnipoll-stress-{}-{number}", std::process::id());
    let address = SocketAddr::from_abstract_name(name)?;
    let listener = UnixListener::bind_addr(&address)?;
    Ok((listener.into(), Side::Clients(address, Vec::new())))
}
