//! Owned, borrowed and raw sockets, into every type and out again.

#![allow(unsafe_code)]

use std::os::windows::io::{AsRawSocket, AsSocket, FromRawSocket, IntoRawSocket, OwnedSocket};

use omnipoll::Interest;
use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream, UdpSocket};

use crate::support::{ONE, any_port};
use crate::system::assert_flags;

#[test]
fn every_type_goes_through_every_form() {
    let listener = TcpListener::bind(any_port()).unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    through_every_form::<TcpListener>(listener, Interest::READABLE);
    through_every_form::<TcpStream>(tcp, Interest::READABLE);
    through_every_form::<UdpSocket>(UdpSocket::bind(any_port()).unwrap(), Interest::READABLE);
}

fn through_every_form<T>(source: T, interest: Interest)
where
    T: Source + AsSocket + AsRawSocket + FromRawSocket + IntoRawSocket,
    T: From<OwnedSocket> + Into<OwnedSocket>,
{
    let number = source.as_raw_socket();
    assert_eq!(source.as_socket().as_raw_socket(), number);
    let owned: OwnedSocket = source.into();
    assert_eq!(owned.as_raw_socket(), number);
    let raw = T::from(owned).into_raw_socket();
    assert_eq!(raw, number);
    // SAFETY: `into_raw_socket` has just given it up, so it is open and nobody else's.
    let mut source = unsafe { T::from_raw_socket(raw) };
    assert_flags(&source);

    // Giving up the socket gives up the registration.
    let poll = omnipoll::Poll::new().unwrap();
    poll.registry().register(&mut source, ONE, interest).unwrap();
    let owned: OwnedSocket = source.into();
    let mut source = T::from(owned);
    poll.registry().register(&mut source, ONE, interest).unwrap();
    poll.registry().deregister(&mut source).unwrap();
}
