use std::fmt;

use super::Readiness;
use crate::Token;

/// What was reported of one registration: its token, and what its source is ready for.
///
/// The questions below are answered alike for every backend, from the bits that
/// [poll(2)] names; what differs is which of the bits a mechanism can tell:
///
/// | question | yes, if it reports | epoll, io_uring, poll | select |
/// |---|---|---|---|
/// | [`is_readable`](Event::is_readable) | `IN` or `PRI` | both | both |
/// | [`is_writable`](Event::is_writable) | `OUT` | yes | yes |
/// | [`is_priority`](Event::is_priority) | `PRI` | yes | yes, as an exceptional condition |
/// | [`is_error`](Event::is_error) | `ERR` | yes | not promised |
/// | [`is_read_closed`](Event::is_read_closed) | `HUP`, or `IN` with `RDHUP` | yes | not promised: it shows as readable |
/// | [`is_write_closed`](Event::is_write_closed) | `HUP`, or `OUT` with `ERR`, or `ERR` alone | yes | not promised |
///
/// An answer is a hint: between the wait and the question, the source may have changed,
/// and events may be spurious. The result of the I/O is the truth.
///
/// # Examples
///
/// ```
/// use omnipoll::{Events, Poll};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(64);
/// poll.poll(&mut events, Some(std::time::Duration::ZERO))?;
/// for event in &events {
///     println!("{:?}: readable {}", event.token(), event.is_readable());
/// }
/// # Ok(())
/// # }
/// ```
///
/// [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
// The layout is that of `epoll_event`, so that the kernel writes the caller's `Events`
// itself; backend/epoll.rs checks it against the C struct.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(epoll_packed, repr(C, packed))]
#[cfg_attr(not(epoll_packed), repr(C))]
pub struct Event {
    readiness: u32,
    token: u64,
}

impl Event {
    pub(crate) fn new(token: Token, readiness: Readiness) -> Event {
        Event { readiness: readiness.bits(), token: token.0 as u64 }
    }

    /// Makes it tell of `ready` too.
    pub(crate) fn add(&mut self, ready: Readiness) {
        self.readiness |= ready.bits();
    }

    /// The token that the source was registered with.
    #[must_use]
    #[inline]
    pub fn token(&self) -> Token {
        // Never cut short: what goes in is a `usize`.
        Token(self.token as usize)
    }

    /// Whether reading is worth a try: data, a connection to accept, the end of the
    /// stream, or out-of-band data.
    #[must_use]
    #[inline]
    pub fn is_readable(&self) -> bool {
        self.readiness().has(Readiness::IN.with(Readiness::PRI))
    }

    /// Whether writing is worth a try, or a connection attempt has ended.
    #[must_use]
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.readiness().has(Readiness::OUT)
    }

    /// Whether the source failed. `take_error` of a socket says how.
    ///
    /// It may be reported though no interest asks for it.
    #[must_use]
    #[inline]
    pub fn is_error(&self) -> bool {
        self.readiness().has(Readiness::ERR)
    }

    /// Whether no more data will come in: the peer closed, or shut down its writing half.
    ///
    /// Data sent before may still wait to be read. Not every system and backend tells;
    /// a read of no bytes is the sure sign.
    #[must_use]
    #[inline]
    pub fn is_read_closed(&self) -> bool {
        let readiness = self.readiness();
        readiness.has(Readiness::HUP)
            || (readiness.has(Readiness::IN) && readiness.has(Readiness::RDHUP))
    }

    /// Whether writing is over: the peer is gone, or the reader of a pipe.
    ///
    /// Not every system and backend tells; a write that fails with
    /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) is the sure sign.
    #[must_use]
    #[inline]
    pub fn is_write_closed(&self) -> bool {
        let readiness = self.readiness();
        readiness.has(Readiness::HUP)
            || (readiness.has(Readiness::OUT) && readiness.has(Readiness::ERR))
            // All that Linux reports to the writer of a pipe whose reader is gone.
            || readiness == Readiness::ERR
    }

    /// Whether out-of-band data has come: see
    /// [`Interest::PRIORITY`](crate::Interest::PRIORITY).
    #[must_use]
    #[inline]
    pub fn is_priority(&self) -> bool {
        self.readiness().has(Readiness::PRI)
    }

    /// Whether a POSIX asynchronous I/O operation has ended. Only FreeBSD and DragonFly
    /// report that; elsewhere it is false.
    #[must_use]
    #[inline]
    pub fn is_aio(&self) -> bool {
        false
    }

    /// Whether a list of POSIX asynchronous I/O operations has ended. Only FreeBSD
    /// reports that; elsewhere it is false.
    #[must_use]
    #[inline]
    pub fn is_lio(&self) -> bool {
        false
    }

    #[inline]
    fn readiness(&self) -> Readiness {
        Readiness::from_bits(self.readiness)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("token", &self.token())
            .field("readiness", &self.readiness())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(readiness: Readiness) -> Event {
        Event::new(Token(usize::MAX), readiness)
    }

    #[test]
    fn a_token_keeps_all_its_bits() {
        assert_eq!(event(Readiness::NONE).token(), Token(usize::MAX));
    }

    #[test]
    fn closed_halves_follow_the_table() {
        let both = Readiness::IN.with(Readiness::RDHUP);
        assert!(event(both).is_read_closed() && !event(both).is_write_closed());
        assert!(!event(Readiness::RDHUP).is_read_closed());
        assert!(event(Readiness::HUP).is_read_closed() && event(Readiness::HUP).is_write_closed());
        assert!(event(Readiness::ERR).is_write_closed() && event(Readiness::ERR).is_error());
        assert!(!event(Readiness::ERR.with(Readiness::IN)).is_write_closed());
        assert!(event(Readiness::ERR.with(Readiness::OUT)).is_write_closed());
    }

    #[test]
    fn priority_is_readable_too() {
        assert!(event(Readiness::PRI).is_priority() && event(Readiness::PRI).is_readable());
        assert!(!event(Readiness::IN).is_priority());
    }

    #[test]
    fn debug_names_the_bits() {
        let shown = format!("{:?}", Event::new(Token(3), Readiness::IN.with(Readiness::HUP)));
        assert_eq!(shown, "Event { token: Token(3), readiness: IN | HUP }");
    }
}
