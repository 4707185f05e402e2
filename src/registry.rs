use std::fmt;
use std::io;
use std::sync::Arc;

use crate::backend::Selector;
use crate::event::Source;
use crate::os::{self, AsRawDescriptor};
use crate::{Interest, Token};

/// Registers sources with a [`Poll`](crate::Poll).
///
/// Every method may be called from any thread, also while others wait on the poll, and
/// takes effect on those waits at once; none of them blocks until a wait has ended.
///
/// [`try_clone`](Registry::try_clone) gives an owned one, to keep in another thread.
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
///
/// let registry = poll.registry();
/// registry.register(&mut socket, Token(1), Interest::READABLE)?;
/// registry.reregister(&mut socket, Token(2), Interest::READABLE | Interest::WRITABLE)?;
/// registry.deregister(&mut socket)?;
/// # Ok(())
/// # }
/// ```
pub struct Registry {
    selector: Arc<Selector>,
}

impl Registry {
    pub(crate) fn new(selector: Arc<Selector>) -> Registry {
        Registry { selector }
    }

    /// Starts waiting for `source`.
    ///
    /// Its events carry `token`; `interests` says what to wait for, and with which
    /// trigger. What is ready already is reported by the next wait.
    ///
    /// A source that is dropped is deregistered. A [`SourceFd`](crate::unix::SourceFd)
    /// does not own its descriptor: deregister it before closing that.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists) if it is registered, here or, save
    ///   for a raw descriptor, with another poll.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied) for what no kernel waits
    ///   for, such as a regular file: see
    ///   [`always_ready_files`](crate::Builder::always_ready_files).
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if the backend lacks the trigger.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) for interests that exclude each
    ///   other.
    /// - The system's own for a descriptor that is not open (`EBADF`), and where memory or
    ///   the limit on watches has run out.
    ///
    /// After an error, the source is as it was before.
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
    /// theirs.write_all(b"already there")?;
    /// poll.registry().register(&mut ours, Token(0), Interest::READABLE)?;
    /// poll.poll(&mut events, None)?;
    /// assert!(!events.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn register<S>(&self, source: &mut S, token: Token, interests: Interest) -> io::Result<()>
    where
        S: Source + ?Sized,
    {
        source.register(self, token, interests)
    }

    /// Changes token, interests and trigger of `source`, and arms it anew: what is ready
    /// now is reported, though it was reported before.
    ///
    /// It is how a oneshot registration is armed again.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if it is not registered here; else as
    /// [`register`](Registry::register).
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
    /// let read_once = Interest::READABLE.oneshot();
    /// poll.registry().register(&mut ours, Token(0), read_once)?;
    /// theirs.write_all(b"hello")?;
    /// poll.poll(&mut events, None)?;
    /// // It sleeps now. What it has not read is told again when it is armed.
    /// poll.registry().reregister(&mut ours, Token(1), read_once)?;
    /// poll.poll(&mut events, None)?;
    /// assert_eq!(events.iter().next().map(|event| event.token()), Some(Token(1)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reregister<S>(&self, source: &mut S, token: Token, interests: Interest) -> io::Result<()>
    where
        S: Source + ?Sized,
    {
        source.reregister(self, token, interests)
    }

    /// Stops waiting for `source`.
    ///
    /// A wait that starts after this has returned never reports its token. A wait that
    /// was under way, in another thread, still may.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if it is not registered here, and the
    /// system's own for a descriptor that is not open.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::io::Write;
    /// # use omnipoll::net::UnixStream;
    /// # use omnipoll::{Events, Interest, Poll, Token};
    /// # use std::time::Duration;
    /// # fn main() -> std::io::Result<()> {
    /// # let mut poll = Poll::new()?;
    /// # let mut events = Events::with_capacity(8);
    /// # let (mut ours, mut theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::READABLE)?;
    /// theirs.write_all(b"hello")?;
    /// poll.registry().deregister(&mut ours)?;
    /// poll.poll(&mut events, Some(Duration::ZERO))?;
    /// assert!(events.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn deregister<S>(&self, source: &mut S) -> io::Result<()>
    where
        S: Source + ?Sized,
    {
        source.deregister(self)
    }

    /// Says that I/O was tried on a raw descriptor, in the directions of `interests`, and
    /// came up short or would have blocked.
    ///
    /// It is for edge registrations of descriptors whose I/O the library does not see:
    /// [`SourceFd`](crate::unix::SourceFd). Nobody needs it where
    /// [`Capabilities::raw_edge`](crate::Capabilities) is native or emulated, since then a
    /// kernel tells of every edge, and saying it does nothing. A file that is always ready
    /// is reported once more.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if the descriptor is not registered here,
    /// where the backend can tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsRawFd;
    ///
    /// use omnipoll::unix::SourceFd;
    /// use omnipoll::{Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// let (reader, _writer) = std::os::unix::net::UnixStream::pair()?;
    /// poll.registry().register(
    ///     &mut SourceFd(&reader.as_raw_fd()),
    ///     Token(0),
    ///     Interest::READABLE,
    /// )?;
    /// // ... an event, some reads, and then:
    /// poll.registry().rearm(&reader, Interest::READABLE)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn rearm<S>(&self, source: &S, interests: Interest) -> io::Result<()>
    where
        S: AsRawDescriptor + ?Sized,
    {
        self.selector.rearm(os::raw(source), interests.directions())
    }

    /// Another handle to the same poll.
    ///
    /// It keeps the backend open: the poll's descriptor is closed when the poll and all
    /// handles are dropped.
    ///
    /// # Errors
    ///
    /// None: the result is mio's.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    ///
    /// use omnipoll::net::UdpSocket;
    /// use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// let registry = poll.registry().try_clone()?;
    /// let other = thread::spawn(move || -> std::io::Result<UdpSocket> {
    ///     let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    ///     registry.register(&mut socket, Token(3), Interest::WRITABLE)?;
    ///     Ok(socket)
    /// });
    /// poll.poll(&mut events, None)?;
    /// assert_eq!(events.iter().next().map(|event| event.token()), Some(Token(3)));
    /// # other.join().unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_clone(&self) -> io::Result<Registry> {
        Ok(Registry { selector: Arc::clone(&self.selector) })
    }

    pub(crate) fn selector(&self) -> &Arc<Selector> {
        &self.selector
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("backend", &self.selector.backend()).finish()
    }
}
