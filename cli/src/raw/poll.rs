//! poll(2).
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::{RawPipe, Wakeup, count};
use crate::event_loop::{EventLoop, Registers};

/// A loop over poll.
#[derive(Debug, Default)]
pub struct RawPoll {
    fds: Vec<libc::pollfd>,
    /// The token of each of `fds`.
    tokens: Vec<usize>,
    /// Where each token stands in `fds`.
    place_of: Vec<usize>,
    wakeup: Option<(usize, Wakeup)>,
}

impl<S: AsRawFd> Registers<S> for RawPoll {
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        if self.place_of.len() <= token {
            self.place_of.resize(token + 1, usize::MAX);
        }
        self.place_of[token] = self.fds.len();
        self.fds.push(libc::pollfd { fd: source.as_raw_fd(), events: libc::POLLIN, revents: 0 });
        self.tokens.push(token);
        Ok(())
    }

    fn deregister(&mut self, _: &mut S, token: usize) -> io::Result<()> {
        let place = self.place_of[token];
        self.fds.swap_remove(place);
        self.tokens.swap_remove(place);
        if let Some(&moved) = self.tokens.get(place) {
            self.place_of[moved] = place;
        }
        Ok(())
    }
}

impl EventLoop for RawPoll {
    type Kind = ();
    type Pipe = RawPipe;
    type Waker = Wakeup;

    fn open((): (), _: usize) -> io::Result<RawPoll> {
        Ok(RawPoll::default())
    }

    fn waker(&mut self, token: usize) -> io::Result<Wakeup> {
        let mut wakeup = Wakeup::new()?;
        self.register(&mut wakeup, token)?;
        self.wakeup = Some((token, wakeup.clone()));
        Ok(wakeup)
    }

    #[inline]
    fn wait(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize> {
        let count = loop {
            if let Some(count) = wait_once(&mut self.fds, timeout)? {
                break count;
            }
        };
        let mut left = count;
        for (fd, &token) in self.fds.iter().zip(&self.tokens) {
            if left == 0 {
                break;
            }
            if fd.revents == 0 {
                continue;
            }
            left -= 1;
            if fd.revents & libc::POLLIN != 0 {
                if let Some((_, wakeup)) = self.wakeup.as_ref().filter(|(own, _)| *own == token) {
                    wakeup.take()?;
                }
                ready(token)?;
            }
        }
        Ok(count)
    }
}

fn wait_once(fds: &mut [libc::pollfd], timeout: Duration) -> io::Result<Option<usize>> {
    let (pointer, length) = (fds.as_mut_ptr(), fds.len() as libc::nfds_t);
    #[cfg(target_os = "linux")]
    if timeout.subsec_nanos() % 1_000_000 != 0 {
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: timeout.subsec_nanos().into(),
        };
        // SAFETY: pointer and length are those of one live array, and the time lives
        // through the call.
        return count(unsafe { libc::ppoll(pointer, length, &timeout, std::ptr::null()) });
    }
    // SAFETY: pointer and length are those of one live array.
    count(unsafe { libc::poll(pointer, length, timeout.as_micros().div_ceil(1_000) as c_int) })
}
