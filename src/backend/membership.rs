use std::sync::Arc;

use super::{Selector, SelectorNumber};

/// What a source remembers, in four bytes: where it is registered, or was, if the kernel may
/// hold on to what has left; and whether it is known to be a socket or a pipe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership(u32);

const LEFT: u32 = 1 << 31;
const UNKNOWN_KIND: u32 = 1 << 30;
const NUMBER: u32 = UNKNOWN_KIND - 1;

impl Membership {
    /// That of a socket or a pipe.
    pub(crate) const NONE: Membership = Membership(0);
    /// That of any descriptor.
    pub(crate) const NONE_OF_UNKNOWN_KIND: Membership = Membership(UNKNOWN_KIND);

    #[inline]
    pub(crate) fn has_known_kind(self) -> bool {
        self.0 & UNKNOWN_KIND == 0
    }

    #[inline]
    pub(crate) fn know_kind(&mut self) {
        self.0 &= !UNKNOWN_KIND;
    }

    #[inline]
    pub(crate) fn forget_kind(&mut self) {
        self.0 |= UNKNOWN_KIND;
    }

    /// Whether there is anything to end.
    #[inline]
    pub(crate) fn is_any(self) -> bool {
        self.0 & NUMBER != 0
    }

    /// Whether it is registered, or was until its poll was closed.
    #[inline]
    pub(crate) fn is_registered(self) -> bool {
        self.0 & LEFT == 0 && self.is_any()
    }

    /// Whether the kernel may hold on to it for a poll that it has left, and that is not this.
    #[inline]
    pub(crate) fn is_held_by_other_than(self, selector: &Selector) -> bool {
        self.0 & LEFT != 0 && self.0 & NUMBER != selector.number().get()
    }

    #[inline]
    pub(crate) fn is_registered_with(self, selector: &Selector) -> bool {
        self.0 & !UNKNOWN_KIND == selector.number().get()
    }

    /// Notes that it is registered with `selector`.
    #[inline]
    pub(crate) fn join(&mut self, selector: &Selector) {
        self.0 = self.0 & UNKNOWN_KIND | selector.number().get();
    }

    /// Notes that it is not registered any more; with `is_held`, that the kernel may hold on.
    #[inline]
    pub(crate) fn leave(&mut self, is_held: bool) {
        self.0 = if is_held { self.0 | LEFT } else { self.0 & UNKNOWN_KIND };
    }

    /// The selector, if it is open still.
    pub(crate) fn selector(self) -> Option<Arc<Selector>> {
        SelectorNumber::new(self.0 & NUMBER)?.selector()
    }

    /// The selector, if it is open still, and not the copy of a forked child.
    pub(crate) fn own_selector(self) -> Option<Arc<Selector>> {
        SelectorNumber::new(self.0 & NUMBER)?.own_selector()
    }
}

const _: () = assert!(NUMBER == SelectorNumber::LAST);
