#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, IntoRawHandle, OwnedHandle, RawHandle,
};
use std::ptr;
use std::sync::Arc;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
};

use crate::backend::{Iocp, Membership, Pipe};
use crate::event::Source;
use crate::{Interest, Registry, Token};

/// How much the system keeps of what nobody has read yet, each way.
const BUFFER: u32 = 64 * 1024;

/// A named pipe of Windows, of which this is the server's end or the client's.
///
/// Windows tells when an operation on a pipe has ended, not when one could begin, so omnipoll
/// has a read under way at all times, and copies what is written. It is readable when bytes,
/// the end or an error have come, and writable when what was written before has gone out, or
/// when somebody has [connected](Self::connect).
///
/// It takes the backend `iocp`, and belongs to the first poll that it is registered with for
/// good. Before that, reads and writes say [`WouldBlock`](io::ErrorKind::WouldBlock); once that
/// poll is gone, [`NotConnected`](io::ErrorKind::NotConnected). The packets of operations that
/// others begin on duplicates of the handle come to that poll too, and are passed over, unless
/// another process has its `OVERLAPPED` where this one has that of an operation under way.
///
/// A pipe that is dropped is closed at once, save that a write that is under way arrives first,
/// if its poll is still there.
///
/// # Examples
///
/// ```no_run
/// use std::io;
///
/// use omnipoll::windows::NamedPipe;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let mut pipe = NamedPipe::new(r"\\.\pipe\example")?;
/// poll.registry().register(&mut pipe, Token(0), Interest::READABLE | Interest::WRITABLE)?;
/// while let Err(error) = pipe.connect() {
///     if error.kind() != io::ErrorKind::WouldBlock {
///         return Err(error);
///     }
///     poll.poll(&mut events, None)?;
/// }
/// println!("somebody has come");
/// # Ok(())
/// # }
/// ```
pub struct NamedPipe {
    pipe: Arc<Pipe>,
    membership: Membership,
}

impl NamedPipe {
    /// Makes the server's end of a new pipe, called `name`, which begins with `\\.\pipe\`.
    ///
    /// It carries bytes both ways, and there can be any number of further instances. For other
    /// options call `CreateNamedPipe`, with `FILE_FLAG_OVERLAPPED`, and take what that returns
    /// by [`FromRawHandle`].
    ///
    /// # Errors
    ///
    /// Those of the system, among them [`PermissionDenied`](io::ErrorKind::PermissionDenied) if
    /// there is a pipe of this name.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use omnipoll::windows::NamedPipe;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pipe = NamedPipe::new(r"\\.\pipe\example")?;
    /// # let _ = pipe;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<A: AsRef<OsStr>>(name: A) -> io::Result<NamedPipe> {
        let name: Vec<u16> = name.as_ref().encode_wide().chain([0]).collect();
        // SAFETY: The name lives until the call returns and ends with a zero, and the last
        // argument may be null.
        let handle = unsafe {
            CreateNamedPipeW(
                name.as_ptr(),
                PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
                PIPE_TYPE_BYTE,
                PIPE_UNLIMITED_INSTANCES,
                BUFFER,
                BUFFER,
                0,
                ptr::null(),
            )
        };
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: The call has just made it, and nobody else has it.
        Ok(unsafe { NamedPipe::from_raw_handle(handle) })
    }

    /// Waits for a client, at the server's end: is `Ok` once there is one, or was one that has
    /// gone since. Before the first registration it is noted, and begins with that.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) as long as there is none: it is writable when
    /// that has changed, and then this is to be called again. Else those of the system.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use omnipoll::windows::NamedPipe;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pipe = NamedPipe::new(r"\\.\pipe\example")?;
    /// match pipe.connect() {
    ///     Ok(()) => println!("a client is there"),
    ///     Err(error) if error.kind() == io::ErrorKind::WouldBlock => println!("wait for an event"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect(&self) -> io::Result<()> {
        self.pipe.connect()
    }

    /// Ends the connection to the client, at the server's end; the next may
    /// [`connect`](Self::connect).
    ///
    /// What the client has not read is lost.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use omnipoll::windows::NamedPipe;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pipe = NamedPipe::new(r"\\.\pipe\example")?;
    /// # pipe.connect()?;
    /// // When this client has all it came for, the next one may come.
    /// pipe.disconnect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn disconnect(&self) -> io::Result<()> {
        self.pipe.disconnect()
    }

    /// Why a [`connect`](Self::connect) failed, if it did, which this takes off the pipe.
    ///
    /// # Errors
    ///
    /// None: the result is mio's.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use omnipoll::windows::NamedPipe;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let pipe = NamedPipe::new(r"\\.\pipe\example")?;
    /// if let Some(error) = pipe.take_error()? {
    ///     println!("an operation failed: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.pipe.take_error())
    }

    fn iocp<'a>(&self, registry: &'a Registry) -> io::Result<&'a Iocp> {
        registry.selector().iocp().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "a named pipe takes the iocp backend: {} waits for sockets alone",
                    registry.selector().backend()
                ),
            )
        })
    }

    /// Fails if it is not registered with `registry`.
    fn check_is_with(&self, registry: &Registry) -> io::Result<()> {
        if self.membership.is_registered_with(registry.selector()) {
            return Ok(());
        }
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Source for NamedPipe {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.iocp(registry)?.add_pipe(&self.pipe, token, interests)?;
        self.membership.join(registry.selector());
        Ok(())
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.check_is_with(registry)?;
        self.iocp(registry)?.modify_pipe(&self.pipe, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.check_is_with(registry)?;
        self.membership.leave(false);
        self.iocp(registry)?.remove_pipe(&self.pipe)
    }
}

impl Read for &NamedPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(buffer)
    }
}

impl Write for &NamedPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.write(bytes)
    }

    /// Does nothing: what was written is on its way.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for NamedPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for NamedPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    /// Does nothing: what was written is on its way.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes an end of a pipe that was opened with `FILE_FLAG_OVERLAPPED`, which is not checked.
impl From<OwnedHandle> for NamedPipe {
    fn from(handle: OwnedHandle) -> NamedPipe {
        NamedPipe { pipe: Pipe::new(handle), membership: Membership::NONE }
    }
}

impl FromRawHandle for NamedPipe {
    unsafe fn from_raw_handle(handle: RawHandle) -> NamedPipe {
        // SAFETY: the caller promises that `handle` is open, and that nobody else owns it:
        // that is this method's own contract.
        NamedPipe::from(unsafe { OwnedHandle::from_raw_handle(handle) })
    }
}

/// Ends the registration, and gives the handle away: open, and bound to the port of its poll,
/// if it was ever registered, as Windows has it.
///
/// What was read ahead is lost. Whoever begins overlapped operations of their own on a handle
/// that is bound can keep their packets out of the port, by the lowest bit of their event's
/// handle.
impl IntoRawHandle for NamedPipe {
    fn into_raw_handle(self) -> RawHandle {
        self.pipe.give_away()
    }
}

/// As [`IntoRawHandle`].
impl From<NamedPipe> for OwnedHandle {
    fn from(pipe: NamedPipe) -> OwnedHandle {
        // SAFETY: `into_raw_handle` has just given it up, so it is open and nobody else's.
        unsafe { OwnedHandle::from_raw_handle(pipe.into_raw_handle()) }
    }
}

impl AsRawHandle for NamedPipe {
    fn as_raw_handle(&self) -> RawHandle {
        self.pipe.handle().as_raw_handle()
    }
}

/// Duplicates of it make packets that are passed over: see [`NamedPipe`].
impl AsHandle for NamedPipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.pipe.handle().as_handle()
    }
}

impl Drop for NamedPipe {
    fn drop(&mut self) {
        self.pipe.close();
    }
}

impl fmt::Debug for NamedPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedPipe").field("handle", &self.as_raw_handle()).finish()
    }
}
