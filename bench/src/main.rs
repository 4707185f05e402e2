//! omnipoll side by side with its peers: one command, one table, targets beside results.
//!
//! `cargo run --release` runs everything in a quarter of an hour; names of workloads run
//! those alone. Ratios are what counts: all peers of a table ran in the same rounds.

mod cell;
mod echo;
mod environment;
mod page;
mod peers;
mod plot;
mod report;
mod runs;
mod scale;
mod targets;
mod workloads;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use echo::Server;
use environment::Environment;
use omnipoll_cli::pipes::room;
use peers::Peer;
use report::Report;
use scale::Scale;
use workloads::{calls, churn, echo as echoes, idle, instructions, memory, pipes, timeout, wake};

/// omnipoll side by side with its peers
#[derive(Parser)]
#[command(name = "omnipoll-bench", version, args_conflicts_with_subcommands = true)]
struct Command {
    /// Only these workloads
    #[arg(value_enum)]
    workloads: Vec<Workload>,
    /// Fewer sizes and rounds: under two minutes
    #[arg(long)]
    quick: bool,
    /// The least that shows that all of it works; the figures mean nothing
    #[arg(long, hide = true, conflicts_with = "quick")]
    tiny: bool,
    /// Only these peers, and raw-epoll, with which they are compared
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    peer: Vec<Server>,
    /// Write the results to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw a plot of each workload into this directory
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Write the page for the documentation to this file
    #[arg(long, value_name = "FILE.md")]
    page: Option<PathBuf>,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// Time per event: a byte that goes round a ring of pipes
    Pipes,
    /// Requests and answers over TCP, each server in its own process
    Echo,
    /// Sources that come and go
    Churn,
    /// Waking a loop from another thread
    Wake,
    /// One event beside many idle sockets
    Idle,
    /// A wait of 50 us
    Timeout,
    /// Heap per registered source
    Memory,
    /// System calls, by ptrace
    Calls,
    /// Instructions per event, by valgrind
    Instructions,
}

/// What a run starts for itself.
#[derive(Subcommand)]
enum Child {
    #[command(name = instructions::PIPES_ONCE, hide = true)]
    PipesOnce(instructions::Arguments),
    #[command(name = calls::TRACED, hide = true)]
    Traced(calls::Arguments),
    #[command(name = echo::SERVE, hide = true)]
    EchoServer { server: Server },
}

impl Command {
    /// The loops that take part, with omnipoll's second trigger or without.
    fn peers(&self, level_too: bool) -> Vec<Peer> {
        let mut peers = Peer::all_of(level_too);
        peers.retain(|&peer| self.takes(Server::Readiness(peer)));
        peers
    }

    /// The echo servers that take part.
    fn servers(&self) -> Vec<Server> {
        let mut servers = Server::all(&Peer::all_of(false));
        servers.retain(|&server| self.takes(server));
        servers
    }

    fn takes(&self, server: Server) -> bool {
        let is_yardstick = server == Server::Readiness(Peer::YARDSTICK);
        is_yardstick || self.peer.is_empty() || self.peer.contains(&server)
    }
}

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("omnipoll-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> io::Result<()> {
    match &command.child {
        Some(Child::PipesOnce(arguments)) => instructions::run_once(arguments),
        Some(Child::Traced(arguments)) => calls::run_traced(arguments),
        Some(Child::EchoServer { server }) => server.run(),
        None => compare(command),
    }
}

fn compare(command: &Command) -> io::Result<()> {
    // A run takes minutes: what would fail at its end is better said now.
    for file in [&command.json, &command.page].into_iter().flatten() {
        fs::OpenOptions::new().append(true).create(true).open(file).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", file.display()))
        })?;
    }
    command.plots.as_ref().map_or(Ok(()), fs::create_dir_all)?;
    room();
    let scale = match (command.quick, command.tiny) {
        (true, _) => Scale::Quick,
        (_, true) => Scale::Tiny,
        _ => Scale::Full,
    };
    let mut cells = Vec::new();
    for workload in Workload::value_variants() {
        if command.workloads.is_empty() || command.workloads.contains(workload) {
            let peers = command.peers(*workload == Workload::Pipes);
            let servers = command.servers();
            cells.extend(match workload {
                Workload::Pipes => pipes::run(scale, &peers)?,
                Workload::Echo => echoes::run(scale, &servers)?,
                Workload::Churn => churn::run(scale, &peers)?,
                Workload::Wake => wake::run(scale, &peers)?,
                Workload::Idle => idle::run(scale, &peers)?,
                Workload::Timeout => timeout::run(scale, &peers)?,
                Workload::Memory => memory::run(scale, &peers)?,
                Workload::Calls => calls::run(scale, &peers)?,
                Workload::Instructions => instructions::run(scale, &peers)?,
            });
        }
    }
    let verdicts = targets::check(&cells);
    let report = Report { environment: Environment::of_this_run(), cells, verdicts };
    print!("{report}");
    write(command, &report)
}

/// Writes what is asked for besides the tables.
fn write(command: &Command, report: &Report) -> io::Result<()> {
    if let Some(path) = &command.json {
        fs::write(path, format!("{:#}\n", report.json()))?;
    }
    if let Some(directory) = &command.plots {
        for (workload, cells) in report.workloads() {
            plot::draw(workload, &cells, directory)?;
        }
    }
    match &command.page {
        Some(path) => page::write(report, path, command.plots.as_deref()),
        None => Ok(()),
    }
}
