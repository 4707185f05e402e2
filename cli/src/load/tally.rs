use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::client::Failure;
use crate::address::Address;

/// Three digits of each latency are kept, whatever its size.
const DIGITS: u8 = 3;

/// What a run found.
#[derive(Debug)]
pub(super) struct Tally {
    /// Whose it is.
    address: Address,
    /// Connections that came about.
    pub(super) connected: u64,
    pub(super) sent_bytes: u64,
    /// All of them the right ones.
    pub(super) received_bytes: u64,
    pub(super) sent: u64,
    /// Messages that were due before the end, and found no room.
    pub(super) unsent: u64,
    pub(super) answered: u64,
    /// Datagrams that did not come back in time.
    pub(super) lost: u64,
    /// Datagrams that came back after that, or twice.
    pub(super) late: u64,
    /// In nanoseconds.
    pub(super) latency: Histogram<u64>,
    pub(super) failures: Vec<Failures>,
    /// Somebody pressed Ctrl-C.
    pub(super) interrupted: bool,
    /// From the first message to the last answer.
    pub(super) time: Duration,
    pub(super) last_answer: Option<Instant>,
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failures {
    pub(super) kind: String,
    pub(super) count: u64,
    /// The server sent what it should not have.
    pub(super) is_wrong: bool,
    /// The first of them, told in full.
    pub(super) first: String,
    pub(super) help: Option<String>,
}

impl Tally {
    pub(super) fn new(address: Address) -> Tally {
        Tally {
            address,
            connected: 0,
            sent_bytes: 0,
            received_bytes: 0,
            sent: 0,
            unsent: 0,
            answered: 0,
            lost: 0,
            late: 0,
            latency: Histogram::new(DIGITS).expect("there is such a number of digits"),
            failures: Vec::new(),
            interrupted: false,
            time: Duration::ZERO,
            last_answer: None,
        }
    }

    pub(super) fn answer(&mut self, latency: Duration, now: Instant) {
        self.answered += 1;
        self.last_answer = Some(now);
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        // It grows as it must; what is beyond all measure counts as the most.
        if self.latency.record(nanoseconds).is_err() {
            self.latency.saturating_record(nanoseconds);
        }
    }

    pub(super) fn fail(&mut self, connection: usize, failure: &Failure) {
        let kind = failure.kind();
        match self.failures.iter_mut().find(|failures| failures.kind == kind) {
            Some(failures) => failures.count += 1,
            None => self.failures.push(Failures {
                kind,
                count: 1,
                is_wrong: failure.is_wrong(),
                first: format!("connection {connection}: {failure}"),
                help: failure.help(&self.address),
            }),
        }
    }

    pub(super) fn failed(&self) -> u64 {
        self.failures.iter().map(|failures| failures.count).sum()
    }

    /// The one that matters most: of wrong bytes, or else the first.
    pub(super) fn main_failure(&self) -> Option<&Failures> {
        self.failures.iter().find(|failures| failures.is_wrong).or(self.failures.first())
    }

    /// A latency that this part of all messages did not exceed, in nanoseconds.
    pub(super) fn quantile(&self, part: f64) -> u64 {
        self.latency.value_at_quantile(part)
    }
}
