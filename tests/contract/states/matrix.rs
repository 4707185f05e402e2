//! All kinds of descriptors, in the order of docs/states.md, and how one is compared.

use omnipoll::{Backend, Interest};

use super::cell::{Cell, Kind};
use super::comparison::{Asking, of_what_arises, of_what_is_there};
use super::{counters, datagrams, listeners, pipes, streams, terminals};
use crate::harness::{Trigger, now_at};
use crate::support::{Bench, Way};

/// Kinds that stand side by side, since they have states in common.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) kinds: &'static [&'static Kind],
}

pub(crate) const GROUPS: &[Group] = &[
    Group { title: "Streams", kinds: &[&streams::TCP, &streams::UNIX] },
    Group { title: "Listeners", kinds: &[&listeners::TCP, &listeners::UNIX] },
    Group { title: "Datagrams", kinds: &[&datagrams::UDP, &datagrams::UNIX] },
    Group { title: "Ends that read", kinds: &[&pipes::PIPE_READER, &pipes::FIFO_READER] },
    Group { title: "Ends that write", kinds: &[&pipes::PIPE_WRITER, &pipes::FIFO_WRITER] },
    Group { title: "Terminals", kinds: &[&terminals::MAIN, &terminals::RAW, &terminals::LINES] },
    Group { title: "Counts of events", kinds: &[&counters::EVENTS] },
    Group { title: "Timers", kinds: &[&counters::TIMER] },
    Group { title: "Sets of descriptors", kinds: &[&counters::EPOLL] },
];

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// All that can be waited for.
pub(crate) const EVERYTHING: Interest = READ.add(WRITE).add(Interest::PRIORITY);

/// Compares all states of `kind`, and fails with all that differ.
pub(crate) fn compare(kind: &Kind, backend: Backend, trigger: Trigger) {
    let mut interests = vec![READ, WRITE, READ.add(WRITE)];
    if kind.has_priority && Bench::new(backend).tells_priority() {
        interests.extend([Interest::PRIORITY, EVERYTHING]);
    }
    let mut differences = Vec::new();
    for cell in (kind.cells)() {
        for way in [Way::Typed, Way::Raw] {
            for &interest in &interests {
                let asking = Asking { backend, trigger, way, interest };
                differences.extend(differences_of(kind, &cell, asking));
            }
        }
    }
    fail_with(&differences);
}

/// What differs of one state, there before the registration and arising under it.
fn differences_of(kind: &Kind, cell: &Cell, asking: Asking) -> Vec<String> {
    let mut differences = Vec::new();
    differences.extend(difference(of_what_is_there, "there before", kind, cell, asking));
    if cell.can_arise() {
        differences.extend(difference(of_what_arises, "arising", kind, cell, asking));
    }
    differences
}

/// Compares all states of all kinds once, by level and with all that can be asked.
pub(crate) fn compare_levels(backend: Backend) {
    let interest = if Bench::new(backend).tells_priority() { EVERYTHING } else { READ | WRITE };
    let mut differences = Vec::new();
    for kind in GROUPS.iter().flat_map(|group| group.kinds) {
        for cell in (kind.cells)() {
            let asking = Asking { backend, trigger: Trigger::Level, way: Way::Raw, interest };
            differences.extend(difference(of_what_is_there, "all", kind, &cell, asking));
        }
    }
    fail_with(&differences);
}

type Compare = fn(&Kind, &Cell, Asking) -> Result<(), String>;

fn difference(
    compare: Compare,
    variant: &str,
    kind: &Kind,
    cell: &Cell,
    asking: Asking,
) -> Option<String> {
    let Asking { way, interest, .. } = asking;
    let name = format!("{}, {}, {way:?}, {interest:?}, {variant}", kind.name, cell.state);
    now_at(name.clone());
    let outcome = compare(kind, cell, asking);
    now_at(String::new());
    outcome.err().map(|difference| format!("{name}: {difference}"))
}

fn fail_with(differences: &[String]) {
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences:\n{}", differences.join("\n"));
}
