//! Sources that are not sockets.
//!
//! | file | what it is |
//! |---|---|
//! | fd.rs | `SourceFd`: any descriptor of the caller's |
//! | pipe.rs | pipes, and the two ends of a FIFO |
//! | fifo.rs | making FIFOs, and opening them by path |
//!
//! Each is an [`event::Source`](crate::event::Source). `lib.rs` re-exports them under
//! mio's path, `unix`.

mod fd;
mod fifo;
pub mod pipe;

pub use self::fd::SourceFd;
