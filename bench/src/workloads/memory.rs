//! User-space memory per registered source, as glibc's allocator counts it, which is that
//! of C and of Rust alike. What the kernel keeps is not in it.
#![allow(unsafe_code)]

use std::io;

use omnipoll_cli::pipes::{self, Pipe};

use crate::cell::{Cell, Entry};
use crate::echo::Serves;
use crate::peers::{Peer, Visit};
use crate::scale::Scale;

pub(crate) const NAME: &str = "memory";
/// Bytes on the heap for each source that is registered.
pub(crate) const HEAP: &str = "heap B/source";
/// Bytes of what the program holds as the source.
pub(crate) const SOURCE: &str = "source B";

pub(crate) fn run(scale: Scale, peers: &[Peer]) -> io::Result<Vec<Cell>> {
    eprintln!("memory");
    let sources = scale.pick(1_000, 1_000, 16);
    let mut entries = Vec::new();
    for peer in peers {
        let figures = peer.give(Growth(sources))?;
        entries.push(Entry { who: peer.to_string(), samples: Vec::new(), figures });
    }
    let size = vec![("registered", sources)];
    Ok(vec![Cell { workload: NAME, variant: String::new(), size, unit: "source", entries }])
}

struct Growth(usize);

impl Visit for Growth {
    type Answer = Vec<(&'static str, f64)>;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Self::Answer> {
        let mut event_loop = L::open(kind, 1_024)?;
        let mut sources: Vec<L::Pipe> =
            pipes::open(self.0)?.into_iter().map(L::Pipe::from).collect();
        let before = in_use();
        for (token, source) in sources.iter_mut().enumerate() {
            event_loop.register(source.reader(), token)?;
        }
        let growth = in_use().saturating_sub(before);
        for (token, source) in sources.iter_mut().enumerate() {
            event_loop.deregister(source.reader(), token)?;
        }
        drop(event_loop);
        let source = size_of::<<L::Pipe as Pipe>::Reader>();
        Ok(vec![(HEAP, growth as f64 / self.0 as f64), (SOURCE, source as f64)])
    }
}

/// Bytes that the allocator has given out.
fn in_use() -> usize {
    // SAFETY: it takes nothing.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}
