//! What can be registered on Windows: the sockets of the library.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream};
use omnipoll::{Interest, Registry, Token};

use crate::support::tcp_pair;

/// What a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
}

impl Kind {
    pub(crate) const STREAMS: [Kind; 1] = [Kind::Tcp];
    /// Streams that go by no network, if there were such things.
    pub(crate) const LOCAL: Kind = Kind::Tcp;
    /// What has one direction, if there were such a thing.
    pub(crate) const ONE_WAY: Kind = Kind::Tcp;

    pub(crate) fn of(_: usize) -> Kind {
        Kind::Tcp
    }
}

/// How it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As a type of the library, which sees each attempt at I/O.
    Typed,
}

impl Way {
    pub(crate) const ALL: [Way; 1] = [Way::Typed];
    pub(crate) const LAST: Way = Way::Typed;

    pub(crate) fn of(_: usize) -> Way {
        Way::Typed
    }

    /// Does `act` with what is registered in this way.
    pub(crate) fn with<T: Typed>(
        self,
        io: &mut T,
        act: impl FnOnce(&mut dyn Source) -> io::Result<()>,
    ) -> io::Result<()> {
        act(io.source())
    }

    pub(crate) fn register<S: Source + Numbered>(
        self,
        registry: &Registry,
        source: &mut S,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        registry.register(source, token, interest)
    }
}

pub(crate) const STREAMS: [(Kind, Way); 1] = [(Kind::Tcp, Way::Typed)];

pub(crate) const ALL: [(Kind, Way); 1] = STREAMS;

/// What has a number.
pub(crate) use std::os::windows::io::AsRawSocket as Numbered;

/// One of several types of the library.
pub(crate) trait Typed {
    fn source(&mut self) -> &mut dyn Source;
}

#[derive(Debug)]
pub(crate) struct Io(TcpStream);

impl Io {
    /// Two connected ends.
    pub(crate) fn pair(_: Kind) -> (Io, Io) {
        let (ours, theirs) = tcp_pair();
        (Io(ours), Io(theirs))
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) {
        self.0.shutdown(how).expect("shutdown");
    }

    /// A stream of the standard library's, which waits for up to `limit` in each read.
    pub(crate) fn into_blocking(self, limit: Duration) -> impl Read {
        let stream = std::net::TcpStream::from(self.0);
        stream.set_nonblocking(false).expect("blocking");
        stream.set_read_timeout(Some(limit)).expect("a limit");
        stream
    }
}

impl Typed for Io {
    fn source(&mut self) -> &mut dyn Source {
        &mut self.0
    }
}

impl std::os::windows::io::AsRawSocket for Io {
    fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
        self.0.as_raw_socket()
    }
}

/// A listener and its address.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn bind_any() -> Server {
        let any = "127.0.0.1:0".parse().expect("an address");
        let listener = TcpListener::bind(any).expect("bind");
        let address = listener.local_addr().expect("address");
        Server { listener, address }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).expect("connect")
    }

    pub(crate) fn accept(&self) -> TcpStream {
        self.listener.accept().expect("accept").0
    }
}
