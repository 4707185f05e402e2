//! What a program does with registrations, each with the error that is promised.

use std::io::{self, ErrorKind};
use std::rc::Rc;

use omnipoll::{Interest, Token};

use super::model::{Order, Verdict};
use super::world::{Slot, World, because};

impl World {
    pub(super) fn register(&mut self, slot: usize, interest: Interest) -> Verdict {
        let token = self.fresh_token();
        let registry = self.registry.try_clone().map_err(because("a registry"))?;
        let Some(opened) = self.opened_mut(slot) else { return Ok(()) };
        let result = opened.end.with_source(|source| registry.register(source, token, interest));
        if let Some((token, _)) = opened.registration {
            // To find out that it is there may report it once more.
            self.model.caused(token, 1);
            return refused("register twice", result, ErrorKind::AlreadyExists);
        }
        result.map_err(because("register"))?;
        opened.registration = Some((token, interest));
        self.model.register(token, interest);
        Ok(())
    }

    pub(super) fn reregister(&mut self, slot: usize, interest: Interest) -> Verdict {
        let token = self.fresh_token();
        let registry = self.registry.try_clone().map_err(because("a registry"))?;
        let Some(opened) = self.opened_mut(slot) else { return Ok(()) };
        let result = opened.end.with_source(|source| registry.reregister(source, token, interest));
        let Some((earlier, _)) = opened.registration else {
            return refused("reregister what is not registered", result, ErrorKind::NotFound);
        };
        result.map_err(because("reregister"))?;
        opened.registration = Some((token, interest));
        self.model.register(token, interest);
        self.retire(earlier);
        Ok(())
    }

    pub(super) fn deregister(&mut self, slot: usize) -> Verdict {
        let registry = self.registry.try_clone().map_err(because("a registry"))?;
        let Some(opened) = self.opened_mut(slot) else { return Ok(()) };
        let result = opened.end.with_source(|source| registry.deregister(source));
        let Some((token, _)) = opened.registration.take() else {
            return refused("deregister what is not registered", result, ErrorKind::NotFound);
        };
        result.map_err(because("deregister"))?;
        self.retire(token);
        Ok(())
    }

    pub(super) fn register_elsewhere(&mut self, slot: usize, interest: Interest) -> Verdict {
        let token = self.fresh_token();
        let other = self.elsewhere.registry().try_clone().map_err(because("a registry"))?;
        let Some(opened) = self.opened_mut(slot) else { return Ok(()) };
        let (is_registered, is_raw) = (opened.registration.is_some(), opened.end.is_raw());
        opened.end.with_source(|source| {
            let again = other.reregister(source, token, interest);
            refused("reregister elsewhere", again, ErrorKind::NotFound)?;
            refused("deregister elsewhere", other.deregister(source), ErrorKind::NotFound)?;
            let result = other.register(source, token, interest);
            // A raw descriptor may be with several polls.
            if is_registered && !is_raw {
                return refused("register elsewhere too", result, ErrorKind::AlreadyExists);
            }
            result.map_err(because("register elsewhere"))?;
            other.deregister(source).map_err(because("deregister elsewhere"))
        })
    }

    pub(super) fn rearm(&mut self, slot: usize, interest: Interest) -> Verdict {
        let Some(opened) = self.opened(slot) else { return Ok(()) };
        let result = self.registry.rearm(&opened.end, interest);
        match (result, opened.registration) {
            (Ok(()), Some((token, _))) => {
                self.model.caused(token, 1);
                Ok(())
            }
            (Err(error), Some(_)) => Err(format!("rearm: {error}")),
            // Not every backend can tell.
            (Ok(()), None) => Ok(()),
            (result, None) => refused("rearm", result, ErrorKind::NotFound),
        }
    }

    /// Closes it: a typed one deregisters itself, a raw one is deregistered.
    pub(super) fn close(&mut self, slot: usize) -> Verdict {
        self.clean_up(slot);
        let is_registered_raw = self
            .opened(slot)
            .is_some_and(|opened| opened.end.is_raw() && opened.registration.is_some());
        if is_registered_raw {
            self.deregister(slot)?;
        }
        if let Slot::Open(opened) = std::mem::replace(&mut self.slots[slot], Slot::Empty) {
            // An io_uring holds a file until the thread that asked for it runs, and a poll(2)
            // does while it sleeps: both are other threads.
            if self.eyes.order() == Order::Loose && !opened.end.is_raw() {
                self.held.push(Rc::downgrade(&opened.peer));
            }
            drop(opened.end);
            if let Some((token, _)) = opened.registration {
                self.retire(token);
            }
        }
        Ok(())
    }

    /// Deregisters what was closed behind the library's back, so that its numbers may be
    /// used again.
    pub(super) fn clean_up_orphans(&mut self) {
        for slot in 0..self.slots.len() {
            self.clean_up(slot);
        }
    }

    pub(super) fn retire(&mut self, token: Token) {
        let now = self.eyes.now();
        self.model.retire(token, now);
    }
}

/// Checks that an error came, and which.
pub(super) fn refused(what: &str, result: io::Result<()>, kind: ErrorKind) -> Verdict {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        result => Err(format!("{what}: {kind:?} is promised, and it came to {result:?}")),
    }
}
