//! A completion port, and what its packets mean.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use windows_sys::Win32::Foundation::{INVALID_HANDLE_VALUE, WAIT_TIMEOUT};
use windows_sys::Win32::System::IO::{
    CreateIoCompletionPort, GetQueuedCompletionStatusEx, OVERLAPPED, OVERLAPPED_ENTRY,
    PostQueuedCompletionStatus,
};
use windows_sys::Win32::System::Threading::INFINITE;

use super::afd::{Answer, Request};
use super::operation::{End, Operation};
use super::pipe::Pipe;
use crate::backend::timeout::{self, NOT_AT_ALL};

/// How many packets are taken in one call.
pub(super) const BATCH: usize = 128;

/// How long to wait for the kernel to give back memory: far longer than it takes.
const GIVING_BACK: Duration = Duration::from_secs(1);

/// What a packet is about, and so what its pointer is: the key of a handle, or of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Key {
    /// Nothing but that the wait ends; there is no pointer.
    Wake = 1,
    /// A poll of a socket has ended; the pointer is the kernel's share of its [`Request`].
    Poll = 2,
    /// An operation on a pipe has ended; the pointer is the kernel's share of its [`Operation`].
    Operation = 3,
    /// A pipe has something to tell; the pointer is a weak share of that [`Pipe`], which is
    /// closed though the packet is on its way.
    Pipe = 4,
}

/// A packet, taken out of the port.
#[derive(Debug)]
pub(super) enum Packet {
    Wake,
    Poll(Arc<Request>, Answer),
    Operation(End),
    Pipe(Weak<Pipe>),
}

#[derive(Debug)]
pub(super) struct Port {
    handle: OwnedHandle,
    /// The pipes that belong to it, and some that are gone.
    pipes: Mutex<Vec<Weak<Pipe>>>,
    /// The addresses of the operations on pipes that the kernel has. An operation by another
    /// handle of a pipe ends here too, and is none of ours.
    lent: Mutex<HashSet<usize>>,
    /// The poll that took packets out of it is gone.
    is_closed: AtomicBool,
}

impl Port {
    pub(super) fn open() -> io::Result<Port> {
        // As many threads as like may run between two waits: how many are of use is the
        // program's affair, and a thread that the port holds back would not hear of its event.
        const THREADS: u32 = i32::MAX as u32;
        // SAFETY: With this handle and no port, the call makes a new port.
        let handle =
            unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, THREADS) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: The call has just made it, and nobody else has it.
        Ok(Port::of(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    fn of(handle: OwnedHandle) -> Port {
        let (pipes, lent, is_closed) = Default::default();
        Port { handle, pipes, lent, is_closed }
    }

    /// Has the operations on `handle` that end from now on come out as packets.
    pub(super) fn associate(&self, handle: &impl AsRawHandle, key: Key) -> io::Result<()> {
        // SAFETY: Both handles are open, as their owners are borrowed, and the call keeps
        // neither of them.
        let port =
            unsafe { CreateIoCompletionPort(handle.as_raw_handle(), self.raw(), key as usize, 0) };
        if port.is_null() { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Has the operations on `pipe` come out of this port, for good.
    pub(super) fn adopt(&self, pipe: &Arc<Pipe>) -> io::Result<()> {
        self.associate(pipe.handle(), Key::Operation)?;
        let mut pipes = self.known_pipes();
        if pipes.len() == pipes.capacity() {
            pipes.retain(|pipe| pipe.strong_count() > 0);
        }
        pipes.push(Arc::downgrade(pipe));
        Ok(())
    }

    /// The pipes that belong to it.
    pub(super) fn pipes(&self) -> Vec<Arc<Pipe>> {
        self.known_pipes().iter().filter_map(Weak::upgrade).collect()
    }

    fn known_pipes(&self) -> MutexGuard<'_, Vec<Weak<Pipe>>> {
        // Nothing panics while it is held.
        self.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a packet that ends a wait.
    pub(super) fn wake(&self) -> io::Result<()> {
        // SAFETY: The port is open. The pointer is passed on and not looked at.
        let posted = unsafe {
            PostQueuedCompletionStatus(self.raw(), 0, Key::Wake as usize, ptr::null_mut())
        };
        if posted == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Adds a packet that has whoever waits look at `pipe`.
    pub(super) fn look_at(&self, pipe: Weak<Pipe>) -> io::Result<()> {
        let share = pipe.into_raw();
        // SAFETY: The port is open. The pointer is passed on and not looked at.
        let posted = unsafe {
            PostQueuedCompletionStatus(self.raw(), 0, Key::Pipe as usize, share.cast_mut().cast())
        };
        if posted == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: It was not passed on, so nobody else takes it.
            drop(unsafe { Weak::from_raw(share) });
            return Err(error);
        }
        Ok(())
    }

    /// Notes an operation that the kernel is given.
    pub(super) fn lend(&self, overlapped: *mut OVERLAPPED) {
        self.addresses_lent().insert(overlapped.addr());
    }

    /// Notes that the kernel has given an operation back; false if it had none of ours there.
    pub(super) fn take_back(&self, overlapped: *mut OVERLAPPED) -> bool {
        self.addresses_lent().remove(&overlapped.addr())
    }

    /// How many operations on pipes the kernel has.
    pub(super) fn lent(&self) -> usize {
        self.addresses_lent().len()
    }

    fn addresses_lent(&self) -> MutexGuard<'_, HashSet<usize>> {
        // Nothing panics while it is held.
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that nobody waits for packets any more.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Takes out the packets that are there, and waits for more while some are owed. What does
    /// not come in time is memory that is never freed.
    pub(super) fn drain(&self, is_owed: impl Fn() -> bool, mut take: impl FnMut(Packet)) {
        loop {
            let timeout = if is_owed() { Some(GIVING_BACK) } else { NOT_AT_ALL };
            if !matches!(self.wait(BATCH, timeout, &mut take), Ok(1..)) {
                return;
            }
        }
    }

    /// Waits for packets, and hands on each, `most` at the most. Returns how many there were;
    /// none came if the time was over first.
    pub(super) fn wait(
        &self,
        most: usize,
        timeout: Option<Duration>,
        mut take: impl FnMut(Packet),
    ) -> io::Result<usize> {
        let mut entries = [const { MaybeUninit::<OVERLAPPED_ENTRY>::uninit() }; BATCH];
        let room = most.min(BATCH) as u32;
        let timeout = match timeout::milliseconds(timeout) {
            -1 => INFINITE,
            // Never negative otherwise.
            milliseconds => milliseconds as u32,
        };
        let mut found = 0;
        #[cfg(test)]
        super::calls::count_wait();
        // SAFETY: The port is open, and `room` is no more than the array holds, which lives
        // until the call returns. No thread of ours takes asynchronous procedure calls here.
        let succeeded = unsafe {
            GetQueuedCompletionStatusEx(
                self.raw(),
                entries.as_mut_ptr().cast(),
                room,
                &mut found,
                timeout,
                0,
            )
        };
        if succeeded == 0 {
            let error = io::Error::last_os_error();
            let is_over = error.raw_os_error() == Some(WAIT_TIMEOUT as i32);
            return if is_over { Ok(0) } else { Err(error) };
        }
        for entry in &entries[..found as usize] {
            // SAFETY: The call says that it has filled that many.
            let entry = unsafe { entry.assume_init_ref() };
            // SAFETY: It came out of the port just now, and is passed on once.
            if let Some(packet) = unsafe { self.packet(entry) } {
                take(packet);
            }
        }
        Ok(found as usize)
    }

    /// What a packet is; none of ours if somebody else has the port's handle, or that of a pipe.
    ///
    /// # Safety
    ///
    /// `entry` must have come out of this port, and this be called once for it.
    unsafe fn packet(&self, entry: &OVERLAPPED_ENTRY) -> Option<Packet> {
        if entry.lpCompletionKey == Key::Wake as usize {
            return Some(Packet::Wake);
        }
        if entry.lpCompletionKey == Key::Poll as usize {
            // SAFETY: With this key, every packet is the end of a request of afd.rs, which
            // passed this pointer to the kernel, and to nobody else.
            let (request, answer) = unsafe { Request::take_back(entry.lpOverlapped.cast()) };
            return Some(Packet::Poll(request, answer));
        }
        if entry.lpCompletionKey == Key::Operation as usize {
            if !self.take_back(entry.lpOverlapped) {
                return None;
            }
            // SAFETY: It is the end of an operation of operation.rs, which has noted this
            // address; as the kernel has had that until now, nobody else has used it here.
            let end = unsafe {
                Operation::take_back(entry.lpOverlapped, entry.dwNumberOfBytesTransferred)
            };
            return Some(Packet::Operation(end));
        }
        if entry.lpCompletionKey == Key::Pipe as usize {
            // SAFETY: With this key, every packet is one of `look_at`, which gave its share.
            return Some(Packet::Pipe(unsafe { Weak::from_raw(entry.lpOverlapped.cast()) }));
        }
        None
    }

    fn raw(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}

impl Packet {
    /// Has the pipe that it is about take note of it; returns that, if it is still there.
    pub(super) fn note(self) -> Option<Arc<Pipe>> {
        match self {
            Packet::Wake | Packet::Poll(..) => None,
            Packet::Operation(end) => {
                let pipe = end.pipe()?;
                pipe.ended(end);
                Some(pipe)
            }
            Packet::Pipe(pipe) => {
                let pipe = pipe.upgrade()?;
                pipe.was_posted();
                Some(pipe)
            }
        }
    }
}

#[cfg(test)]
impl Port {
    /// What is no port, so that every call on it fails.
    pub(super) fn broken() -> Port {
        Port::of(std::fs::File::open("NUL").unwrap().into())
    }
}
