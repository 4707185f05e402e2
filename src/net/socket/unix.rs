//! The system calls of sockets, as Unix has them.
//!
//! Nothing else in this folder calls the kernel other than through the standard
//! library. They take any descriptor, and never wait if it is non-blocking.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::SocketAddrAny;
use rustix::net::addr::SocketAddrArg;
use rustix::net::sockopt;
use rustix::net::{AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags};

pub(super) use rustix::net::SocketType;

use crate::backend::above_standard;

pub(super) use crate::os::new_fd::{accept, socket as new, socket_pair as pair};

/// Has a write to a peer that is gone fail, and not raise `SIGPIPE`. Where there is no such
/// flag, new_fd.rs has set an option of the socket, or there is no such signal.
#[cfg(msg_nosignal)]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(not(msg_nosignal))]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// As many waiting connections as the kernel allows: it cuts this down to its own
/// limit, which an administrator can set (`net.core.somaxconn`).
const BACKLOG: c_int = c_int::MAX;

/// How many buffers one vectored call takes, on every Unix we know (`UIO_MAXIOV`).
const BUFFERS_MAX: usize = 1024;

/// A socket of the family of `address`.
pub(super) fn new_for(address: SocketAddr, kind: SocketType) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    new(family, kind)
}

/// A socket that needs nothing but a descriptor, neither a path nor a device, so that it can be
/// had in any sandbox that has listeners.
pub(super) fn spare() -> io::Result<OwnedFd> {
    above_standard(new(AddressFamily::UNIX, SocketType::DGRAM)?)
}

/// Whether `error` says that no descriptor is left, in the process or in the system.
pub(super) fn is_lack(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Lets a listener take an address whose last owner's connections still linger.
pub(super) fn reuse_address(socket: &OwnedFd) -> io::Result<()> {
    Ok(sockopt::set_socket_reuseaddr(socket, true)?)
}

pub(super) fn bind(socket: &OwnedFd, address: &impl SocketAddrArg) -> io::Result<()> {
    Ok(rustix::net::bind(socket, address)?)
}

pub(super) fn listen(socket: &OwnedFd) -> io::Result<()> {
    Ok(rustix::net::listen(socket, BACKLOG)?)
}

/// Connects, or begins to.
pub(super) fn connect(socket: &OwnedFd, address: &impl SocketAddrArg) -> io::Result<()> {
    match rustix::net::connect(socket, address) {
        // The way of a socket that does not block: the outcome comes with an event.
        Err(Errno::INPROGRESS) => Ok(()),
        done => Ok(done?),
    }
}

#[inline]
pub(super) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, buffer, RecvFlags::empty())?;
    Ok(received)
}

#[inline]
pub(super) fn receive_vectored(
    socket: impl AsFd,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    Ok(rustix::io::readv(socket, buffers)?)
}

/// Receives one datagram; its sender may have no address.
#[inline]
pub(super) fn receive_from(
    socket: impl AsFd,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<SocketAddrAny>)> {
    let (received, _, sender) = rustix::net::recvfrom(socket, buffer, RecvFlags::empty())?;
    Ok((received, sender))
}

pub(super) fn receive_out_of_band(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, buffer, RecvFlags::OOB)?;
    Ok(received)
}

#[inline]
pub(super) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, NO_SIGNAL)?)
}

/// Sends what `buffers` hold, one after the other.
#[inline]
pub(super) fn send_vectored(socket: impl AsFd, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    // Not writev(2), which cannot be told to raise no SIGPIPE.
    let buffers = &buffers[..buffers.len().min(BUFFERS_MAX)];
    let mut nothing = SendAncillaryBuffer::default();
    Ok(rustix::net::sendmsg(socket, buffers, &mut nothing, NO_SIGNAL)?)
}

#[inline]
pub(super) fn send_to(
    socket: impl AsFd,
    bytes: &[u8],
    address: &impl SocketAddrArg,
) -> io::Result<usize> {
    Ok(rustix::net::sendto(socket, bytes, NO_SIGNAL, address)?)
}

pub(super) fn send_out_of_band(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, NO_SIGNAL | SendFlags::OOB)?)
}

pub(super) fn set_out_of_band_inline(socket: impl AsFd, inline: bool) -> io::Result<()> {
    Ok(sockopt::set_socket_oobinline(socket, inline)?)
}

/// Whether the next byte to read is the one after the mark of out-of-band data.
pub(super) fn is_at_mark(socket: impl AsFd) -> io::Result<bool> {
    unsafe extern "C" {
        /// sockatmark(3), of POSIX; neither `libc` nor `rustix` declares it.
        fn sockatmark(socket: c_int) -> c_int;
    }
    let socket = socket.as_fd();
    // SAFETY: it takes a descriptor by value, which the borrow keeps open for the call,
    // and touches no memory of ours. The declaration is that of POSIX.
    match unsafe { sockatmark(socket.as_raw_fd()) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer != 0),
    }
}

pub(super) fn only_v6(socket: impl AsFd) -> io::Result<bool> {
    Ok(sockopt::ipv6_v6only(socket)?)
}

/// The address of an IPv4 or IPv6 peer, which every such peer has.
#[inline]
pub(super) fn internet_address(address: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
    match address.map(SocketAddr::try_from) {
        Some(Ok(address)) => Ok(address),
        _ => Err(not_an_internet_socket()),
    }
}

#[cold]
fn not_an_internet_socket() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "the peer has no IP address: the descriptor is no TCP or UDP socket; \
         use the type that fits it",
    )
}
