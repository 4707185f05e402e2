//! The one place where a timeout becomes what a kernel takes. All of it rounds up.

#[cfg(not(wasi))]
use std::ffi::c_int;
use std::time::Duration;

/// The timeout of a wait that looks and returns.
pub(super) const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

/// The longest time, in seconds, that is none too long for any system: some three years.
#[cfg(unix)]
const LONGEST: u64 = 100_000_000;

/// `timeout` for the calls that count in nanoseconds; what is too long comes out as the
/// longest time.
#[cfg(unix)]
pub(super) fn timespec(timeout: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: timeout.as_secs().min(LONGEST) as _,
        // Under a thousand million, which every type that C has for it can hold.
        tv_nsec: timeout.subsec_nanos() as _,
    }
}

/// `timeout` for the calls that count in milliseconds, where -1 is for ever.
///
/// What is too long comes out as the longest time, some 24.8 days: the caller waits again
/// for the rest.
#[cfg(not(wasi))]
pub(super) fn milliseconds(timeout: Option<Duration>) -> c_int {
    let Some(timeout) = timeout else { return -1 };
    // `Duration::as_nanos` would divide 128 bits, in a function of some hundred instructions.
    let rest = u64::from(timeout.subsec_nanos().div_ceil(1_000_000));
    let rounded_up = timeout.as_secs().saturating_mul(1000).saturating_add(rest);
    c_int::try_from(rounded_up).unwrap_or(c_int::MAX)
}

/// Whether milliseconds say exactly what `timeout` says.
#[cfg(any(unix, all(windows, test)))]
pub(super) fn is_in_milliseconds(timeout: Option<Duration>) -> bool {
    timeout.is_none_or(|timeout| {
        timeout.subsec_nanos() % 1_000_000 == 0 && timeout.as_secs() < (c_int::MAX / 1000) as u64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up_and_saturate() {
        let after = |timeout| milliseconds(Some(timeout));
        assert_eq!(milliseconds(None), -1);
        assert_eq!(after(Duration::ZERO), 0);
        assert_eq!(after(Duration::from_nanos(1)), 1);
        assert_eq!(after(Duration::from_micros(999)), 1);
        assert_eq!(after(Duration::from_micros(1_000)), 1);
        assert_eq!(after(Duration::from_nanos(1_000_001)), 2);
        assert_eq!(after(Duration::from_millis(i32::MAX as u64)), i32::MAX);
        assert_eq!(after(Duration::from_millis(i32::MAX as u64 + 1)), i32::MAX);
        assert_eq!(after(Duration::MAX), i32::MAX);
    }

    #[test]
    fn whole_milliseconds_are_told_from_others() {
        assert!(is_in_milliseconds(None));
        for (timeout, whole) in [
            (Duration::ZERO, true),
            (Duration::from_millis(1), true),
            (Duration::from_micros(1001), false),
            (Duration::from_nanos(999_999), false),
            (Duration::from_secs(2_147_482), true),
            (Duration::from_secs(2_147_483), false),
            (Duration::MAX, false),
        ] {
            assert_eq!(is_in_milliseconds(Some(timeout)), whole, "{timeout:?}");
            if whole {
                assert_eq!(milliseconds(Some(timeout)) as u128, timeout.as_millis());
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn timespec_keeps_nanoseconds_and_saturates() {
        let short = timespec(Duration::new(3, 7));
        assert_eq!((short.tv_sec, short.tv_nsec), (3, 7));
        assert_eq!(timespec(Duration::MAX).tv_sec, 100_000_000);
    }
}
