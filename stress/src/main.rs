//! Long random runs over omnipoll, by hand; the tests of this package are short ones.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use omnipoll_stress::{programs, soak};

/// Long random runs over omnipoll.
#[derive(Parser)]
#[command(name = "omnipoll-stress", arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Programs(programs::Arguments),
    Soak(soak::Arguments),
}

fn main() -> ExitCode {
    let result = match Command::parse().action {
        Action::Programs(arguments) => programs::run(&arguments),
        Action::Soak(arguments) => soak::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("omnipoll-stress: {error}");
            ExitCode::FAILURE
        }
    }
}
