//! Descriptors: which numbers the library takes, and which it leaves alone.

use std::mem;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::thread;
use std::time::Duration;

use omnipoll::event::Event;
use omnipoll::net::SpareDescriptor;
use omnipoll::{Backend, Events, Interest, Token, Waker};

use crate::support::{Bench, Kind, Way, alone, pair};
use crate::system;

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;
const STANDARD: [RawFd; 3] = [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO];

/// Runs `body` while the standard descriptors are closed, as some daemons have them.
fn without_standard_descriptors(body: impl FnOnce()) {
    let kept = STANDARD.map(|number| system::duplicate_above(number, 100));
    STANDARD.into_iter().for_each(system::close);
    body();
    let back = |(number, copy): (RawFd, OwnedFd)| {
        mem::forget(system::duplicate_to(copy.as_raw_fd(), number));
    };
    STANDARD.into_iter().zip(kept).for_each(back);
}

/// What the library opens for itself, used in full.
fn open_all(backend: Backend) -> (Bench, SpareDescriptor) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    waker.wake().unwrap();
    assert_eq!(bench.wait(1000).len(), 1);
    // A second thread that waits at the same time, and a substitute descriptor.
    let shared = bench.poll.share();
    let thread = thread::spawn(move || {
        shared.wait(&mut Events::with_capacity(4), Some(Duration::from_millis(60))).unwrap();
    });
    system::let_others_sleep();
    assert!(bench.wait(10).is_empty());
    thread.join().unwrap();
    let _ = bench.poll.as_raw_fd();
    (bench, SpareDescriptor::new().unwrap())
}

/// IN-5: whatever a program prints must not end up in a descriptor of the library's own,
/// where it would be a wake-up, or an error that ends the program.
fn standard_ones_are_left_alone(backend: Backend) {
    alone(&[], || {
        let mut bench = None;
        let mut after = [true; 3];
        without_standard_descriptors(|| {
            bench = Some(open_all(backend));
            after = STANDARD.map(system::is_open);
        });
        assert_eq!(after, [false; 3], "the library has taken standard descriptors");
        // It works on without them, and with them again.
        let (mut bench, _spare) = bench.unwrap();
        let (mut ours, theirs) = pair(Kind::Unix, Way::Raw);
        bench.register(&mut ours, TOKEN, READ);
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        bench.registry().deregister(&mut ours).unwrap();
    });
}

/// The same where wake-ups are a pipe.
fn standard_ones_are_left_alone_by_a_pipe(backend: Backend) {
    alone(&[], || {
        let mut after = [true; 3];
        system::refuse(&[libc::SYS_eventfd2], libc::ENOSYS);
        without_standard_descriptors(|| {
            let _bench = open_all(backend);
            after = STANDARD.map(system::is_open);
        });
        assert_eq!(after, [false; 3], "the library has taken standard descriptors");
    });
}

promises! {
    in any on unix: standard_ones_are_left_alone, standard_ones_are_left_alone_by_a_pipe;
}
