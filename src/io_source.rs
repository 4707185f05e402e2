#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::Arc;

use crate::backend::{Membership, Outcome, Tells, Trigger, is_socket_or_pipe};
use crate::event::{Readiness, Source};
use crate::os::{self, AsRawDescriptor};
use crate::{Interest, Registry, Token};

/// What an attempt to take something in tries. Urgent data ends where it was read past.
const INWARD: Readiness = Readiness::IN.with(Readiness::PRI);

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
pub struct IoSource<T: AsRawDescriptor> {
    // Programs have many sources, so this lies flat: four pipes' ends to a cache line.
    /// There if it is registered with a backend that makes edges in software.
    trigger: Option<Arc<Trigger>>,
    membership: Membership,
    io: T,
}

impl<T: AsRawDescriptor> IoSource<T> {
    /// Takes `io`, which should be non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use omnipoll::IoSource;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// stream.set_nonblocking(true)?;
    /// let source = IoSource::new(stream);
    /// # let _ = source;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(io: T) -> IoSource<T> {
        IoSource { trigger: None, membership: Membership::NONE_OF_UNKNOWN_KIND, io }
    }

    /// Takes `io`, which is a socket or a pipe for certain.
    pub(crate) fn of_known_kind(io: T) -> IoSource<T> {
        IoSource { trigger: None, membership: Membership::NONE, io }
    }

    /// Runs `f`, which tries some I/O, and tells the poll that it was tried.
    ///
    /// What `f` returns is returned. `f` may try reading, writing or both; it should do
    /// so until it comes up short or would block.
    ///
    /// # Errors
    ///
    /// Those of `f`, unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use std::os::unix::net::UnixStream;
    ///
    /// use omnipoll::IoSource;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// stream.set_nonblocking(true)?;
    /// let source = IoSource::new(stream);
    /// let result = source.do_io(|mut stream| stream.read(&mut [0; 16]));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn do_io<F, R>(&self, f: F) -> io::Result<R>
    where
        F: FnOnce(&T) -> io::Result<R>,
    {
        let result = f(&self.io);
        if self.trigger.is_some() {
            self.tried(Readiness::DIRECTIONS, Outcome::Lasting);
        }
        result
    }

    /// Ends the registration, and returns the inner type.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use omnipoll::{Interest, IoSource, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let mut source = IoSource::new(stream);
    /// poll.registry().register(&mut source, Token(0), Interest::READABLE)?;
    /// // The poll hears of it no more.
    /// let stream: UnixStream = source.into_inner();
    /// # let _ = stream;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(self) -> T {
        let mut this = ManuallyDrop::new(self);
        this.end();
        // SAFETY: The field is read once, and `this` is neither used nor dropped after that,
        // so what comes out has one owner. The other fields own nothing any more.
        unsafe { ptr::read(&this.io) }
    }

    /// Tries to take something in: a datagram, a connection.
    #[inline]
    pub(crate) fn receive<R>(&self, f: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        let result = f(&self.io);
        if self.trigger.is_some() {
            self.tried(INWARD, Outcome::of(&result));
        }
        result
    }

    /// Tries to look at what came in, and leaves it there.
    #[inline]
    pub(crate) fn peek<R>(&self, f: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        let result = f(&self.io);
        if self.trigger.is_some() {
            let outcome = if result.is_ok() { Outcome::Lasting } else { Outcome::of(&result) };
            self.tried(INWARD, outcome);
        }
        result
    }

    /// Tries to read from a stream, where no byte at all means its end, if any was `wanted`.
    #[inline]
    pub(crate) fn read(
        &self,
        wanted: usize,
        f: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = f(&self.io);
        if self.trigger.is_some() {
            let outcome = match result {
                Ok(0) if wanted == 0 => Outcome::Lasting,
                Ok(0) => Outcome::Ended,
                _ => Outcome::of_stream(&result),
            };
            self.tried(INWARD, outcome);
        }
        result
    }

    /// Tries to write `wanted` bytes.
    ///
    /// If all went out, the source may well be writable still, and nothing is owed.
    #[inline]
    pub(crate) fn write(
        &self,
        wanted: usize,
        f: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = f(&self.io);
        if self.trigger.is_some() && !matches!(result, Ok(written) if written == wanted) {
            self.tried(Readiness::OUT, Outcome::of_stream(&result));
        }
        result
    }

    /// Arms what was tried. It is not inlined, and its callers look for a trigger first, so
    /// that under a kernel that makes the edges a read is the system call and one branch.
    #[inline(never)]
    fn tried(&self, directions: Readiness, outcome: Outcome) {
        if let Some(trigger) = &self.trigger {
            let asleep = trigger.tried(directions, outcome);
            if !asleep.is_empty() {
                self.rearm(asleep);
            }
        }
    }

    #[cold]
    fn rearm(&self, directions: Readiness) {
        if let Some(selector) = self.membership.selector() {
            // It can fail only in ways that the next wait or change reports.
            let _ = selector.rearm(os::raw(&self.io), directions);
        }
    }

    /// Ends the registration, if there is one, before the descriptor is closed or given
    /// away.
    ///
    /// This is done also where closing the descriptor would do it: a duplicate, in a child
    /// process perhaps, would keep the registration alive, and its token with it. In a forked
    /// child it is not: the registration is the parent's, who goes on with it.
    #[inline]
    fn end(&mut self) {
        if self.membership.is_any() {
            if let Some(selector) = self.membership.own_selector() {
                if self.membership.is_registered() {
                    // It fails only if it was ended in another way.
                    let _ = selector.remove(os::raw(&self.io));
                }
                if selector.holds_files() {
                    // If it fails, the peer learns of the end when the poll is waited for.
                    let _ = selector.let_go();
                }
            }
            self.trigger = None;
            self.membership.leave(false);
        }
    }

    /// Has the poll that it has left let go of the file.
    #[cold]
    fn let_go(&self) {
        if let Some(selector) = self.membership.own_selector() {
            // If it fails, the peer learns of the end when that poll is waited for.
            let _ = selector.let_go();
        }
    }

    #[inline]
    fn check_is_with(&self, registry: &Registry) -> io::Result<()> {
        if self.membership.is_registered_with(registry.selector()) {
            return Ok(());
        }
        Err(self.is_not_with())
    }

    #[cold]
    fn is_not_with(&self) -> io::Error {
        let registered = Some(self.membership).filter(|membership| membership.is_registered());
        let problem = match registered.and_then(Membership::selector) {
            None => "this source is not registered: register it first",
            Some(_) => "this source is registered with another poll: deregister it there first",
        };
        io::Error::new(io::ErrorKind::NotFound, problem)
    }
}

#[cold]
fn is_registered() -> io::Error {
    io::Error::new(
        io::ErrorKind::AlreadyExists,
        "this source is registered already: reregister changes its token and interest, and \
         deregister frees it for another poll",
    )
}

impl<T: AsRawDescriptor> Source for IoSource<T> {
    #[inline]
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        if self.membership.is_registered() && self.membership.selector().is_some() {
            return Err(is_registered());
        }
        let selector = registry.selector();
        if self.membership.is_held_by_other_than(selector) {
            // What is closed after this tells the new poll alone.
            self.let_go();
        }
        let fd = os::raw(&self.io);
        let mut is_known = self.membership.has_known_kind();
        if !is_known && selector.holds_files() && is_socket_or_pipe(fd)? {
            is_known = true;
            self.membership.know_kind();
        }
        let tells = if is_known { Tells::AttemptsAndKind } else { Tells::Attempts };
        self.trigger = selector.add(fd, token, interests, tells)?;
        self.membership.join(selector);
        Ok(())
    }

    #[inline]
    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.check_is_with(registry)?;
        registry.selector().modify(os::raw(&self.io), token, interests)
    }

    #[inline]
    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.check_is_with(registry)?;
        let selector = registry.selector();
        self.trigger = None;
        self.membership.leave(selector.holds_files());
        selector.remove(os::raw(&self.io))
    }
}

impl<T: AsRawDescriptor> Drop for IoSource<T> {
    fn drop(&mut self) {
        // While the descriptor is still open, so that a successor with the same number is
        // not taken for it.
        self.end();
    }
}

impl<T: AsRawDescriptor> Deref for IoSource<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.io
    }
}

impl<T: AsRawDescriptor> DerefMut for IoSource<T> {
    fn deref_mut(&mut self) -> &mut T {
        // It may be another one afterwards.
        self.membership.forget_kind();
        &mut self.io
    }
}

impl<T: AsRawDescriptor + fmt::Debug> fmt::Debug for IoSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::IoSource;
    use crate::os::OwnedDescriptor;

    #[test]
    fn a_source_stays_small() {
        // A pointer, a number and what it is made of. With twice the size, a loop over a
        // thousand pipes lost 5 %.
        let least = size_of::<(usize, u32, OwnedDescriptor)>();
        assert_eq!(size_of::<IoSource<OwnedDescriptor>>(), least);
    }
}
