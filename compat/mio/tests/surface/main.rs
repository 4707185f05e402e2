//! Every public item of mio 1.2 on Unix and on Windows, with its signature.
//!
//! There is little to run: that it compiles is the test. Were a method missing here, or
//! its signature another, a program written for mio would not build.

#![cfg(any(unix, windows))]
#![allow(clippy::type_complexity, reason = "signatures in full are the point")]

use std::fmt::Debug;
use std::hash::Hash;
use std::io::{self, Read, Write};
use std::net::{self as std_net, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::ops::{BitOr, BitOrAssign};
use std::time::Duration;

use mio::event::{self, Event, Source};
use mio::net::{TcpListener, TcpStream, UdpSocket};
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

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

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
    }
    let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    assert_eq!(socket.try_io(result).unwrap(), 7);
}

#[test]
fn sources() {
    traits! {
        Box<dyn Source>: Source;
        Box<TcpStream>: Source;
        &'static mut TcpStream: Source;
    }
}

#[test]
fn types_of_the_standard_library() {
    traits! {
        std_net::TcpListener: From<TcpListener>;
        std_net::TcpStream: From<TcpStream>;
        std_net::UdpSocket: From<UdpSocket>;
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
        Poll: Debug, Send, Sync;
        Registry: Debug, Send, Sync;
        Waker: Debug, Send, Sync;
    }
}

#[test]
fn reading_and_writing() {
    traits! {
        TcpStream: Read, Write;
        &'static TcpStream: Read, Write;
    }
}
