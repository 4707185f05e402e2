//! [Event ports], of illumos and Solaris: queues in which the kernel puts what has become
//! ready.
//!
//! An association of a descriptor with a port tells what is ready when it is made, or else
//! the first that becomes so, and then is none any more. Made anew before the next wait, it
//! tells levels: so a port does what poll(2) does, save that a wait costs as much as was
//! found, and not as much as is registered. The rest is stateless.rs, as for poll(2).
//!
//! What lies in the queue was so when it was put there. It is looked at with poll(2) before
//! it is told, as the caller may have taken what it was about.
//!
//! [Event ports]: https://illumos.org/man/3C/port_create

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use rustix::io::Errno;

use self::port::Port;
use super::by_descriptor::ByDescriptor;
use super::glance::Glance;
use super::stateless::{Found, StatelessCall};
use super::timeout::NOT_AT_ALL;
use super::{Backend, Support, poll, poll_flags};
use crate::event::Readiness;
use crate::signal_set::SignalSet;

#[cfg_attr(omnipoll_port_double, path = "double.rs")]
mod port;

/// What is found of a descriptor that is ready for nothing any more.
const NOTHING: Found = Found::Ready(Readiness::NONE);

#[derive(Debug)]
pub(super) struct EventPort {
    port: Port,
    watches: ByDescriptor<Watch>,
    /// What is to be associated before the next wait, the first of it first.
    loose: VecDeque<RawFd>,
    /// What the last wait found. None of it is associated any more.
    found: Vec<(RawFd, Found)>,
    /// How much of that was shown.
    shown: usize,
    taken: Vec<RawFd>,
    glance: Glance,
}

/// What a descriptor is watched for.
#[derive(Debug)]
struct Watch {
    directions: Readiness,
    /// It is among the loose ones.
    is_loose: bool,
}

impl StatelessCall for EventPort {
    const BACKEND: Backend = Backend::EventPorts;
    const HANG_UP: Support = Support::Native;
    const SUB_MILLISECOND: Support = Support::Native;
    const SIGNAL_MASK: Support = Support::Emulated;

    fn open() -> io::Result<EventPort> {
        Ok(EventPort {
            port: Port::open()?,
            watches: ByDescriptor::new(),
            loose: VecDeque::new(),
            found: Vec::new(),
            shown: 0,
            taken: Vec::new(),
            glance: Glance::default(),
        })
    }

    fn descriptor(&self) -> Option<RawFd> {
        Some(self.port.as_fd().as_raw_fd())
    }

    fn watch(&mut self, fd: RawFd, directions: Readiness) {
        if directions.is_empty() {
            // An association with no flags would still tell errors and hang-ups.
            self.forget(fd);
            return;
        }
        match self.watches.get(fd) {
            Some(watch) => watch.directions = directions,
            None => self.watches.insert(fd, Watch { directions, is_loose: false }),
        }
        self.loosen(fd);
    }

    fn forget(&mut self, fd: RawFd) {
        if self.watches.take(fd).is_some() {
            // It fails for one that has fired, and for one that was closed, which is as good.
            let _ = self.port.dissociate(fd);
        }
    }

    fn call(
        &mut self,
        room: usize,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<usize> {
        self.loosen_found();
        self.associate_loose()?;
        let mut timeout = if self.found.is_empty() { timeout } else { NOT_AT_ALL };
        if mask.is_some() && timeout != NOT_AT_ALL {
            // The call has no mask, but a port is a descriptor that can be waited for.
            poll::wait_for_one(self.port.as_fd(), timeout, mask)?;
            timeout = NOT_AT_ALL;
        }
        self.port.take(&mut self.taken, room, timeout)?;
        self.look_at_taken()?;
        Ok(self.found.len())
    }

    fn visit(&mut self, _: usize, mut visit: impl FnMut(RawFd, Found) -> ControlFlow<()>) {
        for &(fd, found) in &self.found {
            if found != NOTHING && visit(fd, found).is_break() {
                return;
            }
            self.shown += 1;
        }
    }
}

impl EventPort {
    /// Has `fd`, if it is watched, associated before the next wait.
    fn loosen(&mut self, fd: RawFd) {
        if let Some(watch) = self.watches.get(fd).filter(|watch| !watch.is_loose) {
            watch.is_loose = true;
            self.loose.push_back(fd);
        }
    }

    /// Those that there was no room to show go first, so that each gets its turn.
    fn loosen_found(&mut self) {
        let found = std::mem::take(&mut self.found);
        let (shown, left) = found.split_at(std::mem::take(&mut self.shown));
        for &(fd, _) in left.iter().chain(shown) {
            self.loosen(fd);
        }
    }

    fn associate_loose(&mut self) -> io::Result<()> {
        while let Some(&fd) = self.loose.front() {
            // What was forgotten meanwhile, and perhaps watched again, is not to be here twice.
            if let Some(watch) = self.watches.get(fd).filter(|watch| watch.is_loose) {
                match self.port.associate(fd, poll_flags::to_ask_for(watch.directions)) {
                    Err(Errno::BADF) => self.found.push((fd, Found::NotOpen)),
                    associated => associated.map_err(explain)?,
                }
                watch.is_loose = false;
            }
            self.loose.pop_front();
        }
        Ok(())
    }

    /// Finds out what the descriptors that were taken from the queue are now.
    fn look_at_taken(&mut self) -> io::Result<()> {
        let first = self.found.len();
        for fd in self.taken.drain(..) {
            if let Some(watch) = self.watches.get(fd) {
                self.glance.add(fd, watch.directions);
                self.found.push((fd, NOTHING));
            }
        }
        for (found, looked) in self.found[first..].iter_mut().zip(self.glance.look()?) {
            *found = looked;
        }
        Ok(())
    }
}

/// Says what is wrong where the system says that it should be tried again.
#[cold]
fn explain(error: Errno) -> io::Error {
    if error != Errno::AGAIN {
        return error.into();
    }
    io::Error::new(
        io::ErrorKind::QuotaExceeded,
        "an event port takes no more descriptors than process.max-port-events says, and more are \
         registered: have rctladm(8) raise it, or take the poll backend",
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn found(port: &mut EventPort) -> Vec<(RawFd, Found)> {
        port.call(64, NOT_AT_ALL, None).expect("a look");
        let mut all = Vec::new();
        port.visit(0, |fd, found| {
            all.push((fd, found));
            ControlFlow::Continue(())
        });
        all
    }

    #[test]
    fn a_level_is_told_again_and_what_was_taken_is_not() {
        let (mut theirs, ours) = UnixStream::pair().expect("a pair");
        let mut port = EventPort::open().expect("a port");
        port.watch(ours.as_raw_fd(), Readiness::IN);
        theirs.write_all(b"!").expect("room");
        for _ in 0..3 {
            assert!(matches!(found(&mut port)[..], [(_, Found::Ready(Readiness::IN))]));
        }
        port.associate_loose().expect("an association, which lies in the queue");
        std::io::Read::read_exact(&mut &ours, &mut [0]).expect("a byte");
        assert!(found(&mut port).is_empty());
        theirs.write_all(b"!").expect("room");
        assert_eq!(found(&mut port).len(), 1);
        port.forget(ours.as_raw_fd());
        assert!(found(&mut port).is_empty());
    }

    #[test]
    fn what_there_was_no_room_for_comes_first() {
        let pairs: Vec<_> = (0..3).map(|_| UnixStream::pair().expect("a pair")).collect();
        let mut port = EventPort::open().expect("a port");
        for (ours, _) in &pairs {
            port.watch(ours.as_raw_fd(), Readiness::OUT);
        }
        let mut seen = Vec::new();
        for _ in 0..6 {
            port.call(64, NOT_AT_ALL, None).expect("a look");
            let mut has_room = true;
            port.visit(0, |fd, _| {
                if !std::mem::take(&mut has_room) {
                    return ControlFlow::Break(());
                }
                seen.push(fd);
                ControlFlow::Continue(())
            });
        }
        seen.sort_unstable();
        assert!(seen.chunks(2).all(|twice| twice[0] == twice[1]), "{seen:?}");
    }

    #[test]
    fn what_is_not_open_is_found_out() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let number = ours.as_raw_fd();
        let mut port = EventPort::open().expect("a port");
        port.watch(number + 1000, Readiness::IN);
        let all = found(&mut port);
        assert!(matches!(all[..], [(fd, Found::NotOpen)] if fd == number + 1000), "{all:?}");
    }
}
