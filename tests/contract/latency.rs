//! Low latency: to spin or to have the kernel poll devices changes how soon an event is told,
//! and nothing else.

use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::{Backend, Builder, Events, Interest, Poll, Support, Token, Waker};

use crate::harness::Trigger;
use crate::support::{Bench, Kind, Way, pair};
#[cfg(unix)]
use crate::support::{OWED, alone};
use crate::system;

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;

fn open(builder: Builder) -> Bench {
    Bench { poll: builder.build().unwrap(), events: Events::with_capacity(64) }
}

/// Everything comes, while it spins and while it sleeps.
fn works(mut bench: Bench, trigger: Trigger) {
    for way in Way::ALL {
        let (mut ours, theirs) = pair(Kind::Tcp, way);
        bench.register(&mut ours, TOKEN, trigger.apply(READ));
        for pause_us in [0, 10, 200, 5_000] {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_micros(pause_us));
                    theirs.send(b"x");
                });
                bench.expect(TOKEN, Event::is_readable);
            });
            ours.drain();
            bench.reregister(&mut ours, TOKEN, trigger.apply(READ));
        }
        bench.registry().deregister(&mut ours).unwrap();
    }
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    for pause_us in [0, 10, 200, 5_000] {
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_micros(pause_us));
                waker.wake().unwrap();
            });
            bench.expect(WAKE, Event::is_readable);
        });
    }
    bench.expect_silence();
}

fn spinning_loses_nothing(backend: Backend, trigger: Trigger) {
    for spin_us in [1, 100, 2_000] {
        let spin = Duration::from_micros(spin_us);
        works(open(Poll::builder().backend(backend).spin(spin)), trigger);
    }
}

/// It spins for as long as it was told, sleeps for the rest, and ends in time.
fn spinning_ends(backend: Backend) {
    let spin = Duration::from_millis(5);
    let mut bench = open(Poll::builder().backend(backend).spin(spin));
    for timeout_ms in [1, 5, 60] {
        let timeout = Duration::from_millis(timeout_ms);
        let (start, before) = (Instant::now(), system::thread_cpu_time());
        assert!(bench.wait(timeout_ms).is_empty());
        assert!(start.elapsed() >= timeout);
        let used = system::thread_cpu_time() - before;
        assert!(used < Duration::from_millis(20), "{used:?} of processor time");
    }
    let start = Instant::now();
    assert!(bench.wait(0).is_empty());
    assert!(start.elapsed() < Duration::from_secs(1));
}

/// A signal that is handled while it spins does not end the wait.
#[cfg(unix)]
fn spinning_sits_out_a_storm(backend: Backend) {
    alone(&[], || {
        let mut bench = open(Poll::builder().backend(backend).spin(OWED));
        let _storm = system::Storm::start(Duration::from_micros(100));
        let before = system::handled_signals();
        for _ in 0..5 {
            bench.poll.poll(&mut bench.events, Some(Duration::from_millis(30))).unwrap();
        }
        assert!(system::handled_signals() > before, "there was no storm");
    });
}

/// A time that the kernel cannot count is the longest that it can.
fn busy_polling_for_ever(backend: Backend) {
    for time in [Duration::from_secs(3_000), Duration::MAX] {
        match Poll::builder().backend(backend).busy_poll(time).build() {
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
            Ok(poll) => assert_ne!(poll.capabilities().busy_poll, Support::Absent),
        }
    }
}

/// Where the kernel cannot, it says so.
fn busy_polling(backend: Backend, trigger: Trigger) {
    let capabilities = Poll::builder().backend(backend).build().unwrap().capabilities();
    let builder = Poll::builder().backend(backend).busy_poll(Duration::from_micros(50));
    match capabilities.busy_poll {
        Support::Absent => {
            let refused = builder.build().unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::Unsupported);
            assert!(refused.to_string().contains("spin"), "{refused}");
        }
        _ => works(open(builder), trigger),
    }
    assert_ne!(capabilities.spin, Support::Absent);
}

promises! {
    in any: spinning_ends, busy_polling_for_ever;
    in any on unix: spinning_sits_out_a_storm;
    in each: spinning_loses_nothing, busy_polling;
}
