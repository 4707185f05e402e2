//! What an event answers to the six questions about it, and what it should.

use std::fmt;

use omnipoll::event::Event;
use omnipoll::{Interest, Support};
use rustix::event::PollFlags;

/// A set of questions that are answered by yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answers(u8);

impl Answers {
    pub(crate) const NONE: Answers = Answers(0);
    const READABLE: Answers = Answers(1);
    const WRITABLE: Answers = Answers(1 << 1);
    const READ_CLOSED: Answers = Answers(1 << 2);
    const WRITE_CLOSED: Answers = Answers(1 << 3);
    const ERROR: Answers = Answers(1 << 4);
    const PRIORITY: Answers = Answers(1 << 5);

    /// What not every mechanism can tell.
    pub(crate) const HANG_UPS: Answers =
        Answers(Answers::READ_CLOSED.0 | Answers::WRITE_CLOSED.0 | Answers::ERROR.0);

    /// In the order, and by the letters, of docs/states.md.
    const LETTERS: [(Answers, &'static str); 6] = [
        (Answers::READABLE, "R"),
        (Answers::WRITABLE, "W"),
        (Answers::READ_CLOSED, "rc"),
        (Answers::WRITE_CLOSED, "wc"),
        (Answers::ERROR, "E"),
        (Answers::PRIORITY, "P"),
    ];

    /// What `event` answers.
    pub(crate) fn of(event: &Event) -> Answers {
        Answers::gather([
            (event.is_readable(), Answers::READABLE),
            (event.is_writable(), Answers::WRITABLE),
            (event.is_read_closed(), Answers::READ_CLOSED),
            (event.is_write_closed(), Answers::WRITE_CLOSED),
            (event.is_error(), Answers::ERROR),
            (event.is_priority(), Answers::PRIORITY),
        ])
    }

    /// What an event should answer where poll(2) found `found`: the table in the
    /// documentation of `Event`.
    pub(crate) fn to(found: PollFlags) -> Answers {
        let has = |flags| found.intersects(flags);
        let (reads, writes) = (has(PollFlags::IN), has(PollFlags::OUT));
        let (fails, hangs_up) = (has(PollFlags::ERR), has(PollFlags::HUP));
        Answers::gather([
            (reads || has(PollFlags::PRI), Answers::READABLE),
            (writes, Answers::WRITABLE),
            (hangs_up || (reads && has(PollFlags::RDHUP)), Answers::READ_CLOSED),
            (hangs_up || (writes && fails) || found == PollFlags::ERR, Answers::WRITE_CLOSED),
            (fails, Answers::ERROR),
            (has(PollFlags::PRI), Answers::PRIORITY),
        ])
    }

    fn gather(answers: [(bool, Answers); 6]) -> Answers {
        let yes = answers.into_iter().filter(|(is, _)| *is);
        yes.fold(Answers::NONE, |all, (_, answer)| all.with(answer))
    }

    pub(crate) fn with(self, other: Answers) -> Answers {
        Answers(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Answers) -> Answers {
        Answers(self.0 & !other.0)
    }

    pub(crate) fn has_all(self, other: Answers) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = Answers::LETTERS.iter().filter(|(answer, _)| self.has_all(*answer));
        let letters: Vec<_> = yes.map(|(_, letter)| *letter).collect();
        f.pad(&if letters.is_empty() { "–".to_owned() } else { letters.join(" ") })
    }
}

/// What `interest` asks poll(2) for.
pub(crate) fn asked(interest: Interest) -> PollFlags {
    let mut asked = PollFlags::empty();
    if interest.is_readable() {
        asked |= PollFlags::IN | PollFlags::RDHUP;
    }
    if interest.is_writable() {
        asked |= PollFlags::OUT;
    }
    if interest.is_priority() {
        asked |= PollFlags::PRI;
    }
    asked
}

/// What is left of `found`, which was asked for by `asked`, for a mechanism with that
/// support of hang-ups.
///
/// The rule for those that lack them is what select(2) says of itself: a hang-up and an
/// error make the reading set ready, and an error the writing set.
pub(crate) fn told(found: PollFlags, asked: PollFlags, hang_up: Support) -> PollFlags {
    if hang_up != Support::Absent {
        return found;
    }
    let mut told = found & PollFlags::PRI;
    if found.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
        told |= PollFlags::IN & asked;
    }
    if found.intersects(PollFlags::OUT | PollFlags::ERR) {
        told |= PollFlags::OUT & asked;
    }
    told
}

/// `found`, with its ends shown in the directions that were asked for: a read finds the
/// end, and a write fails. Edges in software may tell it so.
pub(crate) fn with_ends_shown(found: PollFlags, asked: PollFlags) -> PollFlags {
    let mut shown = found;
    if found.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::RDHUP) {
        shown |= PollFlags::IN & asked;
    }
    if found.intersects(PollFlags::ERR | PollFlags::HUP) {
        shown |= PollFlags::OUT & asked;
    }
    shown
}
