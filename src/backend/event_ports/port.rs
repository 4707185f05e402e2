//! The calls: [port_create(3C)], [port_associate(3C)], [port_getn(3C)].
//!
//! [port_create(3C)]: https://illumos.org/man/3C/port_create
//! [port_associate(3C)]: https://illumos.org/man/3C/port_associate
//! [port_getn(3C)]: https://illumos.org/man/3C/port_getn
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_short, c_uint};
use rustix::io::{Errno, FdFlags};

use crate::backend::timeout::NOT_AT_ALL;
use crate::backend::{above_standard, timeout};

/// How much is taken from the queue in one call; the rest stays there.
const BATCH: usize = 64;

/// What no event of the kernel's is: each has a source.
const NONE: libc::port_event = libc::port_event {
    portev_events: 0,
    portev_source: 0,
    portev_pad: 0,
    portev_object: 0,
    portev_user: ptr::null_mut(),
};

#[derive(Debug)]
pub(super) struct Port(OwnedFd);

impl Port {
    pub(super) fn open() -> io::Result<Port> {
        let port = rustix::event::port::create()?;
        // There is no flag for it in the call.
        rustix::io::fcntl_setfd(&port, FdFlags::CLOEXEC)?;
        Ok(Port(above_standard(port)?))
    }

    /// Has the port tell of `fd` once, as soon as it is ready for any of `flags`, which are
    /// those of poll(2); in place of what was to be told of it before.
    pub(super) fn associate(&self, fd: RawFd, flags: c_short) -> Result<(), Errno> {
        let object = fd as libc::uintptr_t;
        // SAFETY: All arguments are numbers to the kernel, the last one too, which it returns
        // with the event. It answers for a number that no open descriptor has.
        done(unsafe {
            libc::port_associate(
                self.0.as_raw_fd(),
                libc::PORT_SOURCE_FD,
                object,
                c_int::from(flags),
                ptr::null_mut(),
            )
        })
    }

    /// Fails if there is no association, as when the port has told of it.
    pub(super) fn dissociate(&self, fd: RawFd) -> Result<(), Errno> {
        let object = fd as libc::uintptr_t;
        // SAFETY: As above.
        done(unsafe { libc::port_dissociate(self.0.as_raw_fd(), libc::PORT_SOURCE_FD, object) })
    }

    /// Puts into `taken`, which is empty, the descriptors that the port has to tell of, `most` at
    /// the most, after a wait for the first of them. Each loses its association.
    pub(super) fn take(
        &self,
        taken: &mut Vec<RawFd>,
        most: usize,
        mut timeout: Option<Duration>,
    ) -> io::Result<()> {
        while taken.len() < most {
            let before = taken.len();
            let wanted = BATCH.min(most - before);
            match self.take_some(taken, wanted, timeout) {
                // What was taken before has lost its associations, so it must be told.
                Err(error) if before == 0 => return Err(error),
                _ if taken.len() - before < wanted => break,
                _ => timeout = NOT_AT_ALL,
            }
        }
        Ok(())
    }

    fn take_some(
        &self,
        taken: &mut Vec<RawFd>,
        most: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let mut timeout = timeout.map(timeout::timespec);
        let timeout = timeout.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        let mut list = [NONE; BATCH];
        // In, how many to wait for.
        let mut count: c_uint = 1;
        debug_assert!((1..=BATCH).contains(&most), "what is asked for is in the list");
        // SAFETY: The list is exclusively borrowed, and no shorter than is said. The count and the
        // timeout, if it is not null, live until the call returns.
        let result = done(unsafe {
            let (list, length) = (list.as_mut_ptr(), most as c_uint);
            libc::port_getn(self.0.as_raw_fd(), list, length, &raw mut count, timeout)
        });
        // Events that come together with an error, such as the end of the time, are events:
        // the kernel has forgotten their associations. And it may leave the count as it was.
        let told = list.iter().take(count as usize).take_while(|event| event.portev_source != 0);
        let before = taken.len();
        taken.extend(
            told.filter(|event| c_int::from(event.portev_source) == libc::PORT_SOURCE_FD)
                .map(|event| event.portev_object as RawFd),
        );
        match result {
            Err(error) if taken.len() == before && error != Errno::TIME => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn done(result: c_int) -> Result<(), Errno> {
    if result == 0 {
        return Ok(());
    }
    match Errno::from_io_error(&io::Error::last_os_error()) {
        // What poll(2) and the rest call EBADF.
        Some(Errno::BADFD) => Err(Errno::BADF),
        error => Err(error.unwrap_or(Errno::INVAL)),
    }
}
