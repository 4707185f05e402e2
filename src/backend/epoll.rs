//! [epoll(7)]. The kernel has all triggers, and it writes the caller's `Events` itself.
//!
//! One descriptor is registered by the library: the notifier, edge-triggered, so that it
//! need not be read after each wake-up. Its event carries a token that no caller can
//! have, the address of a static of this file, and is taken out of the list.
//!
//! [epoll(7)]: https://man7.org/linux/man-pages/man7/epoll.7.html
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
#[cfg(epoll_pwait2)]
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::notifier::Notifier;
use super::raw_fd::{borrow, is_refusal};
use super::{Capabilities, Mechanism, Support, Tells, Trigger, above_standard, busy_poll, timeout};
use crate::event::{Events, Readiness};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

unsafe extern "C" {
    /// The crate `libc` does not declare it for all systems that have it.
    fn epoll_pwait(
        epoll: libc::c_int,
        events: *mut libc::epoll_event,
        room: libc::c_int,
        milliseconds: libc::c_int,
        mask: *const libc::sigset_t,
    ) -> libc::c_int;
}

/// Its address is the notifier's token.
static NOTIFIER: u8 = 0;

#[derive(Debug)]
pub(super) struct Epoll {
    epoll: OwnedFd,
    notifier: Notifier,
    /// Whether `epoll_pwait2` is there: it came with Linux 5.11, and sandboxes are slow to
    /// learn of it.
    has_nanoseconds: AtomicBool,
}

impl Mechanism for Epoll {
    fn open() -> io::Result<Epoll> {
        let epoll = above_standard(epoll::create(CreateFlags::CLOEXEC)?)?;
        let notifier = Notifier::open()?;
        let mine = EventData::new_u64(reserved().0 as u64);
        epoll::add(&epoll, notifier.descriptor(), mine, EventFlags::IN | EventFlags::ET)?;
        let mut this = Epoll { epoll, notifier, has_nanoseconds: AtomicBool::new(true) };
        // Nothing is registered yet that this could take an event of.
        match this.epoll_pwait2(&mut Events::with_capacity(1), Duration::ZERO, None) {
            Err(error) if is_refusal(&error) => this.has_nanoseconds = AtomicBool::new(false),
            result => {
                result?;
            }
        }
        Ok(this)
    }

    #[inline]
    fn add(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        _: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        let flags = flags(interest)?;
        epoll::add(&self.epoll, borrow(fd)?, data(token), flags)?;
        Ok(None)
    }

    #[inline]
    fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        let flags = flags(interest)?;
        let fd = borrow(fd)?;
        if !interest.is_exclusive() {
            match epoll::modify(&self.epoll, fd, data(token), flags) {
                // What was added as exclusive cannot be modified.
                Err(Errno::INVAL) => {}
                result => return Ok(result?),
            }
        }
        if interest.is_exclusive() {
            // Not every descriptor can be exclusive. The kernel looks at that before it looks
            // for the registration, so this tells without touching it.
            match epoll::add(&self.epoll, fd, data(token), flags) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    epoll::delete(&self.epoll, fd)?;
                    return Err(Errno::NOENT.into());
                }
            }
        }
        epoll::delete(&self.epoll, fd)?;
        Ok(epoll::add(&self.epoll, fd, data(token), flags)?)
    }

    #[inline]
    fn remove(&self, fd: RawFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, borrow(fd)?)?)
    }

    fn busy_poll(&self, time: Duration) -> io::Result<()> {
        busy_poll::set(self.epoll.as_fd(), time)
    }

    fn rearm(&self, _: RawFd, _: Readiness) -> io::Result<()> {
        // The kernel sees the I/O itself.
        Ok(())
    }

    #[inline]
    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        let before = events.len();
        let found = self.epoll_wait(events, timeout, mask)?;
        // SAFETY: The kernel has written that many events at the front of the room that it
        // was given. They are valid as `Event`s: the layouts are the same, as is checked
        // above, and all values of its two integers are allowed.
        unsafe { events.written(found) };
        events.take_out(before, |event| event.token() == reserved());
        Ok(())
    }

    #[inline]
    fn may_end_early(&self) -> bool {
        false
    }

    fn notify(&self) -> io::Result<()> {
        self.notifier.notify()
    }

    fn reserved(&self) -> Option<Token> {
        Some(reserved())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.epoll.as_fd())
    }

    fn capabilities(&self) -> Capabilities {
        let nanoseconds = self.has_nanoseconds.load(Ordering::Relaxed);
        Capabilities {
            edge: Support::Native,
            raw_edge: Support::Native,
            level: Support::Native,
            oneshot: Support::Native,
            exclusive: Support::Native,
            priority: Support::Native,
            hang_up: Support::Native,
            sub_millisecond: Support::native_if(nanoseconds),
            short_read_drains: Support::Native,
            signal_mask: Support::Native,
            descriptor: Support::Native,
            spin: Support::Emulated,
            busy_poll: Support::native_if(busy_poll::is_there(self.epoll.as_fd())),
        }
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl Epoll {
    /// Has the kernel write events into the room of `events`, and returns how many.
    #[inline]
    fn epoll_wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<usize> {
        if let Some(timeout) = timeout.filter(|_| !timeout::is_in_milliseconds(timeout)) {
            if self.has_nanoseconds.load(Ordering::Relaxed) {
                match self.epoll_pwait2(events, timeout, mask) {
                    Err(error) if is_refusal(&error) => {
                        self.has_nanoseconds.store(false, Ordering::Relaxed);
                    }
                    result => return result,
                }
            }
        }
        let epoll = self.epoll.as_raw_fd();
        let room = events.spare();
        let (list, length) = (room.as_mut_ptr().cast(), length(room.len()));
        let timeout = timeout::milliseconds(timeout);
        let found = match mask {
            // SAFETY: The list is exclusively borrowed, and no shorter than its stated
            // length; its elements have the layout of `epoll_event`.
            None => unsafe { libc::epoll_wait(epoll, list, length, timeout) },
            // SAFETY: As above; and the mask is a whole set that outlives the call.
            Some(mask) => unsafe { epoll_pwait(epoll, list, length, timeout, mask.as_ptr()) },
        };
        usize::try_from(found).map_err(|_| io::Error::last_os_error())
    }

    /// As above, with a timeout in nanoseconds.
    #[cfg(not(epoll_pwait2))]
    fn epoll_pwait2(
        &self,
        _: &mut Events,
        _: Duration,
        _: Option<&SignalSet>,
    ) -> io::Result<usize> {
        Err(Errno::NOSYS.into())
    }

    /// As above, with a timeout in nanoseconds. The C libraries are slow to wrap it.
    #[cfg(epoll_pwait2)]
    fn epoll_pwait2(
        &self,
        events: &mut Events,
        timeout: Duration,
        mask: Option<&SignalSet>,
    ) -> io::Result<usize> {
        let room = events.spare();
        let timeout = rustix::event::Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let mask = mask.map_or(ptr::null(), SignalSet::as_ptr);
        // SAFETY: As above. The timeout is the kernel's own struct, with 64-bit seconds on
        // every machine, and lives until the call returns; of the mask the kernel reads
        // the bytes that are named, which is less than a whole set of the C library's.
        let found = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll.as_raw_fd(),
                room.as_mut_ptr(),
                length(room.len()),
                &raw const timeout,
                mask,
                SignalSet::KERNEL_BYTES,
            )
        };
        usize::try_from(found).map_err(|_| io::Error::last_os_error())
    }
}

/// The token of the notifier.
#[inline]
pub(super) fn reserved() -> Token {
    Token((&raw const NOTIFIER).addr())
}

fn length(room: usize) -> libc::c_int {
    // The kernel refuses more than fit into `int` bytes, and 2^20 fill any loop.
    room.min(1 << 20) as libc::c_int
}

fn data(token: Token) -> EventData {
    EventData::new_u64(token.0 as u64)
}

#[inline]
fn flags(interest: Interest) -> io::Result<EventFlags> {
    let mut flags = EventFlags::empty();
    if interest.is_readable() {
        flags |= EventFlags::IN | EventFlags::RDHUP;
    }
    if interest.is_writable() {
        flags |= EventFlags::OUT;
    }
    if interest.is_priority() {
        flags |= EventFlags::PRI;
    }
    if interest.is_oneshot() {
        flags |= EventFlags::ONESHOT;
    } else if interest.is_edge() {
        flags |= EventFlags::ET;
    }
    if interest.is_exclusive() {
        if interest.is_oneshot() || interest.is_priority() {
            return Err(exclusive_with_others());
        }
        // The kernel refuses RDHUP beside it.
        flags = flags.difference(EventFlags::RDHUP) | EventFlags::EXCLUSIVE;
    }
    Ok(flags)
}

#[cold]
fn exclusive_with_others() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "the kernel has no exclusive registration that is oneshot or waits for priority: leave \
         one of the two out",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_has_the_values_of_the_call() {
        let pairs = [
            (EventFlags::IN, Readiness::IN),
            (EventFlags::PRI, Readiness::PRI),
            (EventFlags::OUT, Readiness::OUT),
            (EventFlags::ERR, Readiness::ERR),
            (EventFlags::HUP, Readiness::HUP),
            (EventFlags::RDHUP, Readiness::RDHUP),
        ];
        for (flag, readiness) in pairs {
            assert_eq!(flag.bits(), readiness.bits());
        }
    }
}
