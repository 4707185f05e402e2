use std::fmt;

/// How an open backend comes by an ability.
///
/// # Examples
///
/// ```
/// use omnipoll::{Poll, Support};
///
/// # fn main() -> std::io::Result<()> {
/// let poll = Poll::new()?;
/// match poll.capabilities().exclusive {
///     Support::Absent => println!("every thread is woken for one visitor"),
///     support => println!("as few as possible: {support}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Support {
    /// The kernel does it.
    Native,
    /// The library does it, over what the kernel has.
    Emulated,
    /// It cannot be had; what needs it is refused.
    Absent,
}

impl Support {
    #[cfg(any(epoll, io_uring, kqueue))]
    pub(super) const fn native_if(is_there: bool) -> Support {
        if is_there { Support::Native } else { Support::Absent }
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Support::Native => "native",
            Support::Emulated => "emulated",
            Support::Absent => "absent",
        })
    }
}

/// What an open backend can do, as [`Poll::capabilities`](crate::Poll::capabilities)
/// tells.
///
/// It is found out from the running kernel, not from its version.
///
/// # Examples
///
/// ```
/// use omnipoll::{Backend, Poll, Support};
///
/// # fn main() -> std::io::Result<()> {
/// let poll = Poll::builder().backend(Backend::Select).build()?;
/// let capabilities = poll.capabilities();
/// assert_eq!(capabilities.edge, Support::Emulated);
/// assert_eq!(capabilities.exclusive, Support::Absent);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Capabilities {
    /// The edge trigger, for sources that tell of attempts at I/O: the sockets and pipes
    /// of this crate.
    pub edge: Support,
    /// The edge trigger for descriptors whose I/O the library does not see:
    /// [`SourceFd`](crate::unix::SourceFd), and an [`IoSource`](crate::IoSource) of a
    /// foreign type. Where it is emulated, an epoll of the library's own, nested in the
    /// backend, tells of their edges.
    pub raw_edge: Support,
    /// The level trigger.
    pub level: Support,
    /// The oneshot trigger.
    pub oneshot: Support,
    /// [`Interest::exclusive`](crate::Interest::exclusive).
    pub exclusive: Support,
    /// [`Interest::PRIORITY`](crate::Interest::PRIORITY).
    pub priority: Support,
    /// Whether events tell errors and closed halves apart from plain readiness:
    /// `is_error`, `is_read_closed` and `is_write_closed` of
    /// [`Event`](crate::event::Event).
    pub hang_up: Support,
    /// Whether timeouts under a millisecond last as long as they say, rather than being
    /// rounded up to the next whole one.
    pub sub_millisecond: Support,
    /// Whether a read that came up short means, under edge, that the next arrival is
    /// reported without a further read.
    pub short_read_drains: Support,
    /// Whether a signal mask can be swapped in for the time of a wait.
    pub signal_mask: Support,
    /// Whether the poll has a descriptor that becomes readable with its events, so that
    /// it can be nested in another loop.
    pub descriptor: Support,
    /// [`Builder::spin`](crate::Builder::spin).
    pub spin: Support,
    /// [`Builder::busy_poll`](crate::Builder::busy_poll).
    pub busy_poll: Support,
}
