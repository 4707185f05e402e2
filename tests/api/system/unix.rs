//! What the tests ask of a Unix.

use std::io::ErrorKind;
use std::os::fd::AsFd;

pub(crate) const NO_DESCRIPTOR_LEFT: i32 = libc::EMFILE;

/// What is said of urgent data that is not there.
pub(crate) const NOT_URGENT: ErrorKind = ErrorKind::InvalidInput;

/// Why a write fails after the writing half was shut, or the peer is gone.
pub(crate) fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

/// Whether the system is Wine, whose faults tests/wine.rs shows.
pub(crate) fn is_wine() -> bool {
    false
}

/// Whether it is non-blocking and close-on-exec, as everything made here is.
#[track_caller]
pub(crate) fn assert_flags(descriptor: impl AsFd) {
    let status = rustix::fs::fcntl_getfl(&descriptor).unwrap();
    assert!(status.contains(rustix::fs::OFlags::NONBLOCK));
    let flags = rustix::io::fcntl_getfd(&descriptor).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
}
