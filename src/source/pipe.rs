//! Pipes that never block, and the ends of FIFOs, which are pipes with a path.
//!
//! [`new`] makes a pipe; [`OpenOptions`] opens a FIFO, which [`create_fifo`] makes. The
//! pipes to a child process come from the standard library, by `Sender::from` and
//! `Receiver::from`. The manual tells more in [pipe(7)] and [fifo(7)].
//!
//! # Examples
//!
//! ```
//! use std::io::{Read, Write};
//!
//! use omnipoll::unix::pipe;
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//!
//! let (mut sender, mut receiver) = pipe::new()?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! sender.write_all(b"hello")?;
//! poll.poll(&mut events, None)?;
//! let mut buffer = [0; 16];
//! assert_eq!(receiver.read(&mut buffer)?, 5);
//!
//! drop(sender);
//! poll.poll(&mut events, None)?;
//! // The end: also where a backend cannot tell `is_read_closed`.
//! assert_eq!(receiver.read(&mut buffer)?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! [pipe(7)]: https://man7.org/linux/man-pages/man7/pipe.7.html
//! [fifo(7)]: https://man7.org/linux/man-pages/man7/fifo.7.html

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{ChildStderr, ChildStdin, ChildStdout};

use crate::IoSource;
use crate::net::{owns_descriptor, reads_by_reference, writes_by_reference};
use crate::os::new_fd;

pub use super::fifo::{OpenOptions, create_fifo};

/// A new pipe: what is written to the [`Sender`] is read from the [`Receiver`].
///
/// Both ends are non-blocking and close-on-exec from the call that makes them. See
/// [pipe(2)].
///
/// # Errors
///
/// Those of the system: no descriptor left (`EMFILE`, `ENFILE`), or no memory for pipes.
///
/// # Examples
///
/// ```
/// use std::io::{self, Read};
///
/// use omnipoll::unix::pipe;
///
/// # fn main() -> io::Result<()> {
/// let (_sender, mut receiver) = pipe::new()?;
/// let error = receiver.read(&mut [0; 16]).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
/// # Ok(())
/// # }
/// ```
///
/// [pipe(2)]: https://man7.org/linux/man-pages/man2/pipe.2.html
pub fn new() -> io::Result<(Sender, Receiver)> {
    let (reader, writer) = new_fd::pipe()?;
    let sender = Sender { inner: IoSource::of_known_kind(writer) };
    Ok((sender, Receiver { inner: IoSource::of_known_kind(reader) }))
}

/// The end of a pipe or FIFO that is written to.
///
/// It is writable when there is room: on Linux for [`PIPE_BUF`] (4,096) bytes. Once the
/// last reader is gone, an event tells it with
/// [`is_write_closed`](crate::event::Event::is_write_closed) and
/// [`is_error`](crate::event::Event::is_error), and a write fails with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe). Such a write also raises the signal
/// `SIGPIPE`, which Rust programs ignore from their start.
///
/// A write of up to `PIPE_BUF` bytes goes out whole or, with
/// [`WouldBlock`](io::ErrorKind::WouldBlock), not at all; several writers' longer writes
/// may be mixed.
///
/// # Examples
///
/// The standard input of a child process:
///
/// ```
/// use std::io::Write;
/// use std::process::{Command, Stdio};
///
/// use omnipoll::unix::pipe::Sender;
///
/// # fn main() -> std::io::Result<()> {
/// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
/// let mut sender = Sender::from(child.stdin.take().unwrap());
/// sender.set_nonblocking(true)?;
/// sender.write_all(b"hello")?;
///
/// drop(sender);
/// assert!(child.wait()?.success());
/// # Ok(())
/// # }
/// ```
///
/// [`PIPE_BUF`]: https://man7.org/linux/man-pages/man7/pipe.7.html
pub struct Sender {
    inner: IoSource<OwnedFd>,
}

owns_descriptor!(Sender, OwnedFd);
writes_by_reference!(Sender);

impl Sender {
    /// Whether a write that finds no room returns
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as it should here, or waits.
    ///
    /// The ends of [`new`] and [`OpenOptions`] are non-blocking already; those of a
    /// child process are not.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    ///
    /// use omnipoll::unix::pipe::Sender;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// let sender = Sender::from(child.stdin.take().unwrap());
    /// sender.set_nonblocking(true)?;
    /// # drop(sender);
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        Ok(rustix::io::ioctl_fionbio(&*self.inner, nonblocking)?)
    }

    /// Runs `f`, which tries to write to this pipe by calls of its own, and returns what
    /// it returns.
    ///
    /// With poll(2) and select(2), a pipe whose I/O omnipoll does not see gets no further
    /// events; so I/O through the descriptor (`splice`, `vmsplice`) belongs in here. `f`
    /// should return [`WouldBlock`](io::ErrorKind::WouldBlock) only if the system did.
    ///
    /// # Errors
    ///
    /// Those of `f`, unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsFd;
    ///
    /// use omnipoll::unix::pipe;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, _receiver) = pipe::new()?;
    /// let written = sender.try_io(|| Ok(rustix::io::write(sender.as_fd(), b"hello")?))?;
    /// assert_eq!(written, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.do_io(|_| f())
    }
}

impl Write for &Sender {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes.len(), |pipe| Ok(rustix::io::write(pipe, bytes)?))
    }

    #[inline]
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        self.inner.write(wanted, |pipe| Ok(rustix::io::writev(pipe, buffers)?))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<ChildStdin> for Sender {
    /// Takes the pipe as it is, which blocks: see
    /// [`set_nonblocking`](Sender::set_nonblocking).
    fn from(pipe: ChildStdin) -> Sender {
        Sender::from(OwnedFd::from(pipe))
    }
}

/// The end of a pipe or FIFO that is read from.
///
/// It is readable when there are bytes. Once the last writer is gone, an event tells it
/// with [`is_read_closed`](crate::event::Event::is_read_closed), and when all is read, a
/// read returns `Ok(0)`.
///
/// A FIFO can be opened by a new writer after that: keep the receiver registered, and an
/// event comes with the new writer's first bytes. (With the
/// [level](crate::Interest::level) trigger the end of the file is reported again and
/// again: there, deregister or open with
/// [`read_write`](OpenOptions::read_write).)
///
/// # Examples
///
/// The output of a child process:
///
/// ```
/// use std::io::Read;
/// use std::process::{Command, Stdio};
///
/// use omnipoll::unix::pipe::Receiver;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
///
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// let mut receiver = Receiver::from(child.stdout.take().unwrap());
/// receiver.set_nonblocking(true)?;
/// poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
///
/// poll.poll(&mut events, None)?;
/// let mut buffer = [0; 16];
/// assert_eq!(receiver.read(&mut buffer)?, 6);
/// child.wait()?;
/// # Ok(())
/// # }
/// ```
pub struct Receiver {
    inner: IoSource<OwnedFd>,
}

owns_descriptor!(Receiver, OwnedFd);
reads_by_reference!(Receiver);

impl Receiver {
    /// Whether a read that finds nothing returns
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), as it should here, or waits.
    ///
    /// The ends of [`new`] and [`OpenOptions`] are non-blocking already; those of a
    /// child process are not.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    ///
    /// use omnipoll::unix::pipe::Receiver;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("echo").stdout(Stdio::piped()).spawn()?;
    /// let receiver = Receiver::from(child.stdout.take().unwrap());
    /// receiver.set_nonblocking(true)?;
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        Ok(rustix::io::ioctl_fionbio(&*self.inner, nonblocking)?)
    }

    /// Runs `f`, which tries to read from this pipe by calls of its own, and returns
    /// what it returns.
    ///
    /// With poll(2) and select(2), a pipe whose I/O omnipoll does not see gets no further
    /// events; so I/O through the descriptor (`splice`, `tee`) belongs in here. `f`
    /// should return [`WouldBlock`](io::ErrorKind::WouldBlock) only if the system did.
    ///
    /// # Errors
    ///
    /// Those of `f`, unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::os::fd::AsFd;
    ///
    /// use omnipoll::unix::pipe;
    ///
    /// # fn main() -> io::Result<()> {
    /// let (_sender, receiver) = pipe::new()?;
    /// let mut buffer = [0; 16];
    /// let result = receiver.try_io(|| Ok(rustix::io::read(receiver.as_fd(), &mut buffer)?));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.do_io(|_| f())
    }
}

impl Read for &Receiver {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer.len(), |pipe| Ok(rustix::io::read(pipe, buffer)?))
    }

    #[inline]
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        self.inner.read(wanted, |pipe| Ok(rustix::io::readv(pipe, buffers)?))
    }
}

impl From<ChildStdout> for Receiver {
    /// Takes the pipe as it is, which blocks: see
    /// [`set_nonblocking`](Receiver::set_nonblocking).
    fn from(pipe: ChildStdout) -> Receiver {
        Receiver::from(OwnedFd::from(pipe))
    }
}

impl From<ChildStderr> for Receiver {
    /// Takes the pipe as it is, which blocks: see
    /// [`set_nonblocking`](Receiver::set_nonblocking).
    fn from(pipe: ChildStderr) -> Receiver {
        Receiver::from(OwnedFd::from(pipe))
    }
}
