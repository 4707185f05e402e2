use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{DecimalBytes, HumanCount};

use crate::units::show_time;

/// What there was, and is. Nothing is decided by these.
#[derive(Debug, Default)]
pub(super) struct Counts {
    connections: AtomicU64,
    /// Connections that are over.
    ended: AtomicU64,
    /// Of these, such as a reset or an error ended.
    failed: AtomicU64,
    datagrams: AtomicU64,
    /// Datagrams that could not be sent back.
    dropped: AtomicU64,
    /// How often accepting had to pause.
    pauses: AtomicU64,
    /// Bytes that were sent back.
    bytes: AtomicU64,
}

impl Counts {
    pub(super) fn begin_connection(&self) {
        add(&self.connections, 1);
    }

    pub(super) fn end_connection(&self, is_well: bool) {
        add(&self.ended, 1);
        add(&self.failed, u64::from(!is_well));
    }

    pub(super) fn echo(&self, bytes: usize) {
        add(&self.bytes, bytes as u64);
    }

    pub(super) fn echo_datagram(&self, bytes: usize) {
        add(&self.datagrams, 1);
        self.echo(bytes);
    }

    pub(super) fn drop_datagram(&self) {
        add(&self.dropped, 1);
    }

    /// True for the first one.
    pub(super) fn pause(&self) -> bool {
        self.pauses.fetch_add(1, Ordering::Relaxed) == 0
    }

    pub(super) fn connections(&self) -> u64 {
        get(&self.connections)
    }

    pub(super) fn open(&self) -> u64 {
        // The end of one is counted after its beginning, and may be seen before it.
        self.connections().saturating_sub(get(&self.ended))
    }

    pub(super) fn datagrams(&self) -> u64 {
        get(&self.datagrams)
    }

    pub(super) fn bytes(&self) -> u64 {
        get(&self.bytes)
    }

    /// All of it, in a sentence.
    pub(super) fn tell(&self, time: Duration) -> String {
        let mut told = format!(
            "{} connections and {} datagrams, {} echoed in {}",
            HumanCount(self.connections()),
            HumanCount(self.datagrams()),
            DecimalBytes(self.bytes()),
            show_time(time.as_nanos() as f64),
        );
        let troubles = [
            (get(&self.failed), "connections failed"),
            (get(&self.dropped), "datagrams could not be sent back"),
            (get(&self.pauses), "times accepting paused"),
        ];
        for (count, what) in troubles.into_iter().filter(|(count, _)| *count > 0) {
            told += &format!("; {} {what}", HumanCount(count));
        }
        told
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

fn get(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
