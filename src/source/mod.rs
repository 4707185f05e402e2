//! Sources that are not sockets.
//!
//! | file | what it is |
//! |---|---|
//! | fd.rs | `SourceFd`: any descriptor of the caller's |
//! | pipe.rs | pipes, and the two ends of a FIFO |
//! | fifo.rs | making FIFOs, and opening them by path |
//! | named_pipe.rs | named pipes of Windows |
//!
//! Each is an [`event::Source`](crate::event::Source). `lib.rs` re-exports them under
//! mio's path, `unix`.

#[cfg(any(unix, wasi))]
mod fd;
#[cfg(unix)]
mod fifo;
#[cfg(windows)]
mod named_pipe;
#[cfg(unix)]
pub mod pipe;

#[cfg(any(unix, wasi))]
pub use self::fd::SourceFd;
#[cfg(windows)]
pub use self::named_pipe::NamedPipe;
