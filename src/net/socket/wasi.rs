//! The calls of sockets, as far as WASI has them: the host opens them, and a program accepts,
//! reads and writes.
//!
//! They never wait if the socket is non-blocking.

#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// What kind of socket is to be made.
#[derive(Clone, Copy)]
pub(super) struct SocketType;

impl SocketType {
    pub(super) const STREAM: SocketType = SocketType;
    pub(super) const DGRAM: SocketType = SocketType;
}

/// Fails: a program opens none.
pub(super) fn new_for(_: SocketAddr, _: SocketType) -> io::Result<OwnedFd> {
    Err(only_the_host_opens())
}

/// Fails likewise.
pub(super) fn spare() -> io::Result<OwnedFd> {
    Err(only_the_host_opens())
}

/// Whether `error` says that no descriptor is left, in the program or in the host.
pub(super) fn is_lack(error: &io::Error) -> bool {
    [wasi::ERRNO_MFILE, wasi::ERRNO_NFILE]
        .iter()
        .any(|number| error.raw_os_error() == Some(i32::from(number.raw())))
}

pub(super) fn reuse_address(_: &OwnedFd) -> io::Result<()> {
    Err(is_not_there("an option of a socket"))
}

pub(super) fn bind(_: &OwnedFd, _: &SocketAddr) -> io::Result<()> {
    Err(is_not_there("bind"))
}

pub(super) fn listen(_: &OwnedFd) -> io::Result<()> {
    Err(is_not_there("listen"))
}

pub(super) fn connect(_: &OwnedFd, _: &SocketAddr) -> io::Result<()> {
    Err(is_not_there("connect"))
}

/// Accepts a connection. The host does not tell whose it is: the address is unspecified.
pub(super) fn accept(listener: &TcpListener) -> io::Result<(OwnedFd, Option<SocketAddr>)> {
    let (stream, address) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream.into(), Some(address)))
}

pub(super) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    receive_vectored(socket, &mut [IoSliceMut::new(buffer)])
}

pub(super) fn receive_vectored(
    socket: impl AsFd,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    let buffers: Vec<_> = buffers
        .iter_mut()
        .map(|buffer| wasi::Iovec { buf: buffer.as_mut_ptr(), buf_len: buffer.len() })
        .collect();
    // SAFETY: Each element is the address and length of a buffer that is exclusively borrowed.
    let received = unsafe { wasi::fd_read(number(&socket), &buffers) };
    received.map_err(error)
}

pub(super) fn receive_from(_: impl AsFd, _: &mut [u8]) -> io::Result<(usize, Option<SocketAddr>)> {
    Err(is_not_there("the address of a sender"))
}

pub(super) fn receive_out_of_band(_: impl AsFd, _: &mut [u8]) -> io::Result<usize> {
    Err(is_not_there("out-of-band data"))
}

pub(super) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    send_vectored(socket, &[IoSlice::new(bytes)])
}

pub(super) fn send_vectored(socket: impl AsFd, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    let buffers: Vec<_> = buffers
        .iter()
        .map(|buffer| wasi::Ciovec { buf: buffer.as_ptr(), buf_len: buffer.len() })
        .collect();
    // SAFETY: Each element is the address and length of a buffer that is borrowed.
    let sent = unsafe { wasi::fd_write(number(&socket), &buffers) };
    sent.map_err(error)
}

pub(super) fn send_to(_: impl AsFd, _: &[u8], _: &SocketAddr) -> io::Result<usize> {
    Err(is_not_there("sending to an address"))
}

pub(super) fn send_out_of_band(_: impl AsFd, _: &[u8]) -> io::Result<usize> {
    Err(is_not_there("out-of-band data"))
}

pub(super) fn set_out_of_band_inline(_: impl AsFd, _: bool) -> io::Result<()> {
    Err(is_not_there("out-of-band data"))
}

pub(super) fn is_at_mark(_: impl AsFd) -> io::Result<bool> {
    Err(is_not_there("out-of-band data"))
}

pub(super) fn only_v6(_: impl AsFd) -> io::Result<bool> {
    Err(is_not_there("an option of a socket"))
}

/// The address of a peer, which every one has here.
pub(super) fn internet_address(address: Option<SocketAddr>) -> io::Result<SocketAddr> {
    address.ok_or_else(|| is_not_there("the address of a peer"))
}

fn number(socket: &impl AsFd) -> wasi::Fd {
    socket.as_fd().as_raw_fd() as wasi::Fd
}

fn error(number: wasi::Errno) -> io::Error {
    io::Error::from_raw_os_error(i32::from(number.raw()))
}

#[cold]
fn only_the_host_opens() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "a WASI program opens no sockets: take one that the host has opened, by `from_raw_fd`",
    )
}

#[cold]
fn is_not_there(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("WASI has no such thing: {what}"))
}
