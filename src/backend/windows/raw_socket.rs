//! What Windows says of a number that the caller gave for a socket.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_NOT_FOUND, ERROR_PROC_NOT_FOUND};
use windows_sys::Win32::Networking::WinSock::{
    SIO_BASE_HANDLE, SIO_BSP_HANDLE_POLL, SO_TYPE, SOCKET, SOCKET_ERROR, SOL_SOCKET, WSAENOTSOCK,
    WSAEOPNOTSUPP, WSAGetLastError, WSAIoctl, getsockopt,
};

use crate::os::RawDescriptor;

/// What a socket is, as far as the system waits for it: only sockets have a number here, and it
/// waits for all of them.
pub(super) enum Kind {
    WaitedFor,
    #[expect(dead_code, reason = "of Unix")]
    Perhaps {
        else_refused: bool,
    },
    #[expect(dead_code, reason = "of Unix")]
    NeverWaitedFor,
}

/// What `socket` is, which must be open.
pub(super) fn kind_of(socket: RawDescriptor) -> io::Result<Kind> {
    check_is_open(socket).map(|()| Kind::WaitedFor)
}

/// Whether `socket` is what every kernel waits for; only sockets have a number here.
pub(crate) fn is_socket_or_pipe(_: RawDescriptor) -> io::Result<bool> {
    Ok(true)
}

/// Fails, with the system's own error, if `socket` is none.
pub(super) fn check_is_open(socket: RawDescriptor) -> io::Result<()> {
    let mut kind = 0u32;
    let mut length = size_of::<u32>() as i32;
    // SAFETY: The call fills the value that it is given the address and the length of. A number
    // that is no socket is refused.
    let asked = unsafe {
        getsockopt(socket as SOCKET, SOL_SOCKET, SO_TYPE, (&raw mut kind).cast(), &mut length)
    };
    if asked == SOCKET_ERROR { Err(last_error()) } else { Ok(()) }
}

/// The socket of Windows' own beneath `socket`, which may be one of a layered provider.
///
/// The driver knows only the former. Some providers refuse the plain question, lest programs
/// go around them, but all must answer the one that `WSAPoll` asks.
pub(super) fn base_of(socket: RawDescriptor) -> io::Result<RawDescriptor> {
    match ask_for_base(socket, SIO_BASE_HANDLE) {
        Err(error) if error.raw_os_error() != Some(WSAENOTSOCK) => {
            match ask_for_base(socket, SIO_BSP_HANDLE_POLL) {
                Ok(base) if base != socket => base_of(base),
                // It has nothing beneath it, or neither question is known.
                Ok(_) | Err(_) => Err(error),
            }
        }
        result => result,
    }
}

fn ask_for_base(socket: RawDescriptor, question: u32) -> io::Result<RawDescriptor> {
    let mut base = MaybeUninit::<SOCKET>::uninit();
    let mut written = 0;
    // SAFETY: The call fills the value that it is given the address and the length of; the
    // other pointers may be null. A number that is no socket is refused.
    unsafe {
        let asked = WSAIoctl(
            socket as SOCKET,
            question,
            ptr::null(),
            0,
            base.as_mut_ptr().cast(),
            size_of::<SOCKET>() as u32,
            &mut written,
            ptr::null_mut(),
            None,
        );
        if asked == SOCKET_ERROR {
            return Err(last_error());
        }
        Ok(base.assume_init() as RawDescriptor)
    }
}

pub(super) fn last_error() -> io::Error {
    // SAFETY: The call has no conditions.
    io::Error::from_raw_os_error(unsafe { WSAGetLastError() })
}

/// What is said of a socket that is not watched: whether it is one.
#[cold]
pub(super) fn not_watched(socket: RawDescriptor) -> io::Error {
    check_is_open(socket).err().unwrap_or_else(|| io::ErrorKind::NotFound.into())
}

/// What is said of a socket that is watched.
#[cold]
pub(super) fn already_watched() -> io::Error {
    io::ErrorKind::AlreadyExists.into()
}

/// What the system says of a number that is no socket.
#[cold]
pub(super) fn not_open() -> io::Error {
    io::Error::from_raw_os_error(WSAENOTSOCK)
}

/// Whether `error` says that a number is no socket.
pub(super) fn is_not_open(error: &io::Error) -> bool {
    [WSAENOTSOCK, ERROR_INVALID_HANDLE as i32]
        .iter()
        .any(|&code| error.raw_os_error() == Some(code))
}

/// What would be said of a thing that is always ready, if one could be registered.
#[cold]
pub(super) fn never_waited_for() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

/// Whether `error` says that the system cannot wait for a thing: it can for every socket.
pub(super) fn is_never_waited_for(_: &io::Error) -> bool {
    false
}

/// Whether `error` says that the system lacks a call.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    is_lack(error)
}

/// Whether the system lacks a mechanism.
pub(super) fn is_lack(error: &io::Error) -> bool {
    const CODES: [i32; 3] = [WSAEOPNOTSUPP, ERROR_NOT_FOUND as i32, ERROR_PROC_NOT_FOUND as i32];
    error.kind() == io::ErrorKind::Unsupported
        || CODES.iter().any(|&code| error.raw_os_error() == Some(code))
}
