//! Time: no wait ends early without an event, save for a signal; timeouts round up; the
//! longest are as good as none.

#[cfg(unix)]
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
#[cfg(unix)]
use omnipoll::unix::SignalSet;
use omnipoll::{Backend, Events, Interest, Poll, Token, Waker};

use crate::support::{Bench, Kind, OWED, Way, pair};
use crate::system;

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);

/// TO-1, TO-4, SE-7: nothing is registered, and it sleeps all the same.
fn no_early_return(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waits = [1, 100, 999, 1_000, 1_001, 1_500, 2_999, 10_100].map(Duration::from_micros);
    for timeout in waits.into_iter().cycle().take(80) {
        let start = Instant::now();
        bench.poll.poll(&mut bench.events, Some(timeout)).unwrap();
        let elapsed = start.elapsed();
        assert!(elapsed >= timeout, "{elapsed:?} instead of {timeout:?}");
        assert!(bench.events.is_empty());
    }
}

/// TO-4: a thousand waits of all lengths, none of them early.
fn a_thousand_waits(backend: Backend) {
    let threads: Vec<_> = (0..25)
        .map(|number: u32| {
            thread::spawn(move || {
                let mut bench = Bench::new(backend);
                for wait in 0..40 {
                    // From one to thirty milliseconds, in steps that no clock ticks in.
                    let timeout = Duration::from_micros(1_000 + u64::from(number * 40 + wait) * 29);
                    let start = Instant::now();
                    bench.poll.poll(&mut bench.events, Some(timeout)).unwrap();
                    let elapsed = start.elapsed();
                    assert!(elapsed >= timeout, "{elapsed:?} instead of {timeout:?}");
                    assert!(bench.events.is_empty());
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// TO-1: a loop over the time that is left does not turn faster than the clock.
fn no_spin_at_the_end(backend: Backend) {
    let mut bench = Bench::new(backend);
    let deadline = Instant::now() + Duration::from_millis(50);
    let mut waits = 0;
    while Instant::now() < deadline {
        bench.poll.poll_until(&mut bench.events, deadline).unwrap();
        waits += 1;
    }
    assert!(waits <= 2, "{waits} waits until one deadline");
}

/// SE-5: the second of two waits is as long as the first.
fn the_same_timeout_twice(backend: Backend) {
    let mut bench = Bench::new(backend);
    let timeout = Duration::from_millis(20);
    for _ in 0..3 {
        let start = Instant::now();
        bench.poll.poll(&mut bench.events, Some(timeout)).unwrap();
        assert!(start.elapsed() >= timeout);
    }
}

/// TO-3.
fn zero_looks_and_returns(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
    bench.register(&mut ours, TOKEN, Interest::READABLE);
    let start = Instant::now();
    (0..100).for_each(|_| assert!(bench.wait(0).is_empty()));
    assert!(start.elapsed() < Duration::from_secs(2));
    theirs.send(b"x");
    assert_eq!(bench.wait(0).len(), 1);
    let past = Instant::now();
    bench.poll.poll_until(&mut bench.events, past).unwrap();
    assert!(bench.events.is_empty());
}

/// TO-3: an event ends a wait, with and without a limit.
fn an_event_ends_it(backend: Backend) {
    for timeout in [None, Some(Duration::from_secs(60)), Some(Duration::MAX)] {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
        bench.register(&mut ours, TOKEN, Interest::READABLE);
        let thread = thread::spawn(move || {
            system::let_others_sleep();
            theirs.send(b"x");
            theirs
        });
        let start = Instant::now();
        bench.poll.poll(&mut bench.events, timeout).unwrap();
        assert_eq!(bench.events.iter().map(Event::token).collect::<Vec<_>>(), [TOKEN]);
        assert!(start.elapsed() < OWED);
        thread.join().unwrap();
    }
}

/// TO-2.
fn long_timeouts_last(backend: Backend) {
    let milliseconds = [i32::MAX as u64, u64::from(u32::MAX), 25 * 86_400_000, 50 * 86_400_000];
    let mut timeouts = vec![
        Duration::from_nanos(i64::MAX as u64),
        Duration::from_secs(i64::MAX as u64),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
    ];
    for around in milliseconds {
        timeouts.extend((around - 1..=around + 1).map(Duration::from_millis));
    }
    let threads: Vec<_> = timeouts
        .into_iter()
        .map(|timeout| {
            let mut bench = Bench::new(backend);
            let waker = Waker::new(bench.registry(), WAKE).unwrap();
            let thread = thread::spawn(move || {
                let start = Instant::now();
                bench.poll.poll(&mut bench.events, Some(timeout)).unwrap();
                let events = bench.events.iter().count();
                (start.elapsed(), events)
            });
            (timeout, waker, thread)
        })
        .collect();
    thread::sleep(Duration::from_millis(50));
    for (timeout, waker, thread) in threads {
        assert!(!thread.is_finished(), "{timeout:?} was over at once");
        waker.wake().unwrap();
        assert_eq!(thread.join().unwrap().1, 1);
    }
}

fn far_deadline(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    let far = Instant::now() + Duration::from_secs(100 * 365 * 86_400);
    let thread = thread::spawn(move || {
        bench.poll.poll_until(&mut bench.events, far).unwrap();
        bench.events.iter().count()
    });
    system::let_others_sleep();
    assert!(!thread.is_finished());
    waker.wake().unwrap();
    assert_eq!(thread.join().unwrap(), 1);
}

/// TO-7.
fn idle_costs_nothing(backend: Backend) {
    let mut bench = Bench::new(backend);
    let mut pairs: Vec<_> = (0..8).map(|_| pair(Kind::Tcp, Way::Typed)).collect();
    for (number, (ours, _)) in pairs.iter_mut().enumerate() {
        let interest = Interest::READABLE | Interest::WRITABLE;
        bench.register(ours, Token(number), interest);
    }
    let _waker = Waker::new(bench.registry(), WAKE).unwrap();
    bench.expect_silence_after(16, |_| {});
    bench.expect_sleep();
}

/// TO-5: a signal is told, in time, and the next wait is a whole one.
#[cfg(unix)]
fn a_signal_interrupts(backend: Backend) {
    let mut bench = Bench::new(backend);
    system::handle_signals();
    let target = system::this_thread();
    for timeout in [None, Some(Duration::from_secs(60))] {
        let thread = thread::spawn(move || {
            system::let_others_sleep();
            target.signal();
        });
        let error = bench.poll.poll(&mut bench.events, timeout).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(bench.events.is_empty());
        thread.join().unwrap();
    }
    bench.expect_nothing();
}

/// TO-5: on request, the wait goes on, and ends when it should: not at each signal, and
/// not never.
#[cfg(unix)]
fn a_storm_is_sat_out(backend: Backend) {
    let mut poll = Poll::builder().backend(backend).retry_interrupted(true).build().unwrap();
    let mut events = Events::with_capacity(4);
    let storm = system::Storm::start(Duration::from_millis(2));
    let before = system::handled_signals();
    for _ in 0..3 {
        let start = Instant::now();
        poll.poll(&mut events, Some(Duration::from_millis(50))).unwrap();
        let elapsed = start.elapsed();
        assert!(elapsed >= Duration::from_millis(50), "{elapsed:?}");
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    }
    assert!(system::handled_signals() > before, "there was no storm");
    // An event still ends it.
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    waker.wake().unwrap();
    poll.poll(&mut events, None).unwrap();
    assert_eq!(events.iter().count(), 1);
    drop(storm);
}

/// TO-5: what is left of the time goes on, and not the whole of it.
#[cfg(unix)]
fn a_late_signal_adds_nothing(backend: Backend) {
    let mut poll = Poll::builder().backend(backend).retry_interrupted(true).build().unwrap();
    let mut events = Events::with_capacity(4);
    system::handle_signals();
    let target = system::this_thread();
    let timeout = Duration::from_secs(2);
    let thread = thread::spawn(move || {
        thread::sleep(timeout * 3 / 4);
        target.signal();
    });
    let start = Instant::now();
    poll.poll(&mut events, Some(timeout)).unwrap();
    let elapsed = start.elapsed();
    assert!(elapsed >= timeout && elapsed < timeout * 3 / 2, "{elapsed:?} instead of {timeout:?}");
    thread.join().unwrap();
}

/// Blocked otherwise, the signal arrives within the wait and nowhere else.
#[cfg(unix)]
fn a_mask_is_swapped_in(backend: Backend) {
    thread::spawn(move || {
        let mut bench = Bench::new(backend);
        system::handle_signals();
        let mut usr1 = SignalSet::empty();
        usr1.add(libc::SIGUSR1).unwrap();
        let otherwise = usr1.block().unwrap();
        assert!(!otherwise.contains(libc::SIGUSR1));
        for timeout in [None, Some(Duration::from_secs(60)), Some(Duration::from_micros(700))] {
            // It is pending before the wait begins: pselect(2) is for this.
            system::this_thread().signal();
            let result = bench.poll.poll_with_mask(&mut bench.events, timeout, &otherwise);
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted, "{timeout:?}");
        }
        // Blocked, it interrupts nothing, and stays pending.
        system::this_thread().signal();
        bench.expect_nothing();
        let short = Some(Duration::from_millis(10));
        bench.poll.poll_with_mask(&mut bench.events, short, &usr1).unwrap();
        let result = bench.poll.poll_with_mask(&mut bench.events, short, &otherwise);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
        // The thread's own mask is as it was.
        assert!(SignalSet::blocked().unwrap().contains(libc::SIGUSR1));
    })
    .join()
    .unwrap();
}

/// Several threads wait on one poll, each for its own time.
fn several_timeouts(backend: Backend) {
    let bench = Bench::new(backend);
    let shared = bench.poll.share();
    let threads: Vec<_> = [30, 90, 10, 60, 30]
        .into_iter()
        .map(|timeout_ms| {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut events = Events::with_capacity(4);
                let timeout = Duration::from_millis(timeout_ms);
                for _ in 0..3 {
                    let start = Instant::now();
                    shared.wait(&mut events, Some(timeout)).unwrap();
                    let elapsed = start.elapsed();
                    assert!(elapsed >= timeout, "{elapsed:?} instead of {timeout:?}");
                    assert!(elapsed < timeout + Duration::from_secs(3), "{elapsed:?}");
                }
                system::thread_cpu_time()
            })
        })
        .collect();
    for thread in threads {
        let used = thread.join().unwrap();
        assert!(used < Duration::from_millis(50), "{used:?} of processor time");
    }
}

/// EV-1: the list is cleared by each wait, also by one that comes to nothing.
#[cfg(unix)]
fn the_list_is_cleared(backend: Backend) {
    let mut bench = Bench::new(backend);
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    waker.wake().unwrap();
    assert_eq!(bench.wait(1000).len(), 1);
    assert!(bench.wait(0).is_empty());
    waker.wake().unwrap();
    assert_eq!(bench.wait(1000).len(), 1);
    system::handle_signals();
    let target = system::this_thread();
    let thread = thread::spawn(move || {
        system::let_others_sleep();
        target.signal();
    });
    assert!(bench.poll.poll(&mut bench.events, None).is_err());
    assert!(bench.events.is_empty());
    thread.join().unwrap();
}

/// EV-1: also by one that fails.
#[cfg(unix)]
fn the_list_is_cleared_by_a_failure(backend: Backend) {
    let thread = thread::spawn(move || {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
        bench.register(&mut ours, TOKEN, Interest::READABLE.level());
        theirs.send(b"x");
        assert_eq!(bench.wait(1000).len(), 1);
        let calls = [
            libc::SYS_epoll_wait,
            libc::SYS_epoll_pwait,
            libc::SYS_epoll_pwait2,
            libc::SYS_poll,
            libc::SYS_ppoll,
            libc::SYS_select,
            libc::SYS_pselect6,
            libc::SYS_io_uring_enter,
        ];
        system::refuse(&calls, libc::EIO);
        for timeout in [None, Some(Duration::ZERO), Some(Duration::from_micros(700))] {
            let error = bench.poll.poll(&mut bench.events, timeout).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EIO));
            assert!(bench.events.is_empty());
        }
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

promises! {
    in any:
        no_early_return, a_thousand_waits, no_spin_at_the_end, the_same_timeout_twice,
        zero_looks_and_returns, an_event_ends_it, long_timeouts_last, far_deadline,
        idle_costs_nothing, several_timeouts;
    in any on unix:
        the_list_is_cleared_by_a_failure, a_signal_interrupts, a_storm_is_sat_out,
        a_late_signal_adds_nothing, a_mask_is_swapped_in, the_list_is_cleared;
}
