use std::fmt;
use std::io;
use std::sync::Arc;

use crate::backend::{Selector, Signal};
use crate::{Registry, Token};

/// Wakes a poll from another thread.
///
/// A wake-up is reported as a readable event with the waker's token, by the wait that is
/// under way or by the next one. Wake-ups that come before that event was taken are one.
/// None is lost, also if the waker is dropped right after it.
///
/// A poll may have any number of wakers, each with its token. Several polls or threads
/// are woken by several wakers; where several threads wait on one poll
/// ([`Poll::share`](crate::Poll::share)), one of them gets the event.
///
/// A wake-up costs a system call only while a thread is asleep in the poll: else it is
/// one or two atomic operations. Once the poll's own descriptor was lent out, to nest it
/// in another loop, every wake-up goes through the kernel, since nobody knows who sleeps
/// on that.
///
/// What was written before `wake` is seen by the thread that takes the event.
///
/// # Examples
///
/// ```
/// use std::thread;
///
/// use omnipoll::{Events, Poll, Token, Waker};
///
/// # fn main() -> std::io::Result<()> {
/// const WAKE: Token = Token(10);
///
/// let mut poll = Poll::new()?;
/// let waker = Waker::new(poll.registry(), WAKE)?;
/// let thread = thread::spawn(move || waker.wake());
///
/// let mut events = Events::with_capacity(2);
/// poll.poll(&mut events, None)?;
/// let event = events.iter().next().unwrap();
/// assert_eq!(event.token(), WAKE);
/// assert!(event.is_readable());
/// # thread.join().unwrap()
/// # }
/// ```
pub struct Waker {
    signal: Arc<Signal>,
    selector: Arc<Selector>,
}

impl Waker {
    /// Makes a waker for the poll of `registry`, whose events carry `token`.
    ///
    /// # Errors
    ///
    /// None are known; the result is mio's.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Poll, Token, Waker};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// // As many as one likes.
    /// let work = Waker::new(poll.registry(), Token(0))?;
    /// let shutdown = Waker::new(poll.registry(), Token(1))?;
    /// # let _ = (work, shutdown);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(registry: &Registry, token: Token) -> io::Result<Waker> {
        let selector = Arc::clone(registry.selector());
        Ok(Waker { signal: selector.add_waker(token), selector })
    }

    /// Wakes the poll. It may be called from any thread, and as often as one likes.
    ///
    /// # Errors
    ///
    /// Those of the system call that ends a sleep; none are known to happen.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Events, Poll, Token, Waker};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// let waker = Waker::new(poll.registry(), Token(0))?;
    /// waker.wake()?;
    /// waker.wake()?;
    /// // Nobody has taken the first, so they are one.
    /// poll.poll(&mut events, None)?;
    /// assert_eq!(events.iter().count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wake(&self) -> io::Result<()> {
        self.selector.wake(&self.signal)
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.selector.remove_waker(&self.signal);
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").field("signal", &self.signal).finish()
    }
}
