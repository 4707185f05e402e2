//! The readiness backends, the contract they share, and the choice among them.
//!
//! To add one, write `backend/<name>.rs` and name it in the lists of this file and of
//! kind.rs; the compiler points at each. Nothing outside this folder names a mechanism.
//!
//! | file | what it is |
//! |---|---|
//! | kind.rs | [`Backend`], the names of the mechanisms, and how one is chosen |
//! | capabilities.rs | what an open backend does natively, in software, or not at all |
//! | selector.rs | the open backend of one poll, with what is the same for all of them |
//! | selector_number.rs, membership.rs | the open selectors by number; what a source remembers of its own |
//! | epoll.rs | epoll(7) |
//! | io_uring/ | io_uring(7), as far as it waits for readiness; ring.rs has the queues |
//! | poll.rs, select.rs | poll(2) and select(2), which know descriptors and levels only |
//! | stateless.rs | the memory, the threads and the wake-ups that those two lack |
//! | baton.rs | how threads wait for the one that waits in the kernel |
//! | told.rs, by_descriptor.rs | one event a registration; a table of registrations |
//! | trigger.rs | edge, level and oneshot in software |
//! | kernel_edges.rs | edges for descriptors whose I/O the library does not see |
//! | own_fd.rs | keeps the library's own descriptors away from the standard ones |
//! | wakers.rs | wake-ups that cost a system call only while somebody sleeps |
//! | always_ready.rs | files that no kernel waits for |
//! | sync.rs, interleavings/ | every order of threads, explored by loom |

use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Events, Readiness};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

mod always_ready;
#[cfg(any(io_uring, poll, select))]
mod baton;
#[cfg(any(io_uring, poll, select))]
mod by_descriptor;
mod capabilities;
#[cfg(epoll)]
mod epoll;
#[cfg(all(test, loom))]
mod interleavings;
#[cfg(io_uring)]
mod io_uring;
#[cfg(epoll)]
mod kernel_edges;
mod kind;
mod membership;
mod notifier;
mod own_fd;
#[cfg(poll)]
mod poll;
mod raw_fd;
#[cfg(select)]
mod select;
mod selector;
mod selector_number;
#[cfg(any(poll, select))]
mod stateless;
mod sync;
mod timeout;
#[cfg(any(io_uring, poll, select))]
mod told;
mod trigger;
mod wakers;

pub use self::capabilities::{Capabilities, Support};
pub use self::kind::{Backend, ParseBackendError};

pub(crate) use self::membership::Membership;
pub(crate) use self::own_fd::above_standard;
pub(crate) use self::raw_fd::is_socket_or_pipe;
pub(crate) use self::selector::{Options, Selector};
use self::selector_number::SelectorNumber;
pub(crate) use self::trigger::{Outcome, Trigger};
pub(crate) use self::wakers::Signal;

/// What the owner of a descriptor tells of its attempts at I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// Every attempt and, save for `do_io`, its direction; and that it closes nothing
    /// before it has taken it out.
    Attempts,
    /// The same, and that it is a socket or a pipe.
    AttemptsAndKind,
    /// Nothing.
    Nothing,
}

/// What every mechanism does.
///
/// Any thread may call any method, also while others are in `wait`, and a change takes
/// effect at once: on a wait that is under way too.
pub(crate) trait Mechanism: Send + Sync + Sized {
    /// Opens it; fails with `Unsupported` where this kernel lacks it.
    fn open() -> io::Result<Self>;

    /// Starts watching `fd`.
    ///
    /// Fails with `AlreadyExists` if it is watched, and with [`is_never_waited_for`] if the
    /// kernel does not wait for such a thing. Returns a trigger if the mechanism wants
    /// to hear of attempts at I/O, which it does only of those who tell.
    fn add(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>>;

    /// Puts another token and interest in place of those of `fd`, and arms it anew.
    ///
    /// Fails with `NotFound` if it is not watched.
    fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()>;

    /// Stops watching `fd`: a wait that starts later does not report its token.
    ///
    /// Fails with `NotFound` if it is not watched.
    fn remove(&self, fd: RawFd) -> io::Result<()>;

    /// Whether the kernel may hold a file open that [`remove`](Self::remove) was called for,
    /// until [`let_go`](Self::let_go) is.
    fn holds_files(&self) -> bool {
        false
    }

    /// Has the kernel let go of the files that it holds.
    fn let_go(&self) -> io::Result<()> {
        Ok(())
    }

    /// Has the kernel poll the network devices itself for up to `time` in each wait.
    ///
    /// Fails with `Unsupported` where it cannot.
    fn busy_poll(&self, time: Duration) -> io::Result<()> {
        let _ = time;
        Err(no_busy_poll())
    }

    /// Is called before it is dropped, but not in a forked child, whose copy shares with its
    /// parent what the kernel keeps.
    fn end(&self) {}

    /// Hears that I/O was tried in some of `directions`, which are now asleep.
    ///
    /// Only mechanisms that make edges in software have such directions.
    fn rearm(&self, fd: RawFd, directions: Readiness) -> io::Result<()>;

    /// Adds to `events`, which has room, what is ready before `timeout` ends.
    ///
    /// With `mask`, those signals alone are blocked while it waits. It may return early
    /// with nothing: after `notify`, or when another thread took the event.
    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()>;

    /// Whether `wait` ends early for reasons of its own, without `notify`.
    fn may_end_early(&self) -> bool;

    /// Ends a wait that is under way, or else the next one.
    fn notify(&self) -> io::Result<()>;

    /// The token that [`add`](Self::add) cannot take, if any.
    fn reserved(&self) -> Option<Token>;

    /// A descriptor that is readable while something is ready, to nest in another loop.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// Hears that somebody is to sleep on the descriptor from now on.
    fn lend(&self) -> io::Result<()> {
        Ok(())
    }

    fn capabilities(&self) -> Capabilities;
}

#[cold]
fn no_busy_poll() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "busy_poll takes epoll or io_uring, and Linux 6.9 with CONFIG_NET_RX_BUSY_POLL: leave it \
         out, or spin instead",
    )
}

/// `time` in the unit of the kernel's busy polling; what is too long is the longest time.
fn microseconds(time: Duration) -> u32 {
    // EPIOCSPARAMS refuses more.
    const LONGEST: u32 = i32::MAX as u32;
    u32::try_from(time.as_micros()).map_or(LONGEST, |time| time.min(LONGEST))
}

/// Whether `error` says that the kernel cannot wait for a thing, such as a regular file.
fn is_never_waited_for(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EPERM)
}

/// Whether `error` says that a kernel or a sandbox lacks a call, rather than that the call
/// failed. Sandboxes have more than one way to say so.
fn is_refusal(error: &io::Error) -> bool {
    [libc::ENOSYS, libc::EPERM, libc::EACCES].iter().any(|&code| error.raw_os_error() == Some(code))
}
