use std::io::{Read, Write};
use std::net::UdpSocket;
use std::thread;

use omnipoll::Backend;

use crate::support::{Example, LIMIT, connect, pattern, receive};

/// While one client floods it, or does not read, the others have their answers.
#[test]
fn serves_both_protocols_side_by_side() {
    for backend in Backend::available() {
        let mut server = Example::start("echo_udp_tcp", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let bytes = pattern(1_000_000);
        let rude = connect(&address);
        rude.set_nonblocking(true).unwrap();
        while (&rude).write(&bytes).is_ok() {}
        thread::scope(|scope| {
            for client in 0..4 {
                let (address, bytes) = (&address, &bytes[client..]);
                scope.spawn(move || {
                    let mut stream = connect(address);
                    let mut writing = stream.try_clone().unwrap();
                    scope.spawn(move || writing.write_all(bytes).unwrap());
                    let mut received = vec![0; bytes.len()];
                    stream.read_exact(&mut received).unwrap();
                    assert!(received == bytes);
                });
            }
            scope.spawn(|| exchange_datagrams(&address));
        });
        assert!(server.is_running());
    }
}

/// One at a time, so that none finds the server's buffer full and is lost.
fn exchange_datagrams(server: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.connect(server).unwrap();
    let bytes = pattern(65_507);
    let mut buffer = vec![0; 65_535];
    // None is too short or too long for UDP.
    for length in [1, 0, 2, 1_000, 0, 0, 9_000, bytes.len()] {
        socket.send(&bytes[..length]).unwrap();
        assert_eq!(receive(&socket, &mut buffer), length);
        assert!(buffer[..length] == bytes[..length]);
    }
}

#[test]
fn a_client_that_ends_is_let_go() {
    for backend in Backend::available() {
        let mut server = Example::start("echo_udp_tcp", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        for _ in 0..50 {
            let mut stream = connect(&address);
            stream.write_all(b"bye").unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            assert_eq!(received, b"bye");
        }
        assert!(server.is_running());
    }
}
