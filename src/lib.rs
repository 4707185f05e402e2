//! Waits for I/O: every mechanism that the operating system offers, behind one API.
//!
//! A program that owns many descriptors sleeps in one call until one of them is ready.
//! omnipoll gives that call over [epoll(7)], [io_uring(7)], [poll(2)] and [select(2)], chosen
//! at run time, with edge, level and oneshot triggers that mean the same on all of them.
//!
//! The API is that of mio 1.2, with additions: a program written for mio compiles with
//! the name changed, and a package named `mio` lets tokio and everything else that is
//! built on mio run on omnipoll, unmodified.
//!
//! Start with [`Poll`], or with the [guide], which builds a TCP server.
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
//! [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
//! [select(2)]: https://man7.org/linux/man-pages/man2/select.2.html

mod backend;
pub mod event;
pub mod features;
pub mod guide;
mod interest;
mod io_source;
pub mod net;
mod poll;
mod registry;
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
pub mod unix {
    pub use crate::signal_set::SignalSet;
    pub use crate::source::SourceFd;
    pub use crate::source::pipe;
}

/// Has the tests compile the program in README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
