//! Nesting: the descriptor of a poll, where there is one, is readable while something is
//! to be reported, wake-ups included.

use std::os::fd::AsRawFd;
use std::thread;

use omnipoll::event::Event;
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Events, Interest, Poll, Token, Waker};

use crate::harness::{Trigger, now_at};
use crate::support::{Bench, Kind, Way, pair};
use crate::system;

const INNER: Token = Token(1);
const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;

/// The backends that have a descriptor.
fn nestable() -> impl Iterator<Item = Backend> {
    let has_descriptor = |backend: &Backend| Bench::new(*backend).poll.fd().is_some();
    Backend::available().into_iter().filter(has_descriptor)
}

/// An io_uring interrupts epoll_wait(2) in the thread that has it now and then.
fn patient(backend: Backend, capacity: usize) -> Bench {
    let poll = Poll::builder().backend(backend).retry_interrupted(true).build().unwrap();
    Bench { poll, events: Events::with_capacity(capacity) }
}

/// Calls `act` with an outer poll and each inner one.
fn each_inner(backend: Backend, capacity: usize, mut act: impl FnMut(Bench, Bench)) {
    for inner in nestable() {
        now_at(format!("{inner} within"));
        act(patient(backend, 64), patient(inner, capacity));
    }
}

fn nest(outer: &Bench, inner: &Bench, interest: Interest) {
    let fd = inner.poll.fd().expect("an epoll has a descriptor").as_raw_fd();
    outer.register(&mut SourceFd(&fd), INNER, interest);
}

/// EP-16.
fn events_reach_the_outer_poll(backend: Backend) {
    for trigger in [Trigger::Edge, Trigger::Level] {
        each_inner(backend, 64, |mut outer, mut inner| {
            let (mut ours, theirs) = pair(Kind::Unix, Way::Typed);
            inner.register(&mut ours, TOKEN, trigger.apply(READ));
            nest(&outer, &inner, trigger.apply(READ));
            outer.expect_silence();
            for _ in 0..10 {
                theirs.send(b"x");
                outer.expect(INNER, Event::is_readable);
                inner.expect(TOKEN, Event::is_readable);
                ours.drain();
                inner.expect_nothing();
                outer.expect_silence();
            }
        });
    }
}

/// What is still ready shows, though it was told of before; under level, where the outer poll
/// is told by each wait.
fn levels_reach_the_outer_poll(backend: Backend) {
    for way in [Way::Typed, Way::Raw] {
        each_inner(backend, 64, |mut outer, mut inner| {
            let (mut ours, theirs) = pair(Kind::Unix, way);
            nest(&outer, &inner, READ.level());
            // After the descriptor was lent out.
            inner.register(&mut ours, TOKEN, READ.level());
            outer.expect_silence();
            theirs.send(b"x");
            for _ in 0..5 {
                outer.expect(INNER, Event::is_readable);
                inner.expect(TOKEN, Event::is_readable);
            }
            ours.drain();
            outer.expect_silence_after(3, |_| assert!(inner.wait(0).is_empty()));
        });
    }
}

/// A wake-up goes through the kernel, since nobody knows who sleeps there.
fn wake_ups_reach_the_outer_poll(backend: Backend) {
    for trigger in [Trigger::Edge, Trigger::Level] {
        each_inner(backend, 64, |mut outer, mut inner| {
            let waker = Waker::new(inner.registry(), WAKE).unwrap();
            // Before the descriptor was lent out, too, while the poll is known to be awake.
            assert!(inner.wait(0).is_empty());
            waker.wake().unwrap();
            nest(&outer, &inner, trigger.apply(READ));
            outer.expect(INNER, Event::is_readable);
            inner.expect(WAKE, Event::is_readable);
            outer.expect_silence();
            for _ in 0..20 {
                waker.wake().unwrap();
                outer.expect(INNER, Event::is_readable);
                assert_eq!(inner.wait(0).len(), 1);
                outer.expect_silence();
            }
            // While the outer one sleeps.
            let thread = thread::spawn(move || {
                system::let_others_sleep();
                waker.wake().unwrap();
            });
            outer.expect(INNER, Event::is_readable);
            thread.join().unwrap();
        });
    }
}

/// What found no room in the inner list is still there to be told of.
fn what_found_no_room_shows(backend: Backend) {
    for capacity in [1, 2, 3] {
        each_inner(backend, capacity, |mut outer, mut inner| {
            let wakers: Vec<_> =
                (0..7).map(|number| Waker::new(inner.registry(), Token(number)).unwrap()).collect();
            nest(&outer, &inner, READ.level());
            wakers.iter().for_each(|waker| waker.wake().unwrap());
            let mut seen = 0;
            while seen < 7 {
                // It sleeps on the outer poll alone, and looks into the inner one when told.
                assert!(!outer.wait(2000).is_empty(), "{seen} of 7 wake-ups came");
                seen += inner.wait(0).len();
            }
            outer.expect_silence_after(3, |_| assert!(inner.wait(0).is_empty()));
        });
    }
}

/// EP-16: round in a circle is refused.
fn circles_are_refused(backend: Backend) {
    let (one, other) = (Bench::new(Backend::Epoll), Bench::new(Backend::Epoll));
    nest(&one, &other, READ);
    let fd = one.poll.fd().unwrap().as_raw_fd();
    let circle = other.registry().register(&mut SourceFd(&fd), INNER, READ);
    assert_eq!(circle.unwrap_err().raw_os_error(), Some(libc::ELOOP));
    // A poll within itself is refused too, and where there is no descriptor to register,
    // the substitute is.
    let itself = Bench::new(backend);
    let fd = itself.poll.as_raw_fd();
    assert!(itself.registry().register(&mut SourceFd(&fd), INNER, READ).is_err());
}

/// Where there is no descriptor, nobody is led to believe that there were one.
fn descriptor_or_none(backend: Backend) {
    let poll = Poll::builder().backend(backend).build().unwrap();
    let has_one = poll.capabilities().descriptor != omnipoll::Support::Absent;
    assert_eq!(poll.fd().is_some(), has_one);
    let outer = Bench::new(Backend::Epoll);
    let registered = outer.registry().register(&mut SourceFd(&poll.as_raw_fd()), INNER, READ);
    assert_eq!(registered.is_ok(), has_one);
    let mut events = Events::with_capacity(1);
    let mut poll = poll;
    poll.poll(&mut events, Some(std::time::Duration::ZERO)).unwrap();
}

promises! {
    in any on unix:
        events_reach_the_outer_poll, levels_reach_the_outer_poll, wake_ups_reach_the_outer_poll,
        what_found_no_room_shows, circles_are_refused, descriptor_or_none;
}
