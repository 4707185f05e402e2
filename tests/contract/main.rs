//! The contract: one file a promise, every promise on every backend.
//!
//! A promise is a plain function over a [`Backend`](omnipoll::Backend), and over a trigger
//! where it holds in each; the table at the end of its file makes it one test a backend and
//! trigger, so that a failure names all: `edge::drained_then_refilled on select`. Within a
//! test, [`support`] goes through the kinds of sources and through both ways to own one: as
//! a type of the library, which sees the I/O, and as a raw descriptor, whose I/O it does
//! not see.
//!
//! What a backend cannot meet stands in [`gates`], with the reason. docs/CONTRACT.md is
//! made of these tables; `OMNIPOLL_WRITE_DOCS=1 cargo test --test contract` makes it anew.
//!
//! Besides outcomes, the tests count: the waits that returned, and the processor time
//! that went by. Most defects of event loops are busy loops, and their outcomes are right.
//! No test asserts that something was fast, save by bounds of seconds.
//!
//! What only Unix has, as descriptors by number, signals and files, is `on unix` in the
//! tables; what a source is on each family of systems stands in `sources/`.
//!
//! An ID such as `RG-1` in a comment names the defect, known from other libraries, that
//! the test would catch.

#![cfg_attr(
    not(unix),
    allow(unused_imports, unused_mut, dead_code, reason = "some promises are of Unix alone")
)]

#[macro_use]
mod harness;
mod gates;
#[cfg_attr(unix, path = "sources/unix.rs")]
#[cfg_attr(windows, path = "sources/windows.rs")]
mod sources;
mod support;
#[cfg_attr(unix, path = "system/unix.rs")]
#[cfg_attr(windows, path = "system/windows.rs")]
mod system;

#[cfg(unix)]
mod accepting;
#[cfg(unix)]
mod addresses;
mod barrier;
mod closing;
mod connecting;
#[cfg(unix)]
mod contract_page;
#[cfg(unix)]
mod descriptors;
mod edge;
mod edge_ends;
mod edge_threads;
mod environment;
mod exclusive;
mod fairness;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod forking;
mod latency;
mod leaks;
mod level;
mod moving;
#[cfg(unix)]
mod nesting;
mod oneshot;
#[cfg(unix)]
mod pitfalls;
#[cfg(unix)]
mod refusals;
mod registration;
#[cfg(unix)]
mod selecting;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod states;
mod storms;
#[cfg(unix)]
mod super_server;
mod time;
mod waking;

use std::num::NonZero;
use std::process::ExitCode;
use std::thread;

use harness::Chapter;

const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "registration",
        title: "Registrations: what is refused, what takes effect, and what a source leaves behind",
        promises: registration::PROMISES,
    },
    Chapter {
        name: "closing",
        title: "Closing: the peer learns of it at once",
        promises: closing::PROMISES,
    },
    Chapter {
        name: "moving",
        title: "Moving: any thread waits, and those that have changed something may end",
        promises: moving::PROMISES,
    },
    Chapter { name: "barrier", title: "Deregister is a barrier", promises: barrier::PROMISES },
    Chapter {
        name: "edge",
        title: "Edge: one event an arrival, and the next once the caller has tried the I/O",
        promises: edge::PROMISES,
    },
    Chapter {
        name: "edge_ends",
        title: "Edge, at the ends: closed and failed peers are told, and do not spin",
        promises: edge_ends::PROMISES,
    },
    Chapter {
        name: "edge_threads",
        title: "Edge, while other threads wait",
        promises: edge_threads::PROMISES,
    },
    Chapter {
        name: "level",
        title: "Level: every wait reports what lasts",
        promises: level::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "states",
        title: "States: each kind of descriptor in each state, as poll(2) tells it",
        promises: states::PROMISES,
    },
    Chapter {
        name: "oneshot",
        title: "Oneshot: one event, to one thread, until it is armed again",
        promises: oneshot::PROMISES,
    },
    Chapter {
        name: "exclusive",
        title: "Exclusive: as few polls as possible are woken",
        promises: exclusive::PROMISES,
    },
    Chapter {
        name: "fairness",
        title: "Fairness: every one gets its turn",
        promises: fairness::PROMISES,
    },
    Chapter {
        name: "time",
        title: "Time: never early without a reason, never a spin",
        promises: time::PROMISES,
    },
    Chapter {
        name: "latency",
        title: "Low latency: told sooner, and no less",
        promises: latency::PROMISES,
    },
    Chapter {
        name: "waking",
        title: "Waking: no wake-up is lost, none costs more than it must",
        promises: waking::PROMISES,
    },
    #[cfg(unix)]
    Chapter { name: "files", title: "Files and devices of every kind", promises: files::PROMISES },
    #[cfg(unix)]
    Chapter {
        name: "selecting",
        title: "Large numbers of descriptors, and large descriptors",
        promises: selecting::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "accepting",
        title: "Accepting: failed connections, and no descriptor left",
        promises: accepting::PROMISES,
    },
    Chapter {
        name: "connecting",
        title: "Connecting: the outcome is told once it is there, and not before",
        promises: connecting::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "addresses",
        title: "Addresses of Unix domain sockets",
        promises: addresses::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "descriptors",
        title: "Descriptors: which numbers the library takes, and which it leaves alone",
        promises: descriptors::PROMISES,
    },
    #[cfg(unix)]
    Chapter { name: "nesting", title: "A poll within a poll", promises: nesting::PROMISES },
    #[cfg(unix)]
    Chapter {
        name: "signals",
        title: "Signals: none lengthens a wait, swallows an event or ends the program",
        promises: signals::PROMISES,
    },
    Chapter {
        name: "storms",
        title: "Storms: registrations by the thousand, while others wait and events flow",
        promises: storms::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "forking",
        title: "Forking: what a child does with its copies harms nobody",
        promises: forking::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "super_server",
        title: "A super-server: children serve what the poll hears of",
        promises: super_server::PROMISES,
    },
    Chapter {
        name: "leaks",
        title: "Nothing leaks, and nothing is inherited",
        promises: leaks::PROMISES,
    },
    #[cfg(unix)]
    Chapter {
        name: "refusals",
        title: "Kernels and sandboxes that lack a call",
        promises: refusals::PROMISES,
    },
    Chapter {
        name: "environment",
        title: "The choice of a backend",
        promises: environment::PROMISES,
    },
];

fn main() -> ExitCode {
    let mut arguments = libtest_mimic::Arguments::from_args();
    // Most of them wait more than they compute.
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    arguments.test_threads.get_or_insert(processors.max(4));
    let mut trials = harness::trials(CHAPTERS);
    // One system writes the page of all.
    #[cfg(unix)]
    trials.extend(contract_page::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
