use std::io::{self, Write};

use indicatif::{DecimalBytes, HumanCount};
use omnipoll::Backend;
use serde_json::{Value, json};

use super::plan::Plan;
use super::tally::{Failures, Tally};
use crate::advice::advice;
use crate::units::show_time;

/// The parts of all messages whose latency is told, with their names.
const QUANTILES: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "max")];

/// How wide the longest bar of the histogram is.
const BAR: usize = 40;

/// Where the rows of the histogram end in each decade of microseconds.
const STEPS: [u64; 3] = [1, 2, 5];

/// What is told at the end.
pub(super) struct Summary<'a> {
    pub(super) plan: &'a Plan,
    pub(super) backend: Backend,
    pub(super) tally: &'a Tally,
}

impl Summary<'_> {
    pub(super) fn print(&self, mut out: impl Write) -> io::Result<()> {
        let (plan, tally) = (self.plan, self.tally);
        writeln!(
            out,
            "{} by {}: {} connections, {} bytes a message, {} under way on each{}",
            plan.address,
            self.backend,
            HumanCount(tally.connected),
            HumanCount(plan.size as u64),
            HumanCount(plan.depth as u64),
            plan.rate.map_or_else(String::new, |rate| format!(", {rate} a second")),
        )?;
        if tally.answered > 0 {
            self.print_figures(&mut out)?;
            print_histogram(tally, &mut out)?;
        }
        for failures in &tally.failures {
            writeln!(out, "\n  {} × {}", HumanCount(failures.count), failures.kind)?;
        }
        // What is not well is an error, and told as one.
        if self.is_well() { writeln!(out, "\n{}", self.verdict()) } else { Ok(()) }
    }

    fn print_figures(&self, out: &mut impl Write) -> io::Result<()> {
        let tally = self.tally;
        writeln!(
            out,
            "\n  messages  {} in {}, {} a second",
            HumanCount(tally.answered),
            show_time(tally.time.as_nanos() as f64),
            HumanCount(self.per_second(tally.answered) as u64),
        )?;
        writeln!(
            out,
            "  bytes     {} each way, {} a second",
            DecimalBytes(tally.received_bytes),
            DecimalBytes(self.per_second(tally.received_bytes) as u64),
        )?;
        if tally.lost + tally.late > 0 {
            writeln!(
                out,
                "  lost      {} of {}, and {} came late or twice",
                HumanCount(tally.lost),
                HumanCount(tally.sent),
                HumanCount(tally.late),
            )?;
        }
        if tally.unsent > 0 {
            writeln!(
                out,
                "  unsent    {} more were due and found no room: the latencies are without them",
                HumanCount(tally.unsent),
            )?;
        }
        let latencies: Vec<String> = QUANTILES
            .iter()
            .map(|&(part, name)| format!("{name} {}", show_time(tally.quantile(part) as f64)))
            .collect();
        writeln!(out, "  latency   {}", latencies.join("   "))
    }

    pub(super) fn print_json(&self, mut out: impl Write) -> io::Result<()> {
        let (plan, tally) = (self.plan, self.tally);
        let mut latency: serde_json::Map<String, Value> = QUANTILES
            .iter()
            .map(|&(part, name)| (name.to_owned(), json!(tally.quantile(part))))
            .collect();
        latency.insert("min".to_owned(), json!(tally.latency.min()));
        latency.insert("mean".to_owned(), json!(tally.latency.mean()));
        let report = json!({
            "address": plan.address.to_string(),
            "backend": self.backend.name(),
            "connections": {
                "asked": plan.connections,
                "made": tally.connected,
                "failed": tally.failed(),
            },
            "size": plan.size,
            "depth": plan.depth,
            "rate": plan.rate,
            "seconds": tally.time.as_secs_f64(),
            "messages": {
                "sent": tally.sent,
                "unsent": tally.unsent,
                "answered": tally.answered,
                "lost": tally.lost,
                "late": tally.late,
                "per_second": self.per_second(tally.answered),
            },
            "bytes": {
                "sent": tally.sent_bytes,
                "received": tally.received_bytes,
                "per_second": self.per_second(tally.received_bytes),
            },
            "latency_nanoseconds": latency,
            "failures": tally.failures.iter().map(json_of_failures).collect::<Vec<_>>(),
            "interrupted": tally.interrupted,
            "verdict": self.verdict(),
        });
        writeln!(out, "{report:#}")
    }

    /// An error if not all was well, for which there is an exit code.
    pub(super) fn judge(&self) -> io::Result<()> {
        match self.is_well() {
            true => Ok(()),
            false => Err(io::Error::other(self.verdict() + &self.first_failure())),
        }
    }

    fn is_well(&self) -> bool {
        let tally = self.tally;
        tally.failures.is_empty() && (tally.sent == 0 || tally.answered > 0)
    }

    fn verdict(&self) -> String {
        let tally = self.tally;
        let interrupted = if tally.interrupted { "Interrupted. " } else { "" };
        let found = if tally.main_failure().is_some_and(|failures| failures.is_wrong) {
            "The server sent what it should not have.".to_owned()
        } else if tally.failed() > 0 {
            format!(
                "{} of {} connections failed.",
                HumanCount(tally.failed()),
                HumanCount(self.plan.connections as u64)
            )
        } else if tally.answered > 0 && tally.lost > 0 {
            "Every byte that came back is as it was sent.".to_owned()
        } else if tally.answered > 0 {
            "Every byte came back as it was sent.".to_owned()
        } else if tally.sent > 0 {
            format!("Nothing came back of {} messages.", HumanCount(tally.sent))
        } else {
            "Nothing was sent.".to_owned()
        };
        format!("{interrupted}{found}")
    }

    fn first_failure(&self) -> String {
        self.tally.main_failure().map_or_else(String::new, |failures| {
            let help = failures.help.as_ref().map(advice).unwrap_or_default();
            format!("\n  first: {}{help}", failures.first)
        })
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.tally.time.as_secs_f64().max(1e-9)
    }
}

fn json_of_failures(failures: &Failures) -> Value {
    json!({ "kind": failures.kind, "count": failures.count, "first": failures.first })
}

/// Three rows for each decade of the latency.
fn print_histogram(tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    let mut rows: Vec<u64> = Vec::new();
    for value in tally.latency.iter_recorded() {
        while rows.is_empty() || end_of_row(rows.len() - 1) <= value.value_iterated_to() {
            rows.push(0);
        }
        if let Some(last) = rows.last_mut() {
            *last += value.count_at_value();
        }
    }
    let most = rows.iter().copied().max().unwrap_or(0);
    let all = tally.latency.len() as f64;
    writeln!(out)?;
    for (row, &count) in rows.iter().enumerate().skip_while(|(_, count)| **count == 0) {
        let (end, part) = (label(row), 100.0 * count as f64 / all);
        writeln!(out, "  < {end:>6}  {part:>6.2} %  {}", bar(count, most))?;
    }
    Ok(())
}

/// In nanoseconds.
fn end_of_row(row: usize) -> u64 {
    STEPS[row % STEPS.len()] * 10_u64.pow((row / STEPS.len()) as u32) * 1_000
}

/// The end of a row, which is a round number.
fn label(row: usize) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    let end = end_of_row(row);
    let unit = UNITS.iter().find(|(length, _)| end % length == 0);
    unit.map_or_else(String::new, |(length, unit)| format!("{} {unit}", end / length))
}

/// A bar in eighths of a character; what is there at all is seen.
fn bar(count: u64, most: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let length = (count as f64 / most as f64 * (8 * BAR) as f64).round() as usize;
    let length = length.max(usize::from(count > 0));
    "█".repeat(length / 8) + EIGHTHS[length % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths_and_no_count_is_hidden() {
        assert_eq!(bar(0, 1_000_000), "");
        assert_eq!(bar(1, 1_000_000), "▏");
        assert_eq!(bar(1_000_000, 1_000_000), "█".repeat(BAR));
        assert_eq!(bar(17, 320), "██▏");
    }

    #[test]
    fn rows_end_at_round_numbers() {
        let labels: Vec<String> = (0..19).step_by(2).map(label).collect();
        let expected = [
            "1 µs", "5 µs", "20 µs", "100 µs", "500 µs", "2 ms", "10 ms", "50 ms", "200 ms", "1 s",
        ];
        assert_eq!(labels, expected);
    }
}
