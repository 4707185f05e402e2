//! Closing: the peer learns of it at once, whatever the kernel keeps of the registration,
//! and whether or not anybody waits again.

use std::io::{self, Read};
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{hint, thread};

use omnipoll::event::Event;
use omnipoll::net::TcpListener;
#[cfg(unix)]
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Token};

use crate::harness::Trigger;
use crate::support::{Bench, End, Kind, OWED, STREAMS, Way, alone, each, pair};

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
/// Ready at once, so that the kernel is at work on it when it is taken back.
const READ_WRITE: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Reads the end of the stream, which must be there or come.
#[track_caller]
fn expect_end(theirs: End) {
    let mut stream = theirs.into_blocking(OWED);
    loop {
        match stream.read(&mut [0; 8]) {
            // A ring that is closed interrupts the thread that had it.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break assert_eq!(read.expect("the end of the stream"), 0),
        }
    }
}

/// Does `act` with a registered source, after waits before and after its registration, or
/// none; nobody waits after that.
fn closed_by(backend: Backend, trigger: Trigger, way: Way, act: fn(&mut Bench, End)) {
    for kind in Kind::STREAMS {
        for interest in [READ, READ_WRITE] {
            for (before, after) in [(false, false), (true, false), (true, true)] {
                let mut bench = Bench::new(backend);
                let (mut ours, theirs) = pair(kind, way);
                if before {
                    bench.wait(0);
                }
                bench.register(&mut ours, TOKEN, trigger.apply(interest));
                if after {
                    // What it tells is no matter here.
                    bench.wait(5);
                }
                act(&mut bench, ours);
                expect_end(theirs);
                bench.expect_silence();
            }
        }
    }
}

/// In a process of its own: what another test opens may get the number of a raw descriptor.
fn without_deregistering(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        for way in Way::ALL {
            closed_by(backend, trigger, way, |_, ours| drop(ours));
        }
    });
}

fn right_after_deregistering(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        closed_by(backend, trigger, way, |bench, mut ours| {
            bench.registry().deregister(&mut ours).unwrap();
        });
    }
}

fn after_it_was_given_away(backend: Backend, trigger: Trigger) {
    closed_by(backend, trigger, Way::Typed, |_, ours| drop(ours.into_blocking(OWED)));
}

/// The thread that has waited is busy with something else.
fn by_another_thread(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        closed_by(backend, trigger, way, |bench, mut ours| {
            let registry = bench.registry().try_clone().unwrap();
            let close = move || registry.deregister(&mut ours).map(|()| drop(ours));
            thread::spawn(close).join().unwrap().unwrap();
        });
    }
    closed_by(backend, trigger, Way::Typed, |_, ours| {
        thread::spawn(move || drop(ours)).join().unwrap();
    });
}

fn after_the_poll(backend: Backend, trigger: Trigger) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, trigger.apply(READ));
        bench.expect_nothing();
        drop(bench);
        drop(ours);
        expect_end(theirs);
    });
}

/// Just as the wait of another thread ends, which then has other things to do.
fn while_a_wait_ends(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut other, other_theirs) = pair(Kind::Tcp, Way::Typed);
    bench.register(&mut other, Token(1), READ);
    let registry = bench.registry().try_clone().unwrap();
    let (begin, begun) = mpsc::channel::<()>();
    let (end, ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for () in begun {
                bench.expect(Token(1), Event::is_readable);
                other.drain();
                end.send(()).unwrap();
            }
        });
        for round in 0..200 {
            let (mut ours, theirs) = pair(Kind::Tcp, Way::Typed);
            registry.register(&mut ours, TOKEN, READ).unwrap();
            begin.send(()).unwrap();
            thread::sleep(Duration::from_millis(1));
            other_theirs.send(b"x");
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(round % 40) {
                hint::spin_loop();
            }
            drop(ours);
            ended.recv().unwrap();
            expect_end(theirs);
        }
        drop(begin);
    });
}

/// It left one poll, and was registered with another one.
fn after_it_moved(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        closed_by(backend, trigger, way, |bench, mut ours| {
            let mut other = Bench::new(bench.poll.backend());
            other.wait(0);
            bench.registry().deregister(&mut ours).unwrap();
            other.register(&mut ours, TOKEN, READ);
            other.expect_nothing();
            drop(ours);
            other.expect_nothing();
        });
    }
}

/// An address is free again once its listener is dropped. In a process of its own: a program
/// that another test starts may hold the listener where it gets its flags after its birth.
fn listeners(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut address = "127.0.0.1:0".parse().unwrap();
        for round in 0..20 {
            let mut listener = TcpListener::bind(address).unwrap();
            address = listener.local_addr().unwrap();
            bench.register(&mut listener, TOKEN, READ);
            bench.expect_nothing();
            if round % 2 == 0 {
                bench.registry().deregister(&mut listener).unwrap();
            }
            drop(listener);
            let refused = std::net::TcpStream::connect(address).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        }
        #[cfg(unix)]
        no_listener_by_number(&mut bench, address);
    });
}

/// Nor is one kept by a number.
#[cfg(unix)]
fn no_listener_by_number(bench: &mut Bench, address: std::net::SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    let fd = listener.as_raw_fd();
    bench.register(&mut SourceFd(&fd), TOKEN, READ);
    bench.expect_nothing();
    drop(listener);
    TcpListener::bind(address).unwrap();
}

promises! {
    in any: listeners, while_a_wait_ends;
    in each:
        without_deregistering, right_after_deregistering, after_it_was_given_away,
        by_another_thread, after_the_poll, after_it_moved;
}
