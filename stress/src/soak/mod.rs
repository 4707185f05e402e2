//! An echo server whose clients misbehave; every byte is accounted for.
//!
//! The server is a real one: TCP and a Unix socket, any number of threads on one poll,
//! buffers of limited size, half-closed connections, no descriptor left to accept with. Its
//! clients send bytes that tell their place, pause, half close, reset, and come again. From
//! time to time all of them stop receiving, and nothing at all may happen then; in between
//! somebody takes every descriptor there is.
//!
//! | file | what is in it |
//! |---|---|
//! | `trial.rs` | one run, and its rounds |
//! | `server.rs`, `connection.rs` | the server, and its end of a connection |
//! | `crowd.rs`, `visit.rs` | the clients, and their end of a connection |
//! | `pattern.rs` | the bytes |
//! | `local/` | what each family of systems has for it |
//! | `ledger.rs`, `report.rs` | what both ends say, and the judgement |

mod connection;
mod crowd;
mod ledger;
#[cfg_attr(unix, path = "local/unix.rs")]
#[cfg_attr(windows, path = "local/windows.rs")]
mod local;
mod pattern;
mod report;
mod server;
mod stream;
mod table;
mod trial;
mod trigger;
mod visit;

use std::io;
use std::time::Duration;

use omnipoll::Backend;

use trial::{Length, Plan};
use trigger::Trigger;

use crate::arguments::{Backends, parse_time};

/// Serves misbehaving clients for long.
#[derive(clap::Args)]
pub struct Arguments {
    /// How long, on each backend: 30s, 20m, 2h.
    #[arg(long = "for", value_name = "TIME", default_value = "1m", value_parser = parse_time)]
    time: Duration,
    /// How many connections, on each backend, rather than how long.
    #[arg(long, value_name = "COUNT", conflicts_with = "time")]
    connections: Option<u64>,
    /// What the server waits with: a name, or all.
    #[arg(long, value_name = "NAME", default_value = "all")]
    backend: Backends,
    /// What the clients wait with, if not with the same.
    #[arg(long, value_name = "NAME")]
    clients_on: Option<Backend>,
    /// How the server's sources are registered.
    #[arg(long, value_enum, default_value_t = Trigger::Mixed)]
    trigger: Trigger,
    /// How many clients there are at a time.
    #[arg(long, value_name = "COUNT", default_value_t = 2000)]
    clients: usize,
    /// How many threads the server has.
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    threads: usize,
    /// Where the random numbers begin.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

/// Runs them.
///
/// # Errors
///
/// Those of the machine, and that there were faults.
pub fn run(arguments: &Arguments) -> io::Result<()> {
    let mut faults = 0;
    for &backend in &arguments.backend.0 {
        let report = trial::run(&Plan {
            backend,
            clients_on: arguments.clients_on.unwrap_or(backend),
            trigger: arguments.trigger,
            clients: arguments.clients,
            threads: arguments.threads,
            seed: arguments.seed,
            length: match arguments.connections {
                Some(count) => Length::Connections(count),
                None => Length::Time(arguments.time),
            },
        })?;
        println!("{report}");
        faults += report.totals.faults;
    }
    match faults {
        0 => Ok(()),
        _ => Err(io::Error::other(format!("{faults} faults; --seed {} again", arguments.seed))),
    }
}
