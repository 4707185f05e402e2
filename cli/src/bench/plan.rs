//! What is to be measured, and what is not, and why.

use std::io;

use omnipoll::Backend;
use omnipoll_cli::relay::{ReadPolicy, Work};

const REGISTERED: [usize; 5] = [100, 300, 1_000, 3_000, 8_000];
const REGISTERED_QUICK: [usize; 3] = [100, 1_000, 8_000];
const ACTIVE: [usize; 2] = [1, 100];

/// One size, measured on every backend.
pub(super) struct Cell {
    pub(super) registered: usize,
    pub(super) active: usize,
}

impl Cell {
    pub(super) fn work(&self) -> Work {
        Work { registered: self.registered, active: self.active, policy: ReadPolicy::Short }
    }
}

pub(super) struct Plan {
    pub(super) backends: Vec<Backend>,
    pub(super) cells: Vec<Cell>,
    /// What was asked for and cannot be done: one sentence each.
    pub(super) skipped: Vec<String>,
}

impl Plan {
    /// Fits the wishes to a machine on which `room` pipes can be open. An empty
    /// list of wishes stands for the default.
    pub(super) fn new(
        quick: bool,
        backends: &[String],
        registered: &[usize],
        active: &[usize],
        room: usize,
    ) -> io::Result<Plan> {
        let default = if quick { REGISTERED_QUICK.as_slice() } else { REGISTERED.as_slice() };
        let registered = if registered.is_empty() { default } else { registered };
        let active = if active.is_empty() { ACTIVE.as_slice() } else { active };
        if registered.contains(&0) || active.contains(&0) {
            return Err(invalid("--registered and --active start at 1".to_owned()));
        }
        let mut plan = Plan { backends: choose(backends)?, cells: Vec::new(), skipped: Vec::new() };
        for &registered in registered {
            if registered > room {
                plan.skipped.push(format!(
                    "{registered} registered: that takes {} descriptors, and the hard limit of \
                     this process leaves room for {room} pipes; raise it (`ulimit -Hn`, as root)",
                    2 * registered
                ));
                continue;
            }
            for &active in active {
                if active > registered {
                    plan.skipped.push(format!(
                        "{active} active of {registered} registered: there are not so many"
                    ));
                } else {
                    plan.cells.push(Cell { registered, active });
                }
            }
        }
        if plan.cells.is_empty() {
            return Err(invalid(format!("nothing to measure: {}", plan.skipped.join("; "))));
        }
        Ok(plan)
    }
}

fn choose(names: &[String]) -> io::Result<Vec<Backend>> {
    let available: Vec<Backend> = Backend::available();
    if names.is_empty() {
        return Ok(available);
    }
    let find = |name: &String| {
        available.iter().copied().find(|backend| backend.to_string() == *name).ok_or_else(|| {
            let list: Vec<String> = available.iter().map(Backend::to_string).collect();
            invalid(format!(
                "--backend {name}: no such backend; this machine has {}",
                list.join(", ")
            ))
        })
    };
    names.iter().map(find).collect()
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
