//! What callers give as text, numbers and sets: names of backends, interests, signals.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run values --sanitizer none
#![no_main]

use libfuzzer_sys::fuzz_target;
use omnipoll::unix::SignalSet;
use omnipoll::{Backend, Interest};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        name(text);
    }
    interest(bytes);
    signals(bytes);
});

/// A name is read as it is written, and an error repeats what it could not read.
fn name(text: &str) {
    match text.parse::<Backend>() {
        Ok(backend) => assert!(text.trim().eq_ignore_ascii_case(&backend.to_string())),
        Err(error) => assert!(error.to_string().contains(text)),
    }
}

/// However an interest came about, it names a direction, and has one trigger.
fn interest(bytes: &[u8]) {
    let mut interest = Interest::READABLE;
    for byte in bytes {
        let other =
            [Interest::READABLE, Interest::WRITABLE, Interest::PRIORITY][usize::from(byte % 3)];
        interest = match byte / 3 % 6 {
            0 => interest | other,
            1 => interest.level(),
            2 => interest.oneshot(),
            3 => interest.exclusive(),
            4 => interest.remove(other).unwrap_or(other),
            _ => interest.remove(other.level().oneshot().exclusive()).unwrap_or(other),
        };
        assert!(interest.is_readable() || interest.is_writable() || interest.is_priority());
        let triggers = [interest.is_edge(), interest.is_level(), interest.is_oneshot()];
        assert_eq!(triggers.iter().filter(|is| **is).count(), 1, "{interest:?}");
        assert_eq!(interest.add(interest), interest);
        assert_eq!(interest.remove(interest), None);
        assert_eq!(format!("{interest:?}").contains("WRITABLE"), interest.is_writable());
    }
}

/// A set has what was added and not removed, and refuses what is no signal.
fn signals(bytes: &[u8]) {
    let mut set = SignalSet::empty();
    for chunk in bytes.chunks_exact(5) {
        let signal = i32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        let signal = if chunk[4] % 4 == 0 { signal } else { signal % 70 };
        let is_added = chunk[4] % 2 == 0;
        let result = if is_added { set.add(signal) } else { set.remove(signal) };
        assert_eq!(set.contains(signal), is_added && result.is_ok(), "{signal}");
        assert!(result.is_ok() || !(1..=31).contains(&signal), "{signal}: {result:?}");
    }
}
