use rustix::event::{PollFd, PollFlags, Timespec};

use crate::programs::directions::Directions;
use crate::programs::end::End;
use crate::programs::model::Ready;

/// Asks the kernel, which is the one that knows, what each of `ends` is ready for.
pub(crate) fn look(ends: &[&End]) -> Vec<Ready> {
    let events = PollFlags::IN | PollFlags::OUT | PollFlags::PRI;
    let mut fds: Vec<_> = ends.iter().map(|end| PollFd::new(*end, events)).collect();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    while rustix::event::poll(&mut fds, Some(&now)) == Err(rustix::io::Errno::INTR) {}
    fds.iter().map(answer_of).collect()
}

fn answer_of(fd: &PollFd<'_>) -> Ready {
    let found = fd.revents();
    let closing = PollFlags::HUP | PollFlags::ERR;
    let directions = Directions {
        read: found.intersects(PollFlags::IN | closing),
        write: found.intersects(PollFlags::OUT | PollFlags::ERR),
        urgent: found.contains(PollFlags::PRI),
    };
    Ready { directions, is_closing: found.intersects(closing) }
}
