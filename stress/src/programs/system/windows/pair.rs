use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::windows::io::OwnedSocket;

use super::reset_on_close;
use crate::programs::loopback::{ANY_PORT, tcp_pair, udp_pair};
use crate::programs::operation::Kind;
use crate::programs::peer::Side;

/// Where a listener is, and who connects to it.
pub(crate) type Address = SocketAddr;
pub(crate) type Client = TcpStream;

/// Two sides that are connected, of which the first is for an end.
pub(crate) fn pair(kind: Kind) -> io::Result<(OwnedSocket, Side)> {
    match kind {
        Kind::Listener => {
            let listener = TcpListener::bind(ANY_PORT)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener.into(), Side::Clients(address, Vec::new())))
        }
        Kind::Udp => {
            let (ours, theirs) = udp_pair()?;
            Ok((ours.into(), Side::Open(theirs.into())))
        }
        _ => {
            let (ours, theirs) = tcp_pair()?;
            Ok((ours.into(), Side::Open(theirs.into())))
        }
    }
}

/// Connects to a listener.
pub(crate) fn call(address: &Address) -> io::Result<Client> {
    let client = TcpStream::connect(address)?;
    reset_on_close(Kind::Tcp, &client);
    Ok(client)
}
