//! Numbers for descriptors that no other thread of the process is given.
//!
//! A program closes descriptors, and says their numbers once more. The kernel gives out
//! the lowest free number, to whatever thread asks first; so each world moves its
//! descriptors up into a range of its own, where a number is free until the world itself
//! uses it again: which it does at once, since it too is given the lowest.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};

/// Above what the process opens beside the worlds, and all below what select(2) takes.
const FIRST: RawFd = 300;
const LENGTH: RawFd = 20;
const RANGES: u32 = 32;

/// The ranges that are taken, one bit each.
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A range of numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    range: u32,
}

impl Numbers {
    pub(crate) fn take() -> io::Result<Numbers> {
        let mut taken = TAKEN.load(Ordering::SeqCst);
        loop {
            let range = taken.trailing_ones();
            if range == RANGES {
                return Err(io::Error::other("too many programs at a time: use fewer threads"));
            }
            let more = taken | 1 << range;
            match TAKEN.compare_exchange(taken, more, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Ok(Numbers { range }),
                Err(now) => taken = now,
            }
        }
    }

    /// Moves a descriptor to the lowest free number.
    pub(crate) fn place(&self, fd: OwnedFd) -> io::Result<OwnedFd> {
        let first = FIRST + self.range as RawFd * LENGTH;
        Ok(rustix::io::fcntl_dupfd_cloexec(fd, first)?)
    }

    /// A number that is not open.
    pub(crate) fn unused(&self) -> RawFd {
        FIRST + (self.range as RawFd + 1) * LENGTH - 1
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        TAKEN.fetch_and(!(1 << self.range), Ordering::SeqCst);
    }
}

/// Moves a descriptor to `number`, which is free.
pub(crate) fn place_at(fd: BorrowedFd<'_>, number: RawFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, number)?)
}
