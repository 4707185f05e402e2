//! Connecting: the outcome is told once it is there, and not before.

use std::io::{ErrorKind, Read, Write};
use std::net;
#[cfg(unix)]
use std::os::{fd::AsRawFd, linux::net::SocketAddrExt, unix};
use std::thread;
use std::time::Duration;

use omnipoll::event::Event;
use omnipoll::net::TcpStream;
#[cfg(unix)]
use omnipoll::net::{TcpListener, UnixListener, UnixStream};
#[cfg(unix)]
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Token};

use crate::harness::Trigger;
use crate::support::{Bench, Way, socket_to_nobody};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// An address of the loopback where nobody listens.
fn nobody() -> net::SocketAddr {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// CO-1, SE-3: whichever direction was asked for, in every trigger; and the reason is told once.
fn refused(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        for interest in [READ, WRITE, READ | WRITE] {
            let mut bench = Bench::new(backend);
            let mut stream = TcpStream::connect(nobody()).unwrap();
            bench.register_in(way, &mut stream, TOKEN, trigger.apply(interest));
            bench.expect(TOKEN, |event| {
                event.is_readable() || event.is_writable() || event.is_error()
            });
            let error = stream.take_error().unwrap().expect("a reason");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(stream.take_error().unwrap().is_none());
            assert!(stream.peer_addr().is_err());
            if trigger == Trigger::Level {
                // What failed is readable and writable for good.
                bench.expect(TOKEN, |_| true);
            } else {
                bench.expect_silence();
            }
        }
    }
}

fn made(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        let mut bench = Bench::new(backend);
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        bench.register_in(way, &mut stream, TOKEN, trigger.apply(READ | WRITE));
        let event = bench.expect(TOKEN, Event::is_writable);
        assert!(!event.is_error() && !event.is_write_closed(), "{event:?}");
        assert!(stream.take_error().unwrap().is_none());
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
        if trigger != Trigger::Level {
            bench.expect_nothing();
        }
        let (mut accepted, _) = listener.accept().unwrap();
        stream.write_all(b"x").unwrap();
        assert_eq!(accepted.read(&mut [0; 8]).unwrap(), 1);
    }
}

/// CO-2: the packets to a listener whose queue is full are lost, so connecting takes as long
/// as it takes: nothing is told until there is room.
#[cfg(unix)]
fn pending(backend: Backend) {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Room for one, and the kernel adds one.
    rustix::net::listen(&listener, 0).unwrap();
    let fillers: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    thread::sleep(Duration::from_millis(5));

    let mut bench = Bench::new(backend);
    let mut streams: Vec<_> = (0..2).map(|_| TcpStream::connect(address).unwrap()).collect();
    for (stream, way) in streams.iter_mut().zip(Way::ALL) {
        bench.register_in(way, stream, TOKEN, READ | WRITE);
    }
    let early = bench.wait(300);
    assert!(early.is_empty(), "there is no room: {early:?}");
    for stream in &streams {
        assert_eq!(stream.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    }
    // The kernel tries again after a second; by then there is room.
    rustix::net::listen(&listener, 100).unwrap();
    bench.expect(TOKEN, Event::is_writable);
    drop(fillers);
}

/// CO-1: a Unix listener whose queue is full says so at once, and nothing was connected.
#[cfg(unix)]
fn no_room_in_a_queue(backend: Backend) {
    let any = unix::net::SocketAddr::from_pathname("").unwrap();
    let mut listener = UnixListener::bind_addr(&any).unwrap();
    let address = listener.local_addr().unwrap();
    assert!(address.as_abstract_name().is_some());
    rustix::net::listen(&listener, 0).unwrap();
    let mut bench = Bench::new(backend);
    bench.register(&mut listener, TOKEN, READ);
    let mut connected = Vec::new();
    let error = loop {
        match UnixStream::connect_addr(&address) {
            Ok(stream) => connected.push(stream),
            Err(error) => break error,
        }
        assert!(connected.len() < 100, "the queue is never full");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    bench.expect(TOKEN, Event::is_readable);
    for _ in &connected {
        listener.accept().unwrap();
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    // Now there is room.
    connected.push(UnixStream::connect_addr(&address).unwrap());
    bench.expect(TOKEN, Event::is_readable);
}

/// UD-1: a refusal that is pending while its socket is closed harms nobody.
#[cfg(unix)]
fn closed_before_its_error_is_read(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        let mut bench = Bench::new(backend);
        let mut socket = socket_to_nobody();
        system::queue_errors(socket.as_raw_fd());
        bench.register_in(way, &mut socket, TOKEN, trigger.apply(READ));
        socket.send(b"hello?").unwrap();
        bench.expect(TOKEN, |event| event.is_error() || event.is_readable());
        if way == Way::Raw {
            bench.registry().deregister(&mut SourceFd(&socket.as_raw_fd())).unwrap();
        }
        drop(socket);
        bench.expect_nothing();
        // The next one with its number has nothing to do with it.
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        bench.register(&mut listener, Token(8), trigger.apply(READ));
        bench.expect_nothing();
    }
}

promises! {
    in any on unix: pending, no_room_in_a_queue;
    in each: refused, made;
    in each on unix: closed_before_its_error_is_read;
}
