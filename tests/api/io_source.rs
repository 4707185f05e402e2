use std::net::UdpSocket;

use omnipoll::{Interest, IoSource};

use crate::support::{ONE, TWO, any_port, assert_would_block, on_every_backend};

/// A type that the library does not know is told of like its own.
#[test]
fn a_foreign_socket() {
    on_every_backend(|waiter| {
        let (ours, theirs) = pair();
        let mut source = IoSource::new(ours);
        waiter.register(&mut source, ONE, Interest::READABLE);
        for _ in 0..3 {
            theirs.send(b"x").unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(source.do_io(|socket| socket.recv(&mut [0; 8])).unwrap(), 1);
            assert_would_block(source.do_io(|socket| socket.recv(&mut [0; 8])));
        }
        waiter.expect_quiet();
        let ours = source.into_inner();
        theirs.send(b"x").unwrap();
        waiter.expect_nothing_of(ONE);
        assert_eq!(ours.recv(&mut [0; 8]).unwrap(), 1);
    });
}

/// One that was put in its place is registered anew.
#[test]
fn another_socket_in_its_place() {
    on_every_backend(|waiter| {
        let (ours, _theirs) = pair();
        let mut source = IoSource::new(ours);
        waiter.register(&mut source, ONE, Interest::READABLE);
        waiter.registry().deregister(&mut source).unwrap();
        let (ours, theirs) = pair();
        *source = ours;
        theirs.send(b"x").unwrap();
        waiter.register(&mut source, TWO, Interest::READABLE);
        waiter.expect_readable(TWO);
    });
}

/// What is known of the inner descriptor is not taken for granted of its successor.
#[cfg(unix)]
#[test]
fn another_descriptor_is_looked_at_anew() {
    use std::fs::File;
    use std::io::ErrorKind;
    use std::os::fd::OwnedFd;

    use crate::support::assert_kind;

    on_every_backend(|waiter| {
        let (ours, _theirs) = pair();
        let mut source = IoSource::new(OwnedFd::from(ours));
        for _ in 0..2 {
            waiter.register(&mut source, ONE, Interest::READABLE);
            waiter.registry().deregister(&mut source).unwrap();
        }
        *source = File::open("/dev/null").unwrap().into();
        let refused = waiter.registry().register(&mut source, ONE, Interest::READABLE);
        assert_kind(refused, ErrorKind::PermissionDenied);
        let (ours, theirs) = pair();
        *source = ours.into();
        theirs.send(b"x").unwrap();
        waiter.register(&mut source, TWO, Interest::READABLE);
        waiter.expect_readable(TWO);
    });
}

/// Two sockets that are connected, and do not block.
fn pair() -> (UdpSocket, UdpSocket) {
    let [ours, theirs] = [(); 2].map(|()| UdpSocket::bind(any_port()).unwrap());
    ours.connect(theirs.local_addr().unwrap()).unwrap();
    theirs.connect(ours.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, theirs)
}
