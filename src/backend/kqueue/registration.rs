use std::os::fd::RawFd;

use super::kevent::{Changes, Filter, Flags, Kevent};
use crate::event::Readiness;
use crate::{Interest, Token};

/// What is registered for a descriptor, and what has become of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registration {
    pub(super) token: Token,
    interest: Interest,
    /// It is oneshot and has been told.
    pub(super) is_asleep: bool,
    /// It is the writing end of a pipe that nobody reads, which some systems refuse.
    pub(super) is_broken: bool,
    /// It is of a kind that can have urgent data, for all that the kernel has said.
    #[cfg(kqueue_except)]
    pub(super) has_urgent_data: bool,
    /// The ends that its edges have told of.
    pub(super) ends: Readiness,
    /// What waits have found that began before so many additions may be of the one before.
    pub(super) doubtful_before: usize,
}

impl Registration {
    pub(super) fn new(token: Token, interest: Interest) -> Registration {
        Registration {
            token,
            interest,
            is_asleep: false,
            is_broken: false,
            #[cfg(kqueue_except)]
            has_urgent_data: true,
            ends: Readiness::NONE,
            doubtful_before: 0,
        }
    }

    /// How its filters tell.
    pub(super) fn flags(&self) -> Flags {
        if self.interest.is_oneshot() {
            Flags::ADD.with(Flags::DISPATCH)
        } else if self.interest.is_edge() {
            Flags::ADD.with(Flags::CLEAR)
        } else {
            Flags::ADD
        }
    }

    /// Notes a change of each of its filters.
    pub(super) fn note(&self, fd: RawFd, flags: Flags, changes: &mut Changes) {
        for (_, filter) in self.filters() {
            changes.note(filter, fd as usize, flags, self.token);
        }
    }

    /// Its filters, and what they tell.
    pub(super) fn filters(&self) -> impl Iterator<Item = (Readiness, Filter)> + use<> {
        let writing = if self.is_broken { Filter::User } else { Filter::Write };
        // In this order, since libkqueue takes the ends that it tells from the last one.
        let filters = [
            (Readiness::OUT, writing),
            (Readiness::IN, Filter::Read),
            #[cfg(kqueue_except)]
            (Readiness::PRI, Filter::Except),
        ];
        let directions = self.interest.directions();
        #[cfg(kqueue_except)]
        let directions =
            if self.has_urgent_data { directions } else { directions.without(Readiness::PRI) };
        filters.into_iter().filter(move |(direction, _)| directions.has(*direction))
    }

    /// Notes what one of its filters has told of an end. Urgent data has none.
    pub(super) fn note_end(&mut self, ready: Readiness, has_ended: bool) {
        let end = if ready.has(Readiness::IN) {
            Readiness::RDHUP
        } else if ready.has(Readiness::OUT) {
            Readiness::WRHUP
        } else {
            return;
        };
        if has_ended {
            self.ends = self.ends.with(ready);
        } else if self.ends.has(end) {
            // It was none: a socket was not connected yet, or a FIFO has a writer again.
            self.ends = Readiness::NONE;
        }
    }

    /// Whether a filter that was found is its own, and the first to be.
    pub(super) fn awaits(&self, kevent: &Kevent, ready: Readiness) -> bool {
        !self.is_asleep && self.token == kevent.token() && self.interest.directions().has(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_data_says_nothing_of_an_end() {
        let mut registration = Registration::new(Token(7), Interest::WRITABLE);
        let ended = Readiness::OUT.with(Readiness::WRHUP);
        registration.note_end(ended, true);
        for has_ended in [false, true] {
            registration.note_end(Readiness::PRI, has_ended);
            assert_eq!(registration.ends, ended);
        }
        registration.note_end(Readiness::OUT, false);
        assert_eq!(registration.ends, Readiness::NONE);
    }
}
