//! Moving: a poll may be created in one thread, waited on in others, one after another, and
//! changed by threads that have ended since.

use std::thread;
use std::time::Instant;

use omnipoll::event::Event;
use omnipoll::{Backend, Interest, Token, Waker};

use crate::harness::Trigger;
use crate::support::{ALL, Bench, End, Kind, OWED, Way, each, pair};

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;

/// Runs `act` in a thread that ends with it.
fn elsewhere<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    match thread::spawn(act).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// One arrival, and its event.
fn works(bench: &mut Bench, ours: &mut End, theirs: &End, trigger: Trigger) {
    theirs.send(b"hello");
    bench.expect(TOKEN, Event::is_readable);
    assert_eq!(ours.drain(), 5);
    if trigger == Trigger::Oneshot {
        bench.reregister(ours, TOKEN, trigger.apply(READ));
    }
    bench.expect_silence();
}

/// Each thread waits once, and ends.
fn from_thread_to_thread(backend: Backend, trigger: Trigger) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, mut theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, trigger.apply(READ));
        for _ in 0..4 {
            (bench, ours, theirs) = elsewhere(move || {
                works(&mut bench, &mut ours, &theirs, trigger);
                (bench, ours, theirs)
            });
        }
        works(&mut bench, &mut ours, &theirs, trigger);
    });
}

/// What came, and what was pending, while it moved is not forgotten.
fn with_events_to_tell(backend: Backend, trigger: Trigger) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::with_capacity(backend, 1);
        let pairs: Vec<_> = (0..5).map(|_| pair(kind, way)).collect();
        let (mut ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        for (number, ours) in ours.iter_mut().enumerate() {
            bench.register(ours, Token(number), trigger.apply(READ));
        }
        theirs.iter().for_each(|theirs| theirs.send(b"x"));
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        waker.wake().unwrap();
        let mut seen = [false; 6];
        while seen.contains(&false) {
            let (events, ended) = elsewhere(move || {
                let events = bench.wait(5000);
                (events, bench)
            });
            bench = ended;
            assert_eq!(events.len(), 1, "{seen:?} were seen");
            match events[0].token() {
                WAKE => seen[5] = true,
                Token(number) => {
                    seen[number] = true;
                    ours[number].drain();
                }
            }
        }
        bench.expect_silence();
    });
}

/// Registered, changed and armed by threads that have ended when something comes.
fn changed_by_threads_that_end(backend: Backend, trigger: Trigger) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.expect_nothing();
        let registry = bench.registry().try_clone().unwrap();
        (ours, _) = elsewhere(move || {
            registry.register(&mut ours, Token(3), trigger.apply(Interest::WRITABLE)).unwrap();
            registry.reregister(&mut ours, TOKEN, trigger.apply(READ)).unwrap();
            (ours, registry)
        });
        bench.expect_nothing();
        works(&mut bench, &mut ours, &theirs, trigger);
        let registry = bench.registry().try_clone().unwrap();
        ours = elsewhere(move || {
            registry.reregister(&mut ours, TOKEN, trigger.apply(READ)).unwrap();
            ours
        });
        works(&mut bench, &mut ours, &theirs, trigger);
    });
}

/// Its request ended with its thread, and every wait has something else to tell.
fn asked_by_a_thread_that_ends_beside_a_level(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::new(backend);
    bench.wait(0);
    let (mut busy, busy_theirs) = pair(Kind::Tcp, Way::Typed);
    let (mut ours, theirs) = pair(Kind::Tcp, Way::Typed);
    bench.register(&mut busy, Token(1), READ.level());
    bench.register(&mut ours, TOKEN, trigger.apply(READ));
    busy_theirs.send(b"x");
    bench = elsewhere(move || {
        bench.wait(10);
        bench
    });
    theirs.send(b"x");
    let start = Instant::now();
    while bench.wait(100).iter().all(|event| event.token() != TOKEN) {
        assert!(start.elapsed() < OWED, "it is lost");
    }
}

promises! {
    in each:
        asked_by_a_thread_that_ends_beside_a_level, from_thread_to_thread, with_events_to_tell, changed_by_threads_that_end;
}
