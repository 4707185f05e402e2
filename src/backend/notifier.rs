//! A descriptor that one thread makes readable to end the wait of another: an
//! [eventfd(2)], or a pipe where there is none, or a sandbox refuses it.
//!
//! [eventfd(2)]: https://man7.org/linux/man-pages/man2/eventfd.2.html

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

#[cfg(eventfd)]
use rustix::event::EventfdFlags;
use rustix::io::Errno;

use super::above_standard;
use crate::os::new_fd;

#[derive(Debug)]
pub(super) struct Notifier {
    reading: OwnedFd,
    /// The other end, if it is a pipe.
    writing: Option<OwnedFd>,
}

impl Notifier {
    pub(super) fn open() -> io::Result<Notifier> {
        #[cfg(eventfd)]
        match rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
            // Old kernels have no such call, and sandboxes answer in either way.
            Err(Errno::NOSYS | Errno::PERM) => {}
            opened => return Ok(Notifier { reading: above_standard(opened?)?, writing: None }),
        }
        let (reading, writing) = new_fd::pipe()?;
        let (reading, writing) = (above_standard(reading)?, above_standard(writing)?);
        Ok(Notifier { reading, writing: Some(writing) })
    }

    /// Makes it readable, and reports an edge to who waits for that.
    pub(super) fn notify(&self) -> io::Result<()> {
        // An eventfd wants eight bytes, and adds them; a pipe takes what comes.
        let one = 1u64.to_ne_bytes();
        let writing = self.writing.as_ref().unwrap_or(&self.reading);
        loop {
            match rustix::io::write(writing, &one) {
                Ok(_) => {
                    #[cfg(all(test, loom))]
                    super::interleavings::kernel::arrive(self.reading.as_raw_fd());
                    return Ok(());
                }
                // Full: readable for long, but an edge is owed too.
                Err(Errno::AGAIN) => self.drain(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether `fd` is its own.
    pub(super) fn is(&self, fd: RawFd) -> bool {
        let is = |own: &OwnedFd| own.as_raw_fd() == fd;
        is(&self.reading) || self.writing.as_ref().is_some_and(is)
    }

    /// Makes it unreadable.
    pub(super) fn drain(&self) {
        let mut buffer = [0; 1024];
        // An eventfd is empty after one read. A pipe may hold more: then it stays
        // readable, and is drained again.
        let _ = rustix::io::read(&self.reading, &mut buffer);
        #[cfg(all(test, loom))]
        super::interleavings::kernel::take(self.reading.as_raw_fd());
    }

    /// What becomes readable.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.reading.as_fd()
    }
}
