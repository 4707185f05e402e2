//! What this process takes of the machine.
#![allow(unsafe_code)]

use std::io;
use std::net::UdpSocket;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Wdk::System::SystemInformation::{
    NtQuerySystemInformation, SYSTEM_INFORMATION_CLASS,
};
use windows_sys::Win32::Foundation::{FILETIME, STATUS_INFO_LENGTH_MISMATCH, STATUS_SUCCESS};
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentThread, GetProcessTimes, GetThreadTimes,
};

/// `SystemExtendedHandleInformation`.
const HANDLES: SYSTEM_INFORMATION_CLASS = 64;

/// Whether descriptors can run short: Windows has no limit that a program could meet.
pub(crate) const CAN_RUN_SHORT: bool = false;

/// How many handles are open.
pub(crate) fn descriptors() -> io::Result<usize> {
    // What the system opens for the first socket of a process stays open.
    drop(UdpSocket::bind("127.0.0.1:0")?);
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
        if status != STATUS_SUCCESS {
            return Err(io::Error::other(format!("the list of handles: {status:#x}")));
        }
        // Two words of a head, and five for each handle, the second of them its process.
        let handles = list[2..].chunks_exact(5).take(list[0]);
        return Ok(handles.filter(|handle| handle[1] == id).count());
    }
}

/// How much memory is in use, in bytes.
pub(crate) fn memory() -> io::Result<u64> {
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let length = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    // SAFETY: the handle is that of this process, and the call fills the struct, whose length
    // it is given.
    check(unsafe { K32GetProcessMemoryInfo(GetCurrentProcess(), &mut counters, length) })?;
    Ok(counters.WorkingSetSize as u64)
}

/// How long this process has been given a processor.
pub(crate) fn cpu_time() -> Duration {
    let mut times = [FILETIME::default(); 4];
    let [made, ended, kernel, user] = &mut times;
    // SAFETY: the handle is that of this process, and the call fills the four structs.
    let asked = unsafe { GetProcessTimes(GetCurrentProcess(), made, ended, kernel, user) };
    check(asked).expect("a process may ask for its own time");
    sum(kernel, user)
}

/// How long the calling thread has been given one.
pub(crate) fn thread_cpu_time() -> Duration {
    // SAFETY: it stands for the calling thread, for as long as that runs.
    time_of(unsafe { BorrowedHandle::borrow_raw(GetCurrentThread()) })
}

/// Where the system accounts for one thread, for others to look at.
#[derive(Debug)]
pub(crate) struct ThreadAccount(OwnedHandle);

impl ThreadAccount {
    /// That of the calling thread.
    pub(crate) fn own() -> io::Result<ThreadAccount> {
        // SAFETY: it stands for the calling thread, for as long as that runs. What is cloned is
        // a handle like others, for any thread.
        let own = unsafe { BorrowedHandle::borrow_raw(GetCurrentThread()) };
        Ok(ThreadAccount(own.try_clone_to_owned()?))
    }

    /// How long it has been given a processor.
    pub(crate) fn cpu_time(&self) -> Duration {
        time_of(self.0.as_handle())
    }
}

fn time_of(thread: BorrowedHandle<'_>) -> Duration {
    let mut times = [FILETIME::default(); 4];
    let [made, ended, kernel, user] = &mut times;
    // SAFETY: the handle is borrowed, so it is open, and the call fills the four structs.
    let asked = unsafe { GetThreadTimes(thread.as_raw_handle(), made, ended, kernel, user) };
    check(asked).expect("a process may ask for the times of its threads");
    sum(kernel, user)
}

fn sum(kernel: &FILETIME, user: &FILETIME) -> Duration {
    let time = |time: &FILETIME| {
        let hundreds = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
        Duration::from_nanos(100 * hundreds)
    };
    time(kernel) + time(user)
}

/// Does nothing, where there is no limit.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn limit_descriptors(_: u64) -> io::Result<()> {
    Ok(())
}

fn check(succeeded: i32) -> io::Result<()> {
    if succeeded == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
