//! The workload: bytes that run round a ring of pipes.
//!
//! It is the benchmark that libevent made classic. Of `registered` pipes, `active`
//! hold one byte. Every readable event reads its pipe and writes one byte into the
//! next, until enough were written; the run ends when all have arrived. The cost of
//! a mechanism that looks at every descriptor grows with `registered`, that of one
//! which looks only at the ready ones does not.
//!
//! The loops differ, this part does not: all read and write through [`Relay`].

use std::fmt;
use std::io;
use std::time::Duration;

use crate::pipes::{Ends, Pipe};

/// How long a loop waits for the next event before it calls it lost.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Larger than what a pipe of the run ever holds, so that every read is a short one.
const BUFFER: usize = 64;

/// When a handler stops reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPolicy {
    /// At a read that did not fill the buffer: one call an event. tokio does so on epoll.
    Short,
    /// At `WouldBlock`: one more call an event. Every edge-triggered API allows it.
    WouldBlock,
}

impl fmt::Display for ReadPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            ReadPolicy::Short => "short",
            ReadPolicy::WouldBlock => "would-block",
        })
    }
}

/// One size of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Pipes that are registered.
    pub registered: usize,
    /// Pipes that hold a byte at any time; at most `registered`.
    pub active: usize,
    /// When a handler stops reading.
    pub policy: ReadPolicy,
}

impl Work {
    /// Room for events that lets one wait report every active pipe, so that
    /// the bytes move in step and never meet in one pipe.
    pub fn capacity(&self) -> usize {
        self.active.max(1024)
    }
}

/// What a run counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Times that a pipe was reported readable.
    pub events: usize,
    /// Of these, how often there was nothing to read.
    pub spurious: usize,
    /// Bytes that were read.
    pub read: usize,
    /// Bytes that were written.
    pub written: usize,
    /// Calls that waited.
    pub waits: usize,
}

/// A loop that runs the workload on pipes that it has registered.
pub trait Contestant {
    /// Sends the bytes off, passes them on until `writes` more were written, and
    /// returns when every one has arrived.
    ///
    /// # Errors
    /// Those of the system, and `TimedOut` where an event was lost.
    fn run(&mut self, writes: usize) -> io::Result<Tally>;

    /// Lets go of the pipes, empty as they were.
    ///
    /// # Errors
    /// Those of the system.
    fn leave(self: Box<Self>) -> io::Result<Vec<Ends>>;
}

/// The state of a run that all loops share.
#[derive(Debug)]
pub struct Relay<P> {
    pipes: Vec<P>,
    work: Work,
    /// How far a byte moves: to the next pipe, or back into its own where the
    /// active ones stand too close for a free one in between.
    step: usize,
    writes_left: usize,
    tally: Tally,
    buffer: [u8; BUFFER],
}

impl<P: Pipe> Relay<P> {
    /// A relay over `pipes`, of which there are `work.registered`.
    pub fn new(pipes: Vec<P>, work: Work) -> Relay<P> {
        Relay {
            step: usize::from(work.active * 2 <= pipes.len()),
            pipes,
            work,
            writes_left: 0,
            tally: Tally::default(),
            buffer: [0; BUFFER],
        }
    }

    /// Sends one byte into each active pipe.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn start(&mut self, writes: usize) -> io::Result<()> {
        self.tally = Tally { written: self.work.active, ..Tally::default() };
        self.writes_left = writes;
        let distance = self.pipes.len() / self.work.active;
        self.pipes
            .iter()
            .step_by(distance)
            .take(self.work.active)
            .try_for_each(|pipe| pipe.write(b"x"))
    }

    /// Whether bytes are still under way.
    #[inline]
    pub fn is_running(&self) -> bool {
        self.tally.read < self.tally.written || self.writes_left > 0
    }

    /// Notes a wait that reported `events`.
    ///
    /// # Errors
    /// `TimedOut` where none came although bytes are under way.
    #[inline]
    pub fn waited(&mut self, events: usize) -> io::Result<()> {
        self.tally.waits += 1;
        if events == 0 {
            return Err(self.lost());
        }
        Ok(())
    }

    /// Handles one event: reads pipe `index` and passes a byte on.
    ///
    /// # Errors
    /// Those of read(2) and write(2).
    #[inline]
    pub fn pass_on(&mut self, index: usize) -> io::Result<()> {
        self.tally.events += 1;
        let Some(count) = self.pipes[index].read(&mut self.buffer)? else {
            self.tally.spurious += 1;
            return Ok(());
        };
        self.tally.read += count;
        if self.work.policy == ReadPolicy::WouldBlock {
            while let Some(count) = self.pipes[index].read(&mut self.buffer)? {
                self.tally.read += count;
            }
        }
        if self.writes_left == 0 {
            return Ok(());
        }
        self.writes_left -= 1;
        self.tally.written += 1;
        let next = index + self.step;
        let next = if next == self.pipes.len() { 0 } else { next };
        self.pipes[next].write(b"x")
    }

    /// What was counted since the start.
    ///
    /// # Errors
    /// `InvalidData` where not every byte that was written was read.
    pub fn finish(&self) -> io::Result<Tally> {
        if self.tally.read != self.tally.written {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} bytes were written, {} were read", self.tally.written, self.tally.read),
            ));
        }
        Ok(self.tally)
    }

    /// The pipes, to register them.
    pub fn pipes_mut(&mut self) -> &mut [P] {
        &mut self.pipes
    }

    /// Gives the descriptors back.
    pub fn into_ends(self) -> Vec<Ends> {
        self.pipes.into_iter().map(P::into_ends).collect()
    }

    #[cold]
    fn lost(&self) -> io::Error {
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!(
                "an event was lost: {} bytes were written, {} were read, and nothing came for {} s",
                self.tally.written,
                self.tally.read,
                PATIENCE.as_secs()
            ),
        )
    }
}
