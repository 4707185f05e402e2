use std::fmt;

use omnipoll::Interest;

/// A set of the directions: reading, writing, and urgent data.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Directions {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) urgent: bool,
}

impl Directions {
    pub(super) const NONE: Directions = Directions { read: false, write: false, urgent: false };
    pub(super) const WRITE: Directions = Directions { write: true, ..Directions::NONE };
    /// What a read tries: urgent data ends where it is read past.
    pub(super) const INWARD: Directions = Directions { read: true, write: false, urgent: true };

    pub(super) fn of(interest: Interest) -> Directions {
        Directions {
            read: interest.is_readable(),
            write: interest.is_writable(),
            urgent: interest.is_priority(),
        }
    }

    pub(super) fn with(self, other: Directions) -> Directions {
        self.each(other, |one, other| one || other)
    }

    pub(super) fn within(self, other: Directions) -> Directions {
        self.each(other, |one, other| one && other)
    }

    pub(super) fn without(self, other: Directions) -> Directions {
        self.each(other, |one, other| one && !other)
    }

    pub(super) fn is_empty(self) -> bool {
        self == Directions::NONE
    }

    fn each(self, other: Directions, choose: impl Fn(bool, bool) -> bool) -> Directions {
        Directions {
            read: choose(self.read, other.read),
            write: choose(self.write, other.write),
            urgent: choose(self.urgent, other.urgent),
        }
    }
}

impl fmt::Debug for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(self.read, "reading"), (self.write, "writing"), (self.urgent, "urgent data")];
        let names: Vec<_> =
            names.iter().filter(|(is_in, _)| *is_in).map(|(_, name)| *name).collect();
        f.write_str(if names.is_empty() { "nothing" } else { "" })?;
        f.write_str(&names.join(" and "))
    }
}
