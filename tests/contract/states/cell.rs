//! One state of one kind of descriptor: how it comes about, and how it shows.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use rustix::event::PollFlags;

use super::oracle::{self, ALL};
use super::scene::Scene;

/// A kind of descriptor, and all states that are looked at.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Whether it can have something out of band.
    pub(crate) has_priority: bool,
    pub(crate) cells: fn() -> Vec<Cell>,
}

pub(crate) struct Cell {
    pub(crate) state: &'static str,
    begin: fn() -> Scene,
    /// What leads to the state; the last is what it arises by. None if it is how the
    /// descriptor begins.
    steps: Vec<Step>,
    /// What poll(2) says on the Linux that docs/states.md was made with.
    pub(crate) known: PollFlags,
}

type Step = fn(&mut Scene);

/// The `state` that the `steps` lead to after the beginning.
pub(crate) fn cell<const STEPS: usize>(
    state: &'static str,
    begin: fn() -> Scene,
    steps: [Step; STEPS],
    known: PollFlags,
) -> Cell {
    Cell { state, begin, steps: steps.into(), known }
}

impl Cell {
    pub(crate) fn can_arise(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The scene one step before the state.
    pub(crate) fn before(&self) -> Scene {
        let mut scene = (self.begin)();
        let earlier = self.steps.len().saturating_sub(1);
        self.steps[..earlier].iter().for_each(|step| step(&mut scene));
        scene
    }

    /// Goes on to the state.
    pub(crate) fn bring_about(&self, kind: &Kind, scene: &mut Scene) {
        if let Some(step) = self.steps.last() {
            step(scene);
        }
        let name = (kind.name, self.state);
        if otherwise().contains(&name) {
            return oracle::steady(scene.fd());
        }
        if !oracle::settle(scene.fd(), self.known) && otherwise().insert(name) {
            let (found, known) = (oracle::look(scene.fd(), ALL), self.known);
            eprintln!(
                "this kernel shows {}, {} as {found:?}, not {known:?}",
                kind.name, self.state
            );
        }
    }
}

/// The states that this kernel shows otherwise.
fn otherwise() -> MutexGuard<'static, HashSet<(&'static str, &'static str)>> {
    static OTHERWISE: LazyLock<Mutex<HashSet<(&str, &str)>>> = LazyLock::new(Mutex::default);
    OTHERWISE.lock().unwrap_or_else(PoisonError::into_inner)
}
