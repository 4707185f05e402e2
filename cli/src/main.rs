//! The `omnipoll` command: what the I/O mechanisms of this machine can do.

mod address;
mod advice;
mod bench;
mod echo;
mod interrupt;
mod load;
mod poll;
mod probe;
mod stream;
mod units;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What the I/O mechanisms of this machine can do, measured.
#[derive(Parser)]
#[command(name = "omnipoll", version, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Bench(bench::Arguments),
    Probe(probe::Arguments),
    Echo(echo::Arguments),
    Load(load::Arguments),
    #[cfg(target_os = "linux")]
    #[command(name = bench::TRACED, hide = true)]
    Traced(bench::TracedArguments),
}

fn main() -> ExitCode {
    let result = match Command::parse().action {
        Action::Bench(arguments) => bench::run(&arguments),
        Action::Probe(arguments) => probe::run(&arguments),
        Action::Echo(arguments) => echo::run(&arguments),
        Action::Load(arguments) => load::run(&arguments),
        #[cfg(target_os = "linux")]
        Action::Traced(arguments) => bench::run_traced(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("omnipoll: {error}");
            ExitCode::FAILURE
        }
    }
}
