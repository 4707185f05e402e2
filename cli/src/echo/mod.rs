//! `omnipoll echo`: a server that sends back what it gets, on any mechanism and trigger.
//!
//! | file | what is in it |
//! |---|---|
//! | `server.rs` | the threads, and who an event is for |
//! | `door.rs`, `listener.rs` | what clients come through |
//! | `connection.rs`, `datagrams.rs` | what is echoed: streams, and datagrams |
//! | `registration.rs`, `trigger.rs` | how both are registered, and when anew |
//! | `counts.rs`, `display.rs` | what there was, told at the end and meanwhile |

mod connection;
mod counts;
mod datagrams;
mod display;
mod door;
mod listener;
mod registration;
mod server;
mod trigger;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::Instant;

use omnipoll::Backend;
use omnipoll_cli::descriptors;

use crate::address::{self, Address};
use crate::poll;
use crate::units::parse_count;
use server::Server;
use trigger::Trigger;

/// Serves clients: what they send comes back.
///
/// TCP, UDP and Unix sockets, in one poll that all threads wait on. A client that does not
/// take its bytes is not read from until it does; one that sends no more gets the rest.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to serve: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH; port 0 is any free one
    #[arg(value_name = "ADDRESS", default_value = address::DEFAULT)]
    addresses: Vec<Address>,
    /// What to wait with [default: OMNIPOLL_BACKEND, or else the best of this machine]
    #[arg(long, value_name = "NAME")]
    backend: Option<Backend>,
    /// How the sockets are registered
    #[arg(long, value_enum, default_value_t = Trigger::Edge)]
    trigger: Trigger,
    /// How many threads wait on the poll
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = parse_count)]
    threads: NonZeroUsize,
}

/// Serves until it is interrupted, and tells what there was.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    descriptors::raise_limit();
    let poll = poll::open(arguments.backend)?;
    let server = Server::open(&poll, &arguments.addresses, arguments.trigger)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "echo by {}, {} trigger, {} thread{}; Ctrl-C ends it",
        poll.backend(),
        arguments.trigger,
        arguments.threads,
        if arguments.threads.get() == 1 { "" } else { "s" },
    )?;
    for address in server.addresses()? {
        writeln!(out, "  {address}")?;
    }
    let start = Instant::now();
    server.serve(&poll, arguments.threads.get())?;
    writeln!(out, "{}", server.counts().tell(start.elapsed()))
}
