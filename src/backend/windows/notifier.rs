//! A socket that one thread makes readable to end the wait of another: one for datagrams that
//! is connected to itself, which is all that `WSAPoll` and `select` can wait for.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::windows::io::AsSocket;

use crate::os::{self, BorrowedDescriptor, RawDescriptor};

#[derive(Debug)]
pub(super) struct Notifier {
    socket: UdpSocket,
}

impl Notifier {
    pub(super) fn open() -> io::Result<Notifier> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Connected, it takes no datagrams of others.
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Notifier { socket })
    }

    /// Makes it readable.
    pub(super) fn notify(&self) -> io::Result<()> {
        match self.socket.send(&[1]) {
            // Full: readable for long.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Whether `socket` is its own.
    pub(super) fn is(&self, socket: RawDescriptor) -> bool {
        os::raw(&self.socket) == socket
    }

    /// Makes it unreadable.
    pub(super) fn drain(&self) {
        while self.socket.recv(&mut [0; 8]).is_ok() {}
    }

    /// What becomes readable.
    pub(super) fn descriptor(&self) -> BorrowedDescriptor<'_> {
        self.socket.as_socket()
    }
}
