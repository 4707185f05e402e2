//! A pipe read and written by the plain system calls.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use crate::pipes::{Ends, Pipe};

/// A pipe for the loops that are told of descriptors by number.
#[derive(Debug)]
pub struct RawPipe(Ends);

impl From<Ends> for RawPipe {
    fn from(ends: Ends) -> RawPipe {
        RawPipe(ends)
    }
}

impl Pipe for RawPipe {
    type Reader = OwnedFd;

    fn reader(&mut self) -> &mut OwnedFd {
        &mut self.0.reader
    }

    #[inline]
    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let fd = self.0.reader.as_raw_fd();
        // SAFETY: pointer and length are those of one live buffer.
        let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        if count >= 0 {
            return Ok(Some(count as usize));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN) => Ok(None),
            _ => Err(error),
        }
    }

    #[inline]
    fn write(&self, byte: &[u8; 1]) -> io::Result<()> {
        let fd = self.0.writer.as_raw_fd();
        // SAFETY: the one byte is live.
        let count = unsafe { libc::write(fd, byte.as_ptr().cast(), 1) };
        if count < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn into_ends(self) -> Ends {
        self.0
    }
}
