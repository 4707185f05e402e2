//! Fairness: with more ready sources than room in the list, every one gets its turn.

use std::collections::HashSet;
use std::fs::File;
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::fd::AsRawFd;

#[cfg(unix)]
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Events, Interest, Poll, Token, Waker};

use crate::harness::Trigger;
use crate::support::{Bench, End, Kind, Way, pair};

const READ: Interest = Interest::READABLE;

/// `count` sources that are ready, typed and raw in turn.
fn ready_sources(bench: &Bench, count: usize, interest: Interest) -> Vec<(End, End)> {
    (0..count)
        .map(|number| {
            let way = Way::of(number);
            let (mut ours, theirs) = pair(Kind::LOCAL, way);
            theirs.send(b"x");
            bench.register(&mut ours, Token(number), interest);
            (ours, theirs)
        })
        .collect()
}

/// EV-3.
fn levels_take_turns(backend: Backend) {
    for (capacity, waits) in [(8, 64), (1, 64 * 3), (63, 8)] {
        let mut bench = Bench::with_capacity(backend, capacity);
        let _sources = ready_sources(&bench, 64, READ.level());
        let mut seen = HashSet::new();
        for _ in 0..waits {
            let events = bench.wait(1000);
            assert!((1..=capacity).contains(&events.len()));
            seen.extend(events.iter().map(|event| event.token()));
        }
        assert_eq!(seen.len(), 64, "of 64, with room for {capacity}, in {waits} waits");
    }
}

/// EV-2: nothing that found no room is lost, and nothing is told twice for it.
fn what_found_no_room_comes_later(backend: Backend, trigger: Trigger) {
    for capacity in [1, 2, 3, 99] {
        let mut bench = Bench::with_capacity(backend, capacity);
        let sources = ready_sources(&bench, 100, trigger.apply(READ));
        let mut seen = HashSet::new();
        for _ in 0..500 {
            let events = bench.wait(0);
            assert!(events.len() <= capacity);
            for event in events {
                sources[event.token().0].0.drain();
                seen.insert(event.token());
            }
        }
        assert_eq!(seen.len(), 100, "of 100, with room for {capacity}");
    }
}

/// EV-2.
fn large_lists(backend: Backend) {
    let mut bench = Bench::with_capacity(backend, 1 << 20);
    let _sources = ready_sources(&bench, 100, READ.level());
    assert_eq!(bench.wait(1000).len(), 100);
}

/// EV-2.
fn no_room_at_all_is_refused(backend: Backend) {
    let mut bench = Bench::with_capacity(backend, 0);
    let error = bench.poll.poll(&mut bench.events, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let mut events = Events::with_capacity(0);
    let error = bench.poll.share().wait(&mut events, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

/// A source, a waker that never rests, and a file that is always ready.
#[cfg(unix)]
fn all_kinds_take_turns(backend: Backend) {
    for capacity in [1, 2, 3] {
        let poll = Poll::builder().backend(backend).always_ready_files(true).build().unwrap();
        let mut bench = Bench { poll, events: Events::with_capacity(capacity) };
        let _sources = ready_sources(&bench, 2, READ.level());
        let file = File::open("/dev/null").unwrap();
        bench.register(&mut SourceFd(&file.as_raw_fd()), Token(2), READ.level());
        let wakers: Vec<_> =
            (3..5).map(|number| Waker::new(bench.registry(), Token(number)).unwrap()).collect();
        let mut seen = [0; 5];
        for _ in 0..60 {
            wakers.iter().for_each(|waker| waker.wake().unwrap());
            bench.wait(1000).iter().for_each(|event| seen[event.token().0] += 1);
        }
        assert!(seen.iter().all(|&turns| turns >= 4), "turns with room for {capacity}: {seen:?}");
    }
}

/// A source that is always ready does not keep a waker's event back, nor the reverse.
fn busy_source_and_a_waker(backend: Backend) {
    for capacity in [1, 2] {
        let mut bench = Bench::with_capacity(backend, capacity);
        let _sources = ready_sources(&bench, 4, READ.level());
        let waker = Waker::new(bench.registry(), Token(99)).unwrap();
        for _ in 0..10 {
            waker.wake().unwrap();
            let came =
                (0..4).any(|_| bench.wait(1000).iter().any(|event| event.token() == Token(99)));
            assert!(came, "a waker starves");
        }
    }
}

promises! {
    in any: levels_take_turns, large_lists, no_room_at_all_is_refused, busy_source_and_a_waker;
    in any on unix: all_kinds_take_turns;
    in each: what_found_no_room_comes_later;
}
