//! What the kernel itself says of a descriptor: poll(2), without the library.

use std::io;

use omnipoll::Interest;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::answers::Answers;
use super::scene::Subject;

/// The flags of one poll(2).
#[derive(Clone, PartialEq)]
pub(super) struct Look(PollFlags);

/// What `subject` is ready for now, of what `interest` asks for and of what comes unasked.
pub(super) fn look(subject: &mut dyn Subject, interest: Interest) -> io::Result<Look> {
    let mut fds = [PollFd::from_borrowed_fd(subject.as_fd(), asked(interest))];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::io::retry_on_intr(|| poll(&mut fds, Some(&now)))?;
    Ok(Look(fds[0].revents()))
}

impl Look {
    /// Whether it shows at least what is `awaited` of reading, writing and priority.
    pub(super) fn shows(&self, awaited: Answers) -> bool {
        let has = |flags| self.0.intersects(flags);
        Answers::gather([
            (has(PollFlags::IN | PollFlags::PRI), Answers::READABLE),
            (has(PollFlags::OUT), Answers::WRITABLE),
            (has(PollFlags::PRI), Answers::PRIORITY),
        ])
        .has_all(awaited)
    }

    /// The names of the flags, without the POLL before each.
    pub(super) fn flags(&self) -> Option<Vec<&'static str>> {
        Some(self.0.iter_names().map(|(name, _)| name).collect())
    }
}

fn asked(interest: Interest) -> PollFlags {
    let mut asked = PollFlags::empty();
    if interest.is_readable() {
        // Not every system has a flag for half a hang-up.
        asked |= PollFlags::IN | PollFlags::from_name("RDHUP").unwrap_or(PollFlags::empty());
    }
    if interest.is_writable() {
        asked |= PollFlags::OUT;
    }
    if interest.is_priority() {
        asked |= PollFlags::PRI;
    }
    asked
}
