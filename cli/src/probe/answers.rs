//! What an event answers to the six questions about it, in the letters of docs/states.md.

use std::fmt;

use omnipoll::event::Event;

/// A set of questions that are answered by yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answers(u8);

impl Answers {
    pub(super) const NONE: Answers = Answers(0);
    pub(super) const READABLE: Answers = Answers(1);
    pub(super) const WRITABLE: Answers = Answers(1 << 1);
    const READ_CLOSED: Answers = Answers(1 << 2);
    const WRITE_CLOSED: Answers = Answers(1 << 3);
    const ERROR: Answers = Answers(1 << 4);
    pub(super) const PRIORITY: Answers = Answers(1 << 5);

    /// Each with its letters, and the word for it in JSON.
    const NAMES: [(Answers, &'static str, &'static str); 6] = [
        (Answers::READABLE, "R", "readable"),
        (Answers::WRITABLE, "W", "writable"),
        (Answers::READ_CLOSED, "rc", "read_closed"),
        (Answers::WRITE_CLOSED, "wc", "write_closed"),
        (Answers::ERROR, "E", "error"),
        (Answers::PRIORITY, "P", "priority"),
    ];

    /// What `event` answers.
    pub(super) fn of(event: &Event) -> Answers {
        Answers::gather([
            (event.is_readable(), Answers::READABLE),
            (event.is_writable(), Answers::WRITABLE),
            (event.is_read_closed(), Answers::READ_CLOSED),
            (event.is_write_closed(), Answers::WRITE_CLOSED),
            (event.is_error(), Answers::ERROR),
            (event.is_priority(), Answers::PRIORITY),
        ])
    }

    /// All of `answers` that are yes.
    pub(super) fn gather<const COUNT: usize>(answers: [(bool, Answers); COUNT]) -> Answers {
        let yes = answers.into_iter().filter(|(is, _)| *is);
        yes.fold(Answers::NONE, |all, (_, answer)| all.with(answer))
    }

    pub(super) fn with(self, other: Answers) -> Answers {
        Answers(self.0 | other.0)
    }

    pub(super) fn has_all(self, other: Answers) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn words(self) -> Vec<&'static str> {
        self.names().map(|(_, _, word)| word).collect()
    }

    fn names(self) -> impl Iterator<Item = (Answers, &'static str, &'static str)> {
        Answers::NAMES.into_iter().filter(move |(answer, _, _)| self.has_all(*answer))
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: Vec<_> = self.names().map(|(_, letters, _)| letters).collect();
        f.pad(&if letters.is_empty() { "–".to_owned() } else { letters.join(" ") })
    }
}
