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
//! | selector_number.rs | the open selectors by number, for sources to remember |
//! | epoll.rs | epoll(7) |
//! | poll.rs, select.rs | poll(2) and select(2), which know descriptors and levels only |
//! | stateless.rs | the memory, the threads and the wake-ups that those two lack |
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
mod capabilities;
#[cfg(epoll)]
mod epoll;
#[cfg(all(test, loom))]
mod interleavings;
#[cfg(epoll)]
mod kernel_edges;
mod kind;
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
mod trigger;
mod wakers;

pub use self::capabilities::{Capabilities, Support};
pub use self::kind::{Backend, ParseBackendError};

pub(crate) use self::own_fd::above_standard;
pub(crate) use self::selector::{Options, Selector};
pub(crate) use self::selector_number::SelectorNumber;
pub(crate) use self::trigger::{Outcome, Trigger};
pub(crate) use self::wakers::Signal;

/// What the owner of a descriptor tells of its attempts at I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// Every attempt and, save for `do_io`, its direction.
    Attempts,
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

    fn capabilities(&self) -> Capabilities;
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
