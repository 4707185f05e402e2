//! What one call of kqueue found, and which event of the wait tells of which descriptor.
//!
//! It lies in the caller's `Events`, where no other thread needs it and its memory is used
//! again.

use std::io;
use std::os::fd::RawFd;

use super::kevent::Kevent;
use crate::backend::told::Told;
use crate::event::{Events, Readiness};

#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(super) kevents: Vec<Kevent>,
    /// By descriptor.
    told: Vec<Told>,
    /// The number of the wait, for `told`.
    wait: u32,
    /// How many registrations had been added when it began.
    pub(super) additions: usize,
    /// What fell asleep in this wait.
    pub(super) asleep: Vec<Asleep>,
}

/// A oneshot registration that was told, and where its event stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asleep {
    pub(super) fd: RawFd,
    pub(super) at: usize,
}

impl Found {
    /// Begins a wait, in which `look` finds some.
    pub(super) fn fill(
        &mut self,
        additions: usize,
        look: impl FnOnce(&mut Vec<Kevent>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.kevents.clear();
        self.asleep.clear();
        self.additions = additions;
        self.wait = self.wait.wrapping_add(1).max(1);
        look(&mut self.kevents)
    }

    /// Whether two of them can be of one descriptor.
    #[inline]
    pub(super) fn is_mixed(&self) -> bool {
        match self.kevents.split_first() {
            Some((first, rest)) => rest.iter().any(|kevent| kevent.filter() != first.filter()),
            None => false,
        }
    }

    /// Adds `ready` to the event that tells of its descriptor in this wait; false if there is
    /// none.
    pub(super) fn add(&self, kevent: &Kevent, ready: Readiness, events: &mut Events) -> bool {
        let told = self.told.get(kevent.ident());
        told.is_some_and(|told| told.add(kevent.token(), ready, self.wait, events))
    }

    /// Adds an event of its descriptor.
    pub(super) fn tell(&mut self, kevent: &Kevent, ready: Readiness, events: &mut Events) {
        let at = kevent.ident();
        if at >= self.told.len() {
            self.told.resize(at + 1, Told::default());
        }
        self.told[at].tell(kevent.token(), ready, self.wait, events);
    }
}
