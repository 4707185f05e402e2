//! How a run is measured: many short rounds, every loop in every round, medians.
//!
//! A machine drifts, and other programs run on it. So the loops take turns within
//! a round, each round shuffles them anew, so that none always finds what the same
//! other one left in the caches and the kernel's allocator, and a ratio is the median
//! of the ratios within each round: what slows a whole round falls out of it.

use std::io;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::pipes::Ends;
use crate::relay::{Contestant, Work};
use crate::split_mix;

/// Registers pipes in the loop that is to be measured.
pub type Enter = Box<dyn Fn(Vec<Ends>, Work) -> io::Result<Box<dyn Contestant>>>;

/// How long one run took, per event, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// By the clock on the wall.
    pub wall_ns: f64,
    /// By the time that this process was given.
    pub cpu_ns: f64,
}

impl Sample {
    /// Times `run`, which returns how many units of work it did.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn of(run: impl FnOnce() -> io::Result<usize>) -> io::Result<Sample> {
        let cpu = cpu_time();
        let wall = Instant::now();
        let units = run()?;
        let wall = wall.elapsed();
        let cpu = cpu_time() - cpu;
        let per_unit = |time: Duration| time.as_nanos() as f64 / units.max(1) as f64;
        Ok(Sample { wall_ns: per_unit(wall), cpu_ns: per_unit(cpu) })
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds; the median is taken over them.
    pub rounds: usize,
    /// How long one loop runs in one round.
    pub slice: Duration,
}

/// Runs every loop once a round on the same pipes; the answer has one row of
/// samples a loop. `step` is called after each run.
///
/// # Errors
/// Those of the loops, an event that was lost among them.
pub fn interleave(
    loops: &[Enter],
    mut pipes: Vec<Ends>,
    work: Work,
    effort: Effort,
    mut step: impl FnMut(),
) -> io::Result<(Vec<Vec<Sample>>, Vec<Ends>)> {
    let mut samples = vec![Vec::with_capacity(effort.rounds); loops.len()];
    let mut writes = vec![0; loops.len()];
    for round in 0..=effort.rounds {
        for index in order(round, loops.len()) {
            let mut contestant = loops[index](pipes, work)?;
            // Once round the ring untimed, so that no pipe is seen for the first time; but
            // for no longer than a slice, which a scan of thousands would be.
            contestant.run(work.active.max(work.registered.min(writes[index])))?;
            if round == 0 {
                writes[index] = pilot(contestant.as_mut(), work, effort.slice)?;
            } else {
                let run = || contestant.run(writes[index]).map(|tally| tally.events);
                samples[index].push(Sample::of(run)?);
            }
            pipes = contestant.leave()?;
            step();
        }
    }
    Ok((samples, pipes))
}

/// The numbers below `count`, shuffled in a way of each round's own.
pub fn order(round: usize, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // The same on every run, as figures are compared between runs.
    for (index, last) in (1..count).rev().enumerate() {
        let number = split_mix::at(round as u64, index as u64 + 1);
        order.swap(last, (number % (last as u64 + 1)) as usize);
    }
    order
}

/// How many writes take about `slice`.
fn pilot(contestant: &mut dyn Contestant, work: Work, slice: Duration) -> io::Result<usize> {
    let lap = work.active.max(16);
    let sample = Sample::of(|| contestant.run(lap).map(|tally| tally.events))?;
    let events = slice.as_nanos() as f64 / sample.wall_ns.max(1.0);
    Ok((events as usize).max(lap))
}

/// The value in the middle; 0 of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

/// The median of what `value` is on one side over what it is on the other, round by round.
pub fn ratio(these: &[Sample], those: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    median(ratios(these, those, value))
}

/// How far from that median half of the rounds are: what differs by less is noise.
pub fn noise(these: &[Sample], those: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    let middle = ratio(these, those, &value);
    median(ratios(these, those, value).map(|ratio| (ratio - middle).abs()))
}

fn ratios(
    these: &[Sample],
    those: &[Sample],
    value: impl Fn(&Sample) -> f64,
) -> impl Iterator<Item = f64> {
    these.iter().zip(those).map(move |(this, that)| value(this) / value(that))
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
