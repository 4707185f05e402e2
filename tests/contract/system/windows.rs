//! What the tests ask of the system and no safe crate offers them.
#![allow(unsafe_code)]

use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::windows::io::{AsSocket, OwnedSocket};
use std::thread;
use std::time::Duration;

use omnipoll::net::TcpStream;
use socket2::{Domain, SockRef, Socket, Type};
use windows_sys::Wdk::System::SystemInformation::{
    NtQuerySystemInformation, SYSTEM_INFORMATION_CLASS,
};
use windows_sys::Win32::Foundation::{FILETIME, STATUS_INFO_LENGTH_MISMATCH, STATUS_SUCCESS};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetCurrentThread, GetThreadTimes};

use crate::sources::Numbered;
use crate::support::End;

/// `SystemExtendedHandleInformation`.
const HANDLES: SYSTEM_INFORMATION_CLASS = 64;

/// What is said of a datagram that was refused.
pub(crate) const REFUSED_DATAGRAM: io::ErrorKind = io::ErrorKind::ConnectionReset;

/// Processor time of the calling thread.
pub(crate) fn thread_cpu_time() -> Duration {
    let mut times = [FILETIME::default(); 4];
    let [made, ended, kernel, user] = &mut times;
    // SAFETY: the handle is that of the calling thread, and the call fills the four structs.
    assert_ne!(unsafe { GetThreadTimes(GetCurrentThread(), made, ended, kernel, user) }, 0);
    let time = |time: &FILETIME| {
        Duration::from_nanos(
            100 * (u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)),
        )
    };
    time(kernel) + time(user)
}

/// Gives other threads the time to fall asleep in their waits. Tests must also hold if
/// they do not: this only makes the interesting case the usual one.
pub(crate) fn let_others_sleep() {
    thread::sleep(Duration::from_millis(20));
}

/// Whether the system is Wine, which has a call that tells its version.
pub(crate) fn is_wine() -> bool {
    // SAFETY: both names end in a zero, and ntdll is in every process for as long as it lives.
    unsafe {
        let ntdll = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
        GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// How many handles this process has open.
pub(crate) fn open_descriptors() -> usize {
    // Wine does not count them for `GetProcessHandleCount`, but has this list, of all processes.
    let mut list = vec![0_usize; 1 << 12];
    let id = std::process::id() as usize;
    loop {
        let length = (list.len() * size_of::<usize>()) as u32;
        // SAFETY: the pointer and the length are those of one vector, which the call fills.
        let status =
            unsafe { NtQuerySystemInformation(HANDLES, list.as_mut_ptr().cast(), length, &mut 0) };
        if status == STATUS_INFO_LENGTH_MISMATCH {
            list.resize(2 * list.len(), 0);
            continue;
        }
        assert_eq!(status, STATUS_SUCCESS);
        // Two words of a head, and five for each handle, the second of them its process.
        let handles = list[2..].chunks_exact(5).take(list[0]);
        return handles.filter(|handle| handle[1] == id).count();
    }
}

/// How many pages of memory, of 4 KiB, this process has to itself.
pub(crate) fn resident_pages() -> u64 {
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let length = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    // SAFETY: the handle is that of this process, and the call fills the struct, whose length
    // it is given.
    unsafe {
        assert_ne!(K32GetProcessMemoryInfo(GetCurrentProcess(), &mut counters, length), 0);
    }
    counters.WorkingSetSize as u64 / 4096
}

/// Makes closing `end` reset its connection.
pub(crate) fn reset_on_close(end: &End) {
    let number = end.io.as_raw_socket();
    // SAFETY: `end` is borrowed, so the socket stays open.
    let socket = unsafe { std::os::windows::io::BorrowedSocket::borrow_raw(number) };
    SockRef::from(&socket).set_linger(Some(Duration::ZERO)).expect("linger");
}

/// Reads by a call of one's own.
pub(crate) fn read(socket: &impl AsSocket, buffer: &mut [u8]) -> io::Result<usize> {
    (&*SockRef::from(socket)).read(buffer)
}

/// A socket of TCP that is not connected.
pub(crate) fn unconnected() -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
    socket.set_nonblocking(true).expect("non-blocking");
    TcpStream::from(OwnedSocket::from(socket))
}

/// Connects by a call of one's own, or begins to.
pub(crate) fn begin_to_connect(socket: &impl AsSocket, address: SocketAddr) -> io::Result<()> {
    match SockRef::from(socket).connect(&address.into()) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        result => result,
    }
}
