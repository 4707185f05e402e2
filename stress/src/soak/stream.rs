//! One stream or listener, over TCP or over a Unix socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process};

use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use omnipoll::{Interest, Registry, Token};
use rustix::net::sockopt;

/// What small buffers in the kernel are asked to hold, in bytes: so little that a client
/// that does not read is soon felt.
const SMALL: usize = 4 * 1024;

/// The same for TCP, which crawls once a buffer is smaller than a few of its segments, and
/// on the loopback those have 64 KiB: the sender goes by its timer then.
const SMALL_FOR_TCP: usize = 256 * 1024;

#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Where a listener is found.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Stream {
    pub(super) fn connect(address: &Address) -> io::Result<Stream> {
        Ok(match address {
            Address::Tcp(address) => Stream::Tcp(TcpStream::connect(*address)?),
            Address::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
        })
    }

    /// Whether the connection stands; an error if it never will.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        match self {
            // It stands when `connect` returns.
            Stream::Unix(_) => Ok(true),
            Stream::Tcp(stream) => match (stream.take_error()?, stream.peer_addr()) {
                (Some(error), _) => Err(error),
                (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
                (None, address) => address.map(|_| true),
            },
        }
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).read(buffer),
            Stream::Unix(stream) => (&*stream).read(buffer),
        }
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).write(bytes),
            Stream::Unix(stream) => (&*stream).write(bytes),
        }
    }

    pub(super) fn end_writing(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Has the kernel keep little for the peer and for us.
    pub(super) fn keep_little(&self) -> io::Result<()> {
        let length = match self {
            Stream::Tcp(_) => SMALL_FOR_TCP,
            Stream::Unix(_) => SMALL,
        };
        sockopt::set_socket_recv_buffer_size(self, length)?;
        Ok(sockopt::set_socket_send_buffer_size(self, length)?)
    }

    /// Closes it so that TCP throws away what is under way, and tells the peer by a reset.
    pub(super) fn reset(self) -> io::Result<()> {
        Ok(sockopt::set_socket_linger(&self, Some(Duration::ZERO))?)
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Unix(stream) => stream,
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
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
    /// One that nobody listens at: of the next free port, and of a path of this process.
    pub(super) fn unused() -> [Address; 2] {
        let path = env::temp_dir().join(format!("omnipoll-soak-{}", process::id()));
        // It may be there from a process of the same number that was killed.
        let _ = fs::remove_file(&path);
        [Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))), Address::Unix(path)]
    }
}

impl Listener {
    pub(super) fn bind(address: &Address) -> io::Result<Listener> {
        Ok(match address {
            Address::Tcp(address) => Listener::Tcp(TcpListener::bind(*address)?),
            Address::Unix(path) => Listener::Unix(UnixListener::bind(path)?),
        })
    }

    pub(super) fn address(&self) -> io::Result<Address> {
        Ok(match self {
            Listener::Tcp(listener) => Address::Tcp(listener.local_addr()?),
            Listener::Unix(listener) => {
                let address = listener.local_addr()?;
                let path = address.as_pathname().expect("it is bound to a path");
                Address::Unix(path.to_owned())
            }
        })
    }

    pub(super) fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Listener::Tcp(listener) => Stream::Tcp(listener.accept()?.0),
            Listener::Unix(listener) => Stream::Unix(listener.accept()?.0),
        })
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Listener::Tcp(listener) => listener,
            Listener::Unix(listener) => listener,
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
        if let Ok(Address::Unix(path)) = self.address() {
            // Whoever removed it already has done our work.
            let _ = fs::remove_file(path);
        }
    }
}
