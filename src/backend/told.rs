//! One event a registration in each wait, though what it tells of may be found out in more
//! than one place.

use crate::Token;
use crate::event::{Event, Events, Readiness};

/// The wait in which a registration was told of last, and where its event stands in that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    wait: u32,
    at: u32,
}

impl Told {
    /// Adds an event in the wait with this number, which is not 0; or adds to the one that is
    /// there already, since programs that drop a source at its first event look for it in
    /// vain at a second one.
    pub(super) fn tell(&mut self, token: Token, ready: Readiness, wait: u32, events: &mut Events) {
        if self.add(token, ready, wait, events) {
            return;
        }
        *self = Told { wait, at: events.len() as u32 };
        events.push(Event::new(token, ready));
    }

    /// Adds to the event that is there already; false if there is none.
    pub(super) fn add(
        &self,
        token: Token,
        ready: Readiness,
        wait: u32,
        events: &mut Events,
    ) -> bool {
        // Numbers come again after some thousand million waits.
        self.wait == wait && events.add_to(self.at as usize, token, ready)
    }
}
