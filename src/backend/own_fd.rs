//! Keeps the library's own descriptors away from the standard ones.
//!
//! A daemon may have closed those; whatever it or a library prints then would be a wake-up
//! or an error in a descriptor of ours.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// The lowest number after those of standard input, output and error.
pub(super) const LEAST: i32 = 3;

/// `fd`, or a duplicate of it with a number that is not a standard one.
pub(crate) fn above_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= LEAST {
        return Ok(fd);
    }
    Ok(rustix::io::fcntl_dupfd_cloexec(&fd, LEAST)?)
}
