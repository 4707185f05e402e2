use std::io::{ErrorKind, Read, Write};
use std::net::{self, Shutdown};
use std::time::Duration;

use omnipoll::Interest;
use omnipoll::net::{TcpListener, TcpStream};
use socket2::SockRef;

use crate::support::on_every_backend;
use crate::support::{ONE, any_port, assert_kind, assert_would_block};
use crate::system::assert_flags;

#[test]
fn every_waiting_connection_is_accepted_after_one_event() {
    on_every_backend(|waiter| {
        let mut listener = TcpListener::bind(any_port()).unwrap();
        assert_would_block(listener.accept());
        waiter.register(&mut listener, ONE, Interest::READABLE);
        for _ in 0..3 {
            let clients: Vec<_> = (0..5)
                .map(|_| TcpStream::connect(listener.local_addr().unwrap()).unwrap())
                .collect();
            let mut accepted = Vec::new();
            while accepted.len() < clients.len() {
                accepted.push(waiter.retry(ONE, || listener.accept()));
            }
            for (client, (stream, peer)) in clients.iter().zip(&accepted) {
                assert_flags(stream);
                assert_eq!(client.local_addr().unwrap(), *peer);
                assert_eq!(stream.peer_addr().unwrap(), *peer);
            }
            assert_would_block(listener.accept());
        }
        waiter.expect_quiet();
    });
}

/// Whoever accepts it learns that it is gone, there or at the first read, and goes on.
#[test]
fn a_connection_that_was_reset_first() {
    on_every_backend(|waiter| {
        let mut listener = TcpListener::bind(any_port()).unwrap();
        waiter.register(&mut listener, ONE, Interest::READABLE);
        let rude = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        SockRef::from(&rude).set_linger(Some(Duration::ZERO)).unwrap();
        drop(rude);
        let polite = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = polite.local_addr().unwrap();
        loop {
            let accepted = waiter.retry(ONE, || match listener.accept() {
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => Ok(None),
                result => result.map(Some),
            });
            if accepted.is_some_and(|(_, address)| address == peer) {
                break;
            }
        }
        assert_would_block(listener.accept());
    });
}

#[test]
fn a_connection_waits_from_before_the_registration() {
    on_every_backend(|waiter| {
        let mut listener = TcpListener::bind(any_port()).unwrap();
        let _client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        waiter.register(&mut listener, ONE, Interest::READABLE);
        waiter.expect_readable(ONE);
        listener.accept().unwrap();
    });
}

#[test]
fn nothing_is_reported_after_deregistering() {
    on_every_backend(|waiter| {
        let mut listener = TcpListener::bind(any_port()).unwrap();
        waiter.register(&mut listener, ONE, Interest::READABLE);
        waiter.registry().deregister(&mut listener).unwrap();
        let _client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        waiter.expect_nothing_of(ONE);
        assert_kind(waiter.registry().deregister(&mut listener), ErrorKind::NotFound);
    });
}

#[test]
fn it_is_made_non_blocking_and_close_on_exec() {
    assert_flags(TcpListener::bind(any_port()).unwrap());
}

/// A server that closed its connections first can be started again at once.
#[test]
fn an_address_is_reused_while_connections_linger() {
    let listener = TcpListener::bind(any_port()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = net::TcpStream::connect(address).unwrap();
    let (server, _) = loop {
        match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => break result.unwrap(),
        }
    };
    server.shutdown(Shutdown::Both).unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
    drop((client, listener));
    TcpListener::bind(address).unwrap();
}

#[test]
fn an_address_in_use_is_refused() {
    let listener = TcpListener::bind(any_port()).unwrap();
    let again = TcpListener::bind(listener.local_addr().unwrap());
    assert_kind(again, ErrorKind::AddrInUse);
}

#[test]
fn many_connections_may_wait() {
    let listener = TcpListener::bind(any_port()).unwrap();
    let address = listener.local_addr().unwrap();
    let clients: Vec<_> = (0..300).map(|_| net::TcpStream::connect(address).unwrap()).collect();
    let accepted: Vec<_> = (0..300).map(|_| listener.accept().unwrap()).collect();
    assert_eq!(clients.len(), accepted.len());
}

#[test]
fn ipv6_works_where_there_is_some() {
    let listener = match TcpListener::bind("[::1]:0".parse().unwrap()) {
        Ok(listener) => listener,
        Err(error) => return println!("skipped: no IPv6 here: {error}"),
    };
    let address = listener.local_addr().unwrap();
    assert!(address.is_ipv6());
    let client = net::TcpStream::connect(address).unwrap();
    let (_, peer) = listener.accept().unwrap();
    assert_eq!(client.local_addr().unwrap(), peer);
}

#[test]
fn its_options_are_kept() {
    let listener = TcpListener::bind(any_port()).unwrap();
    listener.set_ttl(33).unwrap();
    assert_eq!(listener.ttl().unwrap(), 33);
    assert_kind(listener.set_ttl(1_000), ErrorKind::InvalidInput);
    assert!(listener.take_error().unwrap().is_none());
    assert!(format!("{listener:?}").starts_with("TcpListener"));
}

#[test]
fn a_standard_listener_comes_and_goes() {
    on_every_backend(|waiter| {
        let listener = net::TcpListener::bind(any_port()).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let mut listener = TcpListener::from_std(listener);
        waiter.register(&mut listener, ONE, Interest::READABLE);
        let mut client = net::TcpStream::connect(address).unwrap();
        client.write_all(b"hello").unwrap();

        // It leaves, and takes its registration with it.
        let listener = net::TcpListener::from(listener);
        waiter.expect_nothing_of(ONE);
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 5];
        stream.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"hello");
    });
}
