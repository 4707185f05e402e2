//! An eventfd, as loops are woken that have nothing better.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

use crate::event_loop::Wake;

/// An eventfd that a loop and its waker share.
#[derive(Clone, Debug)]
pub struct Wakeup(Arc<OwnedFd>);

impl Wakeup {
    /// Opens one.
    ///
    /// # Errors
    /// Those of eventfd(2).
    pub fn new() -> io::Result<Wakeup> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Wakeup(Arc::new(eventfd(0, flags)?)))
    }

    /// Takes the wakes that have come; only loops that tell of levels must.
    pub(super) fn take(&self) -> io::Result<()> {
        match rustix::io::read(&*self.0, &mut [0; 8]) {
            Ok(_) | Err(rustix::io::Errno::AGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsRawFd for Wakeup {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Wake for Wakeup {
    #[inline]
    fn wake(&self) -> io::Result<()> {
        rustix::io::write(&*self.0, &1_u64.to_ne_bytes())?;
        Ok(())
    }
}
