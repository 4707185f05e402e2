//! The poll of a command that serves or loads.

use std::io;

use omnipoll::{Backend, Poll};

/// Opens one over `backend`, or over what the environment or the machine prefers.
pub(crate) fn open(backend: Option<Backend>) -> io::Result<Poll> {
    // Signals are events here; another that ends a wait is no reason to end.
    let mut builder = Poll::builder().retry_interrupted(true);
    if let Some(backend) = backend {
        builder = builder.backend(backend);
    }
    builder.build()
}
