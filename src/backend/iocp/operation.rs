//! One operation on a named pipe, in memory that the kernel writes to while it is under way.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::io;
use std::mem;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr;
use std::sync::{Arc, Weak};

use windows_sys::Win32::Foundation::{ERROR_IO_PENDING, ERROR_MORE_DATA};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, OVERLAPPED};
use windows_sys::Win32::System::Pipes::ConnectNamedPipe;

use super::pipe::{Pipe, is};
use super::port::Port;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Connect,
    Read,
    Write,
}

/// An operation that the kernel has, or has had.
///
/// The kernel has a share of it (`Arc::into_raw`) from its start to the packet that tells of
/// its end, as [`Request`](super::afd::Request) says of polls. The buffer is in it, and not in
/// the pipe, so that both live as long, and its bytes lie on the heap and stay where they are.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Operation {
    /// First, so that its address, which the packet has, is that of the whole.
    overlapped: UnsafeCell<OVERLAPPED>,
    buffer: UnsafeCell<Vec<u8>>,
    /// How much of a write has gone out in operations before this one.
    written: usize,
    act: Act,
    /// Weak, so that a pipe that is dropped is closed, which ends what is under way.
    pipe: Weak<Pipe>,
    /// What is written is to arrive: the pipe is not closed before that.
    _kept_open: Option<Arc<Pipe>>,
}

// SAFETY: The cells are touched by `Operation::start`, before the kernel has the operation, by
// the kernel until its packet is taken out, and by `Operation::take_back`, once, after it.
// Shares that others have are used for the address alone.
unsafe impl Send for Operation {}
// SAFETY: As above.
unsafe impl Sync for Operation {}

/// How an operation has ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) operation: Arc<Operation>,
    pub(super) result: io::Result<usize>,
    /// What was read, or was to be written.
    pub(super) bytes: Vec<u8>,
}

impl Operation {
    /// Starts one on `pipe`, which belongs to `port`; its packet comes also if it ends at once.
    /// What is read is as much as `bytes` has room for; what is written are `bytes`, but for so
    /// many that have gone out before.
    pub(super) fn start(
        pipe: &Arc<Pipe>,
        port: &Port,
        act: Act,
        bytes: Vec<u8>,
        written: usize,
    ) -> io::Result<Arc<Operation>> {
        let operation = Arc::new(Operation {
            // SAFETY: All its fields are numbers or pointers, which may be zero.
            overlapped: UnsafeCell::new(unsafe { mem::zeroed() }),
            buffer: UnsafeCell::new(bytes),
            written,
            act,
            pipe: Arc::downgrade(pipe),
            _kept_open: (act == Act::Write).then(|| Arc::clone(pipe)),
        });
        let share = Arc::into_raw(Arc::clone(&operation));
        let overlapped = operation.overlapped.get();
        let handle = pipe.handle().as_raw_handle();
        port.lend(overlapped);
        // SAFETY: The handle is open. The structure and the bytes stay where they are until the
        // packet gives back the kernel's share, which keeps both; the length of what is read is
        // what the vector has room for, that of what is written is what it holds.
        let done = unsafe {
            let buffer = &mut *operation.buffer.get();
            match act {
                Act::Connect => ConnectNamedPipe(handle, overlapped),
                Act::Read => {
                    let room = buffer.capacity() as u32;
                    ReadFile(handle, buffer.as_mut_ptr(), room, ptr::null_mut(), overlapped)
                }
                Act::Write => {
                    let rest = &buffer[written..];
                    let length = rest.len() as u32;
                    WriteFile(handle, rest.as_ptr(), length, ptr::null_mut(), overlapped)
                }
            }
        };
        let error = io::Error::last_os_error();
        if done != 0 || is(&error, ERROR_IO_PENDING) || is(&error, ERROR_MORE_DATA) {
            return Ok(operation);
        }
        port.take_back(overlapped);
        // SAFETY: What is refused makes no packet, so the kernel has no use for its share.
        drop(unsafe { Arc::from_raw(share) });
        Err(error)
    }

    pub(super) fn act(&self) -> Act {
        self.act
    }

    /// How much of a write has gone out in operations before this one.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// Has it end at once, if it has not. Its packet comes all the same.
    pub(super) fn cancel(&self, handle: &OwnedHandle) {
        // SAFETY: The handle is open, and the structure is only an address here.
        unsafe { CancelIoEx(handle.as_raw_handle(), self.overlapped.get()) };
    }

    /// Takes the kernel's share back, and reads how it ended, with so many bytes.
    ///
    /// # Safety
    ///
    /// `overlapped` must have come in a packet that tells of the end of an operation of this
    /// module, and this be called once for it.
    pub(super) unsafe fn take_back(overlapped: *mut OVERLAPPED, length: u32) -> End {
        // SAFETY: It is the address of the first field of what `start` made by `Arc::into_raw`,
        // and the caller says that nobody else takes it.
        let operation = unsafe { Arc::from_raw(overlapped.cast_const().cast::<Operation>()) };
        let length = length as usize;
        // SAFETY: With the packet the kernel has stopped writing, and this is called once.
        let (status, mut bytes) = unsafe {
            let status = (*operation.overlapped.get()).Internal as i32;
            (status, mem::take(&mut *operation.buffer.get()))
        };
        let result = match super::afd::error_of(status) {
            _ if status >= 0 => Ok(length),
            // There is more of the message, and the next read brings it.
            error if is(&error, ERROR_MORE_DATA) => Ok(length),
            error => Err(error),
        };
        if operation.act == Act::Read && result.is_ok() {
            // SAFETY: The kernel says that it has written so many.
            unsafe { bytes.set_len(length) };
        }
        End { operation, result, bytes }
    }
}

impl End {
    /// The pipe that it was an operation on, if that is still there.
    pub(super) fn pipe(&self) -> Option<Arc<Pipe>> {
        self.operation.pipe.upgrade()
    }
}
