//! Instructions in user space per event, counted by callgrind.
//!
//! By hand, to see where they go, at the path of the built program:
//!
//! ```sh
//! valgrind --tool=callgrind --collect-atstart=no '--toggle-collect=*measured_part*' \
//!     --callgrind-out-file=callgrind.out target/release/omnipoll-bench \
//!     pipes-once --peer omnipoll-epoll --policy short
//! callgrind_annotate callgrind.out
//! ```

use std::io;
use std::process::Command;

use omnipoll_cli::pipes;
use omnipoll_cli::relay::{Contestant, ReadPolicy, Work};

use crate::cell::{Cell, Entry};
use crate::peers::Peer;
use crate::scale::Scale;

pub(crate) const NAME: &str = "instructions";
/// Instructions for each event.
pub(crate) const COUNT: &str = "instructions/event";

/// The subcommand that callgrind runs.
pub(crate) const PIPES_ONCE: &str = "pipes-once";

/// Once round the ring of pipes, for callgrind
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which loop; a wrong name prints the right ones
    #[arg(long)]
    peer: Peer,
    /// Pipes that are registered
    #[arg(long, default_value_t = 1_000)]
    registered: usize,
    /// Pipes that hold a byte
    #[arg(long, default_value_t = 100)]
    active: usize,
    /// How often a byte is passed on
    #[arg(long, default_value_t = 20_000)]
    writes: usize,
    /// When a handler stops reading: short or would-block
    #[arg(long, default_value = "short", value_parser = policy)]
    policy: ReadPolicy,
}

fn policy(name: &str) -> Result<ReadPolicy, String> {
    let policies = [ReadPolicy::Short, ReadPolicy::WouldBlock];
    let find = policies.into_iter().find(|policy| policy.to_string() == name);
    find.ok_or_else(|| "short or would-block".to_owned())
}

/// Runs the loop once, on one line of figures.
pub(crate) fn run_once(arguments: &Arguments) -> io::Result<()> {
    let Arguments { registered, active, policy, .. } = *arguments;
    pipes::room();
    let pipes = pipes::open(registered)?;
    let mut contestant = arguments.peer.enter(pipes, Work { registered, active, policy })?;
    contestant.run(active)?;
    let events = measured_part(contestant.as_mut(), arguments.writes)?;
    println!("{}: {events} events", arguments.peer);
    Ok(())
}

/// The name is what callgrind's collecting is switched by.
#[inline(never)]
fn measured_part(contestant: &mut dyn Contestant, writes: usize) -> io::Result<usize> {
    contestant.run(writes).map(|tally| tally.events)
}

/// Runs every loop under callgrind; nothing, and a word why, where there is none.
pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    let mut cells = Vec::new();
    let both: &[ReadPolicy] = &[ReadPolicy::Short, ReadPolicy::WouldBlock];
    for &policy in scale.pick(both, both, &both[..1]) {
        eprintln!("instructions {policy}");
        let mut entries = Vec::new();
        for peer in peers {
            match count(*peer, policy, scale.pick(20_000, 2_000, 100)) {
                Ok(count) => entries.push(Entry {
                    who: peer.to_string(),
                    samples: Vec::new(),
                    figures: vec![(COUNT, count)],
                }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    eprintln!("skipped instructions: {error}");
                    return Ok(cells);
                }
                // It does not know every system call.
                Err(error) => eprintln!("skipped {peer}: {error}"),
            }
        }
        cells.push(Cell {
            workload: NAME,
            variant: policy.to_string(),
            size: vec![("registered", 1_000), ("active", 100)],
            unit: "event",
            entries,
        });
    }
    Ok(cells)
}

fn count(peer: Peer, policy: ReadPolicy, writes: usize) -> io::Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*measured_part*"])
        .arg("--callgrind-out-file=/dev/null")
        .arg(std::env::current_exe()?)
        .args([PIPES_ONCE, "--peer", &peer.to_string(), "--policy", &policy.to_string()])
        .args(["--writes", &writes.to_string()])
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("valgrind: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let events = number_after(&String::from_utf8_lossy(&output.stdout), "events", -1);
    let collected = number_after(&said, "Collected", 2);
    match (collected, events) {
        (Some(collected), Some(events)) => Ok(collected / events),
        _ => Err(io::Error::other(said.lines().last().unwrap_or_default().to_owned())),
    }
}

/// The number that stands `distance` words behind `word`, or before it.
fn number_after(text: &str, word: &str, distance: isize) -> Option<f64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let index = words.iter().position(|&other| other == word)?;
    words.get(index.checked_add_signed(distance)?)?.parse().ok()
}
