//! System calls per event, counted on a child of this very program.

use std::io;

use omnipoll::Backend;
use omnipoll_cli::relay::Work;

#[cfg(target_os = "linux")]
pub(crate) use linux::{TRACED, TracedArguments, run_traced};

/// Counts the system calls per event on `backend`, or in the raw loop below it.
#[cfg(target_os = "linux")]
pub(super) fn count(backend: Backend, raw: bool, work: Work) -> io::Result<f64> {
    linux::count(backend, raw, work)
}

/// Counts nothing: there is no ptrace here that tells of system calls.
#[cfg(not(target_os = "linux"))]
pub(super) fn count(_: Backend, _: bool, _: Work) -> io::Result<f64> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux lets a program count them"))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::env;
    use std::io;
    use std::process::Command;

    use omnipoll::Backend;
    use omnipoll_cli::library::Kind;
    use omnipoll_cli::relay::{ReadPolicy, Work};
    use omnipoll_cli::{calls, pipes, raw};

    /// The hidden subcommand that the child runs.
    pub(crate) const TRACED: &str = "bench-traced";

    /// How often every active byte moves while calls are counted.
    const LAPS: usize = 10;
    /// So many events at least: with one active byte, ten would be few.
    const LEAST_WRITES: usize = 500;

    /// The work of the child whose system calls its parent counts
    #[derive(clap::Args)]
    pub(crate) struct TracedArguments {
        backend: Backend,
        registered: usize,
        active: usize,
        writes: usize,
        #[arg(long)]
        raw: bool,
    }

    /// The child's side of [`count`].
    pub(crate) fn run_traced(arguments: &TracedArguments) -> io::Result<()> {
        let work = Work {
            registered: arguments.registered,
            active: arguments.active,
            policy: ReadPolicy::Short,
        };
        pipes::room();
        let pipes = pipes::open(work.registered)?;
        let mut contestant = match raw::Call::below(arguments.backend).filter(|_| arguments.raw) {
            Some(call) => call.enter(pipes, work)?,
            None => Kind::edge(arguments.backend).enter(pipes, work)?,
        };
        contestant.run(work.active)?;
        calls::traced(|| contestant.run(arguments.writes)).map(drop)
    }

    pub(super) fn count(backend: Backend, raw: bool, work: Work) -> io::Result<f64> {
        let writes = (LAPS * work.active).max(LEAST_WRITES);
        let mut command = Command::new(env::current_exe()?);
        command.arg(TRACED).arg(backend.to_string());
        command.args([work.registered, work.active, writes].map(|number| number.to_string()));
        if raw {
            command.arg("--raw");
        }
        let calls = calls::count(&mut command)?;
        // Every byte arrives: those sent off at the start, and those passed on.
        Ok(calls as f64 / (work.active + writes) as f64)
    }
}
