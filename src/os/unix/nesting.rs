//! The descriptor of a poll, by which it is nested in another loop.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::{Poll, Registry};

impl Poll {
    /// The descriptor that becomes readable when something is ready, to nest this poll in
    /// another loop; `None` if the backend has none.
    ///
    /// From the first call on, wake-ups go through the kernel, so that the outer loop
    /// sees them, and io_uring takes a ring for all threads, which costs as much as epoll.
    /// Files that are always ready do not show on it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsRawFd;
    ///
    /// use omnipoll::unix::SourceFd;
    /// use omnipoll::{Backend, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let inner = Poll::builder().backend(Backend::Epoll).build()?;
    /// let outer = Poll::new()?;
    /// let fd = inner.fd().expect("an epoll has a descriptor").as_raw_fd();
    /// outer.registry().register(&mut SourceFd(&fd), Token(0), Interest::READABLE.level())?;
    ///
    /// let inner = Poll::builder().backend(Backend::Poll).build()?;
    /// assert!(inner.fd().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.registry().selector().lend_descriptor()
    }
}

impl AsFd for Poll {
    /// The descriptor of [`fd`](Poll::fd). Where the backend has none, it is one that can
    /// do nothing: to register, to wait for or to read it fails with `EBADF`, so that a
    /// loop that would never hear of this poll's events says so.
    ///
    /// # Panics
    ///
    /// Where the backend has none, if no descriptor is left for that substitute.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.registry().selector().lend_some_descriptor()
    }
}

impl AsRawFd for Poll {
    /// As [`as_fd`](Poll#impl-AsFd-for-Poll).
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Registry {
    /// As that of [`Poll`](crate::Poll#impl-AsFd-for-Poll).
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.selector().lend_some_descriptor()
    }
}

impl AsRawFd for Registry {
    /// As that of [`Poll`](crate::Poll#impl-AsFd-for-Poll).
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
