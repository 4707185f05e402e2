//! The second kind of stream: where there are no Unix sockets, TCP by another port.

use std::io;
use std::net::SocketAddr;

pub(super) use omnipoll::net::{TcpListener as Listener, TcpStream as Stream};

use super::stream::{SMALL_FOR_TCP, is_tcp_connected};

pub(super) type Address = SocketAddr;

/// What small buffers in the system are asked to hold, in bytes.
pub(super) const SMALL: usize = SMALL_FOR_TCP;

/// One that nobody listens at.
pub(super) fn unused() -> Address {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(super) fn connect(address: &Address) -> io::Result<Stream> {
    Stream::connect(*address)
}

/// Whether the connection stands; an error if it never will.
pub(super) fn is_connected(stream: &Stream) -> io::Result<bool> {
    is_tcp_connected(stream)
}

pub(super) fn bind(address: &Address) -> io::Result<Listener> {
    Listener::bind(*address)
}

pub(super) fn address_of(listener: &Listener) -> io::Result<Address> {
    listener.local_addr()
}

pub(super) fn accept(listener: &Listener) -> io::Result<Stream> {
    Ok(listener.accept()?.0)
}

/// Takes away what a listener leaves behind, which is nothing.
pub(super) fn remove(_: &Address) {}
