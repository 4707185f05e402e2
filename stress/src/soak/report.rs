//! What came out of a run, and the judgement on it.

use std::fmt;
use std::time::Duration;

use super::ledger::{Ledger, Totals};

/// How many waits there may be in a second in which nothing happens: TCP's own timers may
/// move a few bytes.
const STALL_WAITS_MAX: u64 = 5;

/// How much of one processor may be used in it.
const STALL_CPU_MAX: f64 = 0.05;

/// For how long a run must last for its memory to be judged.
const WARM: Duration = Duration::from_secs(60);

/// What the memory may grow by: this, and a tenth.
const GROWTH_MAX: u64 = 4_000_000;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    /// The backend and the trigger.
    pub(super) name: String,
    pub(super) length: Duration,
    pub(super) cpu: Duration,
    /// Connections that the clients made, and that the server accepted.
    pub(super) begun: u64,
    pub(super) accepted: u64,
    /// Connections that the server still had when all clients were gone.
    pub(super) left: usize,
    /// Connects and accepts for which there was no descriptor, or no port.
    pub(super) put_off: u64,
    pub(super) refused: u64,
    /// The server's waits, and the events of connections that had just been closed.
    pub(super) waits: u64,
    pub(super) events: u64,
    pub(super) late: u64,
    pub(super) memory: Memory,
    pub(super) stalls: Vec<Stall>,
    /// How many were open before and after.
    pub(super) descriptors: [usize; 2],
    pub(super) totals: Totals,
}

/// A time in which no client received anything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    /// How long after the clients had stopped.
    pub(super) after: Duration,
    pub(super) clients: usize,
    /// Waits of server and clients.
    pub(super) waits: u64,
    /// Of one processor.
    pub(super) cpu: f64,
}

/// How much memory was in use, from look to look, in bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    samples: Vec<u64>,
}

impl Report {
    /// Enters what is not as it should be, and takes over what the ledger has.
    pub(super) fn judge(&mut self, ledger: &Ledger) {
        if self.begun != self.accepted {
            ledger.note(&format!("of {} connections {} were accepted", self.begun, self.accepted));
        }
        if self.left > 0 {
            ledger.note(&format!("the server did not learn of the end of {}", self.left));
        }
        for stall in &self.stalls {
            if !stall.is_rest() {
                ledger.note(&format!("it did not rest: {stall:?}"));
            }
        }
        let (early, late) = (self.memory.early(), self.memory.late());
        if self.length >= WARM && late > early + early / 10 + GROWTH_MAX {
            ledger.note(&format!("the memory grew from {early} to {late} bytes"));
        }
        let [before, after] = self.descriptors;
        if before != after {
            ledger.note(&format!("{before} descriptors were open before, and {after} are now"));
        }
        self.totals = ledger.finish();
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = &self.totals;
        let waits = self.stalls.iter().map(|stall| stall.waits).max().unwrap_or(0);
        let cpu = self.stalls.iter().map(|stall| stall.cpu).fold(0.0, f64::max);
        let after = self.stalls.iter().map(|stall| stall.after).max().unwrap_or_default();
        let stalled = self.stalls.iter().map(|stall| stall.clients).max().unwrap_or(0);
        let (length, used) = (self.length.as_secs_f64(), self.cpu.as_secs_f64());
        writeln!(f, "{}: {length:.1} s, {used:.1} s of CPU", self.name)?;
        writeln!(
            f,
            "  connections  {} made: {} orderly, {} broken, {} nameless",
            self.begun, totals.orderly, totals.broken, totals.nameless
        )?;
        writeln!(f, "  bytes        {} of the orderly sent, echoed and received", totals.bytes)?;
        writeln!(
            f,
            "  server       {} waits, {} events, {} of them late",
            self.waits, self.events, self.late
        )?;
        writeln!(
            f,
            "  stalls       {} of up to {stalled} clients, at rest after up to {:.1} s: \
             at most {waits} waits and {:.1} % of a CPU in a second",
            self.stalls.len(),
            after.as_secs_f64(),
            100.0 * cpu
        )?;
        writeln!(
            f,
            "  shortages    {} accepts refused, {} connects put off",
            self.refused, self.put_off
        )?;
        writeln!(
            f,
            "  memory       {:.1} MB early, {:.1} MB late, {:.1} MB at most",
            megabytes(self.memory.early()),
            megabytes(self.memory.late()),
            megabytes(self.memory.most())
        )?;
        let [before, after] = self.descriptors;
        writeln!(f, "  descriptors  {before} before, {after} after")?;
        write!(f, "  faults       {}", totals.faults)
    }
}

impl Stall {
    /// Whether nothing happened in it.
    pub(super) fn is_rest(&self) -> bool {
        self.waits <= STALL_WAITS_MAX && self.cpu <= STALL_CPU_MAX
    }
}

impl Memory {
    pub(super) fn add(&mut self, sample: u64) {
        self.samples.push(sample);
    }

    pub(super) fn last(&self) -> u64 {
        self.samples.last().copied().unwrap_or(0)
    }

    fn most(&self) -> u64 {
        self.samples.iter().copied().max().unwrap_or(0)
    }

    /// Once it has warmed up: the median of the second quarter.
    fn early(&self) -> u64 {
        let quarter = self.samples.len() / 4;
        median(&self.samples[quarter..2 * quarter])
    }

    /// The median of the last quarter.
    fn late(&self) -> u64 {
        median(&self.samples[self.samples.len() / 4 * 3..])
    }
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many faults a report makes.
    fn faults(mut report: Report) -> usize {
        report.judge(&Ledger::default());
        report.totals.faults
    }

    fn memory(samples: impl Iterator<Item = u64>) -> Report {
        let memory = Memory { samples: samples.collect() };
        Report { memory, length: WARM, ..Report::default() }
    }

    #[test]
    fn what_is_left_behind_is_a_fault() {
        assert_eq!(faults(Report::default()), 0);
        assert_eq!(faults(Report { begun: 1, ..Report::default() }), 1);
        assert_eq!(faults(Report { left: 1, ..Report::default() }), 1);
        assert_eq!(faults(Report { descriptors: [7, 8], ..Report::default() }), 1);
    }

    #[test]
    fn a_busy_loop_is_a_fault() {
        let rest = Stall { after: Duration::ZERO, clients: 10, waits: 2, cpu: 0.001 };
        for (stall, count) in
            [(rest, 0), (Stall { waits: 10_000, ..rest }, 1), (Stall { cpu: 0.9, ..rest }, 1)]
        {
            assert_eq!(faults(Report { stalls: vec![stall], ..Report::default() }), count);
        }
    }

    #[test]
    fn memory_that_grows_is_a_fault_and_a_warm_up_is_none() {
        assert_eq!(faults(memory((0..1000).map(|second| 50_000_000 + second * 100_000))), 1);
        assert_eq!(faults(memory((0..1000).map(|second| 50_000_000.min(second * 1_000_000)))), 0);
    }
}
