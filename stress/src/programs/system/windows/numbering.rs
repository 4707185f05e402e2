//! What a program does with the numbers of sockets. It closes none of them behind the library's
//! back: only a socket that is borrowed can be registered.

use std::io::ErrorKind;
use std::os::windows::io::AsSocket;
use std::rc::Rc;

use omnipoll::{Interest, IoSource};

use crate::programs::end::End;
use crate::programs::model::Verdict;
use crate::programs::operation::{Kind, Way};
use crate::programs::registering::refused;
use crate::programs::world::{Opened, Slot, World, because};

impl World {
    pub(crate) fn duplicate(&mut self, slot: usize, to: usize) -> Verdict {
        if slot == to || self.opened(slot).is_none() {
            return Ok(());
        }
        self.close(to)?;
        let Some(opened) = self.opened(slot) else { return Ok(()) };
        let socket = opened.end.as_socket().try_clone_to_owned();
        let socket = socket.map_err(because("a duplicate"))?;
        let duplicate = Opened {
            end: End::new(opened.end.kind(), Way::Raw, socket),
            peer: Rc::clone(&opened.peer),
            registration: None,
        };
        self.slots[to] = Slot::Open(duplicate);
        Ok(())
    }

    /// By another source of the same socket.
    pub(crate) fn register_twice(&mut self, slot: usize, interest: Interest) -> Verdict {
        let token = self.fresh_token();
        let Some(Opened { end, registration: Some((registered, _)), .. }) = self.opened(slot)
        else {
            return Ok(());
        };
        let mut other = IoSource::new(end.as_socket());
        let result = self.registry.register(&mut other, token, interest);
        drop(other);
        let registered = *registered;
        self.model.caused(registered, 1);
        refused("register a socket twice", result, ErrorKind::AlreadyExists)
    }

    /// Does nothing.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "elsewhere it can be")]
    pub(crate) fn register_closed(&mut self, _: Interest) -> Verdict {
        Ok(())
    }

    /// Does nothing.
    #[expect(clippy::unused_self, reason = "elsewhere it can be")]
    pub(crate) fn close_behind(&mut self, _: usize) {}

    /// Does nothing.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "elsewhere it can be")]
    pub(crate) fn replace(&mut self, _: usize, _: Kind, _: Way, _: Interest) -> Verdict {
        Ok(())
    }

    /// Does nothing, as there are no orphans.
    #[expect(clippy::unused_self, reason = "elsewhere there are")]
    pub(crate) fn clean_up(&mut self, _: usize) {}
}
