//! Out-of-band data of TCP, and of Unix streams where the kernel has it.

#[cfg(unix)]
use std::io;
use std::io::{Read, Write};
use std::net;

use omnipoll::Interest;
use omnipoll::event::Event;
use omnipoll::net::TcpStream;

use crate::support::{
    ONE, any_port, assert_kind, assert_would_block, on_every_backend_with_priority,
};
use crate::system::NOT_URGENT;

const READ: Interest = Interest::READABLE.add(Interest::PRIORITY);

#[test]
fn an_urgent_byte_is_a_priority_event() {
    on_every_backend_with_priority(|waiter| {
        let (client, mut server) = connected();
        waiter.register(&mut server, ONE, READ);
        assert_kind(server.recv_out_of_band(&mut [0]), NOT_URGENT);
        for urgent in b"!?#" {
            assert_eq!(client.send_out_of_band(&[*urgent]).unwrap(), 1);
            waiter.expect(ONE, Event::is_priority);
            let mut buffer = [0; 8];
            assert_eq!(server.recv_out_of_band(&mut buffer).unwrap(), 1);
            assert_eq!(buffer[0], *urgent);
            assert_kind(server.recv_out_of_band(&mut buffer), NOT_URGENT);
            // Nothing else is there.
            assert_would_block(server.read(&mut buffer));
        }
        waiter.expect_quiet();
    });
}

#[test]
fn priority_alone_is_enough() {
    on_every_backend_with_priority(|waiter| {
        let (mut client, mut server) = connected();
        waiter.register(&mut server, ONE, Interest::PRIORITY);
        client.write_all(b"ordinary").unwrap();
        waiter.expect_nothing_of(ONE);
        client.send_out_of_band(b"!").unwrap();
        waiter.expect(ONE, Event::is_priority);
    });
}

#[test]
fn levels_report_it_until_it_is_taken() {
    on_every_backend_with_priority(|waiter| {
        let (client, mut server) = connected();
        waiter.register(&mut server, ONE, Interest::PRIORITY.level());
        client.send_out_of_band(b"!").unwrap();
        for _ in 0..3 {
            waiter.expect(ONE, Event::is_priority);
        }
        server.recv_out_of_band(&mut [0]).unwrap();
        waiter.expect_nothing_of(ONE);
    });
}

/// Windows tells only whether urgent data waits, and not where it was.
#[cfg(unix)]
#[test]
fn a_read_stops_at_the_mark() {
    on_every_backend_with_priority(|waiter| {
        let (mut client, mut server) = connected();
        waiter.register(&mut server, ONE, READ);
        client.write_all(b"before").unwrap();
        assert_eq!(client.send_out_of_band(b"!").unwrap(), 1);
        client.write_all(b"after").unwrap();
        waiter.expect(ONE, Event::is_priority);

        let mut buffer = [0; 64];
        assert_eq!(server.recv_out_of_band(&mut buffer).unwrap(), 1);
        assert!(!server.is_at_mark().unwrap());
        let mut received = Vec::new();
        while !server.is_at_mark().unwrap() {
            let length = waiter.retry(ONE, || server.read(&mut buffer));
            received.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(received, b"before");
        // Short, and yet there is more.
        let mut rest = Vec::new();
        while rest.len() < 5 {
            let length = waiter.retry(ONE, || server.read(&mut buffer));
            rest.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(rest, b"after");
        assert!(!server.is_at_mark().unwrap());
    });
}

/// On Windows, what comes inline is ordinary data.
#[cfg(unix)]
#[test]
fn inline_it_stays_in_its_place() {
    on_every_backend_with_priority(|waiter| {
        let (mut client, mut server) = connected();
        server.set_out_of_band_inline(true).unwrap();
        waiter.register(&mut server, ONE, READ);
        client.write_all(b"ab").unwrap();
        client.send_out_of_band(b"!").unwrap();
        waiter.expect(ONE, Event::is_priority);
        assert_kind(server.recv_out_of_band(&mut [0]), io::ErrorKind::InvalidInput);

        let mut received = Vec::new();
        let mut buffer = [0; 64];
        while received.len() < 3 {
            let length = waiter.retry(ONE, || server.read(&mut buffer));
            received.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(received, b"ab!");
    });
}

/// Only the last is urgent; the others are ordinary bytes.
#[test]
fn of_many_bytes_the_last_is_urgent() {
    on_every_backend_with_priority(|waiter| {
        let (client, mut server) = connected();
        waiter.register(&mut server, ONE, READ);
        assert_eq!(client.send_out_of_band(b"abc").unwrap(), 3);
        waiter.expect(ONE, Event::is_priority);
        let mut buffer = [0; 8];
        assert_eq!(server.recv_out_of_band(&mut buffer).unwrap(), 1);
        assert_eq!(buffer[0], b'c');
        assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 2);
        assert_eq!(&buffer[..2], b"ab");
    });
}

/// The control byte of a packet-mode terminal, and the like, come this way too.
#[cfg(unix)]
#[test]
fn unix_streams_have_it_where_the_kernel_does() {
    on_every_backend_with_priority(|waiter| {
        let (here, mut there) = omnipoll::net::UnixStream::pair().unwrap();
        waiter.register(&mut there, ONE, READ);
        if let Err(error) = here.send_out_of_band(b"!") {
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            return println!("skipped: this kernel has none for Unix sockets");
        }
        waiter.expect(ONE, Event::is_priority);
        let mut buffer = [0; 8];
        assert_eq!(there.recv_out_of_band(&mut buffer).unwrap(), 1);
        assert_eq!(buffer[0], b'!');
        assert_kind(there.recv_out_of_band(&mut buffer), io::ErrorKind::InvalidInput);

        there.set_out_of_band_inline(true).unwrap();
        (&here).write_all(b"a").unwrap();
        here.send_out_of_band(b"b").unwrap();
        let mut received = Vec::new();
        while received.len() < 2 {
            let length = waiter.retry(ONE, || there.read(&mut buffer));
            received.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(received, b"ab");
        there.is_at_mark().unwrap();
    });
}

fn connected() -> (TcpStream, TcpStream) {
    let listener = net::TcpListener::bind(any_port()).unwrap();
    let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    client.set_nonblocking(true).unwrap();
    server.set_nonblocking(true).unwrap();
    client.set_nodelay(true).unwrap();
    (TcpStream::from_std(client), TcpStream::from_std(server))
}
