//! What a program does with registrations, each with the error that is promised.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;

use omnipoll::unix::SourceFd;
use omnipoll::{Interest, Token};
use rustix::io::Errno;

use super::end::End;
use super::model::{Order, Verdict};
use super::number::place_at;
use super::operation::{Kind, Way};
use super::peer::connect;
use super::world::{Opened, Slot, World, because};

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

    /// By its number, which the mechanism has, whatever the source remembers.
    pub(super) fn register_twice(&mut self, slot: usize, interest: Interest) -> Verdict {
        let token = self.fresh_token();
        let Some(Opened { end, registration: Some((registered, _)), .. }) = self.opened(slot)
        else {
            return Ok(());
        };
        let result = self.registry.register(&mut SourceFd(&end.as_raw_fd()), token, interest);
        let registered = *registered;
        self.model.caused(registered, 1);
        refused("register a number twice", result, ErrorKind::AlreadyExists)
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

    pub(super) fn register_closed(&mut self, interest: Interest) -> Verdict {
        let token = self.fresh_token();
        let number = self.numbers.unused();
        let mut source = SourceFd(&number);
        let result = self.registry.register(&mut source, token, interest);
        if result.as_ref().err().and_then(Errno::from_io_error) != Some(Errno::BADF) {
            return Err(format!("to register what is closed came to {result:?}"));
        }
        let gone = self.registry.deregister(&mut source);
        if gone.is_ok() { Err("deregistered what was never registered".into()) } else { Ok(()) }
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

    pub(super) fn close_behind(&mut self, slot: usize) {
        let Some(opened) = self.opened(slot) else { return };
        // While a duplicate keeps it open, the kernel goes on to report it.
        let is_shared = Rc::strong_count(&opened.peer) > 1 || Rc::weak_count(&opened.peer) > 0;
        let is_alone = !is_shared && opened.end.kind() != Kind::Eventfd;
        if let (true, true, Some((token, _))) = (opened.end.is_raw(), is_alone, opened.registration)
        {
            let number = opened.end.as_raw_fd();
            self.slots[slot] = Slot::Orphan(number, token);
            self.model.orphan(token, self.eyes.now());
        }
    }

    /// Registers a newcomer under the number of an orphan.
    pub(super) fn replace(
        &mut self,
        slot: usize,
        kind: Kind,
        way: Way,
        interest: Interest,
    ) -> Verdict {
        self.close_behind(slot);
        let Slot::Orphan(number, orphan) = self.slots[slot] else { return Ok(()) };
        let (fd, peer) = connect(kind).map_err(because("a pair"))?;
        let fd = place_at(fd.as_fd(), number).map_err(because("a number"))?;
        let registration = None;
        let peer = Rc::new(RefCell::new(peer));
        self.slots[slot] = Slot::Open(Opened { end: End::new(kind, way, fd), peer, registration });
        let result = self.register(slot, interest);
        self.retire(orphan);
        result
    }

    /// Deregisters what was closed behind the library's back, so that its numbers may be
    /// used again.
    pub(super) fn clean_up_orphans(&mut self) {
        for slot in 0..self.slots.len() {
            self.clean_up(slot);
        }
    }

    fn clean_up(&mut self, slot: usize) {
        if let Slot::Orphan(number, token) = self.slots[slot] {
            // The kernel may have forgotten it.
            let _ = self.registry.deregister(&mut SourceFd(&number));
            self.slots[slot] = Slot::Empty;
            self.retire(token);
        }
    }

    fn retire(&mut self, token: Token) {
        let now = self.eyes.now();
        self.model.retire(token, now);
    }
}

/// Checks that an error came, and which.
fn refused(what: &str, result: io::Result<()>, kind: ErrorKind) -> Verdict {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        result => Err(format!("{what}: {kind:?} is promised, and it came to {result:?}")),
    }
}
