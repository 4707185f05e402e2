//! The addresses of Unix domain sockets, between the standard library's and the kernel's.

#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;

use std::ffi::OsStr;
use std::io;
use std::mem::offset_of;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use rustix::net::{SocketAddrAny, SocketAddrUnix};

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
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Some(name) = address.as_abstract_name() {
        return Ok(SocketAddrUnix::new_abstract_name(name)?);
    }
    Ok(SocketAddrUnix::new_unnamed())
}

/// The address of a peer.
///
/// One that the standard library cannot express counts as unnamed: a connection or a
/// datagram is worth more than the name of its sender.
pub(super) fn to_std(address: Option<SocketAddrAny>) -> SocketAddr {
    address.and_then(named).unwrap_or_else(unnamed)
}

fn named(address: SocketAddrAny) -> Option<SocketAddr> {
    // An empty name must not be taken for an abstract one; and Linux appends a zero to
    // a path that fills its field, beyond the end of the structure, where rustix panics.
    let length = address.addr_len() as usize;
    let family_only = offset_of!(libc::sockaddr_un, sun_path);
    if length <= family_only || length > size_of::<libc::sockaddr_un>() {
        return None;
    }
    let address = SocketAddrUnix::try_from(address).ok()?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Some(name) = address.abstract_name() {
        return SocketAddr::from_abstract_name(name).ok();
    }
    SocketAddr::from_pathname(OsStr::from_bytes(address.path_bytes()?)).ok()
}

fn unnamed() -> SocketAddr {
    SocketAddr::from_pathname("").expect("an empty path is short enough and has no zero byte")
}
