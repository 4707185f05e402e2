//! Cost per event on epoll beside many descriptors on which nothing happens.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Poll, Token};
use omnipoll_cli::measure::{Effort, Enter, interleave, median, ratio};
use omnipoll_cli::relay::{ReadPolicy, Work};
use omnipoll_cli::{library, pipes};
use rustix::event::{EventfdFlags, eventfd};

use crate::report::{Line, Target};

const IDLE: [usize; 4] = [0, 1_000, 3_000, 9_000];
const ACTIVE: [usize; 2] = [1, 100];

pub(crate) fn run(effort: Effort) -> io::Result<Vec<Line>> {
    // The idle ones are eventfds, one descriptor each.
    let room = 2 * pipes::room() - 2 * ACTIVE.iter().max().unwrap_or(&0) * 2;
    let counts: Vec<usize> = IDLE.into_iter().filter(|&count| count <= room).collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    let idle: Vec<OwnedFd> =
        (0..most).map(|_| eventfd(0, EventfdFlags::CLOEXEC)).collect::<Result<_, _>>()?;
    let idle = Arc::new(idle);
    let loops: Vec<Enter> = counts.iter().map(|&count| enter(Arc::clone(&idle), count)).collect();
    let mut lines = Vec::new();
    for active in ACTIVE {
        eprintln!("idle, {active} active");
        let work = Work { registered: 2 * active, active, policy: ReadPolicy::Short };
        let (samples, _) = interleave(&loops, pipes::open(work.registered)?, work, effort, || ())?;
        for (count, these) in counts.iter().zip(&samples) {
            let cost = median(these.iter().map(|sample| sample.wall_ns));
            lines.push(
                Line::cost(
                    &format!("idle {active} active + {count} idle"),
                    "omnipoll-epoll",
                    format!("{cost:.0} ns/event"),
                )
                .against(
                    "0 idle",
                    ratio(these, &samples[0], |sample| sample.wall_ns),
                    Some(ratio(these, &samples[0], |sample| sample.cpu_ns)),
                )
                .must(Target::AtMost(1.05)),
            );
        }
    }
    Ok(lines)
}

/// A loop whose poll also has `count` of the idle descriptors.
fn enter(idle: Arc<Vec<OwnedFd>>, count: usize) -> Enter {
    Box::new(move |pipes, work| {
        let poll = Poll::builder().backend(Backend::Epoll).build()?;
        for fd in &idle[..count] {
            let fd = fd.as_raw_fd();
            poll.registry().register(&mut SourceFd(&fd), Token(usize::MAX), Interest::READABLE)?;
        }
        library::enter_with(poll, Interest::READABLE, pipes, work)
    })
}
