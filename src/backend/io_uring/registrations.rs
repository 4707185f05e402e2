//! What is registered with a ring, and what becomes of the completions.

use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;

use super::request::{Request, told_of};
use super::ring::{Completion, Ring};
use super::tag::Generation;
use crate::backend::by_descriptor::ByDescriptor;
use crate::backend::glance::Glance;
use crate::backend::stateless::Found;
use crate::backend::told::Told;
use crate::event::{Events, Readiness};
use crate::{Interest, Token};

#[derive(Debug)]
pub(super) struct Registrations {
    entries: ByDescriptor<Entry>,
    /// Of the registration that was made last.
    generation: Generation,
    /// Those whose requests have ended, though they are to be watched on.
    lapsed: VecDeque<(RawFd, Generation)>,
    /// Those of which poll(2) is to tell what they are ready for.
    doubtful: VecDeque<(RawFd, Generation)>,
    glance: Glance,
}

#[derive(Debug)]
pub(super) struct Entry {
    token: Token,
    interest: Interest,
    generation: Generation,
    /// The kernel has a request for it, or will.
    is_armed: bool,
    is_doubtful: bool,
    /// The ends that were told of. They last, and each event tells of them, as epoll's do:
    /// callers take a short read for the end of the data where none was told.
    lasting: Readiness,
    told: Told,
}

/// How many are looked at in one call.
const BATCH: usize = 256;

impl Registrations {
    pub(super) fn new() -> Registrations {
        Registrations {
            entries: ByDescriptor::new(),
            generation: Generation::default(),
            lapsed: VecDeque::new(),
            doubtful: VecDeque::new(),
            glance: Glance::default(),
        }
    }

    #[inline]
    pub(super) fn get(&mut self, fd: RawFd) -> Option<&mut Entry> {
        self.entries.get(fd)
    }

    /// The entry of a registration that is to be made.
    pub(super) fn entry(&mut self, token: Token, interest: Interest) -> Entry {
        self.generation = self.generation.next();
        Entry {
            token,
            interest,
            generation: self.generation,
            is_armed: true,
            is_doubtful: false,
            lasting: Readiness::NONE,
            told: Told::default(),
        }
    }

    /// Puts `entry` in for `fd`, in place of the one that is there.
    pub(super) fn insert(&mut self, fd: RawFd, entry: Entry) {
        self.entries.insert(fd, entry);
    }

    pub(super) fn take(&mut self, fd: RawFd) -> Option<Entry> {
        self.entries.take(fd)
    }

    /// What all of them ask for, of a ring that has been asked for nothing.
    pub(super) fn requests(&mut self) -> impl Iterator<Item = Request> {
        self.lapsed.clear();
        let armed = self.entries.iter().filter(|(_, entry)| entry.is_armed);
        armed.map(|(fd, entry)| entry.watch(fd))
    }

    pub(super) fn is_current(&mut self, fd: RawFd, generation: Generation) -> bool {
        current(&mut self.entries, fd, generation).is_some()
    }

    /// Puts into the queue again what has lapsed, as far as there is room for what may come of
    /// it: a request for whose completion there is none ends at once. False if nothing has.
    pub(super) fn ask_again(&mut self, ring: &mut Ring) -> io::Result<bool> {
        if self.lapsed.is_empty() {
            return Ok(false);
        }
        for _ in 0..ring.room() {
            let Some((fd, generation)) = self.lapsed.pop_front() else { break };
            if let Some(entry) = current(&mut self.entries, fd, generation) {
                entry.watch(fd).make(ring)?;
            }
        }
        Ok(true)
    }

    /// Whether a look may find something that the ring does not show.
    pub(super) fn has_more(&self) -> bool {
        !self.doubtful.is_empty() || !self.lapsed.is_empty()
    }

    /// How many batches at the most can tell nothing, one after another, as long as a call with
    /// nothing to do costs little.
    pub(super) fn silent_batches(&self) -> usize {
        /// How much the kernel does in one call.
        const BATCH: usize = 20;
        (self.entries.width() / BATCH + 2).min(64)
    }

    /// How many are to be looked at.
    pub(super) fn doubtful(&self) -> usize {
        self.doubtful.len()
    }

    /// Turns one completion into an event, or notes that a level is to be looked at.
    pub(super) fn report(
        &mut self,
        fd: RawFd,
        generation: Generation,
        completion: Completion,
        wait: u32,
        events: &mut Events,
    ) {
        // Late completions of an earlier registration have nothing to say.
        let Some(entry) = current(&mut self.entries, fd, generation) else { return };
        if let Ok(flags) = u32::try_from(completion.result) {
            let ready = Readiness::from_bits(flags).within(told_of(entry.interest));
            if entry.interest.is_edge() && !ready.has(Readiness::CLOSING) {
                if !ready.is_empty() {
                    entry.told.tell(entry.token, ready.with(entry.lasting), wait, events);
                }
            } else if !entry.is_doubtful {
                entry.is_doubtful = true;
                self.doubtful.push_back((fd, generation));
            }
        } else if !is_to_be_asked_again(completion.result) {
            entry.told.tell(entry.token, Readiness::ERR, wait, events);
            entry.is_armed = false;
            return;
        }
        if completion.has_more {
            return;
        }
        entry.is_armed = !entry.interest.is_oneshot() || completion.result < 0;
        if entry.is_armed {
            // The thread that asked has ended, or there was no room for the completion.
            self.lapsed.push_back((fd, generation));
        }
    }

    /// Tells, as far as there is room, what the doubtful ones are ready for.
    ///
    /// Completions of oneshot and level may be of long ago, and the kernel says of an end or
    /// an error in several ways what it had at hand when it came, which is not all.
    pub(super) fn look_closer(&mut self, wait: u32, events: &mut Events) -> io::Result<()> {
        let mut unseen = self.doubtful.len();
        while unseen > 0 && events.room() > 0 {
            let batch = unseen.min(events.room()).min(BATCH);
            unseen -= batch;
            for &(fd, generation) in self.doubtful.iter().take(batch) {
                if let Some(entry) = current(&mut self.entries, fd, generation) {
                    self.glance.add(fd, entry.interest.directions());
                }
            }
            let looked = self.glance.look()?;
            // Not before: what could not be looked at is doubtful still.
            self.doubtful.drain(..batch);
            for (fd, found) in looked {
                let Some(entry) = self.entries.get(fd) else { continue };
                let ready = match found {
                    Found::Ready(ready) => ready.within(told_of(entry.interest)),
                    Found::NotOpen => Readiness::ERR,
                };
                let is_ready = !ready.is_empty();
                entry.lasting = lasting(ready);
                if is_ready {
                    entry.told.tell(entry.token, ready, wait, events);
                }
                // Level goes on for as long as it lasts.
                let is_open = matches!(found, Found::Ready(_));
                entry.is_doubtful = is_ready && is_open && entry.interest.is_level();
                if entry.is_doubtful {
                    self.doubtful.push_back((fd, entry.generation));
                } else if !is_ready && !entry.is_armed {
                    entry.is_armed = true;
                    self.lapsed.push_back((fd, entry.generation));
                }
            }
        }
        Ok(())
    }
}

impl Entry {
    pub(super) fn watch(&self, fd: RawFd) -> Request {
        Request::Watch(fd, self.interest, self.generation)
    }

    /// What ends its request, if it has one.
    pub(super) fn forget(&self, fd: RawFd) -> Option<Request> {
        self.is_armed.then_some(Request::Forget(fd, self.generation))
    }
}

/// The entry of `fd`, if it is still the one with this generation.
#[inline]
fn current(
    entries: &mut ByDescriptor<Entry>,
    fd: RawFd,
    generation: Generation,
) -> Option<&mut Entry> {
    entries.get(fd).filter(|entry| entry.generation == generation)
}

/// What of `ready` lasts once it is there. A stream that was ended by the peer stays readable,
/// first for what is left, then for its end. A hang-up alone is of a socket that is not
/// connected yet, or of a FIFO that may have another writer.
fn lasting(ready: Readiness) -> Readiness {
    const LASTING: Readiness = Readiness::IN.with(Readiness::HUP).with(Readiness::RDHUP);
    if ready.has(Readiness::RDHUP) { ready.within(LASTING) } else { Readiness::NONE }
}

/// Whether a request ended for reasons that are not those of its descriptor: the thread that
/// asked for it has ended, or memory was short.
fn is_to_be_asked_again(result: i32) -> bool {
    [libc::ECANCELED, libc::ENOMEM, libc::EAGAIN].contains(&-result)
}
