//! Every open selector of the process, by number, so that a source remembers the one that
//! it is registered with in four bytes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Selector;
use crate::os;

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

/// The process that opened the last one. A forked child that has opened none does not touch
/// the lock: another thread of its parent may have held it, and is not there to let it go.
static LAST_OPENED_BY: AtomicU32 = AtomicU32::new(0);

static OPEN: Mutex<Open> = Mutex::new(Open { last: 0, selectors: BTreeMap::new() });

impl SelectorNumber {
    /// The highest; what remembers one keeps other things in the bits above.
    pub(super) const LAST: u32 = (1 << 30) - 1;

    /// Gives the next number to the selector that is being made.
    pub(super) fn give(selector: &Weak<Selector>) -> SelectorNumber {
        let mut open = open();
        loop {
            open.last = (open.last + 1) & SelectorNumber::LAST;
            let Some(number) = SelectorNumber::new(open.last) else { continue };
            // Only a process that has opened a thousand million of them meets one again.
            if let Entry::Vacant(place) = open.selectors.entry(number) {
                place.insert(Weak::clone(selector));
                LAST_OPENED_BY.store(os::process_id(), Ordering::Relaxed);
                return number;
            }
        }
    }

    /// Forgets a selector that is being closed.
    pub(super) fn take_back(self) {
        open().selectors.remove(&self);
    }

    /// The selector's number that has this value; none has 0.
    pub(super) fn new(value: u32) -> Option<SelectorNumber> {
        NonZeroU32::new(value).map(SelectorNumber)
    }

    #[inline]
    pub(super) fn get(self) -> u32 {
        self.0.get()
    }

    /// The selector, if it is open still.
    pub(super) fn selector(self) -> Option<Arc<Selector>> {
        // The lock is let go before the selector is, which may be its end.
        let selector = open().selectors.get(&self).cloned();
        selector?.upgrade()
    }

    /// The selector, if it is open still, and not the copy of a forked child.
    pub(super) fn own_selector(self) -> Option<Arc<Selector>> {
        let this_process = os::process_id();
        if LAST_OPENED_BY.load(Ordering::Relaxed) != this_process {
            return None;
        }
        self.selector().filter(|selector| selector.owner() == this_process)
    }
}

fn open() -> MutexGuard<'static, Open> {
    // Nothing in here panics while it is held.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
