//! Sockets of the Internet, and what can be done with those of all kinds.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::probe::answers::Answers;
use crate::probe::scene::{Scene, until_done};

/// A new socket of the Internet, which does not block.
pub(super) fn inet(kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// One that has an address, which the system chose.
pub(super) fn bound_inet(kind: Type) -> io::Result<Socket> {
    let socket = inet(kind)?;
    socket.bind(&SockAddr::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)))?;
    Ok(socket)
}

/// The address of a socket that is no more.
pub(super) fn nobody(kind: Type) -> io::Result<SockAddr> {
    bound_inet(kind)?.local_addr()
}

/// Begins to connect, and does not wait for the end of it.
pub(super) fn begin_to_connect(socket: &Socket, address: &SockAddr) -> io::Result<()> {
    match socket.connect(address) {
        Err(error) if !is_in_progress(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Whether a connection is on its way.
fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::WouldBlock;
}

/// Has closing `socket` reset its connection.
pub(super) fn reset_on_close(socket: &Socket) -> io::Result<()> {
    socket.set_linger(Some(Duration::ZERO))
}

/// We are done with both directions.
pub(super) fn shut_down_both(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.ours.shutdown(Shutdown::Both)
}

/// We fetch the pending error.
pub(super) fn take_error(scene: &mut Scene<Socket>) -> io::Result<()> {
    until_done(|| scene.ours.take_error()?.ok_or(io::ErrorKind::WouldBlock.into()))?;
    scene.awaited = Answers::NONE;
    Ok(())
}
