//! Edges for descriptors whose I/O the library does not see, in backends whose kernel
//! call knows levels only.
//!
//! A `SourceFd` is read and written behind the library's back, so trigger.rs cannot know
//! when to look again; to look at each wait would report a descriptor that is always
//! writable for ever, and not to look would lose events. Only the kernel sees both the
//! reads and the arrivals. So such descriptors are put into an epoll, edge-triggered,
//! and that epoll is one more descriptor in the set of the backend.
//!
//! Sources whose I/O is seen are put in too, when levels cannot tell what they are owed:
//! trigger.rs says when.
//!
//! It also keeps the register of all raw descriptors, since it alone knows when one was
//! closed and its number used again, and which things a kernel does not wait for.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::above_standard;
use super::raw_fd::borrow;
use crate::event::Readiness;

/// How many edges are taken in one call; what is left stays pending.
const BATCH: usize = 64;

#[derive(Debug)]
pub(super) struct KernelEdges {
    epoll: OwnedFd,
}

impl KernelEdges {
    /// Fails where a sandbox refuses epoll.
    pub(super) fn open() -> io::Result<KernelEdges> {
        Ok(KernelEdges { epoll: above_standard(epoll::create(CreateFlags::CLOEXEC)?)? })
    }

    /// Reports edges of `fd` in `directions`, and its end: with `RDHUP` half an end, with
    /// `HUP` a whole one, which comes in any case. If that is empty, it reports none.
    pub(super) fn add(&self, fd: RawFd, directions: Readiness) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, borrow(fd)?, data(fd), flags(directions))?)
    }

    /// Reports edges of `fd` in `directions`, from what is ready now.
    pub(super) fn modify(&self, fd: RawFd, directions: Readiness) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, borrow(fd)?, data(fd), flags(directions))?)
    }

    /// Reports no more edges of `fd`. One that was closed has gone by itself, and is an error.
    pub(super) fn remove(&self, fd: RawFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, borrow(fd)?)?)
    }

    /// Whether `fd` is what it was when it was added, and not a successor of its number.
    pub(super) fn holds(&self, fd: RawFd, directions: Readiness) -> bool {
        self.modify(fd, directions).is_ok()
    }

    /// Passes on the edges that have come, `most` at the most.
    pub(super) fn collect(
        &self,
        most: usize,
        mut report: impl FnMut(RawFd, Readiness),
    ) -> io::Result<()> {
        let mut buffer = [const { MaybeUninit::uninit() }; BATCH];
        let mut left = most;
        while left > 0 {
            let room = left.min(BATCH);
            let now = Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 });
            let (edges, _) = match epoll::wait(&self.epoll, &mut buffer[..room], now) {
                Err(Errno::INTR) => continue,
                result => result?,
            };
            for edge in &*edges {
                // Copied out: the struct is packed on some machines.
                let flags = edge.flags;
                report(edge.data.u64() as RawFd, Readiness::from_bits(flags.bits()));
            }
            if edges.len() < room {
                break;
            }
            left -= room;
        }
        Ok(())
    }

    /// What becomes readable with an edge.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

fn data(fd: RawFd) -> EventData {
    EventData::new_u64(fd as u64)
}

fn flags(directions: Readiness) -> EventFlags {
    if directions.is_empty() {
        // A hang-up cannot be left out, but told once it is told no more.
        return EventFlags::ONESHOT;
    }
    let mut flags = EventFlags::ET;
    if directions.has(Readiness::RDHUP) {
        flags |= EventFlags::RDHUP;
    }
    if directions.has(Readiness::IN) {
        flags |= EventFlags::IN | EventFlags::RDHUP;
    }
    if directions.has(Readiness::OUT) {
        flags |= EventFlags::OUT;
    }
    if directions.has(Readiness::PRI) {
        flags |= EventFlags::PRI;
    }
    flags
}
