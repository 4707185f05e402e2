//! How many system calls a thread has made, for the tests that count them.

use std::cell::Cell;

/// A count of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// Of `GetQueuedCompletionStatusEx`.
    pub(super) waits: usize,
    /// Of `IOCTL_AFD_POLL`.
    pub(super) polls: usize,
}

thread_local! {
    static MADE: Cell<Calls> = Cell::default();
}

pub(super) fn count_wait() {
    MADE.with(|made| made.set(Calls { waits: made.get().waits + 1, ..made.get() }));
}

pub(super) fn count_poll() {
    MADE.with(|made| made.set(Calls { polls: made.get().polls + 1, ..made.get() }));
}

/// What `body` returns, and the calls that this thread makes in it.
pub(super) fn of<T>(body: impl FnOnce() -> T) -> (T, Calls) {
    MADE.set(Calls::default());
    (body(), MADE.get())
}
