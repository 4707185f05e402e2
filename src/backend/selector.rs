use std::hint;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::always_ready::AlwaysReady;
#[cfg(epoll)]
use super::epoll::Epoll;
#[cfg(event_ports)]
use super::event_ports::EventPort;
#[cfg(io_uring)]
use super::io_uring::IoUring;
#[cfg(iocp)]
use super::iocp::Iocp;
use super::kind::{VARIABLE, names_of_available};
#[cfg(kqueue)]
use super::kqueue::Kqueue;
#[cfg(poll)]
use super::poll::PollFds;
#[cfg(poll_oneoff)]
use super::poll_oneoff::PollOneoff;
use super::raw_descriptor::{check_is_open, is_lack, is_never_waited_for};
#[cfg(select)]
use super::select::FdSets;
use super::selector_number::SelectorNumber;
#[cfg(any(poll, select))]
use super::stateless::Stateless;
use super::timeout::NOT_AT_ALL;
use super::wakers::{Parking, Wakers};
use super::{Backend, Capabilities, Mechanism, Signal, Tells, Trigger};
use crate::event::{Events, Readiness};
#[cfg(unix)]
use crate::os::OwnedDescriptor;
use crate::os::{self, RawDescriptor};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

/// What the builder of a poll was told, beside the backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) always_ready_files: bool,
    pub(crate) retry_interrupted: bool,
    /// How long to look before sleeping.
    pub(crate) spin: Duration,
    pub(crate) busy_poll: Duration,
}

/// The open backend of one poll, with all that is the same for every mechanism: wakers,
/// deadlines, files that are always ready.
#[derive(Debug)]
pub(crate) struct Selector {
    number: SelectorNumber,
    /// The process that opened it.
    owner: u32,
    mechanism: Opened,
    options: Options,
    wakers: Wakers,
    always_ready: AlwaysReady,
    /// Who goes first where there is little room: the mechanism, wakers, or files.
    turn: AtomicUsize,
    /// Lent in place of the descriptor that the mechanism does not have.
    #[cfg(unix)]
    placeholder: OnceLock<OwnedDescriptor>,
}

/// What came from the library itself in one wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Nothing,
    Collected,
    /// It is the mechanism's turn to be first.
    Postponed,
}

/// An open mechanism. A build with one has one variant here, and then dispatch costs
/// nothing.
#[derive(Debug)]
pub(crate) enum Opened {
    #[cfg(epoll)]
    Epoll(Epoll),
    #[cfg(iocp)]
    Iocp(Iocp),
    #[cfg(io_uring)]
    IoUring(IoUring),
    #[cfg(kqueue)]
    Kqueue(Kqueue),
    #[cfg(event_ports)]
    EventPorts(Stateless<EventPort>),
    #[cfg(poll_oneoff)]
    PollOneoff(PollOneoff),
    #[cfg(poll)]
    Poll(Stateless<PollFds>),
    #[cfg(select)]
    Select(Stateless<FdSets>),
}

/// Calls the open mechanism: `dispatch!(opened, mechanism => mechanism.remove(fd))`.
macro_rules! dispatch {
    ($opened:expr, $mechanism:ident => $call:expr) => {
        match $opened {
            #[cfg(epoll)]
            Opened::Epoll($mechanism) => $call,
            #[cfg(iocp)]
            Opened::Iocp($mechanism) => $call,
            #[cfg(io_uring)]
            Opened::IoUring($mechanism) => $call,
            #[cfg(kqueue)]
            Opened::Kqueue($mechanism) => $call,
            #[cfg(event_ports)]
            Opened::EventPorts($mechanism) => $call,
            #[cfg(poll_oneoff)]
            Opened::PollOneoff($mechanism) => $call,
            #[cfg(poll)]
            Opened::Poll($mechanism) => $call,
            #[cfg(select)]
            Opened::Select($mechanism) => $call,
        }
    };
}

#[cfg(unix)]
mod lending;

impl Selector {
    /// Opens the backend that was asked for, else the one that the environment names,
    /// else the best that this machine has.
    pub(crate) fn open(asked_for: Option<Backend>, options: Options) -> io::Result<Arc<Selector>> {
        let chosen = match asked_for {
            Some(backend) => Some(backend),
            None => Backend::from_environment()?,
        };
        if options.always_ready_files && !AlwaysReady::ARE_THERE {
            return Err(no_always_ready_files());
        }
        let mechanism = match chosen {
            Some(backend) => Selector::open_mechanism(backend)
                .map_err(|error| explain(error, backend, asked_for.is_none()))?,
            None => Selector::open_best()?,
        };
        if !options.busy_poll.is_zero() {
            dispatch!(&mechanism, mechanism => mechanism.busy_poll(options.busy_poll))?;
        }
        Ok(Arc::new_cyclic(|selector| Selector {
            number: SelectorNumber::give(selector),
            owner: os::process_id(),
            mechanism,
            options,
            wakers: Wakers::new(),
            always_ready: Default::default(),
            turn: AtomicUsize::new(0),
            #[cfg(unix)]
            placeholder: OnceLock::new(),
        }))
    }

    /// Opens it; the error of one that is not in this build says no more than that.
    pub(super) fn open_mechanism(backend: Backend) -> io::Result<Opened> {
        match backend {
            #[cfg(epoll)]
            Backend::Epoll => Mechanism::open().map(Opened::Epoll),
            #[cfg(iocp)]
            Backend::Iocp => Mechanism::open().map(Opened::Iocp),
            #[cfg(io_uring)]
            Backend::IoUring => Mechanism::open().map(Opened::IoUring),
            #[cfg(kqueue)]
            Backend::Kqueue => Mechanism::open().map(Opened::Kqueue),
            #[cfg(event_ports)]
            Backend::EventPorts => Mechanism::open().map(Opened::EventPorts),
            #[cfg(poll_oneoff)]
            Backend::PollOneoff => Mechanism::open().map(Opened::PollOneoff),
            #[cfg(poll)]
            Backend::Poll => Mechanism::open().map(Opened::Poll),
            #[cfg(select)]
            Backend::Select => Mechanism::open().map(Opened::Select),
            #[allow(unreachable_patterns, reason = "some builds have them all")]
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn open_best() -> io::Result<Opened> {
        let mut first_error = None;
        for &backend in Backend::ALL {
            match Selector::open_mechanism(backend) {
                Ok(mechanism) => return Ok(mechanism),
                // Being out of descriptors or memory is no reason to take another one.
                Err(error) if !is_lack(&error) => return Err(error),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| io::ErrorKind::Unsupported.into()))
    }

    pub(crate) fn number(&self) -> SelectorNumber {
        self.number
    }

    /// The process that opened it.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Whether this is the copy that a forked child has. What the kernel keeps of it is the
    /// parent's too, and its locks may be those of threads that the child does not have.
    fn is_inherited(&self) -> bool {
        os::process_id() != self.owner
    }

    pub(crate) fn backend(&self) -> Backend {
        match self.mechanism {
            #[cfg(epoll)]
            Opened::Epoll(_) => Backend::Epoll,
            #[cfg(iocp)]
            Opened::Iocp(_) => Backend::Iocp,
            #[cfg(io_uring)]
            Opened::IoUring(_) => Backend::IoUring,
            #[cfg(kqueue)]
            Opened::Kqueue(_) => Backend::Kqueue,
            #[cfg(event_ports)]
            Opened::EventPorts(_) => Backend::EventPorts,
            #[cfg(poll_oneoff)]
            Opened::PollOneoff(_) => Backend::PollOneoff,
            #[cfg(poll)]
            Opened::Poll(_) => Backend::Poll,
            #[cfg(select)]
            Opened::Select(_) => Backend::Select,
        }
    }

    /// Its completion port, if it has one.
    #[cfg(iocp)]
    pub(crate) fn iocp(&self) -> Option<&Iocp> {
        match &self.mechanism {
            Opened::Iocp(iocp) => Some(iocp),
            _ => None,
        }
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        dispatch!(&self.mechanism, mechanism => mechanism.capabilities())
    }

    #[inline]
    pub(crate) fn add(
        &self,
        fd: RawDescriptor,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        self.check(token)?;
        if self.options.always_ready_files {
            self.always_ready.make_way(fd)?;
        }
        match dispatch!(&self.mechanism, mechanism => mechanism.add(fd, token, interest, tells)) {
            Err(error) => self.add_always_ready(fd, token, interest, error).map(|()| None),
            result => result,
        }
    }

    /// Takes over what the mechanism has refused, if that is why.
    #[cold]
    fn add_always_ready(
        &self,
        fd: RawDescriptor,
        token: Token,
        interest: Interest,
        refusal: io::Error,
    ) -> io::Result<()> {
        if !is_never_waited_for(&refusal) {
            return Err(refusal);
        }
        if !self.options.always_ready_files {
            return Err(never_waited_for());
        }
        if interest.is_exclusive() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a file that is always ready is so for every poll: exclusive has nothing to choose",
            ));
        }
        self.always_ready.add(fd, token, interest)?;
        // A wait that is under way has something to report now.
        self.notify()
    }

    #[inline]
    pub(crate) fn modify(
        &self,
        fd: RawDescriptor,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.check(token)?;
        if self.options.always_ready_files {
            check_is_open(fd)?;
            if self.always_ready.modify(fd, token, interest) {
                return self.notify();
            }
        }
        dispatch!(&self.mechanism, mechanism => mechanism.modify(fd, token, interest))
            .map_err(not_found_if_never_waited_for)
    }

    #[inline]
    pub(crate) fn remove(&self, fd: RawDescriptor) -> io::Result<()> {
        if self.options.always_ready_files && self.always_ready.remove(fd) {
            return check_is_open(fd);
        }
        dispatch!(&self.mechanism, mechanism => mechanism.remove(fd))
            .map_err(not_found_if_never_waited_for)
    }

    /// Whether the kernel may hold a file open after its removal, until it is to let go.
    #[inline]
    pub(crate) fn holds_files(&self) -> bool {
        dispatch!(&self.mechanism, mechanism => mechanism.holds_files())
    }

    /// Has the kernel let go of files that were removed, as before one is closed.
    pub(crate) fn let_go(&self) -> io::Result<()> {
        dispatch!(&self.mechanism, mechanism => mechanism.let_go())
    }

    pub(crate) fn rearm(&self, fd: RawDescriptor, directions: Readiness) -> io::Result<()> {
        if self.options.always_ready_files && self.always_ready.rearm(fd) {
            return self.notify();
        }
        dispatch!(&self.mechanism, mechanism => mechanism.rearm(fd, directions))
    }

    /// Fills `events` with what is ready before `timeout` ends.
    pub(crate) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        events.clear();
        if events.capacity() == 0 {
            return Err(no_room());
        }
        if self.is_plain() {
            self.wait_in_mechanism(events, timeout, mask)?;
            // It may have become one that ends early meanwhile.
            let is_over = || {
                !self.wakers.are_notified()
                    && !is_long(timeout)
                    && !dispatch!(&self.mechanism, mechanism => mechanism.may_end_early())
            };
            if !events.is_empty() || is_over() {
                return Ok(());
            }
        }
        self.wait_until_events(events, timeout, mask)
    }

    /// Whether a wait is nothing but the mechanism's: there is nothing of the library's own
    /// to look at before it, and it does not end early.
    ///
    /// Most polls of threads that are never woken stay so, and one wait in a loop with few
    /// events is most of its cost.
    #[inline]
    fn is_plain(&self) -> bool {
        self.wakers.are_untouched()
            && self.options == Options::default()
            && !dispatch!(&self.mechanism, mechanism => mechanism.may_end_early())
    }

    /// Waits again and again, until there are events or the time is over.
    ///
    /// Apart from [`wait`](Self::wait), whose frame is small without it: where returns are
    /// mispredicted after a system call, each of them counts.
    #[inline(never)]
    fn wait_until_events(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        // Reading the clock costs a tenth of a wait, so it is done only where it can matter.
        let start = timeout.filter(|&timeout| self.may_end_early(timeout)).map(|_| Instant::now());
        let mut left = timeout;
        loop {
            match self.wait_once(events, left, mask) {
                Ok(()) => {}
                // What was collected before is not to be lost.
                Err(_) if !events.is_empty() => {}
                Err(error)
                    if self.options.retry_interrupted
                        && error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if !events.is_empty() {
                return Ok(());
            }
            left = match (timeout, start) {
                (None, _) => None,
                (Some(timeout), Some(start)) => match timeout.checked_sub(start.elapsed()) {
                    Some(left) if !left.is_zero() => Some(left),
                    _ => return Ok(()),
                },
                (Some(_), None) => return Ok(()),
            };
        }
    }

    /// Whether a wait may come back with nothing before `timeout` is over.
    #[inline]
    fn may_end_early(&self, timeout: Duration) -> bool {
        !timeout.is_zero()
            && (self.wakers.are_counting()
                || self.options.retry_interrupted
                || self.options.always_ready_files
                || is_long(Some(timeout))
                || dispatch!(&self.mechanism, mechanism => mechanism.may_end_early()))
    }

    /// Waits until the mechanism returns, which it may do early and with nothing.
    #[inline]
    fn wait_once(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        let mut own = Own::Nothing;
        if self.wakers.are_notified() || self.always_ready.has_events() {
            own = self.collect(events)?;
            if events.room() == 0 {
                return Ok(());
            }
        }
        let mut timeout = if own == Own::Nothing { timeout } else { NOT_AT_ALL };
        let wait = |events: &mut Events, timeout| self.wait_in_mechanism(events, timeout, mask);
        let mut has_waited = false;
        if !self.options.spin.is_zero() && timeout != NOT_AT_ALL {
            match self.spin(events, timeout, mask)? {
                ControlFlow::Break(()) => has_waited = true,
                ControlFlow::Continue(left) => timeout = left,
            }
        }
        let result = if has_waited {
            Ok(())
        } else if timeout == NOT_AT_ALL {
            self.wakers.stay_awake();
            wait(events, timeout)
        } else {
            match self.wakers.park() {
                Parking::Uncounted => wait(events, timeout),
                Parking::Notified => wait(events, NOT_AT_ALL),
                Parking::Parked => {
                    let result = wait(events, timeout);
                    self.wakers.unpark();
                    result
                }
            }
        };
        if self.wakers.are_notified() {
            // Also where there is no room: this wait may have been told in place of another
            // thread's, which then sleeps on.
            self.collect_wakers(events, events.room())?;
        }
        if own == Own::Postponed && events.room() > 0 {
            self.always_ready.collect(events, events.room());
        }
        result
    }

    /// Looks again and again, for as long as the options say. Breaks if there is no reason to
    /// sleep; else tells how much of `timeout` is left.
    fn spin(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<ControlFlow<(), Option<Duration>>> {
        self.wakers.stay_awake();
        let start = Instant::now();
        loop {
            match self.wait_in_mechanism(events, NOT_AT_ALL, mask) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => result?,
            }
            let spun = start.elapsed();
            let left = timeout.map(|timeout| timeout.saturating_sub(spun));
            if !events.is_empty() || self.wakers.are_notified() || left == NOT_AT_ALL {
                return Ok(ControlFlow::Break(()));
            }
            if spun >= self.options.spin {
                return Ok(ControlFlow::Continue(left));
            }
            hint::spin_loop();
        }
    }

    #[inline(always)]
    fn wait_in_mechanism(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        dispatch!(&self.mechanism, mechanism => mechanism.wait(events, timeout, mask))
    }

    /// Adds what comes from the library itself, and leaves room for the mechanism. Each of
    /// the three gets its turn at being first.
    #[cold]
    fn collect(&self, events: &mut Events) -> io::Result<Own> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % 3;
        let most = match events.capacity() {
            1 if turn == 0 => return Ok(Own::Postponed),
            1 => 1,
            capacity => capacity - 1,
        };
        let has_files = self.always_ready.has_events();
        if has_files && turn == 1 {
            self.always_ready.collect(events, most);
        }
        if self.wakers.are_notified() && events.len() < most {
            self.collect_wakers(events, most - events.len())?;
        }
        if has_files && turn != 1 && events.len() < most {
            self.always_ready.collect(events, most - events.len());
        }
        Ok(if events.is_empty() { Own::Nothing } else { Own::Collected })
    }

    fn collect_wakers(&self, events: &mut Events, most: usize) -> io::Result<()> {
        if self.wakers.collect(events, most) { self.notify() } else { Ok(()) }
    }

    pub(crate) fn add_waker(&self, token: Token) -> Arc<Signal> {
        self.wakers.add(token)
    }

    pub(crate) fn remove_waker(&self, signal: &Signal) {
        if !self.is_inherited() {
            self.wakers.remove(signal);
        }
    }

    #[inline]
    pub(crate) fn wake(&self, signal: &Signal) -> io::Result<()> {
        self.wakers.wake(signal, || self.notify())
    }

    /// Says that from now on several threads may wait at once.
    pub(crate) fn share(&self) {
        self.wakers.share();
    }

    fn notify(&self) -> io::Result<()> {
        dispatch!(&self.mechanism, mechanism => mechanism.notify())
    }

    #[inline]
    fn check(&self, token: Token) -> io::Result<()> {
        if dispatch!(&self.mechanism, mechanism => mechanism.reserved()) == Some(token) {
            return Err(is_reserved(token));
        }
        Ok(())
    }
}

impl Drop for Selector {
    fn drop(&mut self) {
        if !self.is_inherited() {
            self.number.take_back();
            dispatch!(&self.mechanism, mechanism => mechanism.end());
        }
    }
}

/// Whether `timeout` may be too long for a type that some kernel has for it.
#[inline]
fn is_long(timeout: Option<Duration>) -> bool {
    timeout.is_some_and(|timeout| timeout.as_secs() > 1 << 20)
}

#[cold]
fn no_room() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "these Events have room for none: Events::with_capacity takes 1 or more",
    )
}

/// Some kernels refuse to look for a regular file among those that they never accept.
fn not_found_if_never_waited_for(error: io::Error) -> io::Error {
    if is_never_waited_for(&error) { io::ErrorKind::NotFound.into() } else { error }
}

/// Says which backends there are, if `error` says that the system has no such one; and who
/// asked for it, if it was not the program.
#[cold]
fn explain(error: io::Error, backend: Backend, is_by_environment: bool) -> io::Error {
    if error.kind() != io::ErrorKind::Unsupported || error.raw_os_error().is_some() {
        return error;
    }
    let mut text = format!("this system has no {backend}; it has {}", names_of_available());
    if is_by_environment {
        text.insert_str(0, &format!("{VARIABLE}={backend}: "));
    }
    io::Error::new(io::ErrorKind::Unsupported, text)
}

#[cold]
fn no_always_ready_files() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "always_ready_files: on this system no such file can be registered",
    )
}

#[cold]
fn is_reserved(token: Token) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{token:?} is the one number that the library keeps for itself"),
    )
}

fn never_waited_for() -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        "regular files, directories and devices such as /dev/null are always ready, and no kernel \
         waits for them: Poll::builder().always_ready_files(true) accepts them",
    )
}
