//! The kernel's own poll(2) on one descriptor, which knows its state.

use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::support::OWED;

/// All that can be asked for.
pub(crate) const ALL: PollFlags =
    PollFlags::IN.union(PollFlags::OUT).union(PollFlags::PRI).union(PollFlags::RDHUP);

/// How long a kernel may take to a state that it may not have.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the flags of an unknown state must have stayed what they are.
const STEADY: Duration = Duration::from_millis(5);

/// What `fd` is ready for now, of what is `asked` and of what comes unasked.
pub(crate) fn look(fd: BorrowedFd<'_>, asked: PollFlags) -> PollFlags {
    let mut fds = [PollFd::from_borrowed_fd(fd, asked)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut fds, Some(&now)).expect("poll(2)");
    fds[0].revents()
}

/// Waits until `is` is true of the flags of `fd`; false if that takes longer than `limit`.
fn wait(fd: BorrowedFd<'_>, limit: Duration, mut is: impl FnMut(PollFlags) -> bool) -> bool {
    let start = Instant::now();
    while !is(look(fd, ALL)) {
        if start.elapsed() > limit {
            return false;
        }
        thread::sleep(Duration::from_micros(50));
    }
    true
}

/// Waits until `fd` has all of `flags`, which every kernel comes to.
#[track_caller]
pub(crate) fn until(fd: BorrowedFd<'_>, flags: PollFlags) {
    let came = wait(fd, OWED, |found| found.contains(flags));
    assert!(came, "the kernel never came to {flags:?}: {:?}", look(fd, ALL));
}

/// Waits until `fd` is in the state that shows as `flags`; false if this kernel does not
/// show it so.
pub(crate) fn settle(fd: BorrowedFd<'_>, flags: PollFlags) -> bool {
    wait(fd, PATIENCE, |found| found == flags)
}

/// Waits until `fd` stays as it is.
pub(crate) fn steady(fd: BorrowedFd<'_>) {
    let mut last = (look(fd, ALL), Instant::now());
    wait(fd, PATIENCE, |found| {
        if found != last.0 {
            last = (found, Instant::now());
        }
        last.1.elapsed() > STEADY
    });
}
