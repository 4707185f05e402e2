//! mio's name and paths for omnipoll, to be put in mio's place.
//!
//! A library that is built on mio 1.2, such as tokio, runs on omnipoll if the program
//! that uses it says so in its manifest:
//!
//! ```toml
//! [patch.crates-io]
//! mio = { path = "omnipoll/compat/mio" }
//! ```
//!
//! and on the backend that the environment variable `OMNIPOLL_BACKEND` names (`epoll`,
//! `poll`, `select`), without being compiled again.
//!
//! Everything that mio 1.2 has on Unix and on Windows is here under the same path, and is omnipoll's;
//! the documentation is there. Types have methods beyond those of mio, which code
//! written for mio does not see. What has no counterpart in mio (the choice of a backend
//! in the program, threads that share a poll) is left to a dependency on `omnipoll`
//! itself: its types are the same, so both can be used together.
//!
//! mio's four features are accepted and switch nothing.
//!
//! # Where it differs
//!
//! - More than one waker for a poll is allowed, and registering one source twice is
//!   refused in release builds too.
//! - `as_raw_fd` of a `Poll` on a backend without a descriptor gives one that can do
//!   nothing.
//!
//! # Examples
//!
//! ```
//! use mio::{Events, Interest, Poll, Token};
//! use mio::net::TcpListener;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
//! let mut events = Events::with_capacity(128);
//! poll.poll(&mut events, Some(std::time::Duration::ZERO))?;
//! # Ok(())
//! # }
//! ```

#[doc(no_inline)]
pub use omnipoll::{Events, Interest, IoSource, Poll, Registry, Token, Waker};
#[doc(no_inline)]
pub use omnipoll::{event, features, guide, net};

/// What only Windows has.
#[cfg(windows)]
pub mod windows {
    #[doc(no_inline)]
    pub use omnipoll::windows::NamedPipe;
}

/// What only Unix has.
#[cfg(unix)]
pub mod unix {
    #[doc(no_inline)]
    pub use omnipoll::unix::{SourceFd, pipe};
}
