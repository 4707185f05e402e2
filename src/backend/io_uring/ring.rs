//! The ring of [io_uring(7)]: two queues that the kernel and this process share, and the
//! call that submits, waits, or both at once.
//!
//! What is asked for and what has come is told apart by [`Tag`], so that all kinds of
//! operations can share one ring and one wait.
//!
//! # Which kind of ring
//!
//! A ring begins as `SINGLE_ISSUER` with `DEFER_TASKRUN` (Linux 6.1), and belongs to the
//! thread that waits first: `R_DISABLED` puts that off until then. What the kernel has to do
//! for its requests it does when that thread waits, all at once.
//!
//! A poll may be moved and shared, though, and no other thread can submit to such a ring. The
//! first that must gets a plain one, which all can use. There each request belongs to the
//! thread that submitted it, which the kernel interrupts to work on it. `COOP_TASKRUN` would
//! spare a busy thread that, but what another one waits for would take until the first makes a
//! system call, so it is out of the question.
//!
//! What that costs, as processor time per event in ratios to epoll by hand (pipes, 1,000
//! registered, 100 active, Linux 6.18): a deferring ring 0.84, a plain one 1.05, one with
//! `COOP_TASKRUN` 1.00.
//!
//! [io_uring(7)]: https://man7.org/linux/man-pages/man7/io_uring.7.html
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use ::io_uring::squeue::{Entry, Flags};
use ::io_uring::types::{CancelBuilder, Fd, Napi, Timespec};
use ::io_uring::{Builder, EnterFlags, IoUring, cqueue, opcode};

use super::tag::Tag;
use crate::backend::{microseconds, own_fd};
use crate::signal_set::SignalSet;

/// So many requests ride on one call.
const REQUESTS: u32 = 1024;
/// What does not fit is kept by the kernel, at some cost.
const COMPLETIONS: u32 = 4096;

/// Asks not to count the wait as one for a disk (Linux 6.15).
const NO_IOWAIT: u32 = 1 << 7;

/// What came of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completion {
    pub(super) tag: Tag,
    /// A set of flags, or an error's number below zero.
    pub(super) result: i32,
    /// The request goes on.
    pub(super) has_more: bool,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// Something has completed, if only for another thread.
    Woken,
    TimeOver,
}

pub(super) struct Ring {
    queues: IoUring,
    wait_flags: u32,
    owner: Owner,
}

/// Who can submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Who is the first to say so.
    NotYet,
    Thread(ThreadId),
    Anybody,
}

/// The kernel's `io_uring_getevents_arg`.
#[repr(C)]
struct WaitArgument {
    mask: *const libc::sigset_t,
    mask_bytes: u32,
    least_microseconds: u32,
    timeout: *const Timespec,
}

impl Ring {
    /// Opens one for a single thread, where there is such a thing.
    ///
    /// Fails with `Unsupported` where this kernel has none at all, or too old a one.
    pub(super) fn open() -> io::Result<Ring> {
        let mut builder = builder(COMPLETIONS);
        builder.setup_r_disabled().setup_single_issuer().setup_defer_taskrun().setup_taskrun_flag();
        match builder.build(REQUESTS) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ring::open_for_all(),
            built => Ring::new(built.map_err(refusal)?, Owner::NotYet),
        }
    }

    /// Opens one that every thread can use.
    pub(super) fn open_for_all() -> io::Result<Ring> {
        Ring::with_sizes(REQUESTS, COMPLETIONS)
    }

    pub(super) fn with_sizes(requests: u32, completions: u32) -> io::Result<Ring> {
        let built = builder(completions).build(requests);
        Ring::new(built.map_err(refusal)?, Owner::Anybody)
    }

    fn new(queues: IoUring, owner: Owner) -> io::Result<Ring> {
        let queues = above_standard(queues)?;
        let parameters = queues.params();
        if !parameters.is_feature_ext_arg() || !parameters.is_feature_nodrop() {
            return Err(too_old());
        }
        let mut wait_flags = EnterFlags::GETEVENTS.union(EnterFlags::EXT_ARG).bits();
        if parameters.is_feature_no_iowait() {
            wait_flags |= NO_IOWAIT;
        }
        Ok(Ring { queues, wait_flags, owner })
    }

    /// Whether this thread can submit.
    pub(super) fn is_mine(&self) -> bool {
        match self.owner {
            Owner::NotYet => false,
            Owner::Thread(owner) => owner == this_thread(),
            Owner::Anybody => true,
        }
    }

    /// Whether every thread can submit.
    pub(super) fn is_for_all(&self) -> bool {
        self.owner == Owner::Anybody
    }

    /// Whether it is clear who can submit.
    pub(super) fn is_claimed(&self) -> bool {
        self.owner != Owner::NotYet
    }

    /// Makes it this thread's, if it is nobody's yet.
    pub(super) fn claim(&mut self) -> io::Result<()> {
        self.queues.submitter().register_enable_rings()?;
        self.owner = Owner::Thread(this_thread());
        Ok(())
    }

    /// Has the kernel poll network devices for up to `time` in each wait.
    pub(super) fn busy_poll(&mut self, time: Duration) -> io::Result<()> {
        let mut asked = Napi::new().set_busy_poll_timeout(microseconds(time));
        self.queues.submitter().register_napi(&mut asked)
    }

    /// Asks for every change of `fd` to one of `flags`, those of poll(2).
    pub(super) fn watch(&mut self, fd: RawFd, flags: u32, tag: Tag) -> io::Result<()> {
        self.push(opcode::PollAdd::new(Fd(fd), flags).multi(true).build(), tag)
    }

    /// Asks for the next time that `fd` is one of `flags`.
    pub(super) fn watch_once(&mut self, fd: RawFd, flags: u32, tag: Tag) -> io::Result<()> {
        self.push(opcode::PollAdd::new(Fd(fd), flags).build(), tag)
    }

    /// Ends what was asked for by `tag`.
    pub(super) fn forget(&mut self, tag: Tag) -> io::Result<()> {
        // POLL_REMOVE would leave alone what the kernel is at work on (EALREADY).
        let request = opcode::AsyncCancel::new(tag.encode()).build();
        self.push(request.flags(Flags::SKIP_SUCCESS), Tag::Nothing)
    }

    /// Ends all that was asked for.
    pub(super) fn forget_all(&mut self) -> io::Result<()> {
        let request = opcode::AsyncCancel2::new(CancelBuilder::any()).build();
        self.push(request.flags(Flags::SKIP_SUCCESS), Tag::Nothing)
    }

    /// Has something complete at once, so that the descriptor becomes readable.
    pub(super) fn complete_nothing(&mut self) -> io::Result<()> {
        self.push(opcode::Nop::new().build(), Tag::Nothing)
    }

    /// Whether there are requests that the kernel has not seen.
    pub(super) fn has_requests(&mut self) -> bool {
        !self.queues.submission().is_empty()
    }

    /// Whether the kernel has more to tell this thread, which it does in batches.
    pub(super) fn has_more(&mut self) -> bool {
        self.queues.submission().taskrun()
    }

    /// How many more completions fit; none while some wait for room.
    pub(super) fn room(&mut self) -> usize {
        if self.queues.submission().cq_overflow() {
            return 0;
        }
        let completions = self.queues.completion();
        completions.capacity() - completions.len()
    }

    /// Whether something has come.
    pub(super) fn has_completions(&mut self) -> bool {
        !self.queues.completion().is_empty()
    }

    /// Takes what has come, one after another, while `take` wants more.
    pub(super) fn take(&mut self, mut take: impl FnMut(Completion) -> bool) -> io::Result<()> {
        loop {
            let mut wants_more = true;
            let mut completions = self.queues.completion();
            while wants_more {
                let Some(entry) = completions.next() else { break };
                wants_more = take(Completion {
                    tag: Tag::decode(entry.user_data()),
                    result: entry.result(),
                    has_more: cqueue::more(entry.flags()),
                });
            }
            drop(completions);
            // What did not fit the kernel moves in when it is called.
            if !wants_more || !self.queues.submission().cq_overflow() {
                return Ok(());
            }
            self.submit()?;
        }
    }

    /// Has the kernel see all requests, and complete what it can.
    pub(super) fn submit(&mut self) -> io::Result<()> {
        while let Err(error) = self.enter(0, None, None) {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Has the kernel see all requests, if there are some.
    pub(super) fn submit_if_any(&mut self) -> io::Result<()> {
        if self.has_requests() { self.submit() } else { Ok(()) }
    }

    /// Has the kernel see all requests, and waits until something completes.
    pub(super) fn submit_and_wait(
        &mut self,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<Waited> {
        let has_requests = self.has_requests();
        let start = timeout.filter(|_| has_requests).map(|_| Instant::now());
        match self.enter(1, timeout, mask) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::ETIME) => return Ok(Waited::TimeOver),
            Err(error) => return Err(error),
        }
        // Who submits something is told that, and not why the wait ended.
        if has_requests && !self.has_completions() {
            return match (timeout, start) {
                (Some(timeout), Some(start)) if start.elapsed() >= timeout => Ok(Waited::TimeOver),
                _ => Err(io::ErrorKind::Interrupted.into()),
            };
        }
        Ok(Waited::Woken)
    }

    fn push(&mut self, request: Entry, tag: Tag) -> io::Result<()> {
        let request = request.user_data(tag.encode());
        if self.queues.submission().is_full() {
            self.submit()?;
        }
        // SAFETY: No request of this file names memory, so none can outlive what it names. A
        // descriptor that is not open, or is another one by now, is answered with an error or
        // watched in vain.
        unsafe { self.queues.submission().push(&request) }.map_err(|_| queue_is_full())
    }

    fn enter(
        &mut self,
        least: u32,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<()> {
        let requests = self.queues.submission().len() as u32;
        let timeout = timeout.map(timespec);
        let argument = WaitArgument {
            mask: mask.map_or(std::ptr::null(), SignalSet::as_ptr),
            mask_bytes: SignalSet::KERNEL_BYTES as u32,
            least_microseconds: 0,
            timeout: timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
        };
        let submitter = self.queues.submitter();
        // SAFETY: The argument has the layout that EXT_ARG calls for, and it and what it
        // points to outlive the call; of the mask the kernel reads the bytes that are
        // named, which is no more than a whole set of the C library's.
        match unsafe { submitter.enter(requests, least, self.wait_flags, Some(&argument)) } {
            // The completions that wait for room go first: who called takes some now.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Ok(()),
            result => result.map(drop),
        }
    }
}

impl AsRawFd for Ring {
    fn as_raw_fd(&self) -> RawFd {
        self.queues.as_raw_fd()
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ring").field(&self.as_raw_fd()).finish()
    }
}

/// Asked for at each wait, and the standard library's answer is not for nothing.
fn this_thread() -> ThreadId {
    thread_local!(static ID: ThreadId = thread::current().id());
    ID.with(|&id| id)
}

fn builder(completions: u32) -> Builder {
    let mut builder = IoUring::builder();
    builder.setup_clamp().setup_submit_all().setup_cqsize(completions);
    builder
}

/// The same ring, with a number that is not that of a standard descriptor.
fn above_standard(queues: IoUring) -> io::Result<IoUring> {
    if queues.as_raw_fd() >= own_fd::LEAST {
        return Ok(queues);
    }
    let fd = rustix::io::fcntl_dupfd_cloexec(&queues, own_fd::LEAST)?;
    // SAFETY: It is the descriptor of a ring with these very parameters, and it is given away.
    unsafe { IoUring::from_fd(fd.into_raw_fd(), queues.params().clone()) }
}

fn timespec(timeout: Duration) -> Timespec {
    // More than that the kernel cannot add to the time of day.
    let seconds = timeout.as_secs().min(i64::MAX as u64 / 2_000_000_000);
    Timespec::new().sec(seconds).nsec(timeout.subsec_nanos())
}

/// Says in words why there is no ring.
fn refusal(error: io::Error) -> io::Error {
    let reason = match error.raw_os_error() {
        Some(libc::ENOSYS) => "this kernel has no io_uring, or a sandbox hides it",
        Some(libc::EPERM | libc::EACCES) => {
            "io_uring is refused, by a sandbox or by the sysctl kernel.io_uring_disabled"
        }
        // Until Linux 5.12 the queues counted as locked memory.
        Some(libc::ENOMEM) => {
            "the queues of io_uring take more memory than can be locked \
                               (RLIMIT_MEMLOCK) or had"
        }
        Some(libc::EINVAL) => return too_old(),
        _ => return error,
    };
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

fn queue_is_full() -> io::Error {
    io::Error::new(
        io::ErrorKind::ResourceBusy,
        "the kernel takes no more requests before some completions are taken: wait first",
    )
}

fn too_old() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "the io_uring of this kernel is too old: Linux 5.18 has what is needed",
    )
}
