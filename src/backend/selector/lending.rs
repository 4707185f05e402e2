//! The descriptor of a poll, for another loop to wait for.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Opened, Selector};
use crate::backend::{Mechanism, above_standard};

impl Selector {
    /// The descriptor that is readable while something is ready, if there is one.
    ///
    /// Whoever has it may sleep on it, so wake-ups go through the kernel from now on.
    pub(crate) fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        if !self.is_inherited() {
            dispatch!(&self.mechanism, mechanism => mechanism.lend()).ok()?;
        }
        let descriptor = dispatch!(&self.mechanism, mechanism => mechanism.descriptor())?;
        if self.wakers.make_eager() {
            // It fails only where no wake-up works.
            let _ = self.notify();
        }
        Some(descriptor)
    }

    /// The descriptor, or one that every call on it refuses with `EBADF`.
    pub(crate) fn lend_some_descriptor(&self) -> BorrowedFd<'_> {
        match self.lend_descriptor() {
            Some(descriptor) => descriptor,
            None => self.placeholder.get_or_init(placeholder).as_fd(),
        }
    }
}

fn placeholder() -> OwnedFd {
    match open_placeholder().and_then(above_standard) {
        Ok(placeholder) => placeholder,
        Err(error) => panic!("this backend has no descriptor, and no substitute for one: {error}"),
    }
}

/// Opens a descriptor that exists, and can do nothing.
#[cfg(o_path)]
fn open_placeholder() -> io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};

    Ok(rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens one that cannot be read, and of which a wait tells at once that it is broken: the end
/// that is written to, of a pipe that nobody can read.
#[cfg(not(o_path))]
fn open_placeholder() -> io::Result<OwnedFd> {
    let (_, writing) = crate::os::new_fd::pipe()?;
    Ok(writing)
}
