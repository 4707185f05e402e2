//! Times and counts, as people read and write them.

use std::num::{NonZeroUsize, ParseIntError};
use std::time::Duration;

/// A time in the unit that suits it, to three digits.
pub(crate) fn show_time(nanoseconds: f64) -> String {
    // Short ones stay in nanoseconds, which are easier to compare than their digits.
    let (value, unit) = match nanoseconds {
        time if time < 1e4 => return format!("{time:.0} ns"),
        time if time < 1e6 => (time / 1e3, "µs"),
        time if time < 1e9 => (time / 1e6, "ms"),
        time => (time / 1e9, "s"),
    };
    let decimals = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// Reads a number and its unit.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let example = "write a number and a unit, as in 500ms, 5s, 2m, 1h";
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let seconds = match &text[digits..] {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(example.to_owned()),
    };
    let count: f64 = text[..digits].parse().map_err(|_| example.to_owned())?;
    match Duration::try_from_secs_f64(count * seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        Ok(_) => Err("nothing can be done in no time".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads how many of something there are to be.
pub(crate) fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse().map_err(|error: ParseIntError| error.to_string())?;
    NonZeroUsize::new(count).ok_or_else(|| "must be at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_time("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse_time("1h"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "s", "5", "5d", "-1s", "0s", "1.1.1s", "µs", "99999999999999999999h"] {
            assert!(parse_time(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_time_has_a_unit_that_suits_it() {
        let shown = [0.0, 9_999.0, 1e4, 123_456.0, 1e6, 9.996e6, 2.0022e9, 6e10].map(show_time);
        let expected =
            ["0 ns", "9999 ns", "10.0 µs", "123 µs", "1.00 ms", "10.0 ms", "2.00 s", "60.0 s"];
        assert_eq!(shown, expected);
    }
}
