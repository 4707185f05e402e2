//! Waking a poll from another thread, while it sleeps and while it does not.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll_cli::calls;
use omnipoll_cli::measure::{Effort, Sample, median, ratio};
use omnipoll_cli::relay::PATIENCE;

use crate::report::{Line, Target};
use crate::rounds::{self, Task};

/// Calls of `wake` in one run while nobody sleeps.
const WAKES: usize = 20_000;
/// Round trips in one run between two threads that both sleep.
const ROUND_TRIPS: usize = 500;

/// Writes the tests of one library, whose types have the same names as the other's.
///
/// `$library` is the crate, `$poll` makes one of its polls. The body is ordinary code
/// twice; a trait over two crates' polls, events and wakers would be longer.
macro_rules! tests_of {
    ($module:ident, $library:ident, $poll:expr) => {
        mod $module {
            use std::io;
            use std::sync::Arc;
            use std::time::Duration;

            use $library::{Events, Poll, Token, Waker};

            use super::PATIENCE;

            pub(super) fn poll() -> io::Result<(Poll, Arc<Waker>)> {
                let poll: Poll = $poll?;
                let waker = Arc::new(Waker::new(poll.registry(), Token(7))?);
                Ok((poll, waker))
            }

            /// `count` wakes that nobody takes.
            pub(super) fn wakes(waker: &Waker, count: usize) -> io::Result<usize> {
                for _ in 0..count {
                    waker.wake()?;
                }
                Ok(count)
            }

            /// `count` wakes, each taken by a poll that does not have to sleep for it.
            pub(super) fn taken(poll: &mut Poll, waker: &Waker, count: usize) -> io::Result<usize> {
                let mut events = Events::with_capacity(16);
                for _ in 0..count {
                    waker.wake()?;
                    poll.poll(&mut events, Some(Duration::ZERO))?;
                    if events.is_empty() {
                        return Err(io::Error::other("a wake was lost"));
                    }
                }
                Ok(count)
            }

            /// Waits `count` times to be woken, and then wakes `other`.
            pub(super) fn answer(poll: &mut Poll, other: &Waker, count: usize) -> io::Result<()> {
                let mut events = Events::with_capacity(16);
                for _ in 0..count {
                    poll.poll(&mut events, Some(PATIENCE))?;
                    if events.is_empty() {
                        return Err(io::Error::new(io::ErrorKind::TimedOut, "a wake was lost"));
                    }
                    other.wake()?;
                }
                Ok(())
            }
        }
    };
}

tests_of!(ours, omnipoll, Poll::builder().backend(omnipoll::Backend::Epoll).build());
tests_of!(theirs, mio, Poll::new());

pub(crate) fn run(effort: Effort) -> io::Result<Vec<Line>> {
    eprintln!("wake");
    let mut lines = awake(effort)?;
    lines.extend(taken(effort)?);
    lines.extend(asleep(effort)?);
    Ok(lines)
}

/// The work of the child whose system calls are counted.
pub(crate) fn run_traced() -> io::Result<()> {
    let (_poll, waker) = ours::poll()?;
    calls::traced(|| ours::wakes(&waker, WAKES)).map(drop)
}

fn awake(effort: Effort) -> io::Result<Vec<Line>> {
    let (_our_poll, our_waker) = ours::poll()?;
    let (_their_poll, their_waker) = theirs::poll()?;
    let mut tasks: Vec<Task<'_>> = vec![
        ("omnipoll-epoll", Box::new(|| ours::wakes(&our_waker, WAKES))),
        ("mio", Box::new(|| theirs::wakes(&their_waker, WAKES))),
    ];
    let samples = rounds::interleave(&mut tasks, effort.rounds)?;
    let mut lines = pair("wake, nobody sleeps", &samples);
    // A rate, as the target is one: how many times as many calls in the same time.
    let faster = ratio(&samples[1], &samples[0], |sample| sample.wall_ns);
    lines.push(
        Line::cost("wake, nobody sleeps: rate", "omnipoll-epoll", String::new())
            .against("mio", faster, None)
            .must(Target::AtLeast(10.0)),
    );
    let mut child = std::process::Command::new(std::env::current_exe()?);
    let line =
        Line::cost("wake, nobody sleeps: calls", "omnipoll-epoll", "in the kernel".to_owned());
    lines.push(match calls::count(child.arg(crate::WAKE_TRACED)) {
        Ok(calls) => line.figure(calls as f64 / WAKES as f64).must(Target::AtMost(0.0)),
        Err(error) => Line::cost("wake, nobody sleeps: calls", error, "uncounted".to_owned()),
    });
    Ok(lines)
}

fn taken(effort: Effort) -> io::Result<Vec<Line>> {
    let (mut our_poll, our_waker) = ours::poll()?;
    let (mut their_poll, their_waker) = theirs::poll()?;
    let count = WAKES / 10;
    let mut tasks: Vec<Task<'_>> = vec![
        ("omnipoll-epoll", Box::new(|| ours::taken(&mut our_poll, &our_waker, count))),
        ("mio", Box::new(|| theirs::taken(&mut their_poll, &their_waker, count))),
    ];
    Ok(pair("wake + poll(0)", &rounds::interleave(&mut tasks, effort.rounds)?))
}

/// Ping-pong: two threads, each asleep until the other wakes it.
fn asleep(effort: Effort) -> io::Result<Vec<Line>> {
    let (mut our_poll, our_waker) = ours::poll()?;
    let (mut their_poll, their_waker) = theirs::poll()?;
    let mut tasks: Vec<Task<'_>> = vec![
        (
            "omnipoll-epoll",
            Box::new(|| {
                let (mut poll, waker) = ours::poll()?;
                let home = Arc::clone(&our_waker);
                let partner = thread::spawn(move || ours::answer(&mut poll, &home, ROUND_TRIPS));
                settle();
                waker.wake()?;
                ours::answer(&mut our_poll, &waker, ROUND_TRIPS)?;
                join(partner)
            }),
        ),
        (
            "mio",
            Box::new(|| {
                let (mut poll, waker) = theirs::poll()?;
                let home = Arc::clone(&their_waker);
                let partner = thread::spawn(move || theirs::answer(&mut poll, &home, ROUND_TRIPS));
                settle();
                waker.wake()?;
                theirs::answer(&mut their_poll, &waker, ROUND_TRIPS)?;
                join(partner)
            }),
        ),
    ];
    let samples = rounds::interleave(&mut tasks, effort.rounds)?;
    let mut lines = pair("wake, ping-pong asleep", &samples);
    if let Some(line) = lines.first_mut() {
        // No slower than mio, within what two threads on a machine vary by.
        line.target = Some(Target::AtMost(1.02));
    }
    Ok(lines)
}

/// Lets a new thread fall asleep in its poll, so that the first wake finds it there.
fn settle() {
    let end = Instant::now() + Duration::from_micros(200);
    while Instant::now() < end {
        thread::yield_now();
    }
}

fn join(partner: thread::JoinHandle<io::Result<()>>) -> io::Result<usize> {
    partner.join().unwrap_or_else(|_| Err(io::Error::other("the partner panicked")))?;
    Ok(ROUND_TRIPS)
}

/// A line for omnipoll against mio, and one for mio.
fn pair(what: &str, samples: &[Vec<Sample>]) -> Vec<Line> {
    let cost = |samples: &[Sample]| {
        format!("{:.1} ns", median(samples.iter().map(|sample| sample.wall_ns)))
    };
    let wall = ratio(&samples[0], &samples[1], |sample| sample.wall_ns);
    let cpu = ratio(&samples[0], &samples[1], |sample| sample.cpu_ns);
    vec![
        Line::cost(what, "omnipoll-epoll", cost(&samples[0])).against("mio", wall, Some(cpu)),
        Line::cost(what, "mio", cost(&samples[1])),
    ]
}
