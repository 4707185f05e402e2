//! [poll_oneoff], of WASI: the host looks at a list of subscriptions, and forgets them.
//!
//! There is one thread, so nothing changes while it waits, and nobody can end its wait. A
//! wake-up from within the program is noted, and ends the next wait.
//!
//! The call tells levels. Edges come by trigger.rs, from the attempts at I/O that the library
//! sees; there are none for raw descriptors.
//!
//! [poll_oneoff]: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#poll_oneoff
#![allow(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::by_descriptor::ByDescriptor;
use super::raw_descriptor::{
    already_watched, check_can_be_waited_for, check_is_open, error, not_watched,
};
use super::timeout::NOT_AT_ALL;
use super::told::Told;
use super::{Capabilities, Mechanism, Outcome, Support, Tells, Trigger, refuse_exclusive};
use crate::event::{Events, Readiness};
use crate::signal_set::SignalSet;
use crate::{Interest, Token};

/// What a subscription to the clock is known by; others are known by their descriptor.
const CLOCK: wasi::Userdata = wasi::Userdata::MAX;

#[derive(Debug, Default)]
pub(super) struct PollOneoff {
    registrations: Mutex<Registrations>,
    is_notified: AtomicBool,
}

#[derive(Debug)]
struct Registrations {
    entries: ByDescriptor<Entry>,
    /// The descriptors that are registered, in the order in which they are looked at.
    order: Vec<RawFd>,
    /// How many waits have found something, save for what ran over.
    reports: u32,
}

#[derive(Debug)]
struct Entry {
    token: Token,
    interest: Interest,
    /// What the source tells; none for a raw descriptor.
    trigger: Option<Arc<Trigger>>,
    /// It is oneshot and has fired, or is not open any more.
    is_asleep: bool,
    told: Told,
}

impl Mechanism for PollOneoff {
    fn open() -> io::Result<PollOneoff> {
        Ok(PollOneoff::default())
    }

    fn add(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        tells: Tells,
    ) -> io::Result<Option<Arc<Trigger>>> {
        check(interest, tells == Tells::Nothing)?;
        let mut registrations = self.registrations();
        if registrations.entries.get(fd).is_some() {
            return Err(already_watched());
        }
        check_can_be_waited_for(fd)?;
        let tells = tells != Tells::Nothing;
        let trigger = tells.then(|| Arc::new(Trigger::of_levels_alone()));
        registrations.entries.insert(fd, Entry::new(token, interest, trigger.clone()));
        registrations.order.push(fd);
        Ok(trigger)
    }

    fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        let mut registrations = self.registrations();
        let entry = registrations.entries.get(fd).ok_or_else(|| not_watched(fd))?;
        check(interest, entry.trigger.is_none())?;
        check_is_open(fd)?;
        if let Some(trigger) = &entry.trigger {
            trigger.reset();
        }
        *entry = Entry::new(token, interest, entry.trigger.take());
        Ok(())
    }

    fn remove(&self, fd: RawFd) -> io::Result<()> {
        let mut registrations = self.registrations();
        registrations.entries.take(fd).ok_or_else(|| not_watched(fd))?;
        registrations.order.retain(|&other| other != fd);
        check_is_open(fd)
    }

    fn rearm(&self, fd: RawFd, directions: Readiness) -> io::Result<()> {
        let mut registrations = self.registrations();
        let entry = registrations.entries.get(fd).ok_or_else(|| not_watched(fd))?;
        // Each wait asks the triggers anew, so there is nothing else to change.
        if let Some(trigger) = &entry.trigger {
            trigger.tried(directions, Outcome::Moved);
        }
        Ok(())
    }

    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        _: Option<&SignalSet>,
    ) -> io::Result<()> {
        let is_notified = self.is_notified.swap(false, Ordering::Relaxed);
        let timeout = if is_notified { NOT_AT_ALL } else { timeout };
        let mut registrations = self.registrations();
        let mut subscriptions = registrations.subscriptions();
        if let Some(timeout) = timeout {
            subscriptions.push(clock(timeout));
        }
        if subscriptions.is_empty() {
            return Err(nothing_to_wait_for());
        }
        let found = poll_oneoff(&subscriptions)?;
        registrations.report(&found, events);
        Ok(())
    }

    fn may_end_early(&self) -> bool {
        // After a notification; and a host may end a wait before the time.
        true
    }

    fn notify(&self) -> io::Result<()> {
        self.is_notified.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn reserved(&self) -> Option<Token> {
        None
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            edge: Support::Emulated,
            raw_edge: Support::Absent,
            level: Support::Native,
            oneshot: Support::Emulated,
            exclusive: Support::Absent,
            priority: Support::Absent,
            hang_up: Support::Native,
            sub_millisecond: Support::Native,
            short_read_drains: Support::Native,
            signal_mask: Support::Absent,
            descriptor: Support::Absent,
            spin: Support::Emulated,
            busy_poll: Support::Absent,
        }
    }
}

impl PollOneoff {
    fn registrations(&self) -> MutexGuard<'_, Registrations> {
        // Nothing in here panics while it is held.
        self.registrations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registrations {
    /// What the host is to look at.
    fn subscriptions(&mut self) -> Vec<wasi::Subscription> {
        let mut subscriptions = Vec::with_capacity(self.order.len() + 1);
        for &fd in &self.order {
            let Some(entry) = self.entries.get(fd) else { continue };
            let directions = entry.directions();
            if directions.has(Readiness::IN) {
                subscriptions.push(subscription(fd, wasi::EVENTTYPE_FD_READ));
            }
            if directions.has(Readiness::OUT) {
                subscriptions.push(subscription(fd, wasi::EVENTTYPE_FD_WRITE));
            }
        }
        subscriptions
    }

    /// Turns what the host found into events. What there is no room for is looked at first the
    /// next time.
    fn report(&mut self, found: &[wasi::Event], events: &mut Events) {
        self.reports = self.reports.wrapping_add(1);
        let mut last = None;
        for event in found.iter().filter(|event| event.userdata != CLOCK) {
            let fd = event.userdata as RawFd;
            let Some(entry) = self.entries.get(fd) else { continue };
            // Its two directions stand side by side, and make one event.
            if events.room() == 0 && last != Some(fd) {
                break;
            }
            last = Some(fd);
            entry.report(event, self.reports, events);
        }
        let after_last = last.and_then(|fd| self.order.iter().position(|&other| other == fd));
        if let (0, Some(at)) = (events.room(), after_last) {
            self.order.rotate_left(at + 1);
        }
    }
}

impl Default for Registrations {
    fn default() -> Registrations {
        Registrations { entries: ByDescriptor::new(), order: Vec::new(), reports: 0 }
    }
}

impl Entry {
    fn new(token: Token, interest: Interest, trigger: Option<Arc<Trigger>>) -> Entry {
        Entry { token, interest, trigger, is_asleep: false, told: Told::default() }
    }

    /// What the next wait is to look for.
    fn directions(&self) -> Readiness {
        let directions = self.interest.directions();
        match &self.trigger {
            _ if self.is_asleep => Readiness::NONE,
            Some(trigger) if self.interest.is_edge() => {
                trigger.settle();
                directions.without(trigger.asleep())
            }
            _ => directions,
        }
    }

    fn report(&mut self, event: &wasi::Event, reports: u32, events: &mut Events) {
        let ready = readiness(event);
        self.told.tell(self.token, ready, reports, events);
        if event.error == wasi::ERRNO_BADF || self.interest.is_oneshot() {
            self.is_asleep = true;
        } else if let (Some(trigger), true) = (&self.trigger, self.interest.is_edge()) {
            trigger.fire(ready);
        }
    }
}

fn readiness(event: &wasi::Event) -> Readiness {
    if event.error != wasi::ERRNO_SUCCESS {
        return Readiness::ERR;
    }
    let is_reading = event.type_ == wasi::EVENTTYPE_FD_READ;
    let ready = if is_reading { Readiness::IN } else { Readiness::OUT };
    let has_ended = event.fd_readwrite.flags & wasi::EVENTRWFLAGS_FD_READWRITE_HANGUP != 0;
    match (has_ended, is_reading) {
        (false, _) => ready,
        // The peer sends no more; whether it takes more, only a write tells.
        (true, true) => ready.with(Readiness::RDHUP),
        (true, false) => ready.with(Readiness::ERR),
    }
}

fn subscription(fd: RawFd, kind: wasi::Eventtype) -> wasi::Subscription {
    let fd_read = wasi::SubscriptionFdReadwrite { file_descriptor: fd as wasi::Fd };
    wasi::Subscription {
        userdata: fd as wasi::Userdata,
        // The same, whether it is to be read or written.
        u: wasi::SubscriptionU { tag: kind.raw(), u: wasi::SubscriptionUU { fd_read } },
    }
}

fn clock(timeout: Duration) -> wasi::Subscription {
    let clock = wasi::SubscriptionClock {
        id: wasi::CLOCKID_MONOTONIC,
        timeout: wasi::Timestamp::try_from(timeout.as_nanos()).unwrap_or(wasi::Timestamp::MAX),
        precision: 0,
        flags: 0,
    };
    let tag = wasi::EVENTTYPE_CLOCK.raw();
    wasi::Subscription {
        userdata: CLOCK,
        u: wasi::SubscriptionU { tag, u: wasi::SubscriptionUU { clock } },
    }
}

fn poll_oneoff(subscriptions: &[wasi::Subscription]) -> io::Result<Vec<wasi::Event>> {
    let mut found = Vec::with_capacity(subscriptions.len());
    let room: *mut wasi::Event = found.as_mut_ptr();
    // SAFETY: The host reads the subscriptions, each of which says which part of its union is
    // there, and writes no more events than there are subscriptions, for which there is room.
    let count = unsafe { wasi::poll_oneoff(subscriptions.as_ptr(), room, subscriptions.len()) };
    let count = count.map_err(error)?;
    // SAFETY: The host has written that many.
    unsafe { found.set_len(count) };
    Ok(found)
}

/// Refuses what the host cannot tell.
fn check(interest: Interest, is_raw: bool) -> io::Result<()> {
    refuse_exclusive(interest)?;
    let problem = if interest.is_priority() {
        "poll_oneoff knows reading and writing alone: leave `PRIORITY` out"
    } else if is_raw && interest.is_edge() {
        "poll_oneoff tells levels, and the I/O on a raw descriptor is not seen: ask for level or \
         oneshot"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, problem))
}

/// What would never end is no wait.
#[cold]
fn nothing_to_wait_for() -> io::Error {
    io::Error::new(
        io::ErrorKind::Deadlock,
        "a wait without a timeout for nothing would never end, as there is no other thread: \
         register a source, or give it a timeout",
    )
}
