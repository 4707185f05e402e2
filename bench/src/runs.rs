//! Pieces of work that are plain functions, measured as the loops over pipes are.

use std::io;

use omnipoll_cli::measure::{Sample, order};

/// A piece of work that tells how many units it did.
pub(crate) type Run = Box<dyn FnMut() -> io::Result<usize>>;

/// Runs every piece once a round, shuffled; one row of samples a piece.
pub(crate) fn interleave(runs: &mut [Run], rounds: usize) -> io::Result<Vec<Vec<Sample>>> {
    let mut samples = vec![Vec::with_capacity(rounds); runs.len()];
    for round in 0..=rounds {
        for index in order(round, runs.len()) {
            let sample = Sample::of(&mut runs[index])?;
            // The first round fills the caches.
            if round > 0 {
                samples[index].push(sample);
            }
        }
    }
    Ok(samples)
}
