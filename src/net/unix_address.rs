//! The addresses of Unix domain sockets, between the standard library's and the kernel's.

#![allow(unsafe_code)]

// One trait, which the standard library has under the name of each system.
#[cfg(all(abstract_names, target_os = "android"))]
use std::os::android::net::SocketAddrExt;
#[cfg(all(abstract_names, not(target_os = "android")))]
use std::os::linux::net::SocketAddrExt;

use std::ffi::OsStr;
use std::io;
use std::mem::offset_of;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::slice;

use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix};

/// The address that `path` names; that of no name at all, if it is empty.
pub(super) fn from_path(path: &Path) -> io::Result<SocketAddrUnix> {
    // The standard library knows how long a path may be on this system.
    match SocketAddr::from_pathname(path) {
        Ok(address) => from_std(&address),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("{}: {error}; use a shorter or a relative path", path.display()),
        )),
    }
}

pub(super) fn from_std(address: &SocketAddr) -> io::Result<SocketAddrUnix> {
    if let Some(path) = address.as_pathname() {
        return Ok(SocketAddrUnix::new(path)?);
    }
    #[cfg(abstract_names)]
    {
        Ok(match address.as_abstract_name() {
            Some(name) => SocketAddrUnix::new_abstract_name(name)?,
            None => SocketAddrUnix::new_unnamed(),
        })
    }
    // No system but Linux takes an unnamed one: each has its own error for it.
    #[cfg(not(abstract_names))]
    Ok(SocketAddrUnix::new(c"")?)
}

/// The address of a peer.
///
/// One that the standard library cannot express counts as unnamed: a connection or a
/// datagram is worth more than the name of its sender.
pub(super) fn to_std(address: Option<SocketAddrAny>) -> SocketAddr {
    address.and_then(named).unwrap_or_else(unnamed)
}

fn named(address: SocketAddrAny) -> Option<SocketAddr> {
    if address.address_family() != AddressFamily::UNIX {
        return None;
    }
    // Linux appends a zero to a path that fills its field, beyond the end of the structure.
    let length = (address.addr_len() as usize).min(size_of::<libc::sockaddr_un>());
    // SAFETY: So many bytes of it, and more, were written by the kernel.
    let bytes = unsafe { slice::from_raw_parts(address.as_ptr().cast::<u8>(), length) };
    let name = bytes.get(offset_of!(libc::sockaddr_un, sun_path)..)?;
    #[cfg(abstract_names)]
    if let [0, name @ ..] = name {
        return SocketAddr::from_abstract_name(name).ok();
    }
    // Some systems count a zero after it, and some do not.
    let path = name.split(|&byte| byte == 0).next()?;
    SocketAddr::from_pathname(OsStr::from_bytes(path)).ok()
}

fn unnamed() -> SocketAddr {
    SocketAddr::from_pathname("").expect("an empty path is short enough and has no zero byte")
}
