//! What can be registered on Unix: types of the library, and descriptors by number.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net;
use std::time::Duration;

use omnipoll::event::Source;
use omnipoll::net::{TcpStream, UnixListener, UnixStream};
use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::{self, Receiver, Sender};
use omnipoll::{Interest, Registry, Token};

use crate::support::{End, tcp_pair};

/// What a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Unix,
    Pipe,
}

impl Kind {
    pub(crate) const STREAMS: [Kind; 2] = [Kind::Tcp, Kind::Unix];
    /// Streams that go by no network.
    pub(crate) const LOCAL: Kind = Kind::Unix;
    /// What has one direction, if there is such a thing.
    pub(crate) const ONE_WAY: Kind = Kind::Pipe;

    /// One of them, in turn.
    pub(crate) fn of(number: usize) -> Kind {
        [Kind::Tcp, Kind::Unix, Kind::Pipe][number % 3]
    }
}

/// How it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As a type of the library, which sees each attempt at I/O.
    Typed,
    /// As a `SourceFd`, whose I/O the library does not see.
    Raw,
}

impl Way {
    pub(crate) const ALL: [Way; 2] = [Way::Typed, Way::Raw];
    pub(crate) const LAST: Way = Way::Raw;

    /// One of them, in turn.
    pub(crate) fn of(number: usize) -> Way {
        Way::ALL[number % 2]
    }

    /// Does `act` with what is registered in this way.
    pub(crate) fn with<T: Typed>(
        self,
        io: &mut T,
        act: impl FnOnce(&mut dyn Source) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Way::Typed => act(io.source()),
            Way::Raw => act(&mut SourceFd(&io.as_raw_fd())),
        }
    }

    pub(crate) fn register<S: Source + AsRawFd>(
        self,
        registry: &Registry,
        source: &mut S,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        match self {
            Way::Typed => registry.register(source, token, interest),
            Way::Raw => registry.register(&mut SourceFd(&source.as_raw_fd()), token, interest),
        }
    }
}

pub(crate) const STREAMS: [(Kind, Way); 4] = [
    (Kind::Tcp, Way::Typed),
    (Kind::Tcp, Way::Raw),
    (Kind::Unix, Way::Typed),
    (Kind::Unix, Way::Raw),
];

pub(crate) const ALL: [(Kind, Way); 6] = [
    STREAMS[0],
    STREAMS[1],
    STREAMS[2],
    STREAMS[3],
    (Kind::Pipe, Way::Typed),
    (Kind::Pipe, Way::Raw),
];

/// What has a number.
pub(crate) use std::os::fd::AsRawFd as Numbered;

/// One of several types of the library.
pub(crate) trait Typed: AsRawFd {
    fn source(&mut self) -> &mut dyn Source;
}

#[derive(Debug)]
pub(crate) enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
    Sender(Sender),
    Receiver(Receiver),
}

impl Io {
    /// Two connected ends; of a pipe, the first is the one that reads.
    pub(crate) fn pair(kind: Kind) -> (Io, Io) {
        match kind {
            Kind::Tcp => {
                let (ours, theirs) = tcp_pair();
                (Io::Tcp(ours), Io::Tcp(theirs))
            }
            Kind::Unix => {
                let (ours, theirs) = UnixStream::pair().expect("socketpair");
                (Io::Unix(ours), Io::Unix(theirs))
            }
            Kind::Pipe => {
                let (sender, receiver) = pipe::new().expect("pipe");
                (Io::Receiver(receiver), Io::Sender(sender))
            }
        }
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(io) => (&*io).read(buffer),
            Io::Unix(io) => (&*io).read(buffer),
            Io::Receiver(io) => (&*io).read(buffer),
            Io::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(io) => (&*io).write(bytes),
            Io::Unix(io) => (&*io).write(bytes),
            Io::Sender(io) => (&*io).write(bytes),
            Io::Receiver(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) {
        match self {
            Io::Tcp(io) => io.shutdown(how).expect("shutdown"),
            Io::Unix(io) => io.shutdown(how).expect("shutdown"),
            Io::Sender(_) | Io::Receiver(_) => panic!("a pipe has no halves"),
        }
    }

    /// A stream of the standard library's, which waits for up to `limit` in each read.
    pub(crate) fn into_blocking(self, limit: Duration) -> impl Read {
        let stream = net::UnixStream::from(OwnedFd::from(self));
        stream.set_nonblocking(false).expect("blocking");
        stream.set_read_timeout(Some(limit)).expect("a limit");
        stream
    }
}

impl Typed for Io {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            Io::Tcp(io) => io,
            Io::Unix(io) => io,
            Io::Sender(io) => io,
            Io::Receiver(io) => io,
        }
    }
}

impl AsRawFd for Io {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Io::Tcp(io) => io.as_raw_fd(),
            Io::Unix(io) => io.as_raw_fd(),
            Io::Sender(io) => io.as_raw_fd(),
            Io::Receiver(io) => io.as_raw_fd(),
        }
    }
}

impl From<Io> for OwnedFd {
    fn from(io: Io) -> OwnedFd {
        match io {
            Io::Tcp(io) => io.into(),
            Io::Unix(io) => io.into(),
            Io::Sender(io) => io.into(),
            Io::Receiver(io) => io.into(),
        }
    }
}

impl From<End> for OwnedFd {
    fn from(end: End) -> OwnedFd {
        end.io.into()
    }
}

/// A listener whose connections leave nothing behind in the kernel.
pub(crate) struct Server {
    pub(crate) listener: UnixListener,
    address: net::SocketAddr,
}

impl Server {
    pub(crate) fn bind_any() -> Server {
        let any = net::SocketAddr::from_pathname("").expect("any address");
        let listener = UnixListener::bind_addr(&any).expect("bind");
        let address = listener.local_addr().expect("address");
        assert!(address.as_abstract_name().is_some());
        Server { listener, address }
    }

    pub(crate) fn connect(&self) -> UnixStream {
        UnixStream::connect_addr(&self.address).expect("connect")
    }

    pub(crate) fn accept(&self) -> UnixStream {
        self.listener.accept().expect("accept").0
    }
}
