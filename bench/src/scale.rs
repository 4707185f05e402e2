//! How much of a workload is run.

use std::time::Duration;

use omnipoll_cli::measure::Effort;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// All sizes: a quarter of an hour.
    Full,
    /// Few sizes and rounds: under two minutes.
    Quick,
    /// The least that shows that all of it works; its figures mean nothing.
    Tiny,
}

impl Scale {
    /// What is right for this scale.
    pub(crate) fn pick<T>(self, full: T, quick: T, tiny: T) -> T {
        match self {
            Scale::Full => full,
            Scale::Quick => quick,
            Scale::Tiny => tiny,
        }
    }

    /// How many rounds, and how long each loop runs in one.
    pub(crate) fn effort(self) -> Effort {
        Effort { rounds: self.pick(21, 7, 1), slice: Duration::from_millis(self.pick(10, 5, 1)) }
    }
}
