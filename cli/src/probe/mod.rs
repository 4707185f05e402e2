//! `omnipoll probe`: what this machine offers, and what each of its mechanisms tells of
//! each kind of descriptor in each state.
//!
//! - [`machine`], [`backends`], [`capabilities`]: what is there.
//! - [`states`]: the kinds and their states, and how one comes about; [`scene`] is what
//!   they are made of.
//! - [`measure`]: what a descriptor in a state is reported as; [`kernel`] is what the system
//!   itself says of it.
//! - [`page`], [`table`], [`json`]: the answer, for people and for programs.

mod answers;
mod backends;
mod capabilities;
mod json;
#[cfg_attr(unix, path = "kernel/unix.rs")]
#[cfg_attr(not(unix), path = "kernel/windows.rs")]
mod kernel;
mod machine;
mod measure;
mod page;
mod scene;
#[cfg(unix)]
mod scratch;
mod settle;
mod states;
mod style;
mod table;

use std::io::{self, BufWriter, Write};

use omnipoll::Backend;

use backends::Found;
use machine::Machine;
use measure::Row;

const EXAMPLES: &str = "\
Examples:
  omnipoll probe                                everything
  omnipoll probe --capabilities                 may io_uring be used here?
  omnipoll probe --states --backend select      the table of one mechanism
  omnipoll probe --json | jq '.states[] | select(.differs)'

Keys of --json:
  machine    system, release, architecture, and limits: descriptors and
             locked_memory_bytes (soft, hard; null: without a limit),
             epoll_watches_per_user, io_uring_disabled, fd_set_size; what a
             system does not have is not there
  backends   name, available, default (of a program that does not choose), and
             capabilities (native, emulated, absent), or the reason why it is
             not available; preferred ones first
  states     kind, state, asked; and then
             poll_flags, what poll(2) itself says (null on Windows),
             reports, by backend: answers, or refused with the reason,
             differs, whether backends do not agree,
             or not_measured, the reason why this state could not be had";

/// Shows what this machine offers, and what its mechanisms tell of every descriptor
///
/// The first part is the system, its limits, its backends, and what each of them can do.
///
/// The second is a table for each kind of descriptor: pipes, FIFOs, sockets, terminals,
/// files. Each descriptor is brought into each state, as empty, full, half closed or reset,
/// and registered with one backend after another, level-triggered. What is printed is what
/// the running kernel told of it, nothing that was known before. Where backends differ,
/// there is an asterisk.
///
/// It takes some seconds, leaves nothing behind, and sends nothing beyond the loopback
/// device. All backends are asked, whatever OMNIPOLL_BACKEND says.
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Only the first part: the machine, and what its backends can do
    #[arg(long)]
    capabilities: bool,
    /// Only the second part: the tables
    #[arg(long)]
    states: bool,
    /// Only this backend; may be given several times [default: all that this machine has]
    #[arg(long, value_name = "NAME")]
    backend: Vec<Backend>,
    /// Print JSON instead of tables; --help tells its keys
    #[arg(long)]
    json: bool,
}

/// All that was found out. A part that was not asked for is not there.
struct Findings {
    offer: Option<(Machine, Vec<Found>)>,
    states: Option<States>,
}

/// What was measured with which backends.
struct States {
    backends: Vec<Backend>,
    rows: Vec<Row>,
}

/// Looks, and prints what it found.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    let findings = Findings::make(arguments)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.json {
        json::print(&findings, &mut out)?;
    } else {
        page::print(&findings, style::Style::of_stdout(), &mut out)?;
    }
    out.flush()
}

impl Findings {
    fn make(arguments: &Arguments) -> io::Result<Findings> {
        let wants_all = arguments.capabilities == arguments.states;
        let found = backends::find(&arguments.backend)?;
        let states = (wants_all || arguments.states).then(|| States::measure(&found));
        let offer = (wants_all || arguments.capabilities).then(|| (Machine::look(), found));
        Ok(Findings { offer, states })
    }
}

impl States {
    fn measure(found: &[Found]) -> States {
        let backends: Vec<_> = found.iter().filter_map(Found::available).collect();
        let rows = states::kinds()
            .iter()
            .flat_map(|kind| kind.cells.iter().map(|cell| (kind.name, cell)))
            .map(|(kind, cell)| measure::measure(kind, cell, &backends))
            .collect();
        States { backends, rows }
    }
}
