//! Has an epoll poll network devices itself: `EPIOCSPARAMS` of [ioctl_eventpoll(2)].
//!
//! [ioctl_eventpoll(2)]: https://man7.org/linux/man-pages/man2/ioctl_eventpoll.2.html
#![cfg_attr(epoll_params, allow(unsafe_code))]

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::no_busy_poll;

/// Whether the kernel can.
#[cfg(not(epoll_params))]
pub(super) fn is_there(_: BorrowedFd<'_>) -> bool {
    false
}

/// Has it do so for up to `time` in each wait.
#[cfg(not(epoll_params))]
pub(super) fn set(_: BorrowedFd<'_>, _: Duration) -> io::Result<()> {
    Err(no_busy_poll())
}

#[cfg(epoll_params)]
pub(super) use self::by_ioctl::{is_there, set};

#[cfg(epoll_params)]
mod by_ioctl {
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;

    use super::*;
    use crate::backend::microseconds;

    /// How many packets are taken at a time: the kernel's own choice where nobody makes one.
    const BUDGET: u16 = 8;

    /// Whether the kernel can.
    pub(in crate::backend) fn is_there(epoll: BorrowedFd<'_>) -> bool {
        parameters(epoll).is_ok()
    }

    /// Has it do so for up to `time` in each wait.
    pub(in crate::backend) fn set(epoll: BorrowedFd<'_>, time: Duration) -> io::Result<()> {
        let asked = libc::epoll_params {
            busy_poll_usecs: microseconds(time),
            busy_poll_budget: BUDGET,
            prefer_busy_poll: 0,
            ..parameters(epoll).map_err(|_| no_busy_poll())?
        };
        // SAFETY: The call reads one struct of this type, which is borrowed.
        match unsafe { libc::ioctl(epoll.as_raw_fd(), libc::EPIOCSPARAMS, &raw const asked) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// What the kernel has to say about it.
    fn parameters(epoll: BorrowedFd<'_>) -> io::Result<libc::epoll_params> {
        let mut found = MaybeUninit::<libc::epoll_params>::zeroed();
        // SAFETY: The call writes one struct of this type, for which there is room.
        match unsafe { libc::ioctl(epoll.as_raw_fd(), libc::EPIOCGPARAMS, found.as_mut_ptr()) } {
            // SAFETY: It is made of integers, and was zero before the kernel wrote it.
            0 => Ok(unsafe { found.assume_init() }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
