//! A descriptor that one thread makes readable to end the wait of another: an
//! [eventfd(2)], or a pipe where a kernel or a sandbox refuses that.
//!
//! [eventfd(2)]: https://man7.org/linux/man-pages/man2/eventfd.2.html

use std::io;
#[cfg(all(test, loom))]
use std::os::fd::AsRawFd;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::EventfdFlags;
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use super::above_standard;

#[derive(Debug)]
pub(super) struct Notifier {
    reading: OwnedFd,
    /// The other end, if it is a pipe.
    writing: Option<OwnedFd>,
}

impl Notifier {
    pub(super) fn open() -> io::Result<Notifier> {
        match rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
            Ok(reading) => Ok(Notifier { reading: above_standard(reading)?, writing: None }),
            // No such call before Linux 2.6.27, and sandboxes answer in either way.
            Err(Errno::NOSYS | Errno::PERM) => {
                let (reading, writing) =
                    rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
                let (reading, writing) = (above_standard(reading)?, above_standard(writing)?);
                Ok(Notifier { reading, writing: Some(writing) })
            }
            Err(error) => Err(error.into()),
        }
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

    /// Makes it unreadable.
    pub(super) fn drain(&self) {
        let mut buffer = [0; 1024];
        // An eventfd is empty after one read. A pipe may hold more: then it stays
        // readable, and is drained again.
        let _ = rustix::io::read(&self.reading, &mut buffer);
        #[cfg(all(test, loom))]
        super::interleavings::kernel::take(self.reading.as_raw_fd());
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reading.as_fd()
    }
}
