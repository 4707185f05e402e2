//! The calls of sockets, as Windows has them.
//!
//! They never wait if the socket is non-blocking.

#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::{SocketAddr, UdpSocket};
use std::os::windows::io::{AsRawSocket, AsSocket, OwnedSocket};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{
    SIOCATMARK, SOCKET, SOCKET_ERROR, WSAECONNABORTED, WSAECONNRESET, WSAEMFILE, WSAEMSGSIZE,
    WSAENOTCONN, WSAEWOULDBLOCK, ioctlsocket, recvfrom,
};

/// As many waiting connections as Windows finds reasonable.
const BACKLOG: i32 = i32::MAX;

/// How many buffers one vectored call takes. Windows has no such limit, and other systems have
/// this one.
const BUFFERS_MAX: usize = 1024;

/// What kind of socket is to be made.
#[derive(Clone, Copy)]
pub(super) struct SocketType(Type);

impl SocketType {
    pub(super) const STREAM: SocketType = SocketType(Type::STREAM);
    pub(super) const DGRAM: SocketType = SocketType(Type::DGRAM);
}

/// A socket of the family of `address`, which the programs that this one starts do not inherit.
pub(super) fn new_for(address: SocketAddr, kind: SocketType) -> io::Result<OwnedSocket> {
    let socket = Socket::new(Domain::for_address(address), kind.0, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A socket that needs nothing but a handle.
pub(super) fn spare() -> io::Result<OwnedSocket> {
    Ok(Socket::new(Domain::IPV4, Type::DGRAM, None)?.into())
}

/// Whether `error` says that the process can have no more sockets.
pub(super) fn is_lack(error: &io::Error) -> bool {
    error.raw_os_error() == Some(WSAEMFILE)
}

/// Does nothing: an address can be taken though connections of its last owner linger, and
/// Windows' option of that name lets anyone share an address that is in use.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn reuse_address(_: &OwnedSocket) -> io::Result<()> {
    Ok(())
}

pub(super) fn bind(socket: &OwnedSocket, address: &SocketAddr) -> io::Result<()> {
    SockRef::from(socket).bind(&SockAddr::from(*address))
}

pub(super) fn listen(socket: &OwnedSocket) -> io::Result<()> {
    SockRef::from(socket).listen(BACKLOG)
}

/// Connects, or begins to.
pub(super) fn connect(socket: &OwnedSocket, address: &SocketAddr) -> io::Result<()> {
    match SockRef::from(socket).connect(&SockAddr::from(*address)) {
        // The way of a socket that does not block: the outcome comes with an event.
        Err(error) if error.raw_os_error() == Some(WSAEWOULDBLOCK) => Ok(()),
        done => done,
    }
}

/// A connection that was reset before it was accepted is told as other systems do: Windows calls
/// it reset, and Wine, which asks it for its peer, not connected.
pub(super) fn accept(listener: impl AsSocket) -> io::Result<(OwnedSocket, Option<SocketAddr>)> {
    let accepted = SockRef::from(&listener).accept();
    let (socket, address) = accepted.map_err(|error| match error.raw_os_error() {
        Some(WSAECONNRESET | WSAENOTCONN) => io::Error::from_raw_os_error(WSAECONNABORTED),
        _ => error,
    })?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), address.as_socket()))
}

#[inline]
pub(super) fn receive(socket: impl AsSocket, buffer: &mut [u8]) -> io::Result<usize> {
    cut((&*SockRef::from(&socket)).read(buffer), buffer.len())
}

#[inline]
pub(super) fn receive_vectored(
    socket: impl AsSocket,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    let most = buffers.len().min(BUFFERS_MAX);
    (&*SockRef::from(&socket)).read_vectored(&mut buffers[..most])
}

/// Receives one datagram.
#[inline]
pub(super) fn receive_from(
    socket: &UdpSocket,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<SocketAddr>)> {
    // By the call itself: that of the standard library forgets the sender of what is cut.
    // SAFETY: The storage is for any address, which the call writes, and the lengths are those
    // of what they stand for.
    let (received, sender) = unsafe {
        SockAddr::try_init(|storage, length| {
            let received = recvfrom(
                socket.as_raw_socket() as SOCKET,
                buffer.as_mut_ptr(),
                i32::try_from(buffer.len()).unwrap_or(i32::MAX),
                0,
                storage.cast(),
                length,
            );
            match usize::try_from(received) {
                Ok(received) => Ok(received),
                Err(_) => cut(Err(io::Error::last_os_error()), buffer.len()),
            }
        })?
    };
    Ok((received, sender.as_socket()))
}

/// What was received of a datagram that was longer than its buffer: as much as went in, as
/// elsewhere, and no error.
fn cut(received: io::Result<usize>, room: usize) -> io::Result<usize> {
    match received {
        Err(error) if error.raw_os_error() == Some(WSAEMSGSIZE) => Ok(room),
        received => received,
    }
}

pub(super) fn receive_out_of_band(socket: impl AsSocket, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: The bytes are those of `buffer`, of which the call overwrites some, and never
    // makes one uninitialised.
    let buffer = unsafe { &mut *(buffer as *mut [u8] as *mut [std::mem::MaybeUninit<u8>]) };
    SockRef::from(&socket).recv_out_of_band(buffer)
}

#[inline]
pub(super) fn send(socket: impl AsSocket, bytes: &[u8]) -> io::Result<usize> {
    SockRef::from(&socket).send(bytes)
}

/// Sends what `buffers` hold, one after the other.
#[inline]
pub(super) fn send_vectored(socket: impl AsSocket, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    let most = buffers.len().min(BUFFERS_MAX);
    SockRef::from(&socket).send_vectored(&buffers[..most])
}

#[inline]
pub(super) fn send_to(socket: &UdpSocket, bytes: &[u8], address: &SocketAddr) -> io::Result<usize> {
    socket.send_to(bytes, address)
}

pub(super) fn send_out_of_band(socket: impl AsSocket, bytes: &[u8]) -> io::Result<usize> {
    SockRef::from(&socket).send_out_of_band(bytes)
}

pub(super) fn set_out_of_band_inline(socket: impl AsSocket, inline: bool) -> io::Result<()> {
    SockRef::from(&socket).set_out_of_band_inline(inline)
}

/// Whether the next byte to read is the one after the mark of out-of-band data.
pub(super) fn is_at_mark(socket: impl AsSocket) -> io::Result<bool> {
    let mut answer = 0;
    let socket = socket.as_socket().as_raw_socket() as SOCKET;
    // SAFETY: The socket is open, as it is borrowed, and the call fills the value.
    match unsafe { ioctlsocket(socket, SIOCATMARK, &mut answer) } {
        SOCKET_ERROR => Err(io::Error::last_os_error()),
        _ => Ok(answer != 0),
    }
}

pub(super) fn only_v6(socket: impl AsSocket) -> io::Result<bool> {
    SockRef::from(&socket).only_v6()
}

/// The address of a peer, which every one has.
#[inline]
pub(super) fn internet_address(address: Option<SocketAddr>) -> io::Result<SocketAddr> {
    address.ok_or_else(not_an_internet_socket)
}

#[cold]
fn not_an_internet_socket() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "the peer has no IP address: the socket is no TCP or UDP socket; use the type that fits it",
    )
}
