//! One state as a backend reports it, beside what poll(2) says of it.

use std::fmt;

use omnipoll::event::Event;
use omnipoll::{Backend, Interest, Support};
use rustix::event::PollFlags;

use super::answers::{Answers, asked, told, with_ends_shown};
use super::cell::{Cell, Kind};
use super::oracle;
use super::scene::Scene;
use super::subject::TOKEN;
use crate::harness::Trigger;
use crate::support::{Bench, OWED, SPURIOUS, Way};

/// How long to wait for what poll(2) says is not there: an edge that is still on its way
/// would come by then, and levels and the like are there already.
const SILENT_MS: u64 = 1;

/// How a state is to be reported: by what, in which trigger, and of which registration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking {
    pub(crate) backend: Backend,
    pub(crate) trigger: Trigger,
    pub(crate) way: Way,
    pub(crate) interest: Interest,
}

/// What is wrong with a report.
type Difference = String;

/// How often a state may change while it is looked at, before that is a difference.
const ATTEMPTS: usize = 3;

/// A registration in a state.
struct Comparison {
    asking: Asking,
    bench: Bench,
    scene: Scene,
    /// What poll(2) said last.
    found: PollFlags,
}

/// The state was there before the registration.
pub(crate) fn of_what_is_there(kind: &Kind, cell: &Cell, asking: Asking) -> Result<(), Difference> {
    compare(|| {
        let mut scene = cell.before();
        cell.bring_about(kind, &mut scene);
        let mut comparison = Comparison::new(asking, scene);
        comparison.register();
        let outcome = comparison.tells_all();
        (comparison, outcome)
    })
}

/// The state arises under a registration that has gone silent, or lasts.
pub(crate) fn of_what_arises(kind: &Kind, cell: &Cell, asking: Asking) -> Result<(), Difference> {
    compare(|| {
        let mut comparison = Comparison::new(asking, cell.before());
        comparison.register();
        let outcome = comparison.tells_change(|scene| cell.bring_about(kind, scene));
        (comparison, outcome)
    })
}

/// Takes the outcome of a comparison, unless the state went on to another meanwhile, which
/// proves nothing.
fn compare(
    mut attempt: impl FnMut() -> (Comparison, Result<(), Difference>),
) -> Result<(), Difference> {
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS {
        let comparison;
        (comparison, outcome) = attempt();
        if outcome.is_ok() || !comparison.has_moved() {
            break;
        }
    }
    outcome
}

impl Comparison {
    fn new(asking: Asking, scene: Scene) -> Comparison {
        let found = PollFlags::empty();
        Comparison { asking, bench: Bench::new(asking.backend), scene, found }
    }

    fn register(&mut self) {
        let interest = self.asking.trigger.apply(self.asking.interest);
        let registered =
            self.scene.subject.register(self.asking.way, self.bench.registry(), interest);
        registered.expect("register");
    }

    fn reregister(&mut self) {
        let interest = self.asking.trigger.apply(self.asking.interest);
        let registered =
            self.scene.subject.reregister(self.asking.way, self.bench.registry(), interest);
        registered.expect("reregister");
    }

    /// What there is to tell now.
    fn expected(&mut self) -> Expected {
        let asked = asked(self.asking.interest);
        let found = oracle::look(self.scene.fd(), asked);
        self.found = found;
        let capabilities = self.bench.poll.capabilities();
        if self.asking.backend == Backend::Kqueue {
            return Expected::of_filters(found, asked);
        }
        let owed = Answers::to(told(found, asked, capabilities.hang_up));
        let by_edges = self.asking.trigger == Trigger::Edge && capabilities.edge != Support::Native;
        let ends = if by_edges {
            Answers::to(found).with(Answers::to(with_ends_shown(found, asked)))
        } else {
            Answers::NONE
        };
        Expected { owed, allowed: owed.with(ends) }
    }

    /// Whether poll(2) says something else than it did.
    fn has_moved(&self) -> bool {
        oracle::look(self.scene.fd(), asked(self.asking.interest)) != self.found
    }

    /// The state as it is now is told, and so is the one that `change` leads to.
    fn tells_change(&mut self, change: impl FnOnce(&mut Scene)) -> Result<(), Difference> {
        let before = self.expected();
        self.tells(before).map_err(|difference| format!("in the state before, {difference}"))?;
        change(&mut self.scene);
        match self.asking.trigger {
            Trigger::Level => self.tells_all(),
            Trigger::Edge => {
                let mut news = self.expected().news_since(before);
                if self.asking.backend == Backend::IoUring {
                    // Its edges are those that came, also on the way.
                    news.allowed = news.allowed.with(before.allowed);
                }
                self.tells_until_silent(news, Answers::NONE)
            }
            Trigger::Oneshot if before.owed == Answers::NONE => self.tells_all(),
            Trigger::Oneshot => {
                self.tells(NOTHING)?;
                self.reregister();
                self.tells_all()
            }
        }
    }

    /// The state as it is now is told, by the rules of the trigger.
    fn tells_all(&mut self) -> Result<(), Difference> {
        let expected = self.expected();
        self.tells(expected)?;
        if self.asking.trigger == Trigger::Oneshot {
            self.reregister();
            self.tells(expected).map_err(|difference| format!("armed again, {difference}"))?;
        }
        Ok(())
    }

    /// What is expected is told: in each of two waits, or once and then no more.
    fn tells(&mut self, expected: Expected) -> Result<(), Difference> {
        match self.asking.trigger {
            Trigger::Level => {
                self.tells_at_once(expected)?;
                self.tells_at_once(expected).map_err(|difference| format!("again, {difference}"))
            }
            Trigger::Edge => self.tells_until_silent(expected, expected.owed),
            Trigger::Oneshot => {
                self.tells_at_once(expected)?;
                self.tells_at_once(NOTHING).map_err(|difference| format!("then {difference}"))
            }
        }
    }

    /// The next wait tells what is expected.
    fn tells_at_once(&mut self, expected: Expected) -> Result<(), Difference> {
        let events = self.wait(expected.owed != Answers::NONE);
        let told = events.iter().map(Answers::of).fold(Answers::NONE, Answers::with);
        let count = usize::from(expected.owed != Answers::NONE);
        if events.len() == count && expected.is_met_by(told) {
            return Ok(());
        }
        Err(format!("{expected} was to come, and there came {events:?}"))
    }

    /// The next event tells all of `first`, and until there are no more, nothing is told
    /// that is not so.
    fn tells_until_silent(&mut self, expected: Expected, first: Answers) -> Result<(), Difference> {
        let mut told = Answers::NONE;
        let mut count = 0;
        loop {
            let events = self.wait(!told.has_all(expected.owed));
            if events.is_empty() {
                break;
            }
            let answers = events.iter().map(Answers::of).fold(Answers::NONE, Answers::with);
            if count == 0 && !answers.has_all(first) {
                return Err(format!("{first} was to come first, and there came {events:?}"));
            }
            told = told.with(answers);
            count += events.len();
            if count > 1 + SPURIOUS {
                return Err(format!("a busy loop: {count} events, the last of them {events:?}"));
            }
        }
        if expected.is_met_by(told) {
            return Ok(());
        }
        Err(format!("{expected} was to come, and there came {told} in {count} events"))
    }

    /// The events of one wait, for long enough if something `is_owed`.
    fn wait(&mut self, is_owed: bool) -> Vec<Event> {
        let limit_ms = match self.asking.trigger {
            _ if is_owed => OWED.as_millis() as u64,
            Trigger::Edge => SILENT_MS,
            Trigger::Level | Trigger::Oneshot => 0,
        };
        let events = self.bench.wait(limit_ms);
        assert!(events.iter().all(|event| event.token() == TOKEN), "{events:?}");
        events
    }
}

/// What is to come of a state.
#[derive(Clone, Copy)]
struct Expected {
    owed: Answers,
    /// What may be told beside, though it need not.
    allowed: Answers,
}

const NOTHING: Expected = Expected { owed: Answers::NONE, allowed: Answers::NONE };

impl Expected {
    /// What a kqueue tells: each direction by itself, with an end of its own, so that an end is
    /// readiness of those directions that were asked for.
    fn of_filters(found: PollFlags, asked: PollFlags) -> Expected {
        let shown = with_ends_shown(found, asked);
        let owed = Answers::to(shown & (PollFlags::IN | PollFlags::OUT | PollFlags::PRI));
        let mut ends = Answers::to(shown);
        if found.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::RDHUP) {
            ends = ends.with(Answers::HANG_UPS);
        }
        let allowed = if owed == Answers::NONE { owed } else { owed.with(ends) };
        Expected { owed, allowed }
    }

    fn is_met_by(self, told: Answers) -> bool {
        told.has_all(self.owed) && self.allowed.has_all(told)
    }

    /// Without what was told `before` and need not be told again.
    fn news_since(self, before: Expected) -> Expected {
        Expected { owed: self.owed.without(before.owed), ..self }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Expected { owed, allowed } = self;
        if owed == allowed { write!(f, "{owed}") } else { write!(f, "{owed} (or up to {allowed})") }
    }
}
