//! A completion port with [polls of AFD](afd), which tell of sockets what epoll tells of
//! descriptors.
//!
//! Every registration has one poll in flight at the most. It asks for what the registration is
//! owed, and when it ends, with an event, nothing is asked until the next wait begins: then one
//! poll for each socket that fired or was changed goes out, and one call collects packets.
//! While another thread sleeps in that call, polls go out at once: the kernel takes them from
//! any thread, and they end in the sleeper, so nobody has to be woken for a change.
//!
//! A poll tells levels, so edges are made by trigger.rs. Here it has it easier than under
//! poll(2): the driver tells a reset and the end of a stream by events of their own, which are
//! told once and then left out of what is asked.
//!
//! A registration that changes or goes while its poll is in flight leaves that behind: it is
//! cancelled, and whatever it still ends with is the end of a request that no registration has
//! any more, and is dropped. This is what makes deregistration a barrier.

mod afd;
#[cfg(test)]
mod calls;
mod operation;
mod pipe;
mod port;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::io;
use std::mem;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use self::afd::{Answer, Device, Devices, Request};
pub(crate) use self::pipe::Pipe;
use self::port::{BATCH, Packet, Port};
use super::by_descriptor::ByDescriptor;
use super::poll::PollFds;
use super::raw_descriptor::{already_watched, base_of, is_not_open, not_watched};
use super::stateless::{Found, StatelessCall};
use super::timeout::NOT_AT_ALL;
use super::told::Told;
use super::{Capabilities, Mechanism, Outcome, Support, Tells, Trigger, refuse_exclusive};
use crate::event::{Events, Readiness};
use crate::os::RawDescriptor;
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

/// The events that happen once in the life of a connection, and last.
const ENDS: u32 = afd::DISCONNECT | afd::ABORT | afd::CONNECT_FAIL;

#[derive(Debug)]
pub(crate) struct Iocp {
    port: Arc<Port>,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    entries: ByDescriptor<Entry>,
    devices: Devices,
    /// Sockets of which something may have to be asked before the next wait.
    due: Vec<RawDescriptor>,
    /// Pipes of which a level was told, to be looked at again in the next wait.
    due_pipes: Vec<Weak<Pipe>>,
    /// How many threads are waiting for packets.
    waiting: usize,
    /// How many polls the kernel has.
    in_flight: usize,
    /// How many waits have found something, save for what ran over.
    reports: u32,
}

#[derive(Debug)]
struct Entry {
    token: Token,
    interest: Interest,
    /// The socket beneath those of layered providers.
    base: RawDescriptor,
    trigger: Arc<Trigger>,
    device: Arc<Device>,
    request: Arc<Request>,
    /// What the request asks for; nothing if it is not in flight.
    asked: u32,
    /// The ends that were told of, and are not to be told again.
    ended: u32,
    /// It asks for nothing: it is a oneshot that has fired, or its socket was closed.
    is_asleep: bool,
    is_due: bool,
    told: Told,
}

impl Mechanism for Iocp {
    fn open() -> io::Result<Iocp> {
        let port = Arc::new(Port::open()?);
        let mut devices = Devices::default();
        // Opened now, so that a system without the driver says so.
        let device = devices.join(&port)?;
        devices.leave(&device);
        let shared = Shared {
            entries: ByDescriptor::new(),
            devices,
            due: Vec::new(),
            due_pipes: Vec::new(),
            waiting: 0,
            in_flight: 0,
            reports: 0,
        };
        Ok(Iocp { port, shared: Mutex::new(shared) })
    }

    fn add(
        &self,
        socket: RawDescriptor,
        token: Token,
        interest: Interest,
        _: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        refuse_exclusive(interest)?;
        let base = base_of(socket)?;
        let mut shared = self.shared();
        if shared.entries.get(socket).is_some() {
            return Err(already_watched());
        }
        let device = shared.devices.join(&self.port)?;
        let trigger = Arc::new(Trigger::of_levels_alone());
        let entry = Entry {
            token,
            interest,
            base,
            trigger: Arc::clone(&trigger),
            device,
            request: Request::new(socket),
            asked: 0,
            ended: 0,
            is_asleep: false,
            is_due: false,
            told: Told::default(),
        };
        shared.entries.insert(socket, entry);
        if let Err(error) = shared.refresh(socket) {
            shared.forget(socket);
            return Err(error);
        }
        Ok(Some(trigger))
    }

    fn modify(&self, socket: RawDescriptor, token: Token, interest: Interest) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let mut shared = self.shared();
        let entry = shared.entries.get(socket).ok_or_else(|| not_watched(socket))?;
        entry.leave_request();
        entry.trigger.reset();
        entry.token = token;
        entry.interest = interest;
        entry.ended = 0;
        entry.is_asleep = false;
        entry.told = Told::default();
        self.refresh(&mut shared, socket)
    }

    fn remove(&self, socket: RawDescriptor) -> io::Result<()> {
        if self.shared().forget(socket) { Ok(()) } else { Err(not_watched(socket)) }
    }

    fn rearm(&self, socket: RawDescriptor, directions: Readiness) -> io::Result<()> {
        let mut shared = self.shared();
        let entry = shared.entries.get(socket).ok_or_else(|| not_watched(socket))?;
        // For those who say it without having tried.
        entry.trigger.tried(directions, Outcome::Moved);
        self.refresh(&mut shared, socket)
    }

    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        _: Option<&SignalSet>,
    ) -> io::Result<()> {
        let mut shared = self.shared();
        // What cannot be asked is told if nothing else is, so that it keeps nobody waiting.
        let not_asked = shared.ask_what_is_due().err();
        shared.reports = shared.reports.wrapping_add(1);
        let wait = shared.reports;
        let was_alone = shared.waiting == 0;
        shared.waiting += 1;
        drop(shared);

        let mut packets = Vec::new();
        let mut timeout = if not_asked.is_some() { NOT_AT_ALL } else { timeout };
        let result = loop {
            let room = events.room().min(BATCH);
            let found = self.port.wait(room, timeout, |packet| packets.push(packet));
            let mut shared = self.shared();
            let before = events.len();
            for packet in packets.drain(..) {
                shared.take(packet, wait, events);
            }
            // What came may all have been of no account, and what counts be behind it. Levels
            // that are told again and again are no reason to go on.
            let told = events.len() - before;
            let is_full = |found| found == room && (told == found || events.is_empty());
            if matches!(found, Ok(found) if is_full(found) && events.room() > 0) {
                timeout = NOT_AT_ALL;
                continue;
            }
            // Another thread may have taken what this one looked for, also one that has left.
            let is_alone = was_alone && shared.reports == wait;
            shared.waiting -= 1;
            if timeout == NOT_AT_ALL && !is_alone {
                shared.look_at_levels(wait, events)?;
                for pipe in self.port.pipes() {
                    if events.room() == 0 {
                        break;
                    }
                    pipe.report_level(wait, events);
                }
            }
            break found;
        };
        match not_asked {
            Some(error) if events.is_empty() => Err(error),
            _ => result.map(|_| ()),
        }
    }

    #[inline]
    fn may_end_early(&self) -> bool {
        // Some packets are of no account, and Windows counts time by ticks of its clock.
        true
    }

    fn notify(&self) -> io::Result<()> {
        self.port.wake()
    }

    fn reserved(&self) -> Option<Token> {
        None
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            edge: Support::Emulated,
            raw_edge: Support::Absent,
            level: Support::Emulated,
            oneshot: Support::Emulated,
            exclusive: Support::Absent,
            priority: Support::Native,
            hang_up: Support::Native,
            sub_millisecond: Support::Absent,
            short_read_drains: Support::Native,
            signal_mask: Support::Absent,
            descriptor: Support::Absent,
            spin: Support::Emulated,
            busy_poll: Support::Absent,
        }
    }

    /// Has the kernel give back the memory that it has. What it does not give back in time is
    /// never freed.
    fn end(&self) {
        self.port.close();
        let shared = self.shared();
        for (_, entry) in shared.entries.iter() {
            if entry.asked != 0 {
                entry.request.cancel(&entry.device);
            }
        }
        let pipes = self.port.pipes();
        for pipe in &pipes {
            pipe.leave_port();
        }
        let in_flight = Cell::new(shared.in_flight);
        let is_owed = || {
            let left = pipes.iter().filter(|pipe| pipe.outlives_its_poll()).count();
            in_flight.get() > 0 || self.port.lent() > left
        };
        self.port.drain(is_owed, |packet| {
            in_flight.set(in_flight.get() - usize::from(matches!(packet, Packet::Poll(..))));
            packet.note();
        });
    }
}

impl Iocp {
    /// Starts waiting for a pipe, which is bound to this port from then on.
    pub(crate) fn add_pipe(
        &self,
        pipe: &Arc<Pipe>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        pipe.register(&self.port, token, interest)
    }

    pub(crate) fn modify_pipe(
        &self,
        pipe: &Arc<Pipe>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        pipe.reregister(token, interest)
    }

    pub(crate) fn remove_pipe(&self, pipe: &Pipe) -> io::Result<()> {
        pipe.deregister()
    }

    /// Asks anew for what `socket` is owed. Where that fails, whoever waits begins anew, asks
    /// again, and is told if that fails too.
    fn refresh(&self, shared: &mut Shared, socket: RawDescriptor) -> io::Result<()> {
        let refreshed = shared.refresh(socket);
        if refreshed.is_err() && shared.waiting > 0 {
            self.port.wake()?;
        }
        refreshed
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // Nothing in here panics while it is held.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Asks anew for what `socket` is owed: at once if somebody is waiting for it, else when
    /// the next wait begins.
    fn refresh(&mut self, socket: RawDescriptor) -> io::Result<()> {
        if self.waiting > 0 {
            return self.ask(socket);
        }
        self.make_due(socket);
        Ok(())
    }

    /// Has it asked for what `socket` is owed when the next wait begins.
    fn make_due(&mut self, socket: RawDescriptor) {
        if let Some(entry) = self.entries.get(socket) {
            if !mem::replace(&mut entry.is_due, true) {
                self.due.push(socket);
            }
        }
    }

    /// Asks for all that is due, also where that fails for some, which then are due again.
    /// Returns the first error.
    fn ask_what_is_due(&mut self) -> io::Result<()> {
        let mut result = Ok(());
        for pipe in mem::take(&mut self.due_pipes) {
            if let Some(pipe) = pipe.upgrade() {
                result = result.and(self.look_again(&pipe));
            }
        }
        let count = self.due.len();
        for at in 0..count {
            let socket = self.due[at];
            let Some(entry) = self.entries.get(socket) else { continue };
            entry.is_due = false;
            match self.ask(socket) {
                // Closed behind the library's back: it is silent until it is deregistered.
                Err(error) if is_not_open(&error) => {}
                asked => result = result.and(asked),
            }
        }
        self.due.drain(..count);
        result
    }

    /// Has a poll in flight that asks for what `socket` is owed, and for nothing else. Where
    /// that fails, it is due, unless there is no such socket any more.
    fn ask(&mut self, socket: RawDescriptor) -> io::Result<()> {
        let asked = self.try_to_ask(socket);
        if asked.as_ref().is_err_and(|error| !is_not_open(error)) {
            self.make_due(socket);
        }
        asked
    }

    fn try_to_ask(&mut self, socket: RawDescriptor) -> io::Result<()> {
        let Some(entry) = self.entries.get(socket) else { return Ok(()) };
        entry.trigger.settle();
        let wanted = entry.wanted();
        if wanted == entry.asked {
            return Ok(());
        }
        entry.leave_request();
        if wanted == 0 {
            return Ok(());
        }
        // SAFETY: `leave_request` has put another request in the place of one that is in
        // flight, and only who has the lock around this asks.
        #[allow(unsafe_code)]
        unsafe {
            entry.request.ask(&entry.device, entry.base, wanted)?;
        }
        entry.asked = wanted;
        self.in_flight += 1;
        Ok(())
    }

    /// Takes note of what a packet says, and tells what that has made ready.
    fn take(&mut self, packet: Packet, wait: u32, events: &mut Events) {
        if let Packet::Poll(request, answer) = packet {
            return self.report(&request, answer, wait, events);
        }
        let Some(pipe) = packet.note() else { return };
        if !pipe.report(wait, events) {
            return;
        }
        // The level lasts. The thread that reports is among those that wait.
        if self.waiting > 1 {
            // If it fails, it is due.
            let _ = self.look_again(&pipe);
        } else {
            self.due_pipes.push(Arc::downgrade(&pipe));
        }
    }

    /// Has whoever waits look at `pipe`, of which a level was told. Where that fails, it is due.
    fn look_again(&mut self, pipe: &Arc<Pipe>) -> io::Result<()> {
        let posted = pipe.look_again();
        if posted.is_err() {
            self.due_pipes.push(Arc::downgrade(pipe));
        }
        posted
    }

    /// Turns the end of a poll into an event.
    fn report(&mut self, request: &Arc<Request>, answer: Answer, wait: u32, events: &mut Events) {
        self.in_flight -= 1;
        let Some(entry) = self.entries.get(request.socket()) else { return };
        if !Arc::ptr_eq(&entry.request, request) {
            // It was left behind.
            return;
        }
        let asked = mem::take(&mut entry.asked);
        let found = match answer {
            Answer::Events(found) if found & afd::LOCAL_CLOSE == 0 => found & asked,
            Answer::Cancelled => 0,
            Answer::Events(_) | Answer::Failed => {
                // Closed behind the library's back: it is silent until it is deregistered.
                entry.is_asleep = true;
                return;
            }
        };
        if found != 0 {
            // What was told of an end is told by later events too.
            let ready = readiness(found | entry.ended, entry.interest);
            entry.told.tell(entry.token, ready, wait, events);
            if entry.interest.is_oneshot() {
                entry.is_asleep = true;
                return;
            }
            if entry.interest.is_edge() {
                entry.ended |= found & ENDS;
                entry.trigger.fire(ready);
            }
        }
        // The thread that reports is among those that wait.
        if self.waiting > 1 {
            // If it fails, it is due, or silent.
            let _ = self.ask(request.socket());
        } else {
            self.make_due(request.socket());
        }
    }

    /// Tells who only looks of the levels that other threads are told of all the time: a poll
    /// ends in one of the threads that wait.
    fn look_at_levels(&mut self, wait: u32, events: &mut Events) -> io::Result<()> {
        let mut glance = PollFds::default();
        let is_level = |entry: &Entry| entry.interest.is_level() && !entry.is_asleep;
        for (socket, entry) in self.entries.iter().filter(|(_, entry)| is_level(entry)) {
            glance.watch(socket, entry.interest.directions());
        }
        let found = glance.call(usize::MAX, NOT_AT_ALL, None)?;
        glance.visit(found, |socket, found| {
            if events.room() == 0 {
                return ControlFlow::Break(());
            }
            if let (Some(entry), Found::Ready(ready)) = (self.entries.get(socket), found) {
                entry.told.tell(entry.token, ready, wait, events);
            }
            ControlFlow::Continue(())
        });
        Ok(())
    }

    /// Ends a registration; false if there is none.
    fn forget(&mut self, socket: RawDescriptor) -> bool {
        let Some(mut entry) = self.entries.take(socket) else { return false };
        // What comes and goes between two waits leaves no number behind. A search for others
        // would cost more than they do.
        if entry.is_due && self.due.last() == Some(&socket) {
            self.due.pop();
        }
        entry.leave_request();
        self.devices.leave(&entry.device);
        true
    }
}

impl Entry {
    /// What the driver is to be asked for.
    fn wanted(&self) -> u32 {
        if self.is_asleep {
            return 0;
        }
        let mut directions = self.interest.directions();
        // The end of a connection is told to callers that have tried nothing as well.
        let mut wanted = afd::ABORT | afd::CONNECT_FAIL;
        if self.interest.is_readable() {
            wanted |= afd::DISCONNECT;
        }
        if self.interest.is_edge() {
            directions = directions.without(self.trigger.asleep());
            wanted &= !self.ended;
        }
        if directions.has(Readiness::IN) {
            wanted |= afd::RECEIVE | afd::ACCEPT;
        }
        if directions.has(Readiness::PRI) {
            wanted |= afd::RECEIVE_EXPEDITED;
        }
        if directions.has(Readiness::OUT) {
            wanted |= afd::SEND;
        }
        if wanted != 0 {
            wanted |= afd::LOCAL_CLOSE;
        }
        wanted
    }

    /// Cancels the request if it is in flight, and takes a new one in its place.
    fn leave_request(&mut self) {
        if mem::take(&mut self.asked) != 0 {
            self.request.cancel(&self.device);
            self.request = Request::new(self.request.socket());
        }
    }
}

/// What events of the driver tell a caller who waits for `interest`.
fn readiness(found: u32, interest: Interest) -> Readiness {
    const PAIRS: [(u32, Readiness); 6] = [
        (afd::RECEIVE | afd::ACCEPT, Readiness::IN),
        (afd::RECEIVE_EXPEDITED, Readiness::PRI),
        (afd::SEND, Readiness::OUT),
        (afd::DISCONNECT, Readiness::IN.with(Readiness::RDHUP)),
        (afd::ABORT, Readiness::DIRECTIONS.without(Readiness::PRI).with(Readiness::CLOSING)),
        (afd::CONNECT_FAIL, Readiness::DIRECTIONS.without(Readiness::PRI).with(Readiness::CLOSING)),
    ];
    let told = PAIRS
        .iter()
        .filter(|(events, _)| found & events != 0)
        .fold(Readiness::NONE, |told, &(_, readiness)| told.with(readiness));
    told.within(interest.directions().with(Readiness::CLOSING))
}
