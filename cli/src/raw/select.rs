//! select(2).
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::{RawPipe, Wakeup, count};
use crate::event_loop::{EventLoop, Registers};

/// The bits in one word of a set.
const WORD_BITS: usize = libc::c_ulong::BITS as usize;

/// A loop over select.
///
/// The kernel takes sets of any size; `fd_set` with its 1,024 bits is only libc's type.
#[derive(Debug, Default)]
pub struct RawSelect {
    wanted: Vec<libc::c_ulong>,
    ready: Vec<libc::c_ulong>,
    /// The token of each descriptor, by its number.
    token_of: Vec<usize>,
    wakeup: Option<(usize, Wakeup)>,
}

impl RawSelect {
    fn wait_once(&mut self, timeout: Duration) -> io::Result<Option<usize>> {
        self.ready.copy_from_slice(&self.wanted);
        let mut timeout = libc::timeval {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_usec: timeout.subsec_nanos().div_ceil(1_000) as libc::suseconds_t,
        };
        let none = std::ptr::null_mut();
        let bound = self.token_of.len() as c_int;
        let ready = self.ready.as_mut_ptr().cast();
        // SAFETY: the set has a bit for every descriptor below the bound, and select
        // touches no bit beyond it.
        count(unsafe { libc::select(bound, ready, none, none, &mut timeout) })
    }
}

impl<S: AsRawFd> Registers<S> for RawSelect {
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        let fd = source.as_raw_fd() as usize;
        if self.token_of.len() <= fd {
            self.token_of.resize(fd + 1, usize::MAX);
            self.wanted.resize((fd + 1).div_ceil(WORD_BITS), 0);
            self.ready.resize(self.wanted.len(), 0);
        }
        self.wanted[fd / WORD_BITS] |= 1 << (fd % WORD_BITS);
        self.token_of[fd] = token;
        Ok(())
    }

    fn deregister(&mut self, source: &mut S, _: usize) -> io::Result<()> {
        let fd = source.as_raw_fd() as usize;
        self.wanted[fd / WORD_BITS] &= !(1 << (fd % WORD_BITS));
        Ok(())
    }
}

impl EventLoop for RawSelect {
    type Kind = ();
    type Pipe = RawPipe;
    type Waker = Wakeup;

    fn open((): (), _: usize) -> io::Result<RawSelect> {
        Ok(RawSelect::default())
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
            if let Some(count) = self.wait_once(timeout)? {
                break count;
            }
        };
        if count == 0 {
            return Ok(0);
        }
        let mut left = count;
        for (index, &word) in self.ready.iter().enumerate() {
            if left == 0 {
                break;
            }
            let mut bits = word;
            while bits != 0 {
                let fd = index * WORD_BITS + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                left -= 1;
                let token = self.token_of[fd];
                if let Some((_, wakeup)) = self.wakeup.as_ref().filter(|(own, _)| *own == token) {
                    wakeup.take()?;
                }
                ready(token)?;
            }
        }
        Ok(count)
    }
}
