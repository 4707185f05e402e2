//! One stream or listener, over TCP or [local].

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream};
use omnipoll::{Interest, Registry, Token};
use socket2::SockRef;

use super::local;

/// What small buffers in the kernel are asked to hold for TCP, in bytes: it crawls once a
/// buffer is smaller than a few of its segments, and on the loopback those have 64 KiB: the
/// sender goes by its timer then.
pub(super) const SMALL_FOR_TCP: usize = 256 * 1024;

#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Local(local::Stream),
}

/// Where a listener is found.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Local(local::Address),
}

#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Local(local::Listener),
}

impl Stream {
    pub(super) fn connect(address: &Address) -> io::Result<Stream> {
        Ok(match address {
            Address::Tcp(address) => Stream::Tcp(TcpStream::connect(*address)?),
            Address::Local(address) => Stream::Local(local::connect(address)?),
        })
    }

    /// Whether the connection stands; an error if it never will.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        match self {
            Stream::Tcp(stream) => is_tcp_connected(stream),
            Stream::Local(stream) => local::is_connected(stream),
        }
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).read(buffer),
            Stream::Local(stream) => (&*stream).read(buffer),
        }
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).write(bytes),
            Stream::Local(stream) => (&*stream).write(bytes),
        }
    }

    pub(super) fn end_writing(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Local(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Has the kernel keep little for the peer and for us.
    pub(super) fn keep_little(&self) -> io::Result<()> {
        let length = match self {
            Stream::Tcp(_) => SMALL_FOR_TCP,
            Stream::Local(_) => local::SMALL,
        };
        let socket = self.socket();
        socket.set_recv_buffer_size(length)?;
        socket.set_send_buffer_size(length)
    }

    /// Closes it so that TCP throws away what is under way, and tells the peer by a reset.
    pub(super) fn reset(self) -> io::Result<()> {
        self.socket().set_linger(Some(Duration::ZERO))
    }

    fn socket(&self) -> SockRef<'_> {
        match self {
            Stream::Tcp(stream) => SockRef::from(stream),
            Stream::Local(stream) => SockRef::from(stream),
        }
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Local(stream) => stream,
        }
    }
}

impl Source for Stream {
    fn register(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.source().register(on, token, interest)
    }

    fn reregister(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.source().reregister(on, token, interest)
    }

    fn deregister(&mut self, on: &Registry) -> io::Result<()> {
        self.source().deregister(on)
    }
}

impl Address {
    /// Two that nobody listens at: of the next free port, and a local one.
    pub(super) fn unused() -> [Address; 2] {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        [Address::Tcp(any_port), Address::Local(local::unused())]
    }
}

impl Listener {
    pub(super) fn bind(address: &Address) -> io::Result<Listener> {
        Ok(match address {
            Address::Tcp(address) => Listener::Tcp(TcpListener::bind(*address)?),
            Address::Local(address) => Listener::Local(local::bind(address)?),
        })
    }

    pub(super) fn address(&self) -> io::Result<Address> {
        Ok(match self {
            Listener::Tcp(listener) => Address::Tcp(listener.local_addr()?),
            Listener::Local(listener) => Address::Local(local::address_of(listener)?),
        })
    }

    pub(super) fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Listener::Tcp(listener) => Stream::Tcp(listener.accept()?.0),
            Listener::Local(listener) => Stream::Local(local::accept(listener)?),
        })
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Listener::Tcp(listener) => listener,
            Listener::Local(listener) => listener,
        }
    }
}

impl Source for Listener {
    fn register(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.source().register(on, token, interest)
    }

    fn reregister(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.source().reregister(on, token, interest)
    }

    fn deregister(&mut self, on: &Registry) -> io::Result<()> {
        self.source().deregister(on)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Ok(Address::Local(address)) = self.address() {
            local::remove(&address);
        }
    }
}

/// Whether a connection of TCP stands; an error if it never will.
pub(super) fn is_tcp_connected(stream: &TcpStream) -> io::Result<bool> {
    match (stream.take_error()?, stream.peer_addr()) {
        (Some(error), _) => Err(error),
        (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        (None, address) => address.map(|_| true),
    }
}
