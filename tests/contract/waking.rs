//! Waking: a wake-up is never lost, and costs no system call while the poller is awake.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::{Backend, Events, Interest, Token, Waker};

use crate::support::{Bench, Kind, OWED, Way, alone, in_time, pair};
use crate::system;

const WAKE: Token = Token(99);
const TOKEN: Token = Token(7);

/// A source of numbers that differ, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn before_a_wait(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    for timeout_ms in [0, 5000, 0, 5000] {
        waker.wake().unwrap();
        let events = bench.wait(timeout_ms);
        assert_eq!(events.len(), 1, "a wake-up is lost");
        assert_eq!(events[0].token(), WAKE);
        assert!(events[0].is_readable());
        bench.expect_nothing();
    }
}

/// WK-2: many are one, and then there is silence.
fn many_are_one(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    (0..10_000_000).for_each(|_| waker.wake().unwrap());
    assert_eq!(bench.wait(5000).len(), 1);
    bench.expect_nothing();
}

/// WK-2: a counter that is full, as after so many wake-ups that no test can make them, takes
/// one more.
#[cfg(unix)]
fn a_full_counter(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        assert!(bench.wait(0).is_empty());
        let counters = system::descriptors_of("anon_inode:[eventfd]");
        assert_eq!(counters.len(), 1, "it has one to wake it");
        for round in 0..5 {
            // All but full: with two less than 2^64 in it, not one more goes in.
            let room = (u64::MAX - 1 - round % 2).to_ne_bytes();
            let _ = rustix::io::write(&counters[0], &room);
            // Nobody has asked for a wake-up yet.
            bench.expect_nothing();
            let _ = rustix::io::write(&counters[0], &room);
            let (waker, start) = (&waker, Instant::now());
            thread::scope(|scope| {
                scope.spawn(move || {
                    system::let_others_sleep();
                    waker.wake().unwrap();
                });
                assert_eq!(bench.wait(5000).len(), 1, "a wake-up is lost");
                assert!(start.elapsed() < Duration::from_secs(4), "it was seen by chance");
            });
            bench.expect_nothing();
        }
    });
}

fn waker_dropped_after_its_wake(backend: Backend) {
    let mut bench = Bench::new(backend);
    for number in 0..100 {
        let waker = Waker::new(bench.registry(), Token(number)).unwrap();
        waker.wake().unwrap();
        drop(waker);
        let events = bench.wait(5000);
        assert_eq!(events.len(), 1, "the last word of a waker is lost");
        assert_eq!(events[0].token(), Token(number));
    }
    // One that never fired says nothing.
    drop(Waker::new(bench.registry(), WAKE).unwrap());
    bench.expect_nothing();
}

/// WK-1, TH-5: every flag that is set before a wake-up is seen.
fn flags_of_many_threads(backend: Backend) {
    const THREADS: usize = 4;
    const WAKES: usize = 1_500;
    let mut bench = Bench::new(backend);
    let sent: Arc<Vec<AtomicUsize>> = Arc::new((0..THREADS).map(|_| 0.into()).collect());
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            // Half of them share a token.
            let waker = Waker::new(bench.registry(), Token(number / 2)).unwrap();
            let sent = Arc::clone(&sent);
            thread::spawn(move || {
                let mut numbers = Numbers(0x9e37_79b9 + number as u64);
                for _ in 0..WAKES {
                    sent[number].fetch_add(1, Ordering::SeqCst);
                    waker.wake().unwrap();
                    match numbers.below(8) {
                        0 => thread::sleep(Duration::from_micros(numbers.below(100))),
                        1..4 => (0..numbers.below(2000)).for_each(|_| std::hint::spin_loop()),
                        _ => {}
                    }
                }
            })
        })
        .collect();
    let (mut waits, mut seen) = (0, 0);
    while seen < THREADS * WAKES {
        let events = bench.wait(2000);
        waits += 1;
        // What was set before the wake-up that is reported now is seen now; were one lost,
        // this would wait in vain.
        let now: usize = sent.iter().map(|sent| sent.load(Ordering::SeqCst)).sum();
        assert!(!events.is_empty() || now == seen, "a wake-up is lost");
        seen = now;
    }
    assert!(waits <= THREADS * WAKES + 1, "{waits} waits for {} wakes", THREADS * WAKES);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    // What is still pending, and then nothing: none is stuck.
    bench.expect_silence_after(THREADS, |_| {});
}

/// WK-1 as ping-pong, where each wake-up must arrive for the next to be sent.
fn back_and_forth(backend: Backend) {
    let (one, other) = (Bench::new(backend), Bench::new(backend));
    let to_one = Waker::new(one.registry(), WAKE).unwrap();
    let to_other = Waker::new(other.registry(), WAKE).unwrap();
    let play = |mut bench: Bench, waker: Waker, serves: bool| {
        if serves {
            waker.wake().unwrap();
        }
        for _ in 0..5_000 {
            bench.poll.poll(&mut bench.events, None).unwrap();
            assert_eq!(bench.events.iter().count(), 1);
            waker.wake().unwrap();
        }
    };
    in_time(move || {
        let thread = thread::spawn(move || play(one, to_other, false));
        play(other, to_one, true);
        thread.join().unwrap();
    });
}

/// WK-4.
fn a_hundred_wakers(backend: Backend) {
    for capacity in [1, 2, 7, 256] {
        let mut bench = Bench::with_capacity(backend, capacity);
        let wakers: Vec<_> =
            (0..100).map(|number| Waker::new(bench.registry(), Token(number)).unwrap()).collect();
        wakers.iter().for_each(|waker| waker.wake().unwrap());
        let mut seen = HashSet::new();
        while seen.len() < 100 {
            let events = bench.wait(5000);
            assert!(!events.is_empty(), "{} of 100 wake-ups came", seen.len());
            assert!(events.len() <= capacity);
            for event in events {
                assert!(seen.insert(event.token()), "twice");
            }
        }
        bench.expect_nothing();
    }
}

/// A list with room for one, a waker that never rests, and a source that is ready.
fn busy_waker_and_a_source(backend: Backend) {
    for capacity in [1, 2] {
        let mut bench = Bench::with_capacity(backend, capacity);
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
        bench.register(&mut ours, TOKEN, Interest::READABLE.level());
        theirs.send(b"x");
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        let mut seen = [0; 2];
        for _ in 0..20 {
            waker.wake().unwrap();
            for event in bench.wait(1000) {
                seen[usize::from(event.token() == WAKE)] += 1;
            }
        }
        assert!(seen[0] >= 5 && seen[1] >= 5, "source and waker had {seen:?} turns of 20");
    }
}

/// A wake-up while the poller is awake is no system call: here, the one that it would
/// take is refused.
#[cfg(unix)]
fn no_system_call_while_awake(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    // By now the poll knows who waits.
    assert!(bench.wait(0).is_empty());
    bench.expect_nothing();
    let waker = thread::spawn(move || {
        system::refuse(&[libc::SYS_write, libc::SYS_writev], libc::EIO);
        for _ in 0..1000 {
            waker.wake().expect("it makes no system call");
        }
        waker
    });
    let waker = waker.join().unwrap();
    assert_eq!(bench.wait(1000).len(), 1);
    // And while it sleeps, it is one.
    let thread = thread::spawn(move || {
        system::let_others_sleep();
        system::refuse(&[libc::SYS_write, libc::SYS_writev], libc::EIO);
        waker.wake()
    });
    bench.wait(200);
    let result = thread.join().unwrap();
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EIO));
}

/// A waker that is made while the only thread already sleeps.
fn made_under_a_wait(backend: Backend) {
    let mut bench = Bench::new(backend);
    let registry = bench.registry().try_clone().unwrap();
    let thread = thread::spawn(move || {
        system::let_others_sleep();
        let waker = Waker::new(&registry, WAKE).unwrap();
        waker.wake().unwrap();
    });
    let start = Instant::now();
    assert_eq!(bench.wait(5000).len(), 1);
    assert!(start.elapsed() < Duration::from_secs(4));
    thread.join().unwrap();
}

/// One wake-up among several threads that wait ends one wait, and each of several wakers
/// ends one, also where the lists have room for one event.
fn several_threads(backend: Backend) {
    for round in 0..50 {
        let bench = Bench::new(backend);
        let wakers: Vec<_> =
            (0..3).map(|number| Waker::new(bench.registry(), Token(number)).unwrap()).collect();
        let shared = bench.poll.share();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let mut events = Events::with_capacity(1);
                    shared.wait(&mut events, None).unwrap();
                    events.iter().next().map(Event::token)
                })
            })
            .collect();
        system::let_others_sleep();
        wakers.iter().for_each(|waker| waker.wake().unwrap());
        let join = |thread: thread::JoinHandle<_>| thread.join().unwrap();
        let seen: HashSet<_> = in_time(move || waiting.into_iter().map(join).collect());
        assert_eq!(seen.len(), 3, "round {round}");
    }
}

/// TO-5: in a storm of signals, too.
#[cfg(unix)]
fn in_a_storm(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    let (asked, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let _storm = system::Storm::start(Duration::from_micros(200));
    let thread = thread::spawn({
        let (asked, seen, stop) = (Arc::clone(&asked), Arc::clone(&seen), Arc::clone(&stop));
        move || {
            for number in 1..=300 {
                asked.store(number, Ordering::SeqCst);
                waker.wake().unwrap();
                while seen.load(Ordering::SeqCst) < number && !stop.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
            }
        }
    });
    let start = Instant::now();
    while seen.load(Ordering::SeqCst) < 300 && start.elapsed() < OWED {
        match bench.poll.poll(&mut bench.events, Some(OWED)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => panic!("wait: {error}"),
        }
        if !bench.events.is_empty() {
            seen.store(asked.load(Ordering::SeqCst), Ordering::SeqCst);
        }
    }
    stop.store(true, Ordering::SeqCst);
    thread.join().unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 300, "a wake-up is lost");
}

/// WK-3: a waker that outlives its poll harms nobody.
fn poll_dropped_first(backend: Backend) {
    let bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    drop(bench);
    let (ours, theirs) = pair(Kind::LOCAL, Way::Typed);
    (0..10).for_each(|_| waker.wake().unwrap());
    for end in [&ours, &theirs] {
        let mut buffer = [0; 8];
        assert!(end.read(&mut buffer).is_err(), "somebody wrote {buffer:?}");
    }
}

promises! {
    in any:
        before_a_wait, many_are_one, waker_dropped_after_its_wake, flags_of_many_threads,
        back_and_forth, a_hundred_wakers, busy_waker_and_a_source, made_under_a_wait,
        several_threads, poll_dropped_first;
    in any on unix: in_a_storm, a_full_counter, no_system_call_while_awake;
}
