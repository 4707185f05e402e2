use std::io;

use omnipoll::event::Source;
use omnipoll::{Interest, Registry, Token};

use super::trigger::Trigger;

/// How many calls that move something one event is good for, so that a client that never
/// stops does not keep the others waiting.
pub(super) const MOVES: usize = 16;

/// Why a socket is left alone for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// There is nothing to read.
    Drained,
    /// What was read cannot be written.
    Blocked,
    /// It had its turn; there may be more to do.
    Turn,
}

/// How a socket is registered.
#[derive(Debug)]
pub(super) struct Registration {
    token: Token,
    trigger: Trigger,
    interest: Interest,
}

impl Registration {
    /// Registers `source`, to be read from first.
    pub(super) fn new(
        source: &mut impl Source,
        registry: &Registry,
        token: Token,
        trigger: Trigger,
    ) -> io::Result<Registration> {
        let interest = wanted(trigger, Pause::Drained);
        source.register(registry, token, interest)?;
        Ok(Registration { token, trigger, interest })
    }

    /// Whether a read that came up short means that there is no more to read, or none that
    /// will not be told of.
    ///
    /// Under edge there may stand behind what was read what the event has told of already:
    /// the end of the stream, or what follows an urgent byte, at which a read ends. The others
    /// tell again.
    pub(super) fn stops_short(&self) -> bool {
        self.trigger != Trigger::Edge
    }

    /// Sees that what a paused `source` waits for is reported.
    pub(super) fn settle(
        &mut self,
        source: &mut impl Source,
        registry: &Registry,
        pause: Pause,
    ) -> io::Result<()> {
        let wanted = wanted(self.trigger, pause);
        let is_asleep = match self.trigger {
            // The next edge is owed only after a call that came up short; to register it
            // again has what is there reported.
            Trigger::Edge => pause == Pause::Turn,
            Trigger::Level => false,
            Trigger::Oneshot => true,
        };
        if is_asleep || wanted != self.interest {
            source.reregister(registry, self.token, wanted)?;
            self.interest = wanted;
        }
        Ok(())
    }
}

fn wanted(trigger: Trigger, pause: Pause) -> Interest {
    trigger.of(match (trigger, pause) {
        // Both, once and for all: an edge in a direction that nobody waits for is one event.
        (Trigger::Edge, _) => Interest::READABLE | Interest::WRITABLE,
        // The others would tell again and again of what is not wanted.
        (_, Pause::Drained | Pause::Turn) => Interest::READABLE,
        (_, Pause::Blocked) => Interest::WRITABLE,
    })
}
