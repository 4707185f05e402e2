//! Windows: what is waited for are sockets.

pub(crate) use std::os::windows::io::{
    AsRawSocket as AsRawDescriptor, BorrowedSocket as BorrowedDescriptor,
    OwnedSocket as OwnedDescriptor, RawSocket as RawDescriptor,
};

/// The number of a socket.
#[inline]
pub(crate) fn raw(owner: &(impl AsRawDescriptor + ?Sized)) -> RawDescriptor {
    owner.as_raw_socket()
}
