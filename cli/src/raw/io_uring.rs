//! io_uring_enter(2): one multishot poll a descriptor, whose changes ride on the wait.
//!
//! The ring is for one thread and runs its completions inside the wait (SINGLE_ISSUER,
//! DEFER_TASKRUN): no interrupt of the thread while it works, one system call a wait.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};

use super::{RawPipe, Wakeup};
use crate::event_loop::{EventLoop, Registers};

/// Changes that one system call takes.
const SUBMISSIONS: u32 = 1_024;
/// What is told of a change itself, and not of a descriptor.
const CHANGE: u64 = u64::MAX;

/// IORING_ENTER_GETEVENTS, which has completions run that were deferred.
const GET_EVENTS: u32 = 1;

/// A loop over io_uring.
pub struct RawIoUring {
    ring: IoUring,
    registrations: Vec<Registration>,
    wakeup: Option<Wakeup>,
}

/// What a token stands for.
#[derive(Clone, Copy)]
struct Registration {
    fd: RawFd,
    /// Told apart by this, a completion of a poll that was removed says nothing of the
    /// next one under the same token.
    generation: u32,
}

impl Registration {
    fn poll(self, token: usize) -> squeue::Entry {
        opcode::PollAdd::new(Fd(self.fd), libc::POLLIN as u32)
            .multi(true)
            .build()
            .user_data(self.user_data(token))
    }

    fn user_data(self, token: usize) -> u64 {
        u64::from(self.generation) << 32 | token as u64
    }
}

impl RawIoUring {
    fn push(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        // SAFETY: polls and their removal hold no pointers.
        while unsafe { self.ring.submission().push(entry) }.is_err() {
            self.ring.submit()?;
        }
        Ok(())
    }

    fn add(&mut self, fd: RawFd, token: usize) -> io::Result<()> {
        if self.registrations.len() <= token {
            self.registrations.resize(token + 1, Registration { fd: -1, generation: 0 });
        }
        self.registrations[token].fd = fd;
        self.push(&self.registrations[token].poll(token))
    }

    /// Hands in all changes and waits, in one system call.
    fn enter(&mut self, timeout: Duration) -> io::Result<()> {
        if timeout.is_zero() {
            return self.look();
        }
        let timeout = Timespec::from(timeout);
        let arguments = SubmitArgs::new().timespec(&timeout);
        match self.ring.submitter().submit_with_args(1, &arguments) {
            Err(error) if error.raw_os_error() != Some(libc::ETIME) => Err(error),
            _ => Ok(()),
        }
    }

    /// Hands in all changes and has deferred work run, of which one call does 20 pieces.
    fn look(&mut self) -> io::Result<()> {
        loop {
            // The exact number: were there fewer, the kernel would not look for events.
            let changes = self.ring.submission().len() as u32;
            // SAFETY: without an argument it takes numbers only.
            unsafe {
                self.ring.submitter().enter::<libc::sigset_t>(changes, 0, GET_EVENTS, None)?;
            }
            if !self.ring.submission().taskrun() {
                return Ok(());
            }
        }
    }
}

impl<S: AsRawFd> Registers<S> for RawIoUring {
    #[inline]
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        self.add(source.as_raw_fd(), token)
    }

    #[inline]
    fn deregister(&mut self, _: &mut S, token: usize) -> io::Result<()> {
        let registration = &mut self.registrations[token];
        let poll = registration.user_data(token);
        registration.generation = registration.generation.wrapping_add(1) & (u32::MAX >> 1);
        let removal = opcode::PollRemove::new(poll).build().user_data(CHANGE);
        self.push(&removal.flags(squeue::Flags::SKIP_SUCCESS))
    }
}

impl EventLoop for RawIoUring {
    type Kind = ();
    type Pipe = RawPipe;
    type Waker = Wakeup;

    fn open((): (), capacity: usize) -> io::Result<RawIoUring> {
        let completions = u32::try_from(capacity).unwrap_or(u32::MAX).clamp(4_096, 32_768);
        let ring = IoUring::builder()
            .setup_cqsize(completions)
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag()
            .build(SUBMISSIONS)?;
        Ok(RawIoUring { ring, registrations: Vec::new(), wakeup: None })
    }

    fn waker(&mut self, token: usize) -> io::Result<Wakeup> {
        let wakeup = Wakeup::new()?;
        self.add(wakeup.as_raw_fd(), token)?;
        self.wakeup = Some(wakeup.clone());
        Ok(wakeup)
    }

    #[inline]
    fn wait(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize> {
        loop {
            match self.enter(timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        }
        let (submitter, mut submissions, completions) = self.ring.split();
        let mut count = 0;
        for completion in completions {
            let token = completion.user_data() as u32 as usize;
            let Some(registration) = self.registrations.get(token) else { continue };
            if registration.user_data(token) != completion.user_data() {
                continue;
            }
            let readiness = completion.result();
            if readiness < 0 {
                return Err(io::Error::from_raw_os_error(-readiness));
            }
            if !cqueue::more(completion.flags()) {
                // SAFETY: a poll holds no pointer.
                while unsafe { submissions.push(&registration.poll(token)) }.is_err() {
                    submissions.sync();
                    submitter.submit()?;
                    submissions.sync();
                }
            }
            count += 1;
            if readiness & i32::from(libc::POLLIN) != 0 {
                ready(token)?;
            }
        }
        Ok(count)
    }
}
