//! The one place where a number that the caller gave becomes a descriptor.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::fs::FileType;
use rustix::io::Errno;

/// What a descriptor is, as far as kernels wait for it.
pub(super) enum Kind {
    WaitedFor,
    /// Some of its kind are waited for, as a terminal or a file of procfs, and some are not,
    /// as /dev/null: a kernel's register knows. Where there is none, most of them say whether
    /// it is refused.
    Perhaps {
        else_refused: bool,
    },
    NeverWaitedFor,
}

/// What `fd` is, which must be open.
pub(super) fn kind_of(fd: RawFd) -> io::Result<Kind> {
    let status = rustix::fs::fstat(borrow(fd)?)?;
    Ok(match FileType::from_raw_mode(status.st_mode) {
        FileType::Directory | FileType::BlockDevice => Kind::NeverWaitedFor,
        FileType::CharacterDevice => Kind::Perhaps { else_refused: false },
        FileType::RegularFile => Kind::Perhaps { else_refused: true },
        _ => Kind::WaitedFor,
    })
}

/// Lends `fd` to the system calls that register it.
///
/// A number that no open descriptor has is answered by the kernel.
pub(super) fn borrow(fd: RawFd) -> io::Result<BorrowedFd<'static>> {
    if fd < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: The value is not -1, so the type's niche is respected. Its other demand is
    // that the descriptor stay open for as long as it is borrowed; here it is only passed
    // on, at once, to fstat(2), isatty(3), fcntl(F_GETFD) and epoll_ctl(2), which take any
    // number, answer EBADF for one that is not open, and neither read, write nor close it. So
    // a caller who passes a wrong number breaks nothing but the caller's own registration.
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
    check_is_open(fd).err().unwrap_or_else(|| Errno::NOENT.into())
}

/// What epoll says of a descriptor that it watches.
#[cold]
pub(super) fn already_watched() -> io::Error {
    Errno::EXIST.into()
}

/// What the system says of a number that is no descriptor.
#[cold]
pub(super) fn not_open() -> io::Error {
    Errno::BADF.into()
}

/// What epoll says of a thing that it does not wait for, such as a regular file.
#[cold]
pub(super) fn never_waited_for() -> io::Error {
    Errno::PERM.into()
}

/// Whether `error` says that the kernel cannot wait for a thing, such as a regular file.
pub(super) fn is_never_waited_for(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EPERM)
}

/// Whether `error` says that a kernel or a sandbox lacks a call, rather than that the call
/// failed. Sandboxes have more than one way to say so.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    is_lack(error)
}

/// Whether the machine or a sandbox lacks a mechanism.
pub(super) fn is_lack(error: &io::Error) -> bool {
    // The first is that of ENOSYS too.
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
}
