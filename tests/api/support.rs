//! What the tests of all types share.

use std::io;
use std::time::{Duration, Instant};

use omnipoll::event::{Event, Source};
use omnipoll::{Backend, Events, Interest, Poll, Registry, Support, Token};

/// How long to wait for an event that must come.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) const ONE: Token = Token(1);
pub(crate) const TWO: Token = Token(2);

/// Runs `test` on each backend of this machine.
pub(crate) fn on_every_backend(test: impl Fn(&mut Waiter)) {
    for backend in Backend::available() {
        on(backend, &test);
    }
}

/// Runs `test` on each backend that tells of urgent data on this system.
pub(crate) fn on_every_backend_with_priority(test: impl Fn(&mut Waiter)) {
    on_every_backend(|waiter| {
        if waiter.poll.capabilities().priority != Support::Absent {
            test(waiter);
        }
    });
}

/// Runs `test` on one backend.
pub(crate) fn on(backend: Backend, test: impl Fn(&mut Waiter)) {
    println!("on {backend}");
    let poll = Poll::builder().backend(backend).retry_interrupted(true).build().unwrap();
    test(&mut Waiter { poll, events: Events::with_capacity(64) });
}

/// A poll, and what tests ask of one.
pub(crate) struct Waiter {
    pub(crate) poll: Poll,
    events: Events,
}

impl Waiter {
    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    #[track_caller]
    pub(crate) fn register(&self, source: &mut dyn Source, token: Token, interest: Interest) {
        self.registry().register(source, token, interest).unwrap();
    }

    #[track_caller]
    pub(crate) fn expect_readable(&mut self, token: Token) {
        self.expect(token, Event::is_readable);
    }

    #[track_caller]
    pub(crate) fn expect_writable(&mut self, token: Token) {
        self.expect(token, Event::is_writable);
    }

    /// Waits for an event of `token` that has the property; others may come before.
    #[track_caller]
    pub(crate) fn expect(&mut self, token: Token, property: impl Fn(&Event) -> bool) {
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            self.poll.poll(&mut self.events, Some(LIMIT)).unwrap();
            if self.events.iter().any(|event| event.token() == token && property(event)) {
                return;
            }
        }
        panic!("no such event within {LIMIT:?}; the last were {:?}", self.events);
    }

    /// Waits for an event of a closed half or an error, where the backend can tell it from
    /// plain readiness; else for readiness.
    #[track_caller]
    pub(crate) fn expect_hang_up(&mut self, token: Token, property: impl Fn(&Event) -> bool) {
        let told = self.poll.capabilities().hang_up != Support::Absent;
        self.expect(token, |event| {
            property(event) || (!told && (event.is_readable() || event.is_writable()))
        });
    }

    /// Waits for `result` to be other than `WouldBlock`, with an event before each try.
    #[track_caller]
    pub(crate) fn retry<T>(
        &mut self,
        token: Token,
        mut attempt: impl FnMut() -> io::Result<T>,
    ) -> T {
        loop {
            match attempt() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.expect(token, |_| true);
                }
                result => return result.unwrap(),
            }
        }
    }

    /// Checks that nothing is reported again and again. An event or two may be late or
    /// spurious.
    #[track_caller]
    pub(crate) fn expect_quiet(&mut self) {
        let end = Instant::now() + Duration::from_millis(30);
        let mut count = 0;
        while Instant::now() < end {
            self.poll.poll_until(&mut self.events, end).unwrap();
            count += self.events.iter().count();
        }
        assert!(count <= 3, "{count} events, the last of them {:?}", self.events);
    }

    /// Checks that `token` is not reported at all.
    #[track_caller]
    pub(crate) fn expect_nothing_of(&mut self, token: Token) {
        let end = Instant::now() + Duration::from_millis(30);
        while Instant::now() < end {
            self.poll.poll_until(&mut self.events, end).unwrap();
            let reported = self.events.iter().find(|event| event.token() == token);
            assert!(reported.is_none(), "{reported:?}");
        }
    }
}

#[track_caller]
pub(crate) fn assert_would_block<T>(result: io::Result<T>) {
    assert_kind(result, io::ErrorKind::WouldBlock);
}

#[track_caller]
pub(crate) fn assert_kind<T>(result: io::Result<T>, kind: io::ErrorKind) {
    match result {
        Ok(_) => panic!("expected {kind:?}"),
        Err(error) => assert_eq!(error.kind(), kind, "{error}"),
    }
}

/// `length` bytes that look like no other stretch of them.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Port 0 of the loopback, of either version.
pub(crate) fn any_port() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}
