use std::fmt;

use omnipoll::Interest;

/// How the server's sockets are registered.
///
/// Each is right with any number of threads, since whoever has an event locks what it is of.
/// They differ in what several threads cost:
///
/// - *Edge*: an event goes to one thread. While it works, the next edge may go to another,
///   which waits at the lock, and finds less to do, or nothing. No call but the I/O is made.
/// - *Oneshot*: an event goes to one thread, and no other gets one until that thread has
///   registered the socket again: nobody ever waits at a lock, for a call more an event.
/// - *Level*: every thread that waits is told of the same bytes; one gets them, and the
///   others have come for nothing. It is right, and it is what level means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Trigger {
    /// When readiness arises
    Edge,
    /// For as long as it lasts, to every thread
    Level,
    /// Once, until it is registered again
    Oneshot,
}

impl Trigger {
    /// `directions` with this trigger.
    pub(super) fn of(self, directions: Interest) -> Interest {
        match self {
            Trigger::Edge => directions,
            Trigger::Level => directions.level(),
            Trigger::Oneshot => directions.oneshot(),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Trigger::Edge => "edge",
            Trigger::Level => "level",
            Trigger::Oneshot => "oneshot",
        })
    }
}
