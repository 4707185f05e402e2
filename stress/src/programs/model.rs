//! What is owed, what is allowed, and what is forbidden: the promises of `Poll`, as a
//! state machine without descriptors, clocks or threads.
//!
//! What is ready, the kernel's poll(2) says, about the very descriptor. The model adds
//! what the trigger makes of it:
//!
//! | trigger | owed, if ready | after an event |
//! |---|---|---|
//! | edge | a direction that is armed | no longer armed, until an attempt in it has found an end |
//! | level | what is asked for | the same again |
//! | oneshot | what is asked for | nothing any more, and a second event is forbidden |
//!
//! Each registration has a token of its own, so that an event of an earlier one is known
//! for what it is. Events that nothing owes are allowed in small numbers: each cause, such
//! as an attempt or something the peer did, gives a credit, and who lives on beyond that is
//! a busy loop.

use std::collections::BTreeMap;

use omnipoll::event::Event;
use omnipoll::{Interest, Token};

use super::directions::Directions;

/// How many events that nothing owes may come of one cause.
const SPURIOUS: u32 = 3;

/// What is wrong, in words.
pub(super) type Verdict<T = ()> = Result<T, String>;

/// What a descriptor is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) directions: Directions,
    /// It has failed or hung up, which is told whatever was asked for.
    pub(super) is_closing: bool,
}

/// An event, as the model looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub(super) token: Token,
    /// The directions that it names.
    named: Directions,
    /// The directions that it serves: an end or an error is news for both.
    served: Directions,
    /// When the wait began that reported it.
    began: u64,
}

impl Sighting {
    pub(super) fn new(event: &Event, began: u64) -> Sighting {
        let named = Directions {
            read: event.is_readable(),
            write: event.is_writable(),
            urgent: event.is_priority(),
        };
        let has_ended = Directions {
            read: event.is_read_closed() || event.is_error(),
            write: event.is_write_closed() || event.is_error(),
            urgent: event.is_read_closed() || event.is_write_closed() || event.is_error(),
        };
        Sighting { token: event.token(), named, served: named.with(has_ended), began }
    }

    pub(super) fn served(&self) -> Directions {
        self.served
    }
}

/// Whether one thread does all, so that what it sees is what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// An event is seen before anything else is done.
    Strict,
    /// Other threads wait, and what they saw is learnt later.
    Loose,
}

#[derive(Debug)]
pub(super) struct Model {
    order: Order,
    registrations: BTreeMap<Token, Registration>,
    wakers: BTreeMap<Token, Wakes>,
    /// The tokens that were given up, and when.
    retired: BTreeMap<Token, u64>,
    /// When it was last asked what is owed.
    asked_at: u64,
}

#[derive(Debug)]
struct Registration {
    interest: Interest,
    asked: Directions,
    /// In which directions the next readiness is owed; none for a oneshot that has fired.
    armed: Directions,
    owed: Directions,
    /// How many more events may come that nothing owes.
    credit: u32,
    /// How many waits have ended since something was owed.
    waits: u32,
    /// When its descriptor was closed behind the library's back.
    orphaned: Option<u64>,
}

#[derive(Debug, Default)]
struct Wakes {
    /// How many events may come.
    allowed: u32,
    is_owed: bool,
    waits: u32,
}

impl Model {
    pub(super) fn new(order: Order) -> Model {
        Model {
            order,
            registrations: BTreeMap::new(),
            wakers: BTreeMap::new(),
            retired: BTreeMap::new(),
            asked_at: 0,
        }
    }

    /// How many may have something to tell.
    pub(super) fn count(&self) -> usize {
        self.registrations.len() + self.wakers.len()
    }

    pub(super) fn register(&mut self, token: Token, interest: Interest) {
        let asked = Directions::of(interest);
        let registration = Registration {
            interest,
            asked,
            armed: asked,
            owed: Directions::NONE,
            credit: SPURIOUS,
            waits: 0,
            orphaned: None,
        };
        self.registrations.insert(token, registration);
    }

    /// A wait that begins later than `now` must not report `token` any more.
    pub(super) fn retire(&mut self, token: Token, now: u64) {
        self.registrations.remove(&token);
        self.retired.insert(token, now);
    }

    /// I/O was tried in `directions`, came to an end, and left the descriptor `ready`.
    pub(super) fn tried(&mut self, token: Token, directions: Directions, ready: Ready) {
        let Some(registration) = self.registrations.get_mut(&token) else { return };
        if registration.interest.is_edge() {
            let absent = directions.without(ready.directions);
            registration.armed = registration.armed.with(absent.within(registration.asked));
        }
    }

    /// So many things happened that may be reported, though they need not.
    pub(super) fn caused(&mut self, token: Token, count: u32) {
        if let Some(registration) = self.registrations.get_mut(&token) {
            registration.credit += SPURIOUS * count;
        }
    }

    /// Leaves `token` one last event, since its descriptor was closed behind the library's
    /// back, at `now`.
    #[cfg_attr(windows, expect(dead_code, reason = "nothing is closed behind its back there"))]
    pub(super) fn orphan(&mut self, token: Token, now: u64) {
        if let Some(registration) = self.registrations.get_mut(&token) {
            registration.orphaned = Some(now);
            registration.armed = Directions::NONE;
            registration.credit = match self.order {
                Order::Strict => 1,
                // A select(2) that sleeps finds what was closed meanwhile ready, the next one
                // that it is not open.
                Order::Loose => SPURIOUS,
            };
        }
    }

    pub(super) fn woken(&mut self, token: Token) {
        let wakes = self.wakers.entry(token).or_default();
        wakes.is_owed = true;
        wakes.allowed = match self.order {
            Order::Strict => 1,
            Order::Loose => wakes.allowed + 1,
        };
    }

    /// Notes at `now` what is owed, where `ready` says what is ready.
    pub(super) fn ask(&mut self, now: u64, ready: &BTreeMap<Token, Ready>) {
        self.asked_at = now;
        for (token, registration) in &mut self.registrations {
            let ready = ready.get(token).copied().unwrap_or_default();
            registration.owed = registration.armed.within(ready.directions);
            if registration.owed.is_empty() {
                registration.waits = 0;
            }
        }
    }

    /// Judges an event. `ready` is what its descriptor was before or after the wait, where
    /// that is known.
    pub(super) fn see(&mut self, event: &Sighting, ready: Option<Ready>) -> Verdict {
        let token = event.token;
        if let Some(&retired) = self.retired.get(&token) {
            return if event.began > retired {
                Err(format!("{token:?} is reported after it was deregistered"))
            } else {
                Ok(())
            };
        }
        if let Some(wakes) = self.wakers.get_mut(&token) {
            wakes.is_owed = false;
            wakes.waits = 0;
            wakes.allowed = wakes
                .allowed
                .checked_sub(1)
                .ok_or_else(|| format!("{token:?} is reported, and nobody has woken it"))?;
            return Ok(());
        }
        match self.registrations.get_mut(&token) {
            Some(registration) => registration.see(event, ready, self.asked_at, self.order),
            None => Err(format!("{token:?} is reported, and was never registered")),
        }
    }

    /// Counts a wait, and fails if something is still owed after so many that each had its
    /// turn.
    pub(super) fn end_wait(&mut self) -> Verdict {
        let most = 4 * self.count() as u32 + 12;
        for (token, registration) in &mut self.registrations {
            if registration.owed.is_empty() {
                registration.waits = 0;
                continue;
            }
            registration.waits += 1;
            if registration.waits > most {
                return Err(format!("{token:?} never gets its turn: {registration:?}"));
            }
        }
        for (token, wakes) in &mut self.wakers {
            wakes.waits = if wakes.is_owed { wakes.waits + 1 } else { 0 };
            if wakes.waits > most {
                return Err(format!("the waker {token:?} never gets its turn"));
            }
        }
        Ok(())
    }

    /// Drops the debts for what is not ready any more.
    pub(super) fn forgive(&mut self, ready: &BTreeMap<Token, Ready>) {
        for (token, registration) in &mut self.registrations {
            let ready = ready.get(token).copied().unwrap_or_default();
            registration.owed = registration.owed.within(ready.directions);
        }
    }

    /// Whether nothing is owed.
    pub(super) fn is_settled(&self) -> bool {
        self.registrations.values().all(|registration| registration.owed.is_empty())
            && !self.wakers.values().any(|wakes| wakes.is_owed)
    }

    /// Whose event has not come yet.
    pub(super) fn owed(&self) -> Vec<String> {
        let registrations = self.registrations.iter().filter_map(|(token, registration)| {
            let owed = registration.owed;
            (!owed.is_empty()).then(|| format!("{token:?} for {owed:?}: {registration:?}"))
        });
        let wakers = self.wakers.iter().filter(|(_, wakes)| wakes.is_owed);
        registrations.chain(wakers.map(|(token, _)| format!("the waker {token:?}"))).collect()
    }
}

impl Registration {
    fn see(
        &mut self,
        event: &Sighting,
        ready: Option<Ready>,
        asked_at: u64,
        order: Order,
    ) -> Verdict {
        if let Some(orphaned) = self.orphaned {
            return if event.began > orphaned { self.pay() } else { Ok(()) };
        }
        // Urgent data is called readable too.
        let named_by_urgent = Directions { read: self.asked.urgent, ..Directions::NONE };
        let unasked = event.named.without(self.asked).without(named_by_urgent);
        if !unasked.is_empty() {
            return Err(format!("{unasked:?} is reported, and was not asked for: {self:?}"));
        }
        if self.interest.is_level() {
            let is_explained = order == Order::Loose
                || ready.is_some_and(|ready| {
                    ready.is_closing || !ready.directions.within(self.asked).is_empty()
                });
            // What a wait found that began before the question is no answer to it.
            if order == Order::Strict || event.began > asked_at {
                self.owed = self.owed.without(event.served);
            }
            return if is_explained { Ok(()) } else { self.pay() };
        }
        if self.interest.is_oneshot() {
            if self.armed.is_empty() {
                return Err(format!("a second event of a oneshot registration: {self:?}"));
            }
            self.armed = Directions::NONE;
            self.owed = Directions::NONE;
            return Ok(());
        }
        let is_due = !self.armed.within(event.served).is_empty();
        self.armed = self.armed.without(event.served);
        self.owed = self.owed.without(event.served);
        if is_due { Ok(()) } else { self.pay() }
    }

    /// Pays for an event that nothing owed.
    fn pay(&mut self) -> Verdict {
        self.credit = self
            .credit
            .checked_sub(1)
            .ok_or_else(|| format!("events that nothing causes, again and again: {self:?}"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Token = Token(7);
    const READ: Directions = Directions { read: true, ..Directions::NONE };
    const BOTH: Directions = Directions { write: true, ..READ };

    fn model(interest: Interest) -> Model {
        let mut model = Model::new(Order::Strict);
        model.register(TOKEN, interest);
        model
    }

    fn ready(directions: Directions) -> Ready {
        Ready { directions, is_closing: false }
    }

    fn ask(model: &mut Model, directions: Directions) {
        model.ask(1, &BTreeMap::from([(TOKEN, ready(directions))]));
    }

    fn see(model: &mut Model, directions: Directions) -> Verdict {
        let event = Sighting { token: TOKEN, named: directions, served: directions, began: 5 };
        model.see(&event, Some(ready(directions)))
    }

    #[test]
    fn an_edge_is_owed_once_and_again_when_it_was_tried() {
        let mut model = model(Interest::READABLE);
        ask(&mut model, BOTH);
        assert!(!model.is_settled());
        see(&mut model, READ).unwrap();
        ask(&mut model, BOTH);
        assert!(model.is_settled());
        // Something is left, which was told before.
        model.tried(TOKEN, Directions::INWARD, ready(READ));
        ask(&mut model, BOTH);
        assert!(model.is_settled());
        model.tried(TOKEN, Directions::INWARD, Ready::default());
        ask(&mut model, Directions::WRITE);
        assert!(model.is_settled());
        ask(&mut model, READ);
        assert!(!model.is_settled());
    }

    #[test]
    fn a_level_is_owed_by_every_wait() {
        let mut model = model(Interest::READABLE.level());
        for _ in 0..100 {
            ask(&mut model, READ);
            assert!(!model.is_settled());
            see(&mut model, READ).unwrap();
            assert!(model.is_settled());
        }
    }

    #[test]
    fn a_oneshot_fires_once() {
        let mut model = model(Interest::READABLE.oneshot());
        ask(&mut model, READ);
        see(&mut model, READ).unwrap();
        ask(&mut model, READ);
        assert!(model.is_settled());
        assert!(see(&mut model, READ).is_err());
    }

    #[test]
    fn what_nothing_causes_may_come_a_few_times() {
        let mut model = model(Interest::READABLE);
        see(&mut model, READ).unwrap();
        for _ in 0..SPURIOUS {
            see(&mut model, READ).unwrap();
        }
        assert!(see(&mut model, READ).is_err());
        model.caused(TOKEN, 1);
        see(&mut model, READ).unwrap();
    }

    #[test]
    fn what_was_not_asked_for_may_not_come() {
        assert!(see(&mut model(Interest::READABLE), Directions::WRITE).is_err());
    }

    #[test]
    fn a_token_is_silent_from_the_next_wait_on() {
        let mut model = model(Interest::READABLE);
        model.retire(TOKEN, 5);
        see(&mut model, READ).unwrap();
        model.retire(TOKEN, 4);
        assert!(see(&mut model, READ).is_err());
    }

    #[test]
    fn a_wake_up_is_owed_and_is_one_event() {
        let mut model = Model::new(Order::Strict);
        model.woken(TOKEN);
        model.woken(TOKEN);
        assert!(!model.is_settled());
        see(&mut model, READ).unwrap();
        assert!(model.is_settled());
        assert!(see(&mut model, READ).is_err());
    }

    #[test]
    fn who_never_gets_a_turn_is_found() {
        let mut model = model(Interest::READABLE);
        let waits = (0..100).take_while(|_| {
            ask(&mut model, BOTH);
            model.end_wait().is_ok()
        });
        assert!((5..50).contains(&waits.count()));
    }
}
