//! How the server has its sources registered.

use std::fmt;

use fastrand::Rng;
use omnipoll::Interest;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Trigger {
    /// By edge, as in mio.
    Edge,
    /// By level.
    Level,
    /// One event at a time.
    Oneshot,
    /// One of the three for each connection, at random.
    Mixed,
}

impl Trigger {
    /// Those that a registration can have.
    const PLAIN: [Trigger; 3] = [Trigger::Edge, Trigger::Level, Trigger::Oneshot];

    /// One that is not mixed.
    pub(super) fn draw(self, random: &mut Rng) -> Trigger {
        match self {
            Trigger::Mixed => Trigger::PLAIN[random.usize(..3)],
            plain => plain,
        }
    }

    /// `interest` with this trigger.
    pub(super) fn of(self, interest: Interest) -> Interest {
        match self {
            Trigger::Level => interest.level(),
            Trigger::Oneshot => interest.oneshot(),
            Trigger::Edge | Trigger::Mixed => interest,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Trigger::Edge => "edge",
            Trigger::Level => "level",
            Trigger::Oneshot => "oneshot",
            Trigger::Mixed => "mixed",
        })
    }
}
