//! libevent, libev and libuv, each behind the table that c_loop.h tells of.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use omnipoll_cli::event_loop::{EventLoop, Registers, Wake};
use omnipoll_cli::raw::RawPipe;

/// `struct c_library`.
#[repr(C)]
struct Table {
    version: unsafe extern "C" fn() -> *const c_char,
    open: unsafe extern "C" fn(Ready) -> *mut c_void,
    add: unsafe extern "C" fn(*mut c_void, c_int, usize) -> c_int,
    remove: unsafe extern "C" fn(*mut c_void, usize) -> c_int,
    open_waker: unsafe extern "C" fn(*mut c_void, usize) -> c_int,
    wake: unsafe extern "C" fn(*mut c_void) -> c_int,
    wait: unsafe extern "C" fn(*mut c_void, i64, *mut c_void) -> c_int,
    close: unsafe extern "C" fn(*mut c_void),
}

type Ready = unsafe extern "C" fn(*mut c_void, usize);

unsafe extern "C" {
    #[cfg(has_libevent)]
    static libevent_library: Table;
    #[cfg(has_libev)]
    static libev_library: Table;
    #[cfg(has_libuv)]
    static libuv_library: Table;
}

/// A library written in C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CLibrary {
    Libevent,
    Libev,
    Libuv,
}

impl CLibrary {
    pub(crate) const ALL: [CLibrary; 3] = [CLibrary::Libevent, CLibrary::Libev, CLibrary::Libuv];

    /// `None` where this machine had no header of it when this program was built.
    fn table(self) -> Option<&'static Table> {
        match self {
            // SAFETY: the tables are constants.
            #[cfg(has_libevent)]
            CLibrary::Libevent => Some(unsafe { &libevent_library }),
            // SAFETY: as above.
            #[cfg(has_libev)]
            CLibrary::Libev => Some(unsafe { &libev_library }),
            // SAFETY: as above.
            #[cfg(has_libuv)]
            CLibrary::Libuv => Some(unsafe { &libuv_library }),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    /// The release that is linked; `None` where the library is missing.
    pub(crate) fn version(self) -> Option<String> {
        let table = self.table()?;
        // SAFETY: the version is a text that lives as long as the program.
        let version = unsafe { CStr::from_ptr((table.version)()) };
        Some(version.to_string_lossy().into_owned())
    }
}

impl fmt::Display for CLibrary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            CLibrary::Libevent => "libevent",
            CLibrary::Libev => "libev",
            CLibrary::Libuv => "libuv",
        })
    }
}

/// An open loop, which its waker keeps open too.
struct Handle {
    table: &'static Table,
    pointer: NonNull<c_void>,
}

// SAFETY: other threads only wake it, which the tables allow, and close it when it is the
// last that holds it.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: it is open, and nobody has it after this.
        unsafe { (self.table.close)(self.pointer.as_ptr()) }
    }
}

/// A loop over a library written in C.
pub(crate) struct CLoop(Arc<Handle>);

impl<S: AsRawFd> Registers<S> for CLoop {
    #[inline]
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        // SAFETY: the loop is open, and only this thread changes it.
        check(unsafe { (self.0.table.add)(self.0.pointer.as_ptr(), source.as_raw_fd(), token) })
    }

    #[inline]
    fn deregister(&mut self, _: &mut S, token: usize) -> io::Result<()> {
        // SAFETY: the loop is open, and only this thread changes it.
        check(unsafe { (self.0.table.remove)(self.0.pointer.as_ptr(), token) })
    }
}

impl EventLoop for CLoop {
    type Kind = CLibrary;
    type Pipe = RawPipe;
    type Waker = CWaker;

    fn open(library: CLibrary, _: usize) -> io::Result<CLoop> {
        let missing =
            || io::Error::new(io::ErrorKind::Unsupported, format!("{library} is not linked"));
        let table = library.table().ok_or_else(missing)?;
        // SAFETY: every context that this program waits with is one of those that `report`
        // takes.
        let pointer = NonNull::new(unsafe { (table.open)(report) });
        let pointer =
            pointer.ok_or_else(|| io::Error::other(format!("{library} does not open")))?;
        Ok(CLoop(Arc::new(Handle { table, pointer })))
    }

    fn waker(&mut self, token: usize) -> io::Result<CWaker> {
        // SAFETY: the loop is open, and only this thread changes it.
        check(unsafe { (self.0.table.open_waker)(self.0.pointer.as_ptr(), token) })?;
        Ok(CWaker(Arc::clone(&self.0)))
    }

    #[inline]
    fn wait(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize> {
        let mut ready: &mut dyn FnMut(usize) -> io::Result<()> = &mut ready;
        let mut context = Context { ready: &mut ready, count: 0, result: Ok(()) };
        let timeout = timeout.as_nanos() as i64;
        // SAFETY: the loop is open, only this thread waits on it, and the context outlives
        // the wait.
        check(unsafe {
            (self.0.table.wait)(
                self.0.pointer.as_ptr(),
                timeout,
                ptr::from_mut(&mut context).cast(),
            )
        })?;
        context.result.map(|()| context.count)
    }
}

/// What a wait is told by its callbacks.
struct Context<'a, 'b> {
    ready: &'a mut &'b mut dyn FnMut(usize) -> io::Result<()>,
    count: usize,
    result: io::Result<()>,
}

/// The callback of all loops.
unsafe extern "C" fn report(context: *mut c_void, token: usize) {
    // SAFETY: it is the context of the wait that is under way, which lends it to nobody else.
    let context = unsafe { &mut *context.cast::<Context<'_, '_>>() };
    context.count += 1;
    if context.result.is_ok() {
        context.result = (context.ready)(token);
    }
}

/// Wakes a [`CLoop`].
pub(crate) struct CWaker(Arc<Handle>);

impl Wake for CWaker {
    #[inline]
    fn wake(&self) -> io::Result<()> {
        // SAFETY: the handle keeps the loop open, and every thread may wake it.
        check(unsafe { (self.0.table.wake)(self.0.pointer.as_ptr()) })
    }
}

fn check(result: c_int) -> io::Result<()> {
    if result >= 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(-result)) }
}
