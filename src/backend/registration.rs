use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Weak};

use super::{Selector, Trigger};
use crate::event::Readiness;
use crate::{Interest, Token};

/// What the owner of a descriptor tells of its attempts at I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// Every attempt and, save for `try_io`, its direction.
    Directions,
    /// Nothing that can be relied upon.
    Nothing,
}

/// Where a source is registered; dropping it ends the registration.
#[derive(Debug)]
pub(crate) struct Registration {
    /// Dangling if it is not registered. Weak, so that a source that outlives its poll
    /// neither keeps that open nor is bound to it.
    selector: Weak<Selector>,
    /// There if the backend makes edges in software and this source tells of attempts.
    trigger: Option<Arc<Trigger>>,
    fd: RawFd,
    tells: Tells,
}

impl Registration {
    pub(crate) const fn new(tells: Tells) -> Registration {
        Registration { selector: Weak::new(), trigger: None, fd: -1, tells }
    }

    pub(crate) fn register(
        &mut self,
        selector: &Arc<Selector>,
        fd: RawFd,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        if self.selector.strong_count() > 0 {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "this source is registered already: reregister changes its token and interest, \
                 and deregister frees it for another poll",
            ));
        }
        self.trigger = selector.add(fd, token, interest, self.tells)?;
        self.selector = Arc::downgrade(selector);
        self.fd = fd;
        Ok(())
    }

    pub(crate) fn reregister(
        &self,
        selector: &Arc<Selector>,
        fd: RawFd,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.is_with(selector)?;
        selector.modify(fd, token, interest)
    }

    pub(crate) fn deregister(&mut self, selector: &Arc<Selector>, fd: RawFd) -> io::Result<()> {
        self.is_with(selector)?;
        self.selector = Weak::new();
        self.trigger = None;
        selector.remove(fd)
    }

    /// Notes that I/O was tried in `directions`.
    #[inline]
    pub(crate) fn tried(&self, directions: Readiness) {
        if let Some(trigger) = &self.trigger {
            let asleep = trigger.tried(directions);
            if !asleep.is_empty() {
                self.rearm(asleep);
            }
        }
    }

    /// Notes that I/O was tried in a direction that is not known.
    pub(crate) fn tried_some_direction(&self) {
        if let Some(trigger) = &self.trigger {
            trigger.mark_by_kernel();
            self.tried(Readiness::DIRECTIONS);
        }
    }

    /// Notes that a read found the end of the stream.
    pub(crate) fn ended(&self) {
        if let Some(trigger) = &self.trigger {
            trigger.mark_by_kernel();
        }
    }

    #[cold]
    fn rearm(&self, directions: Readiness) {
        if let Some(selector) = self.selector.upgrade() {
            // It can fail only in ways that the next wait or change reports.
            let _ = selector.rearm(self.fd, directions);
        }
    }

    fn is_with(&self, selector: &Arc<Selector>) -> io::Result<()> {
        if self.selector.as_ptr() == Arc::as_ptr(selector) {
            return Ok(());
        }
        let problem = if self.selector.strong_count() == 0 {
            "this source is not registered: register it first"
        } else {
            "this source is registered with another poll: deregister it there first"
        };
        Err(io::Error::new(io::ErrorKind::NotFound, problem))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Also where closing the descriptor would do it: a duplicate, in a child process
        // perhaps, would keep the registration alive, and its token with it.
        if let Some(selector) = self.selector.upgrade() {
            let _ = selector.remove(self.fd);
        }
    }
}
