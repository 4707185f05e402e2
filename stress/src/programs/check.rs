use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use omnipoll::{Backend, Poll, Token};

use super::eyes::{Eyes, Seen};
use super::libkqueue;
use super::model::Verdict;
use super::program::Program;
use super::waiters::{TOKENS, Waiters};
use super::world::{World, because};

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Programs that ran to their end.
    pub programs: u64,
    /// Their steps.
    pub operations: u64,
    /// Waits that came back.
    pub waits: u64,
    /// The events that those reported.
    pub events: u64,
}

impl Figures {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Figures) {
        self.programs += other.programs;
        self.operations += other.operations;
        self.waits += other.waits;
        self.events += other.events;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { programs, operations, waits, events } = self;
        write!(f, "{programs} programs, {operations} operations, {waits} waits, {events} events")
    }
}

/// A promise that was broken, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong, in words.
    pub what: String,
    /// The step that found it; none if that was at the very start or end.
    pub step: Option<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "at step {step}: {}", self.what),
            None => write!(f, "apart from the steps: {}", self.what),
        }
    }
}

impl From<String> for Violation {
    fn from(what: String) -> Violation {
        Violation { what, step: None }
    }
}

/// How threads wait, where they are not the program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Company {
    /// How many threads wait on the poll.
    pub waiters: usize,
    /// For how long each waits at a time; without a limit if none.
    pub timeout: Option<Duration>,
    /// Whether their use of processors is looked at after the last step, for a tenth of a
    /// second.
    pub is_watched: bool,
}

/// Runs a program in one thread, which does all the waiting too.
///
/// # Errors
///
/// The first promise that was broken.
pub fn check_alone(program: &Program, backend: Backend) -> Result<Figures, Violation> {
    without_panic(|| alone(program, backend))
}

/// Runs each program in a thread of its own, all of them on one poll, on which other
/// threads wait.
///
/// # Errors
///
/// The first promise that was broken.
pub fn check_together(
    programs: &[Program],
    backend: Backend,
    company: Company,
) -> Result<Figures, Violation> {
    without_panic(|| together(programs, backend, company))
}

/// Makes a violation of a panic: nothing panics on input.
fn without_panic(check: impl FnOnce() -> Result<Figures, Violation>) -> Result<Figures, Violation> {
    // What it leaves behind is not looked at any more.
    catch_unwind(AssertUnwindSafe(check))
        .unwrap_or_else(|panic| Err(format!("a panic: {}", words(&*panic)).into()))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

fn alone(program: &Program, backend: Backend) -> Result<Figures, Violation> {
    let poll = open(backend)?;
    let registry = poll.registry().try_clone().map_err(because("a registry"))?;
    let capacity = libkqueue::room(&poll, program.capacity);
    let eyes = Eyes::own(poll, capacity);
    let mut world = World::new(program, backend, registry, eyes, Token(0))?;
    run(&mut world, program)?;
    let seen = match &world.eyes {
        Eyes::Own(own) => own.figures,
        Eyes::Others(..) => Seen::default(),
    };
    Ok(figures(&[program], seen))
}

fn together(
    programs: &[Program],
    backend: Backend,
    company: Company,
) -> Result<Figures, Violation> {
    let poll = open(backend)?;
    let capacity = programs.first().map_or(1, |program| program.capacity);
    let capacity = libkqueue::room(&poll, capacity);
    let waiters =
        Waiters::start(&poll, programs.len(), company.waiters, capacity, company.timeout)?;
    let result: Result<(), Violation> = thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        // Each world stays as it is until the others have ended too.
        let mut worlds = Vec::new();
        for (number, program) in programs.iter().enumerate() {
            let (leave, stay) = mpsc::channel::<()>();
            worlds.push(leave);
            let eyes = Eyes::Others(waiters.inbox(number), waiters.clock());
            let (sender, poll) = (sender.clone(), &poll);
            scope.spawn(move || {
                let first = Token(number * TOKENS);
                let registry = poll.registry().try_clone().map_err(because("a registry"));
                let world = registry
                    .and_then(|registry| World::new(program, backend, registry, eyes, first));
                let (result, _world) = match world {
                    Ok(mut world) => (run(&mut world, program), Some(world)),
                    Err(what) => (Err(what.into()), None),
                };
                // Whoever listens lets this end by hanging up.
                let _ = sender.send(result);
                drop(sender);
                let _ = stay.recv();
            });
        }
        drop(sender);
        results.iter().collect::<Result<(), _>>()?;
        waiters.expect_silence()?;
        if company.is_watched {
            waiters.expect_sleep()?;
        }
        Ok(())
    });
    let stopped = waiters.stop();
    result?;
    let programs: Vec<_> = programs.iter().collect();
    Ok(figures(&programs, stopped?))
}

fn open(backend: Backend) -> Verdict<Poll> {
    Poll::builder().backend(backend).build().map_err(because("a poll"))
}

fn run(world: &mut World, program: &Program) -> Result<(), Violation> {
    for (step, operation) in program.operations.iter().enumerate() {
        let result = world.catch_up().and_then(|_| world.step(*operation));
        result.map_err(|what| Violation { what, step: Some(step) })?;
    }
    Ok(world.finish()?)
}

fn figures(programs: &[&Program], seen: Seen) -> Figures {
    Figures {
        programs: programs.len() as u64,
        operations: programs.iter().map(|program| program.operations.len() as u64).sum(),
        waits: seen.waits,
        events: seen.events,
    }
}
