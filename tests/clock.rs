//! Waits go by the clock that nobody can set: where the date jumps, or a machine sleeps and
//! its date is put right, no wait gets shorter or longer.
//!
//! Setting the date would disturb the machine. So this program takes the place of the
//! function that tells it, and sees that no wait ever asks.

#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};
use std::{panic, thread};

use omnipoll::unix::SignalSet;
use omnipoll::{Backend, Events, Poll, Token, Waker};

thread_local! {
    /// How often this thread has asked for each clock.
    static ASKED: Cell<[u32; 2]> = const { Cell::new([0; 2]) };
}

const SETTABLE: usize = 0;
const STEADY: usize = 1;

/// Asks the kernel, and notes which clock was asked for.
///
/// # Safety
///
/// As for clock_gettime(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    let kind = match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => SETTABLE,
        _ => STEADY,
    };
    // A thread that is ending has nothing to note.
    let _ = ASKED.try_with(|asked| {
        let mut counts = asked.get();
        counts[kind] += 1;
        asked.set(counts);
    });
    // SAFETY: the caller's promises are those of the call.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as libc::c_int }
}

fn asked(kind: usize) -> u32 {
    ASKED.get()[kind]
}

#[test]
fn no_wait_asks_for_the_date() {
    // The standard library asks here, or this test would prove nothing.
    let before = (asked(SETTABLE), asked(STEADY));
    let _ = (SystemTime::now(), Instant::now());
    assert_eq!((asked(SETTABLE), asked(STEADY)), (before.0 + 1, before.1 + 1));

    for backend in Backend::available() {
        for retry in [false, true] {
            // A thread each: a ring that is closed may interrupt its thread's next wait.
            thread::scope(|scope| scope.spawn(|| waits_without_the_date(backend, retry)).join())
                .unwrap_or_else(|panic| panic::resume_unwind(panic));
        }
    }
}

fn waits_without_the_date(backend: Backend, retry: bool) {
    let mut poll = Poll::builder().backend(backend).retry_interrupted(retry).build().unwrap();
    let before = asked(SETTABLE);
    let mut events = Events::with_capacity(4);
    let short = Duration::from_micros(2_500);
    poll.poll(&mut events, Some(short)).unwrap();
    poll.poll_until(&mut events, Instant::now() + short).unwrap();
    poll.poll_with_mask(&mut events, Some(short), &SignalSet::empty()).unwrap();
    let shared = poll.share();
    shared.wait(&mut events, Some(short)).unwrap();
    shared.wait_until(&mut events, Instant::now() + short).unwrap();
    let waker = Waker::new(poll.registry(), Token(0)).unwrap();
    for timeout in [None, Some(Duration::MAX), Some(short)] {
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(1));
                waker.wake().unwrap();
            });
            poll.poll(&mut events, timeout).unwrap();
        });
    }
    assert_eq!(asked(SETTABLE), before, "a wait on {backend} has asked for the date");
}
