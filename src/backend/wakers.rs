//! Wake-ups that cost a system call only while somebody sleeps.
//!
//! A word counts the threads that are parked in the kernel and says whether wakers have
//! fired since somebody last looked. Both sides change it with one atomic operation and
//! look at what was there before:
//!
//! - A waker marks itself pending, then sets `NOTIFIED`. If that is news, and a thread is
//!   parked, it notifies the mechanism. Else the next wait sees `NOTIFIED` before it parks.
//! - A poller that is about to sleep adds itself. If `NOTIFIED` is set, it must not sleep.
//!
//! A plain read in the place of either would lose wake-ups: the store of one side and the
//! load of the other may pass each other.
//!
//! A poll that has no waker skips all this, so its waits pay for no atomic operation;
//! until it has counted itself once, `BLIND` says that it may be parked without having
//! said so, and wakers notify in any case. They also do so for ever once the poll's
//! descriptor was lent out (`EAGER`), since nobody knows who sleeps on that.

use std::io;
use std::sync::{Arc, PoisonError};

use super::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::sync::{Mutex, MutexGuard};
use crate::Token;
use crate::event::{Event, Events, Readiness};

const NOTIFIED: usize = 1;
const BLIND: usize = 1 << 1;
const EAGER: usize = 1 << 2;
/// Pollers must count themselves: there is a waker, or several threads wait.
const COUNTING: usize = 1 << 3;
/// One parked thread; the bits from here up are their number.
const PARKED: usize = 1 << 4;
/// Any of these is somebody who may be asleep.
const ASLEEP: usize = !(NOTIFIED | COUNTING);

/// One waker, as both sides see it.
#[derive(Debug)]
pub(crate) struct Signal {
    token: Token,
    pending: AtomicBool,
    /// Its waker is gone; what is pending is its last word.
    abandoned: AtomicBool,
}

/// What a poller learns when it is about to sleep.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parking {
    /// It may sleep, and must [`unpark`](Wakers::unpark) after that.
    Parked,
    /// It may sleep. There are no wakers, so it was not counted.
    Uncounted,
    /// It must not sleep: a waker has fired.
    Notified,
}

#[derive(Debug)]
pub(super) struct Wakers {
    state: AtomicUsize,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    signals: Vec<Arc<Signal>>,
    /// Where the next look begins, so that each waker gets its turn.
    start: usize,
}

impl Wakers {
    pub(super) fn new() -> Wakers {
        Wakers { state: AtomicUsize::new(BLIND), list: Mutex::default() }
    }

    /// Adds a waker.
    pub(super) fn add(&self, token: Token) -> Arc<Signal> {
        let signal = Arc::new(Signal {
            token,
            pending: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
        });
        self.list().signals.push(Arc::clone(&signal));
        self.state.fetch_or(COUNTING, Ordering::SeqCst);
        signal
    }

    /// Removes a waker. If it fired just before, that is still reported.
    pub(super) fn remove(&self, signal: &Signal) {
        let mut list = self.list();
        signal.abandoned.store(true, Ordering::SeqCst);
        list.drop_spent();
    }

    /// Says that from now on several threads may wait at once.
    ///
    /// None may be waiting yet.
    pub(super) fn share(&self) {
        self.state.fetch_or(COUNTING, Ordering::SeqCst);
        self.state.fetch_and(!BLIND, Ordering::SeqCst);
    }

    #[cfg_attr(not(unix), expect(unused, reason = "there a poll has no descriptor"))]
    /// Says that somebody may sleep on the poll's descriptor; true if it must be made
    /// readable at once.
    pub(super) fn make_eager(&self) -> bool {
        let before = self.state.fetch_or(EAGER, Ordering::SeqCst);
        before & EAGER == 0 && before & NOTIFIED != 0
    }

    /// Fires a waker, and calls `notify` if somebody may be asleep.
    #[inline]
    pub(super) fn wake(
        &self,
        signal: &Signal,
        notify: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        if signal.pending.swap(true, Ordering::SeqCst) {
            // Who set it has told, or is about to; nobody has taken it yet.
            return Ok(());
        }
        let before = self.state.fetch_or(NOTIFIED, Ordering::SeqCst);
        if before & NOTIFIED == 0 && before & ASLEEP != 0 { notify() } else { Ok(()) }
    }

    /// Whether there has never been a waker, nor anybody else to count or to look for.
    #[inline]
    pub(super) fn are_untouched(&self) -> bool {
        self.state.load(Ordering::Relaxed) == BLIND
    }

    /// Whether some waker has fired. It may have been taken by another thread since.
    #[inline]
    pub(super) fn are_notified(&self) -> bool {
        self.state.load(Ordering::Relaxed) & NOTIFIED != 0
    }

    /// Whether pollers count themselves, so that a notification may come late and end a
    /// wait for nothing.
    #[inline]
    pub(super) fn are_counting(&self) -> bool {
        self.state.load(Ordering::Relaxed) & COUNTING != 0
    }

    /// Says that this thread is about to sleep.
    #[inline]
    pub(super) fn park(&self) -> Parking {
        if !self.are_counting() {
            return Parking::Uncounted;
        }
        self.be_seen();
        let before = self.state.fetch_add(PARKED, Ordering::SeqCst);
        if before & NOTIFIED == 0 {
            return Parking::Parked;
        }
        self.unpark();
        Parking::Notified
    }

    /// Says that this thread looks, and does not sleep.
    #[inline]
    pub(super) fn stay_awake(&self) {
        if self.are_counting() {
            self.be_seen();
        }
    }

    /// From now on, who is parked is counted.
    #[inline]
    fn be_seen(&self) {
        if self.state.load(Ordering::Relaxed) & BLIND != 0 {
            // Only a poll that is not shared is blind, so the one thread that may have
            // been parked without being counted is this one.
            self.state.fetch_and(!BLIND, Ordering::SeqCst);
        }
    }

    /// Says that this thread, which was parked, is awake.
    #[inline]
    pub(super) fn unpark(&self) {
        self.state.fetch_sub(PARKED, Ordering::SeqCst);
    }

    /// Adds an event for each waker that has fired, `most` at the most; true if that left
    /// some, and others may be asleep, who must be notified of those.
    #[must_use]
    pub(super) fn collect(&self, events: &mut Events, most: usize) -> bool {
        // Before looking: a waker that fires from here on says so again.
        self.state.fetch_and(!NOTIFIED, Ordering::SeqCst);
        let mut list = self.list();
        let count = list.signals.len();
        let start = list.start;
        let mut added = 0;
        let mut spent = false;
        let mut must_notify = false;
        for step in 0..count {
            let at = (start + step) % count;
            let signal = &list.signals[at];
            if !signal.pending.load(Ordering::SeqCst) {
                continue;
            }
            if added == most {
                // The rest is for the next wait, which must not sleep.
                list.start = at;
                let before = self.state.fetch_or(NOTIFIED, Ordering::SeqCst);
                must_notify = before & NOTIFIED == 0 && before & ASLEEP != 0;
                break;
            }
            signal.pending.swap(false, Ordering::SeqCst);
            events.push(Event::new(signal.token, Readiness::IN));
            added += 1;
            spent |= signal.abandoned.load(Ordering::SeqCst);
        }
        if spent {
            list.drop_spent();
        }
        must_notify
    }

    fn list(&self) -> MutexGuard<'_, List> {
        // Nothing in here panics while it is held.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn drop_spent(&mut self) {
        self.signals.retain(|signal| {
            signal.pending.load(Ordering::SeqCst) || !signal.abandoned.load(Ordering::SeqCst)
        });
    }
}
