use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::AsRawFd;

use crate::backend::{Registration, Tells};
use crate::event::{Readiness, Source};
use crate::{Interest, Registry, Token};

/// Makes an [`event::Source`](Source) of any type that owns a descriptor.
///
/// It remembers where it is registered, and tells that poll of every attempt at I/O:
/// select(2) and poll(2) know no edges, so the library learns from the attempts when to
/// look again. All I/O must therefore go through [`do_io`](IoSource::do_io).
///
/// The sockets of [`net`](crate::net) are built on it. It derefs to the inner type; that
/// is for what is no I/O, such as socket options.
///
/// A source belongs to one poll at a time. Dropping it ends its registration.
///
/// # Examples
///
/// ```
/// use std::io::{self, Read};
/// use std::os::unix::net::UnixStream;
///
/// use omnipoll::{Interest, IoSource, Poll, Token};
///
/// # fn main() -> io::Result<()> {
/// let poll = Poll::new()?;
/// let (stream, _peer) = UnixStream::pair()?;
/// stream.set_nonblocking(true)?;
///
/// let mut source = IoSource::new(stream);
/// poll.registry().register(&mut source, Token(0), Interest::READABLE)?;
///
/// let mut buffer = [0; 64];
/// let error = source.do_io(|mut stream| stream.read(&mut buffer)).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
/// # Ok(())
/// # }
/// ```
pub struct IoSource<T> {
    // Before `io`: its registration must end while the descriptor is still open, so
    // that a successor with the same number is not taken for it.
    registration: Registration,
    io: T,
}

impl<T> IoSource<T> {
    /// Takes `io`, which should be non-blocking.
    pub fn new(io: T) -> IoSource<T> {
        IoSource { registration: Registration::new(Tells::Nothing), io }
    }

    /// Takes `io`, all of whose I/O goes through the methods below that say a direction.
    pub(crate) fn directed(io: T) -> IoSource<T> {
        IoSource { registration: Registration::new(Tells::Directions), io }
    }

    /// Runs `f`, which tries some I/O, and tells the poll that it was tried.
    ///
    /// What `f` returns is returned. `f` may try reading, writing or both; it should do
    /// so until it comes up short or would block.
    ///
    /// # Errors
    ///
    /// Those of `f`, unchanged.
    pub fn do_io<F, R>(&self, f: F) -> io::Result<R>
    where
        F: FnOnce(&T) -> io::Result<R>,
    {
        let result = f(&self.io);
        self.registration.tried_some_direction();
        result
    }

    /// Ends the registration, and returns the inner type.
    pub fn into_inner(self) -> T {
        self.io
    }

    /// Tries to take something in: a datagram, a connection, a look ahead.
    pub(crate) fn receive<R>(&self, f: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        let result = f(&self.io);
        self.registration.tried(Readiness::IN.with(Readiness::PRI));
        result
    }

    /// Tries to read from a stream, where no byte at all means its end.
    pub(crate) fn read(&self, f: impl FnOnce(&T) -> io::Result<usize>) -> io::Result<usize> {
        let result = f(&self.io);
        if let Ok(0) = result {
            self.registration.ended();
        }
        self.registration.tried(Readiness::IN.with(Readiness::PRI));
        result
    }

    /// Tries to write `wanted` bytes.
    ///
    /// If all went out, the source may well be writable still, and nothing is owed.
    pub(crate) fn write(
        &self,
        wanted: usize,
        f: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = f(&self.io);
        match result {
            Ok(written) if written == wanted => {}
            _ => self.registration.tried(Readiness::OUT),
        }
        result
    }
}

impl<T: AsRawFd> Source for IoSource<T> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.registration.register(registry.selector(), self.io.as_raw_fd(), token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.registration.reregister(registry.selector(), self.io.as_raw_fd(), token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.registration.deregister(registry.selector(), self.io.as_raw_fd())
    }
}

impl<T> Deref for IoSource<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.io
    }
}

impl<T> DerefMut for IoSource<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.io
    }
}

impl<T: fmt::Debug> fmt::Debug for IoSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
