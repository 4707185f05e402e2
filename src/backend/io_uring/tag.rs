//! What goes along with a request into the kernel, and comes back with what came of it.

use std::os::fd::RawFd;

/// What a request was made for: its `user_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// A request whose completion tells nothing.
    Nothing,
    /// The notifier is watched.
    Notifier,
    /// The epoll for other descriptors is watched.
    Epoll,
    /// A registration is watched: its descriptor, and which one of that number it is.
    Registration(RawFd, Generation),
}

/// Tells the registrations that a descriptor has had from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation(u32);

/// Four bits say what it is of, then come the generation and the descriptor.
impl Tag {
    const KIND_SHIFT: u32 = Generation::BITS + Tag::FD_BITS;
    /// Descriptors are not below zero.
    const FD_BITS: u32 = RawFd::BITS - 1;

    pub(super) fn encode(self) -> u64 {
        let (kind, rest) = match self {
            Tag::Nothing => (0, 0),
            Tag::Notifier => (1, 0),
            Tag::Epoll => (2, 0),
            Tag::Registration(fd, Generation(generation)) => {
                (3, u64::from(generation) << Tag::FD_BITS | fd as u64)
            }
        };
        kind << Tag::KIND_SHIFT | rest
    }

    pub(super) fn decode(user_data: u64) -> Tag {
        match user_data >> Tag::KIND_SHIFT {
            1 => Tag::Notifier,
            2 => Tag::Epoll,
            3 => {
                let fd = user_data & ((1 << Tag::FD_BITS) - 1);
                let generation = user_data >> Tag::FD_BITS & ((1 << Generation::BITS) - 1);
                Tag::Registration(fd as RawFd, Generation(generation as u32))
            }
            _ => Tag::Nothing,
        }
    }
}

impl Generation {
    const BITS: u32 = 29;

    pub(super) fn next(self) -> Generation {
        Generation((self.0 + 1) & ((1 << Generation::BITS) - 1))
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::RawFd;

    use super::{Generation, Tag};

    #[test]
    fn a_tag_comes_back_as_it_went() {
        let last = Generation(u32::MAX >> 3);
        for tag in [
            Tag::Nothing,
            Tag::Notifier,
            Tag::Epoll,
            Tag::Registration(0, Generation::default()),
            Tag::Registration(RawFd::MAX, last),
            Tag::Registration(7, last),
            Tag::Registration(RawFd::MAX, Generation(1)),
        ] {
            assert_eq!(Tag::decode(tag.encode()), tag);
        }
        assert_eq!(last.next(), Generation::default());
    }
}
