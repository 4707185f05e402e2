use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, OwnedSocket, RawSocket};
use std::time::Duration;

use omnipoll::IoSource;
use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream, UdpSocket};
use socket2::{SockRef, Socket};

use crate::programs::end::{End, is_stream};
use crate::programs::operation::{Kind, Way};

/// What can be registered.
#[derive(Debug)]
pub(crate) enum Io {
    Tcp(TcpStream),
    Udp(UdpSocket),
    Listener(TcpListener),
    /// A type that the library does not know. It sees the I/O, though not which way that goes.
    Foreign(IoSource<Socket>),
}

impl Io {
    /// Takes over a socket of that kind, which does not block.
    pub(crate) fn new(kind: Kind, way: Way, socket: OwnedSocket) -> Io {
        match (way, kind) {
            (Way::Raw, _) => Io::Foreign(IoSource::new(socket.into())),
            (Way::Typed, Kind::Udp) => Io::Udp(socket.into()),
            (Way::Typed, Kind::Listener) => Io::Listener(socket.into()),
            (Way::Typed, _) => Io::Tcp(socket.into()),
        }
    }

    /// Whether the library sees nothing of its I/O, nor of its end: it sees all.
    #[expect(clippy::unused_self, reason = "elsewhere there are such")]
    pub(crate) fn is_raw(&self) -> bool {
        false
    }

    pub(crate) fn read(&self, kind: Kind, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(io) => (&*io).read(buffer),
            Io::Udp(io) => io.recv(buffer),
            Io::Listener(io) => io.accept().map(|_| 1),
            Io::Foreign(io) => io.do_io(|socket| read_raw(kind, socket, buffer)),
        }
    }

    /// Reads by `try_io`, which does not tell the direction.
    pub(crate) fn try_read(&self, kind: Kind, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(io) => io.try_io(|| read_raw(kind, io, buffer)),
            Io::Udp(io) => io.try_io(|| read_raw(kind, io, buffer)),
            Io::Listener(_) | Io::Foreign(_) => self.read(kind, buffer),
        }
    }

    pub(crate) fn write(&self, kind: Kind, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(io) => (&*io).write(bytes),
            Io::Udp(io) => io.send(bytes),
            Io::Listener(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Foreign(io) => io.do_io(|socket| write_raw(kind, socket, bytes)),
        }
    }

    /// Shuts it down; false if it cannot be.
    pub(crate) fn shutdown(&self, kind: Kind, how: Shutdown) -> bool {
        // Whether the peer is still there decides on success, and does not matter.
        match self {
            Io::Tcp(io) => io.shutdown(how).is_ok(),
            Io::Foreign(io) if is_stream(kind) => shut_down(&**io, how),
            _ => false,
        }
    }

    /// Runs `act` on the source that is registered for it.
    pub(crate) fn with_source<R>(&mut self, act: impl FnOnce(&mut dyn Source) -> R) -> R {
        match self {
            Io::Tcp(io) => act(io),
            Io::Udp(io) => act(io),
            Io::Listener(io) => act(io),
            Io::Foreign(io) => act(io),
        }
    }
}

impl AsSocket for End {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        match &self.io {
            Io::Tcp(io) => io.as_socket(),
            Io::Udp(io) => io.as_socket(),
            Io::Listener(io) => io.as_socket(),
            Io::Foreign(io) => io.as_socket(),
        }
    }
}

impl AsRawSocket for End {
    fn as_raw_socket(&self) -> RawSocket {
        self.as_socket().as_raw_socket()
    }
}

pub(crate) fn read_raw(kind: Kind, socket: &impl AsSocket, buffer: &mut [u8]) -> io::Result<usize> {
    let socket = SockRef::from(socket);
    match kind {
        Kind::Listener => socket.accept().map(|_| 1),
        _ => (&*socket).read(buffer),
    }
}

pub(crate) fn write_raw(_: Kind, socket: &impl AsSocket, bytes: &[u8]) -> io::Result<usize> {
    (&*SockRef::from(socket)).write(bytes)
}

/// Writes a byte of urgent data to a TCP connection; false if it fails.
pub(crate) fn write_urgent(socket: &impl AsSocket) -> bool {
    SockRef::from(socket).send_out_of_band(b"!").is_ok()
}

pub(crate) fn shut_down(socket: &impl AsSocket, how: Shutdown) -> bool {
    SockRef::from(socket).shutdown(how).is_ok()
}

/// Has closing it send a reset, which leaves no port behind that is not free for a minute.
pub(crate) fn reset_on_close(kind: Kind, socket: &impl AsSocket) {
    if kind == Kind::Tcp {
        // At worst a port is busy for longer.
        let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
    }
}
