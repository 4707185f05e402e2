use std::fmt;
use std::slice;

use super::{Event, Readiness};
use crate::Token;
#[cfg(kqueue)]
use crate::backend::Found;

/// The events of one wait.
///
/// Each wait clears it first, and reports no more events than its capacity; what is left
/// over comes in the next wait, and every source gets its turn. A capacity of some
/// hundred suits most loops: more saves waits under load, less keeps the events of one
/// round near to their cause. One event takes 12 bytes on x86-64 Linux, 16 elsewhere; under
/// kqueue, the kernel's own event takes 24 to 64 more.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use omnipoll::{Events, Poll};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(256);
/// poll.poll(&mut events, Some(Duration::from_millis(1)))?;
/// assert!(events.is_empty());
/// # Ok(())
/// # }
/// ```
pub struct Events {
    list: Vec<Event>,
    capacity: usize,
    #[cfg(kqueue)]
    found: Found,
}

impl Events {
    /// Makes room for `capacity` events.
    ///
    /// A wait with a capacity of 0 fails with
    /// [`InvalidInput`](std::io::ErrorKind::InvalidInput): it could never report anything.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Events;
    ///
    /// let events = Events::with_capacity(256);
    /// assert!(events.is_empty());
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Events {
        Events {
            list: Vec::with_capacity(capacity),
            capacity,
            #[cfg(kqueue)]
            found: Found::default(),
        }
    }

    /// The most events that one wait reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Events;
    ///
    /// assert_eq!(Events::with_capacity(256).capacity(), 256);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether the last wait reported nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// poll.poll(&mut events, Some(Duration::from_millis(1)))?;
    /// if events.is_empty() {
    ///     println!("the time is over");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The events, in no promised order. A source may be in it more than once.
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
    /// let writable = events.iter().filter(|event| event.is_writable()).count();
    /// assert_eq!(writable, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter { inner: self.list.iter() }
    }

    /// Forgets the events of the last wait. A wait does that by itself.
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
    /// assert!(!events.is_empty());
    /// events.clear();
    /// assert!(events.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear(&mut self) {
        self.list.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// How many more events fit.
    pub(crate) fn room(&self) -> usize {
        self.capacity - self.list.len()
    }

    /// Adds an event, for which there must be room.
    pub(crate) fn push(&mut self, event: Event) {
        debug_assert!(self.room() > 0, "the capacity that the caller chose is kept");
        self.list.push(event);
    }

    /// Adds `ready` to the event of `token` at `at`; false if there is none.
    pub(crate) fn add_to(&mut self, at: usize, token: Token, ready: Readiness) -> bool {
        match self.list.get_mut(at) {
            Some(event) if event.token() == token => {
                event.add(ready);
                true
            }
            _ => false,
        }
    }

    /// Takes out the first event at or after `from` that `unwanted` picks; the last one
    /// takes its place.
    #[cfg(any(epoll, io_uring, kqueue))]
    pub(crate) fn take_out(&mut self, from: usize, unwanted: impl Fn(&Event) -> bool) -> bool {
        match self.list[from..].iter().position(unwanted) {
            Some(found) => {
                self.list.swap_remove(from + found);
                true
            }
            None => false,
        }
    }

    /// What the event at `at` tells; nothing if there is none.
    #[cfg(kqueue)]
    pub(crate) fn ready_at(&self, at: usize) -> Readiness {
        self.list.get(at).map_or(Readiness::NONE, Event::readiness)
    }

    /// What kqueue writes into, before it becomes events.
    #[cfg(kqueue)]
    pub(crate) fn found(&mut self) -> &mut Found {
        &mut self.found
    }

    /// The room, for a kernel to write events into.
    #[cfg(any(epoll, io_uring))]
    pub(crate) fn spare(&mut self) -> &mut [std::mem::MaybeUninit<Event>] {
        let room = self.room();
        // An allocator may have given more than the caller asked for.
        &mut self.list.spare_capacity_mut()[..room]
    }

    /// Takes over `written` events that now stand at the front of [`spare`](Self::spare).
    ///
    /// # Safety
    ///
    /// That many must have been written there.
    #[cfg(any(epoll, io_uring))]
    #[allow(unsafe_code)]
    pub(crate) unsafe fn written(&mut self, written: usize) {
        debug_assert!(written <= self.room(), "the kernel keeps to the room it was given");
        // SAFETY: the caller says that these elements are initialised, and they lie
        // within the vector's allocation, since `spare` lends no more than that.
        unsafe { self.list.set_len(self.list.len() + written) };
    }
}

impl<'a> IntoIterator for &'a Events {
    type Item = &'a Event;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// The events of one wait, one after another; [`Events::iter`] makes it.
///
/// # Examples
///
/// ```
/// use omnipoll::Events;
///
/// let events = Events::with_capacity(8);
/// let mut iter = events.iter();
/// assert!(iter.next().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    inner: slice::Iter<'a, Event>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Event;

    #[inline]
    fn next(&mut self) -> Option<&'a Event> {
        self.inner.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }

    #[inline]
    fn count(self) -> usize {
        self.inner.count()
    }
}
