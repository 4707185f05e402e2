//! Every open selector of the process, by number, so that a source remembers the one that
//! it is registered with in four bytes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Selector;

/// The number of a selector, which no other selector of the process has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SelectorNumber(NonZeroU32);

/// The open selectors. Weak, so that a source that outlives its poll neither keeps that
/// open nor is bound to it.
#[derive(Debug)]
struct Open {
    last: u32,
    selectors: BTreeMap<SelectorNumber, Weak<Selector>>,
}

static OPEN: Mutex<Open> = Mutex::new(Open { last: 0, selectors: BTreeMap::new() });

impl SelectorNumber {
    /// Gives the next number to the selector that is being made.
    pub(super) fn give(selector: &Weak<Selector>) -> SelectorNumber {
        let mut open = open();
        loop {
            open.last = open.last.wrapping_add(1);
            let Some(number) = NonZeroU32::new(open.last).map(SelectorNumber) else { continue };
            // Only a process that has opened four thousand million of them meets one again.
            if let Entry::Vacant(place) = open.selectors.entry(number) {
                place.insert(Weak::clone(selector));
                return number;
            }
        }
    }

    /// Forgets a selector that is being closed.
    pub(super) fn take_back(self) {
        open().selectors.remove(&self);
    }

    /// The selector, if it is open still.
    pub(crate) fn selector(self) -> Option<Arc<Selector>> {
        // The lock is let go before the selector is, which may be its end.
        let selector = open().selectors.get(&self).cloned();
        selector?.upgrade()
    }
}

fn open() -> MutexGuard<'static, Open> {
    // Nothing in here panics while it is held.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
