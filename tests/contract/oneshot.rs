//! Oneshot: after one event the whole registration sleeps until reregister, and of several
//! threads that wait, exactly one gets it.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::{Backend, Events, Interest, SharedPoll, Token};

use crate::support::{ALL, Bench, End, Kind, STREAMS, Way, each, in_time, pair};

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// KQ-1: one event, whatever else becomes ready, a hang-up too.
fn one_event_for_both_directions(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, (READ | WRITE).oneshot());
        bench.expect(TOKEN, Event::is_writable);
        theirs.send(b"hello");
        bench.expect_nothing();
        // Attempts arm nothing.
        ours.drain();
        ours.send(b"x");
        bench.expect_nothing();
        drop(theirs);
        bench.expect_nothing();
        bench.expect_sleep();

        bench.reregister(&mut ours, Token(8), READ.oneshot());
        bench.expect(Token(8), Event::is_readable);
        bench.expect_nothing();
    });
}

fn armed_again_and_again(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ.oneshot());
        bench.expect_nothing();
        for round in 0..20 {
            theirs.send(b"hello");
            let event = bench.expect(Token(7 + round), Event::is_readable);
            assert!(!event.is_writable());
            bench.expect_nothing();
            // Armed with something left, it fires at once; armed when drained, later.
            if round % 2 == 0 {
                ours.drain();
            }
            bench.reregister(&mut ours, Token(8 + round), READ.oneshot());
        }
    });
}

/// IN-1: what comes while it sleeps is reported when it is armed.
fn asleep_while_data_come(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ.oneshot());
        theirs.send(b"1");
        bench.expect(TOKEN, Event::is_readable);
        ours.drain();
        for _ in 0..5 {
            theirs.send(b"2");
            bench.expect_nothing();
        }
        bench.expect_sleep();
        bench.reregister(&mut ours, TOKEN, READ.oneshot());
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(ours.drain(), 5);
    });
}

/// To say that I/O was tried does not arm it.
fn rearm_does_not_arm(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ.oneshot());
        theirs.send(b"1");
        bench.expect(TOKEN, Event::is_readable);
        bench.registry().rearm(&ours, READ).unwrap();
        bench.expect_sleep();
    });
}

const THREADS: usize = 8;
const STREAM_COUNT: usize = 16;

/// One stream of a pool of workers.
struct Job {
    ours: Mutex<End>,
    /// How many threads have it; never more than one.
    holders: AtomicU32,
}

struct Pool {
    shared: SharedPoll,
    jobs: Vec<Job>,
    handled: AtomicUsize,
    /// Waits that ended with nothing before their time was over.
    empty_handed: AtomicUsize,
}

/// TH-2: twice on each of three backends, which is some 10^5 in all; fewer where a call takes
/// ten times as long, under Wine.
fn handed_to_exactly_one(backend: Backend) {
    for way in Way::ALL {
        hand_over(backend, way, if cfg!(windows) { 2_000 } else { 17_000 });
    }
}

fn hand_over(backend: Backend, way: Way, total: usize) {
    let bench = Bench::new(backend);
    let mut jobs = Vec::new();
    let mut peers = Vec::new();
    for number in 0..STREAM_COUNT {
        let (mut ours, theirs) = pair(Kind::LOCAL, way);
        bench.register(&mut ours, Token(number), READ.oneshot());
        jobs.push(Job { ours: Mutex::new(ours), holders: AtomicU32::new(0) });
        peers.push(theirs);
    }
    let pool = Arc::new(Pool {
        shared: bench.poll.share(),
        jobs,
        handled: AtomicUsize::new(0),
        empty_handed: AtomicUsize::new(0),
    });
    let workers: Vec<_> = (0..THREADS)
        .map(|_| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || work(&pool, total))
        })
        .collect();
    in_time(move || {
        while pool.handled.load(Ordering::SeqCst) < total {
            for peer in &peers {
                // Full is as good.
                let _ = peer.write(b"x");
            }
            thread::yield_now();
        }
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(pool.empty_handed.load(Ordering::SeqCst), 0, "a wait ended for nothing");
    });
}

/// Handles events until there were `total` in all.
fn work(pool: &Pool, total: usize) {
    let mut events = Events::with_capacity(1);
    while pool.handled.load(Ordering::SeqCst) < total {
        let (timeout, start) = (Duration::from_millis(200), Instant::now());
        pool.shared.wait(&mut events, Some(timeout)).unwrap();
        if events.is_empty() && start.elapsed() < timeout {
            pool.empty_handed.fetch_add(1, Ordering::SeqCst);
        }
        for event in &events {
            let job = &pool.jobs[event.token().0];
            assert_eq!(job.holders.fetch_add(1, Ordering::SeqCst), 0, "two threads have it");
            let mut ours = job.ours.lock().unwrap();
            ours.drain();
            assert_eq!(job.holders.fetch_sub(1, Ordering::SeqCst), 1, "two threads have it");
            pool.shared.registry().reregister(&mut *ours, event.token(), READ.oneshot()).unwrap();
            pool.handled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// TH-4: when the thread that was in the kernel leaves, another takes over.
fn another_thread_takes_over(backend: Backend) {
    let bench = Bench::new(backend);
    let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
    bench.register(&mut ours, TOKEN, READ.oneshot());
    let first = bench.poll.share();
    let second = first.clone();
    let leaves = thread::spawn(move || {
        let mut events = Events::with_capacity(4);
        first.wait(&mut events, Some(Duration::from_millis(60))).unwrap();
        assert!(events.is_empty());
    });
    crate::system::let_others_sleep();
    let stays = thread::spawn(move || {
        let mut events = Events::with_capacity(4);
        second.wait(&mut events, Some(Duration::from_secs(10))).unwrap();
        events.iter().next().copied()
    });
    leaves.join().unwrap();
    theirs.send(b"x");
    let event = stays.join().unwrap().expect("the event is lost");
    assert_eq!(event.token(), TOKEN);
}

promises! {
    in Oneshot:
        one_event_for_both_directions, armed_again_and_again, asleep_while_data_come,
        rearm_does_not_arm, handed_to_exactly_one, another_thread_takes_over;
}
