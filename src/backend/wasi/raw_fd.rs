//! What WASI says of a number that the caller gave for a descriptor.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::RawFd;

/// Fails, with the system's own error, if `fd` is not open.
pub(super) fn check_is_open(fd: RawFd) -> io::Result<()> {
    kind_of(fd).map(|_| ())
}

/// Whether `fd` is what every system waits for.
pub(crate) fn is_socket_or_pipe(fd: RawFd) -> io::Result<bool> {
    Ok(matches!(kind_of(fd)?, wasi::FILETYPE_SOCKET_STREAM | wasi::FILETYPE_SOCKET_DGRAM))
}

/// Fails for what is not open, and for files, which are always ready.
pub(super) fn check_can_be_waited_for(fd: RawFd) -> io::Result<()> {
    match kind_of(fd)? {
        wasi::FILETYPE_REGULAR_FILE | wasi::FILETYPE_DIRECTORY | wasi::FILETYPE_BLOCK_DEVICE => {
            Err(error(wasi::ERRNO_PERM))
        }
        _ => Ok(()),
    }
}

fn kind_of(fd: RawFd) -> io::Result<wasi::Filetype> {
    // SAFETY: The call takes any number, and answers for one that is no open descriptor.
    let status = unsafe { wasi::fd_fdstat_get(fd as wasi::Fd) };
    status.map(|status| status.fs_filetype).map_err(error)
}

/// What is said of a descriptor that is not watched: whether it is open.
#[cold]
pub(super) fn not_watched(fd: RawFd) -> io::Error {
    check_is_open(fd).err().unwrap_or_else(|| error(wasi::ERRNO_NOENT))
}

/// What is said of a descriptor that is watched.
#[cold]
pub(super) fn already_watched() -> io::Error {
    error(wasi::ERRNO_EXIST)
}

/// Whether `error` says that the system cannot wait for a thing, such as a regular file.
pub(super) fn is_never_waited_for(error: &io::Error) -> bool {
    error.raw_os_error() == Some(i32::from(wasi::ERRNO_PERM.raw()))
}

/// Whether the host lacks a mechanism.
pub(super) fn is_lack(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

pub(super) fn error(number: wasi::Errno) -> io::Error {
    io::Error::from_raw_os_error(i32::from(number.raw()))
}
