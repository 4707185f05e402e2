//! The registrations, and what was registered under their numbers before.
//!
//! A wait may have fetched an event, and have yet to tell it, when its registration goes and
//! another one comes under the same number. Mostly their tokens differ. Where they do not, the
//! event may be of either, unless the wait began after the second one came.

use std::os::fd::RawFd;

use super::registration::Registration;
use crate::Token;
use crate::backend::by_descriptor::ByDescriptor;

#[derive(Debug)]
pub(super) struct Table {
    registrations: ByDescriptor<Registration>,
    /// The token that each number had last.
    former: ByDescriptor<Token>,
}

impl Table {
    pub(super) const fn new() -> Table {
        Table { registrations: ByDescriptor::new(), former: ByDescriptor::new() }
    }

    #[inline]
    pub(super) fn get(&mut self, fd: RawFd) -> Option<&mut Registration> {
        self.registrations.get(fd)
    }

    pub(super) fn insert(&mut self, fd: RawFd, registration: Registration) {
        self.registrations.insert(fd, registration);
    }

    pub(super) fn take(&mut self, fd: RawFd) -> Option<Registration> {
        let registration = self.registrations.take(fd)?;
        self.former.insert(fd, registration.token);
        Some(registration)
    }

    /// Whether what was registered before under that number had the same token.
    pub(super) fn has_had(&mut self, fd: RawFd, token: Token) -> bool {
        self.former.get(fd).is_some_and(|former| *former == token)
    }
}
