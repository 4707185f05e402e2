//! Time per event: the ring of pipes, every loop in every round.

use std::io;

use omnipoll::Backend;
use omnipoll_cli::measure::{Effort, Enter, Sample, interleave, median, ratio};
use omnipoll_cli::pipes;
use omnipoll_cli::relay::{ReadPolicy, Work};

use crate::peers::Peer;
use crate::report::{Line, Target};

const REGISTERED: [usize; 3] = [100, 1_000, 8_000];
const ACTIVE: [usize; 3] = [1, 100, 1_000];

/// On epoll: of the raw loop, and of mio within noise.
const EPOLL: Target = Target::AtMost(1.02);
/// On poll and select, of their raw loops.
const SCANNING: Target = Target::AtMost(1.05);

/// Which sizes to run; all of them unless some are named
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// How many pipes to register
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    registered: Vec<usize>,
    /// How many of them hold a byte
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    active: Vec<usize>,
}

/// Every size that was asked for, in both read policies.
pub(crate) fn run(arguments: &Arguments, effort: Effort) -> io::Result<Vec<Line>> {
    let room = pipes::room();
    let mut lines = Vec::new();
    for policy in [ReadPolicy::Short, ReadPolicy::WouldBlock] {
        for &registered in or_default(&arguments.registered, &REGISTERED) {
            for &active in or_default(&arguments.active, &ACTIVE) {
                if active == 0 || active > registered {
                    continue;
                }
                if registered > room {
                    eprintln!("skipped {registered} pipes: the limit of descriptors allows {room}");
                    continue;
                }
                eprintln!("pipes {policy}: {active} active of {registered}");
                lines.extend(cell(Work { registered, active, policy }, effort)?);
            }
        }
    }
    Ok(lines)
}

fn or_default<'a>(wishes: &'a [usize], default: &'a [usize]) -> &'a [usize] {
    if wishes.is_empty() { default } else { wishes }
}

fn cell(work: Work, effort: Effort) -> io::Result<Vec<Line>> {
    let peers = Peer::all();
    let mut loops: Vec<Enter> = peers.iter().map(|peer| peer.entry()).collect();
    // The same loop once more: what its ratio is off 1 is noise.
    loops.push(peers[0].entry());
    let (samples, _) = interleave(&loops, pipes::open(work.registered)?, work, effort, || ())?;

    let what = format!("pipes {} {}/{}", work.policy, work.active, work.registered);
    let of =
        |peer: Peer| peers.iter().position(|&other| other == peer).map(|index| &samples[index]);
    let compare = |line: Line, these: &[Sample], whom: Peer| match of(whom) {
        Some(those) => line.against(
            whom,
            ratio(these, those, |sample| sample.wall_ns),
            Some(ratio(these, those, |sample| sample.cpu_ns)),
        ),
        None => line,
    };
    let mut lines = Vec::new();
    for (peer, samples) in peers.iter().zip(&samples) {
        let line = Line::cost(&what, peer, nanoseconds(samples));
        lines.push(match peer {
            Peer::Raw(_) => line,
            Peer::Omnipoll(backend) | Peer::OmnipollLevel(backend) => {
                compare(line, samples, Peer::Raw(*backend)).must(target(*backend))
            }
            Peer::Mio | Peer::Polling => compare(line, samples, peers[0]),
        });
    }
    if let Some(samples) = of(Peer::Omnipoll(Backend::Epoll)) {
        let line = Line::cost(&what, Peer::Omnipoll(Backend::Epoll), nanoseconds(samples));
        lines.push(compare(line, samples, Peer::Mio).must(EPOLL));
    }
    if let Some(samples) = samples.last() {
        let line = Line::cost(&what, format!("{} again", peers[0]), nanoseconds(samples));
        lines.push(compare(line, samples, peers[0]));
    }
    Ok(lines)
}

fn target(backend: Backend) -> Target {
    if backend == Backend::Epoll { EPOLL } else { SCANNING }
}

fn nanoseconds(samples: &[Sample]) -> String {
    format!("{:.0} ns/event", median(samples.iter().map(|sample| sample.wall_ns)))
}
