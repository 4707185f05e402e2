//! What every family of operating systems has, under one name.
//!
//! The portable files name what is here; which family it is of is said in this file, and in
//! the lists of modules in `lib.rs` and at the roots of backend/, net/ and source/.

#[cfg(unix)]
mod unix;
#[cfg(wasi)]
mod wasi;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use self::unix::{
    AsRawDescriptor, BorrowedDescriptor, OwnedDescriptor, RawDescriptor, new_fd, raw,
};
#[cfg(wasi)]
pub(crate) use self::wasi::{AsRawDescriptor, OwnedDescriptor, RawDescriptor, process_id, raw};
#[cfg(windows)]
pub(crate) use self::windows::{
    AsRawDescriptor, BorrowedDescriptor, OwnedDescriptor, RawDescriptor, raw,
};
#[cfg(not(wasi))]
pub(crate) use std::process::id as process_id;
