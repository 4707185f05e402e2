use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::{Rc, Weak};

use omnipoll::{Backend, Interest, Poll, Registry, Support, Token, Waker};

use super::directions::Directions;
use super::end::{Attempt, End, rests_when_full};
use super::eyes::Eyes;
use super::libkqueue;
use super::model::{Model, Ready, Sighting, Verdict};
use super::operation::{Amount, Kind, Operation, SLOTS, WAKERS, Way};
use super::peer::{Peer, connect};
use super::program::Program;
use super::system::{self, Number, Numbers, reset_on_close};

/// The descriptors of one program and the model of them; it does what the program says,
/// and checks what comes of it.
///
/// Its registrations are in registering.rs, its waits in waiting.rs.
pub(super) struct World {
    pub(super) eyes: Eyes,
    pub(super) model: Model,
    pub(super) registry: Registry,
    /// Another poll on the same backend, for what must be refused there.
    pub(super) elsewhere: Poll,
    pub(super) numbers: Numbers,
    pub(super) slots: [Slot; SLOTS],
    wakers: [Option<(Waker, Token)>; WAKERS],
    /// The peers of ends that were closed, and whose files the kernel may hold a little longer.
    pub(super) held: Vec<Weak<RefCell<Peer>>>,
    /// The last token that was given out.
    token: usize,
    tells_priority: bool,
    /// Whether the mechanism notices that a descriptor was closed behind the library's back.
    notices_closes: bool,
}

pub(super) enum Slot {
    Empty,
    Open(Opened),
    /// Its descriptor was closed behind the library's back.
    #[cfg_attr(windows, expect(dead_code, reason = "nothing is closed behind its back there"))]
    Orphan(Number, Token),
}

pub(super) struct Opened {
    pub(super) end: End,
    /// Shared with the duplicates of the end.
    pub(super) peer: Rc<RefCell<Peer>>,
    pub(super) registration: Option<(Token, Interest)>,
}

impl World {
    /// A world whose tokens come after `first`.
    pub(super) fn new(
        program: &Program,
        backend: Backend,
        registry: Registry,
        eyes: Eyes,
        first: Token,
    ) -> Verdict<World> {
        let elsewhere = Poll::builder().backend(backend).build().map_err(because("a poll"))?;
        let tells_priority = elsewhere.capabilities().priority != Support::Absent;
        let notices_closes = !libkqueue::is_under(&elsewhere);
        let mut world = World {
            model: Model::new(eyes.order()),
            eyes,
            registry,
            elsewhere,
            numbers: Numbers::take().map_err(because("numbers"))?,
            slots: [const { Slot::Empty }; SLOTS],
            wakers: [const { None }; WAKERS],
            held: Vec::new(),
            token: first.0,
            tells_priority,
            notices_closes,
        };
        for (slot, (kind, way)) in program.ends.into_iter().enumerate() {
            world.open(slot, kind, way)?;
        }
        Ok(world)
    }

    /// Does one step.
    pub(super) fn step(&mut self, operation: Operation) -> Verdict {
        use Operation as O;
        let able =
            |interest| if self.tells_priority { interest } else { without_priority(interest) };
        match operation {
            O::Open(slot, kind, way) => self.open(slot, kind, way)?,
            O::Duplicate(slot, to) => self.duplicate(slot, to)?,
            O::Close(slot) => self.close(slot)?,
            O::CloseBehind(_) | O::Replace(..) if !self.notices_closes => {}
            O::CloseBehind(slot) => self.close_behind(slot),
            O::Replace(slot, kind, way, interest) => {
                self.replace(slot, kind, way, able(interest))?;
            }
            O::Register(slot, interest) => self.register(slot, able(interest))?,
            O::Reregister(slot, interest) => self.reregister(slot, able(interest))?,
            O::Deregister(slot) => self.deregister(slot)?,
            O::RegisterTwice(slot, interest) => self.register_twice(slot, able(interest))?,
            O::RegisterElsewhere(slot, interest) => {
                self.register_elsewhere(slot, able(interest))?
            }
            O::RegisterClosed(interest) => self.register_closed(able(interest))?,
            O::Rearm(slot, interest) => self.rearm(slot, interest)?,
            O::Read(slot, amount) => self.read(slot, amount, false),
            O::TryRead(slot, amount) => self.read(slot, amount, true),
            O::Write(slot, amount) => self.write(slot, amount),
            O::Shutdown(slot, how) => {
                let is_done = self.opened(slot).is_some_and(|opened| opened.end.shutdown(how));
                self.cause(slot, Attempt::of(is_done));
            }
            O::PeerRead(slot, amount) => self.with_peer(slot, |peer| peer.read(amount)),
            O::PeerWrite(slot, amount) => self.with_peer(slot, |peer| peer.write(amount)),
            O::PeerUrgent(slot) => self.with_peer(slot, |peer| Attempt::of(peer.write_urgent())),
            O::PeerShutdown(slot, how) => {
                self.with_peer(slot, |peer| Attempt::of(peer.shutdown(how)));
            }
            O::PeerClose(slot) => self.with_peer(slot, |peer| peer.close(false)),
            O::PeerReset(slot) => self.with_peer(slot, |peer| peer.close(true)),
            O::AddWaker(at) => self.add_waker(at)?,
            O::Wake(at) => self.wake(at)?,
            O::DropWaker(at) => self.wakers[at] = None,
            O::Wait(microseconds) => drop(self.wait(microseconds)?),
            O::Answer => self.wait(0)?.iter().try_for_each(|event| self.answer(event))?,
        }
        Ok(())
    }

    /// What each registered descriptor is ready for.
    pub(super) fn look(&self) -> BTreeMap<Token, Ready> {
        let registered: Vec<_> = self
            .slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::Open(Opened { end, registration: Some((token, _)), .. }) => {
                    Some((*token, end))
                }
                _ => None,
            })
            .collect();
        let ends: Vec<_> = registered.iter().map(|(_, end)| *end).collect();
        let ready = system::look(&ends);
        registered.iter().zip(ready).map(|((token, _), ready)| (*token, ready)).collect()
    }

    /// Tries I/O where `event` says that it is worth it, and arms a oneshot again.
    pub(super) fn answer(&mut self, event: &Sighting) -> Verdict {
        let Some((slot, interest)) = self.registered_as(event.token) else { return Ok(()) };
        if event.served().read || event.served().urgent {
            self.read(slot, Amount::All, false);
        }
        let may_write = self.opened(slot).is_some_and(|opened| rests_when_full(opened.end.kind()));
        if event.served().write && may_write {
            self.write(slot, Amount::All);
        }
        if interest.is_oneshot() { self.reregister(slot, interest) } else { Ok(()) }
    }

    /// The same, for edge registrations alone. Where each answer has another event, it ends the
    /// registration.
    pub(super) fn answer_edge(&mut self, event: &Sighting) -> Verdict {
        match self.registered_as(event.token) {
            Some((slot, interest)) if interest.is_edge() => match self.opened(slot) {
                Some(Opened { end, .. }) if !system::rests(end, self.elsewhere.backend()) => {
                    self.deregister(slot)
                }
                _ => self.answer(event),
            },
            _ => Ok(()),
        }
    }

    /// Tries I/O in both directions of each edge registration.
    pub(super) fn try_all(&mut self) {
        for slot in self.slots_with(Interest::is_edge) {
            self.read(slot, Amount::All, false);
            self.write(slot, Amount::All);
        }
    }

    /// The slots whose registration is of a kind.
    pub(super) fn slots_with(&self, is: impl Fn(Interest) -> bool) -> Vec<usize> {
        (0..SLOTS)
            .filter(|&slot| {
                let registration = self.opened(slot).and_then(|opened| opened.registration);
                registration.is_some_and(|(_, interest)| is(interest))
            })
            .collect()
    }

    pub(super) fn opened(&self, slot: usize) -> Option<&Opened> {
        match &self.slots[slot] {
            Slot::Open(opened) => Some(opened),
            Slot::Empty | Slot::Orphan(..) => None,
        }
    }

    pub(super) fn opened_mut(&mut self, slot: usize) -> Option<&mut Opened> {
        match &mut self.slots[slot] {
            Slot::Open(opened) => Some(opened),
            Slot::Empty | Slot::Orphan(..) => None,
        }
    }

    pub(super) fn fresh_token(&mut self) -> Token {
        self.token += 1;
        Token(self.token)
    }

    /// Notes that the descriptor, and with it its duplicates, may have something to tell.
    fn cause(&mut self, slot: usize, attempt: Attempt) {
        let Some(opened) = self.opened(slot).filter(|_| attempt.was_made) else { return };
        let peer = Rc::clone(&opened.peer);
        for slot in &self.slots {
            if let Slot::Open(Opened { peer: other, registration: Some((token, _)), .. }) = slot {
                if Rc::ptr_eq(&peer, other) {
                    self.model.caused(*token, attempt.pieces);
                }
            }
        }
    }

    fn registered_as(&self, token: Token) -> Option<(usize, Interest)> {
        (0..SLOTS).find_map(|slot| {
            let registration = self.opened(slot)?.registration?;
            (registration.0 == token).then_some((slot, registration.1))
        })
    }

    fn open(&mut self, slot: usize, kind: Kind, way: Way) -> Verdict {
        self.close(slot)?;
        // Their numbers are about to be given out.
        self.clean_up_orphans();
        let kind = system::nearest(kind);
        let (handle, peer) = connect(kind).map_err(because("a pair"))?;
        let handle = self.numbers.place(handle).map_err(because("a number"))?;
        self.slots[slot] = Slot::Open(Opened {
            end: End::new(kind, way, handle),
            peer: Rc::new(RefCell::new(peer)),
            registration: None,
        });
        Ok(())
    }

    fn read(&mut self, slot: usize, amount: Amount, is_untold: bool) {
        let Some(opened) = self.opened(slot) else { return };
        let attempt = opened.end.read(amount, is_untold);
        // Whether anything is left is asked of the kernel: any attempt is told.
        let attempt = Attempt { is_at_end: true, ..attempt };
        self.note(slot, Directions::INWARD, attempt);
    }

    fn write(&mut self, slot: usize, amount: Amount) {
        let Some(opened) = self.opened(slot) else { return };
        let attempt = opened.end.write(amount);
        opened.peer.borrow_mut().receive(attempt.pieces);
        self.note(slot, Directions::WRITE, attempt);
    }

    /// Tells the model of an attempt.
    fn note(&mut self, slot: usize, directions: Directions, attempt: Attempt) {
        self.cause(slot, attempt);
        let Some(Opened { end, registration: Some((token, _)), .. }) = self.opened(slot) else {
            return;
        };
        if attempt.was_made && attempt.is_at_end {
            let (token, ready) = (*token, system::look(&[end])[0]);
            self.model.tried(token, directions, ready);
        }
    }

    fn with_peer(&mut self, slot: usize, act: impl FnOnce(&mut Peer) -> Attempt) {
        let Some(opened) = self.opened(slot) else { return };
        let attempt = act(&mut opened.peer.borrow_mut());
        self.cause(slot, attempt);
    }

    fn add_waker(&mut self, at: usize) -> Verdict {
        let token = self.fresh_token();
        let waker = Waker::new(&self.registry, token).map_err(because("a waker"))?;
        self.wakers[at] = Some((waker, token));
        Ok(())
    }

    fn wake(&mut self, at: usize) -> Verdict {
        if let Some((waker, token)) = &self.wakers[at] {
            waker.wake().map_err(because("a wake-up"))?;
            self.model.woken(*token);
        }
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Programs come by the thousand, and ports are few.
        for slot in &self.slots {
            if let Slot::Open(opened) = slot {
                reset_on_close(opened.end.kind(), &opened.end);
                opened.peer.borrow().reset_on_close();
            }
        }
    }
}

/// Says what could not be had.
pub(super) fn because(what: &str) -> impl Fn(io::Error) -> String + '_ {
    move |error| format!("{what}: {error}")
}

/// The nearest that can be asked of a backend which does not tell of urgent data.
fn without_priority(interest: Interest) -> Interest {
    interest.remove(Interest::PRIORITY).unwrap_or_else(|| match interest {
        _ if interest.is_oneshot() => Interest::READABLE.oneshot(),
        _ if interest.is_level() => Interest::READABLE.level(),
        _ => Interest::READABLE,
    })
}
