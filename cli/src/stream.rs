//! One connection, over TCP or a Unix socket.

use std::io::{self, Read, Write};

use omnipoll::event::Source;
use omnipoll::net::TcpStream;
#[cfg(unix)]
use omnipoll::net::UnixStream;
use omnipoll::{Interest, Registry, Token};

/// What one read can bring, and the largest datagram there is.
pub(crate) const BUFFER: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Whether the connection stands; an error if it never will.
    pub(crate) fn is_connected(&self) -> io::Result<bool> {
        match self {
            Stream::Tcp(stream) => match (stream.take_error()?, stream.peer_addr()) {
                (Some(error), _) => Err(error),
                (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
                (None, address) => address.map(|_| true),
            },
            // It stands when `connect` returns.
            #[cfg(unix)]
            Stream::Unix(_) => Ok(true),
        }
    }

    /// Sends small messages at once, rather than wait for more to go with them.
    pub(crate) fn send_at_once(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_nodelay(true),
            #[cfg(unix)]
            Stream::Unix(_) => Ok(()),
        }
    }

    /// Reads once: how many bytes, or `None` where it would block.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        unless_it_blocks(match self {
            Stream::Tcp(stream) => (&*stream).read(buffer),
            #[cfg(unix)]
            Stream::Unix(stream) => (&*stream).read(buffer),
        })
    }

    /// Writes once: how many bytes, or `None` where it would block.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        unless_it_blocks(match self {
            Stream::Tcp(stream) => (&*stream).write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => (&*stream).write(bytes),
        })
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Stream::Tcp(stream) => stream,
            #[cfg(unix)]
            Stream::Unix(stream) => stream,
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

/// `None` where a call would have to wait.
pub(crate) fn unless_it_blocks<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
