//! Forking: a child that inherits a poll, and does not wait on it, takes nothing away from
//! its parent, whatever it drops or closes; and it does not hang, whatever other threads of
//! its parent were at.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;

use omnipoll::event::Event;
use omnipoll::{Backend, Interest, Token, Waker};

use crate::harness::Trigger;
use crate::support::{ALL, Bench, End, Kind, Waiter, Way, alone, each, pair, writing_pair};
use crate::system;

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;

/// Has a child that inherits a registered source do `act` with its copies, and checks that
/// the parent's own are as they were.
fn unharmed_by(
    backend: Backend,
    trigger: Trigger,
    mut act: impl FnMut(&mut Option<Bench>, &mut Option<(End, End)>),
) {
    alone(&[], || {
        each(&ALL, |kind, way| {
            let mut bench = Bench::new(backend);
            let (mut ours, theirs) = pair(kind, way);
            bench.register(&mut ours, TOKEN, trigger.apply(READ));
            // With edges of the kernel's too, where there are such.
            theirs.send(b"x");
            bench.expect(TOKEN, Event::is_readable);
            ours.drain();
            bench.expect_silence();
            bench.reregister(&mut ours, TOKEN, trigger.apply(READ));

            let (mut bench, mut ends) = (Some(bench), Some((ours, theirs)));
            system::in_child(|| act(&mut bench, &mut ends));

            let (mut bench, (mut ours, theirs)) = (bench.unwrap(), ends.unwrap());
            for round in 0..3 {
                theirs.send(b"hello");
                bench.expect(Token(7 + round), Event::is_readable);
                assert_eq!(ours.drain(), 5);
                bench.reregister(&mut ours, Token(8 + round), trigger.apply(READ));
            }
            bench.expect_nothing();
            let waker = Waker::new(bench.registry(), WAKE).unwrap();
            waker.wake().unwrap();
            bench.expect(WAKE, Event::is_readable);
            bench.registry().deregister(&mut ours).unwrap();
        });
    });
}

/// FK-1: what a child does that is about to call exec(2), or that ends at once.
fn a_child_that_closes(backend: Backend, trigger: Trigger) {
    unharmed_by(backend, trigger, |bench, ends| {
        let (ours, theirs) = ends.as_ref().unwrap();
        system::close(ours.as_raw_fd());
        system::close(theirs.as_raw_fd());
        if let Some(fd) = bench.as_ref().unwrap().poll.fd() {
            system::close(fd.as_raw_fd());
        }
    });
}

/// FK-1: what a child does that runs its destructors, the sources' first.
fn a_child_that_drops(backend: Backend, trigger: Trigger) {
    unharmed_by(backend, trigger, |bench, ends| {
        drop(ends.take());
        drop(bench.take());
    });
}

/// FK-1: the same, the poll first.
fn a_child_that_drops_the_poll_first(backend: Backend, trigger: Trigger) {
    unharmed_by(backend, trigger, |bench, ends| {
        drop(bench.take());
        drop(ends.take());
    });
}

/// FK-1: a child with a poll of its own, for its copies too.
fn a_child_with_its_own_poll(backend: Backend) {
    unharmed_by(backend, Trigger::Edge, |bench, ends| {
        drop(ends.take());
        drop(bench.take());
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(Kind::Unix, Way::Typed);
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        bench.register(&mut ours, Token(8), READ);
        theirs.send(b"x");
        bench.expect(Token(8), Event::is_readable);
        waker.wake().unwrap();
        bench.expect(WAKE, Event::is_readable);
        // In its own poll, a source that is dropped is gone.
        let copy = system::duplicate_above(ours.as_raw_fd(), 3);
        drop(ours);
        theirs.send(b"x");
        bench.expect_nothing();
        drop(copy);
    });
}

/// FK-1: the same for one that has fallen asleep, and whose end the kernel's edges watch.
fn a_child_that_drops_a_sleeper(backend: Backend) {
    alone(&[], || {
        for kind in [Kind::Unix, Kind::Pipe] {
            let mut bench = Bench::new(backend);
            let (mut ours, theirs) = writing_pair(kind, Way::Typed);
            bench.register(&mut ours, TOKEN, Interest::WRITABLE);
            bench.expect(TOKEN, Event::is_writable);
            bench.expect_silence();
            let mut ours = Some(ours);
            system::in_child(|| drop(ours.take()));
            drop(theirs);
            bench.expect(TOKEN, Event::is_write_closed);
        }
    });
}

/// FK-1: the same while another thread of the parent is in a wait.
fn a_child_beside_a_wait(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        each(&ALL, |kind, way| {
            let bench = Bench::new(backend);
            let waiter = Waiter::start(&bench.poll, 8);
            let (mut ours, theirs) = pair(kind, way);
            bench.register(&mut ours, TOKEN, trigger.apply(READ));
            system::let_others_sleep();

            let (mut bench, mut ends) = (Some(bench), Some((ours, theirs)));
            system::in_child(|| {
                drop(ends.take());
                drop(bench.take());
            });

            let (bench, (mut ours, theirs)) = (bench.unwrap(), ends.unwrap());
            for round in 0..3 {
                theirs.send(b"hello");
                waiter.expect(Token(7 + round), Event::is_readable);
                assert_eq!(ours.drain(), 5);
                bench.reregister(&mut ours, Token(8 + round), trigger.apply(READ));
            }
        });
    });
}

/// FK-1: the same while other threads register, so that one of them may have a lock that
/// nobody in the child will ever let go.
fn a_child_beside_busy_threads(backend: Backend) {
    alone(&[], || {
        let bench = Bench::new(backend);
        let test = Arc::new(());
        for _ in 0..3 {
            let (registry, test) = (bench.registry().try_clone().unwrap(), Arc::downgrade(&test));
            thread::spawn(move || {
                while test.strong_count() > 0 {
                    let (mut ours, _theirs) = pair(Kind::Unix, Way::Typed);
                    registry.register(&mut ours, Token(8), READ).unwrap();
                    drop(Waker::new(&registry, WAKE).unwrap());
                }
            });
        }
        for _ in 0..CHILDREN {
            let (mut ours, _theirs) = pair(Kind::Unix, Way::Typed);
            bench.register(&mut ours, TOKEN, READ);
            let mut copies = Some((ours, Waker::new(bench.registry(), WAKE).unwrap()));
            system::in_child(|| {
                drop(copies.take());
                // Such as who closes it by number.
                bench.poll.as_raw_fd();
            });
        }
    });
}

/// So many that some of them would hang in each run, but for the care that is taken.
const CHILDREN: usize = 1500;

promises! {
    in any on unix: a_child_with_its_own_poll, a_child_that_drops_a_sleeper, a_child_beside_busy_threads;
    in each on unix:
        a_child_that_closes, a_child_that_drops, a_child_that_drops_the_poll_first,
        a_child_beside_a_wait;
}
