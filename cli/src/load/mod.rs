//! `omnipoll load`: clients of an echo server, which check every byte and time every message.
//!
//! | file | what is in it |
//! |---|---|
//! | `plan.rs` | what a run is to be |
//! | `driver.rs`, `connecting.rs` | the loop, and how its connections come about |
//! | `client.rs` | one connection, and how it can fail |
//! | `connection.rs`, `datagrams.rs` | of streams, and of datagrams |
//! | `flight.rs`, `pattern.rs` | its messages, and their bytes |
//! | `tally.rs`, `summary.rs`, `display.rs` | what was found, told at the end and meanwhile |

mod client;
mod connecting;
mod connection;
mod datagrams;
mod display;
mod driver;
mod flight;
mod pattern;
mod plan;
mod summary;
mod tally;

use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use omnipoll::Backend;
use omnipoll_cli::descriptors;

use crate::address::{self, Address};
use crate::advice::advice;
use crate::poll;
use crate::units::{parse_count, parse_time};
use pattern::Pattern;
use plan::{Length, Plan};
use summary::Summary;

/// Descriptors that are left for everything that is not a connection of the run: the
/// standard streams, the poll's own, those of the interrupt.
const SPARE_DESCRIPTORS: u64 = 32;

/// The longest datagram that UDP has over IPv4.
const DATAGRAM_MAX: usize = 65_507;

/// Drives an echo server, checks every byte that comes back, and tells how long it took.
///
/// Each connection sends messages of its own, which no other connection could have sent, and
/// keeps --depth of them under way. The run fails if a byte was wrong, or a connection.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the server is: HOST:PORT or tcp://HOST:PORT, udp://HOST:PORT, unix:PATH
    #[arg(value_name = "ADDRESS", default_value = address::DEFAULT)]
    address: Address,
    /// How many connections there are; with UDP, sockets
    #[arg(long, value_name = "COUNT", default_value = "100", value_parser = parse_count)]
    connections: NonZeroUsize,
    /// How long each message is
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = parse_count)]
    size: NonZeroUsize,
    /// How many messages each connection has under way at a time
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = parse_count)]
    depth: NonZeroUsize,
    /// How long to send: 500ms, 5s, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    time: Duration,
    /// How many messages to send in all, rather than how long
    #[arg(long, value_name = "COUNT", conflicts_with = "time")]
    messages: Option<u64>,
    /// How many messages to send a second in all, rather than as many as go; a message's time
    /// then begins when it was due, also if it had to wait for its turn
    #[arg(long, value_name = "PER_SECOND", value_parser = parse_rate)]
    rate: Option<f64>,
    /// How long to wait for a connection or an answer [default: 1s with UDP, else 5s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    timeout: Option<Duration>,
    /// What to wait with [default: OMNIPOLL_BACKEND, or else the best of this machine]
    #[arg(long, value_name = "NAME")]
    backend: Option<Backend>,
    /// Print JSON instead of the summary
    #[arg(long)]
    json: bool,
}

/// Runs it, and tells what there was; an error if not all was well.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    let plan = arguments.plan()?;
    make_room(plan.connections as u64)?;
    let mut poll = poll::open(arguments.backend)?;
    let tally = driver::run(&plan, &mut poll)?;
    let summary = Summary { plan: &plan, backend: poll.backend(), tally: &tally };
    let out = io::stdout().lock();
    let told = if arguments.json { summary.print_json(out) } else { summary.print(out) };
    // Whoever has read enough has not changed it.
    summary.judge().and(told)
}

impl Arguments {
    fn plan(&self) -> io::Result<Plan> {
        let size = self.size.get();
        let is_udp = matches!(self.address, Address::Udp(_));
        if is_udp && !(Pattern::HEADER..=DATAGRAM_MAX).contains(&size) {
            let least = Pattern::HEADER;
            let message = format!(
                "--size {size}: a datagram has at most {DATAGRAM_MAX} bytes, and at least {least}, \
                 which tell its number"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let patience = if is_udp { Duration::from_secs(1) } else { Duration::from_secs(5) };
        Ok(Plan {
            address: self.address.clone(),
            connections: self.connections.get(),
            size,
            depth: self.depth.get(),
            length: self.messages.map_or(Length::Time(self.time), Length::Messages),
            rate: self.rate,
            patience: self.timeout.unwrap_or(patience),
        })
    }
}

/// Sees that there are descriptors for so many connections.
fn make_room(connections: u64) -> io::Result<()> {
    let limit = descriptors::raise_limit();
    let needed = connections.saturating_add(SPARE_DESCRIPTORS);
    if needed > limit.now {
        return Err(io::Error::other(format!(
            "{connections} connections take {needed} descriptors, and this process may have {}{}",
            limit.now,
            advice(format_args!(
                "ask for --connections {}, or raise the hard limit first (`ulimit -Hn {needed}`, \
                 as root)",
                limit.now.saturating_sub(SPARE_DESCRIPTORS),
            )),
        )));
    }
    if needed > limit.before {
        eprintln!(
            "omnipoll: {connections} connections take {needed} descriptors: raised the limit from \
             {} to {}",
            limit.before, limit.now
        );
    }
    Ok(())
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (1e-3..=1e9).contains(&rate) => Ok(rate),
        _ => Err("write how many messages a second, from 0.001 on".to_owned()),
    }
}
