//! [poll(2)]: the kernel looks at every descriptor in each call.
//!
//! [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use super::ppoll::ppoll;
use super::stateless::{Found, StatelessCall};
use super::{Backend, Support, poll_flags};
use crate::event::Readiness;
use crate::signal_set::SignalSet;

/// The position of a descriptor that has none.
const NOWHERE: u32 = u32::MAX;

/// A set of descriptors, dense, in the kernel's own form.
///
/// A descriptor that sleeps keeps its place with its number inverted: the kernel skips
/// what is negative. With no flags alone it would still report errors and hang-ups.
#[derive(Debug, Default)]
pub(super) struct PollFds {
    fds: Vec<libc::pollfd>,
    /// By descriptor, where in `fds` it is.
    positions: Vec<u32>,
    /// Where the next visit begins, so that each descriptor gets its turn.
    start: usize,
}

impl StatelessCall for PollFds {
    const BACKEND: Backend = Backend::Poll;
    const HANG_UP: Support = Support::Native;
    const SUB_MILLISECOND: Support = if cfg!(ppoll) { Support::Native } else { Support::Emulated };
    const SIGNAL_MASK: Support = if cfg!(ppoll) { Support::Native } else { Support::Emulated };

    fn open() -> io::Result<PollFds> {
        Ok(PollFds::default())
    }

    fn watch(&mut self, fd: RawFd, directions: Readiness) {
        let number = fd as usize;
        if number >= self.positions.len() {
            self.positions.resize(number + 1, NOWHERE);
        }
        if self.positions[number] == NOWHERE {
            self.positions[number] = self.fds.len() as u32;
            self.fds.push(libc::pollfd { fd, events: 0, revents: 0 });
        }
        let entry = &mut self.fds[self.positions[number] as usize];
        entry.fd = if directions.is_empty() { !fd } else { fd };
        entry.events = poll_flags::to_ask_for(directions);
    }

    fn forget(&mut self, fd: RawFd) {
        let Some(position) = self.positions.get_mut(fd as usize) else {
            return;
        };
        let at = std::mem::replace(position, NOWHERE);
        if at == NOWHERE {
            return;
        }
        self.fds.swap_remove(at as usize);
        if let Some(moved) = self.fds.get(at as usize) {
            self.positions[number_of(moved)] = at;
        }
    }

    fn call(
        &mut self,
        _: usize,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<usize> {
        ppoll(&mut self.fds, timeout, mask).map_err(explain)
    }

    fn visit(&mut self, found: usize, mut visit: impl FnMut(RawFd, Found) -> ControlFlow<()>) {
        let start = self.start.min(self.fds.len());
        let mut left = found;
        for range in [start..self.fds.len(), 0..start] {
            let first = range.start;
            for (step, entry) in self.fds[range].iter().enumerate() {
                if entry.revents == 0 {
                    continue;
                }
                if visit(entry.fd, found_in(entry.revents)).is_break() {
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

/// Says what is wrong with a set that the kernel does not look at.
#[cold]
fn explain(error: io::Error) -> io::Error {
    if error.raw_os_error() != Some(libc::EINVAL) {
        return error;
    }
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "poll(2) takes no more descriptors than RLIMIT_NOFILE allows, which was lowered below the \
         number of those that are registered: raise it, or take the epoll backend",
    )
}

/// Waits for one descriptor alone; false if the time ended first.
pub(super) fn wait_for_one(
    fd: BorrowedFd<'_>,
    timeout: Option<Duration>,
    mask: Option<&SignalSet>,
) -> io::Result<bool> {
    let mut fds = [libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
    ppoll(&mut fds, timeout, mask).map(|found| found > 0)
}

fn number_of(entry: &libc::pollfd) -> usize {
    let fd = if entry.fd < 0 { !entry.fd } else { entry.fd };
    fd as usize
}

pub(super) fn found_in(flags: libc::c_short) -> Found {
    if flags & libc::POLLNVAL != 0 {
        return Found::NotOpen;
    }
    Found::Ready(poll_flags::readiness(flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_descriptor_leaves_the_others_in_place() {
        let mut set = PollFds::default();
        for fd in 0..5 {
            set.watch(fd, Readiness::IN);
        }
        set.watch(4, Readiness::NONE);
        set.forget(1);
        set.forget(1);
        set.watch(4, Readiness::OUT);
        set.watch(0, Readiness::NONE);
        let entries: Vec<_> = set.fds.iter().map(|entry| (entry.fd, entry.events)).collect();
        let reading = poll_flags::to_ask_for(Readiness::IN);
        assert_eq!(entries, [(!0, 0), (4, libc::POLLOUT), (2, reading), (3, reading)]);
    }

    #[test]
    fn a_visit_begins_where_the_last_one_broke() {
        let mut set = PollFds::default();
        for fd in 0..4 {
            set.watch(fd, Readiness::IN);
            set.fds[fd as usize].revents = libc::POLLIN;
        }
        let mut seen = Vec::new();
        for _ in 0..4 {
            let mut room = 3;
            set.visit(4, |fd, _| {
                if room == 0 {
                    return ControlFlow::Break(());
                }
                room -= 1;
                seen.push(fd);
                ControlFlow::Continue(())
            });
        }
        assert_eq!(seen, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    }
}
