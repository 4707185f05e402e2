use std::time::{Duration, Instant};

use crate::address::Address;

/// What a run is to be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) address: Address,
    pub(super) connections: usize,
    /// Bytes a message.
    pub(super) size: usize,
    /// Messages under way at a time, on each connection.
    pub(super) depth: usize,
    pub(super) length: Length,
    /// Messages a second, on all connections together; as many as go if nobody says.
    pub(super) rate: Option<f64>,
    /// How long to wait for an answer, or for a connection.
    pub(super) patience: Duration,
}

/// How long it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    Time(Duration),
    /// On all connections together.
    Messages(u64),
}

impl Plan {
    /// How many messages a connection is to send.
    pub(super) fn quota(&self, connection: usize) -> u64 {
        match self.length {
            Length::Time(_) => u64::MAX,
            Length::Messages(count) => {
                let (connection, connections) = (connection as u64, self.connections as u64);
                count / connections + u64::from(connection < count % connections)
            }
        }
    }

    /// When messages are due, if not as soon as there is room.
    pub(super) fn pace_of_all(&self, start: Instant) -> Option<Pace> {
        self.rate.map(|rate| Pace { first: start, interval: 1.0 / rate })
    }

    /// When those of one connection are due. The connections take turns.
    pub(super) fn pace(&self, connection: usize, start: Instant) -> Option<Pace> {
        self.pace_of_all(start).map(|all| Pace {
            first: all.due(connection as u64),
            interval: all.interval * self.connections as f64,
        })
    }
}

/// When messages are due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    first: Instant,
    /// In seconds.
    interval: f64,
}

impl Pace {
    pub(super) fn due(self, number: u64) -> Instant {
        self.first + Duration::from_secs_f64(self.interval * number as f64)
    }

    /// How many messages are due at `now`.
    pub(super) fn due_until(self, now: Instant) -> u64 {
        let time = now.checked_duration_since(self.first);
        time.map_or(0, |time| (time.as_secs_f64() / self.interval) as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(connections: usize, messages: u64, rate: Option<f64>) -> Plan {
        Plan {
            address: crate::address::DEFAULT.parse().expect("an address"),
            connections,
            size: 1,
            depth: 1,
            length: Length::Messages(messages),
            rate,
            patience: Duration::from_secs(1),
        }
    }

    #[test]
    fn the_messages_are_dealt_out_to_the_last() {
        for (connections, messages) in [(1, 10), (3, 10), (10, 3), (7, 0)] {
            let plan = plan(connections, messages, None);
            let quotas: Vec<u64> = (0..connections).map(|place| plan.quota(place)).collect();
            assert_eq!(quotas.iter().sum::<u64>(), messages);
            assert!(quotas.iter().max() <= quotas.iter().min().map(|least| least + 1).as_ref());
        }
    }

    #[test]
    fn connections_take_turns() {
        let plan = plan(4, 100, Some(1000.0));
        let start = Instant::now();
        for message in 0..20 {
            let (connection, number) = (message % 4, (message / 4) as u64);
            let due = plan.pace(connection, start).expect("there is a rate").due(number);
            let expected = start + Duration::from_millis(message as u64);
            let apart = due.max(expected) - due.min(expected);
            assert!(apart < Duration::from_micros(1), "{message}: {apart:?}");
        }
    }

    #[test]
    fn what_is_due_is_counted() {
        let start = Instant::now();
        let pace = plan(4, 100, Some(1000.0)).pace(1, start).expect("there is a rate");
        // At 1 ms, and each 4 ms from then on.
        for (microseconds, count) in [(0, 0), (999, 0), (1_001, 1), (4_999, 1), (5_001, 2)] {
            assert_eq!(pace.due_until(start + Duration::from_micros(microseconds)), count);
        }
    }
}
