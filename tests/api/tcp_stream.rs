use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{self, Shutdown};

use omnipoll::event::Event;
use omnipoll::net::{TcpListener, TcpStream};
use omnipoll::{Interest, Registry};
use socket2::SockRef;

use crate::support::{ONE, TWO, any_port, assert_kind, assert_would_block};
use crate::support::{Waiter, on_every_backend, pattern};
use crate::system::{assert_flags, is_broken_pipe, is_wine};

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

#[test]
fn connecting_ends_with_an_event() {
    on_every_backend(|waiter| {
        let listener = TcpListener::bind(any_port()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        assert_flags(&stream);
        waiter.register(&mut stream, ONE, Interest::WRITABLE);
        waiter.expect_writable(ONE);
        assert!(stream.take_error().unwrap().is_none());
        assert_eq!(stream.peer_addr().unwrap(), address);
        let (accepted, peer) = listener.accept().unwrap();
        assert_eq!(stream.local_addr().unwrap(), peer);
        assert_eq!(accepted.local_addr().unwrap(), address);
    });
}

#[test]
fn a_refused_connection_is_told() {
    on_every_backend(|waiter| {
        let address = net::TcpListener::bind(any_port()).unwrap().local_addr().unwrap();
        let error = match TcpStream::connect(address) {
            Ok(mut stream) => {
                waiter.register(&mut stream, ONE, BOTH);
                waiter.expect_hang_up(ONE, |event| event.is_error() && event.is_write_closed());
                let error = stream.take_error().unwrap().unwrap();
                assert_kind(stream.peer_addr(), io::ErrorKind::NotConnected);
                waiter.expect_quiet();
                error
            }
            Err(error) => error,
        };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn bytes_go_back_and_forth() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = connected(waiter);
        let mut buffer = [0; 64];
        for round in 0..50_u8 {
            assert_would_block(there.read(&mut buffer));
            here.write_all(&[round; 10]).unwrap();
            waiter.expect_readable(TWO);
            // Short, so drained: no further try, and the next event is owed.
            assert_eq!(there.read(&mut buffer).unwrap(), 10);
            there.write_all(&buffer[..10]).unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(here.read(&mut buffer).unwrap(), 10);
            assert_eq!(buffer[..10], [round; 10]);
        }
        waiter.expect_quiet();
    });
}

#[test]
fn a_full_stream_becomes_writable_again() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = connected(waiter);
        let sent = pattern(6 << 20);
        let (mut written, mut received) = (0, Vec::new());
        let mut buffer = vec![0; 50_000];
        while received.len() < sent.len() {
            while written < sent.len() {
                match here.write(&sent[written..]) {
                    Ok(length) => written += length,
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                        break;
                    }
                }
            }
            loop {
                match there.read(&mut buffer) {
                    Ok(length) => received.extend_from_slice(&buffer[..length]),
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                        break;
                    }
                }
            }
            if received.len() < sent.len() {
                waiter.expect(if written < sent.len() { ONE } else { TWO }, |_| true);
            }
        }
        assert!(received == sent);
    });
}

#[test]
fn many_buffers_go_in_one_call() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = connected(waiter);
        let slices = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"three")];
        assert_eq!(here.write_vectored(&slices).unwrap(), 8);
        waiter.expect_readable(TWO);
        let (mut first, mut second) = ([0; 5], [0; 5]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(there.read_vectored(&mut buffers).unwrap(), 8);
        assert_eq!((&first, &second[..3]), (b"oneth", &b"ree"[..]));
        here.flush().unwrap();

        // More than one call can take is cut, not refused.
        let many = vec![IoSlice::new(b"x"); 3_000];
        let written = here.write_vectored(&many).unwrap();
        assert!((1..=3_000).contains(&written));
        let mut received = vec![0; written];
        let mut length = 0;
        while length < written {
            length += waiter.retry(TWO, || there.read(&mut received[length..]));
        }
        assert_would_block(there.read(&mut received));
    });
}

#[test]
fn a_peek_leaves_the_bytes() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = connected(waiter);
        let mut buffer = [0; 8];
        assert_would_block(there.peek(&mut buffer));
        for _ in 0..3 {
            here.write_all(b"look").unwrap();
            waiter.expect_readable(TWO);
            assert_eq!(there.peek(&mut buffer).unwrap(), 4);
            assert_eq!(there.read(&mut buffer).unwrap(), 4);
        }
    });
}

#[test]
fn a_half_closed_stream_is_told_and_goes_on() {
    on_every_backend(|waiter| {
        let (here, mut there) = connected(waiter);
        (&here).write_all(b"last").unwrap();
        here.shutdown(Shutdown::Write).unwrap();
        let mut buffer = [0; 8];
        if is_wine() {
            // It tells the end once all before it was read.
            assert_eq!(waiter.retry(TWO, || there.read(&mut buffer)), 4);
        }
        waiter.expect_hang_up(TWO, Event::is_read_closed);
        if !is_wine() {
            assert_eq!(there.read(&mut buffer).unwrap(), 4);
        }
        assert_eq!(there.read(&mut buffer).unwrap(), 0);
        assert!(is_broken_pipe(&(&here).write(b"more").unwrap_err()));
        // The end of the stream lasts, and must not be reported for ever.
        waiter.expect_quiet();
        there.write_all(b"answer").unwrap();
        waiter.expect_readable(ONE);
        assert_eq!((&here).read(&mut buffer).unwrap(), 6);
        drop(there);
        waiter.expect_hang_up(ONE, Event::is_read_closed);
        assert_eq!((&here).read(&mut buffer).unwrap(), 0);
        waiter.expect_quiet();
    });
}

#[test]
fn a_reset_is_told() {
    on_every_backend(|waiter| {
        let (mut here, there) = connected(waiter);
        // What was not read makes the close a reset.
        here.write_all(b"unread").unwrap();
        waiter.expect_readable(TWO);
        drop(there);
        waiter.expect_hang_up(ONE, Event::is_error);
        if is_wine() {
            // It has taken the error itself.
            assert_eq!(here.read(&mut [0; 8]).unwrap(), 0);
        } else {
            assert_kind(here.read(&mut [0; 8]), io::ErrorKind::ConnectionReset);
        }
        assert!(is_broken_pipe(&here.write(b"more").unwrap_err()));
        waiter.expect_quiet();
    });
}

#[test]
fn an_empty_read_is_not_the_end() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = connected(waiter);
        for _ in 0..3 {
            // Some systems look for bytes all the same.
            let _ = there.read(&mut []);
            here.write_all(b"more").unwrap();
            waiter.expect_readable(TWO);
            assert_eq!(there.read(&mut [0; 8]).unwrap(), 4);
        }
    });
}

#[test]
fn calls_of_the_caller_s_own_are_seen() {
    on_every_backend(|waiter| {
        let (mut here, there) = connected(waiter);
        let mut buffer = [0; 8];
        for _ in 0..5 {
            assert_would_block(there.try_io(|| (&*SockRef::from(&there)).read(&mut buffer)));
            here.write_all(b"hello").unwrap();
            waiter.expect_readable(TWO);
            let length = there.try_io(|| (&*SockRef::from(&there)).read(&mut buffer)).unwrap();
            assert_eq!(&buffer[..length], b"hello");
        }
        let refused: io::Result<()> = there.try_io(|| Err(io::Error::other("my own")));
        assert_eq!(refused.unwrap_err().to_string(), "my own");
    });
}

#[test]
fn reading_and_writing_can_be_shared() {
    on_every_backend(|waiter| {
        let (here, there) = connected(waiter);
        (&here).write_all(b"shared").unwrap();
        waiter.expect_readable(TWO);
        let mut buffer = [0; 8];
        assert_eq!((&there).read(&mut buffer).unwrap(), 6);
    });
}

#[test]
fn its_options_are_kept() {
    on_every_backend(|waiter| {
        let (stream, _other) = connected(waiter);
        assert!(!stream.nodelay().unwrap());
        stream.set_nodelay(true).unwrap();
        assert!(stream.nodelay().unwrap());
        stream.set_ttl(44).unwrap();
        assert_eq!(stream.ttl().unwrap(), 44);
        assert!(stream.take_error().unwrap().is_none());
        assert!(format!("{stream:?}").starts_with("TcpStream"));
    });
}

#[test]
fn a_stream_moves_to_another_poll() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = connected(waiter);
        let other = omnipoll::Poll::builder().backend(waiter.poll.backend()).build().unwrap();
        let refused = Registry::register(other.registry(), &mut there, TWO, BOTH);
        assert_kind(refused, io::ErrorKind::AlreadyExists);
        waiter.registry().deregister(&mut there).unwrap();
        other.registry().register(&mut there, TWO, BOTH).unwrap();
        drop(other);
        // The other poll is gone: the stream is free again.
        waiter.register(&mut there, TWO, BOTH);
        here.write_all(b"hello").unwrap();
        waiter.expect_readable(TWO);
    });
}

/// Two ends of a connection: `ONE` and `TWO`.
fn connected(waiter: &mut Waiter) -> (TcpStream, TcpStream) {
    let listener = net::TcpListener::bind(any_port()).unwrap();
    let stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut here = TcpStream::from_std(stream);
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut there = TcpStream::from_std(stream);
    waiter.register(&mut here, ONE, BOTH);
    waiter.register(&mut there, TWO, BOTH);
    (here, there)
}
