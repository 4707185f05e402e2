//! [WSAPoll]: the system looks at every socket in each call.
//!
//! [WSAPoll]: https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-wsapoll
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{
    POLLERR, POLLHUP, POLLNVAL, POLLRDBAND, POLLRDNORM, POLLWRNORM, SOCKET, WSAPOLLFD, WSAPoll,
};

use super::raw_descriptor::{check_is_open, is_not_open, last_error};
use super::stateless::{Found, StatelessCall};
use super::{Backend, Support, timeout};
use crate::event::Readiness;
use crate::os::{self, BorrowedDescriptor, RawDescriptor};
use crate::signal_set::SignalSet;

/// A set of sockets, dense, in the form of the call. One that sleeps is not in it: the call
/// refuses a set with nobody in it, and would tell the ends of all that are.
#[derive(Debug, Default)]
pub(super) struct PollFds {
    sockets: Vec<Polled>,
    /// By socket, where it is.
    positions: HashMap<RawDescriptor, usize>,
    /// Where the next visit begins, so that each socket gets its turn.
    start: usize,
}

/// One socket, as the call is asked and as it answers.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Polled(WSAPOLLFD);

impl StatelessCall for PollFds {
    const BACKEND: Backend = Backend::Poll;
    const HANG_UP: Support = Support::Native;
    const SUB_MILLISECOND: Support = Support::Absent;
    const SIGNAL_MASK: Support = Support::Absent;
    // It may fail, or look at another socket that has the number by then.
    const HOLDS_FILES: bool = true;

    fn open() -> io::Result<PollFds> {
        Ok(PollFds::default())
    }

    fn watch(&mut self, socket: RawDescriptor, directions: Readiness) {
        if directions.is_empty() {
            return self.forget(socket);
        }
        let polled = Polled::new(socket, directions);
        match self.positions.get(&socket) {
            Some(&at) => self.sockets[at] = polled,
            None => {
                self.positions.insert(socket, self.sockets.len());
                self.sockets.push(polled);
            }
        }
    }

    fn forget(&mut self, socket: RawDescriptor) {
        let Some(at) = self.positions.remove(&socket) else { return };
        self.sockets.swap_remove(at);
        if let Some(moved) = self.sockets.get(at) {
            self.positions.insert(moved.socket(), at);
        }
    }

    fn call(
        &mut self,
        _: usize,
        timeout: Option<Duration>,
        _: Option<&SignalSet>,
    ) -> io::Result<usize> {
        match poll(&mut self.sockets, timeout) {
            Err(error) if is_not_open(&error) => Ok(self.mark_closed()),
            result => result,
        }
    }

    fn visit(
        &mut self,
        found: usize,
        mut visit: impl FnMut(RawDescriptor, Found) -> ControlFlow<()>,
    ) {
        let start = self.start.min(self.sockets.len());
        let mut left = found;
        for range in [start..self.sockets.len(), 0..start] {
            let first = range.start;
            for (step, polled) in self.sockets[range].iter().enumerate() {
                if polled.0.revents == 0 {
                    continue;
                }
                if visit(polled.socket(), polled.found()).is_break() {
                    self.start = first + step;
                    return;
                }
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
    }
}

impl PollFds {
    /// Finds which sockets made the whole call fail, since they were closed, and says how many.
    fn mark_closed(&mut self) -> usize {
        let mut found = 0;
        for polled in &mut self.sockets {
            let is_closed = check_is_open(polled.socket()).is_err();
            polled.0.revents = if is_closed { POLLNVAL } else { 0 };
            found += usize::from(is_closed);
        }
        found
    }
}

impl Polled {
    fn new(socket: RawDescriptor, directions: Readiness) -> Polled {
        let mut events = 0;
        if directions.has(Readiness::IN) {
            events |= POLLRDNORM;
        }
        if directions.has(Readiness::PRI) {
            events |= POLLRDBAND;
        }
        if directions.has(Readiness::OUT) {
            events |= POLLWRNORM;
        }
        Polled(WSAPOLLFD { fd: socket as SOCKET, events, revents: 0 })
    }

    fn socket(&self) -> RawDescriptor {
        self.0.fd as RawDescriptor
    }

    fn found(&self) -> Found {
        const PAIRS: [(i16, Readiness); 5] = [
            (POLLRDNORM, Readiness::IN),
            (POLLRDBAND, Readiness::PRI),
            (POLLWRNORM, Readiness::OUT),
            (POLLERR, Readiness::ERR),
            // The peer has ended its stream; what was reset has an error too.
            (POLLHUP, Readiness::RDHUP),
        ];
        let (asked, told) = (self.0.events, self.0.revents);
        if told & POLLNVAL != 0 {
            return Found::NotOpen;
        }
        let mut ready = PAIRS
            .iter()
            .filter(|&&(flag, _)| told & flag != 0)
            .fold(Readiness::NONE, |ready, &(_, readiness)| ready.with(readiness));
        if ready.has(Readiness::RDHUP) && ready.has(Readiness::ERR) {
            ready = ready.with(Readiness::HUP);
        }
        let wanted = PAIRS
            .iter()
            .filter(|&&(flag, _)| asked & flag != 0)
            .fold(Readiness::NONE, |wanted, &(_, readiness)| wanted.with(readiness));
        // An end shows as what it makes of the directions: a read that finds it, a write that
        // fails. The call tells of it unasked, again and again, so who does not wait to read is
        // told that it may try, and then it is left out.
        let is_unasked = ready.has(Readiness::CLOSING) && !wanted.has(Readiness::IN);
        let shown = if is_unasked { wanted } else { ready.shown_by_end().within(wanted) };
        Found::Ready(ready.with(shown))
    }
}

impl std::fmt::Debug for Polled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:#x} of {:#x}", self.0.fd, self.0.revents, self.0.events)
    }
}

/// Waits for one socket alone; false if the time ended first.
pub(super) fn wait_for_one(
    socket: BorrowedDescriptor<'_>,
    timeout: Option<Duration>,
    _: Option<&SignalSet>,
) -> io::Result<bool> {
    let mut sockets = [Polled::new(os::raw(&socket), Readiness::IN)];
    poll(&mut sockets, timeout).map(|found| found > 0)
}

/// Waits, and returns how many sockets have something to tell.
fn poll(sockets: &mut [Polled], timeout: Option<Duration>) -> io::Result<usize> {
    if sockets.is_empty() && timeout == timeout::NOT_AT_ALL {
        // The call refuses an empty set.
        return Ok(0);
    }
    let timeout = timeout::milliseconds(timeout);
    // SAFETY: The first two arguments are the address and length of one exclusively borrowed
    // slice, whose elements are no more than what the call takes. A number that is no socket is
    // reported as such, which is safe.
    let found = unsafe { WSAPoll(sockets.as_mut_ptr().cast(), sockets.len() as u32, timeout) };
    usize::try_from(found).map_err(|_| last_error())
}
