//! The descriptor whose state is looked at, in the type of the library that is made for it.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::{Receiver, Sender};
use omnipoll::{Interest, IoSource, Registry, Token};

use crate::support::Way;

pub(crate) enum Subject {
    TcpListener(TcpListener),
    TcpStream(TcpStream),
    UdpSocket(UdpSocket),
    UnixDatagram(UnixDatagram),
    UnixListener(UnixListener),
    UnixStream(UnixStream),
    Receiver(Receiver),
    Sender(Sender),
    /// What has no type of its own.
    Other(IoSource<OwnedFd>),
}

impl Subject {
    pub(crate) fn register(
        &mut self,
        way: Way,
        registry: &Registry,
        interest: Interest,
    ) -> io::Result<()> {
        self.registers(way, |source| source.register(registry, TOKEN, interest))
    }

    pub(crate) fn reregister(
        &mut self,
        way: Way,
        registry: &Registry,
        interest: Interest,
    ) -> io::Result<()> {
        self.registers(way, |source| source.reregister(registry, TOKEN, interest))
    }

    /// Takes in what one call gives: bytes, a datagram, a connection. The end of a stream
    /// is 0.
    pub(crate) fn take(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Subject::TcpListener(io) => io.accept().map(|_| 1),
            Subject::UnixListener(io) => io.accept().map(|_| 1),
            Subject::TcpStream(io) => (&*io).read(buffer),
            Subject::UdpSocket(io) => io.recv(buffer),
            Subject::UnixDatagram(io) => io.recv(buffer),
            Subject::UnixStream(io) => (&*io).read(buffer),
            Subject::Receiver(io) => (&*io).read(buffer),
            Subject::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
            Subject::Other(io) => io.do_io(|fd| Ok(rustix::io::read(fd, buffer)?)),
        }
    }

    pub(crate) fn take_urgent(&self) -> io::Result<usize> {
        match self {
            Subject::TcpStream(io) => io.recv_out_of_band(&mut [0; 1]),
            Subject::UnixStream(io) => io.recv_out_of_band(&mut [0; 1]),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Subject::TcpStream(io) => (&*io).write(bytes),
            Subject::UdpSocket(io) => io.send(bytes),
            Subject::UnixDatagram(io) => io.send(bytes),
            Subject::UnixStream(io) => (&*io).write(bytes),
            Subject::Sender(io) => (&*io).write(bytes),
            Subject::Other(io) => io.do_io(|fd| Ok(rustix::io::write(fd, bytes)?)),
            Subject::TcpListener(_) | Subject::UnixListener(_) | Subject::Receiver(_) => {
                Err(io::ErrorKind::Unsupported.into())
            }
        }
    }

    fn registers(
        &mut self,
        way: Way,
        act: impl FnOnce(&mut dyn Source) -> io::Result<()>,
    ) -> io::Result<()> {
        if way == Way::Raw {
            return act(&mut SourceFd(&self.as_fd().as_raw_fd()));
        }
        match self {
            Subject::TcpListener(io) => act(io),
            Subject::TcpStream(io) => act(io),
            Subject::UdpSocket(io) => act(io),
            Subject::UnixDatagram(io) => act(io),
            Subject::UnixListener(io) => act(io),
            Subject::UnixStream(io) => act(io),
            Subject::Receiver(io) => act(io),
            Subject::Sender(io) => act(io),
            Subject::Other(io) => act(io),
        }
    }
}

pub(crate) const TOKEN: Token = Token(7);

impl AsFd for Subject {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Subject::TcpListener(io) => io.as_fd(),
            Subject::TcpStream(io) => io.as_fd(),
            Subject::UdpSocket(io) => io.as_fd(),
            Subject::UnixDatagram(io) => io.as_fd(),
            Subject::UnixListener(io) => io.as_fd(),
            Subject::UnixStream(io) => io.as_fd(),
            Subject::Receiver(io) => io.as_fd(),
            Subject::Sender(io) => io.as_fd(),
            Subject::Other(io) => io.as_fd(),
        }
    }
}
