use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net as std_unix;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout};

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use mio::unix::SourceFd;
use mio::unix::pipe::{self, Receiver, Sender};
use mio::{Poll, Registry};

#[test]
fn unix_datagram() {
    signatures! {
        UnixDatagram::bind::<PathBuf>: fn(PathBuf) -> io::Result<UnixDatagram>;
        UnixDatagram::bind_addr: fn(&std_unix::SocketAddr) -> io::Result<UnixDatagram>;
        UnixDatagram::connect::<PathBuf>: fn(&UnixDatagram, PathBuf) -> io::Result<()>;
        UnixDatagram::from_std: fn(std_unix::UnixDatagram) -> UnixDatagram;
        UnixDatagram::local_addr: fn(&UnixDatagram) -> io::Result<std_unix::SocketAddr>;
        UnixDatagram::pair: fn() -> io::Result<(UnixDatagram, UnixDatagram)>;
        UnixDatagram::peer_addr: fn(&UnixDatagram) -> io::Result<std_unix::SocketAddr>;
        UnixDatagram::recv: fn(&UnixDatagram, &mut [u8]) -> io::Result<usize>;
        UnixDatagram::recv_from: fn(&UnixDatagram, &mut [u8]) -> io::Result<(usize, std_unix::SocketAddr)>;
        UnixDatagram::send: fn(&UnixDatagram, &[u8]) -> io::Result<usize>;
        UnixDatagram::send_to::<PathBuf>: fn(&UnixDatagram, &[u8], PathBuf) -> io::Result<usize>;
        UnixDatagram::shutdown: fn(&UnixDatagram, Shutdown) -> io::Result<()>;
        UnixDatagram::take_error: fn(&UnixDatagram) -> io::Result<Option<io::Error>>;
        UnixDatagram::unbound: fn() -> io::Result<UnixDatagram>;
    }
}

#[test]
fn unix_listener() {
    signatures! {
        UnixListener::accept: fn(&UnixListener) -> io::Result<(UnixStream, std_unix::SocketAddr)>;
        UnixListener::bind::<PathBuf>: fn(PathBuf) -> io::Result<UnixListener>;
        UnixListener::bind_addr: fn(&std_unix::SocketAddr) -> io::Result<UnixListener>;
        UnixListener::from_std: fn(std_unix::UnixListener) -> UnixListener;
        UnixListener::local_addr: fn(&UnixListener) -> io::Result<std_unix::SocketAddr>;
        UnixListener::take_error: fn(&UnixListener) -> io::Result<Option<io::Error>>;
    }
}

#[test]
fn unix_stream() {
    signatures! {
        UnixStream::connect::<PathBuf>: fn(PathBuf) -> io::Result<UnixStream>;
        UnixStream::connect_addr: fn(&std_unix::SocketAddr) -> io::Result<UnixStream>;
        UnixStream::from_std: fn(std_unix::UnixStream) -> UnixStream;
        UnixStream::local_addr: fn(&UnixStream) -> io::Result<std_unix::SocketAddr>;
        UnixStream::pair: fn() -> io::Result<(UnixStream, UnixStream)>;
        UnixStream::peer_addr: fn(&UnixStream) -> io::Result<std_unix::SocketAddr>;
        UnixStream::shutdown: fn(&UnixStream, Shutdown) -> io::Result<()>;
        UnixStream::take_error: fn(&UnixStream) -> io::Result<Option<io::Error>>;
    }
}

#[test]
fn pipes() {
    signatures! {
        pipe::new: fn() -> io::Result<(Sender, Receiver)>;
        Receiver::set_nonblocking: fn(&Receiver, bool) -> io::Result<()>;
        Sender::set_nonblocking: fn(&Sender, bool) -> io::Result<()>;
    }
}

#[test]
fn try_io() {
    fn result() -> io::Result<u8> {
        Ok(7)
    }
    signatures! {
        UnixDatagram::try_io: fn(&UnixDatagram, fn() -> io::Result<u8>) -> io::Result<u8>;
        UnixStream::try_io: fn(&UnixStream, fn() -> io::Result<u8>) -> io::Result<u8>;
        Receiver::try_io: fn(&Receiver, fn() -> io::Result<u8>) -> io::Result<u8>;
        Sender::try_io: fn(&Sender, fn() -> io::Result<u8>) -> io::Result<u8>;
    }
    let (sender, _receiver) = pipe::new().unwrap();
    assert_eq!(sender.try_io(result).unwrap(), 7);
}

#[test]
fn descriptors() {
    macro_rules! owners {
        ($($type:ty),+) => { traits! { $(
            $type: Source, AsFd, AsRawFd, IntoRawFd, FromRawFd, From<OwnedFd>, Debug, Send, Sync;
            OwnedFd: From<$type>;
        )+ } };
    }
    owners!(TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream);
    owners!(Receiver, Sender);
    traits! {
        Poll: AsRawFd;
        Registry: AsFd, AsRawFd;
        SourceFd<'static>: Source, Debug;
        std_unix::UnixDatagram: From<UnixDatagram>;
        std_unix::UnixListener: From<UnixListener>;
        std_unix::UnixStream: From<UnixStream>;
        Receiver: From<ChildStdout>, From<ChildStderr>;
        Sender: From<ChildStdin>;
    }
    let fd: RawFd = 0;
    let SourceFd(_fd) = SourceFd(&fd);
}

#[test]
fn reading_and_writing() {
    traits! {
        UnixStream: Read, Write;
        &'static UnixStream: Read, Write;
        Receiver: Read;
        &'static Receiver: Read;
        Sender: Write;
        &'static Sender: Write;
    }
}

#[test]
fn borrowed_descriptors() {
    signatures! {
        TcpStream::as_fd: fn(&TcpStream) -> BorrowedFd<'_>;
        Sender::as_fd: fn(&Sender) -> BorrowedFd<'_>;
        Registry::as_fd: fn(&Registry) -> BorrowedFd<'_>;
    }
}
