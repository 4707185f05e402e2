//! The second kind of stream: a Unix socket.

use std::path::PathBuf;
use std::{env, fs, io, process};

pub(super) use omnipoll::net::{UnixListener as Listener, UnixStream as Stream};

pub(super) type Address = PathBuf;

/// What small buffers in the kernel are asked to hold, in bytes: so little that a client
/// that does not read is soon felt.
pub(super) const SMALL: usize = 4 * 1024;

/// One that nobody listens at.
pub(super) fn unused() -> Address {
    let path = env::temp_dir().join(format!("omnipoll-soak-{}", process::id()));
    remove(&path);
    path
}

pub(super) fn connect(address: &Address) -> io::Result<Stream> {
    Stream::connect(address)
}

/// Whether the connection stands, as it does when `connect` returns.
pub(super) fn is_connected(_: &Stream) -> io::Result<bool> {
    Ok(true)
}

pub(super) fn bind(address: &Address) -> io::Result<Listener> {
    Listener::bind(address)
}

pub(super) fn address_of(listener: &Listener) -> io::Result<Address> {
    let address = listener.local_addr()?;
    Ok(address.as_pathname().expect("it is bound to a path").to_owned())
}

pub(super) fn accept(listener: &Listener) -> io::Result<Stream> {
    Ok(listener.accept()?.0)
}

/// Takes away what a listener leaves behind.
pub(super) fn remove(address: &Address) {
    // It may be there from a process of the same number that was killed, or be gone.
    let _ = fs::remove_file(address);
}
