//! Sockets that are connected to each other by way of the loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

pub(super) const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Two ends of a connection, neither of which blocks.
pub(super) fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(ANY_PORT)?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let (theirs, _) = listener.accept()?;
    for stream in [&ours, &theirs] {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
    }
    Ok((ours, theirs))
}

/// Two sockets that send to each other, neither of which blocks.
pub(super) fn udp_pair() -> io::Result<(UdpSocket, UdpSocket)> {
    let (ours, theirs) = (UdpSocket::bind(ANY_PORT)?, UdpSocket::bind(ANY_PORT)?);
    ours.connect(theirs.local_addr()?)?;
    theirs.connect(ours.local_addr()?)?;
    ours.set_nonblocking(true)?;
    theirs.set_nonblocking(true)?;
    Ok((ours, theirs))
}
