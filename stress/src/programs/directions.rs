use std::fmt;

use omnipoll::Interest;

/// A set of the two directions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Directions {
    pub(super) read: bool,
    pub(super) write: bool,
}

impl Directions {
    pub(super) const NONE: Directions = Directions { read: false, write: false };
    pub(super) const READ: Directions = Directions { read: true, write: false };
    pub(super) const WRITE: Directions = Directions { read: false, write: true };

    pub(super) fn of(interest: Interest) -> Directions {
        Directions { read: interest.is_readable(), write: interest.is_writable() }
    }

    pub(super) fn with(self, other: Directions) -> Directions {
        Directions { read: self.read || other.read, write: self.write || other.write }
    }

    pub(super) fn within(self, other: Directions) -> Directions {
        Directions { read: self.read && other.read, write: self.write && other.write }
    }

    pub(super) fn without(self, other: Directions) -> Directions {
        Directions { read: self.read && !other.read, write: self.write && !other.write }
    }

    pub(super) fn is_empty(self) -> bool {
        self == Directions::NONE
    }
}

impl fmt::Debug for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.read, self.write) {
            (false, false) => "neither",
            (true, false) => "reading",
            (false, true) => "writing",
            (true, true) => "reading and writing",
        })
    }
}
