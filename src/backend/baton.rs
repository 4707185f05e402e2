//! How further threads wait while one, the *leader*, is in the kernel for all of them.
//!
//! *Followers* sleep on the baton, a descriptor that the leader makes readable when it
//! leaves. They sleep in ppoll(2), so that timeouts, signals and masks are the same for them
//! as for the leader. *Lookers* have no time left, and call the leader back, to look for
//! themselves before they go.

use std::io;
use std::sync::{OnceLock, PoisonError};
use std::time::Duration;

use super::notifier::Notifier;
use super::poll;
use super::sync::{Condvar, MutexGuard};
use crate::os::RawDescriptor;
use crate::signal_set::SignalSet;

#[derive(Debug)]
pub(super) struct Baton {
    /// Made when a second thread waits.
    notifier: OnceLock<Notifier>,
    /// Told when the leader is back, for lookers. It needs no descriptor.
    is_back: Condvar,
}

/// Who waits beside the leader, as it knows them.
#[derive(Debug, Default)]
pub(super) struct Others {
    followers: usize,
    lookers: usize,
    /// The leader was called, and has not come yet.
    have_called: bool,
}

/// What a leader takes along, and a lock is around.
pub(super) trait Led {
    fn others(&mut self) -> &mut Others;

    /// Whether nobody leads.
    fn is_home(&self) -> bool;
}

impl Baton {
    pub(super) fn new() -> Baton {
        Baton { notifier: OnceLock::new(), is_back: Condvar::new() }
    }

    /// Whether several threads have waited at once.
    #[inline]
    #[cfg_attr(not(io_uring), expect(unused, reason = "what has no memory always ends early"))]
    pub(super) fn is_in_use(&self) -> bool {
        self.notifier.get().is_some()
    }

    /// Sleeps until it is passed, with the lock let go; `again` takes that. False if the time
    /// was over first.
    pub(super) fn follow<'a, L: Led>(
        &self,
        mut led: MutexGuard<'a, L>,
        again: impl FnOnce() -> MutexGuard<'a, L>,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<(MutexGuard<'a, L>, bool)> {
        let notifier = match self.notifier.get() {
            Some(notifier) => notifier,
            None => {
                let notifier = Notifier::open()?;
                // If another thread was faster, its own is as good.
                self.notifier.get_or_init(|| notifier)
            }
        };
        led.others().followers += 1;
        drop(led);

        let passed = poll::wait_for_one(notifier.descriptor(), timeout, mask);

        let mut led = again();
        led.others().followers -= 1;
        let passed = passed?;
        if passed {
            notifier.drain();
        }
        Ok((led, passed))
    }

    /// Waits for the leader, which was called, to be back.
    pub(super) fn look<'a, L: Led>(&self, mut led: MutexGuard<'a, L>) -> MutexGuard<'a, L> {
        led.others().lookers += 1;
        while !led.is_home() {
            led = self.is_back.wait(led).unwrap_or_else(PoisonError::into_inner);
        }
        led.others().lookers -= 1;
        led
    }

    /// Passes it to one of the others, or all who only look.
    pub(super) fn pass(&self, others: &Others) -> io::Result<()> {
        if others.lookers > 0 {
            self.is_back.notify_all();
        } else if others.followers > 0 {
            return self.notifier.get().map_or(Ok(()), Notifier::notify);
        }
        Ok(())
    }

    /// Whether `fd` is its own.
    pub(super) fn is(&self, fd: RawDescriptor) -> bool {
        self.notifier.get().is_some_and(|notifier| notifier.is(fd))
    }
}

impl Others {
    /// Calls the leader, by `notifier`, which ends its wait. Once is enough until it comes.
    pub(super) fn call_leader(&mut self, notifier: &Notifier) -> io::Result<()> {
        if self.have_called {
            return Ok(());
        }
        self.have_called = true;
        notifier.notify()
    }

    /// The leader is here, or the next one is about to leave.
    pub(super) fn have_leader(&mut self) {
        self.have_called = false;
    }

    /// Whether the leader was called, and has not come yet.
    #[inline]
    #[cfg_attr(not(io_uring), expect(unused, reason = "what has no queue comes for nothing else"))]
    pub(super) fn have_called(&self) -> bool {
        self.have_called
    }

    /// Whether somebody waits for the leader to come back.
    pub(super) fn are_looking(&self) -> bool {
        self.lookers > 0
    }
}
