use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::unix::net;

use omnipoll::Interest;
use omnipoll::event::Event;
use omnipoll::net::{UnixListener, UnixStream};

use crate::support::{ONE, TWO, assert_kind, assert_would_block};
use crate::support::{Waiter, on_every_backend, pattern};
use crate::system::assert_flags;
use crate::temporary_path::TemporaryPath;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

#[test]
fn bytes_go_back_and_forth() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = registered_pair(waiter);
        let mut buffer = [0; 64];
        for round in 0..50_u8 {
            assert_would_block(there.read(&mut buffer));
            here.write_all(&[round; 10]).unwrap();
            waiter.expect_readable(TWO);
            assert_eq!((&there).read(&mut buffer).unwrap(), 10);
            (&there).write_all(&buffer[..10]).unwrap();
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
        let (mut here, mut there) = registered_pair(waiter);
        let chunk = pattern(100_000);
        let mut buffer = vec![0; 30_000];
        for _ in 0..20 {
            while here.write(&chunk).is_ok() {}
            assert_would_block(here.write(&chunk));
            while there.read(&mut buffer).is_ok() {}
            waiter.expect_writable(ONE);
        }
    });
}

#[test]
fn many_buffers_go_in_one_call() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = registered_pair(waiter);
        let slices = [IoSlice::new(b"one"), IoSlice::new(b"two")];
        assert_eq!(here.write_vectored(&slices).unwrap(), 6);
        waiter.expect_readable(TWO);
        let (mut first, mut second) = ([0; 2], [0; 8]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(there.read_vectored(&mut buffers).unwrap(), 6);
        assert_eq!((&first, &second[..4]), (b"on", &b"etwo"[..]));
        here.flush().unwrap();
    });
}

#[test]
fn the_end_is_told_once() {
    on_every_backend(|waiter| {
        let (here, mut there) = registered_pair(waiter);
        here.shutdown(Shutdown::Write).unwrap();
        waiter.expect_hang_up(TWO, Event::is_read_closed);
        assert_eq!(there.read(&mut [0; 8]).unwrap(), 0);
        waiter.expect_quiet();
        there.write_all(b"still").unwrap();
        waiter.expect_readable(ONE);
        drop(here);
        waiter.expect_hang_up(TWO, Event::is_write_closed);
        assert_kind(there.write(b"more"), io::ErrorKind::BrokenPipe);
        waiter.expect_quiet();
    });
}

#[test]
fn calls_of_the_caller_s_own_are_seen() {
    on_every_backend(|waiter| {
        let (mut here, there) = registered_pair(waiter);
        let mut buffer = [0; 8];
        for _ in 0..5 {
            assert_would_block(there.try_io(|| Ok(rustix::io::read(&there, &mut buffer)?)));
            here.write_all(b"hello").unwrap();
            waiter.expect_readable(TWO);
            let length = there.try_io(|| Ok(rustix::io::read(&there, &mut buffer)?)).unwrap();
            assert_eq!(length, 5);
        }
    });
}

#[test]
fn connecting_succeeds_or_fails_at_once() {
    on_every_backend(|waiter| {
        let path = TemporaryPath::new("connect");
        assert_kind(UnixStream::connect(&path), io::ErrorKind::NotFound);
        let listener = UnixListener::bind(&path).unwrap();
        let mut stream = UnixStream::connect(&path).unwrap();
        assert_flags(&stream);
        waiter.register(&mut stream, ONE, BOTH);
        waiter.expect_writable(ONE);
        stream.write_all(b"before it is accepted").unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        assert_eq!(accepted.read(&mut [0; 64]).unwrap(), 21);
        assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
        assert!(stream.local_addr().unwrap().is_unnamed());
        drop(listener);
        assert_kind(UnixStream::connect(&path), io::ErrorKind::ConnectionRefused);
    });
}

/// Not a success that is still under way: nothing was begun.
#[test]
#[cfg(target_os = "linux")]
fn a_full_listener_would_block() {
    let path = TemporaryPath::new("full");
    let listener = net::UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 1).unwrap();
    let mut streams = Vec::new();
    let refused = loop {
        match UnixStream::connect(&path) {
            Ok(stream) => streams.push(stream),
            Err(error) => break error,
        }
        assert!(streams.len() < 10);
    };
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    listener.accept().unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_standard_stream_comes_and_goes() {
    on_every_backend(|waiter| {
        let (one, mut other) = net::UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let mut stream = UnixStream::from_std(one);
        assert!(format!("{stream:?}").starts_with("UnixStream"));
        assert!(stream.take_error().unwrap().is_none());
        waiter.register(&mut stream, ONE, Interest::READABLE);
        other.write_all(b"hello").unwrap();
        waiter.expect_readable(ONE);
        let mut stream = net::UnixStream::from(stream);
        waiter.expect_nothing_of(ONE);
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 5);
    });
}

fn registered_pair(waiter: &mut Waiter) -> (UnixStream, UnixStream) {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    assert_flags(&here);
    assert_flags(&there);
    waiter.register(&mut here, ONE, BOTH);
    waiter.register(&mut there, TWO, BOTH);
    (here, there)
}
