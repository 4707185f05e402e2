use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::os::windows::io::{
    AsHandle, AsRawHandle, AsRawSocket, AsSocket, FromRawHandle, FromRawSocket, IntoRawSocket,
    OwnedHandle, OwnedSocket,
};

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::windows::NamedPipe;

#[test]
fn named_pipe() {
    signatures! {
        NamedPipe::connect: fn(&NamedPipe) -> io::Result<()>;
        NamedPipe::disconnect: fn(&NamedPipe) -> io::Result<()>;
        NamedPipe::new::<&'static str>: fn(&'static str) -> io::Result<NamedPipe>;
        NamedPipe::take_error: fn(&NamedPipe) -> io::Result<Option<io::Error>>;
    }
    traits! {
        NamedPipe: Source, Read, Write, Debug, Send, Sync;
        &'static NamedPipe: Read, Write;
        NamedPipe: AsHandle, AsRawHandle, FromRawHandle, From<OwnedHandle>;
    }
}

#[test]
fn sockets() {
    macro_rules! owners {
        ($($type:ty),+) => { traits! { $(
            $type: Source, AsRawSocket, FromRawSocket, IntoRawSocket, Debug, Send, Sync;
            $type: AsSocket, From<OwnedSocket>;
            OwnedSocket: From<$type>;
        )+ } };
    }
    owners!(TcpListener, TcpStream, UdpSocket);
}
