//! The one place where a number that the caller gave becomes a descriptor.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::fs::FileType;

/// Lends `fd` to the system calls that register it.
///
/// A number that no open descriptor has is answered by the kernel.
pub(super) fn borrow(fd: RawFd) -> io::Result<BorrowedFd<'static>> {
    if fd < 0 {
        return Err(rustix::io::Errno::BADF.into());
    }
    // SAFETY: The value is not -1, so the type's niche is respected. Its other demand is
    // that the descriptor stay open for as long as it is borrowed; here it is only passed
    // on, at once, to fstat(2), fcntl(F_GETFD) and epoll_ctl(2), which take any number,
    // answer EBADF for one that is not open, and neither read, write nor close it. So a
    // caller who passes a wrong number breaks nothing but the caller's own registration.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Fails, with the system's own error, if `fd` is not open.
pub(super) fn check_is_open(fd: RawFd) -> io::Result<()> {
    rustix::io::fcntl_getfd(borrow(fd)?)?;
    Ok(())
}

/// Whether `fd` is what every kernel waits for, and closes when it is told to.
#[cold]
pub(crate) fn is_socket_or_pipe(fd: RawFd) -> io::Result<bool> {
    let status = rustix::fs::fstat(borrow(fd)?)?;
    Ok(matches!(FileType::from_raw_mode(status.st_mode), FileType::Socket | FileType::Fifo))
}

/// What epoll says of a descriptor that it does not watch: whether it is open.
#[cold]
pub(super) fn not_watched(fd: RawFd) -> io::Error {
    check_is_open(fd).err().unwrap_or_else(|| rustix::io::Errno::NOENT.into())
}
