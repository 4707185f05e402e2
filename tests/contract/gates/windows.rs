//! What is not asked of the backends on Windows, beyond what is not asked of them anywhere.

use omnipoll::Backend::{Iocp, Poll, Select};

use super::Gate;
use crate::system;

const LEVELS_ALONE: &str = "Windows tells levels alone, so what was looked at and not taken, or \
                            tried in a direction that nobody knows, is told again after each try";

const NO_ENDS: &str = "the call is not asked of what sleeps, so its end is told by the next try";

/// Of Windows.
const GATES: &[Gate] = &[
    Gate {
        promise: "edge::unknown_direction_tried",
        backends: &[Iocp, Poll, Select],
        reason: LEVELS_ALONE,
    },
    Gate {
        promise: "edge::peeked_and_left_alone",
        backends: &[Iocp, Poll, Select],
        reason: LEVELS_ALONE,
    },
    Gate {
        promise: "edge_threads::peeked_and_left_alone",
        backends: &[Iocp, Poll, Select],
        reason: LEVELS_ALONE,
    },
    Gate {
        promise: "edge_ends::half_closed_read_again_and_again",
        backends: &[Poll],
        reason: "WSAPoll tells the end of a stream unasked, so who waits for room in the other \
                 direction is told after each try",
    },
    Gate { promise: "edge_ends::writer_left_alone", backends: &[Poll, Select], reason: NO_ENDS },
];

const ERROR_EATEN: &str = "Wine takes the socket's error itself when it polls it, so that the read \
                           or the send that it was for finds none: tests/wine.rs";

/// Of Wine, which does not do what Windows does.
const GATES_OF_WINE: &[Gate] = &[
    Gate {
        promise: "edge_ends::reset_by_the_peer",
        backends: &[Iocp, Poll, Select],
        reason: ERROR_EATEN,
    },
    Gate {
        promise: "edge_ends::refused_datagrams",
        backends: &[Iocp, Poll, Select],
        reason: ERROR_EATEN,
    },
    Gate {
        promise: "edge_ends::end_shows_in_later_events",
        backends: &[Iocp, Poll, Select],
        reason: "Wine tells the end of a stream once all before it was read: tests/wine.rs",
    },
    Gate {
        promise: "connecting::refused",
        backends: &[Iocp, Poll, Select],
        reason: "Wine tells SO_ERROR again and again: tests/wine.rs",
    },
];

/// The gates of this system.
pub(super) fn gates() -> impl Iterator<Item = &'static Gate> {
    let of_wine = if system::is_wine() { GATES_OF_WINE } else { &[] };
    GATES.iter().chain(of_wine)
}
