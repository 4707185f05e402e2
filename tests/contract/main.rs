//! The contract: one file a promise, every promise on every backend.
//!
//! A promise is a plain function over a [`Backend`](omnipoll::Backend); the table at the
//! end of its file makes it one test a backend, so that a failure names both:
//! `edge::drained_then_refilled::select`. Within a test, [`support`] goes through the
//! kinds of sources and through both ways to own one: as a type of the library, which
//! sees the I/O, and as a raw descriptor, whose I/O it does not see.
//!
//! Besides outcomes, the tests count: the waits that returned, and the processor time
//! that went by. Most defects of event loops are busy loops, and their outcomes are right.
//! No test asserts that something was fast, save by bounds of seconds.
//!
//! An ID such as `RG-1` in a comment names the defect, known from other libraries, that
//! the test would catch.

#[macro_use]
mod support;
mod system;

mod barrier;
mod edge;
mod edge_ends;
mod edge_threads;
mod environment;
mod exclusive;
mod fairness;
mod files;
mod leaks;
mod level;
mod nesting;
mod oneshot;
mod refusals;
mod registration;
mod selecting;
mod time;
mod waking;
