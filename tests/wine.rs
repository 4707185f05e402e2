//! What Wine does otherwise than Windows, shown by programs without the library: each is the
//! reason for a gate in tests/contract/gates/windows.rs, which falls when its program here
//! fails.

#![cfg(windows)]
#![allow(unsafe_code)]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::windows::io::AsRawSocket;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{
    POLLHUP, POLLRDNORM, POLLWRNORM, SOCKET, WSAPOLLFD, WSAPoll,
};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

/// How long to wait for what must come.
const LIMIT: Duration = Duration::from_secs(10);

/// Wine has a call that tells its version.
fn is_wine() -> bool {
    // SAFETY: both names end in a zero, and ntdll is in every process for as long as it lives.
    unsafe {
        let ntdll = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
        GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// What `WSAPoll` tells of one socket; nothing if the time is over first.
fn poll(socket: &impl AsRawSocket, events: i16, timeout_ms: i32) -> i16 {
    let fd = socket.as_raw_socket() as SOCKET;
    let mut polled = WSAPOLLFD { fd, events, revents: 0 };
    // SAFETY: it is one struct, which lives until the call returns.
    let found = unsafe { WSAPoll(&mut polled, 1, timeout_ms) };
    assert!(found >= 0, "{}", io::Error::last_os_error());
    polled.revents
}

fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    (ours, theirs)
}

/// The error that a reset leaves is taken by Wine itself when it polls the socket, so that a
/// read finds none, and takes it for an end.
#[test]
fn a_poll_takes_the_error_of_a_reset() {
    if !is_wine() {
        return;
    }
    let (mut ours, theirs) = connected();
    ours.set_nonblocking(true).unwrap();
    SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
    drop(theirs);
    assert_ne!(poll(&ours, POLLRDNORM, 10_000), 0);
    let read = ours.read(&mut [0; 8]);
    assert!(matches!(read, Ok(0)), "mended: {read:?}");
}

/// So it is with what a refused datagram leaves.
#[test]
fn a_poll_takes_the_error_of_a_datagram() {
    if !is_wine() {
        return;
    }
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(nobody).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.send(b"anyone?").unwrap();
    thread::sleep(Duration::from_millis(50));
    poll(&socket, POLLRDNORM, 0);
    let received = socket.recv(&mut [0; 8]);
    let is_blocked = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
    assert!(received.as_ref().is_err_and(is_blocked), "mended: {received:?}");
}

/// The end of a stream is not told before all was read that came before it.
#[test]
fn an_end_behind_data_is_not_told() {
    if !is_wine() {
        return;
    }
    let (mut ours, mut theirs) = connected();
    theirs.write_all(b"unread").unwrap();
    theirs.shutdown(Shutdown::Write).unwrap();
    thread::sleep(Duration::from_millis(50));
    let found = poll(&ours, POLLRDNORM, 10_000);
    assert_eq!(found & (POLLRDNORM | POLLHUP), POLLRDNORM, "mended: {found:#x}");
    assert_eq!(ours.read(&mut [0; 8]).unwrap(), 6);
    assert_ne!(poll(&ours, POLLRDNORM, 10_000) & POLLHUP, 0);
}

/// To ask for the reason of a failed connection does not take it off the socket.
#[test]
fn the_reason_of_a_failed_connection_stays() {
    if !is_wine() {
        return;
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    let _ = socket.connect(&nobody.into());
    let start = Instant::now();
    while poll(&socket, POLLWRNORM, 100) == 0 {
        assert!(start.elapsed() < LIMIT);
    }
    let reason = || socket.take_error().unwrap().map(|error| error.kind());
    assert_eq!(reason(), Some(io::ErrorKind::ConnectionRefused));
    assert_eq!(reason(), Some(io::ErrorKind::ConnectionRefused), "mended");
}

/// To leave a group that was not joined is another error than Windows says it is.
#[test]
fn a_group_that_was_not_joined_is_invalid() {
    if !is_wine() {
        return;
    }
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let group = std::net::Ipv4Addr::new(224, 0, 0, 251);
    let error = socket.leave_multicast_v4(&group, &std::net::Ipv4Addr::LOCALHOST).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "mended");
}
