//! Waits with a signal mask, which only Unix has.

use std::io;
use std::time::Duration;

use crate::event::Events;
use crate::signal_set::SignalSet;
use crate::{Poll, SharedPoll};

impl Poll {
    /// Waits as [`poll`](Poll::poll) does, with `mask` for the thread's signal mask while
    /// it sleeps.
    ///
    /// This is what [pselect(2)] and [ppoll(2)] are for. A program that wants to see a
    /// signal between two events blocks it, looks at what its handler has noted, and waits
    /// with a mask that does not block it: the change of masks and the sleep are one step,
    /// so that the signal cannot slip through between them and leave the program asleep.
    ///
    /// With a timeout of zero nobody sleeps, and backends differ: poll, select and kqueue let
    /// a pending signal in, and its handler runs; epoll does not. Give it a nanosecond if you
    /// want it everywhere.
    ///
    /// # Errors
    ///
    /// Those of [`poll`](Poll::poll); here `Interrupted` is what one hopes for. With
    /// [`retry_interrupted`](crate::Builder::retry_interrupted) the handler has run as well,
    /// but the wait goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    ///
    /// use omnipoll::unix::SignalSet;
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> io::Result<()> {
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    ///
    /// let mut usr1 = SignalSet::empty();
    /// usr1.add(10)?;
    /// let otherwise = usr1.block()?;
    /// // ... look at what a handler has noted; then:
    /// match poll.poll_with_mask(&mut events, Some(Duration::from_millis(1)), &otherwise) {
    ///     Err(error) if error.kind() == io::ErrorKind::Interrupted => println!("a signal"),
    ///     result => result?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [pselect(2)]: https://man7.org/linux/man-pages/man2/select.2.html
    /// [ppoll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
    pub fn poll_with_mask(
        &mut self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: &SignalSet,
    ) -> io::Result<()> {
        self.registry().selector().wait(events, timeout, Some(mask))
    }
}

impl SharedPoll {
    /// Waits as [`Poll::poll_with_mask`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Poll::poll`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use omnipoll::unix::SignalSet;
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let shared = Poll::builder().retry_interrupted(true).build()?.share();
    /// let mut events = Events::with_capacity(8);
    /// // No signal disturbs it.
    /// shared.wait_with_mask(&mut events, Some(Duration::from_millis(1)), &SignalSet::full())?;
    /// assert!(events.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_with_mask(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: &SignalSet,
    ) -> io::Result<()> {
        self.registry().selector().wait(events, timeout, Some(mask))
    }
}
