//! Waits for I/O: every mechanism that the operating system offers, behind one API.
//!
//! A program that owns many descriptors sleeps in one call until one of them is ready.
//! omnipoll gives that call over [epoll(7)], [io_uring(7)], [kqueue(2)], [event ports],
//! [poll(2)] and [select(2)], and on Windows over a [completion port], `WSAPoll` and Winsock's
//! `select`, chosen at run time, with edge, level and oneshot triggers that mean the same on
//! all of them.
//!
//! The API is that of mio 1.2, with additions: a program written for mio compiles with
//! the name changed, and a package named `mio` lets tokio and everything else that is
//! built on mio run on omnipoll, unmodified.
//!
//! Start with [`Poll`], or with the [guide], whose first chapter builds a server.
//!
//! | to wait for | register |
//! |---|---|
//! | TCP, UDP, Unix sockets | the types of [`net`] |
//! | pipes and FIFOs | the types of [`unix::pipe`] |
//! | terminals, and any other descriptor | [`unix::SourceFd`] |
//! | another thread | nothing: [`Waker`] |
//! | a type of one's own | an implementation of [`event::Source`], often by [`IoSource`] |
//!
//! [epoll(7)]: https://man7.org/linux/man-pages/man7/epoll.7.html
//! [io_uring(7)]: https://man7.org/linux/man-pages/man7/io_uring.7.html
//! [kqueue(2)]: https://man.freebsd.org/cgi/man.cgi?query=kqueue
//! [event ports]: https://illumos.org/man/3C/port_create
//! [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
//! [select(2)]: https://man7.org/linux/man-pages/man2/select.2.html
//! [completion port]: https://learn.microsoft.com/en-us/windows/win32/fileio/i-o-completion-ports

mod backend;
pub mod event;
pub mod features;
pub mod guide;
mod interest;
mod io_source;
pub mod net;
mod os;
mod poll;
mod registry;
#[cfg_attr(not(unix), path = "os/no_signal_set.rs")]
mod signal_set;
mod source;
mod token;
mod waker;

#[doc(no_inline)]
pub use self::event::Events;

pub use self::backend::{Backend, Capabilities, ParseBackendError, Support};
pub use self::interest::Interest;
pub use self::io_source::IoSource;
pub use self::poll::{Builder, Poll, SharedPoll};
pub use self::registry::Registry;
pub use self::token::Token;
pub use self::waker::Waker;

/// What only Unix has.
#[cfg(unix)]
pub mod unix {
    pub use crate::signal_set::SignalSet;
    pub use crate::source::SourceFd;
    pub use crate::source::pipe;
}

/// What a WASI program has beside the sockets of [`net`].
#[cfg(wasi)]
pub mod wasi {
    pub use crate::source::SourceFd;
}

/// What only Windows has.
#[cfg(windows)]
pub mod windows {
    pub use crate::source::NamedPipe;
}

/// Has the tests compile and run the programs of the pages beside this documentation.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../docs/tokio.md")]
    struct Tokio;

    #[doc = include_str!("../docs/triggers.md")]
    struct Triggers;
}
