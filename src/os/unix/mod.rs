//! Unix: what is waited for are file descriptors.

mod masking;
mod nesting;
pub(crate) mod new_fd;

pub(crate) use std::os::fd::{
    AsRawFd as AsRawDescriptor, BorrowedFd as BorrowedDescriptor, OwnedFd as OwnedDescriptor,
    RawFd as RawDescriptor,
};

/// The number of a descriptor.
#[inline]
pub(crate) fn raw(owner: &(impl AsRawDescriptor + ?Sized)) -> RawDescriptor {
    owner.as_raw_fd()
}
