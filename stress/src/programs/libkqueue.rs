//! What libkqueue, which stands for a kernel's kqueue on Linux, does otherwise than one.

use omnipoll::{Backend, Poll, Support};

/// With less room than this, it loses one of two edges of a descriptor that it finds at once.
const ROOM: usize = 32;

/// Whether it is under `poll`: only its queue has no descriptor to sleep on.
pub(super) fn is_under(poll: &Poll) -> bool {
    poll.backend() == Backend::Kqueue && poll.capabilities().descriptor == Support::Absent
}

/// The room for events nearest to `capacity` that can be given to `poll`.
pub(super) fn room(poll: &Poll, capacity: usize) -> usize {
    if is_under(poll) { capacity.max(ROOM) } else { capacity }
}
