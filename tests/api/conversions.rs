//! Owned, borrowed and raw descriptors, into every type and out again.

#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

use omnipoll::Interest;
use omnipoll::event::Source;
use omnipoll::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::pipe::{self, Receiver, Sender};

use crate::support::{ONE, any_port};
use crate::system::assert_flags;
use crate::temporary_path::TemporaryPath;

#[test]
fn every_type_goes_through_every_form() {
    let (stream, datagram) = (UnixStream::pair().unwrap(), UnixDatagram::pair().unwrap());
    let path = TemporaryPath::new("conversions");
    let listener = TcpListener::bind(any_port()).unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (sender, receiver) = pipe::new().unwrap();
    let sender = through_every_form::<Sender>(sender, Interest::WRITABLE);
    let receiver = through_every_form::<Receiver>(receiver, Interest::READABLE);
    through_every_form::<TcpListener>(listener, Interest::READABLE);
    through_every_form::<TcpStream>(tcp, Interest::READABLE);
    through_every_form::<UdpSocket>(UdpSocket::bind(any_port()).unwrap(), Interest::READABLE);
    through_every_form::<UnixListener>(UnixListener::bind(&path).unwrap(), Interest::READABLE);
    through_every_form::<UnixStream>(stream.0, Interest::READABLE);
    through_every_form::<UnixDatagram>(datagram.0, Interest::READABLE);

    // They are still what they were.
    assert_eq!(std::io::Write::write(&mut &sender, b"hello").unwrap(), 5);
    assert_eq!(std::io::Read::read(&mut &receiver, &mut [0; 8]).unwrap(), 5);
}

fn through_every_form<T>(source: T, interest: Interest) -> T
where
    T: Source + AsFd + AsRawFd + FromRawFd + IntoRawFd + From<OwnedFd> + Into<OwnedFd>,
{
    let number = source.as_raw_fd();
    assert_eq!(source.as_fd().as_raw_fd(), number);
    let owned: OwnedFd = source.into();
    assert_eq!(owned.as_raw_fd(), number);
    let raw = T::from(owned).into_raw_fd();
    assert_eq!(raw, number);
    // SAFETY: `into_raw_fd` has just given it up, so it is open and nobody else's.
    let mut source = unsafe { T::from_raw_fd(raw) };
    assert_flags(&source);

    // Giving up the descriptor gives up the registration.
    let poll = omnipoll::Poll::new().unwrap();
    poll.registry().register(&mut source, ONE, interest).unwrap();
    let owned: OwnedFd = source.into();
    let mut source = T::from(owned);
    poll.registry().register(&mut source, ONE, interest).unwrap();
    poll.registry().deregister(&mut source).unwrap();
    source
}
