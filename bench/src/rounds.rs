//! Rounds for workloads that are plain functions, measured as the loops are.

use std::io;

use omnipoll_cli::measure::{Sample, order};

/// A piece of work that tells how many units it did.
pub(crate) type Task<'a> = (&'static str, Box<dyn FnMut() -> io::Result<usize> + 'a>);

/// Runs every task once a round, shuffled; one row of samples a task.
pub(crate) fn interleave(tasks: &mut [Task<'_>], rounds: usize) -> io::Result<Vec<Vec<Sample>>> {
    let mut samples = vec![Vec::with_capacity(rounds); tasks.len()];
    for round in 0..=rounds {
        for index in order(round, tasks.len()) {
            let sample = Sample::of(&mut tasks[index].1)?;
            // The first round fills the caches.
            if round > 0 {
                samples[index].push(sample);
            }
        }
    }
    Ok(samples)
}
