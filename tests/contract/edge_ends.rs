//! Edge, at the ends of streams: what closed or failed lasts, so it is reported, and then
//! there is silence, however often the caller tries again.

use std::io::ErrorKind;
use std::net::Shutdown;
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use omnipoll::event::Event;
#[cfg(unix)]
use omnipoll::net::TcpListener;
#[cfg(unix)]
use omnipoll::unix::pipe::{self, OpenOptions};
use omnipoll::{Backend, Interest, Support, Token};

use crate::support::{
    ALL, Bench, Kind, STREAMS, Way, alone, each, pair, socket_to_nobody, wants_a_read, writing_pair,
};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// Who reads at the end of a stream is told a few times, not for ever.
fn end_read_again_and_again(backend: Backend) {
    each(&ALL, |kind, way| {
        for interest in [READ, READ | Interest::PRIORITY] {
            let mut bench = Bench::new(backend);
            if interest.is_priority() && !bench.tells_priority() {
                continue;
            }
            let (mut ours, theirs) = pair(kind, way);
            bench.register(&mut ours, TOKEN, interest);
            bench.expect_silence();
            drop(theirs);
            bench.expect(TOKEN, wants_a_read);
            assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
            bench.expect_silence_after(4, |_| {
                assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
            });
        }
    });
}

/// Who waits to write, and writes nothing, hears of the peer's end all the same.
fn writer_left_alone(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE);
        bench.expect(TOKEN, Event::is_writable);
        bench.expect_nothing();
        if kind == Kind::Tcp {
            // The kernel tells a writer only of a reset.
            ours.send(b"x");
        }
        drop(theirs);
        bench.expect(TOKEN, Event::is_write_closed);
        bench.expect_silence();
    });
}

/// To say that a raw descriptor was drained does not report its other direction.
fn rearmed_in_one_direction(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        bench.expect(TOKEN, Event::is_writable);
        let registry = bench.registry().try_clone().unwrap();
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        bench.expect_silence_after(3, |_| {
            ours.drain();
            registry.rearm(&ours, READ).unwrap();
        });
    });
}

/// The same with both directions, of which only reading is tried.
fn half_closed_read_again_and_again(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        theirs.shutdown(Shutdown::Write);
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        bench.expect_silence_after(5, |_| {
            assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        });
        // The half that is left works on.
        ours.fill();
        bench.expect_silence_after(3, |_| {
            ours.fill();
        });
        theirs.drain();
        bench.expect(TOKEN, Event::is_writable);
    });
}

/// EP-6: who writes to a closed peer is told a few times, not for ever.
fn broken_pipe_written_again_and_again(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE);
        bench.expect(TOKEN, Event::is_writable);
        ours.fill();
        bench.expect_silence_after(3, |_| {
            ours.fill();
        });
        drop(theirs);
        bench.expect(TOKEN, |event| event.is_writable() || event.is_write_closed());
        assert!(ours.write(b"x").is_err());
        bench.expect_silence_after(5, |_| {
            assert!(ours.write(b"x").is_err());
        });
    });
}

/// EP-7: the end came with the last data, and one read took both in.
fn data_and_end_in_one_go(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        theirs.send(b"the last");
        drop(theirs);
        thread::sleep(Duration::from_millis(10));
        let mut knows = bench.expect(TOKEN, Event::is_readable).is_read_closed();
        assert_eq!(ours.read(&mut [0; 100]).unwrap(), 8);
        if !knows {
            bench.expect(TOKEN, wants_a_read);
            knows = ours.read(&mut [0; 100]).unwrap() == 0;
        }
        assert!(knows, "the end of the stream is lost");
    });
}

/// EP-3: all data come before the end, however small the reads.
fn data_before_the_end(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        let writer = thread::spawn(move || {
            let mut left = 200_000;
            while left > 0 {
                match theirs.write(&[5; 3000][..left.min(3000)]) {
                    Ok(length) => left -= length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                    Err(error) => panic!("write: {error}"),
                }
            }
        });
        let mut total = 0;
        'stream: loop {
            bench.expect(TOKEN, wants_a_read);
            loop {
                match ours.read(&mut [0; 1000]) {
                    Ok(0) => break 'stream,
                    Ok(length) => total += length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("read: {error}"),
                }
            }
        }
        assert_eq!(total, 200_000);
        writer.join().unwrap();
    });
}

/// WN-6.
fn reset_by_the_peer(backend: Backend) {
    for way in Way::ALL {
        for interest in [READ, READ | WRITE] {
            let mut bench = Bench::new(backend);
            let (mut ours, theirs) = pair(Kind::Tcp, way);
            bench.register(&mut ours, TOKEN, interest);
            bench.expect_silence();
            system::reset_on_close(&theirs);
            drop(theirs);
            bench.expect(TOKEN, Event::is_readable);
            let error = ours.read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            bench.expect_silence_after(5, |_| {
                assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
            });
        }
    }
}

/// RG-6, PO-2: nobody reacts at all.
fn hang_up_left_alone(backend: Backend) {
    each(&STREAMS, |kind, way| {
        for interest in [READ, WRITE, READ | WRITE, Interest::PRIORITY] {
            let mut bench = Bench::new(backend);
            if interest.is_priority() && !bench.tells_priority() {
                continue;
            }
            let (mut ours, theirs) = pair(kind, way);
            bench.register(&mut ours, TOKEN, interest);
            drop(theirs);
            bench.expect_silence();
            bench.expect_sleep();
        }
    });
}

/// UD-1: each refusal is told once.
fn refused_datagrams(backend: Backend) {
    for interest in [READ, READ | WRITE] {
        let mut bench = Bench::new(backend);
        let mut socket = socket_to_nobody();
        bench.register(&mut socket, TOKEN, interest);
        bench.expect_silence();
        for _ in 0..3 {
            socket.send(b"hello?").unwrap();
            bench.expect(TOKEN, |event| event.is_error() || event.is_readable());
            let error = socket.recv(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), system::REFUSED_DATAGRAM);
            bench.expect_silence_after(4, |_| {
                let error = socket.recv(&mut [0; 8]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
            });
        }
    }
}

/// UD-1: a queue of errors that nobody reads is readiness that no read takes away.
#[cfg(unix)]
fn queued_errors_left_alone(backend: Backend) {
    for interest in [READ, READ | WRITE] {
        let mut bench = Bench::new(backend);
        let mut socket = socket_to_nobody();
        system::queue_errors(socket.as_raw_fd());
        bench.register(&mut socket, TOKEN, interest);
        bench.expect_silence();
        socket.send(b"hello?").unwrap();
        bench.expect(TOKEN, |event| event.is_error() || event.is_readable());
        assert!(socket.recv(&mut [0; 8]).is_err());
        bench.expect_silence_after(5, |_| {
            assert!(socket.recv(&mut [0; 8]).is_err());
        });
        // From here on a read only says that it would block.
        bench.reregister(&mut socket, TOKEN, interest);
        bench.expect_silence_after(5, |_| {
            let error = socket.recv(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        });
    }
}

/// KQ-9: a reader survives its writers.
#[cfg(unix)]
fn fifo_outlives_its_writers(backend: Backend) {
    let path = std::env::temp_dir().join(format!("omnipoll-{backend}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    pipe::create_fifo(&path, 0o600).unwrap();
    for way in Way::ALL {
        let mut bench = Bench::new(backend);
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        bench.register_in(way, &mut receiver, TOKEN, READ);
        bench.expect_silence();
        for _ in 0..4 {
            let mut sender = OpenOptions::new().open_sender(&path).unwrap();
            std::io::Write::write_all(&mut sender, b"hello").unwrap();
            bench.expect(TOKEN, Event::is_readable);
            let mut read = |length| {
                let mut buffer = [0; 8];
                assert_eq!(std::io::Read::read(&mut receiver, &mut buffer).unwrap(), length);
            };
            read(5);
            drop(sender);
            bench.expect(TOKEN, wants_a_read);
            read(0);
            bench.expect_silence_after(4, |_| read(0));
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// AC-1: a listener that cannot accept, because no descriptor is left, is no busy loop, and
/// those who wait are served once there are descriptors again.
#[cfg(unix)]
fn no_descriptor_to_accept_with(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        bench.register(&mut listener, TOKEN, READ);
        bench.expect_silence();
        let clients: Vec<_> =
            (0..5).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        system::limit_descriptors(system::next_descriptor());
        bench.expect(TOKEN, Event::is_readable);
        let refuse = |_: &Event| {
            let error = listener.accept().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        };
        refuse(bench.events.iter().next().unwrap());
        bench.expect_silence_after(10, refuse);

        system::limit_descriptors(1000);
        bench.reregister(&mut listener, TOKEN, READ);
        bench.expect(TOKEN, Event::is_readable);
        clients.iter().for_each(|_| drop(listener.accept().unwrap()));
        bench.expect_silence();
    });
}

/// A program that drops a source at its first event would look for it in vain at a second.
fn one_event_a_wait(backend: Backend) {
    for (kind, way) in STREAMS {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        for _ in 0..3 {
            theirs.send(b"x");
            bench.expect(TOKEN, Event::is_readable);
            ours.drain();
            // Nothing is written, so that direction falls asleep.
            bench.expect_silence();
        }
        drop(theirs);
        assert_eq!(bench.wait(1000).len(), 1);
    }
}

/// What cannot tell hang-ups shows them as readable.
fn end_shows_where_hang_ups_are_not_told(backend: Backend) {
    each(&Way::ALL.map(|way| (Kind::ONE_WAY, way)), |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        drop(theirs);
        let event = bench.expect(TOKEN, wants_a_read);
        if bench.poll.capabilities().hang_up == Support::Absent {
            assert!(event.is_readable(), "{event:?}");
        }
    });
}

/// An end that was told of is told of by later events too: who sees that the peer reads again,
/// and takes a short read for the end of the data, would never come to the end of the stream.
fn end_shows_in_later_events(backend: Backend) {
    for kind in Kind::STREAMS {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, Way::Typed);
        bench.register(&mut ours, TOKEN, READ | WRITE);
        bench.wait(1000);
        let written = ours.fill();
        theirs.send(b"the last words");
        theirs.shutdown(Shutdown::Write);
        bench.expect(TOKEN, Event::is_read_closed);
        bench.expect_silence();
        // Nothing was read yet. The peer makes room.
        let mut taken = 0;
        while taken < written {
            taken += theirs.drain();
        }
        let event = bench.expect(TOKEN, Event::is_writable);
        assert!(event.is_read_closed(), "{event:?}");
    }
}

promises! {
    in Edge:
        end_read_again_and_again, writer_left_alone, rearmed_in_one_direction,
        half_closed_read_again_and_again, broken_pipe_written_again_and_again,
        data_and_end_in_one_go, data_before_the_end, reset_by_the_peer, hang_up_left_alone,
        refused_datagrams, one_event_a_wait, end_shows_where_hang_ups_are_not_told,
        end_shows_in_later_events;
    in Edge on unix:
        queued_errors_left_alone, fifo_outlives_its_writers, no_descriptor_to_accept_with;
}
