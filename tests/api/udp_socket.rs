use std::io::{self, Read};
use std::net::{self, Ipv4Addr, Ipv6Addr};

use omnipoll::Interest;
use omnipoll::net::UdpSocket;
use socket2::SockRef;

use crate::support::on_every_backend;
use crate::support::{ONE, any_port, assert_kind, assert_would_block};
use crate::system::{assert_flags, is_wine};

#[test]
fn datagrams_carry_their_sender() {
    on_every_backend(|waiter| {
        let sender = UdpSocket::bind(any_port()).unwrap();
        let mut receiver = UdpSocket::bind(any_port()).unwrap();
        assert_flags(&receiver);
        let address = receiver.local_addr().unwrap();
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        let mut buffer = [0; 16];
        for _ in 0..5 {
            assert_would_block(receiver.recv_from(&mut buffer));
            assert_eq!(sender.send_to(b"hello", address).unwrap(), 5);
            waiter.expect_readable(ONE);
            let from = sender.local_addr().unwrap();
            assert_eq!(receiver.peek_from(&mut buffer).unwrap(), (5, from));
            assert_eq!(receiver.recv_from(&mut buffer).unwrap(), (5, from));
            assert_eq!(&buffer[..5], b"hello");
        }
        waiter.expect_quiet();
    });
}

/// One event may tell of several, and an empty one is one too.
#[test]
fn every_datagram_of_a_burst_is_received() {
    on_every_backend(|waiter| {
        let sender = UdpSocket::bind(any_port()).unwrap();
        let mut receiver = UdpSocket::bind(any_port()).unwrap();
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        for _ in 0..5 {
            for length in 0..5 {
                sender.send_to(&[7; 5][..length], receiver.local_addr().unwrap()).unwrap();
            }
            let mut buffer = [0; 16];
            for length in 0..5 {
                assert_eq!(waiter.retry(ONE, || receiver.recv(&mut buffer)), length);
            }
        }
    });
}

#[test]
fn connected_sockets_hear_their_peer_alone() {
    on_every_backend(|waiter| {
        let mut one = UdpSocket::bind(any_port()).unwrap();
        let other = UdpSocket::bind(any_port()).unwrap();
        let stranger = UdpSocket::bind(any_port()).unwrap();
        assert_kind(one.peer_addr(), io::ErrorKind::NotConnected);
        one.connect(other.local_addr().unwrap()).unwrap();
        other.connect(one.local_addr().unwrap()).unwrap();
        assert_eq!(one.peer_addr().unwrap(), other.local_addr().unwrap());

        waiter.register(&mut one, ONE, Interest::READABLE | Interest::WRITABLE);
        waiter.expect_writable(ONE);
        stranger.send_to(b"psst", one.local_addr().unwrap()).unwrap();
        assert_eq!(other.send(b"hello").unwrap(), 5);
        waiter.expect_readable(ONE);
        let mut buffer = [0; 16];
        assert_eq!(one.peek(&mut buffer).unwrap(), 5);
        assert_eq!(one.recv(&mut buffer).unwrap(), 5);
        assert_would_block(one.recv(&mut buffer));
        assert_eq!(one.send(b"answer").unwrap(), 6);
        assert_eq!(other.recv(&mut buffer).unwrap(), 6);
    });
}

#[test]
fn a_datagram_to_nobody_comes_back_as_an_error() {
    if is_wine() {
        println!("skipped: Wine takes the error itself");
        return;
    }
    on_every_backend(|waiter| {
        let nobody = net::UdpSocket::bind(any_port()).unwrap().local_addr().unwrap();
        let mut socket = UdpSocket::bind(any_port()).unwrap();
        socket.connect(nobody).unwrap();
        waiter.register(&mut socket, ONE, Interest::READABLE);
        socket.send(b"anyone?").unwrap();
        waiter.expect(ONE, |_| true);
        let error = socket.recv(&mut [0; 16]).unwrap_err();
        let kinds = [io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset];
        assert!(kinds.contains(&error.kind()), "{error}");
        assert!(socket.take_error().unwrap().is_none());
        waiter.expect_quiet();
    });
}

#[test]
fn a_datagram_that_does_not_fit_is_cut() {
    let sender = UdpSocket::bind(any_port()).unwrap();
    let receiver = UdpSocket::bind(any_port()).unwrap();
    sender.send_to(b"too long", receiver.local_addr().unwrap()).unwrap();
    let mut buffer = [0; 3];
    assert_eq!(receiver.recv(&mut buffer).unwrap(), 3);
    assert_would_block(receiver.recv(&mut buffer));
    sender.send_to(b"too long", receiver.local_addr().unwrap()).unwrap();
    let (length, from) = receiver.recv_from(&mut buffer).unwrap();
    assert_eq!((length, from), (3, sender.local_addr().unwrap()));
    assert_would_block(receiver.recv(&mut buffer));
}

#[test]
fn calls_of_the_caller_s_own_are_seen() {
    on_every_backend(|waiter| {
        let sender = UdpSocket::bind(any_port()).unwrap();
        let mut receiver = UdpSocket::bind(any_port()).unwrap();
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        let mut buffer = [0; 16];
        for _ in 0..5 {
            assert_would_block(receiver.try_io(|| (&*SockRef::from(&receiver)).read(&mut buffer)));
            sender.send_to(b"hello", receiver.local_addr().unwrap()).unwrap();
            waiter.expect_readable(ONE);
            let length = receiver.try_io(|| (&*SockRef::from(&receiver)).read(&mut buffer));
            assert_eq!(length.unwrap(), 5);
        }
    });
}

#[test]
fn its_options_are_kept() {
    let socket = UdpSocket::bind(any_port()).unwrap();
    socket.set_broadcast(true).unwrap();
    assert!(socket.broadcast().unwrap());
    socket.set_ttl(55).unwrap();
    assert_eq!(socket.ttl().unwrap(), 55);
    socket.set_multicast_loop_v4(false).unwrap();
    assert!(!socket.multicast_loop_v4().unwrap());
    socket.set_multicast_ttl_v4(9).unwrap();
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 9);
    assert!(socket.only_v6().is_err(), "this is IPv4");
    assert!(socket.take_error().unwrap().is_none());
    assert!(format!("{socket:?}").starts_with("UdpSocket"));
}

#[test]
fn groups_are_joined_and_left() {
    on_every_backend(|waiter| {
        let mut socket = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let group = Ipv4Addr::new(224, 0, 0, 251);
        socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).unwrap();
        assert_kind(
            socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST),
            io::ErrorKind::AddrInUse,
        );
        waiter.register(&mut socket, ONE, Interest::READABLE);

        let sender = UdpSocket::bind(any_port()).unwrap();
        let port = socket.local_addr().unwrap().port();
        SockRef::from(&sender).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
        match sender.send_to(b"all", (group, port).into()) {
            Ok(length) => {
                waiter.expect_readable(ONE);
                assert_eq!(socket.recv(&mut [0; 16]).unwrap(), length);
            }
            Err(error) => println!("skipped: no multicast on the loopback here: {error}"),
        }
        socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST).unwrap();
        assert_kind(
            socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST),
            if is_wine() { io::ErrorKind::InvalidInput } else { io::ErrorKind::AddrNotAvailable },
        );
    });
}

#[test]
fn ipv6_works_where_there_is_some() {
    let socket = match UdpSocket::bind("[::1]:0".parse().unwrap()) {
        Ok(socket) => socket,
        Err(error) => return println!("skipped: no IPv6 here: {error}"),
    };
    socket.only_v6().unwrap();
    socket.set_multicast_loop_v6(false).unwrap();
    assert!(!socket.multicast_loop_v6().unwrap());
    let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0xfb);
    let loopback = 1;
    match socket.join_multicast_v6(&group, loopback) {
        Ok(()) => socket.leave_multicast_v6(&group, loopback).unwrap(),
        Err(error) => println!("skipped: no multicast on the loopback here: {error}"),
    }
}

#[test]
fn a_standard_socket_comes_and_goes() {
    on_every_backend(|waiter| {
        let socket = net::UdpSocket::bind(any_port()).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut socket = UdpSocket::from_std(socket);
        waiter.register(&mut socket, ONE, Interest::READABLE);
        socket.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
        waiter.expect_readable(ONE);
        let socket = net::UdpSocket::from(socket);
        waiter.expect_nothing_of(ONE);
        assert_eq!(socket.recv(&mut [0; 16]).unwrap(), 5);
    });
}
