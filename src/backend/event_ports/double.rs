//! What port.rs is for tests on Linux, with `--cfg omnipoll_port_double`: an epoll whose
//! registrations are all oneshot, which is what associations are.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use libc::c_short;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use crate::backend::raw_fd::borrow;
use crate::backend::{above_standard, poll};

#[derive(Debug)]
pub(super) struct Port(OwnedFd);

impl Port {
    pub(super) fn open() -> io::Result<Port> {
        Ok(Port(above_standard(epoll::create(CreateFlags::CLOEXEC)?)?))
    }

    pub(super) fn associate(&self, fd: RawFd, flags: c_short) -> Result<(), Errno> {
        // epoll has the values of poll(2).
        let flags = EventFlags::from_bits_retain(flags as u32) | EventFlags::ONESHOT;
        let fd = borrow(fd).map_err(|_| Errno::BADF)?;
        let data = EventData::new_u64(rustix::fd::AsRawFd::as_raw_fd(&fd) as u64);
        match epoll::modify(&self.0, fd, data, flags) {
            Err(Errno::NOENT) => epoll::add(&self.0, fd, data, flags),
            result => result,
        }
    }

    pub(super) fn dissociate(&self, fd: RawFd) -> Result<(), Errno> {
        epoll::delete(&self.0, borrow(fd).map_err(|_| Errno::BADF)?)
    }

    pub(super) fn take(
        &self,
        taken: &mut Vec<RawFd>,
        most: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        poll::wait_for_one(self.as_fd(), timeout, None)?;
        let mut buffer = vec![MaybeUninit::uninit(); most.min(1024)];
        let now = Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 });
        let (told, _) = epoll::wait(&self.0, &mut buffer[..], now)?;
        taken.extend(told.iter().map(|event| event.data.u64() as RawFd));
        Ok(())
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
