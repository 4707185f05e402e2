use std::fmt;
#[cfg(epoll)]
use std::mem::offset_of;

use super::Readiness;
use crate::Token;

/// What was reported of one registration: its token, and what its source is ready for.
///
/// The questions below are answered alike for every backend, from the bits that
/// [poll(2)] names; what differs is which of the bits a mechanism can tell:
///
/// | question | yes, if it reports | epoll, io_uring, poll | kqueue | select |
/// |---|---|---|---|---|
/// | [`is_readable`](Event::is_readable) | `IN` or `PRI` | both | both | both |
/// | [`is_writable`](Event::is_writable) | `OUT` | yes | yes | yes |
/// | [`is_priority`](Event::is_priority) | `PRI` | yes | on some systems | yes, as an exceptional condition |
/// | [`is_error`](Event::is_error) | `ERR` | yes | with an end | not promised |
/// | [`is_read_closed`](Event::is_read_closed) | `HUP`, or `IN` with `RDHUP` | yes | yes, of `READABLE` | not promised: it shows as readable |
/// | [`is_write_closed`](Event::is_write_closed) | `HUP`, or `OUT` with `ERR`, or `ERR` alone | yes | yes, of `WRITABLE` | not promised |
///
/// A kqueue tells the end of each direction by itself, and only of those that were asked for.
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
// itself; it is checked against the C struct below.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(epoll_packed, repr(C, packed))]
#[cfg_attr(not(epoll_packed), repr(C))]
pub struct Event {
    readiness: u32,
    token: u64,
    /// Redox has this at the end.
    #[cfg(epoll_padded)]
    padding: u64,
}

impl Event {
    pub(crate) fn new(token: Token, readiness: Readiness) -> Event {
        Event {
            readiness: readiness.bits(),
            token: token.0 as u64,
            #[cfg(epoll_padded)]
            padding: 0,
        }
    }

    /// Makes it tell of `ready` too.
    pub(crate) fn add(&mut self, ready: Readiness) {
        self.readiness |= ready.bits();
    }

    /// The token that the source was registered with.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::io::Write;
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, mut theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(7), Interest::WRITABLE)?;
    /// poll.poll(&mut events, None)?;
    /// for event in &events {
    ///     assert_eq!(event.token(), Token(7));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn token(&self) -> Token {
        // Never cut short: what goes in is a `usize`.
        Token(self.token as usize)
    }

    /// Whether reading is worth a try: data, a connection to accept, the end of the
    /// stream, or out-of-band data.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::io::Write;
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, mut theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::READABLE)?;
    /// theirs.write_all(b"hello")?;
    /// poll.poll(&mut events, None)?;
    /// assert!(events.iter().any(|event| event.is_readable()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_readable(&self) -> bool {
        self.readiness().has(Readiness::IN.with(Readiness::PRI))
    }

    /// Whether writing is worth a try, or a connection attempt has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::io::Write;
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, mut theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::WRITABLE)?;
    /// // There is room from the start.
    /// poll.poll(&mut events, None)?;
    /// assert!(events.iter().any(|event| event.is_writable()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.readiness().has(Readiness::OUT)
    }

    /// Whether the source failed. `take_error` of a socket says how.
    ///
    /// It may be reported though no interest asks for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # // Nobody listens there any more.
    /// # let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    /// # let Ok(mut stream) = TcpStream::connect(address) else { return Ok(()) };
    /// poll.registry().register(&mut stream, Token(0), Interest::WRITABLE)?;
    /// poll.poll(&mut events, None)?;
    /// for event in &events {
    ///     if event.is_error() {
    ///         println!("it failed: {:?}", stream.take_error()?);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_error(&self) -> bool {
        self.readiness().has(Readiness::ERR)
    }

    /// Whether no more data will come in: the peer closed, or shut down its writing half.
    ///
    /// Data sent before may still wait to be read. Not every system and backend tells;
    /// a read of no bytes is the sure sign.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Support, Token};
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::READABLE)?;
    /// drop(theirs);
    /// poll.poll(&mut events, None)?;
    /// let event = events.iter().next().unwrap();
    /// // Every backend says readable, and a read of no bytes is the sure sign.
    /// assert!(event.is_readable() || event.is_read_closed());
    /// if poll.capabilities().hang_up == Support::Native {
    ///     assert!(event.is_read_closed());
    /// }
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::pipe;
    /// # use omnipoll::{Events, Interest, Poll, Support, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// let (mut sender, receiver) = pipe::new()?;
    /// poll.registry().register(&mut sender, Token(0), Interest::WRITABLE)?;
    /// drop(receiver);
    /// poll.poll(&mut events, None)?;
    /// if poll.capabilities().hang_up == Support::Native {
    ///     assert!(events.iter().any(|event| event.is_write_closed()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_write_closed(&self) -> bool {
        let readiness = self.readiness();
        readiness.has(Readiness::HUP.with(Readiness::WRHUP))
            || (readiness.has(Readiness::OUT) && readiness.has(Readiness::ERR))
            // All that Linux reports to the writer of a pipe whose reader is gone.
            || readiness == Readiness::ERR
    }

    /// Whether out-of-band data has come: see
    /// [`Interest::PRIORITY`](crate::Interest::PRIORITY).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::{TcpListener, TcpStream};
    /// # use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// # let client = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// # let mut server = listener.accept()?.0;
    /// # if poll.capabilities().priority == omnipoll::Support::Absent {
    /// #     return Ok(());
    /// # }
    /// poll.registry().register(&mut server, Token(0), Interest::PRIORITY)?;
    /// client.send_out_of_band(b"!")?;
    /// poll.poll(&mut events, None)?;
    /// assert!(events.iter().any(|event| event.is_priority()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_priority(&self) -> bool {
        self.readiness().has(Readiness::PRI)
    }

    /// Whether a POSIX asynchronous I/O operation has ended. Only a kqueue reports that, as
    /// on FreeBSD; elsewhere it is false.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, _theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::WRITABLE)?;
    /// poll.poll(&mut events, None)?;
    /// // A socket is no such operation.
    /// assert!(!events.iter().any(|event| event.is_aio()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_aio(&self) -> bool {
        self.readiness().has(Readiness::AIO)
    }

    /// Whether a list of POSIX asynchronous I/O operations has ended. Only FreeBSD
    /// reports that; elsewhere it is false.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, _theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::WRITABLE)?;
    /// poll.poll(&mut events, None)?;
    /// // A socket is no such list.
    /// assert!(!events.iter().any(|event| event.is_lio()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn is_lio(&self) -> bool {
        self.readiness().has(Readiness::LIO)
    }

    #[inline]
    pub(super) fn readiness(&self) -> Readiness {
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

#[cfg(epoll)]
const _: () = {
    assert!(size_of::<Event>() == size_of::<libc::epoll_event>());
    assert!(align_of::<Event>() >= align_of::<libc::epoll_event>());
    assert!(offset_of!(Event, readiness) == offset_of!(libc::epoll_event, events));
    assert!(offset_of!(Event, token) == offset_of!(libc::epoll_event, u64));
};

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
