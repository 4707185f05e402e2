//! Promises as data, and how each is run: on every backend, and in every trigger.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::thread;

use libtest_mimic::{Completion, Failed, Trial};
use omnipoll::{Backend, Interest, Poll};

use crate::gates;
use crate::support::is_alone;

/// One of the ways in which a registration can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    Edge,
    Level,
    Oneshot,
}

impl Trigger {
    pub(crate) const ALL: [Trigger; 3] = [Trigger::Edge, Trigger::Level, Trigger::Oneshot];

    /// `interest`, with this trigger.
    pub(crate) fn apply(self, interest: Interest) -> Interest {
        match self {
            Trigger::Edge => interest,
            Trigger::Level => interest.level(),
            Trigger::Oneshot => interest.oneshot(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Trigger::Edge => "edge",
            Trigger::Level => "level",
            Trigger::Oneshot => "oneshot",
        }
    }
}

/// What a promise has to do with triggers, and its proof.
pub(crate) enum Proof {
    /// It speaks of one trigger, or of none in particular.
    Of(Option<Trigger>, fn(Backend)),
    /// It is proven in each trigger by itself.
    InEach(fn(Backend, Trigger)),
}

/// One promise.
pub(crate) struct Promise {
    pub(crate) name: &'static str,
    /// The one family of systems that it speaks of, if it does not speak of all.
    pub(crate) on: Option<&'static str>,
    pub(crate) proof: Proof,
}

/// The promises of one file.
pub(crate) struct Chapter {
    pub(crate) name: &'static str,
    /// What the file is about, for the table in docs/.
    pub(crate) title: &'static str,
    /// The rows of its table.
    pub(crate) promises: &'static [&'static [Promise]],
}

impl Chapter {
    pub(crate) fn promises(&self) -> impl Iterator<Item = &'static Promise> + use<> {
        self.promises.iter().copied().flatten()
    }
}

/// The table of a file's promises: those `in Edge` and the like speak of one trigger, those
/// `in any` of none in particular, and those `in each` are proven in every one. Those `on unix`
/// are there on Unix alone.
macro_rules! promises {
    ($(in $trigger:ident $(on $system:ident)?: $($name:ident),+ $(,)?;)+) => {
        pub(crate) const PROMISES: &[&[crate::harness::Promise]] = &[$(
            promises!(@row ($($system)?) $trigger $($name),+),
        )+];
    };
    (@row () $trigger:ident $($name:ident),+) => {
        &[$(crate::harness::Promise {
            name: stringify!($name),
            on: None,
            proof: promises!(@proof $trigger $name),
        }),+]
    };
    (@row ($system:ident) $trigger:ident $($name:ident),+) => {{
        #[cfg($system)]
        const ROW: &[crate::harness::Promise] = &[$(crate::harness::Promise {
            name: stringify!($name),
            on: Some(stringify!($system)),
            proof: promises!(@proof $trigger $name),
        }),+];
        #[cfg(not($system))]
        const ROW: &[crate::harness::Promise] = &[];
        ROW
    }};
    (@proof any $name:ident) => { crate::harness::Proof::Of(None, $name) };
    (@proof each $name:ident) => { crate::harness::Proof::InEach($name) };
    (@proof $trigger:ident $name:ident) => {
        crate::harness::Proof::Of(Some(crate::harness::Trigger::$trigger), $name)
    };
}

/// One promise, on one backend, and in one trigger where it is proven in each.
struct Case {
    chapter: &'static str,
    promise: &'static str,
    backend: Backend,
    trigger: Option<Trigger>,
}

impl Case {
    fn name(&self) -> String {
        let Case { chapter, promise, backend, trigger } = self;
        match trigger {
            Some(trigger) => format!("{chapter}::{promise} on {backend}, {}", trigger.name()),
            None => format!("{chapter}::{promise} on {backend}"),
        }
    }
}

/// The tests that `chapters` make.
pub(crate) fn trials(chapters: &[Chapter]) -> Vec<Trial> {
    report_what_it_was_at();
    let backends = thread::spawn(backends).join().expect("it does not panic");
    let mut trials = Vec::new();
    for chapter in chapters {
        for promise in chapter.promises() {
            for &backend in &backends {
                let (chapter, promise_name) = (chapter.name, promise.name);
                let case = |trigger| Case { chapter, promise: promise_name, backend, trigger };
                match promise.proof {
                    Proof::Of(_, prove) => trials.push(trial(case(None), move || prove(backend))),
                    Proof::InEach(prove) => trials.extend(Trigger::ALL.map(|trigger| {
                        trial(case(Some(trigger)), move || prove(backend, trigger))
                    })),
                }
            }
        }
    }
    trials
}

/// Those that are here; says why the others are not. In a thread of its own, as each test.
fn backends() -> Vec<Backend> {
    let is_here = |backend: &Backend| match Poll::builder().backend(*backend).build() {
        Err(error) if !backend.is_available() => {
            eprintln!("skipped: everything on {backend}: {error}");
            false
        }
        _ => true,
    };
    Backend::ALL.iter().copied().filter(is_here).collect()
}

/// One test, in a thread of its own: one that has had an io_uring is interrupted when that is
/// closed, a moment later, and so would be the next test in it. In a process of its own, it has
/// the main thread, so that signals to the process reach it.
fn trial(case: Case, prove: impl FnOnce() + Send + 'static) -> Trial {
    Trial::ignorable_test(case.name(), move || {
        if is_alone() {
            return run(&case, prove);
        }
        let thread = thread::spawn(move || run(&case, prove));
        thread.join().expect("panics are caught in it")
    })
}

fn run(case: &Case, prove: impl FnOnce()) -> Result<Completion, Failed> {
    if let Some(reason) = gates::reason_here(case.chapter, case.promise, case.backend) {
        return Ok(Completion::ignored_with(reason));
    }
    NOW.with_borrow_mut(|now| *now = Now { name: case.name(), at: String::new() });
    match panic::catch_unwind(AssertUnwindSafe(prove)) {
        Ok(()) => Ok(Completion::Completed),
        Err(panic) => Err(Failed::from(format!("{}{}", at(), message(&*panic)))),
    }
}

/// What a thread is proving.
#[derive(Default)]
struct Now {
    name: String,
    at: String,
}

thread_local! {
    static NOW: RefCell<Now> = RefCell::default();
}

/// The name of the test that this thread runs.
pub(crate) fn test_name() -> String {
    NOW.with_borrow(|now| now.name.clone())
}

/// Says which of the variants within a test comes next, for the report of a failure.
pub(crate) fn now_at(variant: String) {
    NOW.with_borrow_mut(|now| now.at = variant);
}

fn at() -> String {
    NOW.with_borrow(|now| match &now.at[..] {
        "" => String::new(),
        variant => format!("{variant}: "),
    })
}

/// Nobody captures what threads write, so each panic says whose it is.
fn report_what_it_was_at() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        NOW.with_borrow(|now| {
            if !now.name.is_empty() {
                eprintln!("\n{}: {}", now.name, now.at);
            }
        });
        report(info);
    }));
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic")
}
