//! WASI: file descriptors, which the host has opened.

pub(crate) use std::os::fd::{
    AsRawFd as AsRawDescriptor, OwnedFd as OwnedDescriptor, RawFd as RawDescriptor,
};

/// The number of a descriptor.
#[inline]
pub(crate) fn raw(owner: &(impl AsRawDescriptor + ?Sized)) -> RawDescriptor {
    owner.as_raw_fd()
}

/// There are no processes, so all is of one.
pub(crate) fn process_id() -> u32 {
    0
}
