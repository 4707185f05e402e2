//! What poll(2) and select(2) lack: a memory between calls, and more than one thread.
//!
//! The kernel call is made by one thread at a time, the *leader*, which takes the call's
//! descriptor set along and leaves the lock. While it is in the kernel, other threads
//! change only the entries, note the descriptor as dirty, and notify the leader, which
//! brings its set up to date and waits on; none of them has to wait for it. What the call
//! found for a dirty descriptor is thrown away, since levels are found again: this is what
//! makes deregistration a barrier.
//!
//! Further threads that want to wait *follow*: each sleeps on the baton, a descriptor that
//! the leader makes readable when it leaves. They sleep in ppoll(2) too, so that
//! timeouts, signals and masks are the same for them. Who has no time, or whose time is over,
//! calls the leader back and *looks* in its place: a level is told to every wait.

use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::baton::{Baton, Led, Others};
use super::by_descriptor::ByDescriptor;
use super::kernel_edges::KernelEdges;
use super::notifier::Notifier;
use super::raw_descriptor::{
    Kind, already_watched, check_is_open, is_refusal, kind_of, never_waited_for, not_open,
    not_watched,
};
use super::sync::{Mutex, MutexGuard};
use super::timeout::NOT_AT_ALL;
use super::told::Told;
use super::{Backend, Capabilities, Mechanism, Outcome, Support, Tells, Trigger, refuse_exclusive};
use crate::event::{Events, Readiness};
use crate::os::{self, BorrowedDescriptor, RawDescriptor};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

/// A kernel call that waits for the levels of a set of descriptors.
pub(super) trait StatelessCall: Send {
    const BACKEND: Backend;

    /// Whether it tells errors and hang-ups apart from plain readiness.
    const HANG_UP: Support;

    /// How it comes by timeouts under a millisecond, and by a signal mask.
    const SUB_MILLISECOND: Support;
    const SIGNAL_MASK: Support;

    /// Whether nothing may be closed that the call looks at.
    const HOLDS_FILES: bool = false;

    /// The lowest number of a descriptor that it cannot watch.
    const LIMIT: usize = usize::MAX;

    fn open() -> io::Result<Self>
    where
        Self: Sized;

    /// Its own descriptor, if it has one.
    fn descriptor(&self) -> Option<RawDescriptor> {
        None
    }

    /// Watches `fd` for `directions`; for none of them, it keeps a place for it.
    fn watch(&mut self, fd: RawDescriptor, directions: Readiness);

    /// Takes `fd` out of the set.
    fn forget(&mut self, fd: RawDescriptor);

    /// Waits, and says how much was found, in a measure of its own; 0 is nothing. There is
    /// `room` to tell of so many.
    fn call(
        &mut self,
        room: usize,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<usize>;

    /// Shows what the call found, until `visit` breaks. The next time it begins there.
    fn visit(&mut self, found: usize, visit: impl FnMut(RawDescriptor, Found) -> ControlFlow<()>);
}

/// What a call found of one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Ready(Readiness),
    /// It is not open.
    NotOpen,
}

/// A backend made of a call that has no memory.
#[derive(Debug)]
pub(crate) struct Stateless<C> {
    shared: Mutex<Shared<C>>,
    notifier: Notifier,
    /// That of the call.
    descriptor: Option<RawDescriptor>,
    baton: Baton,
    /// Open from the start, since it is needed most where no descriptor is left: a listener
    /// that cannot accept stays ready. In the set it is once it is used. None in a sandbox
    /// that refuses epoll.
    edges: Option<KernelEdges>,
}

#[derive(Debug)]
struct Shared<C> {
    /// Away while a leader is in the kernel.
    call: Option<C>,
    entries: ByDescriptor<Entry>,
    /// Edge registrations that were reported since the last wait began.
    fired: Vec<RawDescriptor>,
    /// What the set does not show yet.
    dirty: Vec<RawDescriptor>,
    /// The descriptor of the kernel's edges, once that is in the set.
    edges: Option<RawDescriptor>,
    others: Others,
    /// How many calls have found something, save for what ran over.
    reports: u32,
}

#[derive(Debug)]
struct Entry {
    token: Token,
    interest: Interest,
    place: Place,
    /// What the source tells; none for a raw descriptor.
    trigger: Option<Arc<Trigger>>,
    /// The leader's set does not show it as it is.
    is_dirty: bool,
    /// The kernel's edges tell of its end, as they do not sleep.
    has_end_watched: bool,
    told: Told,
}

/// Who watches a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The call's set.
    Set,
    /// The kernel's edges.
    Edges,
    /// Nobody: a oneshot registration that has fired.
    Asleep,
    /// Nobody, for good: the descriptor is not open.
    Gone,
}

impl<C: StatelessCall> Mechanism for Stateless<C> {
    fn open() -> io::Result<Self> {
        let notifier = Notifier::open()?;
        let edges = match KernelEdges::open() {
            Err(error) if is_refusal(&error) => None,
            result => Some(result?),
        };
        for own in [Some(notifier.descriptor()), edges.as_ref().map(KernelEdges::descriptor)] {
            own.map_or(Ok(()), |own| refuse_too_high::<C>(os::raw(&own)))?;
        }
        let mut call = C::open()?;
        let descriptor = call.descriptor();
        call.watch(os::raw(&notifier.descriptor()), Readiness::IN);
        let shared = Shared {
            call: Some(call),
            entries: ByDescriptor::new(),
            fired: Vec::new(),
            dirty: Vec::new(),
            edges: None,
            others: Others::default(),
            reports: 0,
        };
        let (shared, baton) = (Mutex::new(shared), Baton::new());
        Ok(Stateless { shared, notifier, descriptor, baton, edges })
    }

    fn add(
        &self,
        fd: RawDescriptor,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        refuse_exclusive(interest)?;
        let mut shared = self.shared();
        if self.owns(fd) {
            return Err(not_open());
        }
        self.make_way(&mut shared, fd)?;
        refuse_too_high::<C>(fd)?;
        let place = match tells {
            Tells::Attempts | Tells::AttemptsAndKind => {
                self.refuse_never_waited_for(&mut shared, fd)?;
                Place::Set
            }
            Tells::Nothing => self.place_raw(&mut shared, fd, interest)?,
        };
        let trigger = match (tells, &self.edges) {
            (Tells::Nothing, _) => None,
            (_, Some(_)) => Some(Arc::default()),
            (_, None) => Some(Arc::new(Trigger::of_levels_alone())),
        };
        shared.entries.insert(fd, Entry::new(token, interest, place, trigger.clone()));
        self.refresh(&mut shared, fd)?;
        Ok(trigger)
    }

    fn modify(&self, fd: RawDescriptor, token: Token, interest: Interest) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let mut shared = self.shared();
        let entry = shared.entries.get(fd).filter(|entry| entry.place != Place::Gone);
        let entry = entry.ok_or_else(|| not_watched(fd))?;
        let mut place = Place::Set;
        if let Some(trigger) = &entry.trigger {
            if entry.is_with_edges() {
                self.leave_edges(fd)?;
            }
            trigger.reset();
        } else if interest.is_edge() {
            if self.edges.is_none() {
                return Err(no_edges(C::BACKEND));
            }
            place = Place::Edges;
            self.change_edges(fd, interest.directions())?;
        } else {
            self.change_edges(fd, Readiness::NONE)?;
        }
        *entry = Entry::new(token, interest, place, entry.trigger.take());
        self.refresh(&mut shared, fd)
    }

    fn remove(&self, fd: RawDescriptor) -> io::Result<()> {
        let mut shared = self.shared();
        let entry = shared.entries.take(fd).ok_or_else(|| not_watched(fd))?;
        self.refresh(&mut shared, fd)?;
        // Of what was closed nothing is left either, and the caller learns of it as from epoll.
        if entry.place == Place::Gone {
            Err(not_watched(fd))
        } else if entry.is_with_edges() {
            self.leave_edges(fd)
        } else {
            Ok(())
        }
    }

    fn holds_files(&self) -> bool {
        C::HOLDS_FILES
    }

    fn let_go(&self) -> io::Result<()> {
        let mut shared = self.shared();
        if shared.call.is_none() {
            shared.others.call_leader(&self.notifier)?;
            shared = self.baton.look(shared);
            self.baton.pass(&shared.others)?;
        }
        Ok(())
    }

    fn rearm(&self, fd: RawDescriptor, directions: Readiness) -> io::Result<()> {
        let mut shared = self.shared();
        let entry = shared.entries.get(fd).ok_or_else(|| not_watched(fd))?;
        if let Some(trigger) = &entry.trigger {
            // For those who say it without having tried.
            trigger.tried(directions, Outcome::Moved);
        }
        match entry.place {
            // The kernel sees the I/O itself.
            Place::Edges => Ok(()),
            Place::Set => {
                self.hand_over_if_marked(&mut shared, fd)?;
                self.refresh(&mut shared, fd)
            }
            Place::Asleep | Place::Gone => Ok(()),
        }
    }

    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        let shared = self.shared();
        if timeout == NOT_AT_ALL {
            self.look(shared, events, mask)
        } else if shared.call.is_some() && !shared.others.are_looking() {
            // Who only looks goes first.
            self.lead(shared, events, timeout, mask)
        } else {
            self.follow(shared, events, timeout, mask)
        }
    }

    #[inline]
    fn may_end_early(&self) -> bool {
        // A change from another thread makes the leader look again.
        true
    }

    fn notify(&self) -> io::Result<()> {
        self.notifier.notify()
    }

    fn reserved(&self) -> Option<Token> {
        None
    }

    fn capabilities(&self) -> Capabilities {
        let has_edges = self.edges.is_some();
        Capabilities {
            edge: Support::Emulated,
            raw_edge: if has_edges { Support::Emulated } else { Support::Absent },
            level: Support::Native,
            oneshot: Support::Emulated,
            exclusive: Support::Absent,
            priority: Support::Native,
            hang_up: C::HANG_UP,
            sub_millisecond: C::SUB_MILLISECOND,
            short_read_drains: Support::Native,
            signal_mask: C::SIGNAL_MASK,
            descriptor: Support::Absent,
            spin: Support::Emulated,
            busy_poll: Support::Absent,
        }
    }
}

impl<C: StatelessCall> Stateless<C> {
    /// Makes the call, if no other thread is at it.
    fn lead(
        &self,
        mut shared: MutexGuard<'_, Shared<C>>,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        self.settle_fired(&mut shared)?;
        let Some(mut call) = shared.call.take() else {
            return Ok(());
        };
        shared.others.have_leader();
        drop(shared);

        let result = call.call(events.room(), timeout, mask);

        let mut shared = self.shared();
        if let Ok(found @ 1..) = result {
            self.report(&mut shared, &mut call, found, events);
        }
        shared.call = Some(call);
        shared.clean();
        self.baton.pass(&shared.others)?;
        result.map(|_| ())
    }

    /// Waits for the baton, and leads for a moment when it comes.
    fn follow<'a>(
        &'a self,
        shared: MutexGuard<'a, Shared<C>>,
        events: &mut Events,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        let (shared, is_passed) = self.baton.follow(shared, || self.shared(), timeout, mask)?;
        if !is_passed {
            return self.look(shared, events, mask);
        }
        // How much of the time is left, the caller knows: it waits again.
        self.lead(shared, events, NOT_AT_ALL, mask)
    }

    /// Leads for a moment, and calls the leader back for that, if there is one.
    fn look(
        &self,
        mut shared: MutexGuard<'_, Shared<C>>,
        events: &mut Events,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        if shared.call.is_none() {
            shared.others.call_leader(&self.notifier)?;
            shared = self.baton.look(shared);
        }
        self.lead(shared, events, NOT_AT_ALL, mask)
    }

    /// Turns what the call found into events.
    fn report(&self, shared: &mut Shared<C>, call: &mut C, found: usize, events: &mut Events) {
        let notifier = os::raw(&self.notifier.descriptor());
        shared.reports = shared.reports.wrapping_add(1);
        call.visit(found, |fd, found| {
            if fd == notifier {
                self.notifier.drain();
            } else if events.room() == 0 {
                return ControlFlow::Break(());
            } else if Some(fd) == shared.edges {
                if let Some(edges) = &self.edges {
                    // It fails only if it was closed behind the library's back.
                    let _ = edges.collect(events.room(), |fd, ready| {
                        shared.report_edge(fd, ready, events);
                    });
                }
            } else {
                shared.report_level(fd, found, events);
            }
            ControlFlow::Continue(())
        });
    }

    /// Sends to sleep what was reported before this wait and not tried since.
    fn settle_fired(&self, shared: &mut Shared<C>) -> io::Result<()> {
        while let Some(fd) = shared.fired.pop() {
            let has_changed = shared.entries.get(fd).is_some_and(|entry| {
                entry.place == Place::Set
                    && entry.trigger.as_ref().is_some_and(|trigger| trigger.settle())
            });
            if has_changed {
                self.watch_end(shared, fd)?;
                self.hand_over_if_marked(shared, fd)?;
                self.refresh(shared, fd)?;
            }
        }
        Ok(())
    }

    /// Has the kernel's edges tell of the end of a registration that falls asleep.
    ///
    /// A caller that waits for the peer to close need not try any I/O for that, and epoll
    /// tells it all the same.
    fn watch_end(&self, shared: &mut Shared<C>, fd: RawDescriptor) -> io::Result<()> {
        let Some(entry) = shared.entries.get(fd).filter(|entry| !entry.has_end_watched) else {
            return Ok(());
        };
        // Who only writes hears of no peer that has stopped writing.
        let end = if entry.interest.is_readable() { Readiness::RDHUP } else { Readiness::HUP };
        // Where there are none, the next attempt tells.
        let edges = self.edges(shared)?;
        let is_watched = edges.is_some_and(|edges| edges.add(fd, end).is_ok());
        if let Some(entry) = shared.entries.get(fd) {
            entry.has_end_watched = is_watched;
        }
        Ok(())
    }

    /// Hands a registration to the kernel's edges, if it is marked for them and owed an
    /// event.
    fn hand_over_if_marked(&self, shared: &mut Shared<C>, fd: RawDescriptor) -> io::Result<()> {
        let Some(entry) = shared.entries.get(fd) else {
            return Ok(());
        };
        let directions = entry.interest.directions();
        let is_due = entry.trigger.as_ref().is_some_and(|trigger| {
            entry.interest.is_edge()
                && trigger.is_by_kernel()
                && !directions.without(trigger.asleep()).is_empty()
        });
        let has_end_watched = entry.has_end_watched;
        let hand_over = |edges: &KernelEdges| {
            if has_end_watched { edges.modify(fd, directions) } else { edges.add(fd, directions) }
        };
        // Where there are none, levels must do.
        if !is_due || self.edges(shared)?.is_none_or(|edges| hand_over(edges).is_err()) {
            return Ok(());
        }
        if let Some(entry) = shared.entries.get(fd) {
            entry.place = Place::Edges;
            if let Some(trigger) = &entry.trigger {
                trigger.reset();
            }
        }
        Ok(())
    }

    /// Brings the set up to date, or has the leader do it.
    fn refresh(&self, shared: &mut Shared<C>, fd: RawDescriptor) -> io::Result<()> {
        if let Some(entry) = shared.entries.get(fd) {
            entry.is_dirty = true;
        }
        shared.dirty.push(fd);
        if shared.call.is_some() {
            shared.clean();
            return Ok(());
        }
        shared.others.call_leader(&self.notifier)
    }

    /// Removes what is left of an earlier owner of the number `fd`; fails if its
    /// registration is alive.
    fn make_way(&self, shared: &mut Shared<C>, fd: RawDescriptor) -> io::Result<()> {
        let Some(entry) = shared.entries.get(fd) else {
            return Ok(());
        };
        let is_stale = match entry.place {
            Place::Gone => true,
            // A type of the library deregisters before it closes.
            _ if entry.trigger.is_some() => false,
            place => {
                let directions = entry.interest.directions();
                let directions = if place == Place::Edges { directions } else { Readiness::NONE };
                self.edges.as_ref().is_some_and(|edges| !edges.holds(fd, directions))
            }
        };
        if !is_stale {
            return Err(already_watched());
        }
        shared.entries.take(fd);
        // Also where the newcomer is refused, the set is not to watch its number.
        self.refresh(shared, fd)
    }

    /// Enters a raw descriptor in the kernel's register, which refuses what cannot be
    /// waited for.
    fn place_raw(
        &self,
        shared: &mut Shared<C>,
        fd: RawDescriptor,
        interest: Interest,
    ) -> io::Result<Place> {
        let is_edge = interest.is_edge();
        let directions = if is_edge { interest.directions() } else { Readiness::NONE };
        let Some(edges) = self.edges(shared)? else {
            if is_edge {
                return Err(no_edges(C::BACKEND));
            }
            // Levels need no edges, only the refusals that go with them.
            self.refuse_never_waited_for(shared, fd)?;
            return Ok(Place::Set);
        };
        edges.add(fd, directions)?;
        Ok(if is_edge { Place::Edges } else { Place::Set })
    }

    /// Refuses, as epoll does, what is always ready.
    fn refuse_never_waited_for(&self, shared: &mut Shared<C>, fd: RawDescriptor) -> io::Result<()> {
        match kind_of(fd)? {
            Kind::NeverWaitedFor => Err(never_waited_for()),
            Kind::Perhaps { else_refused } => match self.edges(shared)? {
                Some(edges) => edges.add(fd, Readiness::NONE).and_then(|()| edges.remove(fd)),
                None if else_refused => Err(never_waited_for()),
                None => Ok(()),
            },
            Kind::WaitedFor => Ok(()),
        }
    }

    fn change_edges(&self, fd: RawDescriptor, directions: Readiness) -> io::Result<()> {
        match &self.edges {
            Some(edges) => edges.modify(fd, directions),
            None => check_is_open(fd),
        }
    }

    /// Whether `fd` is one of the library's own, so that who names it names one that was
    /// closed.
    fn owns(&self, fd: RawDescriptor) -> bool {
        let is = |own: BorrowedDescriptor<'_>| os::raw(&own) == fd;
        self.notifier.is(fd)
            || self.descriptor == Some(fd)
            || self.edges.as_ref().is_some_and(|edges| is(edges.descriptor()))
            || self.baton.is(fd)
    }

    fn leave_edges(&self, fd: RawDescriptor) -> io::Result<()> {
        match &self.edges {
            Some(edges) => edges.remove(fd),
            None => check_is_open(fd),
        }
    }

    /// The kernel's edges, which from the first call on are in the set.
    fn edges(&self, shared: &mut Shared<C>) -> io::Result<Option<&KernelEdges>> {
        let Some(edges) = &self.edges else { return Ok(None) };
        if shared.edges.is_none() {
            let fd = os::raw(&edges.descriptor());
            shared.edges = Some(fd);
            self.refresh(shared, fd)?;
        }
        Ok(Some(edges))
    }

    fn shared(&self) -> MutexGuard<'_, Shared<C>> {
        // Nothing in here panics while it is held.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Led for Shared<C> {
    fn others(&mut self) -> &mut Others {
        &mut self.others
    }

    fn is_home(&self) -> bool {
        self.call.is_some()
    }
}

impl<C: StatelessCall> Shared<C> {
    /// What the set is to watch `fd` for; `None` if it has no place there.
    fn directions_in_set(&mut self, fd: RawDescriptor) -> Option<Readiness> {
        if Some(fd) == self.edges {
            return Some(Readiness::IN);
        }
        let entry = self.entries.get(fd)?;
        let directions = entry.interest.directions();
        match (entry.place, &entry.trigger) {
            (Place::Set, Some(trigger)) if entry.interest.is_edge() => {
                Some(directions.without(trigger.asleep()))
            }
            (Place::Set, _) => Some(directions),
            (Place::Asleep, _) => Some(Readiness::NONE),
            (Place::Edges | Place::Gone, _) => None,
        }
    }

    /// Brings the set, which is at home, up to date.
    fn clean(&mut self) {
        while let Some(fd) = self.dirty.pop() {
            let directions = self.directions_in_set(fd);
            if let Some(entry) = self.entries.get(fd) {
                entry.is_dirty = false;
            }
            match (&mut self.call, directions) {
                (Some(call), Some(directions)) => call.watch(fd, directions),
                (Some(call), None) => call.forget(fd),
                (None, _) => {}
            }
        }
    }

    /// Turns what the call found of `fd` into an event.
    fn report_level(&mut self, fd: RawDescriptor, found: Found, events: &mut Events) {
        let reports = self.reports;
        let Some(entry) = self.entries.get(fd) else { return };
        // What changed while the call was made is not what it looked at.
        if entry.place != Place::Set || entry.is_dirty {
            return;
        }
        let ready = match found {
            Found::Ready(ready) => ready,
            Found::NotOpen => Readiness::ERR,
        };
        entry.told.tell(entry.token, ready, reports, events);
        if matches!(found, Found::NotOpen) {
            entry.place = Place::Gone;
            self.dirty.push(fd);
        } else if entry.interest.is_oneshot() {
            entry.place = Place::Asleep;
            self.dirty.push(fd);
        } else if entry.interest.is_edge() {
            if let Some(trigger) = &entry.trigger {
                trigger.fire(ready);
                self.fired.push(fd);
            }
        }
    }

    /// Turns an edge that the kernel told of into an event.
    fn report_edge(&mut self, fd: RawDescriptor, ready: Readiness, events: &mut Events) {
        let reports = self.reports;
        // Others are in the kernel's register too, and it tells of their hang-ups.
        let Some(entry) = self.entries.get(fd) else { return };
        let shown = ready.with(ready.shown_by_end().within(entry.interest.directions()));
        if entry.place == Place::Edges {
            // Where the call itself cannot tell an end, callers look for readiness.
            let ready = if C::HANG_UP == Support::Absent { shown } else { ready };
            entry.told.tell(entry.token, ready, reports, events);
        } else if entry.place == Place::Set && entry.has_end_watched {
            entry.told.tell(entry.token, shown, reports, events);
            if let Some(trigger) = &entry.trigger {
                trigger.fire(shown);
                self.fired.push(fd);
            }
        }
    }
}

impl Entry {
    fn new(token: Token, interest: Interest, place: Place, trigger: Option<Arc<Trigger>>) -> Entry {
        let told = Told::default();
        Entry { token, interest, place, trigger, is_dirty: false, has_end_watched: false, told }
    }

    /// Whether it is in the kernel's register.
    fn is_with_edges(&self) -> bool {
        self.trigger.is_none() || self.place == Place::Edges || self.has_end_watched
    }
}

fn refuse_too_high<C: StatelessCall>(fd: RawDescriptor) -> io::Result<()> {
    if usize::try_from(fd).is_ok_and(|number| number >= C::LIMIT) {
        check_is_open(fd)?;
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "descriptor {fd}: {} takes no number of {} or more on this system, so another \
                 backend must",
                C::BACKEND,
                C::LIMIT
            ),
        ));
    }
    Ok(())
}

/// Says that edges of raw descriptors cannot be had, and what can.
fn no_edges(backend: Backend) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!(
            "edges of a raw descriptor under {backend} take an epoll of the library's own, which \
             this system refuses: ask for level or oneshot instead"
        ),
    )
}
