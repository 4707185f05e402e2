//! Asking something in a thread of its own.

use std::panic;
use std::thread;

/// Asks where nobody is interrupted: to close an io_uring interrupts the thread that opened it,
/// some milliseconds later, and who only asks what there is has no reason to expect that.
pub(super) fn aside<T: Send>(ask: impl Fn() -> T + Sync) -> T {
    thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, &ask) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
        // There are no threads, or no more.
        Err(_) => ask(),
    })
}
