//! [io_uring(7)], as far as it waits for readiness: requests that poll a descriptor, and go
//! on doing so.
//!
//! An edge registration is one multishot request. A oneshot one is a request that completes
//! once. The kernel has no level request that deserves the name (`IORING_POLL_ADD_LEVEL`
//! passes over what is ready at the start), so a level registration is a multishot request
//! too.
//!
//! A completion says what was so when it was posted, or only what woke it up. For plain
//! edges that will do. All others are *doubtful*, and looked at with poll(2), many in one
//! call, as epoll looks inside; a level is so for as long as it lasts.
//!
//! What callers ask for waits in the queue for the next call, so that a thousand
//! registrations and a wait are one system call. One thread at a time, the *leader*, takes
//! the ring along into the kernel. While it is away, others leave what they ask for in
//! `later`, and call the leader, which submits it and waits on. Further threads that want to
//! wait *follow*: baton.rs.
//!
//! The first ring is for one thread. When another one must submit, because it waits, or
//! because it closes what the kernel holds, everything is asked for anew in a ring for all
//! ([`adopt`](IoUring::adopt)), once in the life of a poll. What is ready then is told again.
//!
//! # Which descriptors are in the ring
//!
//! A request holds the file open: while there is one, closing the descriptor ends no
//! connection. Sources of the library take their requests back before they close, at once
//! ([`let_go`](Mechanism::let_go)). In a ring for all, the kernel lets go of the file as soon
//! as the thread that asked runs, and not before. Raw descriptors are closed behind the
//! library's back, so they go by an epoll, which holds nothing, and is one more descriptor in
//! the ring. So does priority, since sockets say that they have some with each arrival; and so
//! does what may be a file, since epoll refuses what is never waited for.
//!
//! [io_uring(7)]: https://man7.org/linux/man-pages/man7/io_uring.7.html
#![allow(unsafe_code)]

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use self::registrations::Registrations;
use self::request::Request;
use self::ring::{Ring, Waited};
use self::tag::Tag;
use super::aside::aside;
use super::baton::{Baton, Led, Others};
use super::by_descriptor::ByDescriptor;
use super::epoll::{self, Epoll};
use super::notifier::Notifier;
use super::raw_fd::{is_refusal, not_watched};
use super::sync::{Mutex, MutexGuard};
use super::timeout::NOT_AT_ALL;
use super::{Capabilities, Mechanism, Support, Tells, Trigger, no_busy_poll};
use crate::event::{Events, Readiness};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

mod registrations;
mod request;
mod ring;
mod tag;
#[cfg(test)]
mod tests;

#[derive(Debug)]
pub(super) struct IoUring {
    shared: Mutex<Shared>,
    /// The ring's descriptor, wherever that is. Not within the lock, which in a forked child
    /// may be held by a thread that is not there.
    fd: AtomicI32,
    notifier: Notifier,
    /// Somebody wants the wait to end, rather than that the leader look at `later`.
    is_notified: AtomicBool,
    baton: Baton,
    /// For what is not in the ring; made when it is needed.
    epoll: OnceLock<Epoll>,
}

#[derive(Debug)]
struct Shared {
    /// Away while a leader is in the kernel.
    ring: Option<Box<Ring>>,
    /// Every thread can use it.
    is_for_all: bool,
    /// What the leader is to go on with.
    successor: Option<Box<Ring>>,
    registrations: Registrations,
    /// What the next leader is to ask for, since nobody else can, or this one when it comes back.
    later: Vec<Request>,
    /// Something is to be forgotten that the kernel has not heard of yet.
    has_forgets: bool,
    others: Others,
    /// The epoll may have something to tell.
    has_edges: bool,
    /// Descriptors that have been in the epoll.
    in_epoll: ByDescriptor<()>,
    /// Somebody sleeps on the ring's descriptor.
    is_eager: bool,
    busy_poll: Option<Duration>,
    waits: u32,
}

impl Mechanism for IoUring {
    fn open() -> io::Result<IoUring> {
        IoUring::with_ring(Ring::open()?)
    }

    fn add(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        let mut shared = self.shared();
        if shared.registrations.get(fd).is_some() {
            return Err(Errno::EXIST.into());
        }
        if self.owns(fd) {
            return Err(Errno::BADF.into());
        }
        if tells != Tells::AttemptsAndKind || goes_by_epoll(interest) {
            self.epoll(&mut shared)?.add(fd, token, interest, tells)?;
            shared.in_epoll.insert(fd, ());
            return Ok(None);
        }
        if shared.in_epoll.get(fd).is_some() {
            self.check_is_not_in_epoll(&mut shared, fd)?;
        }
        self.watch(&mut shared, fd, token, interest)?;
        Ok(None)
    }

    fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        let mut shared = self.shared();
        let Some(entry) = shared.registrations.get(fd) else {
            return self.opened_epoll(fd)?.modify(fd, token, interest);
        };
        let old = entry.forget(fd);
        if goes_by_epoll(interest) {
            self.epoll(&mut shared)?.add(fd, token, interest, Tells::Nothing)?;
            shared.in_epoll.insert(fd, ());
            shared.registrations.take(fd);
        } else {
            self.watch(&mut shared, fd, token, interest)?;
        }
        old.map_or(Ok(()), |old| self.ask(&mut shared, old))
    }

    fn remove(&self, fd: RawFd) -> io::Result<()> {
        let mut shared = self.shared();
        let Some(entry) = shared.registrations.take(fd) else {
            self.opened_epoll(fd)?.remove(fd)?;
            shared.in_epoll.take(fd);
            return Ok(());
        };
        entry.forget(fd).map_or(Ok(()), |request| self.ask(&mut shared, request))
    }

    fn holds_files(&self) -> bool {
        true
    }

    fn let_go(&self) -> io::Result<()> {
        let mut shared = self.shared();
        if !shared.has_forgets {
            return Ok(());
        }
        match &mut shared.ring {
            Some(ring) if ring.is_mine() => {
                ring.submit()?;
                shared.has_forgets = false;
                Ok(())
            }
            // The kernel has not heard of anything.
            Some(ring) if !ring.is_claimed() => Ok(()),
            // Nobody knows when its thread will wait again. To close it ends its requests.
            Some(_) => {
                let ring = self.adopt(&mut shared, Box::new(Ring::open_for_all()?));
                shared.ring = Some(ring);
                Ok(())
            }
            // The leader was called.
            None => Ok(()),
        }
    }

    fn busy_poll(&self, time: Duration) -> io::Result<()> {
        let mut shared = self.shared();
        if let Some(ring) = &mut shared.ring {
            ring.busy_poll(time).map_err(|_| no_busy_poll())?;
        }
        // Another ring is asked too.
        shared.busy_poll = Some(time);
        Ok(())
    }

    fn end(&self) {
        if let Some(ring) = self.shared().ring.as_mut().filter(|ring| ring.is_mine()) {
            // If it fails, the kernel does it a little later.
            let _ = ring.forget_all().and_then(|()| ring.submit());
        }
    }

    fn rearm(&self, _: RawFd, _: Readiness) -> io::Result<()> {
        // The kernel sees the I/O itself.
        Ok(())
    }

    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        let mut shared = self.shared();
        if timeout == NOT_AT_ALL {
            return self.look_in(shared, events, mask);
        }
        // Who only looks goes first.
        if !shared.others.are_looking() {
            if let Some(ring) = shared.ring.take() {
                return self.lead(shared, ring, events, timeout, mask);
            }
        }
        self.follow(shared, events, timeout, mask)
    }

    #[inline]
    fn may_end_early(&self) -> bool {
        // A follower leads for a moment, and finds nothing perhaps.
        self.baton.is_in_use()
    }

    fn notify(&self) -> io::Result<()> {
        self.is_notified.store(true, Ordering::SeqCst);
        self.notifier.notify()
    }

    fn reserved(&self) -> Option<Token> {
        Some(epoll::reserved())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        let fd = self.fd.load(Ordering::SeqCst);
        // SAFETY: It is a ring's, and not below zero. Before it is lent, the ring is made one
        // for all threads, and such a one is closed when this value is dropped, and not
        // before: a leader that has taken it along borrows this value.
        Some(unsafe { BorrowedFd::borrow_raw(fd) })
    }

    fn lend(&self) -> io::Result<()> {
        let mut shared = self.shared();
        if shared.is_eager {
            return Ok(());
        }
        if !shared.is_for_all {
            let ring = Box::new(Ring::open_for_all()?);
            if shared.ring.is_some() {
                let ring = self.adopt(&mut shared, ring);
                shared.ring = Some(ring);
            } else {
                self.fd.store(ring.as_raw_fd(), Ordering::SeqCst);
                shared.successor = Some(ring);
                shared.others.call_leader(&self.notifier)?;
            }
        }
        shared.is_eager = true;
        shared.be_readable()
    }

    fn capabilities(&self) -> Capabilities {
        let has_epoll =
            self.epoll.get().is_some() || !Epoll::open().is_err_and(|error| is_refusal(&error));
        let by_epoll = |support| if has_epoll { support } else { Support::Absent };
        Capabilities {
            edge: Support::Native,
            raw_edge: by_epoll(Support::Emulated),
            level: Support::Emulated,
            oneshot: Support::Native,
            exclusive: by_epoll(Support::Native),
            priority: by_epoll(Support::Native),
            hang_up: Support::Native,
            sub_millisecond: Support::Native,
            short_read_drains: Support::Native,
            signal_mask: Support::Native,
            descriptor: Support::Native,
            spin: Support::Emulated,
            busy_poll: Support::native_if(can_busy_poll()),
        }
    }
}

impl IoUring {
    fn with_ring(mut ring: Ring) -> io::Result<IoUring> {
        let notifier = Notifier::open()?;
        if ring.is_claimed() {
            Request::watch_notifier(&notifier).make(&mut ring)?;
        }
        let fd = AtomicI32::new(ring.as_raw_fd());
        let shared = Shared {
            is_for_all: ring.is_for_all(),
            successor: None,
            ring: Some(Box::new(ring)),
            registrations: Registrations::new(),
            later: Vec::new(),
            has_forgets: false,
            others: Others::default(),
            has_edges: false,
            in_epoll: ByDescriptor::new(),
            is_eager: false,
            busy_poll: None,
            waits: 0,
        };
        Ok(IoUring {
            shared: Mutex::new(shared),
            fd,
            notifier,
            is_notified: AtomicBool::new(false),
            baton: Baton::new(),
            epoll: OnceLock::new(),
        })
    }

    /// Waits in the kernel, for all threads.
    fn lead<'a>(
        &'a self,
        mut shared: MutexGuard<'a, Shared>,
        mut ring: Box<Ring>,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        shared.waits = shared.waits.wrapping_add(1).max(1);
        let mut deadline = None;
        let mut left = timeout;
        let result = loop {
            match self.prepare(&mut shared, &mut ring, events, left) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break Ok(()),
                Err(error) => break Err(error),
            }
            // The clock is read only where the wait will take its time anyway.
            if let (None, Some(timeout), false) = (deadline, left, ring.has_more()) {
                deadline = Instant::now().checked_add(timeout);
            }
            shared.has_forgets = false;
            drop(shared);
            let waited = ring.submit_and_wait(left, mask);
            shared = self.shared();
            let looked = self.look(&mut shared, &mut ring, events);
            // A notification is for who sleeps: where there are events, it is left to the next.
            let is_over =
                !events.is_empty() || shared.others.are_looking() || self.take_notification();
            match (waited, looked) {
                (_, Ok(())) if is_over => break Ok(()),
                (Ok(Waited::TimeOver), Ok(())) => break Ok(()),
                (Ok(Waited::Woken), Ok(())) => {}
                (Err(error), _) | (_, Err(error)) => break Err(error),
            }
            if let Some(deadline) = deadline {
                left = Some(deadline.saturating_duration_since(Instant::now()));
            }
        };
        let home = self.come_home(&mut shared, ring);
        // What was found is not to be lost; what failed will fail again.
        if events.is_empty() { result.and(home) } else { Ok(()) }
    }

    /// Does what needs no waiting; breaks if that is all.
    fn prepare(
        &self,
        shared: &mut Shared,
        ring: &mut Box<Ring>,
        events: &mut Events,
        left: Option<Duration>,
    ) -> io::Result<ControlFlow<()>> {
        let may_wait = left != NOT_AT_ALL;
        if !shared.is_settled() || !ring.is_mine() {
            self.settle(shared, ring)?;
        }
        if ring.has_requests() {
            if may_wait && !ring.has_completions() && !shared.has_more() && !self.is_notified() {
                return Ok(ControlFlow::Continue(()));
            }
            ring.submit()?;
            shared.has_forgets = false;
        }
        if ring.has_completions() || shared.has_more() {
            self.look(shared, ring, events)?;
        }
        // Also beside other events, of which there may be some in each wait.
        while shared.registrations.ask_again(ring)? && events.is_empty() {
            ring.submit()?;
            self.look(shared, ring, events)?;
        }
        if events.is_empty() && !may_wait {
            // The kernel may have to do something in this thread before it can tell.
            ring.submit()?;
            self.look(shared, ring, events)?;
        }
        let is_over = !may_wait || !events.is_empty() || self.take_notification();
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Brings the ring up to date with what others have left, and makes it one that this
    /// thread can use.
    #[cold]
    fn settle(&self, shared: &mut Shared, ring: &mut Box<Ring>) -> io::Result<()> {
        if let Some(successor) = shared.successor.take() {
            // Its descriptor was lent while this one was away.
            *ring = self.adopt(shared, successor);
        }
        if !ring.is_claimed() && ring.claim().is_ok() {
            self.ask_for_all(shared, ring)?;
        } else if !ring.is_mine() {
            *ring = self.adopt(shared, Box::new(Ring::open_for_all()?));
        }
        shared.pass_on_later(ring)
    }

    /// Waits for the baton, and leads for a moment when it comes.
    fn follow<'a>(
        &'a self,
        shared: MutexGuard<'a, Shared>,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        // How much of the time is left, the caller knows: it waits again.
        let (shared, passed) = self.baton.follow(shared, || self.shared(), timeout, mask)?;
        // Another one was faster, and leads for this one too. To call it back would have it
        // pass the baton, whose taker calls the next one back, and so on.
        if passed && shared.ring.is_none() {
            return Ok(());
        }
        self.look_in(shared, events, mask)
    }

    /// Leads for a moment, and calls the leader back for that, if there is one.
    fn look_in<'a>(
        &'a self,
        mut shared: MutexGuard<'a, Shared>,
        events: &mut Events,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        if shared.ring.is_none() {
            shared.others.call_leader(&self.notifier)?;
            shared = self.baton.look(shared);
        }
        match shared.ring.take() {
            Some(ring) => self.lead(shared, ring, events, NOT_AT_ALL, mask),
            None => Ok(()),
        }
    }

    /// Puts the ring back, and has another thread take it along.
    fn come_home(&self, shared: &mut Shared, mut ring: Box<Ring>) -> io::Result<()> {
        let mut settled = Ok(());
        if !shared.is_settled() {
            settled = self.settle(shared, &mut ring);
        }
        if shared.has_forgets {
            // Who has closed something in the meantime counts on it, and nobody may wait now.
            settled = settled.and_then(|()| ring.submit());
            shared.has_forgets = settled.is_err();
        }
        shared.ring = Some(ring);
        if shared.is_eager {
            settled = settled.and(shared.be_readable());
        }
        let passed = self.baton.pass(&shared.others);
        settled.and(passed)
    }

    /// Asks `ring` for all that is asked for, in place of the one that there was.
    fn adopt(&self, shared: &mut Shared, mut ring: Box<Ring>) -> Box<Ring> {
        if let Some(time) = shared.busy_poll {
            // The first ring took it, so that this one fails only for want of memory. To be
            // told a little later is better than to lose a ring whose descriptor is lent.
            let _ = ring.busy_poll(time);
        }
        // If it fails, the next wait goes on with it, and tells.
        let _ = self.ask_for_all(shared, &mut ring);
        shared.is_for_all = ring.is_for_all();
        self.fd.store(ring.as_raw_fd(), Ordering::SeqCst);
        ring
    }

    /// Puts into the queue of `ring`, which has been asked for nothing, all that there is to
    /// ask for.
    fn ask_for_all(&self, shared: &mut Shared, ring: &mut Ring) -> io::Result<()> {
        shared.later.clear();
        shared.later.push(Request::watch_notifier(&self.notifier));
        shared.later.extend(self.epoll.get().map(Request::watch_epoll));
        shared.later.extend(shared.registrations.requests());
        shared.has_forgets = false;
        shared.pass_on_later(ring)
    }

    /// Turns into events what has come.
    fn look(&self, shared: &mut Shared, ring: &mut Ring, events: &mut Events) -> io::Result<()> {
        // Who goes first changes, so that each gets its turn where there is little room.
        let first = shared.waits % 3;
        if first == 1 {
            self.take_edges(shared, events)?;
        } else if first == 2 {
            shared.look_closer(events)?;
        }
        let before = (shared.has_edges, shared.registrations.doubtful());
        self.take_completions(shared, ring, events)?;
        // A batch may be made of wake-ups that tell nothing. But the kernel sets the flag after
        // it has added the work, which may be done by then, and the flag stays: as of 6.18.
        let mut silent = shared.registrations.silent_batches();
        while events.room() > 0 && silent > 0 && ring.has_more() {
            ring.submit()?;
            silent -= usize::from(!ring.has_completions());
            self.take_completions(shared, ring, events)?;
        }
        if first != 1 || shared.has_edges != before.0 {
            self.take_edges(shared, events)?;
        }
        if first != 2 || shared.registrations.doubtful() != before.1 {
            shared.look_closer(events)?;
        }
        Ok(())
    }

    fn take_completions(
        &self,
        shared: &mut Shared,
        ring: &mut Ring,
        events: &mut Events,
    ) -> io::Result<()> {
        if events.room() == 0 {
            return Ok(());
        }
        ring.take(|completion| {
            match completion.tag {
                Tag::Nothing => {}
                Tag::Notifier if completion.has_more => {}
                Tag::Notifier => shared.later.push(Request::watch_notifier(&self.notifier)),
                Tag::Epoll => {
                    shared.has_edges = true;
                    if let (false, Some(epoll)) = (completion.has_more, self.epoll.get()) {
                        shared.later.push(Request::watch_epoll(epoll));
                    }
                }
                Tag::Registration(fd, generation) => {
                    let wait = shared.waits;
                    shared.registrations.report(fd, generation, completion, wait, events);
                }
            }
            events.room() > 0
        })?;
        shared.pass_on_later(ring)
    }

    /// Asks the epoll, if it may have something to tell.
    #[inline]
    fn take_edges(&self, shared: &mut Shared, events: &mut Events) -> io::Result<()> {
        match self.epoll.get() {
            Some(epoll) if shared.has_edges && events.room() > 0 => shared.take_from(epoll, events),
            _ => Ok(()),
        }
    }

    /// The epoll for what is not in the ring, which from the first call on is watched.
    fn epoll(&self, shared: &mut Shared) -> io::Result<&Epoll> {
        if let Some(epoll) = self.epoll.get() {
            return Ok(epoll);
        }
        let epoll = Epoll::open().map_err(no_epoll)?;
        self.ask(shared, Request::watch_epoll(&epoll))?;
        Ok(self.epoll.get_or_init(|| epoll))
    }

    /// The epoll, if there is one; else what it would say of a descriptor that it has not.
    fn opened_epoll(&self, fd: RawFd) -> io::Result<&Epoll> {
        self.epoll.get().ok_or_else(|| not_watched(fd))
    }

    /// Makes a registration, in place of the one that is there.
    fn watch(
        &self,
        shared: &mut Shared,
        fd: RawFd,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let entry = shared.registrations.entry(token, interest);
        self.ask(shared, entry.watch(fd))?;
        shared.registrations.insert(fd, entry);
        Ok(())
    }

    /// Whether `fd` is one of the library's own, so that who names it names one that was
    /// closed.
    fn owns(&self, fd: RawFd) -> bool {
        fd == self.fd.load(Ordering::SeqCst)
            || fd == self.notifier.descriptor().as_raw_fd()
            || self.baton.is(fd)
    }

    /// Fails with `AlreadyExists` if `fd` is in the epoll.
    fn check_is_not_in_epoll(&self, shared: &mut Shared, fd: RawFd) -> io::Result<()> {
        let epoll = self.epoll(shared)?;
        epoll.add(fd, Token(0), Interest::PRIORITY, Tells::Nothing)?;
        epoll.remove(fd)?;
        shared.in_epoll.take(fd);
        Ok(())
    }

    /// Puts a request into the queue, or leaves it for who can.
    fn ask(&self, shared: &mut Shared, request: Request) -> io::Result<()> {
        shared.has_forgets |= matches!(request, Request::Forget(..));
        match &mut shared.ring {
            Some(ring) if ring.is_mine() => {
                request.make(ring)?;
                if shared.is_eager { ring.submit() } else { Ok(()) }
            }
            // Who waits first asks for all that there is by then.
            Some(ring) if !ring.is_claimed() => Ok(()),
            Some(_) => {
                shared.leave_for_later(request);
                Ok(())
            }
            None => {
                shared.leave_for_later(request);
                shared.others.call_leader(&self.notifier)
            }
        }
    }

    /// Whether somebody wants the wait to end.
    fn is_notified(&self) -> bool {
        self.is_notified.load(Ordering::SeqCst)
    }

    fn take_notification(&self) -> bool {
        // To read costs less, and most of the time it is all.
        self.is_notified() && self.is_notified.swap(false, Ordering::SeqCst)
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // Nothing in here panics while it is held.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Led for Shared {
    fn others(&mut self) -> &mut Others {
        &mut self.others
    }

    fn is_home(&self) -> bool {
        self.ring.is_some()
    }
}

impl Shared {
    /// Leaves a request for who can submit it. Since that may take its time, what would be
    /// forgotten before the kernel has heard of it is left out.
    fn leave_for_later(&mut self, request: Request) {
        if self.later.len() == self.later.capacity() {
            let mut unheard = BTreeSet::new();
            self.later.retain(|request| match *request {
                Request::Watch(fd, _, generation) => {
                    let is_current = self.registrations.is_current(fd, generation);
                    if !is_current {
                        unheard.insert(generation);
                    }
                    is_current
                }
                Request::Forget(_, generation) => !unheard.contains(&generation),
                Request::WatchOwn(..) => true,
            });
            self.later.reserve(self.later.len().max(64));
        }
        self.later.push(request);
    }

    /// Whether others have left nothing for the leader.
    #[inline]
    fn is_settled(&self) -> bool {
        self.later.is_empty() && self.successor.is_none() && !self.others.have_called()
    }

    /// Puts into the queue what others have left for the leader. What fails stays where it is.
    fn pass_on_later(&mut self, ring: &mut Ring) -> io::Result<()> {
        self.others.have_leader();
        if self.later.is_empty() {
            return Ok(());
        }
        let mut made = 0;
        let result = self.later.iter().try_for_each(|request| {
            request.make(ring)?;
            made += 1;
            Ok(())
        });
        self.later.drain(..made);
        result
    }

    /// Whether a look may find something that the ring does not show.
    fn has_more(&self) -> bool {
        self.has_edges || self.registrations.has_more()
    }

    #[inline]
    fn look_closer(&mut self, events: &mut Events) -> io::Result<()> {
        if self.registrations.doubtful() == 0 {
            return Ok(());
        }
        self.registrations.look_closer(self.waits, events)
    }

    fn take_from(&mut self, epoll: &Epoll, events: &mut Events) -> io::Result<()> {
        let before = events.len();
        loop {
            match epoll.wait(events, Some(Duration::ZERO), None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        }
        // Levels stay, and there may be more than there was room for.
        self.has_edges = events.len() > before;
        Ok(())
    }

    /// Makes the ring's descriptor readable if there is something to tell, and has the
    /// kernel watch what it is to watch, since nobody may wait.
    fn be_readable(&mut self) -> io::Result<()> {
        let has_more = self.has_more();
        let Some(ring) = &mut self.ring else { return Ok(()) };
        if has_more && !ring.has_completions() {
            ring.complete_nothing()?;
        }
        ring.submit_if_any()
    }
}

/// Whether the kernel has it: a small ring is asked.
fn can_busy_poll() -> bool {
    // To ask takes a ring; the answer stays.
    static ANSWER: OnceLock<bool> = OnceLock::new();
    let ask = || {
        let mut ring = Ring::with_sizes(1, 1).ok()?;
        Some(*ANSWER.get_or_init(|| ring.busy_poll(Duration::ZERO).is_ok()))
    };
    ANSWER.get().copied().or_else(|| aside(ask)).unwrap_or(false)
}

/// Whether only epoll has what `interest` asks for.
fn goes_by_epoll(interest: Interest) -> bool {
    // A request ends when the peer stops writing, whether that was asked for or not; who only
    // writes would ask again and again.
    let is_ended_by_peer = interest.is_oneshot() && !interest.is_readable();
    interest.is_priority() || interest.is_exclusive() || is_ended_by_peer
}

/// Says what cannot be had without an epoll, if `error` says that there is none.
fn no_epoll(error: io::Error) -> io::Error {
    if !is_refusal(&error) {
        return error;
    }
    io::Error::new(
        io::ErrorKind::Unsupported,
        "under io_uring, raw descriptors, priority and exclusive take an epoll of the library's \
         own, which this system refuses: register the types of this crate",
    )
}
