//! What every loop can do that is compared: register, deregister, be woken, wait.
//!
//! The loops differ in who reads, in what they call a token, and in how an event comes
//! back. The workloads are written once, over [`EventLoop`], and compiled for each
//! library, so that nothing but the library's own calls stands between them.

use std::io;
use std::time::Duration;

use crate::pipes::Pipe;

/// A loop that sources of the type `S` can be registered in, to be read from.
pub trait Registers<S> {
    /// Has waits report `token` when `source` is readable.
    ///
    /// # Errors
    /// Those of the system.
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()>;

    /// Takes `source` out, that was registered under `token`.
    ///
    /// # Errors
    /// Those of the system.
    fn deregister(&mut self, source: &mut S, token: usize) -> io::Result<()>;
}

/// The loop of one library, as a careful user of that library writes it.
pub trait EventLoop:
    Sized + 'static + Registers<<<Self as EventLoop>::Pipe as Pipe>::Reader>
{
    /// What is chosen when it is opened; `()` where there is nothing to choose.
    type Kind: Copy + Send + 'static;
    /// A pipe in this library's types, read and written in its way.
    type Pipe: Pipe;
    /// What another thread wakes it with.
    type Waker: Wake;

    /// Opens one that can report `capacity` events in one wait.
    ///
    /// # Errors
    /// Those of the system.
    fn open(kind: Self::Kind, capacity: usize) -> io::Result<Self>;

    /// A waker whose wakes are reported under `token`; a loop has at most one.
    ///
    /// # Errors
    /// Those of the system.
    fn waker(&mut self, token: usize) -> io::Result<Self::Waker>;

    /// Waits for events no longer than `timeout`, calls `ready` with the token of every
    /// source that is readable, and tells how many events there were.
    ///
    /// A wait that a signal has ended begins anew.
    ///
    /// # Errors
    /// Those of the system and those of `ready`.
    fn wait(
        &mut self,
        timeout: Duration,
        ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize>;
}

/// Wakes a loop from another thread.
pub trait Wake: Send + 'static {
    /// Has the wait that is under way, or the next one, report the waker's token.
    ///
    /// # Errors
    /// Those of the system.
    fn wake(&self) -> io::Result<()>;
}
