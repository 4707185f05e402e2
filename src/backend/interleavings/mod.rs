//! Every order in which the threads of one poll can meet, explored by [loom].
//!
//! What runs is the library itself, from `Poll` down to the call of poll(2), which
//! [`kernel`] stands in for. A lost event or wake-up leaves a thread asleep for ever, which
//! loom reports as a deadlock; so most of these tests assert nothing else.
//!
//! They run with `RUSTFLAGS="--cfg loom" cargo test --release --lib interleavings`.
//!
//! [loom]: https://docs.rs/loom

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
// What loom does not see.
use std::sync::atomic::AtomicUsize as Count;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::mpsc::{Receiver, Sender, channel};
use loom::thread::{self, JoinHandle};
use rustix::event::{EventfdFlags, eventfd};

use crate::event::Events;
use crate::{Backend, Interest, IoSource, Poll, SharedPoll, Token, Waker};

pub(super) mod kernel;

const READ: Interest = Interest::READABLE;
const STOP: Token = Token(1000);
const TRIGGERS: [fn(Interest) -> Interest; 3] = [|it| it, Interest::level, Interest::oneshot];

/// Runs `body` in every order in which its threads are interrupted `preemptions` times at
/// the most, which is where nearly all defects show. `LOOM_MAX_PREEMPTIONS` sets another
/// bound for all.
fn in_every_order(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(preemptions);
    model.max_branches = 20_000;
    let orders = Arc::new(Count::new(0));
    let counted = Arc::clone(&orders);
    model.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        body();
    });
    println!("{} orders", orders.load(Ordering::Relaxed));
}

/// A descriptor of which the model says whether it is readable.
fn source() -> IoSource<OwnedFd> {
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    IoSource::new(eventfd(0, flags).expect("eventfd"))
}

/// Something arrives at it.
fn arrive(source: &IoSource<OwnedFd>) {
    kernel::arrive(source.as_raw_fd());
}

/// Reads all there is, and says how often something had arrived; 0 is "it would block".
fn read(source: &IoSource<OwnedFd>) -> usize {
    let result = source.receive(|fd| match kernel::take(fd.as_raw_fd()) {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        arrived => Ok(arrived),
    });
    result.unwrap_or(0)
}

fn open() -> Poll {
    Poll::builder().backend(Backend::Poll).build().expect("poll opens everywhere")
}

/// Threads that wait without a limit, and pass on the tokens that they hear of.
struct Waiters {
    heard: Receiver<Token>,
    threads: Vec<JoinHandle<()>>,
}

impl Waiters {
    fn start(poll: &Poll, count: usize) -> Waiters {
        Waiters::watching(poll, count, 4, &Arc::new(AtomicUsize::new(0)))
    }

    /// Each has room for `room` events; fails if a wait reports a token below what `dead`
    /// was when it began.
    fn watching(poll: &Poll, count: usize, room: usize, dead: &Arc<AtomicUsize>) -> Waiters {
        let (sender, heard) = channel();
        let threads = (0..count).map(|_| {
            let (shared, dead, sender) = (poll.share(), Arc::clone(dead), sender.clone());
            thread::spawn(move || listen(&shared, room, &dead, &sender))
        });
        Waiters { heard, threads: threads.collect() }
    }

    fn next(&self) -> Token {
        self.heard.recv().expect("they listen until they are stopped")
    }

    /// Waits for `token`, and fails if another one comes first.
    fn expect(&self, token: Token) {
        assert_eq!(self.next(), token);
    }

    /// Ends them, and returns what was heard and not taken.
    fn stop(self, stop: &Waker) -> Vec<Token> {
        let mut left = Vec::new();
        for _ in &self.threads {
            stop.wake().expect("wake");
            loop {
                match self.next() {
                    STOP => break,
                    token => left.push(token),
                }
            }
        }
        for thread in self.threads {
            thread.join().expect("it was stopped");
        }
        left
    }

    fn stop_in_silence(self, stop: &Waker) {
        assert!(self.stop(stop).is_empty(), "told twice");
    }
}

fn listen(shared: &SharedPoll, room: usize, dead: &AtomicUsize, sender: &Sender<Token>) {
    let mut events = Events::with_capacity(room);
    loop {
        let buried = dead.load(Ordering::SeqCst);
        shared.wait(&mut events, None).expect("wait");
        let tokens: Vec<_> = events.iter().map(|event| event.token()).collect();
        for &token in &tokens {
            assert!(token.0 >= buried, "a token of the dead");
            sender.send(token).expect("the test listens");
        }
        if tokens.contains(&STOP) {
            return;
        }
        // A level comes again and again until somebody else does something.
        thread::yield_now();
    }
}

/// A poll with a waker that stops a waiter.
fn open_with_stop() -> (Poll, Waker) {
    let poll = open();
    let stop = Waker::new(poll.registry(), STOP).expect("waker");
    (poll, stop)
}

#[test]
fn a_source_registered_under_a_wait_is_heard_of() {
    for trigger in TRIGGERS {
        in_every_order(7, move || {
            let (poll, stop) = open_with_stop();
            let waiters = Waiters::start(&poll, 1);
            let mut source = source();
            arrive(&source);
            poll.registry().register(&mut source, Token(1), trigger(READ)).expect("register");
            waiters.expect(Token(1));
            poll.registry().deregister(&mut source).expect("deregister");
            waiters.stop(&stop);
        });
    }
}

#[test]
fn what_arrives_after_an_attempt_is_heard_of() {
    in_every_order(5, || {
        let (poll, stop) = open_with_stop();
        let mut source = source();
        poll.registry().register(&mut source, Token(1), READ).expect("register");
        let waiters = Waiters::start(&poll, 1);
        for _ in 0..2 {
            arrive(&source);
            waiters.expect(Token(1));
            // Once may be one attempt too few: it may have been told twice of one arrival.
            while read(&source) > 0 {}
        }
        waiters.stop(&stop);
    });
}

#[test]
fn what_arrives_during_an_attempt_is_heard_of() {
    in_every_order(4, || {
        let (poll, stop) = open_with_stop();
        let mut source = source();
        poll.registry().register(&mut source, Token(1), READ).expect("register");
        let waiters = Waiters::start(&poll, 1);
        let fd = source.as_raw_fd();
        let peer = thread::spawn(move || {
            kernel::arrive(fd);
            kernel::arrive(fd);
        });
        let mut arrived = 0;
        while arrived < 2 {
            waiters.expect(Token(1));
            loop {
                match read(&source) {
                    0 => break,
                    more => arrived += more,
                }
            }
        }
        peer.join().expect("it only writes");
        waiters.stop(&stop);
    });
}

#[test]
fn an_armed_oneshot_is_heard_of_once() {
    in_every_order(9, || {
        let (poll, stop) = open_with_stop();
        let mut source = source();
        arrive(&source);
        poll.registry().register(&mut source, Token(1), READ.oneshot()).expect("register");
        let waiters = Waiters::start(&poll, 1);
        waiters.expect(Token(1));
        poll.registry().reregister(&mut source, Token(2), READ.oneshot()).expect("reregister");
        waiters.expect(Token(2));
        waiters.stop_in_silence(&stop);
    });
}

#[test]
fn deregistering_is_a_barrier() {
    for trigger in TRIGGERS {
        in_every_order(6, move || {
            let (poll, stop) = open_with_stop();
            let dead = Arc::new(AtomicUsize::new(0));
            let waiters = Waiters::watching(&poll, 1, 4, &dead);
            let mut source = source();
            arrive(&source);
            poll.registry().register(&mut source, Token(1), trigger(READ)).expect("register");
            poll.registry().deregister(&mut source).expect("deregister");
            dead.store(2, Ordering::SeqCst);
            // The same number, and ready.
            poll.registry().register(&mut source, Token(2), READ.oneshot()).expect("register");
            while waiters.next() != Token(2) {}
            waiters.stop(&stop);
        });
    }
}

/// What the kernel found of a registration is not told of its successor.
#[test]
fn a_newcomer_does_not_inherit() {
    in_every_order(6, || {
        let (poll, stop) = open_with_stop();
        let waiters = Waiters::start(&poll, 1);
        let mut source = source();
        arrive(&source);
        poll.registry().register(&mut source, Token(1), READ).expect("register");
        poll.registry().deregister(&mut source).expect("deregister");
        kernel::take(source.as_raw_fd());
        poll.registry().register(&mut source, Token(2), READ).expect("register");
        assert!(!waiters.stop(&stop).contains(&Token(2)), "nothing came for it");
    });
}

#[test]
fn each_of_two_waiters_hears_of_one() {
    in_every_order(2, || {
        let poll = open();
        let threads = [1, 2].map(|_| {
            let shared = poll.share();
            thread::spawn(move || first_event(&shared))
        });
        let mut sources = [1, 2].map(|token| (Token(token), source()));
        for (token, source) in &mut sources {
            poll.registry().register(source, *token, READ.oneshot()).expect("register");
            arrive(source);
        }
        let mut heard = threads.map(|thread| thread.join().expect("it hears of one"));
        heard.sort();
        assert_eq!(heard, [Token(1), Token(2)]);
    });
}

fn first_event(shared: &SharedPoll) -> Token {
    let mut events = Events::with_capacity(1);
    shared.wait(&mut events, None).expect("wait");
    events.iter().next().expect("a wait without a limit ends with an event").token()
}

#[test]
fn another_waiter_takes_over() {
    in_every_order(4, || {
        let (poll, stop) = open_with_stop();
        let mut source = source();
        poll.registry().register(&mut source, Token(1), READ.oneshot()).expect("register");
        let waiters = Waiters::start(&poll, 1);
        // While this looks, the other one may have to follow.
        let mut events = Events::with_capacity(4);
        poll.share().wait(&mut events, Some(Duration::ZERO)).expect("wait");
        arrive(&source);
        waiters.expect(Token(1));
        waiters.stop_in_silence(&stop);
    });
}

/// Who only looks is told of a level, also while another thread is in the kernel.
#[test]
fn a_look_is_told_of_a_level() {
    in_every_order(4, || {
        let (poll, stop) = open_with_stop();
        let mut source = source();
        arrive(&source);
        poll.registry().register(&mut source, Token(1), READ.level()).expect("register");
        let waiters = Waiters::start(&poll, 1);
        let mut events = Events::with_capacity(4);
        poll.share().wait(&mut events, Some(Duration::ZERO)).expect("wait");
        assert!(events.iter().any(|event| event.token() == Token(1)), "it is ready all the time");
        poll.registry().deregister(&mut source).expect("deregister");
        waiters.stop(&stop);
    });
}

#[test]
fn a_wake_up_is_heard_of() {
    in_every_order(9, || {
        let (poll, stop) = open_with_stop();
        let waiters = Waiters::start(&poll, 1);
        waiters.stop_in_silence(&stop);
    });
}

#[test]
fn wake_ups_of_two_threads_are_heard_of() {
    in_every_order(2, || {
        let (poll, stop) = open_with_stop();
        let wakers = [1, 2].map(|token| Waker::new(poll.registry(), Token(token)).expect("waker"));
        let waiters = Waiters::start(&poll, 1);
        let threads = wakers.map(|waker| thread::spawn(move || waker.wake().expect("wake")));
        let mut heard = [waiters.next(), waiters.next()];
        heard.sort();
        assert_eq!(heard, [Token(1), Token(2)]);
        for thread in threads {
            thread.join().expect("it only wakes");
        }
        waiters.stop_in_silence(&stop);
    });
}

#[test]
fn the_last_word_of_a_waker_is_heard() {
    in_every_order(7, || {
        let (poll, stop) = open_with_stop();
        let waiters = Waiters::start(&poll, 1);
        let waker = Waker::new(poll.registry(), Token(1)).expect("waker");
        waker.wake().expect("wake");
        drop(waker);
        waiters.expect(Token(1));
        waiters.stop_in_silence(&stop);
    });
}

#[test]
fn wakers_and_sources_do_not_hide_one_another() {
    in_every_order(4, || {
        let (poll, stop) = open_with_stop();
        let waker = Waker::new(poll.registry(), Token(1)).expect("waker");
        let mut source = source();
        poll.registry().register(&mut source, Token(2), READ).expect("register");
        // Room for one alone.
        let waiters = Waiters::watching(&poll, 1, 1, &Arc::new(AtomicUsize::new(0)));
        let waking = thread::spawn(move || waker.wake().expect("wake"));
        arrive(&source);
        let mut heard = [waiters.next(), waiters.next()];
        heard.sort();
        assert_eq!(heard, [Token(1), Token(2)]);
        waking.join().expect("it only wakes");
        waiters.stop(&stop);
    });
}

/// Nobody is told to come back from the kernel who is not there.
#[test]
fn a_wake_up_of_nobody_costs_no_call() {
    in_every_order(9, || {
        let mut poll = open();
        let waker = Waker::new(poll.registry(), Token(1)).expect("waker");
        let mut events = Events::with_capacity(4);
        let waking = thread::spawn(move || waker.wake().expect("wake"));
        // It is found by this wait or by the next, which is the last: then there is silence.
        let mut heard = 0;
        while heard == 0 {
            poll.poll(&mut events, None).expect("wait");
            heard += events.iter().count();
        }
        waking.join().expect("it only wakes");
        let before = kernel::calls();
        poll.poll(&mut events, Some(Duration::ZERO)).expect("wait");
        assert!(events.is_empty(), "one wake-up, told twice");
        assert!(kernel::calls() - before <= 2);
    });
}
