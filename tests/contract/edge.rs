//! Edge: after an event in a direction, the next is owed once the I/O was tried there and
//! readiness returns; and there is no busy loop, whatever the caller leaves undone.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use omnipoll::event::Event;
use omnipoll::net::{TcpListener, TcpStream, UdpSocket};
use omnipoll::{Backend, Interest, Token};

use crate::support::{ALL, Bench, Kind, STREAMS, Waiter, Way, each, pair, tcp_pair, writing_pair};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
const ROUNDS: usize = 20;

fn readiness_from_before_is_reported(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        theirs.send(b"early");
        bench.register(&mut ours, TOKEN, READ);
        bench.expect(TOKEN, Event::is_readable);

        let (mut ours, _theirs) = writing_pair(kind, way);
        bench.register(&mut ours, Token(8), WRITE);
        bench.expect(Token(8), Event::is_writable);
    });
}

/// EP-9.
fn drained_then_refilled(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        for _ in 0..ROUNDS {
            theirs.send(b"hello");
            bench.expect(TOKEN, Event::is_readable);
            assert_eq!(ours.drain(), 5);
        }
        bench.expect_silence();
    });
}

/// PO-4: callers take a read that came up short for the end of the data.
fn short_read_then_new_data(backend: Backend) {
    read_then_new_data(backend, 64);
}

/// PO-4: all was read, but nothing said so.
fn exact_read_then_new_data(backend: Backend) {
    read_then_new_data(backend, 5);
}

fn read_then_new_data(backend: Backend, room: usize) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        for _ in 0..ROUNDS {
            theirs.send(b"hello");
            bench.expect(TOKEN, Event::is_readable);
            assert_eq!(ours.read(&mut [0; 64][..room]).unwrap(), 5);
        }
        bench.expect_silence();
    });
}

/// PO-4: what is left may or may not be reported again, but what comes after it is.
fn part_read_then_new_data(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        theirs.send(b"0123456789");
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(ours.read(&mut [0; 4]).unwrap(), 4);
        bench.expect_silence();
        assert_eq!(ours.drain(), 6);
        theirs.send(b"more");
        bench.expect(TOKEN, Event::is_readable);
    });
}

/// New data on top of old, which was reported and left alone, is no reason for a loop.
fn data_left_alone_is_silent(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        theirs.send(b"left alone");
        bench.expect(TOKEN, Event::is_readable);
        bench.expect_nothing();
        bench.expect_nothing();
        ours.drain();
        theirs.send(b"more");
        bench.expect(TOKEN, Event::is_readable);
    });
}

/// WN-17.
fn idle_stream_is_writable_once(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, _theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        bench.expect(TOKEN, Event::is_writable);
        bench.expect_nothing();
        bench.expect_nothing();
    });
}

/// A caller that only reads must not be told of writing at every wait, nor miss a byte.
fn other_direction_left_alone(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        let mut events = 0;
        for _ in 0..ROUNDS {
            theirs.send(b"hello");
            bench.expect(TOKEN, Event::is_readable);
            ours.drain();
            events += bench.expect_silence_after(2, |_| {});
        }
        assert!(events <= ROUNDS, "{events} events beside those of {ROUNDS} messages");
    });
}

/// The same, where the kernel does not see which direction was tried.
fn unknown_direction_tried(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, mut theirs) = tcp_pair();
    bench.register(&mut ours, TOKEN, READ | WRITE);
    let read_all = |stream: &TcpStream| {
        let mut total = 0;
        loop {
            let mut buffer = [0; 64];
            let peek_or_read = || system::read(stream, &mut buffer);
            match stream.try_io(peek_or_read) {
                Ok(length) => total += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return total,
                Err(error) => panic!("read: {error}"),
            }
        }
    };
    // Without an event before it.
    assert_eq!(read_all(&ours), 0);
    bench.expect_silence_after(3, |_| {
        read_all(&ours);
    });
    let mut events = 0;
    for _ in 0..ROUNDS {
        theirs.write_all(b"hello").unwrap();
        let mut total = 0;
        while total < 5 {
            bench.expect(TOKEN, Event::is_readable);
            total += read_all(&ours);
        }
        events += bench.expect_silence_after(3, |_| {
            read_all(&ours);
        });
    }
    assert!(events <= ROUNDS, "{events} events beside those of {ROUNDS} messages");
}

/// The same under a wait that another thread is in, as in tokio.
fn unknown_direction_under_a_wait(backend: Backend) {
    let bench = Bench::new(backend);
    let (mut ours, mut theirs) = tcp_pair();
    let waiter = Waiter::start(&bench.poll, 8);
    bench.register(&mut ours, TOKEN, READ | WRITE);
    let mut buffer = [0; 64];
    for _ in 0..ROUNDS {
        theirs.write_all(b"hello").unwrap();
        let mut total = 0;
        while total < 5 {
            waiter.expect(TOKEN, Event::is_readable);
            while let Ok(length) = ours.try_io(|| system::read(&ours, &mut buffer)) {
                total += length;
            }
        }
    }
    let waits = waiter.waits();
    assert!(waits <= 4 * ROUNDS as u64, "{waits} waits for {ROUNDS} messages");
}

fn full_then_drained(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE);
        for _ in 0..3 {
            bench.expect(TOKEN, Event::is_writable);
            let mut sent = ours.fill();
            bench.expect_silence_after(3, |_| sent += ours.fill());
            let mut received = 0;
            while received < sent {
                received += theirs.drain();
            }
        }
        bench.expect(TOKEN, Event::is_writable);
    });
}

/// A write that was cut short, without a `WouldBlock` after it.
fn short_write_then_room(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE);
        bench.expect(TOKEN, Event::is_writable);
        let much = vec![1; 16 << 20];
        let sent = ours.write(&much).unwrap();
        assert!(sent < much.len());
        let mut received = 0;
        while received < sent {
            received += theirs.drain();
        }
        bench.expect(TOKEN, Event::is_writable);
    });
}

/// RG-4.
fn reregister_reports_again(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        theirs.send(b"hello");
        bench.expect(TOKEN, Event::is_readable);
        for round in 0..3 {
            let token = Token(100 + round);
            bench.reregister(&mut ours, token, READ);
            bench.expect(token, Event::is_readable);
            bench.expect_silence();
        }
    });
}

/// RG-5: with one direction dropped, the other keeps its trigger.
fn dropped_direction(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        bench.reregister(&mut ours, TOKEN, READ);
        theirs.send(b"left alone");
        let event = bench.expect(TOKEN, Event::is_readable);
        assert!(!event.is_writable(), "{event:?}");
        bench.expect_silence();
    });
}

/// A raw descriptor that is read by plain calls while another thread waits.
fn refilled_under_a_wait(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        let waiter = Waiter::start(&bench.poll, 8);
        bench.register(&mut ours, TOKEN, READ);
        for _ in 0..200 {
            theirs.send(b"hello");
            let mut total = 0;
            while total < 5 {
                waiter.expect(TOKEN, Event::is_readable);
                total += ours.drain();
            }
        }
        let waits = waiter.waits();
        assert!(waits <= 3 * 200, "{waits} waits for 200 messages");
    });
}

/// A look ahead moves nothing, so a wait after it would find the same again.
fn peeked_and_left_alone(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, mut theirs) = tcp_pair();
    bench.register(&mut ours, TOKEN, READ);
    for length in 1..5 {
        theirs.write_all(b"x").unwrap();
        bench.expect(TOKEN, Event::is_readable);
        let peek = |_: &Event| assert!(ours.peek(&mut [0; 64]).unwrap() >= length - 1);
        peek(bench.events.iter().next().unwrap());
        bench.expect_silence_after(3, peek);
    }
    assert_eq!((&ours).read(&mut [0; 64]).unwrap(), 4);
}

/// EP-10: an urgent byte that nobody fetches.
fn urgent_byte_left_alone(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, theirs) = tcp_pair();
    bench.register(&mut ours, TOKEN, READ | Interest::PRIORITY);
    theirs.send_out_of_band(b"!").unwrap();
    bench.expect(TOKEN, Event::is_priority);
    let read = |_: &Event| {
        let error = (&ours).read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    };
    read(bench.events.iter().next().unwrap());
    bench.expect_silence_after(3, read);
    (&theirs).write_all(b"more").unwrap();
    bench.expect(TOKEN, Event::is_readable);
}

fn accepted_then_connected_again(backend: Backend) {
    let mut bench = Bench::new(backend);
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    bench.register(&mut listener, TOKEN, READ);
    for _ in 0..ROUNDS {
        let _client = std::net::TcpStream::connect(address).unwrap();
        bench.expect(TOKEN, Event::is_readable);
        // One only, and no `WouldBlock`.
        listener.accept().unwrap();
    }
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    bench.expect_silence();
}

/// UD-2: nothing in it, and still a datagram.
fn empty_datagrams(backend: Backend) {
    let mut bench = Bench::new(backend);
    let mut udp = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    sender.connect(udp.local_addr().unwrap()).unwrap();
    bench.register(&mut udp, TOKEN, READ);
    for _ in 0..3 {
        sender.send(b"").unwrap();
        let event = bench.expect(TOKEN, Event::is_readable);
        assert!(!event.is_read_closed(), "{event:?}");
        assert_eq!(udp.recv(&mut [0; 8]).unwrap(), 0);
        assert_eq!(udp.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    bench.expect_silence();
}

/// EP-4: the peer has ended its half, and we go on writing.
fn writing_to_a_half_closed_peer(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        theirs.shutdown(Shutdown::Write);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        let (mut sent, mut received, mut events) = (0, 0, 0);
        let much = vec![1; 1 << 20];
        while sent < much.len() {
            bench.expect(TOKEN, Event::is_writable);
            events += 1;
            while let Ok(length) = ours.write(&much[sent..]) {
                sent += length;
                if sent == much.len() {
                    break;
                }
            }
            received += theirs.drain();
        }
        while received < sent {
            received += theirs.drain();
        }
        assert!(events < 50, "{events} events for a mebibyte");
        bench.expect_silence();
    });
}

/// The same of a Unix domain socket.
#[cfg(unix)]
fn empty_unix_datagrams(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut unix, peer) = omnipoll::net::UnixDatagram::pair().unwrap();
    bench.register(&mut unix, TOKEN, READ);
    for _ in 0..3 {
        peer.send(b"").unwrap();
        let event = bench.expect(TOKEN, Event::is_readable);
        assert!(!event.is_read_closed(), "{event:?}");
        assert_eq!(unix.recv(&mut [0; 8]).unwrap(), 0);
        assert_eq!(unix.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    bench.expect_silence();
}

/// EP-17: what a socket reports before it is connected must not hide the connection.
fn connected_after_registration(backend: Backend) {
    let mut bench = Bench::new(backend);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut stream = system::unconnected();
    bench.register(&mut stream, TOKEN, READ | WRITE);
    bench.expect_silence();
    stream.try_io(|| system::begin_to_connect(&stream, address)).unwrap();
    bench.expect(TOKEN, |event| event.is_writable() && !event.is_read_closed());
    bench.expect_silence();
    assert!(stream.peer_addr().is_ok());
}

/// The promise holds for each of many, in any order.
fn many_at_once(backend: Backend) {
    let mut bench = Bench::with_capacity(backend, 16);
    let mut pairs: Vec<_> = (0..100)
        .map(|number| {
            let way = Way::of(number);
            pair(Kind::of(number), way)
        })
        .collect();
    for (number, (ours, _)) in pairs.iter_mut().enumerate() {
        bench.register(ours, Token(number), READ);
    }
    for round in 0..50 {
        let written: Vec<_> = (0..100).filter(|number| (number * 7 + round) % 3 == 0).collect();
        written.iter().for_each(|&number| pairs[number].1.send(b"x"));
        let mut left = written.len();
        while left > 0 {
            let events = bench.wait(5000);
            assert!(!events.is_empty(), "{left} events are lost in round {round}");
            left -= events.iter().map(|event| pairs[event.token().0].0.drain()).sum::<usize>();
        }
    }
    bench.expect_silence_after(100, |_| {});
}

promises! {
    in Edge:
        readiness_from_before_is_reported, drained_then_refilled, short_read_then_new_data,
        exact_read_then_new_data, part_read_then_new_data, data_left_alone_is_silent,
        idle_stream_is_writable_once, other_direction_left_alone, unknown_direction_tried,
        unknown_direction_under_a_wait, full_then_drained, short_write_then_room,
        reregister_reports_again, dropped_direction, refilled_under_a_wait, peeked_and_left_alone,
        urgent_byte_left_alone, accepted_then_connected_again, empty_datagrams, writing_to_a_half_closed_peer,
        connected_after_registration, many_at_once;
    in Edge on unix: empty_unix_datagrams;
}
