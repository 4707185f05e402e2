use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backend::{Backend, Capabilities, Options, Selector};
use crate::event::Events;
use crate::registry::Registry;

/// Waits for many sources at once.
///
/// Sources are registered with its [`Registry`], each under a [`Token`](crate::Token)
/// and with an [`Interest`](crate::Interest); [`poll`](Poll::poll) then sleeps until one
/// of them is ready, and says which.
///
/// # Which mechanism
///
/// [`Poll::builder`] chooses by name. Where the program does not, the environment
/// variable `OMNIPOLL_BACKEND` does (`epoll`, `io_uring`, `kqueue`, `poll`, `select`), so that
/// any program can be moved; else it is the best that the machine has. What the program sees
/// is the same on all of them, save for what [`capabilities`](Poll::capabilities) tells.
///
/// # What is promised
///
/// - *No event is lost.* Readiness that exists when a registration is made, or arises
///   later, is reported, whatever other threads do in between. Events may be spurious.
/// - *Edge*, the default: after an event in a direction, the next is owed once the
///   program has tried the I/O in that direction, it came up short or would have blocked,
///   and readiness returns. More events than that may come.
/// - *Level*: every wait reports what is ready.
/// - *Oneshot*: after one event the registration sleeps until
///   [`Registry::reregister`], also where several threads wait.
/// - *Deregistering is a barrier*: a wait that starts later never reports that token.
/// - *Timeouts* round up: no wait ends early without an event, save for a signal.
/// - *Fairness*: with more ready sources than room in [`Events`], each gets its turn.
/// - *One event*: a wait tells of a registration in one event, with all that it knows, so a
///   program may drop a source at its event and not meet it again in the same list.
///
/// # What is not promised
///
/// - The order of events within a wait, and among sources that are ready together.
/// - That a source that was reported is still ready when it is used: another thread may
///   have drained it, or the kernel may have dropped a damaged packet. Use non-blocking
///   sources, and take [`WouldBlock`](io::ErrorKind::WouldBlock) as an answer.
/// - That closing a descriptor behind the library's back is noticed. Under `poll` and
///   `select`, with level or oneshot, one error event tells of it, and then silence; else
///   there is silence, as soon as the kernel has nothing open of it: until then, it goes on
///   to report what has a duplicate, or had one a moment ago. If its number is given out
///   anew before it was deregistered, events of the newcomer may carry the old token.
/// - Use after fork(2): parent and child share what the kernel keeps, or, under kqueue, the
///   child has nothing of it, and its calls fail. So a child that does not call exec(2) must
///   neither wait on it nor change a registration. A child that drops
///   its copies, as one does that ends, changes nothing for its parent, and does not hang,
///   though other threads of the parent were registering. To open a poll of its own, as all
///   that takes a lock, is safe only in a child of a process with one thread.
///
/// # Examples
///
/// ```
/// use std::io::Write;
/// use std::time::Duration;
///
/// use omnipoll::net::UnixStream;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// poll.registry().register(&mut ours, Token(7), Interest::READABLE)?;
///
/// theirs.write_all(b"hello")?;
///
/// let mut events = Events::with_capacity(16);
/// poll.poll(&mut events, Some(Duration::from_secs(5)))?;
/// let event = events.iter().next().expect("data came");
/// assert_eq!(event.token(), Token(7));
/// assert!(event.is_readable());
/// # Ok(())
/// # }
/// ```
pub struct Poll {
    registry: Registry,
}

impl Poll {
    /// Opens a poll on the backend that `OMNIPOLL_BACKEND` names, else on the best that
    /// this machine has.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Poll;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// println!("this program waits by {}", poll.backend());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> io::Result<Poll> {
        Poll::builder().build()
    }

    /// Chooses backend and options of a poll before it is opened.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Backend, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::builder().backend(Backend::Poll).build()?;
    /// assert_eq!(poll.backend(), Backend::Poll);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What sources are registered with.
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
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The mechanism that it is built on.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Backend, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// if poll.backend() == Backend::Select {
    ///     println!("that will be slow with many descriptors");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.selector().backend()
    }

    /// What this backend does natively, in software, or not at all, on this kernel.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Interest, Poll, Support};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let poll = Poll::new()?;
    /// let mut interest = Interest::READABLE;
    /// if poll.capabilities().exclusive != Support::Absent {
    ///     interest = interest.exclusive();
    /// }
    /// # let _ = interest;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.selector().capabilities()
    }

    /// Waits until something is ready, but no longer than `timeout`, and fills `events`.
    ///
    /// With `None` it waits without limit, with zero it looks and returns. A timeout is
    /// counted in nanoseconds where [`Capabilities::sub_millisecond`] says so, else it is
    /// rounded up to whole milliseconds; `Duration::MAX` is as good as no limit. `events`
    /// is cleared first, and empty afterwards if the time was over first.
    ///
    /// # Errors
    ///
    /// - [`Interrupted`](io::ErrorKind::Interrupted) if a signal handler ran; and, rarely,
    ///   without one: where the main thread starts a program that ends at once, its
    ///   `SIGCHLD` can end the wait of another thread, though nobody handles it; and after
    ///   a stop, `SIGCONT` ends a wait of epoll. Call it again, or have
    ///   [`Builder::retry_interrupted`] do so.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) if `events` has a capacity of 0; and
    ///   of poll(2), while `RLIMIT_NOFILE` is below the number of registered descriptors.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::builder().retry_interrupted(true).build()?;
    /// let mut events = Events::with_capacity(8);
    ///
    /// let start = Instant::now();
    /// poll.poll(&mut events, Some(Duration::from_micros(1500)))?;
    /// assert!(events.is_empty());
    /// assert!(start.elapsed() >= Duration::from_micros(1500));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`Capabilities::sub_millisecond`]: crate::Capabilities::sub_millisecond
    #[inline]
    pub fn poll(&mut self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.selector().wait(events, timeout, None)
    }

    /// Waits as [`poll`](Poll::poll) does, until a point in time.
    ///
    /// With a deadline that has passed, it looks and returns. Loops that keep a list of
    /// timers need no arithmetic with it, and none with an interrupted wait.
    ///
    /// # Errors
    ///
    /// Those of [`poll`](Poll::poll).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::builder().retry_interrupted(true).build()?;
    /// let mut events = Events::with_capacity(8);
    /// let deadline = Instant::now() + Duration::from_millis(5);
    /// poll.poll_until(&mut events, deadline)?;
    /// assert!(Instant::now() >= deadline);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_until(&mut self, events: &mut Events, deadline: Instant) -> io::Result<()> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        self.selector().wait(events, Some(timeout), None)
    }

    /// A handle on which several threads can wait at once.
    ///
    /// # Examples
    ///
    /// A worker of a pool takes one connection at a time; the oneshot trigger keeps the
    /// others away from it until it is armed again:
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    /// use std::thread;
    ///
    /// use omnipoll::net::UnixStream;
    /// use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> io::Result<()> {
    /// let poll = Poll::new()?;
    /// let (mut ours, mut theirs) = UnixStream::pair()?;
    /// poll.registry().register(&mut ours, Token(0), Interest::READABLE.oneshot())?;
    ///
    /// let shared = poll.share();
    /// let worker = thread::spawn(move || -> io::Result<()> {
    ///     let mut events = Events::with_capacity(1);
    ///     while events.is_empty() {
    ///         shared.wait(&mut events, None)?;
    ///     }
    ///     let mut buffer = [0; 16];
    ///     let length = ours.read(&mut buffer)?;
    ///     assert_eq!(&buffer[..length], b"work");
    ///     shared.registry().reregister(&mut ours, Token(0), Interest::READABLE.oneshot())
    /// });
    /// theirs.write_all(b"work")?;
    /// worker.join().unwrap()
    /// # }
    /// ```
    #[must_use]
    pub fn share(&self) -> SharedPoll {
        self.selector().share();
        SharedPoll { registry: Registry::new(Arc::clone(self.selector())) }
    }

    fn selector(&self) -> &Arc<Selector> {
        self.registry.selector()
    }
}

impl fmt::Debug for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poll").field("backend", &self.backend()).finish()
    }
}

/// A handle to a [`Poll`] on which several threads wait at once; [`Poll::share`] makes it.
///
/// An event is reported to one of the threads, save for level registrations, which are
/// reported to every wait. With the oneshot trigger exactly one thread has a source until
/// it arms it again.
///
/// Under `poll` and `select` one thread at a time is in the kernel for all of them, and
/// hands over when it leaves; a wait of zero calls it back for a moment. A file that is
/// always ready wakes one of the threads when it is registered, and shows in the waits that
/// begin later.
///
/// # Examples
///
/// ```
/// use std::thread;
///
/// use omnipoll::{Events, Poll, Token, Waker};
///
/// # fn main() -> std::io::Result<()> {
/// let poll = Poll::new()?;
/// let waker = Waker::new(poll.registry(), Token(0))?;
/// let shared = poll.share();
/// let sleeper = thread::spawn(move || {
///     let mut events = Events::with_capacity(8);
///     shared.wait(&mut events, None).map(|()| events.iter().count())
/// });
/// waker.wake()?;
/// assert_eq!(sleeper.join().unwrap()?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SharedPoll {
    registry: Registry,
}

impl SharedPoll {
    /// Waits as [`Poll::poll`] does.
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
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let shared = Poll::new()?.share();
    /// let mut events = Events::with_capacity(8);
    /// shared.wait(&mut events, Some(Duration::from_millis(1)))?;
    /// assert!(events.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.registry.selector().wait(events, timeout, None)
    }

    /// Waits as [`Poll::poll_until`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Poll::poll`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let shared = Poll::builder().retry_interrupted(true).build()?.share();
    /// let mut events = Events::with_capacity(8);
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// shared.wait_until(&mut events, deadline)?;
    /// assert!(Instant::now() >= deadline);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_until(&self, events: &mut Events, deadline: Instant) -> io::Result<()> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        self.wait(events, Some(timeout))
    }

    /// What sources are registered with.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    /// use omnipoll::{Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let shared = Poll::new()?.share();
    /// let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// shared.registry().register(&mut socket, Token(0), Interest::READABLE.oneshot())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Clone for SharedPoll {
    fn clone(&self) -> SharedPoll {
        SharedPoll { registry: Registry::new(Arc::clone(self.registry.selector())) }
    }
}

/// Backend and options of a [`Poll`] that is to be opened; [`Poll::builder`] makes it.
///
/// # Examples
///
/// ```
/// use omnipoll::{Backend, Poll};
///
/// # fn main() -> std::io::Result<()> {
/// let poll = Poll::builder()
///     .backend(Backend::Select)
///     .retry_interrupted(true)
///     .build()?;
/// assert_eq!(poll.backend(), Backend::Select);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    backend: Option<Backend>,
    options: Options,
}

impl Builder {
    /// Builds on `backend`, whatever the environment says.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Backend, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// for backend in Backend::available() {
    ///     assert_eq!(Poll::builder().backend(backend).build()?.backend(), backend);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn backend(mut self, backend: Backend) -> Builder {
        self.backend = Some(backend);
        self
    }

    /// Whether a wait that a signal interrupts goes on for the rest of its time, instead
    /// of failing with [`Interrupted`](io::ErrorKind::Interrupted).
    ///
    /// Off unless asked for: a signal handler that sets a flag wants to be noticed.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Poll;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// // Waits of this one never fail with `Interrupted`.
    /// let poll = Poll::builder().retry_interrupted(true).build()?;
    /// # let _ = poll;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_interrupted(mut self, retry: bool) -> Builder {
        self.options.retry_interrupted = retry;
        self
    }

    /// Whether regular files, directories and devices such as /dev/null can be registered.
    ///
    /// They never block, and kernels do not wait for them: epoll refuses them, poll and
    /// select call them always ready. Unless asked for, registering one is refused alike
    /// on every backend, since a loop over such a descriptor is a busy loop. With this, a
    /// program that waits for its standard input also works as `program < file`: such a
    /// file is reported by every wait under level, once under oneshot, and once under
    /// edge.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::os::fd::AsRawFd;
    ///
    /// use omnipoll::unix::SourceFd;
    /// use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::builder().always_ready_files(true).build()?;
    /// let mut events = Events::with_capacity(8);
    /// let file = File::open("Cargo.toml")?;
    /// let mut source = SourceFd(&file.as_raw_fd());
    /// poll.registry().register(&mut source, Token(0), Interest::READABLE.level())?;
    /// poll.poll(&mut events, None)?;
    /// assert!(events.iter().any(|event| event.is_readable()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn always_ready_files(mut self, accept: bool) -> Builder {
        self.options.always_ready_files = accept;
        self
    }

    /// How long a wait looks again and again before it sleeps; not at all unless asked for.
    ///
    /// An event that comes while it spins is told some microseconds earlier, since nobody
    /// has to be woken for it, and a [`Waker`](crate::Waker) makes no system call. It costs a
    /// processor: a wait for which nothing comes uses it for as long as it spins, and on a
    /// machine with few of them, takes it from who would have made the event. Of use are some
    /// ten microseconds, where the thread has a processor for itself.
    ///
    /// A signal that is handled meanwhile does not end the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use omnipoll::{Events, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::builder().spin(Duration::from_micros(20)).build()?;
    /// let mut events = Events::with_capacity(8);
    /// poll.poll(&mut events, Some(Duration::from_millis(1)))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn spin(mut self, time: Duration) -> Builder {
        self.options.spin = time;
        self
    }

    /// How long the kernel polls network devices itself in a wait, before it sleeps until
    /// they interrupt; not at all unless asked for. It is rounded down to microseconds.
    ///
    /// This is what `SO_BUSY_POLL` is for one socket: packets are taken from the device by
    /// the thread that waits for them, which saves the interrupt and its wait, and costs the
    /// processor for that time. Drivers without NAPI, and the loopback device, have nothing
    /// to poll, and then it changes nothing. See `EPIOCSPARAMS` in [ioctl_eventpoll(2)], and
    /// [io_uring_register_napi(3)]; [`Capabilities::busy_poll`] tells whether it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use omnipoll::{Poll, Support};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::new()?;
    /// if poll.capabilities().busy_poll == Support::Native {
    ///     poll = Poll::builder().busy_poll(Duration::from_micros(50)).build()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ioctl_eventpoll(2)]: https://man7.org/linux/man-pages/man2/ioctl_eventpoll.2.html
    /// [io_uring_register_napi(3)]: https://man7.org/linux/man-pages/man3/io_uring_register_napi.3.html
    /// [`Capabilities::busy_poll`]: crate::Capabilities::busy_poll
    pub fn busy_poll(mut self, time: Duration) -> Builder {
        self.options.busy_poll = time;
        self
    }

    /// Opens the poll.
    ///
    /// # Errors
    ///
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if this system lacks the backend that
    ///   was asked for, or [`busy_poll`](Builder::busy_poll) on it. None is taken in its
    ///   place.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) if `OMNIPOLL_BACKEND` names none.
    /// - The system's own if no descriptor is left (`EMFILE`, `ENFILE`), or a sandbox
    ///   refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Backend, Poll};
    ///
    /// match Poll::builder().backend(Backend::Kqueue).build() {
    ///     Ok(poll) => println!("{}", poll.backend()),
    ///     // On Linux: "this system has no kqueue; it has epoll, ..."
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    pub fn build(self) -> io::Result<Poll> {
        let selector = Selector::open(self.backend, self.options)?;
        Ok(Poll { registry: Registry::new(selector) })
    }
}
