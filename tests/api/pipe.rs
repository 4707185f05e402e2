use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::process::{Command, Stdio};

use omnipoll::Interest;
use omnipoll::event::Event;
use omnipoll::unix::pipe::{self, Receiver, Sender};

use crate::support::on_every_backend;
use crate::support::{ONE, TWO, assert_kind, assert_would_block};
use crate::system::assert_flags;

#[test]
fn bytes_go_through() {
    on_every_backend(|waiter| {
        let (mut sender, mut receiver) = pipe::new().unwrap();
        assert_flags(&sender);
        assert_flags(&receiver);
        waiter.register(&mut sender, ONE, Interest::WRITABLE);
        waiter.register(&mut receiver, TWO, Interest::READABLE);
        waiter.expect_writable(ONE);
        let mut buffer = [0; 64];
        for round in 0..50_u8 {
            assert_would_block((&receiver).read(&mut buffer));
            (&sender).write_all(&[round; 10]).unwrap();
            waiter.expect_readable(TWO);
            assert_eq!(receiver.read(&mut buffer).unwrap(), 10);
            assert_eq!(buffer[..10], [round; 10]);
        }
        sender.flush().unwrap();
        waiter.expect_quiet();
    });
}

#[test]
fn many_buffers_go_in_one_call() {
    on_every_backend(|waiter| {
        let (mut sender, mut receiver) = pipe::new().unwrap();
        waiter.register(&mut receiver, TWO, Interest::READABLE);
        let slices = [IoSlice::new(b"one"), IoSlice::new(b"two")];
        assert_eq!(sender.write_vectored(&slices).unwrap(), 6);
        waiter.expect_readable(TWO);
        let (mut first, mut second) = ([0; 2], [0; 8]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(receiver.read_vectored(&mut buffers).unwrap(), 6);
        assert_eq!((&first, &second[..4]), (b"on", &b"etwo"[..]));
    });
}

#[test]
fn a_full_pipe_becomes_writable_again() {
    on_every_backend(|waiter| {
        let (mut sender, mut receiver) = pipe::new().unwrap();
        waiter.register(&mut sender, ONE, Interest::WRITABLE);
        let mut buffer = vec![0; 20_000];
        for _ in 0..20 {
            while sender.write(&[7; 5_000]).is_ok() {}
            assert_would_block(sender.write(&[7; 5_000]));
            while receiver.read(&mut buffer).is_ok() {}
            waiter.expect_writable(ONE);
        }
    });
}

#[test]
fn a_writer_that_leaves_is_told_once() {
    on_every_backend(|waiter| {
        let (mut sender, mut receiver) = pipe::new().unwrap();
        waiter.register(&mut receiver, TWO, Interest::READABLE);
        sender.write_all(b"last").unwrap();
        drop(sender);
        waiter.expect_hang_up(TWO, Event::is_read_closed);
        let mut buffer = [0; 8];
        assert_eq!(receiver.read(&mut buffer).unwrap(), 4);
        assert_eq!(receiver.read(&mut buffer).unwrap(), 0);
        waiter.expect_quiet();
    });
}

#[test]
fn a_reader_that_leaves_is_told_once() {
    on_every_backend(|waiter| {
        let (mut sender, receiver) = pipe::new().unwrap();
        waiter.register(&mut sender, ONE, Interest::WRITABLE);
        drop(receiver);
        waiter.expect_hang_up(ONE, |event| event.is_write_closed() && event.is_error());
        assert_kind(sender.write(b"to nobody"), io::ErrorKind::BrokenPipe);
        waiter.expect_quiet();
    });
}

#[test]
fn an_empty_read_is_not_the_end() {
    on_every_backend(|waiter| {
        let (mut sender, mut receiver) = pipe::new().unwrap();
        waiter.register(&mut receiver, TWO, Interest::READABLE);
        for _ in 0..3 {
            assert_eq!(receiver.read(&mut []).unwrap(), 0);
            sender.write_all(b"more").unwrap();
            waiter.expect_readable(TWO);
            assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 4);
        }
        waiter.expect_quiet();
    });
}

#[test]
fn calls_of_the_caller_s_own_are_seen() {
    on_every_backend(|waiter| {
        let (sender, mut receiver) = pipe::new().unwrap();
        waiter.register(&mut receiver, TWO, Interest::READABLE);
        let mut buffer = [0; 8];
        for _ in 0..5 {
            assert_would_block(receiver.try_io(|| Ok(rustix::io::read(&receiver, &mut buffer)?)));
            sender.try_io(|| Ok(rustix::io::write(&sender, b"hello")?)).unwrap();
            waiter.expect_readable(TWO);
            let length = receiver.try_io(|| Ok(rustix::io::read(&receiver, &mut buffer)?));
            assert_eq!(length.unwrap(), 5);
        }
    });
}

#[test]
fn a_child_is_fed_and_read() {
    on_every_backend(|waiter| {
        let mut child = Command::new("sh")
            .args(["-c", "cat; echo done >&2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut sender = Sender::from(child.stdin.take().unwrap());
        let mut receiver = Receiver::from(child.stdout.take().unwrap());
        let mut errors = Receiver::from(child.stderr.take().unwrap());
        sender.set_nonblocking(true).unwrap();
        receiver.set_nonblocking(true).unwrap();
        errors.set_nonblocking(true).unwrap();
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        waiter.register(&mut errors, TWO, Interest::READABLE);

        sender.write_all(b"hello").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(waiter.retry(ONE, || receiver.read(&mut buffer)), 5);
        drop(sender);
        assert_eq!(waiter.retry(TWO, || errors.read(&mut buffer)), 5);
        assert_eq!(waiter.retry(ONE, || receiver.read(&mut buffer)), 0);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn blocking_is_a_choice() {
    let (sender, mut receiver) = pipe::new().unwrap();
    receiver.set_nonblocking(false).unwrap();
    let status = rustix::fs::fcntl_getfl(&receiver).unwrap();
    assert!(!status.contains(rustix::fs::OFlags::NONBLOCK));
    (&sender).write_all(b"hello").unwrap();
    assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 5);
    sender.set_nonblocking(false).unwrap();
    let status = rustix::fs::fcntl_getfl(&sender).unwrap();
    assert!(!status.contains(rustix::fs::OFlags::NONBLOCK));
    assert!(!format!("{sender:?} {receiver:?}").is_empty());
}
