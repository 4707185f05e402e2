use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use omnipoll::event::Source;
use omnipoll::net::{TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::{Receiver, Sender};
use rustix::net::sockopt::set_socket_linger;

use super::operation::{Amount, Kind, Way};

/// What one call is given.
const MUCH: usize = 64 * 1024;

/// A stream is cut into pieces that are no smaller, save for the last.
const PIECE: usize = 1024;

/// What a datagram carries at the most, and how many are sent where none would block.
const DATAGRAM: usize = 1000;
const DATAGRAMS: usize = 8;

/// More calls than any of the descriptors takes until it would block.
const CALLS: usize = 4000;

/// The descriptor that is registered.
#[derive(Debug)]
pub(super) struct End {
    kind: Kind,
    io: Io,
}

#[derive(Debug)]
enum Io {
    Unix(UnixStream),
    Tcp(TcpStream),
    Receiver(Receiver),
    Sender(Sender),
    Datagram(UnixDatagram),
    Udp(UdpSocket),
    Listener(UnixListener),
    Raw(OwnedFd),
}

/// What came of trying I/O again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempt {
    /// A call was made.
    pub(super) was_made: bool,
    /// The last call came up short, would have blocked, or failed.
    pub(super) is_at_end: bool,
    /// In how many pieces what was moved may be told.
    pub(super) pieces: u32,
}

impl Attempt {
    /// A single call that moves nothing, or one byte.
    pub(super) fn of(was_made: bool) -> Attempt {
        Attempt { was_made, is_at_end: false, pieces: 1 }
    }
}

impl End {
    /// Takes over a descriptor of that kind, which does not block.
    pub(super) fn new(kind: Kind, way: Way, fd: OwnedFd) -> End {
        let io = match (way, kind) {
            (Way::Raw, _) | (_, Kind::Eventfd) => Io::Raw(fd),
            (Way::Typed, Kind::Unix) => Io::Unix(fd.into()),
            (Way::Typed, Kind::Tcp) => Io::Tcp(fd.into()),
            (Way::Typed, Kind::PipeReader) => Io::Receiver(fd.into()),
            (Way::Typed, Kind::PipeWriter) => Io::Sender(fd.into()),
            (Way::Typed, Kind::Datagram) => Io::Datagram(fd.into()),
            (Way::Typed, Kind::Udp) => Io::Udp(fd.into()),
            (Way::Typed, Kind::Listener) => Io::Listener(fd.into()),
        };
        End { kind, io }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn is_raw(&self) -> bool {
        matches!(self.io, Io::Raw(_))
    }

    /// Reads `amount`; by `try_io` if `is_untold`.
    pub(super) fn read(&self, amount: Amount, is_untold: bool) -> Attempt {
        if self.kind == Kind::PipeWriter {
            return Attempt::default();
        }
        repeat(self.kind, amount, |bytes| {
            let mut buffer = vec![0; bytes.max(8)];
            if is_untold { self.try_read(&mut buffer) } else { self.read_once(&mut buffer) }
        })
    }

    pub(super) fn write(&self, amount: Amount) -> Attempt {
        if matches!(self.kind, Kind::PipeReader | Kind::Listener) {
            return Attempt::default();
        }
        repeat(self.kind, amount, |bytes| self.write_once(&vec![7; bytes]))
    }

    /// Shuts it down; false if it cannot be.
    pub(super) fn shutdown(&self, how: Shutdown) -> bool {
        // Whether the peer is still there decides on success, and does not matter.
        match &self.io {
            Io::Unix(io) => io.shutdown(how).is_ok(),
            Io::Tcp(io) => io.shutdown(how).is_ok(),
            Io::Datagram(io) => io.shutdown(how).is_ok(),
            Io::Raw(fd) if is_stream(self.kind) => shut_down(fd.as_fd(), how),
            _ => false,
        }
    }

    fn read_once(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.io {
            Io::Unix(io) => (&*io).read(buffer),
            Io::Tcp(io) => (&*io).read(buffer),
            Io::Receiver(io) => (&*io).read(buffer),
            Io::Datagram(io) => io.recv(buffer),
            Io::Udp(io) => io.recv(buffer),
            Io::Listener(io) => io.accept().map(|_| 1),
            Io::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Raw(fd) => read_raw(self.kind, fd.as_fd(), buffer),
        }
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let f = || read_raw(self.kind, self.as_fd(), buffer);
        match &self.io {
            Io::Unix(io) => io.try_io(f),
            Io::Tcp(io) => io.try_io(f),
            Io::Receiver(io) => io.try_io(f),
            Io::Datagram(io) => io.try_io(f),
            Io::Udp(io) => io.try_io(f),
            // It has none.
            Io::Listener(io) => io.accept().map(|_| 1),
            Io::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Raw(fd) => read_raw(self.kind, fd.as_fd(), buffer),
        }
    }

    fn write_once(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.io {
            Io::Unix(io) => (&*io).write(bytes),
            Io::Tcp(io) => (&*io).write(bytes),
            Io::Sender(io) => (&*io).write(bytes),
            Io::Datagram(io) => io.send(bytes),
            Io::Udp(io) => io.send(bytes),
            Io::Receiver(_) | Io::Listener(_) => Err(io::ErrorKind::Unsupported.into()),
            Io::Raw(fd) => write_raw(self.kind, fd.as_fd(), bytes),
        }
    }

    /// Runs `act` on the source that is registered for it.
    pub(super) fn with_source<R>(&mut self, act: impl FnOnce(&mut dyn Source) -> R) -> R {
        match &mut self.io {
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

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.io {
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

impl AsRawFd for End {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.is_raw() { Way::Raw } else { Way::Typed };
        write!(f, "{:?}, {way:?}, number {}", self.kind, self.as_raw_fd())
    }
}

/// Whether it is a socket with two halves.
pub(super) fn is_stream(kind: Kind) -> bool {
    matches!(kind, Kind::Unix | Kind::Tcp | Kind::Datagram)
}

/// Whether writes end in silence. To the kernel, each datagram that leaves or is refused
/// makes room anew, and what is written to an eventfd can be read.
pub(super) fn rests_when_full(kind: Kind) -> bool {
    matches!(kind, Kind::Unix | Kind::Tcp | Kind::PipeWriter)
}

/// Makes calls for `amount`, as `call` does for a number of bytes.
pub(super) fn repeat(
    kind: Kind,
    amount: Amount,
    mut call: impl FnMut(usize) -> io::Result<usize>,
) -> Attempt {
    let most = match kind {
        Kind::Datagram | Kind::Udp => DATAGRAM,
        Kind::Eventfd | Kind::Listener => 8,
        _ => MUCH,
    };
    let (bytes, calls) = match amount {
        Amount::Bytes(bytes) => (usize::from(bytes).min(most), 1),
        Amount::OneCall => (most, 1),
        // They take any number.
        Amount::All if matches!(kind, Kind::Udp | Kind::Eventfd) => (most, DATAGRAMS),
        Amount::All => (most, CALLS),
    };
    let mut attempt = Attempt { was_made: true, is_at_end: false, pieces: 1 };
    for _ in 0..calls {
        match call(bytes) {
            Ok(length @ 1..) => {
                attempt.is_at_end = length < bytes;
                attempt.pieces += (length / PIECE) as u32 + 1;
            }
            Ok(0) | Err(_) => {
                attempt.is_at_end = true;
                break;
            }
        }
    }
    attempt
}

pub(super) fn read_raw(kind: Kind, fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    if kind == Kind::Listener {
        return Ok(rustix::net::accept(fd).map(|_| 1)?);
    }
    Ok(rustix::io::read(fd, buffer)?)
}

pub(super) fn write_raw(kind: Kind, fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    if kind == Kind::Eventfd {
        return Ok(rustix::io::write(fd, &1_u64.to_ne_bytes())?);
    }
    Ok(rustix::io::write(fd, bytes)?)
}

pub(super) fn shut_down(fd: BorrowedFd<'_>, how: Shutdown) -> bool {
    let how = match how {
        Shutdown::Read => rustix::net::Shutdown::Read,
        Shutdown::Write => rustix::net::Shutdown::Write,
        Shutdown::Both => rustix::net::Shutdown::Both,
    };
    rustix::net::shutdown(fd, how).is_ok()
}

/// Has closing it send a reset, which leaves no port behind that is not free for a minute.
pub(super) fn reset_on_close(kind: Kind, fd: BorrowedFd<'_>) {
    if kind == Kind::Tcp {
        // At worst a port is busy for longer.
        let _ = set_socket_linger(fd, Some(Duration::ZERO));
    }
}
