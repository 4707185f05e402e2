//! poll(2) and eventfd(2) as loom sees them: a set of readable descriptors, and threads
//! that sleep until it has one of theirs.
//!
//! The numbers are those of real descriptors, so that all else of the library finds what
//! it expects; whether one is readable is known here alone.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use loom::sync::{Condvar, Mutex, MutexGuard};

struct Kernel {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How often something has arrived that was not read yet.
    arrived: BTreeMap<RawFd, usize>,
    /// How many calls have come back.
    calls: usize,
}

loom::lazy_static! {
    static ref KERNEL: Kernel = Kernel { state: Mutex::new(State::default()), changed: Condvar::new() };
}

/// Makes `fd` readable.
pub(in crate::backend) fn arrive(fd: RawFd) {
    change(|state| *state.arrived.entry(fd).or_default() += 1);
}

/// Takes all there is to read from `fd`, and says how often something had arrived.
pub(in crate::backend) fn take(fd: RawFd) -> usize {
    locked().arrived.remove(&fd).unwrap_or(0)
}

/// How many waits have come back from the kernel.
pub(super) fn calls() -> usize {
    locked().calls
}

/// Waits as ppoll(2) does, for readability alone, and for no time or without a limit.
pub(in crate::backend) fn ppoll(
    fds: &mut [libc::pollfd],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let mut state = locked();
    loop {
        let mut found = 0;
        for entry in &mut *fds {
            let is_ready =
                entry.events & libc::POLLIN != 0 && state.arrived.contains_key(&entry.fd);
            entry.revents = if is_ready { libc::POLLIN } else { 0 };
            found += usize::from(is_ready);
        }
        let is_over = timeout.is_some_and(|timeout| timeout.is_zero());
        if found > 0 || is_over {
            state.calls += 1;
            return Ok(found);
        }
        state = KERNEL.changed.wait(state).expect("no test goes on after a panic");
    }
}

fn change(act: impl FnOnce(&mut State)) {
    act(&mut locked());
    KERNEL.changed.notify_all();
}

fn locked() -> MutexGuard<'static, State> {
    KERNEL.state.lock().expect("no test goes on after a panic")
}
