//! AFD, the driver beneath Winsock, which tells what a socket is ready for.
//!
//! `IOCTL_AFD_POLL` is what WSAPoll and select are made of. It is not documented, but has not
//! changed since Windows Vista, and most event loops of the world depend on it (libuv, wepoll,
//! Go's and Java's among them). Asked through a handle of the driver's own, it ends like any
//! overlapped operation: by a packet in the completion port of that handle.
//!
//! A request asks for some events of one socket, and ends at once if one of them is there
//! already: a level, told once.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, NtCancelIoFileEx, NtCreateFile};
use windows_sys::Wdk::System::IO::NtDeviceIoControlFile;
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, RtlNtStatusToDosError, STATUS_CANCELLED, STATUS_PENDING, STATUS_SUCCESS,
    UNICODE_STRING,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE, SetFileCompletionNotificationModes,
};
use windows_sys::Win32::System::IO::{IO_STATUS_BLOCK, IO_STATUS_BLOCK_0};
use windows_sys::Win32::System::WindowsProgramming::FILE_SKIP_SET_EVENT_ON_HANDLE;

use super::port::{Key, Port};
use crate::os::RawDescriptor;

/// Data can be read.
pub(super) const RECEIVE: u32 = 0x1;
/// Urgent data can be read.
pub(super) const RECEIVE_EXPEDITED: u32 = 0x2;
/// There is room to write, or the connection was made.
pub(super) const SEND: u32 = 0x4;
/// The peer has ended its stream.
pub(super) const DISCONNECT: u32 = 0x8;
/// The connection was reset.
pub(super) const ABORT: u32 = 0x10;
/// The socket was closed in this process.
pub(super) const LOCAL_CLOSE: u32 = 0x20;
/// A connection waits to be accepted.
pub(super) const ACCEPT: u32 = 0x80;
/// The connection could not be made.
pub(super) const CONNECT_FAIL: u32 = 0x100;

const IOCTL_AFD_POLL: u32 = 0x0001_2024;

/// How many sockets go by one handle. The driver looks for a request that is cancelled among
/// all those of its handle.
const MEMBERS: u32 = 32;

/// `AFD_POLL_INFO`, for one socket.
#[repr(C)]
#[derive(Debug)]
struct PollInfo {
    timeout: i64,
    number_of_handles: u32,
    exclusive: u32,
    handle: HANDLE,
    events: u32,
    status: NTSTATUS,
}

/// A handle of the driver's own, through which the polls of some sockets are made.
#[derive(Debug)]
pub(super) struct Device {
    handle: OwnedHandle,
    members: AtomicU32,
}

/// The handles that are open, which are as many as the sockets call for.
#[derive(Debug, Default)]
pub(super) struct Devices {
    with_room: Vec<Arc<Device>>,
}

/// One poll of one socket, in memory that the kernel writes to while it is in flight.
///
/// The kernel is given a share of it (`Arc::into_raw`) when the poll is made, and gives it back
/// with the packet that tells of the end: [`take_back`](Request::take_back). Every poll that
/// the kernel has accepted ends in one packet, also if it was cancelled, if its socket or its
/// device was closed, or if the thread that made it has ended. So whatever becomes of the
/// registration and of the poll that it was made for, the memory is there for as long as the
/// kernel may write to it; and where a port is closed before that packet was taken out, the
/// share is never given back, which leaks the memory and is sound.
#[derive(Debug)]
pub(super) struct Request {
    /// Where the kernel writes how it ended; its address names the request when it is
    /// cancelled.
    block: UnsafeCell<IO_STATUS_BLOCK>,
    /// What is asked, and then, what the kernel answers.
    info: UnsafeCell<PollInfo>,
    /// The socket as it is registered, which its base socket need not be.
    socket: RawDescriptor,
}

// SAFETY: The cells are written by `Request::ask`, which demands that it is not in flight and
// is called by one thread at a time, and by the kernel until the packet of its end is taken
// out; they are read by `Request::take_back`, after that. Nothing else looks into them.
unsafe impl Send for Request {}
// SAFETY: As above.
unsafe impl Sync for Request {}

/// How a poll has ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// With these events.
    Events(u32),
    Cancelled,
    /// The driver refuses to poll the socket.
    Failed,
}

impl Devices {
    /// A device with room for one more socket, which is counted.
    pub(super) fn join(&mut self, port: &Port) -> io::Result<Arc<Device>> {
        if self.with_room.is_empty() {
            self.with_room.push(Arc::new(Device::open(port)?));
        }
        let device = Arc::clone(&self.with_room[self.with_room.len() - 1]);
        if device.members.fetch_add(1, Ordering::Relaxed) == MEMBERS - 1 {
            self.with_room.pop();
        }
        Ok(device)
    }

    /// Counts out a socket. One empty device at most is kept for the next.
    pub(super) fn leave(&mut self, device: &Arc<Device>) {
        let before = device.members.fetch_sub(1, Ordering::Relaxed);
        if before == MEMBERS {
            self.with_room.push(Arc::clone(device));
        } else if before == 1 && self.with_room.len() > 1 {
            self.with_room.retain(|other| !Arc::ptr_eq(other, device));
        }
    }
}

impl Device {
    fn open(port: &Port) -> io::Result<Device> {
        let mut name: Vec<u16> = r"\Device\Afd\omnipoll".encode_utf16().collect();
        let bytes = (name.len() * size_of::<u16>()) as u16;
        let name =
            UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: name.as_mut_ptr() };
        let attributes = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            RootDirectory: ptr::null_mut(),
            ObjectName: &raw const name,
            Attributes: 0,
            SecurityDescriptor: ptr::null(),
            SecurityQualityOfService: ptr::null(),
        };
        let mut handle = ptr::null_mut();
        let mut block = empty_block();
        // SAFETY: Every pointer is to a value that lives until the call returns, the name's
        // characters among them, or is null where the call takes that.
        let status = unsafe {
            NtCreateFile(
                &mut handle,
                SYNCHRONIZE,
                &attributes,
                &mut block,
                ptr::null(),
                0,
                FILE_SHARE_READ | FILE_SHARE_WRITE,
                FILE_OPEN,
                0,
                ptr::null(),
                0,
            )
        };
        if status != STATUS_SUCCESS {
            return Err(error_of(status));
        }
        // SAFETY: The call has just made it, and nobody else has it.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        port.associate(&handle, Key::Poll)?;
        // The packet tells of the end, so nobody waits for the handle itself. Where this is
        // refused, that costs a little time and nothing else.
        // SAFETY: The handle is open, and the call keeps nothing.
        unsafe {
            SetFileCompletionNotificationModes(
                handle.as_raw_handle(),
                FILE_SKIP_SET_EVENT_ON_HANDLE as u8,
            );
        }
        Ok(Device { handle, members: AtomicU32::new(0) })
    }

    fn raw(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}

impl Request {
    pub(super) fn new(socket: RawDescriptor) -> Arc<Request> {
        Arc::new(Request {
            block: UnsafeCell::new(empty_block()),
            info: UnsafeCell::new(PollInfo {
                timeout: i64::MAX,
                number_of_handles: 1,
                exclusive: 0,
                handle: ptr::null_mut(),
                events: 0,
                status: 0,
            }),
            socket,
        })
    }

    pub(super) fn socket(&self) -> RawDescriptor {
        self.socket
    }

    /// Has the driver tell when one of `events` is there on the socket whose base is `base`.
    ///
    /// # Safety
    ///
    /// It must not be in flight, and nobody else may ask by it at the same time.
    pub(super) unsafe fn ask(
        self: &Arc<Request>,
        device: &Device,
        base: RawDescriptor,
        events: u32,
    ) -> io::Result<()> {
        let (block, info) = (self.block.get(), self.info.get());
        // SAFETY: It is not in flight, so the kernel does not write to it, and the caller says
        // that no other thread does.
        unsafe {
            *block = empty_block();
            (*info).number_of_handles = 1;
            (*info).handle = base as HANDLE;
            (*info).events = events;
            (*info).status = 0;
        }
        let context: *const Request = Arc::into_raw(Arc::clone(self));
        #[cfg(test)]
        super::calls::count_poll();
        // SAFETY: The device is open. Both cells stay where they are for as long as the kernel
        // may write to them: the share that `context` is keeps them until it gives that back.
        let status = unsafe {
            NtDeviceIoControlFile(
                device.raw(),
                ptr::null_mut(),
                None,
                context.cast(),
                block,
                IOCTL_AFD_POLL,
                info.cast::<c_void>(),
                size_of::<PollInfo>() as u32,
                info.cast::<c_void>(),
                size_of::<PollInfo>() as u32,
            )
        };
        if !is_error(status) {
            // Of what ended at once a packet comes too.
            return Ok(());
        }
        // SAFETY: A request that is refused makes no packet, so the kernel has no use for its
        // share, and nobody else takes that back.
        drop(unsafe { Arc::from_raw(context) });
        Err(error_of(status))
    }

    /// Has it end at once. Its packet comes all the same.
    pub(super) fn cancel(&self, device: &Device) {
        let mut block = empty_block();
        // SAFETY: The device is open. The first block is only an address here, by which the
        // kernel knows the request, and that stays valid, as `self` is borrowed. If there is no
        // such request any more, the call says so and does nothing.
        unsafe { NtCancelIoFileEx(device.raw(), self.block.get(), &mut block) };
    }

    /// Takes the kernel's share back, and reads its answer.
    ///
    /// # Safety
    ///
    /// `context` must have come in a packet that tells of the end of a request, and this be
    /// called once for it.
    pub(super) unsafe fn take_back(context: *const Request) -> (Arc<Request>, Answer) {
        // SAFETY: It is what `ask` made by `Arc::into_raw`, and the caller says that nobody
        // else takes it.
        let request = unsafe { Arc::from_raw(context) };
        // SAFETY: With the packet the kernel has stopped writing, and nobody asks by it anew
        // before the packet was looked at.
        let (status, info) =
            unsafe { ((*request.block.get()).Anonymous.Status, &*request.info.get()) };
        let answer = match status {
            STATUS_CANCELLED => Answer::Cancelled,
            _ if is_error(status) => Answer::Failed,
            _ if info.number_of_handles > 0 => Answer::Events(info.events),
            _ => Answer::Events(0),
        };
        (request, answer)
    }
}

fn empty_block() -> IO_STATUS_BLOCK {
    IO_STATUS_BLOCK { Anonymous: IO_STATUS_BLOCK_0 { Status: STATUS_PENDING }, Information: 0 }
}

/// Whether a call that returns `status` has failed. What only warns or informs has been done,
/// and makes a packet as a success does.
fn is_error(status: NTSTATUS) -> bool {
    // The two upper bits are how severe it is.
    status as u32 >> 30 == 3
}

/// The error that Windows makes of a status of its kernel.
pub(super) fn error_of(status: NTSTATUS) -> io::Error {
    // SAFETY: The call looks the number up in a table.
    io::Error::from_raw_os_error(unsafe { RtlNtStatusToDosError(status) } as i32)
}

#[cfg(test)]
impl Device {
    /// What is not of the driver, so that no poll can be made by it.
    pub(super) fn broken() -> Device {
        let handle = std::fs::File::open("NUL").unwrap().into();
        Device { handle, members: AtomicU32::new(1) }
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Foundation::{
        STATUS_BUFFER_OVERFLOW, STATUS_INVALID_HANDLE, STATUS_TIMEOUT,
    };

    use super::*;

    #[test]
    fn what_warns_or_informs_has_been_done() {
        for status in [STATUS_SUCCESS, STATUS_PENDING, STATUS_TIMEOUT, STATUS_BUFFER_OVERFLOW] {
            assert!(!is_error(status), "{status:#x}");
        }
        for status in [STATUS_INVALID_HANDLE, STATUS_CANCELLED] {
            assert!(is_error(status), "{status:#x}");
        }
    }
}
