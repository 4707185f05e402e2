//! Files that no kernel waits for, since they are always ready: regular files,
//! directories, /dev/null and their like, for polls that were built with
//! `always_ready_files(true)`.
//!
//! They are reported by every wait under level, once under oneshot, and under edge once
//! per registration: their readiness never ends, so it never arises again.

use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::raw_fd::borrow;
use crate::event::{Event, Events, Readiness};
use crate::{Interest, Token};

#[derive(Debug, Default)]
pub(super) struct AlwaysReady {
    /// How many files have something to report, so that a wait need not lock to learn
    /// that there are none.
    armed: AtomicUsize,
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    list: Vec<File>,
    /// Where the next look begins, so that each file gets its turn.
    start: usize,
}

#[derive(Debug)]
struct File {
    fd: RawFd,
    token: Token,
    interest: Interest,
    identity: Identity,
    armed: bool,
}

/// What tells a file from another one that has its number: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(i128, i128);

impl AlwaysReady {
    /// Whether such files can be asked for.
    pub(super) const ARE_THERE: bool = true;

    pub(super) fn add(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        let identity = identify(fd)?;
        let mut files = self.files();
        files.list.push(File { fd, token, interest, identity, armed: true });
        self.count(&files);
        Ok(())
    }

    /// Removes what is left of an earlier owner of the number `fd`; fails if its
    /// registration is alive.
    pub(super) fn make_way(&self, fd: RawFd) -> io::Result<()> {
        let mut files = self.files();
        let Some(at) = files.list.iter().position(|file| file.fd == fd) else { return Ok(()) };
        if files.list[at].is_open() {
            return Err(Errno::EXIST.into());
        }
        files.list.swap_remove(at);
        self.count(&files);
        Ok(())
    }

    /// Replaces what is registered for `fd`; false if nothing is.
    pub(super) fn modify(&self, fd: RawFd, token: Token, interest: Interest) -> bool {
        let mut files = self.files();
        let Some(file) = files.list.iter_mut().find(|file| file.fd == fd) else {
            return false;
        };
        *file = File { fd, token, interest, identity: file.identity, armed: true };
        self.count(&files);
        true
    }

    /// Removes what is registered for `fd`; false if nothing is.
    pub(super) fn remove(&self, fd: RawFd) -> bool {
        let mut files = self.files();
        let before = files.list.len();
        files.list.retain(|file| file.fd != fd);
        self.count(&files);
        files.list.len() < before
    }

    /// Reports `fd` again, though its trigger is edge; false if it is not registered.
    pub(super) fn rearm(&self, fd: RawFd) -> bool {
        let mut files = self.files();
        let Some(file) = files.list.iter_mut().find(|file| file.fd == fd) else {
            return false;
        };
        // A oneshot registration is armed by reregister alone.
        file.armed |= file.interest.is_edge();
        self.count(&files);
        true
    }

    #[inline]
    pub(super) fn has_events(&self) -> bool {
        self.armed.load(Ordering::Acquire) > 0
    }

    /// Adds an event for each file that has one to report, `most` at the most.
    pub(super) fn collect(&self, events: &mut Events, most: usize) {
        let mut files = self.files();
        let count = files.list.len();
        let start = files.start;
        let mut added = 0;
        for step in 0..count {
            let at = (start + step) % count;
            if added == most {
                files.start = at;
                break;
            }
            let file = &mut files.list[at];
            if file.armed {
                let is_open = file.is_open();
                events.push(Event::new(file.token, file.readiness(is_open)));
                // One that was closed behind the library's back is told of once.
                file.armed = is_open && file.interest.is_level();
                added += 1;
            }
        }
        self.count(&files);
    }

    fn count(&self, files: &Files) {
        let armed = files.list.iter().filter(|file| file.armed).count();
        self.armed.store(armed, Ordering::Release);
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // Nothing in here panics while it is held.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// Whether it was not closed, and its number used again perhaps.
    fn is_open(&self) -> bool {
        identify(self.fd).is_ok_and(|identity| identity == self.identity)
    }

    fn readiness(&self, is_open: bool) -> Readiness {
        if !is_open {
            return Readiness::ERR;
        }
        Readiness::IN.with(Readiness::OUT).within(self.interest.directions())
    }
}

fn identify(fd: RawFd) -> io::Result<Identity> {
    let status = rustix::fs::fstat(borrow(fd)?)?;
    // Systems have signed and unsigned types for them.
    Ok(Identity(status.st_dev.into(), status.st_ino.into()))
}
