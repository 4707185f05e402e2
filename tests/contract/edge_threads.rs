//! Edge, where one thread waits all the time and another one does the I/O, as in tokio:
//! each event is answered while the next wait is under way already.

use std::io::{ErrorKind, Write};
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use omnipoll::event::Event;
#[cfg(unix)]
use omnipoll::net::TcpListener;
#[cfg(unix)]
use omnipoll::unix::pipe::{self, OpenOptions};
use omnipoll::{Backend, Interest, Token};

use crate::support::{
    ALL, Bench, Kind, STREAMS, Waiter, Way, alone, each, pair, socket_to_nobody, tcp_pair,
    wants_a_read, writing_pair,
};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// Lets the thread that waits come back to its wait.
fn come_back() {
    thread::sleep(Duration::from_millis(1));
}

fn end_read_again_and_again(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        drop(theirs);
        waiter.expect(TOKEN, wants_a_read);
        come_back();
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        waiter.expect_silence_after(4, || assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0));
        // Tried again without an event, it is silent too.
        for _ in 0..3 {
            assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        }
        waiter.expect_silence_after(4, || assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0));
    });
}

fn broken_pipe_written_again_and_again(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE);
        waiter.expect(TOKEN, Event::is_writable);
        come_back();
        drop(theirs);
        // The first write after the end may find out, rather than fail.
        let write = || {
            let _ = ours.write(b"x");
        };
        write();
        waiter.expect_silence_after(6, write);
        (0..3).for_each(|_| write());
        waiter.expect_silence_after(6, write);
    });
}

fn reset_by_the_peer(backend: Backend) {
    for way in Way::ALL {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let (mut ours, theirs) = pair(Kind::Tcp, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        waiter.expect(TOKEN, Event::is_writable);
        system::reset_on_close(&theirs);
        drop(theirs);
        waiter.expect(TOKEN, wants_a_read);
        let read = || {
            let _ = ours.read(&mut [0; 8]);
        };
        read();
        waiter.expect_silence_after(5, read);
    }
}

/// UD-1.
#[cfg(unix)]
fn queued_errors_left_alone(backend: Backend) {
    for interest in [READ, READ | WRITE] {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let mut socket = socket_to_nobody();
        system::queue_errors(socket.as_raw_fd());
        bench.register(&mut socket, TOKEN, interest);
        waiter.expect_silence_after(3, || {});
        socket.send(b"hello?").unwrap();
        waiter.expect(TOKEN, |event| event.is_error() || event.is_readable());
        come_back();
        assert!(socket.recv(&mut [0; 8]).is_err());
        waiter.expect_silence_after(6, || assert!(socket.recv(&mut [0; 8]).is_err()));
        // From here on a read only says that it would block.
        bench.reregister(&mut socket, TOKEN, interest);
        waiter.expect_silence_after(6, || {
            let error = socket.recv(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        });
    }
}

fn peeked_and_left_alone(backend: Backend) {
    let bench = Bench::new(backend);
    let waiter = Waiter::start(&bench.poll, 8);
    let (mut ours, mut theirs) = tcp_pair();
    bench.register(&mut ours, TOKEN, READ);
    for _ in 0..4 {
        theirs.write_all(b"x").unwrap();
        waiter.expect(TOKEN, Event::is_readable);
        come_back();
        let peek = || assert!(ours.peek(&mut [0; 64]).unwrap() > 0);
        peek();
        waiter.expect_silence_after(3, peek);
    }
}

/// AC-1.
#[cfg(unix)]
fn no_descriptor_to_accept_with(backend: Backend) {
    alone(&[], || {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        bench.register(&mut listener, TOKEN, READ);
        let _client = std::net::TcpStream::connect(address).unwrap();
        system::limit_descriptors(system::next_descriptor());
        waiter.expect(TOKEN, Event::is_readable);
        come_back();
        let refuse = || {
            let error = listener.accept().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        };
        refuse();
        waiter.expect_silence_after(5, refuse);
        system::limit_descriptors(1000);
    });
}

#[cfg(unix)]
fn fifo_outlives_its_writers(backend: Backend) {
    let name = format!("omnipoll-threads-{backend}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = std::fs::remove_file(&path);
    pipe::create_fifo(&path, 0o600).unwrap();
    let bench = Bench::new(backend);
    let waiter = Waiter::start(&bench.poll, 8);
    let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
    bench.register(&mut receiver, TOKEN, READ);
    for _ in 0..4 {
        let mut sender = OpenOptions::new().open_sender(&path).unwrap();
        sender.write_all(b"hello").unwrap();
        waiter.expect(TOKEN, Event::is_readable);
        come_back();
        let mut read = || std::io::Read::read(&mut receiver, &mut [0; 8]).unwrap();
        assert_eq!(read(), 5);
        drop(sender);
        waiter.expect(TOKEN, wants_a_read);
        come_back();
        assert_eq!(read(), 0);
        waiter.expect_silence_after(4, || assert_eq!(read(), 0));
    }
    std::fs::remove_file(&path).unwrap();
}

/// A caller that never tries anything is told of each thing once.
fn nothing_tried_at_all(backend: Backend) {
    each(&STREAMS, |kind, way| {
        for interest in [READ, WRITE, READ | WRITE] {
            let bench = Bench::new(backend);
            let waiter = Waiter::start(&bench.poll, 8);
            let (mut ours, theirs) = pair(kind, way);
            bench.register(&mut ours, TOKEN, interest);
            waiter.expect_silence_after(2, || {});
            theirs.send(b"x");
            waiter.expect_silence_after(2, || {});
            drop(theirs);
            waiter.expect_silence_after(3, || {});
            let waits = waiter.waits();
            assert!(waits <= 8, "{waits} waits");
        }
    });
}

/// One thread fills, another one waits, and no room is ever missed.
fn filled_and_drained(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE);
        let (mut sent, mut received) = (0, 0);
        for _ in 0..30 {
            // A stale event from before is as good, if another one follows.
            waiter.expect(TOKEN, Event::is_writable);
            loop {
                match ours.write(&[1; 4096]) {
                    Ok(length) => sent += length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("write: {error}"),
                }
            }
            while received < sent {
                received += theirs.drain();
            }
        }
    });
}

promises! {
    in Edge:
        end_read_again_and_again, broken_pipe_written_again_and_again, reset_by_the_peer,
        peeked_and_left_alone, nothing_tried_at_all, filled_and_drained;
    in Edge on unix:
        queued_errors_left_alone, no_descriptor_to_accept_with, fifo_outlives_its_writers;
}
