use std::time::{Duration, Instant};

use super::operation::{Kind, Way};
use super::program::Program;

/// How long to go on looking for a shorter program.
const PATIENCE: Duration = Duration::from_secs(120);

/// Makes a program shorter for as long as it `fails`: it leaves out runs of operations,
/// ever shorter ones, and puts simpler descriptors in the slots.
pub(super) fn shrink(program: &Program, mut fails: impl FnMut(&Program) -> bool) -> Program {
    let start = Instant::now();
    let mut best = program.clone();
    let mut length = best.operations.len().div_ceil(2);
    while length > 0 && start.elapsed() < PATIENCE {
        let mut at = 0;
        let mut is_shorter = false;
        while at < best.operations.len() && start.elapsed() < PATIENCE {
            let mut candidate = best.clone();
            let end = (at + length).min(candidate.operations.len());
            candidate.operations.drain(at..end);
            if fails(&candidate) {
                best = candidate;
                is_shorter = true;
            } else {
                at += length;
            }
        }
        if length > 1 || !is_shorter {
            length /= 2;
        }
    }
    for slot in 0..best.ends.len() {
        let mut candidate = best.clone();
        candidate.ends[slot] = (Kind::Unix, Way::Typed);
        if candidate != best && fails(&candidate) {
            best = candidate;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::operation::Operation;
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let mut program = Program::random(&mut fastrand::Rng::with_seed(5), 1);
        program.operations = vec![Operation::Wait(0); 60];
        program.operations[17] = Operation::Wake(0);
        program.operations[44] = Operation::Answer;
        let fails = |program: &Program| {
            let at = |wanted| program.operations.iter().position(|found| *found == wanted);
            at(Operation::Wake(0)) < at(Operation::Answer) && at(Operation::Wake(0)).is_some()
        };
        let shrunk = shrink(&program, fails);
        assert_eq!(shrunk.operations, [Operation::Wake(0), Operation::Answer]);
        assert_eq!(shrunk.ends, [(Kind::Unix, Way::Typed); 4]);
    }
}
