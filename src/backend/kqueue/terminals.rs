//! Terminals that a kernel's queue refuses, as that of macOS does: select(2) waits for them,
//! and for the queue as well, whose descriptor is readable while there is something in it.
//!
//! Once there was one, all waits of the poll go that way.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::backend::raw_fd::not_watched;
use crate::backend::select::FdSets;
use crate::backend::stateless::Stateless;
use crate::backend::{Mechanism, Tells, Trigger};
use crate::event::{Events, Readiness};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

/// Its address is the token of the queue.
static QUEUE: u8 = 0;

#[derive(Debug, Default)]
pub(super) struct Terminals(OnceLock<Stateless<FdSets>>);

impl Terminals {
    #[inline]
    pub(super) fn are_there(&self) -> bool {
        self.0.get().is_some()
    }

    /// Waits for `fd` from now on, and for `queue`.
    pub(super) fn add(
        &self,
        queue: BorrowedFd<'_>,
        fd: RawFd,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        let sets = match self.0.get() {
            Some(sets) => sets,
            None => {
                let sets = Stateless::open()?;
                let level = Interest::READABLE.level();
                sets.add(queue.as_raw_fd(), self::queue(), level, Tells::Nothing)?;
                // If another thread was faster, its own are as good.
                self.0.get_or_init(|| sets)
            }
        };
        sets.add(fd, token, interest, tells)
    }

    pub(super) fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        let sets = self.0.get().ok_or_else(|| not_watched(fd))?;
        sets.modify(fd, token, interest)
    }

    pub(super) fn remove(&self, fd: RawFd) -> io::Result<()> {
        let sets = self.0.get().ok_or_else(|| not_watched(fd))?;
        sets.remove(fd)
    }

    pub(super) fn rearm(&self, fd: RawFd, directions: Readiness) -> io::Result<()> {
        match self.0.get().map(|sets| sets.rearm(fd, directions)) {
            // It is in the queue.
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.unwrap_or(Ok(())),
        }
    }

    /// Waits for both, and has `look` tell what is in the queue.
    pub(super) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
        look: impl FnOnce(&mut Events) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(sets) = self.0.get() else {
            return look(events);
        };
        let before = events.len();
        sets.wait(events, timeout, mask)?;
        let is_queue_ready = events.take_out(before, |event| event.token() == queue());
        if is_queue_ready { look(events) } else { Ok(()) }
    }
}

/// The token of the queue.
pub(super) fn queue() -> Token {
    Token((&raw const QUEUE).addr())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::event::Event;
    use crate::os::new_fd;

    const TERMINAL: Token = Token(1);
    const IN_QUEUE: Token = Token(2);

    /// The tokens of one wait, in which the queue would tell of one.
    fn wait(terminals: &Terminals) -> Vec<Token> {
        let mut events = Events::with_capacity(8);
        let look = |events: &mut Events| {
            events.push(Event::new(IN_QUEUE, Readiness::IN));
            Ok(())
        };
        terminals.wait(&mut events, Some(Duration::ZERO), None, look).unwrap();
        let mut tokens: Vec<_> = events.iter().map(Event::token).collect();
        tokens.sort();
        tokens
    }

    #[test]
    fn terminals_and_the_queue_are_told_side_by_side() {
        let (queue, fill_queue) = new_fd::pipe().unwrap();
        let (terminal, type_in) = new_fd::pipe().unwrap();
        let terminals = Terminals::default();
        let fd = terminal.as_raw_fd();
        assert!(!terminals.are_there());
        assert!(terminals.remove(fd).is_err());

        let level = Interest::READABLE.level();
        terminals.add(queue.as_fd(), fd, TERMINAL, level, Tells::Nothing).unwrap();
        let again = terminals.add(queue.as_fd(), fd, TERMINAL, level, Tells::Nothing);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(terminals.are_there());
        assert_eq!(wait(&terminals), []);
        rustix::io::write(&type_in, b"x").unwrap();
        assert_eq!(wait(&terminals), [TERMINAL]);
        rustix::io::write(&fill_queue, b"x").unwrap();
        assert_eq!(wait(&terminals), [TERMINAL, IN_QUEUE]);

        terminals.modify(fd, TERMINAL, Interest::READABLE.oneshot()).unwrap();
        assert_eq!(wait(&terminals), [TERMINAL, IN_QUEUE]);
        assert_eq!(wait(&terminals), [IN_QUEUE]);
        terminals.remove(fd).unwrap();
        assert!(terminals.modify(fd, TERMINAL, level).is_err());
        assert_eq!(wait(&terminals), [IN_QUEUE]);
    }
}
