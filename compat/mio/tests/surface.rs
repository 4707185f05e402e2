//! Every public item of mio 1.2 on Unix, with its signature.
//!
//! There is little to run: that it compiles is the test. Were a method missing here, or
//! its signature another, a program written for mio would not build.

#![allow(clippy::type_complexity, reason = "signatures in full are the point")]

use std::fmt::Debug;
use std::hash::Hash;
use std::io::{self, Read, Write};
use std::net::{self as std_net, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::ops::{BitOr, BitOrAssign};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net as std_unix;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::Duration;

use mio::event::{self, Event, Source};
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use mio::unix::SourceFd;
use mio::unix::pipe::{self, Receiver, Sender};
use mio::{Events, Interest, Poll, Registry, Token, Waker};

/// Each line names a method by its full signature.
macro_rules! signatures {
    ($($method:path: $signature:ty;)+) => { $( let _: $signature = $method; )+ };
}

/// Each line says which traits a type has.
macro_rules! traits {
    ($($type:ty: $($bound:path),+;)+) => { $( $( {
        fn has<T: $bound>() {}
        has::<$type>();
    } )+ )+ };
}

#[test]
fn event() {
    signatures! {
        Event::is_aio: fn(&Event) -> bool;
        Event::is_error: fn(&Event) -> bool;
        Event::is_lio: fn(&Event) -> bool;
        Event::is_priority: fn(&Event) -> bool;
        Event::is_read_closed: fn(&Event) -> bool;
        Event::is_readable: fn(&Event) -> bool;
        Event::is_writable: fn(&Event) -> bool;
        Event::is_write_closed: fn(&Event) -> bool;
        Event::token: fn(&Event) -> Token;
    }
}

#[test]
fn events() {
    signatures! {
        Events::capacity: fn(&Events) -> usize;
        Events::clear: fn(&mut Events);
        Events::is_empty: fn(&Events) -> bool;
        Events::iter: fn(&Events) -> event::Iter<'_>;
        Events::with_capacity: fn(usize) -> Events;
    }
}

#[test]
fn tcp_listener() {
    signatures! {
        TcpListener::accept: fn(&TcpListener) -> io::Result<(TcpStream, SocketAddr)>;
        TcpListener::bind: fn(SocketAddr) -> io::Result<TcpListener>;
        TcpListener::from_std: fn(std_net::TcpListener) -> TcpListener;
        TcpListener::local_addr: fn(&TcpListener) -> io::Result<SocketAddr>;
        TcpListener::set_ttl: fn(&TcpListener, u32) -> io::Result<()>;
        TcpListener::take_error: fn(&TcpListener) -> io::Result<Option<io::Error>>;
        TcpListener::ttl: fn(&TcpListener) -> io::Result<u32>;
    }
}

#[test]
fn tcp_stream() {
    signatures! {
        TcpStream::connect: fn(SocketAddr) -> io::Result<TcpStream>;
        TcpStream::from_std: fn(std_net::TcpStream) -> TcpStream;
        TcpStream::local_addr: fn(&TcpStream) -> io::Result<SocketAddr>;
        TcpStream::nodelay: fn(&TcpStream) -> io::Result<bool>;
        TcpStream::peek: fn(&TcpStream, &mut [u8]) -> io::Result<usize>;
        TcpStream::peer_addr: fn(&TcpStream) -> io::Result<SocketAddr>;
        TcpStream::set_nodelay: fn(&TcpStream, bool) -> io::Result<()>;
        TcpStream::set_ttl: fn(&TcpStream, u32) -> io::Result<()>;
        TcpStream::shutdown: fn(&TcpStream, Shutdown) -> io::Result<()>;
        TcpStream::take_error: fn(&TcpStream) -> io::Result<Option<io::Error>>;
        TcpStream::ttl: fn(&TcpStream) -> io::Result<u32>;
    }
}

#[test]
fn udp_socket() {
    signatures! {
        UdpSocket::bind: fn(SocketAddr) -> io::Result<UdpSocket>;
        UdpSocket::broadcast: fn(&UdpSocket) -> io::Result<bool>;
        UdpSocket::connect: fn(&UdpSocket, SocketAddr) -> io::Result<()>;
        UdpSocket::from_std: fn(std_net::UdpSocket) -> UdpSocket;
        UdpSocket::join_multicast_v4: fn(&UdpSocket, &Ipv4Addr, &Ipv4Addr) -> io::Result<()>;
        UdpSocket::join_multicast_v6: fn(&UdpSocket, &Ipv6Addr, u32) -> io::Result<()>;
        UdpSocket::leave_multicast_v4: fn(&UdpSocket, &Ipv4Addr, &Ipv4Addr) -> io::Result<()>;
        UdpSocket::leave_multicast_v6: fn(&UdpSocket, &Ipv6Addr, u32) -> io::Result<()>;
        UdpSocket::local_addr: fn(&UdpSocket) -> io::Result<SocketAddr>;
        UdpSocket::multicast_loop_v4: fn(&UdpSocket) -> io::Result<bool>;
        UdpSocket::multicast_loop_v6: fn(&UdpSocket) -> io::Result<bool>;
        UdpSocket::multicast_ttl_v4: fn(&UdpSocket) -> io::Result<u32>;
        UdpSocket::only_v6: fn(&UdpSocket) -> io::Result<bool>;
        UdpSocket::peek: fn(&UdpSocket, &mut [u8]) -> io::Result<usize>;
        UdpSocket::peek_from: fn(&UdpSocket, &mut [u8]) -> io::Result<(usize, SocketAddr)>;
        UdpSocket::peer_addr: fn(&UdpSocket) -> io::Result<SocketAddr>;
        UdpSocket::recv: fn(&UdpSocket, &mut [u8]) -> io::Result<usize>;
        UdpSocket::recv_from: fn(&UdpSocket, &mut [u8]) -> io::Result<(usize, SocketAddr)>;
        UdpSocket::send: fn(&UdpSocket, &[u8]) -> io::Result<usize>;
        UdpSocket::send_to: fn(&UdpSocket, &[u8], SocketAddr) -> io::Result<usize>;
        UdpSocket::set_broadcast: fn(&UdpSocket, bool) -> io::Result<()>;
        UdpSocket::set_multicast_loop_v4: fn(&UdpSocket, bool) -> io::Result<()>;
        UdpSocket::set_multicast_loop_v6: fn(&UdpSocket, bool) -> io::Result<()>;
        UdpSocket::set_multicast_ttl_v4: fn(&UdpSocket, u32) -> io::Result<()>;
        UdpSocket::set_ttl: fn(&UdpSocket, u32) -> io::Result<()>;
        UdpSocket::take_error: fn(&UdpSocket) -> io::Result<Option<io::Error>>;
        UdpSocket::ttl: fn(&UdpSocket) -> io::Result<u32>;
    }
}

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
fn receiver() {
    signatures! {
        Receiver::set_nonblocking: fn(&Receiver, bool) -> io::Result<()>;
    }
}

#[test]
fn sender() {
    signatures! {
        Sender::set_nonblocking: fn(&Sender, bool) -> io::Result<()>;
    }
}

#[test]
fn interest() {
    signatures! {
        Interest::add: fn(Interest, Interest) -> Interest;
        Interest::is_aio: fn(Interest) -> bool;
        Interest::is_lio: fn(Interest) -> bool;
        Interest::is_priority: fn(Interest) -> bool;
        Interest::is_readable: fn(Interest) -> bool;
        Interest::is_writable: fn(Interest) -> bool;
        Interest::remove: fn(Interest, Interest) -> Option<Interest>;
    }
}

#[test]
fn poll() {
    signatures! {
        Poll::new: fn() -> io::Result<Poll>;
        Poll::poll: fn(&mut Poll, &mut Events, Option<Duration>) -> io::Result<()>;
        Poll::registry: fn(&Poll) -> &Registry;
    }
}

#[test]
fn registry() {
    signatures! {
        Registry::deregister::<dyn Source>: fn(&Registry, &mut (dyn Source + 'static)) -> io::Result<()>;
        Registry::register::<dyn Source>: fn(&Registry, &mut (dyn Source + 'static), Token, Interest) -> io::Result<()>;
        Registry::reregister::<dyn Source>: fn(&Registry, &mut (dyn Source + 'static), Token, Interest) -> io::Result<()>;
        Registry::try_clone: fn(&Registry) -> io::Result<Registry>;
    }
}

#[test]
fn waker() {
    signatures! {
        Waker::new: fn(&Registry, Token) -> io::Result<Waker>;
        Waker::wake: fn(&Waker) -> io::Result<()>;
    }
}

#[test]
fn functions_constants_and_fields() {
    signatures! {
        pipe::new: fn() -> io::Result<(Sender, Receiver)>;
        Source::register: fn(&mut TcpStream, &Registry, Token, Interest) -> io::Result<()>;
        Source::reregister: fn(&mut TcpStream, &Registry, Token, Interest) -> io::Result<()>;
        Source::deregister: fn(&mut TcpStream, &Registry) -> io::Result<()>;
    }
    // Usable in constants.
    let answers = const {
        let both = Interest::READABLE.add(Interest::WRITABLE);
        [both.is_readable(), both.is_writable(), both.is_priority(), both.is_aio(), both.is_lio()]
    };
    assert_eq!(answers, [true, true, false, false, false]);
    let _: Interest = Interest::PRIORITY;
    let Token(_number) = Token(7);
    let fd: RawFd = 0;
    let SourceFd(_fd) = SourceFd(&fd);
}

#[test]
fn pages() {
    #[expect(unused_imports, reason = "they have no items to use")]
    use mio::{features, guide};
}

#[test]
fn try_io() {
    fn result() -> io::Result<u8> {
        Ok(7)
    }
    signatures! {
        TcpStream::try_io: fn(&TcpStream, fn() -> io::Result<u8>) -> io::Result<u8>;
        UdpSocket::try_io: fn(&UdpSocket, fn() -> io::Result<u8>) -> io::Result<u8>;
        UnixDatagram::try_io: fn(&UnixDatagram, fn() -> io::Result<u8>) -> io::Result<u8>;
        UnixStream::try_io: fn(&UnixStream, fn() -> io::Result<u8>) -> io::Result<u8>;
        Receiver::try_io: fn(&Receiver, fn() -> io::Result<u8>) -> io::Result<u8>;
        Sender::try_io: fn(&Sender, fn() -> io::Result<u8>) -> io::Result<u8>;
    }
    let (sender, _receiver) = pipe::new().unwrap();
    assert_eq!(sender.try_io(result).unwrap(), 7);
}

#[test]
fn sources() {
    traits! {
        Box<dyn Source>: Source;
        Box<TcpStream>: Source;
        &'static mut TcpStream: Source;
        SourceFd<'static>: Source, Debug;
    }
}

#[test]
fn plain_types() {
    traits! {
        Event: Debug, Send, Sync;
        Events: Debug, Send, Sync;
        event::Iter<'static>: Iterator<Item = &'static Event>, Debug, Clone;
        &'static Events: IntoIterator<Item = &'static Event, IntoIter = event::Iter<'static>>;
        Interest: BitOr<Output = Interest>, BitOrAssign, Debug;
        Interest: Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Send, Sync;
        Token: Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Send, Sync;
        usize: From<Token>;
        Poll: AsRawFd, Debug, Send, Sync;
        Registry: AsFd, AsRawFd, Debug, Send, Sync;
        Waker: Debug, Send, Sync;
    }
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
        std_net::TcpListener: From<TcpListener>;
        std_net::TcpStream: From<TcpStream>;
        std_net::UdpSocket: From<UdpSocket>;
        std_unix::UnixDatagram: From<UnixDatagram>;
        std_unix::UnixListener: From<UnixListener>;
        std_unix::UnixStream: From<UnixStream>;
        Receiver: From<ChildStdout>, From<ChildStderr>;
        Sender: From<ChildStdin>;
    }
}

#[test]
fn reading_and_writing() {
    traits! {
        TcpStream: Read, Write;
        &'static TcpStream: Read, Write;
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
