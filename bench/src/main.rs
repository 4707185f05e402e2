//! omnipoll side by side with its peers: one command, one table, targets beside results.
//!
//! `cargo run --release` runs everything in a few minutes; a name of a workload runs
//! that one alone. Ratios are what counts: all loops of a line ran in the same rounds.

mod churn;
mod idle;
mod instructions;
mod memory;
mod peers;
mod pipes;
mod report;
mod rounds;
mod wake;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use omnipoll_cli::measure::Effort;
use report::Line;

/// The hidden subcommand whose system calls are counted.
const WAKE_TRACED: &str = "wake-traced";

/// omnipoll side by side with its peers; without a workload, all of them.
#[derive(Parser)]
#[command(name = "omnipoll-bench", version)]
struct Command {
    #[command(subcommand)]
    workload: Option<Workload>,
    /// Print JSON instead of the table
    #[arg(long, global = true)]
    json: bool,
    /// Rounds of which the median is taken
    #[arg(long, global = true, default_value_t = 41)]
    rounds: usize,
    /// Milliseconds that one loop over pipes runs in one round
    #[arg(long, global = true, default_value_t = 12)]
    slice: u64,
}

#[derive(Subcommand)]
enum Workload {
    /// Time per event: raw loops, omnipoll, mio, polling
    Pipes(pipes::Arguments),
    /// Time to register and deregister
    Churn,
    /// Time per event beside idle descriptors
    Idle,
    /// Wakes of a poll that is awake, and of one that sleeps
    Wake,
    /// Heap per registered source
    Memory,
    /// Instructions per event, by valgrind
    Instructions,
    #[command(name = instructions::PIPES_ONCE)]
    PipesOnce(instructions::Arguments),
    #[command(name = WAKE_TRACED, hide = true)]
    WakeTraced,
}

fn main() -> ExitCode {
    let command = Command::parse();
    match run(&command) {
        Ok(lines) if lines.is_empty() => ExitCode::SUCCESS,
        Ok(lines) => {
            if command.json {
                report::print_json(&lines)
            } else {
                report::print_table(&lines)
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("omnipoll-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> io::Result<Vec<Line>> {
    let effort =
        Effort { rounds: command.rounds.max(1), slice: Duration::from_millis(command.slice) };
    match &command.workload {
        Some(Workload::Pipes(arguments)) => pipes::run(arguments, effort),
        Some(Workload::Churn) => churn::run(effort),
        Some(Workload::Idle) => idle::run(effort),
        Some(Workload::Wake) => wake::run(effort),
        Some(Workload::Memory) => memory::run(),
        Some(Workload::Instructions) => instructions::run(),
        Some(Workload::PipesOnce(arguments)) => {
            instructions::run_once(arguments).map(|()| Vec::new())
        }
        Some(Workload::WakeTraced) => wake::run_traced().map(|()| Vec::new()),
        None => {
            let mut lines = memory::run()?;
            lines.extend(instructions::run()?);
            lines.extend(wake::run(effort)?);
            lines.extend(churn::run(effort)?);
            lines.extend(idle::run(effort)?);
            lines.extend(pipes::run(&pipes::Arguments::default(), effort)?);
            Ok(lines)
        }
    }
}
