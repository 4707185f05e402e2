//! Looks at something until it holds still.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// How long what is seen must have stayed the same. What a kernel passes on by another
/// thread, as the loopback device and terminals do, takes some microseconds.
pub(super) const STEADY: Duration = Duration::from_millis(3);

/// How long it may take to come, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_micros(200);

/// What `look` sees in the end: `has_come` is true of it, and it stays as it is. What never
/// comes is not waited for any longer after a second.
pub(super) fn settle<T: PartialEq>(
    look: impl FnMut() -> io::Result<T>,
    has_come: impl Fn(&T) -> bool,
) -> io::Result<T> {
    settle_for(STEADY, look, has_come)
}

/// As [`settle`], of what must have stayed the same for longer or shorter than is usual.
pub(super) fn settle_for<T: PartialEq>(
    steady: Duration,
    mut look: impl FnMut() -> io::Result<T>,
    has_come: impl Fn(&T) -> bool,
) -> io::Result<T> {
    let start = Instant::now();
    let mut seen = look()?;
    let mut since = start;
    loop {
        thread::sleep(PAUSE);
        let now = look()?;
        if now != seen {
            seen = now;
            since = Instant::now();
        }
        let is_steady = since.elapsed() >= steady && has_come(&seen);
        if is_steady || start.elapsed() > PATIENCE {
            return Ok(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_still_moves_is_waited_for() {
        let mut looks = 0;
        let look = || {
            looks += 1;
            Ok(looks.min(10))
        };
        assert_eq!(settle(look, |_| true).expect("it ends"), 10);
    }

    #[test]
    fn what_is_to_come_is_waited_for_though_it_holds_still() {
        let start = Instant::now();
        let look = || Ok(start.elapsed() > 5 * STEADY);
        assert!(settle(look, |has_come| *has_come).expect("it ends"));
    }

    #[test]
    fn what_never_comes_is_told_as_it_is() {
        assert!(!settle(|| Ok(false), |has_come| *has_come).expect("it ends"));
    }
}
