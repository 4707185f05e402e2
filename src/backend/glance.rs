//! Looking at some descriptors at once, by poll(2), without waiting.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use super::poll::found_in;
use super::poll_flags;
use super::ppoll::ppoll;
use super::stateless::Found;
use crate::event::Readiness;

/// Some descriptors to look at once, without waiting.
#[derive(Debug, Default)]
pub(super) struct Glance {
    fds: Vec<libc::pollfd>,
}

impl Glance {
    pub(super) fn add(&mut self, fd: RawFd, directions: Readiness) {
        self.fds.push(libc::pollfd { fd, events: poll_flags::to_ask_for(directions), revents: 0 });
    }

    /// Looks at them, in the order in which they were added, and forgets them.
    pub(super) fn look(&mut self) -> io::Result<impl Iterator<Item = (RawFd, Found)>> {
        let mut looked = look(&mut self.fds);
        if looked.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidInput) {
            // They are more than the process may have open by now.
            looked = self.fds.chunks_mut(1).try_for_each(look);
        }
        if let Err(error) = looked {
            self.fds.clear();
            return Err(error);
        }
        Ok(self.fds.drain(..).map(|entry| (entry.fd, found_in(entry.revents))))
    }
}

fn look(fds: &mut [libc::pollfd]) -> io::Result<()> {
    while let Err(error) = ppoll(fds, Some(Duration::ZERO), None) {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}
