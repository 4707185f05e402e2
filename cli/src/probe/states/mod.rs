//! The kinds of descriptors and their states, by the names of docs/states.md.
//!
//! Each file has some kinds, and says how each of their states comes about: how the
//! descriptor begins, and the steps from there.

mod datagrams;
#[cfg(unix)]
mod files;
mod listeners;
#[cfg(unix)]
mod other;
#[cfg(unix)]
mod pipes;
mod sockets;
mod streams;
#[cfg(unix)]
mod terminals;
#[cfg(unix)]
mod unix_sockets;

use std::io;

use omnipoll::Interest;

use super::scene::{End, Scene, Staged, Step, Subject};

const READ_AND_WRITE: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// All kinds that this system has, in the order in which they are shown.
pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    #[cfg(unix)]
    kinds.extend(pipes::kinds());
    kinds.extend(streams::kinds());
    kinds.extend(listeners::kinds());
    kinds.extend(datagrams::kinds());
    #[cfg(unix)]
    kinds.extend(terminals::kinds());
    #[cfg(unix)]
    kinds.push(files::kind());
    kinds
}

/// A kind of descriptor, and the states that are looked at.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) cells: Vec<Cell>,
}

/// One state of one kind.
pub(super) struct Cell {
    pub(super) state: &'static str,
    /// What it is registered for, beside the trigger.
    pub(super) interest: Interest,
    /// Whether the poll is told to take what never makes anyone wait.
    pub(super) always_ready_files: bool,
    stage: Box<dyn Fn() -> io::Result<Staged>>,
}

impl Kind {
    /// Descriptors that `subject` makes sources of, in `states`.
    fn new<T: End>(
        name: &'static str,
        subject: fn(T) -> Box<dyn Subject>,
        states: Vec<State<T>>,
    ) -> Kind {
        let cells = states.into_iter().map(|state| state.shown_as(subject)).collect();
        Kind { name, cells }
    }
}

impl Cell {
    /// Brings a new descriptor into the state.
    pub(super) fn stage(&self) -> io::Result<Staged> {
        (self.stage)()
    }
}

/// How a state comes about.
struct State<T> {
    name: &'static str,
    begin: fn() -> io::Result<Scene<T>>,
    steps: Vec<Step<T>>,
    interest: Interest,
    always_ready_files: bool,
}

/// The state that the `steps` lead to after the beginning.
fn state<T, const STEPS: usize>(
    name: &'static str,
    begin: fn() -> io::Result<Scene<T>>,
    steps: [Step<T>; STEPS],
) -> State<T> {
    State { name, begin, steps: steps.into(), interest: READ_AND_WRITE, always_ready_files: false }
}

impl<T: End> State<T> {
    /// Asks for priority too. It is not asked for where nothing is urgent, since a backend
    /// may then go another way.
    fn with_priority(self) -> State<T> {
        State { interest: self.interest | Interest::PRIORITY, ..self }
    }

    #[cfg(unix)]
    fn taken_as_always_ready(self) -> State<T> {
        State { always_ready_files: true, ..self }
    }

    fn shown_as(self, subject: fn(T) -> Box<dyn Subject>) -> Cell {
        let State { name, begin, steps, interest, always_ready_files } = self;
        let stage = move || {
            let mut scene = begin()?;
            steps.iter().try_for_each(|step| step(&mut scene))?;
            Ok(scene.stage(subject))
        };
        Cell { state: name, interest, always_ready_files, stage: Box::new(stage) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_state_of_a_kind_has_a_name_of_its_own() {
        let mut kinds_seen = HashSet::new();
        for kind in kinds() {
            assert!(kinds_seen.insert(kind.name), "{} comes twice", kind.name);
            let states: HashSet<_> = kind.cells.iter().map(|cell| cell.state).collect();
            assert_eq!(states.len(), kind.cells.len(), "{}", kind.name);
        }
    }

    /// Who knows one of the two finds the same states in the other.
    #[test]
    fn the_names_are_those_of_the_page() {
        let page = include_str!("../../../../docs/states.md");
        // The page has no files, as those cannot be waited for.
        for kind in kinds().iter().filter(|kind| kind.name != "regular file") {
            assert!(page.contains(&format!("| {} |", kind.name)), "{}", kind.name);
            for cell in &kind.cells {
                assert!(page.contains(&format!("\n| {} |", cell.state)), "{}", cell.state);
            }
        }
    }
}
