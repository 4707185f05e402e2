//! docs/states.md: the matrix as every level registration reports it.
//!
//! It is made of what is known of Linux, so that it does not depend on where the tests
//! run; a kernel that shows a state otherwise has that printed.

use omnipoll::Support;
use rustix::event::PollFlags;

use super::answers::{Answers, asked, told};
use super::cell::Kind;
use super::matrix::{EVERYTHING, GROUPS, Group};
use crate::contract_page;

const HEAD: &str = "\
# What each state reports

The answers of an event of a level registration for everything, by the kind of descriptor
and its state, on Linux 6.18. The contract suite (`tests/contract/states/`) brings every
descriptor into every state, before it is registered and after, and compares each backend,
in each trigger, with what poll(2) says. It made this page as well:
`OMNIPOLL_WRITE_DOCS=1 cargo test --test contract states::the_page`.

| letter | `Event` | letter | `Event` |
|---|---|---|---|
| R | `is_readable` | rc | `is_read_closed` |
| W | `is_writable` | wc | `is_write_closed` |
| P | `is_priority` | E | `is_error` |
| – | there is no event | | |

- **epoll and poll** report the same, by level and by oneshot.
- **select** cannot tell rc, wc and E. What it tells of R, W and P is the same, unless it
  stands behind a stroke: `rc wc / R` is R on select.
- **Edge** reports the same where it is the kernel's. Where it is software, an end may show
  as R and W too, and what was reported and not tried since is not reported again.

A step such as *peer closed* is about the other side, one such as *shut down* about ours.
Where a kind has no such state, the table is empty.
";

/// Fails if the page says something else; or makes it anew, if asked to.
pub(crate) fn keep_current() {
    contract_page::keep_current("docs/states.md", &page());
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        page.push_str(&table(group));
    }
    page
}

fn table(group: &Group) -> String {
    let names: Vec<_> = group.kinds.iter().map(|kind| kind.name).collect();
    let mut table = format!("\n## {}\n\n", group.title);
    table.push_str(&row("state", &names));
    table.push_str(&format!("|---{}|\n", "|---".repeat(names.len())));
    for state in states(group.kinds) {
        let shown: Vec<_> = group.kinds.iter().map(|kind| shown(kind, state)).collect();
        table.push_str(&row(state, &shown));
    }
    table
}

fn row(state: &str, shown: &[impl AsRef<str>]) -> String {
    let cells: Vec<_> = shown.iter().map(AsRef::as_ref).collect();
    format!("| {state} | {} |\n", cells.join(" | "))
}

/// The states of all `kinds`, each once.
fn states(kinds: &[&Kind]) -> Vec<&'static str> {
    let mut states = Vec::new();
    for cell in kinds.iter().flat_map(|kind| (kind.cells)()) {
        if !states.contains(&cell.state) {
            states.push(cell.state);
        }
    }
    states
}

/// How `kind` shows `state`; nothing if it has no such state.
fn shown(kind: &Kind, state: &str) -> String {
    let cell = (kind.cells)().into_iter().find(|cell| cell.state == state);
    let Some(cell) = cell else { return String::new() };
    let answers = Answers::to(cell.known);
    let by_select = by_select(cell.known);
    if by_select == answers.without(Answers::HANG_UPS) {
        answers.to_string()
    } else {
        format!("{answers} / {by_select}")
    }
}

fn by_select(found: PollFlags) -> Answers {
    Answers::to(told(found, asked(EVERYTHING), Support::Absent))
}
