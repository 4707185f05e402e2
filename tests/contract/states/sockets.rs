//! Sockets, bound to addresses that the kernel chooses.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, socket_with,
};

use super::scene::Scene;

pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> OwnedFd {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(family, kind, flags, None).expect("socket")
}

pub(crate) fn stream(family: AddressFamily) -> OwnedFd {
    socket(family, SocketType::STREAM)
}

/// A step to a socket that has an address.
pub(crate) fn bind(scene: &mut Scene) {
    bind_anywhere(scene.fd());
}

pub(crate) fn bind_anywhere(socket: BorrowedFd<'_>) {
    match rustix::net::getsockname(socket).expect("getsockname").address_family() {
        AddressFamily::INET => {
            rustix::net::bind(socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
        }
        _ => rustix::net::bind(socket, &SocketAddrUnix::new_unnamed()),
    }
    .expect("bind");
}

/// A socket that listens, with room for one visitor more than `backlog`.
pub(crate) fn listener(family: AddressFamily, backlog: i32) -> OwnedFd {
    let socket = stream(family);
    bind_anywhere(socket.as_fd());
    rustix::net::listen(&socket, backlog).expect("listen");
    socket
}

pub(crate) fn address(socket: impl AsFd) -> SocketAddrAny {
    rustix::net::getsockname(socket).expect("getsockname")
}

/// The address of a socket that is no more.
pub(crate) fn nobody(family: AddressFamily, kind: SocketType) -> SocketAddrAny {
    let socket = socket(family, kind);
    bind_anywhere(socket.as_fd());
    address(&socket)
}
