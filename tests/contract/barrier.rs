//! Deregistering is a barrier: a wait that starts after it has returned never reports that
//! token, also where the descriptor's number was used again. Tokens are pointers in some
//! programs, so this is memory safety.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use omnipoll::{Backend, Events, Interest, SharedPoll, Token};

use crate::harness::Trigger;
use crate::support::{Bench, Kind, OWED, Way, pair};

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
/// On Windows each takes a connection of TCP, which takes Wine milliseconds.
const ROUNDS: usize = if cfg!(windows) { 1_000 } else { 10_000 };

/// A thread that waits and looks for tokens of the dead.
pub(crate) struct Watch {
    /// Tokens below this one were deregistered.
    dead: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    /// The token that was reported last.
    last: Arc<AtomicUsize>,
    thread: JoinHandle<usize>,
}

impl Watch {
    pub(crate) fn start(shared: SharedPoll) -> Watch {
        let dead = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let last = Arc::new(AtomicUsize::new(0));
        let thread = thread::spawn({
            let (dead, stop) = (Arc::clone(&dead), Arc::clone(&stop));
            let last = Arc::clone(&last);
            move || {
                let mut events = Events::with_capacity(8);
                let mut seen = 0;
                while !stop.load(Ordering::SeqCst) {
                    let buried = dead.load(Ordering::SeqCst);
                    shared.wait(&mut events, Some(Duration::from_millis(50))).unwrap();
                    for event in &events {
                        let token = event.token().0;
                        assert!(token >= buried, "{token} is reported, {buried} are dead");
                        last.store(token, Ordering::SeqCst);
                        seen += 1;
                    }
                }
                seen
            }
        });
        Watch { dead, stop, last, thread }
    }

    pub(crate) fn bury(&self, token: usize) {
        self.dead.store(token + 1, Ordering::SeqCst);
    }

    /// Waits until `token`, which is alive and ready, is reported.
    pub(crate) fn expect(&self, token: usize) {
        let start = Instant::now();
        while self.last.load(Ordering::SeqCst) != token {
            assert!(start.elapsed() < OWED, "{token} is lost");
            thread::sleep(Duration::from_micros(100));
        }
    }

    /// Ends it, and returns how many events there were.
    pub(crate) fn end(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("no token of the dead")
    }
}

/// RG-1, RG-2: ready when deregistered, with the number used again in each round.
fn with_the_number_used_again(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    let watch = Watch::start(bench.poll.share());
    for round in 0..ROUNDS {
        let way = Way::of(round);
        let (mut ours, theirs) = pair(Kind::LOCAL, way);
        if round % 5 != 0 {
            theirs.send(b"x");
        }
        bench.register(&mut ours, Token(round), trigger.apply(READ));
        if round % 4 == 0 {
            thread::yield_now();
        }
        bench.registry().deregister(&mut ours).unwrap();
        watch.bury(round);
    }
    watch.end();
}

/// The same for sources that are dropped without a word.
fn with_dropped_sources(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    let watch = Watch::start(bench.poll.share());
    for round in 0..ROUNDS / 2 {
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
        theirs.send(b"x");
        bench.register(&mut ours, Token(round), trigger.apply(READ | WRITE));
        if round % 4 == 0 {
            thread::yield_now();
        }
        drop(ours);
        watch.bury(round);
    }
    watch.end();
}

/// TH-3: the token changes while the source stays, always ready.
fn with_another_token(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        let bench = Bench::new(backend);
        let watch = Watch::start(bench.poll.share());
        let (mut ours, _theirs) = pair(Kind::LOCAL, way);
        bench.register(&mut ours, Token(0), WRITE);
        for round in 1..ROUNDS / 2 {
            bench.reregister(&mut ours, Token(round), trigger.apply(WRITE));
            watch.bury(round - 1);
            if round % 100 == 0 {
                watch.expect(round);
            }
        }
        watch.end();
    }
}

/// RG-1, EP-2: two were ready, one is closed while the other is handled, and its number is taken
/// by a third.
fn within_one_list_of_events(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::with_capacity(backend, 2);
    for round in 0..500 {
        let way = Way::of(round);
        let (mut one, their_one) = pair(Kind::LOCAL, way);
        let (mut two, their_two) = pair(Kind::LOCAL, way);
        bench.register(&mut one, Token(1), trigger.apply(READ));
        bench.register(&mut two, Token(2), trigger.apply(READ));
        their_one.send(b"x");
        their_two.send(b"x");
        let mut seen = 0;
        while seen == 0 {
            seen = bench.wait(1000).len();
        }
        bench.registry().deregister(&mut two).unwrap();
        drop(two);
        let (mut three, their_three) = pair(Kind::LOCAL, way);
        bench.register(&mut three, Token(3), trigger.apply(READ));
        one.drain();
        for _ in 0..3 {
            for event in bench.wait(0) {
                assert_ne!(event.token(), Token(2), "it was deregistered");
                assert_ne!(event.token(), Token(3), "nothing was sent there");
            }
        }
        their_three.send(b"x");
        bench.expect(Token(3), |event| event.is_readable());
        bench.registry().deregister(&mut one).unwrap();
        bench.registry().deregister(&mut three).unwrap();
    }
}

promises! {
    in each:
        with_the_number_used_again, with_dropped_sources, with_another_token,
        within_one_list_of_events;
}
