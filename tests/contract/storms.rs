//! Storms: registrations come and go by the thousand, from several threads, while others
//! wait and events flow. No event of a neighbour is lost, no dead token is told, and what
//! nobody reads is no reason for a busy loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use omnipoll::event::Event;
use omnipoll::{Backend, Interest, Registry, Token};

use crate::barrier::Watch;
use crate::harness::Trigger;
use crate::support::{ALL, Bench, Kind, Waiter, Way, each, in_time, pair};

const READ: Interest = Interest::READABLE;
const FLOW: Token = Token(1_000_000);
/// In each of the nine cases, so that there are 10^5 in all.
const CYCLES: usize = 2_800;
const THREADS: usize = 4;

/// Registers, changes and deregisters a source of its own, again and again.
fn come_and_go(registry: &Registry, number: usize, trigger: Trigger) {
    let way = Way::of(number);
    let (mut ours, theirs) = pair(Kind::of(number / 2), way);
    for cycle in 0..CYCLES {
        registry.register(&mut ours, Token(number), trigger.apply(READ)).unwrap();
        match cycle % 4 {
            0 => theirs.send(b"x"),
            1 => drop(ours.drain()),
            2 => registry.reregister(&mut ours, Token(number), trigger.apply(READ)).unwrap(),
            _ => {}
        }
        registry.deregister(&mut ours).unwrap();
    }
}

/// TH-3, RG-8: a thread waits without a limit, four change registrations all the time, and
/// each message to a neighbour of theirs is told.
fn events_flow_on(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    let waiter = Waiter::start(&bench.poll, 8);
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            let registry = bench.registry().try_clone().unwrap();
            thread::spawn(move || come_and_go(&registry, number, trigger))
        })
        .collect();
    for way in Way::ALL {
        let (mut ours, theirs) = pair(Kind::LOCAL, way);
        bench.register(&mut ours, FLOW, READ.oneshot());
        for _ in 0..50 {
            theirs.send(b"x");
            waiter.expect(FLOW, Event::is_readable);
            assert_eq!(ours.drain(), 1);
            bench.reregister(&mut ours, FLOW, READ.oneshot());
        }
        bench.registry().deregister(&mut ours).unwrap();
    }
    in_time(move || threads.into_iter().for_each(|thread| thread.join().unwrap()));
    // What was told in the meantime, and nothing after that.
    waiter.expect_silence_after(usize::MAX, || {});
    waiter.expect_nothing();
}

/// TH-3, RG-2: one thread makes a source ready again and again, one deregisters it and
/// registers it under another token, and three wait, none of which ever sees the old one.
fn no_dead_token_is_told(backend: Backend, trigger: Trigger) {
    /// For each of the six kinds of sources in each of the nine cases: with those of barrier.rs,
    /// more than 10^5.
    const ROUNDS: usize = 700;
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let watches: Vec<_> = (0..3).map(|_| Watch::start(bench.poll.share())).collect();
        let (mut ours, theirs) = pair(kind, way);
        let stop = Arc::new(AtomicBool::new(false));
        let writer = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::SeqCst) {
                    // Full is as good.
                    let _ = theirs.write(b"x");
                    thread::sleep(Duration::from_micros(20));
                }
                theirs
            }
        });
        for round in 0..ROUNDS {
            bench.register(&mut ours, Token(round), trigger.apply(READ));
            match round % 3 {
                0 => drop(ours.drain()),
                1 => thread::yield_now(),
                _ => {}
            }
            bench.registry().deregister(&mut ours).unwrap();
            watches.iter().for_each(|watch| watch.bury(round));
        }
        stop.store(true, Ordering::SeqCst);
        // Something that lasts, so that none of them waits for its time to be over.
        let mut theirs = writer.join().unwrap();
        ours.drain();
        bench.register(&mut theirs, Token(ROUNDS), Interest::WRITABLE.level());
        for watch in watches {
            watch.end();
        }
    });
}

/// TH-2: a oneshot source that is made ready and changed at the same time is told under the
/// token it had, and once for each time it was armed.
fn rearmed_by_several_threads(backend: Backend) {
    for way in Way::ALL {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 4);
        let (mut ours, theirs) = pair(Kind::LOCAL, way);
        theirs.send(b"x");
        bench.register(&mut ours, Token(0), READ.oneshot());
        for round in 1..1_000 {
            waiter.expect(Token(round - 1), Event::is_readable);
            bench.reregister(&mut ours, Token(round), READ.oneshot());
        }
        waiter.expect(Token(999), Event::is_readable);
        waiter.expect_nothing();
    }
}

/// EP-8: how often a reader is told that never reads differs between kernels; but it is not
/// told more often than something was written, and once it has read, it is told again.
fn a_reader_that_never_reads(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, FLOW, READ);
        let mut events = 0;
        for written in 1..=200 {
            theirs.send(b"x");
            events += bench.wait(0).len();
            assert!(events <= written, "{events} events for {written} writes");
        }
        events += bench.expect_silence_after(200 - events, |_| {});
        assert!(events >= 1, "not even the first one was told");
        assert_eq!(ours.drain(), 200);
        theirs.send(b"x");
        bench.expect(FLOW, Event::is_readable);
    });
}

promises! {
    in any: rearmed_by_several_threads, a_reader_that_never_reads;
    in each: events_flow_on, no_dead_token_is_told;
}
