//! A guide in seven chapters, for who has never written an event loop, and for who has.
//!
//! 1. [A first program](first_program): an echo of ten lines over UDP, and a server over TCP, step by
//!    step.
//! 2. [Triggers](triggers): edge, level, oneshot, and the traps of each.
//! 3. [Readiness](readiness): when a descriptor is ready, by its kind.
//! 4. [Tokens](tokens): how to find what an event is about.
//! 5. [Threads](threads): wake a poll, share one, or have one for each.
//! 6. [Errors](errors): which are news, which are the program's fault, what to do.
//! 7. [Porting](porting): from mio, from polling, from libevent.
//!
//! Every program in it is compiled and run with the tests. Which mechanism to take, how the
//! triggers are made, tokio on top of this, and what has been measured, are pages of their own,
//! in the folder `docs` of the repository.

pub mod errors;
pub mod first_program;
pub mod porting;
pub mod readiness;
pub mod threads;
pub mod tokens;
pub mod triggers;
