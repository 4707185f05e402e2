//! The loops that a careful C programmer writes: the yardstick of every ratio.
//!
//! Plain system calls, no call more than needed, and no look at a descriptor after the
//! last ready one. epoll, poll and select are level-triggered, as they are by themselves;
//! io_uring's multishot polls tell of edges.

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(target_os = "linux")]
mod io_uring;
mod pipe;
mod poll;
mod select;
mod wakeup;

use std::ffi::c_int;
use std::fmt;
use std::io;

use omnipoll::Backend;

use crate::event_loop::EventLoop;
use crate::pipes::Ends;
use crate::relay::{Contestant, Work};
use crate::ring;

#[cfg(target_os = "linux")]
pub use epoll::RawEpoll;
#[cfg(target_os = "linux")]
pub use io_uring::RawIoUring;
pub use pipe::RawPipe;
pub use poll::RawPoll;
pub use select::RawSelect;
pub use wakeup::Wakeup;

/// The system call that a raw loop waits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// epoll_wait(2).
    #[cfg(target_os = "linux")]
    Epoll,
    /// io_uring_enter(2).
    #[cfg(target_os = "linux")]
    IoUring,
    /// poll(2).
    Poll,
    /// select(2).
    Select,
}

impl Call {
    /// Every call, epoll first: the others are compared with it.
    pub const ALL: &'static [Call] = &[
        #[cfg(target_os = "linux")]
        Call::Epoll,
        #[cfg(target_os = "linux")]
        Call::IoUring,
        Call::Poll,
        Call::Select,
    ];

    /// The call below `backend`, where there is a raw loop for it.
    pub fn below(backend: Backend) -> Option<Call> {
        // By name: a backend may come before its raw loop does, and the other way round.
        Call::ALL.iter().copied().find(|call| call.name() == backend.name())
    }

    /// Its name, which is that of the backend above it.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(target_os = "linux")]
            Call::Epoll => "epoll",
            #[cfg(target_os = "linux")]
            Call::IoUring => "io_uring",
            Call::Poll => "poll",
            Call::Select => "select",
        }
    }

    /// Whether this machine lets a loop over it be opened.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Call::IoUring => RawIoUring::open((), 1).is_ok(),
            _ => true,
        }
    }

    /// Registers `pipes` in a raw loop over this call.
    ///
    /// # Errors
    /// Those of the system.
    pub fn enter(self, pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
        match self {
            #[cfg(target_os = "linux")]
            Call::Epoll => ring::enter::<RawEpoll>((), pipes, work),
            #[cfg(target_os = "linux")]
            Call::IoUring => ring::enter::<RawIoUring>((), pipes, work),
            Call::Poll => ring::enter::<RawPoll>((), pipes, work),
            Call::Select => ring::enter::<RawSelect>((), pipes, work),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The count that a wait returned; `None` where a signal ended it.
#[inline]
fn count(result: c_int) -> io::Result<Option<usize>> {
    if result >= 0 {
        return Ok(Some(result as usize));
    }
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::Interrupted { Ok(None) } else { Err(error) }
}
