//! What the tests ask of Windows.

use std::io::ErrorKind;
use std::os::windows::io::{AsRawSocket, AsSocket};

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE, HANDLE_FLAG_INHERIT};
use windows_sys::Win32::Networking::WinSock::{
    WSAECONNABORTED, WSAECONNRESET, WSAEMFILE, WSAESHUTDOWN,
};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

pub(crate) const NO_DESCRIPTOR_LEFT: i32 = WSAEMFILE;

/// What is said of urgent data that is not there.
pub(crate) const NOT_URGENT: ErrorKind = ErrorKind::WouldBlock;

/// Why a write fails after the writing half was shut, or the peer is gone.
pub(crate) fn is_broken_pipe(error: &std::io::Error) -> bool {
    const CODES: [i32; 3] = [WSAESHUTDOWN, WSAECONNABORTED, WSAECONNRESET];
    CODES.iter().any(|&code| error.raw_os_error() == Some(code))
}

/// Whether the system is Wine, whose faults tests/wine.rs shows.
pub(crate) fn is_wine() -> bool {
    // SAFETY: both names end in a zero, and ntdll is in every process for as long as it lives.
    #[allow(unsafe_code)]
    unsafe {
        let ntdll = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
        GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// Whether it is not inherited, as everything made here is. Windows does not tell whether a
/// socket blocks; the tests would hang.
#[track_caller]
#[allow(unsafe_code)]
pub(crate) fn assert_flags(socket: impl AsSocket) {
    let handle = socket.as_socket().as_raw_socket() as HANDLE;
    let mut flags = 0;
    // SAFETY: The handle is open, as it is borrowed, and the call fills the value.
    assert_ne!(unsafe { GetHandleInformation(handle, &mut flags) }, 0);
    assert_eq!(flags & HANDLE_FLAG_INHERIT, 0);
}
