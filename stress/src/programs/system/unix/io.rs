use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use omnipoll::event::Source;
use omnipoll::net::{TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::{Receiver, Sender};
use rustix::net::sockopt::set_socket_linger;
use rustix::net::{SendFlags, send};

use crate::programs::end::{End, is_stream};
use crate::programs::operation::{Kind, Way};

/// What can be registered.
#[derive(Debug)]
pub(crate) enum Io {
    Unix(UnixStream),
    Tcp(TcpStream),
    Receiver(Receiver),
    Sender(Sender),
    Datagram(UnixDatagram),
    Udp(UdpSocket),
    Listener(UnixListener),
    Raw(OwnedFd),
}

impl Io {
    /// Takes over a descriptor of that kind, which does not block.
    pub(crate) fn new(kind: Kind, way: Way, fd: OwnedFd) -> Io {
        match (way, kind) {
            (Way::Raw, _) | (_, Kind::Eventfd) => Io::Raw(fd),
            (Way::Typed, Kind::Unix) => Io::Unix(fd.into()),
            (Way::Typed, Kind::Tcp) => Io::Tcp(fd.into()),
            (Way::Typed, Kind::PipeReader) => Io::Receiver(fd.into()),
            (Way::Typed, Kind::PipeWriter) => Io::Sender(fd.into()),
            (Way::Typed, Kind::Datagram) => Io::Datagram(fd.into()),
            (Way::Typed, Kind::Udp) => Io::Udp(fd.into()),
            (Way::Typed, Kind::Listener) => Io::Listener(fd.into()),
        }
    }

    /// Whether the library sees nothing of its I/O, nor of its end.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self, Io::Raw(_))
    }

    pub(crate) fn read(&self, kind: Kind, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Io::Unix(io) => (&*io).read(buffer),
            Io::Tcp(io) => (&*io).read(buffer),
            Io::Receiver(io) => (&*io).read(buffer),
            Io::Datagram(io) => io.recv(buffer),
            Io::Udp(io) => io.recv(buffer),
            Io::Listener(io) => io.accept().map(|_| 1),
            Io::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Raw(fd) => read_raw(kind, fd, buffer),
        }
    }

    /// Reads by `try_io`, which does not tell the direction.
    pub(crate) fn try_read(&self, kind: Kind, buffer: &mut [u8]) -> io::Result<usize> {
        let f = || read_raw(kind, self, buffer);
        match self {
            Io::Unix(io) => io.try_io(f),
            Io::Tcp(io) => io.try_io(f),
            Io::Receiver(io) => io.try_io(f),
            Io::Datagram(io) => io.try_io(f),
            Io::Udp(io) => io.try_io(f),
            // It has none.
            Io::Listener(io) => io.accept().map(|_| 1),
            Io::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Raw(fd) => read_raw(kind, fd, buffer),
        }
    }

    pub(crate) fn write(&self, kind: Kind, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Io::Unix(io) => (&*io).write(bytes),
            Io::Tcp(io) => (&*io).write(bytes),
            Io::Sender(io) => (&*io).write(bytes),
            Io::Datagram(io) => io.send(bytes),
            Io::Udp(io) => io.send(bytes),
            Io::Receiver(_) | Io::Listener(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Raw(fd) => write_raw(kind, fd, bytes),
        }
    }

    /// Shuts it down; false if it cannot be.
    pub(crate) fn shutdown(&self, kind: Kind, how: Shutdown) -> bool {
        // Whether the peer is still there decides on success, and does not matter.
        match self {
            Io::Unix(io) => io.shutdown(how).is_ok(),
            Io::Tcp(io) => io.shutdown(how).is_ok(),
            Io::Datagram(io) => io.shutdown(how).is_ok(),
            Io::Raw(fd) if is_stream(kind) => shut_down(fd, how),
            _ => false,
        }
    }

    /// Runs `act` on the source that is registered for it.
    pub(crate) fn with_source<R>(&mut self, act: impl FnOnce(&mut dyn Source) -> R) -> R {
        match self {
            Io::Unix(io) => act(io),
            Io::Tcp(io) => act(io),
            Io::Receiver(io) => act(io),
            Io::Sender(io) => act(io),
            Io::Datagram(io) => act(io),
            Io::Udp(io) => act(io),
            Io::Listener(io) => act(io),
            Io::Raw(fd) => act(&mut SourceFd(&fd.as_raw_fd())),
        }
    }
}

impl AsFd for Io {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Io::Unix(io) => io.as_fd(),
            Io::Tcp(io) => io.as_fd(),
            Io::Receiver(io) => io.as_fd(),
            Io::Sender(io) => io.as_fd(),
            Io::Datagram(io) => io.as_fd(),
            Io::Udp(io) => io.as_fd(),
            Io::Listener(io) => io.as_fd(),
            Io::Raw(fd) => fd.as_fd(),
        }
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

impl AsRawFd for End {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

pub(crate) fn read_raw(kind: Kind, fd: &impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    if kind == Kind::Listener {
        return Ok(rustix::net::accept(fd).map(|_| 1)?);
    }
    Ok(rustix::io::read(fd, buffer)?)
}

pub(crate) fn write_raw(kind: Kind, fd: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    if kind == Kind::Eventfd {
        return Ok(rustix::io::write(fd, &1_u64.to_ne_bytes())?);
    }
    Ok(rustix::io::write(fd, bytes)?)
}

/// Writes a byte of urgent data to a TCP connection; false if it fails.
pub(crate) fn write_urgent(fd: &impl AsFd) -> bool {
    send(fd, b"!", SendFlags::OOB).is_ok()
}

pub(crate) fn shut_down(fd: &impl AsFd, how: Shutdown) -> bool {
    let how = match how {
        Shutdown::Read => rustix::net::Shutdown::Read,
        Shutdown::Write => rustix::net::Shutdown::Write,
        Shutdown::Both => rustix::net::Shutdown::Both,
    };
    rustix::net::shutdown(fd, how).is_ok()
}

/// Has closing it send a reset, which leaves no port behind that is not free for a minute.
pub(crate) fn reset_on_close(kind: Kind, fd: &impl AsFd) {
    if kind == Kind::Tcp {
        // At worst a port is busy for longer.
        let _ = set_socket_linger(fd, Some(Duration::ZERO));
    }
}
