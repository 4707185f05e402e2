//! [kqueue(2)]: its two calls, and the struct that they share with the kernel, in which most
//! fields have other types on each system.
//!
//! With `--cfg omnipoll_libkqueue` they are those of libkqueue, which makes them of what
//! Linux has, so that the tests run there too.
//!
//! [kqueue(2)]: https://man.freebsd.org/cgi/man.cgi?query=kqueue
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use rustix::io::{Errno, FdFlags};

use super::forks;
use crate::Token;
use crate::backend::own_fd::LEAST;
use crate::backend::timeout;

#[cfg(not(omnipoll_libkqueue))]
use libc as system;

/// Longer timeouts are an error on some systems, and on others too short.
const LONGEST: Duration = Duration::from_secs(1 << 20);

/// The most changes that are made in one call.
const MOST_CHANGES: usize = 8;

/// What is waited for: one of these and a number, of a descriptor mostly, make a kernel's
/// event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Read,
    Write,
    /// Urgent data.
    #[cfg(kqueue_except)]
    Except,
    /// What the program itself triggers.
    User,
    #[cfg(kqueue_aio)]
    Aio,
    #[cfg(kqueue_lio)]
    Lio,
    Unknown,
}

/// How an event is to be told, or what is to become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u32);

/// An event, a change or a receipt.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Kevent(system::kevent);

/// A list of changes, and after the call their receipts.
pub(super) struct Changes {
    list: [Kevent; MOST_CHANGES],
    length: usize,
}

/// An open kqueue.
pub(super) struct Queue {
    fd: ManuallyDrop<OwnedFd>,
    /// How many forks there had been when it was opened: a forked child does not have it, and
    /// may have given its number to something else.
    forks: usize,
}

// SAFETY: Its pointer is a number of the caller's, and nobody follows it.
unsafe impl Send for Kevent {}
// SAFETY: As above.
unsafe impl Sync for Kevent {}

impl Filter {
    #[inline]
    fn number(self) -> i64 {
        match self {
            Filter::Read => system::EVFILT_READ.into(),
            Filter::Write => system::EVFILT_WRITE.into(),
            #[cfg(kqueue_except)]
            Filter::Except => system::EVFILT_EXCEPT.into(),
            Filter::User => system::EVFILT_USER.into(),
            #[cfg(kqueue_aio)]
            Filter::Aio => system::EVFILT_AIO.into(),
            #[cfg(kqueue_lio)]
            Filter::Lio => system::EVFILT_LIO.into(),
            Filter::Unknown => i64::MAX,
        }
    }

    /// What the kernel is to be told of it beside.
    fn parameter(self) -> u32 {
        match self {
            #[cfg(kqueue_except)]
            Filter::Except => system::NOTE_OOB,
            _ => 0,
        }
    }
}

impl Flags {
    /// Begin to wait; with neither of the next two, every call tells what lasts.
    pub(super) const ADD: Flags = Flags(system::EV_ADD as u32);
    /// Tell what arises.
    pub(super) const CLEAR: Flags = Flags(system::EV_CLEAR as u32);
    /// Tell once, and sleep.
    pub(super) const DISPATCH: Flags = Flags(system::EV_DISPATCH as u32);
    pub(super) const ENABLE: Flags = Flags(system::EV_ENABLE as u32);
    pub(super) const DISABLE: Flags = Flags(system::EV_DISABLE as u32);
    pub(super) const DELETE: Flags = Flags(system::EV_DELETE as u32);
    /// The other side, or this one, has ended.
    pub(super) const EOF: Flags = Flags(system::EV_EOF as u32);
    const RECEIPT: Flags = Flags(system::EV_RECEIPT as u32);
    const ERROR: Flags = Flags(system::EV_ERROR as u32);

    pub(super) const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl Kevent {
    fn new(filter: Filter, ident: usize, flags: Flags, token: Token) -> Kevent {
        // SAFETY: It is made of integers and a pointer, of which zero is a value.
        let mut kevent: system::kevent = unsafe { MaybeUninit::zeroed().assume_init() };
        kevent.ident = ident;
        kevent.filter = filter.number() as _;
        kevent.flags = flags.0 as _;
        kevent.fflags = filter.parameter() as _;
        kevent.udata = ptr::without_provenance_mut(token.0);
        Kevent(kevent)
    }

    /// A descriptor, for those filters that wait for one.
    #[inline]
    pub(super) fn ident(&self) -> usize {
        self.0.ident
    }

    #[inline]
    pub(super) fn token(&self) -> Token {
        Token(self.0.udata.addr())
    }

    #[inline]
    pub(super) fn filter(&self) -> Filter {
        match i64::from(self.0.filter) {
            number if number == Filter::Read.number() => Filter::Read,
            number if number == Filter::Write.number() => Filter::Write,
            #[cfg(kqueue_except)]
            number if number == Filter::Except.number() => Filter::Except,
            number if number == Filter::User.number() => Filter::User,
            #[cfg(kqueue_aio)]
            number if number == Filter::Aio.number() => Filter::Aio,
            #[cfg(kqueue_lio)]
            number if number == Filter::Lio.number() => Filter::Lio,
            _ => Filter::Unknown,
        }
    }

    /// Whether it is of a descriptor.
    #[inline]
    pub(super) fn is_of_descriptor(&self) -> bool {
        match self.filter() {
            Filter::Read | Filter::Write | Filter::User => true,
            #[cfg(kqueue_except)]
            Filter::Except => true,
            _ => false,
        }
    }

    #[inline]
    pub(super) fn has(&self, flags: Flags) -> bool {
        u32::from(self.0.flags) & flags.0 != 0
    }

    /// Whether a descriptor that has ended has failed.
    #[inline]
    pub(super) fn is_failure(&self) -> bool {
        self.has(Flags::EOF) && self.0.fflags != 0
    }

    /// What a receipt says of its change.
    fn outcome(&self) -> Result<(), Errno> {
        // Copied out: the struct is packed on some systems.
        let error = self.0.data;
        if error == 0 || !self.has(Flags::ERROR) {
            return Ok(());
        }
        Err(Errno::from_raw_os_error(error as i32))
    }
}

impl fmt::Debug for Kevent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kevent")
            .field("filter", &self.filter())
            .field("ident", &self.ident())
            .field("flags", &format_args!("{:#x}", self.0.flags))
            .field("token", &self.token())
            .finish()
    }
}

impl Changes {
    pub(super) fn new() -> Changes {
        let nothing = Kevent::new(Filter::Unknown, 0, Flags(0), Token(0));
        Changes { list: [nothing; MOST_CHANGES], length: 0 }
    }

    /// Adds a change, which what was noted before leaves room for.
    pub(super) fn note(&mut self, filter: Filter, ident: usize, flags: Flags, token: Token) {
        self.list[self.length] = Kevent::new(filter, ident, flags.with(Flags::RECEIPT), token);
        self.length += 1;
    }

    /// Whether there is no room for another one.
    pub(super) fn are_full(&self) -> bool {
        self.length == MOST_CHANGES
    }

    /// Those that are changes still: a receipt that is in the place of one is not to be made.
    fn without_receipt(&mut self) -> &mut [Kevent] {
        let list = &mut self.list[..self.length];
        let first = list.iter().position(|change| !change.has(Flags::ERROR)).unwrap_or(list.len());
        &mut list[first..]
    }

    /// What became of each.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (Filter, Result<(), Errno>)> {
        self.list[..self.length].iter().map(|receipt| (receipt.filter(), receipt.outcome()))
    }

    /// The first error, if there is one.
    pub(super) fn all(&self) -> io::Result<()> {
        self.outcomes().try_for_each(|(_, outcome)| Ok(outcome?))
    }
}

impl Queue {
    /// Opens one, whose number is not a standard one. It is not duplicated for that: the
    /// number is all that libkqueue knows it by.
    pub(super) fn open() -> io::Result<Queue> {
        forks::begin()?;
        let mut standard = Vec::new();
        loop {
            let fd = kqueue()?;
            if fd.as_raw_fd() >= LEAST {
                rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
                return Ok(Queue { fd: ManuallyDrop::new(fd), forks: forks::count() });
            }
            standard.push(fd);
        }
    }

    /// Fails as a call does in a process that does not have it, such as a forked child. There
    /// its number may be that of another one, which is not to be touched.
    #[inline]
    pub(super) fn check_is_here(&self) -> Result<(), Errno> {
        if self.is_here() { Ok(()) } else { Err(Errno::BADF) }
    }

    #[inline]
    fn is_here(&self) -> bool {
        forks::count() == self.forks
    }

    /// Makes all `changes`, whatever becomes of one of them, and leaves their receipts in
    /// their place.
    ///
    /// There is room for no more than the receipts, and no time, so that the call neither
    /// takes an event nor waits for one.
    pub(super) fn change(&self, changes: &mut Changes) -> io::Result<()> {
        self.check_is_here()?;
        let now = timeout::timespec(Duration::ZERO);
        loop {
            let rest = changes.without_receipt();
            let (list, length) = (rest.as_mut_ptr().cast::<system::kevent>(), rest.len() as _);
            // SAFETY: The list is exclusively borrowed and initialised, and has that many
            // elements. The kernel reads a change before it writes its receipt, so both may
            // be in one place.
            let receipts = unsafe {
                system::kevent(self.fd.as_raw_fd(), list, length, list, length, &raw const now)
            };
            if receipts >= 0 {
                return Ok(());
            }
            // No kernel is known to be interrupted in a call that has receipts to write and no
            // time to sleep. One that is, has made those changes whose receipts are there.
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Makes all `changes`, if there are any, and takes them off the list. What fails here is
    /// a descriptor that was closed.
    pub(super) fn change_or_go_without(&self, changes: &mut Changes) {
        if changes.length > 0 {
            let _ = self.change(changes);
            changes.length = 0;
        }
    }

    /// Triggers an event that was added for that.
    ///
    /// It asks for no receipt, which not every system gives here, and has no room for events.
    pub(super) fn trigger(&self, ident: usize, token: Token) -> io::Result<()> {
        self.check_is_here()?;
        let mut trigger = Kevent::new(Filter::User, ident, Flags(0), token);
        trigger.0.fflags = system::NOTE_TRIGGER;
        let now = timeout::timespec(Duration::ZERO);
        loop {
            // SAFETY: The list has one element, which is initialised and lives until the call
            // returns, as does the timeout; the other list has none.
            let result = unsafe {
                let change = (&raw const trigger).cast();
                system::kevent(self.fd.as_raw_fd(), change, 1, ptr::null_mut(), 0, &raw const now)
            };
            if result >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Waits, and appends what it found to `found`, `room` events at the most.
    #[inline]
    pub(super) fn wait(
        &self,
        found: &mut Vec<Kevent>,
        room: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        self.check_is_here()?;
        found.reserve(room);
        let timeout = timeout.map(|timeout| timeout::timespec(timeout.min(LONGEST)));
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        let list = found.spare_capacity_mut().as_mut_ptr().cast::<system::kevent>();
        // 2^20 fill any loop, and every type that systems have for it.
        let length = room.min(1 << 20);
        // SAFETY: The list is exclusively borrowed, and was just made to have room for that
        // many elements. The timeout is null, or lives until the call returns.
        let written = unsafe {
            system::kevent(self.fd.as_raw_fd(), ptr::null(), 0, list, length as _, timeout)
        };
        let written = usize::try_from(written).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: The kernel has written that many elements, within what was reserved.
        unsafe { found.set_len(found.len() + written) };
        Ok(())
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fd.fmt(f)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if self.is_here() {
            // SAFETY: It is not used any more, and dropped nowhere else.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        }
    }
}

fn kqueue() -> io::Result<OwnedFd> {
    // SAFETY: The call has no arguments.
    let fd: RawFd = unsafe { system::kqueue() };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: It was opened just now, so it has no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// What <sys/event.h> of libkqueue says.
#[cfg(omnipoll_libkqueue)]
#[allow(non_camel_case_types, reason = "as in libc")]
mod system {
    use std::ffi::c_void;

    #[derive(Clone, Copy)]
    #[repr(C)]
    pub(super) struct kevent {
        pub(super) ident: usize,
        pub(super) filter: i16,
        pub(super) flags: u16,
        pub(super) fflags: u32,
        pub(super) data: isize,
        pub(super) udata: *mut c_void,
    }

    pub(super) const EVFILT_READ: i16 = -1;
    pub(super) const EVFILT_WRITE: i16 = -2;
    pub(super) const EVFILT_USER: i16 = -11;
    pub(super) const EV_ADD: u16 = 0x1;
    pub(super) const EV_DELETE: u16 = 0x2;
    pub(super) const EV_ENABLE: u16 = 0x4;
    pub(super) const EV_DISABLE: u16 = 0x8;
    pub(super) const EV_CLEAR: u16 = 0x20;
    pub(super) const EV_RECEIPT: u16 = 0x40;
    pub(super) const EV_DISPATCH: u16 = 0x80;
    pub(super) const EV_ERROR: u16 = 0x4000;
    pub(super) const EV_EOF: u16 = 0x8000;
    pub(super) const NOTE_TRIGGER: u32 = 0x0100_0000;

    #[link(name = "kqueue")]
    unsafe extern "C" {
        pub(super) fn kqueue() -> libc::c_int;
        pub(super) fn kevent(
            queue: libc::c_int,
            changes: *const kevent,
            change_count: libc::c_int,
            events: *mut kevent,
            event_count: libc::c_int,
            timeout: *const libc::timespec,
        ) -> libc::c_int;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interest;
    use crate::backend::kqueue::Kqueue;
    use crate::backend::timeout::NOT_AT_ALL;
    use crate::backend::{Mechanism, Tells};
    use crate::event::Readiness;

    #[test]
    fn a_receipt_is_no_change() {
        let mut changes = Changes::new();
        assert_eq!(changes.without_receipt().len(), 0);
        for ident in 0..3 {
            changes.note(Filter::Read, ident, Flags::ADD, Token(ident));
        }
        assert_eq!(changes.without_receipt().len(), 3);
        changes.list[0].0.flags = Flags::ERROR.0 as _;
        let rest = changes.without_receipt();
        assert_eq!(rest.iter().map(Kevent::ident).collect::<Vec<_>>(), [1, 2]);
    }

    /// Over libkqueue a child does have it, so that each call would succeed which does not
    /// compare; as where the number is that of another kqueue. And a thread of the parent may
    /// have had the table.
    #[test]
    fn a_child_does_not_have_it() {
        let kqueue = Kqueue::open().unwrap();
        let queue = &kqueue.queue;
        let _table = kqueue.registrations();
        // SAFETY: What the child does takes no lock and allocates nothing, as its calls fail
        // before that, or its alarm ends it; and it leaves by `_exit`.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "{}", io::Error::last_os_error());
        if child == 0 {
            // SAFETY: It touches no memory.
            unsafe { libc::alarm(5) };
            let (token, interest) = (Token(0), Interest::READABLE);
            let is_refused = |result: io::Result<()>| {
                result.is_err_and(|error| error.raw_os_error() == Some(libc::EBADF))
            };
            let refuses_all = is_refused(queue.wait(&mut Vec::new(), 1, NOT_AT_ALL))
                && is_refused(queue.change(&mut Changes::new()))
                && is_refused(queue.trigger(0, token))
                && is_refused(kqueue.add(0, token, interest, Tells::Nothing).map(drop))
                && is_refused(kqueue.modify(0, token, interest))
                && is_refused(kqueue.remove(0))
                && is_refused(kqueue.rearm(0, Readiness::IN));
            // SAFETY: It ends the child.
            unsafe { libc::_exit(i32::from(!refuses_all)) };
        }
        let mut status = 0;
        // SAFETY: The status lives until the call returns.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "the child has used it");
    }
}
