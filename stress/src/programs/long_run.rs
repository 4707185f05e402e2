use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::Backend;

use super::check::{Company, Figures, Violation, check_alone, check_together};
use super::program::Program;
use super::shrink::shrink;
use crate::arguments::{Backends, parse_time};
use crate::usage::cpu_time;

/// How often the figures are printed.
const REPORT: Duration = Duration::from_secs(30);

/// How many operations a program has at the most.
const OPERATIONS: usize = 80;

/// Of so many programs, one runs in company.
const TOGETHER: u64 = 4;

/// Runs random programs for long: registrations, I/O and wake-ups in any order, checked
/// against a model of what is promised.
///
/// A program that finds a broken promise is printed, made as short as it gets, with its
/// seed; `--seed` with that number runs it first.
#[derive(clap::Args)]
pub struct Arguments {
    /// For how long: 90s, 20m, 1h.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    time: Duration,
    /// The backend, or `all` that this machine has.
    #[arg(long, default_value = "all")]
    backend: Backends,
    /// How many programs run at a time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=8))]
    threads: u32,
    /// The number of the first program; random if it is left out.
    #[arg(long)]
    seed: Option<u64>,
}

/// What the threads of a run share.
struct Run {
    backends: Vec<Backend>,
    next_seed: AtomicU64,
    is_over: AtomicBool,
    /// Figures for each backend.
    figures: Mutex<Vec<Figures>>,
    /// The report of the first violation.
    failure: Mutex<Option<String>>,
}

/// Runs random programs until the time is over or a promise is broken.
///
/// # Errors
///
/// The promise that was broken, with the program that shows it.
pub fn run(arguments: &Arguments) -> io::Result<()> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let backends = arguments.backend.0.clone();
    println!("programs for {:?} on {}, seed {seed}", arguments.time, arguments.backend);
    let run = Run {
        figures: Mutex::new(vec![Figures::default(); backends.len()]),
        backends,
        next_seed: AtomicU64::new(seed),
        is_over: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| run.work());
        }
        let mut reported = start;
        while start.elapsed() < arguments.time && !run.is_over.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(50));
            if reported.elapsed() >= REPORT {
                reported = Instant::now();
                println!("{}", run.line(start));
            }
        }
        run.is_over.store(true, Ordering::SeqCst);
    });
    println!("{}", run.line(start));
    for (backend, figures) in run.backends.iter().zip(&*lock(&run.figures)) {
        println!("{backend}: {figures}");
    }
    match lock(&run.failure).take() {
        Some(failure) => Err(io::Error::other(failure)),
        None => Ok(()),
    }
}

impl Run {
    /// Runs one program after another, on each backend.
    fn work(&self) {
        while !self.is_over.load(Ordering::SeqCst) {
            let seed = self.next_seed.fetch_add(1, Ordering::SeqCst);
            for (at, &backend) in self.backends.iter().enumerate() {
                match check(seed, backend) {
                    Ok(figures) => lock(&self.figures)[at].add(&figures),
                    Err(failure) => {
                        lock(&self.failure).get_or_insert(failure);
                        self.is_over.store(true, Ordering::SeqCst);
                        return;
                    }
                }
            }
        }
    }

    fn line(&self, start: Instant) -> String {
        let mut total = Figures::default();
        lock(&self.figures).iter().for_each(|figures| total.add(figures));
        let processor = cpu_time().as_secs();
        format!(
            "{:6.0?} s: {total}, {processor} s of processor time",
            start.elapsed().as_secs_f64()
        )
    }
}

/// Runs the programs of one seed.
fn check(seed: u64, backend: Backend) -> Result<Figures, String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let program = Program::random(&mut random, OPERATIONS);
    if seed % TOGETHER != 0 {
        return check_alone(&program, backend).map_err(|first| {
            let short = shrink(&program, |program| check_alone(program, backend).is_err());
            let violation = check_alone(&short, backend).err().unwrap_or(first);
            report(seed, backend, &violation, &[short])
        });
    }
    let programs = [program, Program::random(&mut random, OPERATIONS)];
    let company = Company {
        waiters: random.usize(1..=3),
        timeout: random.bool().then_some(Duration::from_millis(3)),
        is_watched: seed % (64 * TOGETHER) == 0,
    };
    check_together(&programs, backend, company).map_err(|violation| {
        let failure = report(seed, backend, &violation, &programs);
        format!("{failure}with {company:?}")
    })
}

fn report(seed: u64, backend: Backend, violation: &Violation, programs: &[Program]) -> String {
    let mut text = format!("a promise is broken on {backend}, seed {seed}\n{violation}\n");
    for program in programs {
        text.push_str(&program.to_string());
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one of them is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
