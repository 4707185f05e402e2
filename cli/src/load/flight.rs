use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::plan::Pace;

/// The messages of one connection: how many there are to be, and which are under way.
#[derive(Debug)]
pub(super) struct Flight {
    /// How many have begun, and so the number of the next one.
    begun: u64,
    quota: u64,
    depth: usize,
    pace: Option<Pace>,
    under_way: VecDeque<Message>,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    number: u64,
    /// When it was to be sent: what it waited for the connection since is part of its time.
    /// Else a server that stalls would be measured by the few messages it did not hold up,
    /// which is known as coordinated omission.
    due: Instant,
    sent: Instant,
}

impl Flight {
    pub(super) fn new(quota: u64, depth: usize, pace: Option<Pace>) -> Flight {
        Flight { begun: 0, quota, depth, pace, under_way: VecDeque::new() }
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// Begins the next message and tells its number, if one is due and there is room.
    pub(super) fn begin(&mut self, now: Instant) -> Option<u64> {
        let due = self.pace.map_or(now, |pace| pace.due(self.begun));
        if self.begun == self.quota || self.under_way.len() == self.depth || due > now {
            return None;
        }
        let number = self.begun;
        self.begun += 1;
        self.under_way.push_back(Message { number, due, sent: now });
        Some(number)
    }

    /// Ends the message of that number, and tells how long it took; `None` if it is not
    /// under way.
    pub(super) fn end(&mut self, number: u64, now: Instant) -> Option<Duration> {
        // They come back in order, or nearly.
        let place = self.under_way.iter().position(|message| message.number == number)?;
        let message = self.under_way.remove(place)?;
        Some(now.saturating_duration_since(message.due))
    }

    /// Whether the oldest message has been under way for longer than `patience`.
    pub(super) fn is_late(&self, now: Instant, patience: Duration) -> bool {
        let oldest = self.under_way.front();
        oldest.is_some_and(|oldest| now.saturating_duration_since(oldest.sent) > patience)
    }

    /// Gives the oldest message up.
    pub(super) fn lose(&mut self) {
        self.under_way.pop_front();
    }

    /// Begins no more messages, and tells how many that were due found no room.
    pub(super) fn stop(&mut self, now: Instant) -> u64 {
        let due = self.pace.map_or(self.begun, |pace| pace.due_until(now).min(self.quota));
        self.quota = self.begun;
        due.saturating_sub(self.begun)
    }

    /// Whether all there was to be is there.
    pub(super) fn is_over(&self) -> bool {
        self.begun == self.quota && self.under_way.is_empty()
    }
}
