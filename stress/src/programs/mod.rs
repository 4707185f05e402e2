//! Random sequences of operations, checked against a model.
//!
//! | file | what it is |
//! |---|---|
//! | operation.rs, program.rs | what is done: plain data, which any bytes are a form of |
//! | model.rs, directions.rs | what is owed, allowed and forbidden |
//! | end.rs, peer.rs, loopback.rs | what is registered, and what it is connected to |
//! | system/ | the kinds that each family of systems has, and their numbers |
//! | world.rs, registering.rs, waiting.rs | does what a program says, and asks the model |
//! | eyes.rs, waiters.rs | who waits: the program's thread, or others |
//! | check.rs, shrink.rs, long_run.rs | runs a program, makes it shorter, runs many |

mod check;
mod directions;
mod end;
mod eyes;
mod libkqueue;
mod long_run;
mod loopback;
mod model;
mod operation;
mod peer;
mod program;
mod registering;
mod shrink;
#[cfg_attr(unix, path = "system/unix/mod.rs")]
#[cfg_attr(windows, path = "system/windows/mod.rs")]
mod system;
mod waiters;
mod waiting;
mod world;

pub use self::check::{Company, Figures, Violation, check_alone, check_together};
pub use self::long_run::{Arguments, run};
pub use self::operation::{Amount, Kind, OPERATION_BYTES, Operation, SLOTS, WAKERS, Way};
pub use self::program::{HEADER_BYTES, Program};
