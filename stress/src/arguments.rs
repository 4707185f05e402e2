//! What the commands' arguments are made of.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use omnipoll::{Backend, ParseBackendError};

/// Some backends: one by name, or `all` that this machine has.
#[derive(Clone, Debug)]
pub(crate) struct Backends(pub(crate) Vec<Backend>);

impl FromStr for Backends {
    type Err = ParseBackendError;

    fn from_str(text: &str) -> Result<Backends, ParseBackendError> {
        if text == "all" {
            return Ok(Backends(Backend::available()));
        }
        Ok(Backends(vec![text.parse()?]))
    }
}

impl fmt::Display for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, backend) in self.0.iter().enumerate() {
            write!(f, "{}{backend}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Reads a number and its unit.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let unit = text.char_indices().next_back().ok_or("a number and a unit: 90s, 20m, 1h")?;
    let seconds = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(format!("{text}: the unit is s, m or h, as in 90s")),
    };
    let count: u64 = text[..unit.0].parse().map_err(|error| format!("{text}: {error}"))?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| format!("{text}: too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("20m"), Ok(Duration::from_secs(1200)));
        assert_eq!(parse_time("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(parse_time("2h"), Ok(Duration::from_secs(7200)));
        let wrong = ["", "h", "m", "5", "20", "1d", "-1s", "1.5h", "20µ", "99999999999999999h"];
        for text in wrong {
            assert!(parse_time(text).is_err(), "{text:?}");
        }
    }
}
