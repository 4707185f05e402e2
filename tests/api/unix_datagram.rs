use std::io;
use std::net::Shutdown;
use std::os::unix::net;

use omnipoll::Interest;
use omnipoll::net::UnixDatagram;

use crate::support::on_every_backend;
use crate::support::{ONE, assert_kind, assert_would_block};
use crate::system::assert_flags;
use crate::temporary_path::TemporaryPath;

#[test]
fn datagrams_find_a_path_and_carry_their_sender() {
    on_every_backend(|waiter| {
        let (path, own) = (TemporaryPath::new("receiver"), TemporaryPath::new("sender"));
        let mut receiver = UnixDatagram::bind(&path).unwrap();
        assert_flags(&receiver);
        let named = UnixDatagram::bind(&own).unwrap();
        let nameless = UnixDatagram::unbound().unwrap();
        assert_flags(&nameless);
        assert!(nameless.local_addr().unwrap().is_unnamed());
        assert_eq!(receiver.local_addr().unwrap().as_pathname(), Some(path.as_ref()));

        waiter.register(&mut receiver, ONE, Interest::READABLE);
        let mut buffer = [0; 16];
        for _ in 0..5 {
            assert_would_block(receiver.recv_from(&mut buffer));
            assert_eq!(named.send_to(b"named", &path).unwrap(), 5);
            waiter.expect_readable(ONE);
            let (length, from) = receiver.recv_from(&mut buffer).unwrap();
            assert_eq!((length, from.as_pathname()), (5, Some(own.as_ref())));

            nameless.send_to(b"nameless", &path).unwrap();
            waiter.expect_readable(ONE);
            let (length, from) = receiver.recv_from(&mut buffer).unwrap();
            assert_eq!((length, from.is_unnamed()), (8, true));
        }
        waiter.expect_quiet();
    });
}

#[test]
fn a_full_pair_becomes_writable_again() {
    on_every_backend(|waiter| {
        let (mut here, there) = UnixDatagram::pair().unwrap();
        assert_flags(&here);
        assert_flags(&there);
        waiter.register(&mut here, ONE, Interest::WRITABLE);
        let mut buffer = [0; 16];
        for _ in 0..10 {
            while here.send(b"datagram").is_ok() {}
            assert_would_block(here.send(b"datagram"));
            while there.recv(&mut buffer).is_ok() {}
            waiter.expect_writable(ONE);
        }
    });
}

#[test]
fn an_empty_datagram_is_one() {
    on_every_backend(|waiter| {
        let (here, mut there) = UnixDatagram::pair().unwrap();
        waiter.register(&mut there, ONE, Interest::READABLE);
        for _ in 0..3 {
            here.send(b"").unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(there.recv(&mut [0; 16]).unwrap(), 0);
            assert_would_block(there.recv(&mut [0; 16]));
        }
    });
}

#[test]
fn connected_sockets_know_their_peer() {
    let path = TemporaryPath::new("peer");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    assert_kind(sender.peer_addr(), io::ErrorKind::NotConnected);
    assert_kind(sender.send(b"hello"), io::ErrorKind::NotConnected);
    sender.connect(&path).unwrap();
    assert_eq!(sender.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
    assert_eq!(sender.send(b"hello").unwrap(), 5);
    assert_eq!(receiver.recv(&mut [0; 16]).unwrap(), 5);
    drop(receiver);
    assert_kind(sender.send(b"hello"), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_shut_socket_sends_no_more() {
    let (here, there) = UnixDatagram::pair().unwrap();
    here.shutdown(Shutdown::Both).unwrap();
    assert_kind(here.send(b"hello"), io::ErrorKind::BrokenPipe);
    assert_kind(there.send(b"hello"), io::ErrorKind::BrokenPipe);
    assert!(here.take_error().unwrap().is_none());
}

#[test]
fn paths_in_use_too_long_or_missing_are_refused() {
    let path = TemporaryPath::new("refused");
    let sender = UnixDatagram::unbound().unwrap();
    assert_kind(sender.send_to(b"hello", &path), io::ErrorKind::NotFound);
    assert_kind(sender.connect(&path), io::ErrorKind::NotFound);
    let _receiver = UnixDatagram::bind(&path).unwrap();
    assert_kind(UnixDatagram::bind(&path), io::ErrorKind::AddrInUse);
    assert_kind(UnixDatagram::bind("a".repeat(200)), io::ErrorKind::InvalidInput);
}

#[test]
#[cfg(all(target_os = "linux", not(omnipoll_plain_unix)))]
fn abstract_names_have_no_file() {
    use std::os::linux::net::SocketAddrExt;

    let name = format!("omnipoll-{}-datagram", std::process::id());
    let address = net::SocketAddr::from_abstract_name(&name).unwrap();
    let receiver = UnixDatagram::bind_addr(&address).unwrap();
    assert_eq!(receiver.local_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));

    let own = format!("omnipoll-{}-sender", std::process::id());
    let sender = UnixDatagram::bind_addr(&net::SocketAddr::from_abstract_name(&own).unwrap());
    let sender = net::UnixDatagram::from(sender.unwrap());
    sender.send_to_addr(b"hello", &address).unwrap();
    let (_, from) = receiver.recv_from(&mut [0; 16]).unwrap();
    assert_eq!(from.as_abstract_name(), Some(own.as_bytes()));
}

#[test]
fn calls_of_the_caller_s_own_are_seen() {
    on_every_backend(|waiter| {
        let (here, mut there) = UnixDatagram::pair().unwrap();
        waiter.register(&mut there, ONE, Interest::READABLE);
        let mut buffer = [0; 16];
        for _ in 0..5 {
            assert_would_block(there.try_io(|| Ok(rustix::io::read(&there, &mut buffer)?)));
            here.send(b"hello").unwrap();
            waiter.expect_readable(ONE);
            let length = there.try_io(|| Ok(rustix::io::read(&there, &mut buffer)?));
            assert_eq!(length.unwrap(), 5);
        }
    });
}

#[test]
fn a_standard_socket_comes_and_goes() {
    on_every_backend(|waiter| {
        let (one, other) = net::UnixDatagram::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let mut socket = UnixDatagram::from_std(one);
        assert!(format!("{socket:?}").starts_with("UnixDatagram"));
        waiter.register(&mut socket, ONE, Interest::READABLE);
        other.send(b"hello").unwrap();
        waiter.expect_readable(ONE);
        let socket = net::UnixDatagram::from(socket);
        waiter.expect_nothing_of(ONE);
        assert_eq!(socket.recv(&mut [0; 16]).unwrap(), 5);
    });
}
