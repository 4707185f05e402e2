//! What a program does with the numbers of descriptors, behind the library's back too.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;

use omnipoll::Interest;
use omnipoll::unix::SourceFd;
use rustix::io::Errno;

use super::number::place_at;
use crate::programs::end::End;
use crate::programs::model::Verdict;
use crate::programs::operation::{Kind, Way};
use crate::programs::peer::connect;
use crate::programs::registering::refused;
use crate::programs::world::{Opened, Slot, World, because};

impl World {
    pub(crate) fn duplicate(&mut self, slot: usize, to: usize) -> Verdict {
        if slot == to || self.opened(slot).is_none() {
            return Ok(());
        }
        self.close(to)?;
        self.clean_up_orphans();
        let Some(opened) = self.opened(slot) else { return Ok(()) };
        let fd = opened.end.as_fd().try_clone_to_owned().map_err(because("a duplicate"))?;
        let fd = self.numbers.place(fd).map_err(because("a number"))?;
        let duplicate = Opened {
            end: End::new(opened.end.kind(), Way::Raw, fd),
            peer: Rc::clone(&opened.peer),
            registration: None,
        };
        self.slots[to] = Slot::Open(duplicate);
        Ok(())
    }

    /// By its number, which the mechanism has, whatever the source remembers.
    pub(crate) fn register_twice(&mut self, slot: usize, interest: Interest) -> Verdict {
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

    pub(crate) fn register_closed(&mut self, interest: Interest) -> Verdict {
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

    pub(crate) fn close_behind(&mut self, slot: usize) {
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
    pub(crate) fn replace(
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

    pub(crate) fn clean_up(&mut self, slot: usize) {
        if let Slot::Orphan(number, token) = self.slots[slot] {
            // The kernel may have forgotten it.
            let _ = self.registry.deregister(&mut SourceFd(&number));
            self.slots[slot] = Slot::Empty;
            self.retire(token);
        }
    }
}
