//! [kqueue(2)], of macOS and the BSDs. The kernel has edges and levels, of each direction by
//! itself: one *filter* a direction. That both are one registration, with one event and one
//! sleep, is made here.
//!
//! - A wait that finds both filters of a descriptor tells of them in one event: found.rs.
//! - The first filter of a oneshot registration that is found puts it to sleep. The kernel
//!   has disabled that filter; the others are disabled here. If another thread has found one
//!   of them in the meantime, it sees that the registration sleeps, and drops it.
//!
//! Filters are disabled, and not deleted, because the kernel deletes them when their
//! descriptor is closed: that it still has one tells a registration from what is left of it.
//!
//! A change is a deletion of the old filters and an addition of the new ones, in one call,
//! since no system has an existing filter change from edge to level, and not every one tells
//! again what lasts.
//!
//! [kqueue(2)]: https://man.freebsd.org/cgi/man.cgi?query=kqueue

use std::io::{self, IsTerminal};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::FileType;
use rustix::io::Errno;

pub(crate) use self::found::Found;

use self::found::Asleep;
use self::kevent::{Changes, Filter, Flags, Kevent, Queue};
use self::registration::Registration;
use self::table::Table;
use self::terminals::Terminals;
use super::notifier::Notifier;
use super::raw_fd::{borrow, not_watched};
use super::timeout::NOT_AT_ALL;
use super::{Capabilities, Mechanism, Support, Tells, Trigger, poll, refuse_exclusive};
use crate::event::{Event, Events, Readiness};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

mod broken_pipe;
mod forks;
mod found;
mod kevent;
mod registration;
mod table;
mod terminals;

/// The number of the event that ends a wait. Others of its filter have that of a descriptor.
const NOTIFIER: usize = usize::MAX;

#[derive(Debug)]
pub(super) struct Kqueue {
    queue: Queue,
    /// Where the kernel has no events that the program triggers.
    notifier: Option<Notifier>,
    registrations: Mutex<Table>,
    /// How many were ever added.
    additions: AtomicUsize,
    /// How many of them have ends that later events tell of too. Waits look at the table for
    /// that only where there are some.
    ended: AtomicUsize,
    terminals: Terminals,
    /// How many threads sleep in the queue and do not wait for terminals.
    alone: AtomicUsize,
}

impl Mechanism for Kqueue {
    fn open() -> io::Result<Kqueue> {
        let queue = Queue::open()?;
        let notifier = open_notifier(&queue)?;
        Ok(Kqueue {
            queue,
            notifier,
            registrations: Mutex::new(Table::new()),
            additions: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            terminals: Terminals::default(),
            alone: AtomicUsize::new(0),
        })
    }

    fn add(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        self.queue.check_is_here()?;
        check(interest)?;
        if self.owns(fd) {
            return Err(Errno::BADF.into());
        }
        if tells != Tells::AttemptsAndKind {
            refuse_never_waited_for(fd)?;
        }
        let mut registrations = self.registrations();
        if let Some(before) = registrations.get(fd) {
            let before = *before;
            if self.is_there(fd, before)? {
                return Err(Errno::EXIST.into());
            }
            self.take(&mut registrations, fd);
            self.delete(fd, before)?;
        }
        let mut registration = Registration::new(token, interest);
        let additions = self.additions.fetch_add(1, Ordering::SeqCst) + 1;
        if registrations.has_had(fd, token) {
            registration.doubtful_before = additions;
        }
        let mut changes = Changes::new();
        registration.note(fd, registration.flags(), &mut changes);
        self.queue.change(&mut changes)?;
        match self.settle(fd, &mut registration, changes.outcomes()) {
            Ok(()) => {}
            Err(error) if Errno::from_io_error(&error).is_some_and(is_refusal_of_kind) => {
                drop(registrations);
                return self.add_refused(fd, token, interest, tells, error);
            }
            Err(error) => return Err(error),
        }
        registrations.insert(fd, registration);
        if self.terminals.are_there() {
            // What the kernel has taken is no terminal that it refused; that one was closed.
            let _ = self.terminals.remove(fd);
        }
        Ok(None)
    }

    fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        self.queue.check_is_here()?;
        check(interest)?;
        let mut registrations = self.registrations();
        let Some(&mut before) = registrations.get(fd) else {
            return self.terminals.modify(fd, token, interest);
        };
        if before.is_broken && !self.is_there(fd, before)? {
            self.take(&mut registrations, fd);
            self.delete(fd, before)?;
            return Err(not_watched(fd));
        }
        let mut after = Registration::new(token, interest);
        after.doubtful_before = before.doubtful_before;
        let mut changes = Changes::new();
        before.note(fd, Flags::DELETE, &mut changes);
        let deletions = changes.outcomes().count();
        after.note(fd, after.flags(), &mut changes);
        self.queue.change(&mut changes)?;
        let was_closed = is_gone(changes.outcomes().take(deletions));
        let settled = self.settle(fd, &mut after, changes.outcomes().skip(deletions));
        self.take(&mut registrations, fd);
        if settled.is_ok() && !was_closed {
            registrations.insert(fd, after);
            return Ok(());
        }
        if was_closed {
            // The additions were made to a stranger, if its number was given out again.
            self.delete(fd, after)?;
            return Err(not_watched(fd));
        }
        settled
    }

    fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.queue.check_is_here()?;
        let mut registrations = self.registrations();
        let Some(registration) = self.take(&mut registrations, fd) else {
            return self.terminals.remove(fd);
        };
        let is_deleted = self.delete(fd, registration)?;
        let was_closed = registration.is_broken && !self.is_still_broken(fd)?;
        if is_deleted && !was_closed { Ok(()) } else { Err(not_watched(fd)) }
    }

    fn rearm(&self, fd: RawFd, directions: Readiness) -> io::Result<()> {
        self.queue.check_is_here()?;
        // The kernel sees the I/O itself, save that of terminals which it refuses.
        self.terminals.rearm(fd, directions)
    }

    #[inline]
    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        if self.terminals.are_there() {
            self.queue.check_is_here()?;
            return self.terminals.wait(events, timeout, mask, |events| self.look(events));
        }
        let Some(mask) = mask else {
            return self.wait_in_queue(events, timeout);
        };
        if self.sleep_with(mask, timeout)? { self.look(events) } else { Ok(()) }
    }

    #[inline]
    fn may_end_early(&self) -> bool {
        self.terminals.are_there()
    }

    fn notify(&self) -> io::Result<()> {
        self.queue.check_is_here()?;
        if let Some(notifier) = &self.notifier {
            return notifier.notify();
        }
        self.queue.trigger(NOTIFIER, Token(0))
    }

    fn reserved(&self) -> Option<Token> {
        Some(terminals::queue())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        // That of libkqueue is never readable.
        (!cfg!(omnipoll_libkqueue)).then(|| self.queue.as_fd())
    }

    fn capabilities(&self) -> Capabilities {
        let by_descriptor = Support::native_if(self.descriptor().is_some());
        Capabilities {
            edge: Support::Native,
            raw_edge: Support::Native,
            level: Support::Native,
            oneshot: Support::Emulated,
            exclusive: Support::Absent,
            priority: Support::native_if(cfg!(kqueue_except)),
            hang_up: Support::Native,
            sub_millisecond: Support::Native,
            short_read_drains: Support::Native,
            signal_mask: match by_descriptor {
                Support::Absent => Support::Absent,
                _ => Support::Emulated,
            },
            descriptor: by_descriptor,
            spin: Support::Emulated,
            busy_poll: Support::Absent,
        }
    }
}

impl Kqueue {
    #[inline]
    fn wait_in_queue(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let mut found = mem::take(events.found());
        let mut result = self.find(&mut found, events, timeout);
        // What took all the room was of no account, such as a wake-up, and what counts may be
        // behind it. Once only: the wake-up may have been passed on, and come again.
        if result.is_ok() && events.is_empty() && found.kevents.len() == events.room() {
            result = self.find(&mut found, events, NOT_AT_ALL);
        }
        *events.found() = found;
        result
    }

    #[inline]
    fn find(
        &self,
        found: &mut Found,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let room = events.room();
        let additions = self.additions.load(Ordering::SeqCst);
        let result = found.fill(additions, |list| {
            self.sleep_alone(timeout, |timeout| self.queue.wait(list, room, timeout))
        });
        self.tell(found, events);
        result
    }

    /// Has `sleep` sleep in the queue, though not in select(2), if no terminal is there.
    #[inline]
    fn sleep_alone<T>(
        &self,
        timeout: Option<Duration>,
        sleep: impl FnOnce(Option<Duration>) -> T,
    ) -> T {
        if timeout == NOT_AT_ALL {
            return sleep(timeout);
        }
        self.alone.fetch_add(1, Ordering::SeqCst);
        // In this order, so that this thread sees the first terminal, or it is counted by who
        // adds that.
        let timeout = if self.terminals.are_there() { NOT_AT_ALL } else { timeout };
        let result = sleep(timeout);
        self.alone.fetch_sub(1, Ordering::SeqCst);
        result
    }

    /// Passes a wake-up on to a thread that sleeps without regard to a terminal, as the kernel
    /// has told one thread alone.
    #[cold]
    fn pass_on(&self) {
        if self.terminals.are_there() && self.alone.load(Ordering::SeqCst) > 0 {
            // It fails only where no wake-up works.
            let _ = self.notify();
        }
    }

    /// Adds what is there now.
    fn look(&self, events: &mut Events) -> io::Result<()> {
        self.wait_in_queue(events, NOT_AT_ALL)
    }

    /// Finds another way to wait for a device that the kernel has refused.
    #[cold]
    fn add_refused(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        tells: Tells,
        refusal: io::Error,
    ) -> io::Result<Option<Arc<Trigger>>> {
        let device = borrow(fd)?;
        if FileType::from_raw_mode(rustix::fs::fstat(device)?.st_mode) != FileType::CharacterDevice
        {
            return Err(refusal);
        }
        match self.descriptor().filter(|_| device.is_terminal()) {
            Some(queue) => {
                let trigger = self.terminals.add(queue, fd, token, interest, tells)?;
                // Who sleeps in the queue alone is to sleep in select(2). The first to learn of it
                // passes it on.
                self.notify()?;
                Ok(trigger)
            }
            // It is never waited for, as /dev/null.
            None => Err(Errno::PERM.into()),
        }
    }

    /// Turns what was found into events.
    fn tell(&self, found: &mut Found, events: &mut Events) {
        let is_mixed = found.is_mixed();
        let mut registrations = None;
        for at in 0..found.kevents.len() {
            let kevent = found.kevents[at];
            if self.is_own(&kevent) {
                self.pass_on();
                continue;
            }
            let mut ready = readiness(&kevent);
            if !kevent.is_of_descriptor() {
                events.push(Event::new(kevent.token(), ready));
                continue;
            }
            if kevent.has(Flags::EOF) || self.are_any_ended() {
                let registrations = registrations.get_or_insert_with(|| self.registrations());
                ready = self.with_ends(registrations, &kevent, ready, found.additions);
            }
            if kevent.filter() == Filter::User {
                let registrations = registrations.get_or_insert_with(|| self.registrations());
                // What fails here fails again where a change asks.
                let _ = self.end_if_closed(registrations, &kevent);
            }
            if is_mixed && found.add(&kevent, ready, events) {
                continue;
            }
            if kevent.has(Flags::DISPATCH) {
                let registrations = registrations.get_or_insert_with(|| self.registrations());
                let fd = kevent.ident() as RawFd;
                let registration = registrations.get(fd);
                match registration.filter(|registration| registration.awaits(&kevent, ready)) {
                    Some(registration) => registration.is_asleep = true,
                    // Another thread tells of it, or it has gone.
                    None => continue,
                }
                found.asleep.push(Asleep { fd, at: events.len() });
            }
            if is_mixed {
                found.tell(&kevent, ready, events);
            } else {
                events.push(Event::new(kevent.token(), ready));
            }
        }
        if let Some(mut registrations) = registrations {
            self.put_to_sleep(&mut registrations, &found.asleep, events);
        }
    }

    /// What an edge tells, and the ends that were told of its descriptor before, which the
    /// other filter has found: who takes a short read for the last would never come to the
    /// end of the stream.
    ///
    /// An end that may be that of an earlier owner of the number is not told. The kernel is
    /// asked anew, so that it is if it is of the present one.
    fn with_ends(
        &self,
        registrations: &mut Table,
        kevent: &Kevent,
        ready: Readiness,
        additions: usize,
    ) -> Readiness {
        let fd = kevent.ident() as RawFd;
        let registration = registrations.get(fd);
        let Some(registration) =
            registration.filter(|registration| registration.token == kevent.token())
        else {
            return ready;
        };
        if kevent.has(Flags::EOF) && additions < registration.doubtful_before {
            if kevent.has(Flags::CLEAR) {
                let mut changes = Changes::new();
                registration.note(fd, Flags::DELETE, &mut changes);
                registration.note(fd, registration.flags(), &mut changes);
                self.queue.change_or_go_without(&mut changes);
            }
            return ready.within(Readiness::DIRECTIONS);
        }
        if !kevent.has(Flags::CLEAR) {
            return ready;
        }
        let before = registration.ends;
        registration.note_end(ready, kevent.has(Flags::EOF));
        self.count_ends(before, registration.ends);
        ready.with(registration.ends)
    }

    /// Whether some registration has an end to tell in later events.
    #[inline]
    fn are_any_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed) > 0
    }

    /// Notes that the ends of a registration were `before`, and are `after`.
    fn count_ends(&self, before: Readiness, after: Readiness) {
        match (before.is_empty(), after.is_empty()) {
            (true, false) => self.ended.fetch_add(1, Ordering::Relaxed),
            (false, true) => self.ended.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }

    /// Takes a registration out of the table.
    fn take(&self, registrations: &mut Table, fd: RawFd) -> Option<Registration> {
        let registration = registrations.take(fd)?;
        self.count_ends(registration.ends, Readiness::NONE);
        Some(registration)
    }

    /// Disables the filters of oneshot registrations that have not told, as others have. The
    /// kernel has disabled those that have.
    fn put_to_sleep(&self, registrations: &mut Table, asleep: &[Asleep], events: &Events) {
        let mut changes = Changes::new();
        for &Asleep { fd, at } in asleep {
            let told = events.ready_at(at);
            let Some(registration) = registrations.get(fd) else { continue };
            for (direction, filter) in registration.filters() {
                if !told.has(direction) {
                    changes.note(filter, fd as usize, Flags::DISABLE, registration.token);
                    if changes.are_full() {
                        self.queue.change_or_go_without(&mut changes);
                    }
                }
            }
        }
        self.queue.change_or_go_without(&mut changes);
    }

    /// Sees to what the kernel refused of an addition, so that all of it is there, or nothing.
    fn settle(
        &self,
        fd: RawFd,
        registration: &mut Registration,
        additions: impl Iterator<Item = (Filter, Result<(), Errno>)>,
    ) -> io::Result<()> {
        let mut refusal = None;
        for (filter, outcome) in additions {
            match outcome {
                Ok(()) => {}
                Err(error) if filter == Filter::Write && broken_pipe::is_refusal(fd, error) => {
                    registration.is_broken = true;
                }
                // It can have no urgent data, so there is nothing to wait for.
                #[cfg(kqueue_except)]
                Err(error) if filter == Filter::Except && is_refusal_of_kind(error) => {
                    registration.has_urgent_data = false;
                }
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        let settled = match refusal {
            Some(error) => Err(error.into()),
            None if registration.is_broken => self.stand_in(fd, *registration),
            None => return Ok(()),
        };
        if settled.is_err() {
            self.delete(fd, *registration)?;
        }
        settled
    }

    /// Deletes the filters of a registration; false if the kernel had deleted them.
    fn delete(&self, fd: RawFd, registration: Registration) -> io::Result<bool> {
        let mut changes = Changes::new();
        registration.note(fd, Flags::DELETE, &mut changes);
        self.queue.change(&mut changes)?;
        Ok(!is_gone(changes.outcomes()))
    }

    /// Whether the kernel still has the filters of a registration: it deletes them when their
    /// descriptor is closed.
    fn is_there(&self, fd: RawFd, registration: Registration) -> io::Result<bool> {
        if registration.is_broken && !self.is_still_broken(fd)? {
            return Ok(false);
        }
        if cfg!(omnipoll_libkqueue) {
            // It does not notice.
            return Ok(true);
        }
        let as_it_is = if registration.is_asleep { Flags::DISABLE } else { Flags::ENABLE };
        let mut changes = Changes::new();
        registration.note(fd, as_it_is, &mut changes);
        self.queue.change(&mut changes)?;
        Ok(!is_gone(changes.outcomes()))
    }

    /// Sleeps with `mask` until there is something to find; false if the time was over first.
    fn sleep_with(&self, mask: &SignalSet, timeout: Option<Duration>) -> io::Result<bool> {
        self.queue.check_is_here()?;
        match self.descriptor() {
            Some(queue) => {
                self.sleep_alone(timeout, |timeout| poll::wait_for_one(queue, timeout, Some(mask)))
            }
            None => Err(no_mask()),
        }
    }

    /// Whether an event is the one that ends a wait.
    #[inline]
    fn is_own(&self, kevent: &Kevent) -> bool {
        match &self.notifier {
            None => kevent.ident() == NOTIFIER,
            Some(notifier) => kevent.ident() == notifier.descriptor().as_raw_fd() as usize,
        }
    }

    /// Whether `fd` is one of the library's own, so that who names it names one that was
    /// closed.
    fn owns(&self, fd: RawFd) -> bool {
        self.queue.as_fd().as_raw_fd() == fd
            || self.notifier.as_ref().is_some_and(|notifier| notifier.is(fd))
    }

    fn registrations(&self) -> MutexGuard<'_, Table> {
        // Nothing in here panics while it is held.
        self.registrations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens what ends a wait: an event that the program triggers, or else a descriptor.
fn open_notifier(queue: &Queue) -> io::Result<Option<Notifier>> {
    let mut changes = Changes::new();
    changes.note(Filter::User, NOTIFIER, Flags::ADD.with(Flags::CLEAR), Token(0));
    queue.change(&mut changes)?;
    if changes.all().is_ok() {
        return Ok(None);
    }
    let notifier = Notifier::open()?;
    let mut changes = Changes::new();
    let fd = notifier.descriptor().as_raw_fd() as usize;
    changes.note(Filter::Read, fd, Flags::ADD.with(Flags::CLEAR), Token(0));
    queue.change(&mut changes)?;
    changes.all()?;
    Ok(Some(notifier))
}

/// Whether deletions, or other changes, show that the kernel has none of the filters.
fn is_gone(mut outcomes: impl Iterator<Item = (Filter, Result<(), Errno>)>) -> bool {
    outcomes.any(|(_, outcome)| matches!(outcome, Err(Errno::NOENT | Errno::BADF)))
}

/// Whether `error` says that the kernel does not wait for things of such a kind.
fn is_refusal_of_kind(error: Errno) -> bool {
    [Errno::INVAL, Errno::NODEV, Errno::OPNOTSUPP, Errno::NOTSUP].contains(&error)
}

fn readiness(kevent: &Kevent) -> Readiness {
    let (direction, end) = match kevent.filter() {
        Filter::Read => (Readiness::IN, Readiness::RDHUP),
        Filter::Write => (Readiness::OUT, Readiness::WRHUP),
        // What is triggered is a pipe without readers.
        Filter::User => return Readiness::OUT.with(Readiness::ERR),
        #[cfg(kqueue_except)]
        Filter::Except => return Readiness::PRI,
        #[cfg(kqueue_aio)]
        Filter::Aio => return Readiness::AIO,
        #[cfg(kqueue_lio)]
        Filter::Lio => return Readiness::LIO,
        Filter::Unknown => return Readiness::NONE,
    };
    let mut ready = direction;
    if kevent.has(Flags::EOF) {
        ready = ready.with(end);
    }
    if kevent.is_failure() {
        ready = ready.with(Readiness::ERR);
    }
    ready
}

/// Refuses what no system can be asked to refuse alike: a kqueue takes regular files, and
/// tells how far they are from their end.
fn refuse_never_waited_for(fd: RawFd) -> io::Result<()> {
    let status = rustix::fs::fstat(borrow(fd)?)?;
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile | FileType::Directory | FileType::BlockDevice => {
            Err(Errno::PERM.into())
        }
        _ => Ok(()),
    }
}

fn check(interest: Interest) -> io::Result<()> {
    refuse_exclusive(interest)?;
    if interest.is_priority() && !cfg!(kqueue_except) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system's kqueue does not tell of urgent data: the poll and select backends do",
        ));
    }
    if interest.directions().is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an asynchronous operation is not registered by a descriptor: its control block names \
             the kqueue, which is the descriptor of the registry, and the token",
        ));
    }
    Ok(())
}

#[cold]
fn no_mask() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "libkqueue has no descriptor to sleep on with a signal mask: take another backend",
    )
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::os::new_fd;

    const TOKEN: Token = Token(7);
    const READ: Interest = Interest::READABLE;

    fn own((ours, theirs): (UnixStream, UnixStream)) -> (OwnedFd, OwnedFd) {
        (ours.into(), theirs.into())
    }

    /// What one wait tells of `TOKEN`; each event by itself.
    fn wait(queue: &Kqueue) -> Vec<Readiness> {
        let mut events = Events::with_capacity(8);
        queue.wait(&mut events, NOT_AT_ALL, None).unwrap();
        assert!(events.iter().all(|event| event.token() == TOKEN), "{events:?}");
        (0..events.len()).map(|at| events.ready_at(at)).collect()
    }

    #[test]
    fn a_refusal_of_one_filter_leaves_nothing() {
        let queue = Kqueue::open().unwrap();
        let (reading, writing) = new_fd::pipe().unwrap();
        let fd = reading.as_raw_fd();
        let both = Interest::READABLE | Interest::WRITABLE;
        queue.add(fd, TOKEN, both.level(), Tells::Nothing).unwrap();
        rustix::io::write(&writing, b"x").unwrap();
        assert_eq!(wait(&queue).len(), 1);
        let mut registration = queue.registrations().take(fd).unwrap();
        let refused = [(Filter::Read, Ok(())), (Filter::Write, Err(Errno::NOMEM))];
        let settled = queue.settle(fd, &mut registration, refused.into_iter());
        assert_eq!(settled.unwrap_err().raw_os_error(), Some(libc::ENOMEM));
        assert_eq!(wait(&queue), []);
    }

    #[test]
    fn what_sleeps_is_not_told_by_whoever_found_the_other_filter() {
        let queue = Kqueue::open().unwrap();
        let (reading, writing) = new_fd::pipe().unwrap();
        let fd = reading.as_raw_fd();
        queue.add(fd, TOKEN, Interest::READABLE.oneshot(), Tells::Nothing).unwrap();
        rustix::io::write(&writing, b"x").unwrap();
        // Another thread was faster.
        queue.registrations().get(fd).unwrap().is_asleep = true;
        assert_eq!(wait(&queue), []);
        queue.modify(fd, TOKEN, Interest::READABLE.oneshot()).unwrap();
        assert_eq!(wait(&queue), [Readiness::IN]);
        assert_eq!(wait(&queue), []);
    }

    #[test]
    fn an_end_is_not_that_of_who_has_the_number_next() {
        let queue = Kqueue::open().unwrap();
        let mut events = Events::with_capacity(8);
        for interest in [READ, READ.level(), READ.oneshot()] {
            for next_has_ended in [false, true] {
                let (mut ours, theirs) = UnixStream::pair().map(own).unwrap();
                let fd = ours.as_raw_fd();
                queue.add(fd, TOKEN, interest, Tells::Nothing).unwrap();
                drop(theirs);
                let mut found = Found::default();
                let additions = queue.additions.load(Ordering::SeqCst);
                let look = |list: &mut Vec<Kevent>| queue.queue.wait(list, 8, NOT_AT_ALL);
                found.fill(additions, look).unwrap();

                queue.remove(fd).unwrap();
                let (next, theirs) = UnixStream::pair().map(own).unwrap();
                rustix::io::dup2(next, &mut ours).unwrap();
                queue.add(fd, TOKEN, interest, Tells::Nothing).unwrap();
                let theirs = Some(theirs).filter(|_| !next_has_ended);
                events.clear();
                queue.tell(&mut found, &mut events);
                assert_eq!(events.ready_at(0), Readiness::IN, "{interest:?}");

                if interest.is_oneshot() {
                    queue.modify(fd, TOKEN, interest).unwrap();
                }
                let expected: &[_] =
                    if next_has_ended { &[Readiness::IN.with(Readiness::RDHUP)] } else { &[] };
                assert_eq!(wait(&queue), expected, "{interest:?}");
                queue.remove(fd).unwrap();
                drop(theirs);
            }
        }
    }

    #[test]
    fn a_wake_up_that_fills_a_wait_hides_no_level() {
        let queue = Kqueue::open().unwrap();
        let (reading, writing) = new_fd::pipe().unwrap();
        queue.notify().unwrap();
        queue.add(reading.as_raw_fd(), TOKEN, READ.level(), Tells::Nothing).unwrap();
        rustix::io::write(&writing, b"x").unwrap();
        let mut events = Events::with_capacity(1);
        for _ in 0..4 {
            events.clear();
            queue.wait(&mut events, NOT_AT_ALL, None).unwrap();
            assert_eq!(events.len(), 1);
        }
    }

    #[test]
    fn all_who_sleep_learn_of_the_first_terminal() {
        const SLEEPERS: usize = 3;
        let queue = Arc::new(Kqueue::open().unwrap());
        let (outbox, inbox) = mpsc::channel();
        for _ in 0..SLEEPERS {
            let (queue, outbox) = (Arc::clone(&queue), outbox.clone());
            thread::spawn(move || {
                let mut events = Events::with_capacity(8);
                outbox.send(queue.wait(&mut events, None, None).is_ok()).unwrap();
            });
        }
        while queue.alone.load(Ordering::SeqCst) < SLEEPERS {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(20));
        // What is a terminal to a kernel that refuses it, and a queue that stays empty.
        let (terminal, _type_in) = new_fd::pipe().unwrap();
        let (empty, _fill) = new_fd::pipe().unwrap();
        let fd = terminal.as_raw_fd();
        let level = Interest::READABLE.level();
        queue.terminals.add(empty.as_fd(), fd, TOKEN, level, Tells::Nothing).unwrap();
        queue.notify().unwrap();
        for _ in 0..SLEEPERS {
            let has_learned = inbox.recv_timeout(Duration::from_secs(10));
            assert_eq!(has_learned, Ok(true), "one of them sleeps on");
        }
    }
}
