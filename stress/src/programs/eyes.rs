use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use omnipoll::{Events, Poll};

use super::model::{Order, Sighting, Verdict};

/// Who waits.
pub(super) enum Eyes {
    /// The thread that runs the program.
    Own(Own),
    /// Other threads, which put what they see into the inbox.
    Others(Arc<Inbox>, Arc<Clock>),
}

/// A poll, and what it has told so far.
pub(super) struct Own {
    poll: Poll,
    events: Events,
    clock: Clock,
    pub(super) figures: Seen,
}

/// How much was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) waits: u64,
    pub(super) events: u64,
}

/// Orders waits and deregistrations, over all threads.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicU64);

/// What other threads have seen, and the program's thread has not looked at yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    sightings: Mutex<Vec<Sighting>>,
    has_come: Condvar,
}

impl Eyes {
    pub(super) fn own(poll: Poll, capacity: usize) -> Eyes {
        let events = Events::with_capacity(capacity);
        Eyes::Own(Own { poll, events, clock: Clock::default(), figures: Seen::default() })
    }

    pub(super) fn order(&self) -> Order {
        match self {
            Eyes::Own(_) => Order::Strict,
            Eyes::Others(..) => Order::Loose,
        }
    }

    /// A point in time between what was done before and what is done after.
    pub(super) fn now(&self) -> u64 {
        match self {
            Eyes::Own(own) => own.clock.tick(),
            Eyes::Others(_, clock) => clock.tick(),
        }
    }
}

impl Own {
    /// Waits once; true beside the events if they may not be all.
    pub(super) fn wait(&mut self, timeout: Duration) -> Verdict<(Vec<Sighting>, bool)> {
        let began = self.clock.tick();
        let start = Instant::now();
        unless_interrupted(|| self.poll.poll(&mut self.events, Some(timeout)))?;
        if self.events.is_empty() {
            check_time(start, timeout)?;
        }
        let sightings: Vec<_> =
            self.events.iter().map(|event| Sighting::new(event, began)).collect();
        self.figures.waits += 1;
        self.figures.events += sightings.len() as u64;
        // The library may have taken a place for itself.
        let is_full = sightings.len() + 1 >= self.events.capacity();
        Ok((sightings, is_full))
    }
}

/// Waits again where a signal has ended the wait: those that fuzz and measure use them.
pub(super) fn unless_interrupted(mut wait: impl FnMut() -> io::Result<()>) -> Verdict {
    loop {
        match wait() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(|error| format!("wait: {error}")),
        }
    }
}

/// Checks that a wait without an event, which began at `start`, has lasted for `timeout`.
pub(super) fn check_time(start: Instant, timeout: Duration) -> Verdict {
    let elapsed = start.elapsed();
    if elapsed < timeout {
        return Err(format!("a wait of {timeout:?} ended after {elapsed:?} with nothing"));
    }
    Ok(())
}

impl Clock {
    pub(super) fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

impl Inbox {
    /// Adds what a thread has seen, and returns how much waits to be looked at.
    pub(super) fn put(&self, sighting: Sighting) -> usize {
        let mut sightings = self.lock();
        sightings.push(sighting);
        self.has_come.notify_one();
        sightings.len()
    }

    pub(super) fn take(&self) -> Vec<Sighting> {
        std::mem::take(&mut self.lock())
    }

    /// Sleeps until there is something, but no longer than `most`.
    pub(super) fn sleep(&self, most: Duration) {
        let sightings = self.lock();
        if sightings.is_empty() {
            // What comes of it, the caller looks at.
            drop(self.has_come.wait_timeout(sightings, most));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sighting>> {
        // Nothing in here panics while it is held.
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
