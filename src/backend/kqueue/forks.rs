//! How many forks lie between this process and the first that used a kqueue.
//!
//! A child has no kqueue of its parent's, and the number of one may soon be that of another
//! kqueue, so each call compares. To ask for the process each time would be a system call.
#![allow(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static IS_COUNTED: AtomicBool = AtomicBool::new(false);

/// How many there are; any two processes of which one comes from the other have not as many.
#[inline]
pub(super) fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Counts from now on. Where two threads begin at once, each fork counts twice, which is as
/// good; and no lock of theirs can be what a child waits for.
pub(super) fn begin() -> io::Result<()> {
    if IS_COUNTED.load(Ordering::Acquire) {
        return Ok(());
    }
    // SAFETY: What the child runs is one atomic addition, which is among the few things that a
    // handler may do there, and it is part of the program.
    let error = unsafe { libc::pthread_atfork(None, None, Some(add_one)) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    IS_COUNTED.store(true, Ordering::Release);
    Ok(())
}

extern "C" fn add_one() {
    COUNT.fetch_add(1, Ordering::Relaxed);
}
