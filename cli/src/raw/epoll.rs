//! epoll_wait(2), level-triggered.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use super::{RawPipe, Wakeup, count};
use crate::event_loop::{EventLoop, Registers};

/// A loop over epoll.
#[derive(Debug)]
pub struct RawEpoll {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl RawEpoll {
    fn add(&self, fd: RawFd, events: c_int, token: usize) -> io::Result<()> {
        self.control(
            libc::EPOLL_CTL_ADD,
            fd,
            libc::epoll_event { events: events as u32, u64: token as u64 },
        )
    }

    fn control(&self, operation: c_int, fd: RawFd, mut event: libc::epoll_event) -> io::Result<()> {
        // SAFETY: the event lives through the call.
        match unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn wait_once(&mut self, timeout: Duration) -> io::Result<Option<usize>> {
        let (epoll, events) = (self.epoll.as_raw_fd(), self.events.as_mut_ptr());
        let room = self.events.len() as c_int;
        if timeout.subsec_nanos() % 1_000_000 == 0 {
            let milliseconds = timeout.as_millis() as c_int;
            // SAFETY: pointer and room are those of one live array.
            return count(unsafe { libc::epoll_wait(epoll, events, room, milliseconds) });
        }
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let no_mask = ptr::null::<libc::sigset_t>();
        // SAFETY: pointer and room are those of one live array, the time lives through the
        // call, and there is no mask whose size would matter.
        let result = unsafe {
            libc::syscall(libc::SYS_epoll_pwait2, epoll, events, room, &timeout, no_mask, 0_usize)
        };
        count(result as c_int)
    }
}

impl<S: AsRawFd> Registers<S> for RawEpoll {
    #[inline]
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        self.add(source.as_raw_fd(), libc::EPOLLIN, token)
    }

    #[inline]
    fn deregister(&mut self, source: &mut S, _: usize) -> io::Result<()> {
        let nothing = libc::epoll_event { events: 0, u64: 0 };
        self.control(libc::EPOLL_CTL_DEL, source.as_raw_fd(), nothing)
    }
}

impl EventLoop for RawEpoll {
    type Kind = ();
    type Pipe = RawPipe;
    type Waker = Wakeup;

    fn open((): (), capacity: usize) -> io::Result<RawEpoll> {
        // SAFETY: takes no pointer.
        let epoll = match unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) } {
            -1 => return Err(io::Error::last_os_error()),
            // SAFETY: the descriptor is new, nobody else owns it.
            fd => unsafe { OwnedFd::from_raw_fd(fd) },
        };
        Ok(RawEpoll { epoll, events: vec![libc::epoll_event { events: 0, u64: 0 }; capacity] })
    }

    fn waker(&mut self, token: usize) -> io::Result<Wakeup> {
        let wakeup = Wakeup::new()?;
        // An edge needs no read: each write is a new one.
        self.add(wakeup.as_raw_fd(), libc::EPOLLIN | libc::EPOLLET, token)?;
        Ok(wakeup)
    }

    #[inline]
    fn wait(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize> {
        let count = loop {
            if let Some(count) = self.wait_once(timeout)? {
                break count;
            }
        };
        for &event in &self.events[..count] {
            if event.events & libc::EPOLLIN as u32 != 0 {
                ready(event.u64 as usize)?;
            }
        }
        Ok(count)
    }
}
