//! The flags of poll(2), by the names that they have there.

use rustix::event::PollFlags;

pub(crate) const NONE: PollFlags = PollFlags::empty();
pub(crate) const IN: PollFlags = PollFlags::IN;
pub(crate) const OUT: PollFlags = PollFlags::OUT;
pub(crate) const PRI: PollFlags = PollFlags::PRI;
pub(crate) const ERR: PollFlags = PollFlags::ERR;
pub(crate) const HUP: PollFlags = PollFlags::HUP;
pub(crate) const RDHUP: PollFlags = PollFlags::RDHUP;
