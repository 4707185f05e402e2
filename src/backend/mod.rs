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
//! | kqueue/ | kqueue(2); kevent.rs has the struct and the calls |
//! | iocp/ | a completion port with polls of the driver beneath Winsock; named pipes |
//! | windows/ | what other files here are on Unix: WSAPoll, select, sockets by number |
//! | poll.rs, select.rs | poll(2) and select(2), which know descriptors and levels only |
//! | stateless.rs | the memory, the threads and the wake-ups that those two lack |
//! | baton.rs | how threads wait for the one that waits in the kernel |
//! | event_ports/ | event ports, told from one wait to the next |
//! | glance.rs | looking at some descriptors without waiting |
//! | busy_poll.rs | busy polling by an epoll |
//! | told.rs, by_descriptor.rs | one event a registration; a table of registrations |
//! | trigger.rs | edge, level and oneshot in software |
//! | kernel_edges.rs, no_kernel_edges.rs | edges for descriptors whose I/O the library does not see, where there are such |
//! | ppoll.rs, pselect.rs, poll_flags.rs | the two calls, and the flags of the first, on each system |
//! | wasi/ | poll_oneoff, and what WASI says of a descriptor |
//! | own_fd.rs | keeps the library's own descriptors away from the standard ones |
//! | wakers.rs | wake-ups that cost a system call only while somebody sleeps |
//! | always_ready.rs | files that no kernel waits for |
//! | sync.rs, interleavings/ | every order of threads, explored by loom |

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Events, Readiness};
#[cfg(unix)]
use crate::os::BorrowedDescriptor;
use crate::os::RawDescriptor;
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

#[cfg_attr(not(unix), path = "no_always_ready.rs")]
mod always_ready;
mod aside;
#[cfg(any(io_uring, poll, select))]
mod baton;
#[cfg(epoll)]
mod busy_poll;
#[cfg(any(io_uring, iocp, kqueue, poll, poll_oneoff, select))]
#[cfg_attr(windows, path = "windows/by_socket.rs")]
mod by_descriptor;
mod capabilities;
#[cfg(epoll)]
mod epoll;
#[cfg(event_ports)]
mod event_ports;
#[cfg(any(event_ports, io_uring, kqueue))]
mod glance;
#[cfg(all(test, loom))]
mod interleavings;
#[cfg(io_uring)]
mod io_uring;
#[cfg(iocp)]
mod iocp;
#[cfg(any(poll, select))]
#[cfg_attr(not(kernel_edges), path = "no_kernel_edges.rs")]
mod kernel_edges;
mod kind;
#[cfg(kqueue)]
mod kqueue;
mod membership;
#[cfg(any(unix, windows))]
#[cfg_attr(windows, path = "windows/notifier.rs")]
mod notifier;
#[cfg(unix)]
mod own_fd;
#[cfg(poll)]
#[cfg_attr(windows, path = "windows/poll.rs")]
mod poll;
#[cfg(unix)]
mod poll_flags;
#[cfg(poll_oneoff)]
#[path = "wasi/poll_oneoff.rs"]
mod poll_oneoff;
#[cfg(unix)]
mod ppoll;
#[cfg(all(unix, any(select, not(ppoll))))]
mod pselect;
#[cfg(not(unix))]
#[cfg_attr(wasi, path = "wasi/raw_fd.rs")]
#[cfg_attr(windows, path = "windows/raw_socket.rs")]
mod raw_descriptor;
#[cfg(unix)]
mod raw_fd;
#[cfg(select)]
#[cfg_attr(windows, path = "windows/select.rs")]
mod select;
mod selector;
mod selector_number;
#[cfg(any(poll, select))]
mod stateless;
mod sync;
mod timeout;
#[cfg(any(io_uring, iocp, kqueue, poll, poll_oneoff, select))]
mod told;
mod trigger;
mod wakers;

pub use self::capabilities::{Capabilities, Support};
pub use self::kind::{Backend, ParseBackendError};
#[cfg(kqueue)]
pub(crate) use self::kqueue::Found;

#[cfg(iocp)]
pub(crate) use self::iocp::{Iocp, Pipe};
pub(crate) use self::membership::Membership;
#[cfg(unix)]
pub(crate) use self::own_fd::above_standard;
pub(crate) use self::raw_descriptor::is_socket_or_pipe;
#[cfg(unix)]
use self::raw_fd as raw_descriptor;
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
    #[cfg_attr(windows, expect(dead_code, reason = "there is nothing but sockets"))]
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
        fd: RawDescriptor,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>>;

    /// Puts another token and interest in place of those of `fd`, and arms it anew.
    ///
    /// Fails with `NotFound` if it is not watched.
    fn modify(&self, fd: RawDescriptor, token: Token, interest: Interest) -> io::Result<()>;

    /// Stops watching `fd`: a wait that starts later does not report its token.
    ///
    /// Fails with `NotFound` if it is not watched.
    fn remove(&self, fd: RawDescriptor) -> io::Result<()>;

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
    fn rearm(&self, fd: RawDescriptor, directions: Readiness) -> io::Result<()>;

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
    #[cfg(unix)]
    fn descriptor(&self) -> Option<BorrowedDescriptor<'_>> {
        None
    }

    /// Hears that somebody is to sleep on the descriptor from now on.
    #[cfg(unix)]
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
#[cfg(any(epoll_params, io_uring))]
fn microseconds(time: Duration) -> u32 {
    // EPIOCSPARAMS refuses more.
    const LONGEST: u32 = i32::MAX as u32;
    u32::try_from(time.as_micros()).map_or(LONGEST, |time| time.min(LONGEST))
}

/// Refuses what only a kernel can do: to choose one of several polls.
fn refuse_exclusive(interest: Interest) -> io::Result<()> {
    if interest.is_exclusive() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "only a kernel can choose one of several polls: exclusive takes the epoll backend",
        ));
    }
    Ok(())
}
