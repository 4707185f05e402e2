use std::fmt;
use std::num::NonZeroU8;
use std::ops::{BitOr, BitOrAssign};

use crate::event::Readiness;

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const AIO: u8 = 1 << 2;
const LIO: u8 = 1 << 3;
const PRIORITY: u8 = 1 << 4;
const LEVEL: u8 = 1 << 5;
const ONESHOT: u8 = 1 << 6;
const EXCLUSIVE: u8 = 1 << 7;

/// What one of these must be in, for there to be something to wait for.
const DIRECTIONS: u8 = READABLE | WRITABLE | AIO | LIO | PRIORITY;

/// What a registration waits for, and how it is told.
///
/// An interest names one or more directions ([`READABLE`], [`WRITABLE`],
/// [`PRIORITY`]) and carries the registration's trigger. The trigger is *edge* unless
/// another was asked for:
///
/// | trigger | an event comes | to get the next |
/// |---|---|---|
/// | edge (the default) | when readiness arises | try the I/O until it comes up short or would block |
/// | [`level`](Interest::level) | in every wait, for as long as readiness lasts | nothing |
/// | [`oneshot`](Interest::oneshot) | once, then the registration sleeps, in all directions | [`Registry::reregister`] |
/// | [`exclusive`](Interest::exclusive) | as above, to few of the polls that share a source | as above |
///
/// The meaning is the same on every backend, also where the kernel has no such thing.
/// Because the trigger is a part of the interest, it passes through any
/// [`event::Source`] that hands its `interests` on.
///
/// An interest is one byte, and never empty of directions.
///
/// # Examples
///
/// ```
/// use omnipoll::Interest;
///
/// let interest = Interest::READABLE | Interest::WRITABLE;
/// assert!(interest.is_readable() && interest.is_writable());
/// assert!(interest.is_edge());
///
/// let interest = interest.oneshot();
/// assert!(interest.is_oneshot());
/// assert_eq!(interest.remove(Interest::WRITABLE), Some(Interest::READABLE.oneshot()));
/// ```
///
/// [`READABLE`]: Interest::READABLE
/// [`WRITABLE`]: Interest::WRITABLE
/// [`PRIORITY`]: Interest::PRIORITY
/// [`Registry::reregister`]: crate::Registry::reregister
/// [`event::Source`]: crate::event::Source
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interest(NonZeroU8);

impl Interest {
    /// Data can be read, a connection accepted, or the end of the stream seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    /// use omnipoll::{Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
    /// # Ok(())
    /// # }
    /// ```
    pub const READABLE: Interest = Interest::from_bits(READABLE);

    /// Data can be written, or a connection was established or refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// // Under edge, both directions once and for all are the simplest.
    /// let interest = Interest::READABLE | Interest::WRITABLE;
    /// assert!(interest.is_writable());
    /// ```
    pub const WRITABLE: Interest = Interest::from_bits(WRITABLE);

    /// Out-of-band data has come: TCP's urgent data, a packet-mode pseudo-terminal's
    /// control byte, a changed sysfs attribute. It is `POLLPRI` of [poll(2)], and what
    /// select(2) calls an exceptional condition.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// let interest = Interest::READABLE | Interest::PRIORITY;
    /// assert!(interest.is_priority());
    /// ```
    ///
    /// [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
    pub const PRIORITY: Interest = Interest::from_bits(PRIORITY);

    /// A POSIX asynchronous I/O operation has ended: see
    /// [`Event::is_aio`](crate::event::Event::is_aio).
    ///
    /// It is for sources that hand the poll's kqueue and their token to the operation's
    /// control block; a descriptor cannot be registered for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::AIO.is_aio());
    /// ```
    #[cfg(kqueue_aio)]
    pub const AIO: Interest = Interest::from_bits(AIO);

    /// A list of such operations has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::LIO.is_lio());
    /// ```
    #[cfg(kqueue_lio)]
    pub const LIO: Interest = Interest::from_bits(LIO);

    const fn from_bits(bits: u8) -> Interest {
        match NonZeroU8::new(bits) {
            Some(bits) => Interest(bits),
            None => panic!("an interest is never empty"),
        }
    }

    /// The directions and triggers of both.
    ///
    /// The same as `|`, but usable in constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    /// assert_eq!(BOTH, Interest::READABLE | Interest::WRITABLE);
    /// ```
    #[must_use]
    #[allow(clippy::should_implement_trait)]
    pub const fn add(self, other: Interest) -> Interest {
        Interest::from_bits(self.0.get() | other.0.get())
    }

    /// This interest without the directions and triggers of `other`; `None` where no
    /// direction is left.
    ///
    /// A trigger goes only if `other` has it too.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// let both = (Interest::READABLE | Interest::WRITABLE).level();
    /// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE.level()));
    /// assert_eq!(Interest::READABLE.level().remove(Interest::READABLE), None);
    /// ```
    #[must_use]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        let left = self.0.get() & !other.0.get();
        (left & DIRECTIONS != 0).then(|| Interest::from_bits(left))
    }

    /// The same directions, reported by every wait for as long as readiness lasts.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::READABLE.level().is_level());
    /// ```
    #[must_use]
    pub const fn level(self) -> Interest {
        Interest::from_bits(self.0.get() | LEVEL)
    }

    /// The same directions, reported once: after one event the whole registration
    /// sleeps until [`Registry::reregister`], both directions of it.
    ///
    /// Where several threads wait on one poll, exactly one of them gets that event.
    /// A oneshot interest is neither edge nor level: what is ready when it is armed is
    /// reported.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// let interest = (Interest::READABLE | Interest::WRITABLE).oneshot();
    /// assert!(interest.is_oneshot() && !interest.is_edge());
    /// ```
    ///
    /// [`Registry::reregister`]: crate::Registry::reregister
    #[must_use]
    pub const fn oneshot(self) -> Interest {
        Interest::from_bits(self.0.get() | ONESHOT)
    }

    /// The same directions, where of several polls that share the source as few as
    /// possible are woken by one event: `EPOLLEXCLUSIVE` of [epoll_ctl(2)].
    ///
    /// It is for a listening socket that each thread or process watches with a poll of
    /// its own. Only the kernel can do this: where a backend has no such thing,
    /// registering is refused with [`Unsupported`], as `Capabilities::exclusive` told
    /// before. Together with `oneshot` or [`PRIORITY`](Interest::PRIORITY) it is
    /// refused with [`InvalidInput`], and no
    /// [`is_read_closed`](crate::event::Event::is_read_closed) is told for a peer that
    /// closed half of a connection.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::READABLE.exclusive().is_exclusive());
    /// ```
    ///
    /// [epoll_ctl(2)]: https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
    /// [`Unsupported`]: std::io::ErrorKind::Unsupported
    /// [`InvalidInput`]: std::io::ErrorKind::InvalidInput
    #[must_use]
    pub const fn exclusive(self) -> Interest {
        Interest::from_bits(self.0.get() | EXCLUSIVE)
    }

    /// Whether it names [`READABLE`](Interest::READABLE).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::READABLE.is_readable());
    /// assert!(!Interest::WRITABLE.is_readable());
    /// ```
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.has(READABLE)
    }

    /// Whether it names [`WRITABLE`](Interest::WRITABLE).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::WRITABLE.is_writable());
    /// assert!(!Interest::READABLE.is_writable());
    /// ```
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.has(WRITABLE)
    }

    /// Whether it names POSIX asynchronous I/O, which only a kqueue reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(!Interest::READABLE.is_aio());
    /// ```
    #[must_use]
    pub const fn is_aio(self) -> bool {
        self.has(AIO)
    }

    /// Whether it names a list of POSIX asynchronous I/O, which only FreeBSD reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(!Interest::READABLE.is_lio());
    /// ```
    #[must_use]
    pub const fn is_lio(self) -> bool {
        self.has(LIO)
    }

    /// Whether it names [`PRIORITY`](Interest::PRIORITY).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::PRIORITY.is_priority());
    /// assert!(!Interest::READABLE.is_priority());
    /// ```
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.has(PRIORITY)
    }

    /// Whether the trigger is edge: neither level nor oneshot was asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::READABLE.is_edge());
    /// assert!(!Interest::READABLE.level().is_edge());
    /// assert!(!Interest::READABLE.oneshot().is_edge());
    /// ```
    #[must_use]
    pub const fn is_edge(self) -> bool {
        !self.has(LEVEL | ONESHOT)
    }

    /// Whether the trigger is level. Where oneshot was asked for too, oneshot rules.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::READABLE.level().is_level());
    /// assert!(!Interest::READABLE.level().oneshot().is_level());
    /// ```
    #[must_use]
    pub const fn is_level(self) -> bool {
        self.has(LEVEL) && !self.has(ONESHOT)
    }

    /// Whether the trigger is oneshot.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// assert!(Interest::READABLE.oneshot().is_oneshot());
    /// assert!(!Interest::READABLE.is_oneshot());
    /// ```
    #[must_use]
    pub const fn is_oneshot(self) -> bool {
        self.has(ONESHOT)
    }

    /// Whether [`exclusive`](Interest::exclusive) was asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Interest;
    ///
    /// let interest = Interest::READABLE.exclusive();
    /// assert!(interest.is_exclusive() && interest.is_edge());
    /// ```
    #[must_use]
    pub const fn is_exclusive(self) -> bool {
        self.has(EXCLUSIVE)
    }

    /// The readiness that this interest asks for, one bit a direction.
    pub(crate) const fn directions(self) -> Readiness {
        let mut directions = Readiness::NONE;
        if self.is_readable() {
            directions = directions.with(Readiness::IN);
        }
        if self.is_writable() {
            directions = directions.with(Readiness::OUT);
        }
        if self.is_priority() {
            directions = directions.with(Readiness::PRI);
        }
        directions
    }

    const fn has(self, any: u8) -> bool {
        self.0.get() & any != 0
    }
}

impl BitOr for Interest {
    type Output = Interest;

    fn bitor(self, other: Interest) -> Interest {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(u8, &str); 8] = [
            (READABLE, "READABLE"),
            (WRITABLE, "WRITABLE"),
            (PRIORITY, "PRIORITY"),
            (AIO, "AIO"),
            (LIO, "LIO"),
            (LEVEL, "LEVEL"),
            (ONESHOT, "ONESHOT"),
            (EXCLUSIVE, "EXCLUSIVE"),
        ];
        let mut separator = "";
        for (_, name) in NAMES.iter().filter(|(bit, _)| self.has(*bit)) {
            write!(f, "{separator}{name}")?;
            separator = " | ";
        }
        Ok(())
    }
}
