//! Leaks: whatever is opened is closed, and whatever is registered leaves nothing.

#[cfg(unix)]
use std::os::fd::AsRawFd;
#[cfg(unix)]
use std::process::Command;
use std::time::Duration;

use omnipoll::event::Event;
#[cfg(unix)]
use omnipoll::net::TcpStream;
use omnipoll::{Backend, Events, Interest, Poll, Token, Waker};

use crate::harness::Trigger;
use crate::sources::Server;
use crate::support::{Bench, Kind, Way, alone, pair, wants_a_read};
use crate::system;

const READ: Interest = Interest::READABLE;

/// FK-3.
fn polls(backend: Backend) {
    alone(&[], || {
        let (mut before, mut memory) = (0, 0);
        let mut events = Events::with_capacity(4);
        for round in 0..10_000 {
            // By then systems have opened for themselves what they open once.
            if round == 1_000 {
                (before, memory) = (system::open_descriptors(), system::resident_pages());
            }
            let mut poll = Poll::builder().backend(backend).build().unwrap();
            if round % 100 == 0 {
                let waker = Waker::new(poll.registry(), Token(0)).unwrap();
                let (mut ours, _theirs) = pair(Kind::LOCAL, Way::LAST);
                poll.registry().register(&mut ours, Token(1), READ).unwrap();
                waker.wake().unwrap();
                poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
                #[cfg(unix)]
                let _ = poll.as_raw_fd();
            }
        }
        assert_eq!(system::open_descriptors(), before);
        expect_no_growth(memory);
    });
}

fn registrations(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut sources: Vec<_> = Way::ALL.map(|way| pair(Kind::LOCAL, way)).into_iter().collect();
        let mut cycle = |rounds: usize| {
            for round in 0..rounds {
                let (ours, _theirs) = &mut sources[round % Way::ALL.len()];
                let interest = trigger.apply(READ | Interest::WRITABLE);
                bench.register(ours, Token(round), interest);
                if round % 7 == 0 {
                    bench.wait(0);
                }
                bench.reregister(ours, Token(round), trigger.apply(READ));
                bench.registry().deregister(ours).unwrap();
                if round % 11 == 0 {
                    drop(Waker::new(bench.registry(), Token(round)).unwrap());
                }
            }
            bench.expect_nothing();
        };
        cycle(1_000);
        let (descriptors, memory) = (system::open_descriptors(), system::resident_pages());
        cycle(20_000);
        assert_eq!(system::open_descriptors(), descriptors);
        expect_no_growth(memory);
    });
}

/// Checks that the process is about as large as it was with `before` pages.
#[track_caller]
fn expect_no_growth(before: u64) {
    let grown = system::resident_pages().saturating_sub(before);
    assert!(grown < 256, "{grown} pages of memory more");
}

/// Sources that come and go, and are never deregistered.
fn dropped_sources(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut cycle = |rounds: usize| {
            for round in 0..rounds {
                let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
                theirs.send(b"x");
                bench.register(&mut ours, Token(round), trigger.apply(READ));
                if round % 3 == 0 {
                    bench.wait(0);
                }
            }
        };
        cycle(1_000);
        let (descriptors, memory) = (system::open_descriptors(), system::resident_pages());
        cycle(10_000);
        assert_eq!(system::open_descriptors(), descriptors);
        expect_no_growth(memory);
    });
}

/// WN-3: connections that are accepted, registered, woken about and closed.
fn accepted_and_closed(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut listener = Server::bind_any();
        bench.register(&mut listener.listener, Token(0), READ.level());
        let mut cycle = |rounds: usize| {
            for round in 1..=rounds {
                let client = listener.connect();
                bench.expect(Token(0), Event::is_readable);
                let mut stream = listener.accept();
                bench.register(&mut stream, Token(round), trigger.apply(READ));
                drop(client);
                bench.expect(Token(round), wants_a_read);
            }
        };
        cycle(500);
        let (descriptors, memory) = (system::open_descriptors(), system::resident_pages());
        cycle(5_000);
        assert_eq!(system::open_descriptors(), descriptors);
        expect_no_growth(memory);
    });
}

/// FK-2: a program that this one starts has none of its descriptors.
#[cfg(unix)]
fn nothing_is_inherited(backend: Backend) {
    alone(&[], || {
        let listing = || {
            let output = Command::new("ls").arg("/proc/self/fd").output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        // This one may have inherited some itself.
        let before = listing();
        let bench = Bench::new(backend);
        let (mut ours, _theirs) = pair(Kind::Tcp, Way::Raw);
        bench.register(&mut ours, Token(0), READ);
        let waiter = crate::support::Waiter::start(&bench.poll, 4);
        // A second thread that waits at the same time.
        bench.poll.share().wait(&mut Events::with_capacity(4), Some(Duration::ZERO)).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let _connecting = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _unused = bench.poll.as_raw_fd();
        assert_eq!(listing(), before);
        drop(waiter);
    });
}

promises! {
    in any: polls;
    in any on unix: nothing_is_inherited;
    in each: registrations, dropped_sources, accepted_and_closed;
}
