//! Named pipes of Windows, which take the completion port.

#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, IntoRawHandle, OwnedHandle};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::windows::NamedPipe;
use omnipoll::{Backend, Events, Interest, Poll, Registry};
use windows_sys::Win32::Foundation::ERROR_IO_PENDING;
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OVERLAPPED, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, OVERLAPPED};

use crate::support::{ONE, TWO, Waiter, assert_kind, assert_would_block, on, pattern};

const PENDING: i32 = ERROR_IO_PENDING as i32;
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn on_iocp(test: impl Fn(&mut Waiter)) {
    on(Backend::Iocp, test);
}

/// A name that no other test uses.
fn any_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\omnipoll-{}-{count}", std::process::id())
}

fn client(name: &str) -> io::Result<NamedPipe> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(FILE_FLAG_OVERLAPPED);
    let handle = options.open(name)?.into_raw_handle();
    // SAFETY: `into_raw_handle` has just given it up, so it is open and nobody else's.
    Ok(unsafe { NamedPipe::from_raw_handle(handle) })
}

/// Checks that the last end of the pipe with this name is closed, now or soon.
#[track_caller]
fn assert_is_gone(name: &str) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        if client(name).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("{name} is open: {:?}", client(name));
}

/// A server's end and a client's, connected and registered as `ONE` and `TWO`.
fn connected(waiter: &mut Waiter, interest: Interest) -> (NamedPipe, NamedPipe) {
    let name = any_name();
    let mut server = NamedPipe::new(&name).unwrap();
    waiter.register(&mut server, ONE, interest);
    assert_would_block(server.connect());
    let mut client = client(&name).unwrap();
    waiter.register(&mut client, TWO, interest);
    waiter.retry(ONE, || server.connect());
    (server, client)
}

#[test]
fn what_is_written_is_read() {
    for interest in [BOTH, BOTH.level()] {
        on_iocp(|waiter| {
            let (mut server, mut client) = connected(waiter, interest);
            assert_would_block(server.read(&mut [0; 8]));
            for _ in 0..5 {
                assert_eq!(client.write(b"hello").unwrap(), 5);
                waiter.expect_readable(ONE);
                let mut buffer = [0; 8];
                assert_eq!(server.read(&mut buffer[..2]).unwrap(), 2);
                assert_eq!(server.read(&mut buffer[2..]).unwrap(), 3);
                assert_eq!(&buffer[..5], b"hello");
                assert_eq!(waiter.retry(ONE, || server.write(b"answer")), 6);
                waiter.expect_readable(TWO);
                assert_eq!(client.read(&mut buffer).unwrap(), 6);
            }
        });
    }
}

#[test]
fn much_goes_through() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        let bytes = pattern(1 << 20);
        let (mut sent, mut received) = (0, Vec::new());
        let mut buffer = vec![0; 10_000];
        while received.len() < bytes.len() {
            if sent < bytes.len() {
                match client.write(&bytes[sent..]) {
                    Ok(length) => sent += length,
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
            }
            match server.read(&mut buffer) {
                Ok(length) => received.extend_from_slice(&buffer[..length]),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    waiter.expect(ONE, Event::is_readable);
                }
            }
        }
        assert!(received == bytes);
    });
}

#[test]
fn nobody_is_there_yet() {
    on_iocp(|waiter| {
        let mut server = NamedPipe::new(any_name()).unwrap();
        assert_would_block(server.read(&mut [0; 8]));
        waiter.register(&mut server, ONE, BOTH);
        assert_would_block(server.connect());
        assert_would_block(server.connect());
        assert_would_block(server.read(&mut [0; 8]));
        assert!(server.take_error().unwrap().is_none());
        waiter.expect_quiet();
    });
}

#[test]
fn the_end_is_told() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        client.write_all(b"last").unwrap();
        waiter.expect_readable(ONE);
        let mut buffer = [0; 8];
        assert_eq!(server.read(&mut buffer).unwrap(), 4);
        drop(client);
        waiter.expect_readable(ONE);
        assert_eq!(server.read(&mut buffer).unwrap(), 0);
        assert_eq!(server.read(&mut buffer).unwrap(), 0);
        waiter.expect_quiet();
    });
}

#[test]
fn what_was_written_arrives_though_the_writer_goes() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        assert_eq!(client.write(b"farewell").unwrap(), 8);
        drop(client);
        let mut buffer = [0; 16];
        assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 8);
        assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 0);
    });
}

#[test]
fn the_next_may_come() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        for round in 0..3 {
            assert_would_block(server.connect());
            let mut client = client(&name).unwrap();
            waiter.register(&mut client, TWO, BOTH);
            waiter.retry(ONE, || server.connect());
            client.write_all(&[round; 3]).unwrap();
            let mut buffer = [0; 8];
            assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 3);
            assert_eq!(buffer[0], round);
            server.disconnect().unwrap();
        }
    });
}

#[test]
fn a_registration_is_changed_and_ended() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        assert_kind(
            waiter.registry().register(&mut server, TWO, BOTH),
            io::ErrorKind::AlreadyExists,
        );
        waiter.registry().reregister(&mut server, TWO, Interest::READABLE.oneshot()).unwrap();
        waiter.registry().deregister(&mut client).unwrap();
        client.write_all(b"once").unwrap();
        waiter.expect_readable(TWO);
        waiter.expect_quiet();
        waiter.registry().reregister(&mut server, ONE, Interest::READABLE.oneshot()).unwrap();
        waiter.expect_readable(ONE);
        waiter.registry().deregister(&mut server).unwrap();
        waiter.expect_nothing_of(ONE);
        let gone = |registry: &Registry, pipe: &mut NamedPipe| {
            assert_kind(registry.reregister(pipe, ONE, BOTH), io::ErrorKind::NotFound);
            assert_kind(registry.deregister(pipe), io::ErrorKind::NotFound);
        };
        gone(waiter.registry(), &mut server);
        gone(waiter.registry(), &mut client);
    });
}

#[test]
fn it_belongs_to_one_port() {
    let mut server = NamedPipe::new(any_name()).unwrap();
    let open = |backend| Poll::builder().backend(backend).build().unwrap();
    for backend in [Backend::Poll, Backend::Select] {
        let refused = open(backend).registry().register(&mut server, ONE, BOTH);
        assert_kind(refused, io::ErrorKind::Unsupported);
    }
    let (one, other) = (open(Backend::Iocp), open(Backend::Iocp));
    one.registry().register(&mut server, ONE, BOTH).unwrap();
    one.registry().deregister(&mut server).unwrap();
    let refused = other.registry().register(&mut server, ONE, BOTH);
    assert_kind(refused, io::ErrorKind::AlreadyExists);
    one.registry().register(&mut server, ONE, BOTH).unwrap();
}

#[test]
fn a_client_that_has_come_and_gone_was_connected() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        let mut options = OpenOptions::new();
        options.write(true).open(&name).unwrap().write_all(b"in vain?").unwrap();
        server.connect().unwrap();
        let mut buffer = [0; 16];
        assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 8);
        assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 0);
    });
}

#[test]
fn who_listens_is_not_writable() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        waiter.expect_nothing_of(ONE);
        assert_would_block(server.write(b"to nobody"));
        assert_would_block(server.connect());
        waiter.expect_nothing_of(ONE);
        waiter.registry().reregister(&mut server, ONE, BOTH.level()).unwrap();
        waiter.expect_nothing_of(ONE);
        let _client = client(&name).unwrap();
        waiter.expect_writable(ONE);
        server.connect().unwrap();
        waiter.expect_writable(ONE);
    });
}

#[test]
fn who_only_writes_is_writable() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(FILE_FLAG_OVERLAPPED);
        let mut client = NamedPipe::from(OwnedHandle::from(options.open(&name).unwrap()));
        waiter.register(&mut client, TWO, BOTH);
        waiter.expect_writable(TWO);
        client.write_all(b"one way").unwrap();
        server.connect().unwrap();
        assert_eq!(waiter.retry(ONE, || server.read(&mut [0; 8])), 7);
        waiter.expect_quiet();
    });
}

/// Whoever connects finds out by a call, and waits for room without having tried.
#[test]
fn who_was_connected_to_already_is_writable() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        let _client = client(&name).unwrap();
        waiter.expect_nothing_of(ONE);
        server.connect().unwrap();
        waiter.expect_writable(ONE);
    });
}

#[test]
fn to_connect_may_begin_before_the_registration() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        assert_would_block(server.connect());
        waiter.register(&mut server, ONE, BOTH);
        waiter.expect_nothing_of(ONE);
        let _client = client(&name).unwrap();
        waiter.expect_writable(ONE);
        server.connect().unwrap();
    });
}

#[test]
fn a_client_may_come_before_the_registration() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        assert_would_block(server.connect());
        let _client = client(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        waiter.expect_writable(ONE);
        server.connect().unwrap();
    });
}

/// All that wait are told of a level, for as long as it lasts.
#[test]
fn a_level_is_told_to_every_thread() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        waiter.registry().reregister(&mut server, ONE, Interest::READABLE.level()).unwrap();
        thread::scope(|scope| {
            let waits = [(); 3].map(|()| {
                let shared = waiter.poll.share();
                scope.spawn(move || {
                    let mut events = Events::with_capacity(8);
                    let start = Instant::now();
                    while start.elapsed() < Duration::from_secs(10) {
                        shared.wait(&mut events, Some(Duration::from_secs(10))).unwrap();
                        if events.iter().any(|event| event.token() == ONE) {
                            return true;
                        }
                    }
                    false
                })
            });
            // By then they sleep.
            thread::sleep(Duration::from_millis(100));
            client.write_all(b"to all").unwrap();
            for wait in waits {
                assert!(wait.join().unwrap(), "a level was told to others alone");
            }
        });
        drop(server);
    });
}

/// Also if there is something that no wait has told of.
#[test]
fn it_is_closed_when_it_is_dropped() {
    on_iocp(|waiter| {
        for interest in [BOTH, BOTH.level()] {
            for tells in [false, true] {
                let name = any_name();
                let mut server = NamedPipe::new(&name).unwrap();
                let client = client(&name).unwrap();
                waiter.register(&mut server, ONE, interest);
                if tells {
                    waiter.expect_writable(ONE);
                }
                drop((server, client));
                assert_is_gone(&name);
            }
        }
    });
}

/// What nobody reads is kept for no longer than the pipe and the poll are there.
#[test]
fn a_write_under_way_ends_with_the_pipe_and_its_poll() {
    for is_pipe_first in [false, true] {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        let mut poll = Poll::builder().backend(Backend::Iocp).build().unwrap();
        let mut events = Events::with_capacity(8);
        poll.registry().register(&mut server, ONE, BOTH).unwrap();
        let client = client(&name).unwrap();
        server.connect().unwrap();
        // Until there is no room for more.
        loop {
            poll.poll(&mut events, Some(Duration::from_millis(200))).unwrap();
            match server.write(&[7; 1 << 16]) {
                Ok(length) => assert_ne!(length, 0),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    break;
                }
            }
        }
        if is_pipe_first {
            drop(server);
            drop(poll);
        } else {
            drop(poll);
            // Nobody will learn how it ends.
            assert_kind(server.write(b"more"), io::ErrorKind::NotConnected);
            drop(server);
        }
        drop(client);
        assert_is_gone(&name);
    }
}

#[test]
fn without_its_poll_it_says_so() {
    let name = any_name();
    let mut server = NamedPipe::new(&name).unwrap();
    let poll = Poll::builder().backend(Backend::Iocp).build().unwrap();
    poll.registry().register(&mut server, ONE, BOTH).unwrap();
    let client = client(&name).unwrap();
    server.connect().unwrap();
    drop(poll);
    assert_kind(server.read(&mut [0; 8]), io::ErrorKind::NotConnected);
    assert_kind(server.write(b"where to?"), io::ErrorKind::NotConnected);
    drop((server, client));
    assert_is_gone(&name);
}

/// Wine refuses to disconnect who listens, and then that goes on.
#[test]
fn who_listens_may_be_disconnected() {
    on_iocp(|waiter| {
        let name = any_name();
        let mut server = NamedPipe::new(&name).unwrap();
        waiter.register(&mut server, ONE, BOTH);
        for _ in 0..2 {
            assert_would_block(server.connect());
            let _ = server.disconnect();
            assert_would_block(server.connect());
            assert!(server.take_error().unwrap().is_none());
            let client = client(&name).unwrap();
            waiter.retry(ONE, || server.connect());
            drop(client);
            server.disconnect().unwrap();
            waiter.expect_nothing_of(ONE);
        }
    });
}

#[test]
fn a_client_hears_that_it_was_disconnected() {
    on_iocp(|waiter| {
        let (server, mut client) = connected(waiter, BOTH);
        assert_would_block(client.read(&mut [0; 8]));
        server.disconnect().unwrap();
        waiter.expect_readable(TWO);
        for _ in 0..2 {
            let error = client.read(&mut [0; 8]).unwrap_err();
            assert_ne!(error.kind(), io::ErrorKind::WouldBlock);
        }
        waiter.expect_quiet();
    });
}

/// On a pipe of bytes, the peer would read nothing, and take it for the end.
#[test]
fn to_write_nothing_does_nothing() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        assert_eq!(client.write(&[]).unwrap(), 0);
        waiter.expect_quiet();
        assert_would_block(server.read(&mut [0; 8]));
        assert_eq!(client.write(b"all").unwrap(), 3);
        assert_eq!(waiter.retry(ONE, || server.read(&mut [0; 8])), 3);
    });
}

#[test]
fn it_goes_through_every_form() {
    on_iocp(|waiter| {
        let (server, mut client) = connected(waiter, BOTH);
        let number = server.as_raw_handle();
        assert_eq!(server.as_handle().as_raw_handle(), number);
        assert_eq!(server.into_raw_handle(), number);
        // SAFETY: `into_raw_handle` has just given it up, so it is open and nobody else's.
        let handle = unsafe { OwnedHandle::from_raw_handle(number) };
        assert_eq!(handle.as_raw_handle(), number);
        // It is as open as before, and nobody reads from it.
        client.write_all(b"kept").unwrap();
        waiter.expect_nothing_of(ONE);
        let handle = OwnedHandle::from(NamedPipe::from(handle));
        assert_eq!(handle.as_raw_handle(), number);
        drop(handle);
        assert_eq!(waiter.retry(TWO, || client.read(&mut [0; 8])), 0);
    });
}

/// Whoever has the handle may end the read that is under way.
#[test]
fn a_level_outlives_a_cancelled_read() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        waiter.registry().reregister(&mut server, ONE, Interest::READABLE.level()).unwrap();
        waiter.expect_nothing_of(ONE);
        // SAFETY: The handle is open, and without a structure it is all that is under way.
        unsafe { CancelIoEx(server.as_raw_handle(), ptr::null()) };
        waiter.expect_nothing_of(ONE);
        assert_eq!(client.write(b"hello").unwrap(), 5);
        waiter.expect_readable(ONE);
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 5);
    });
}

/// Its packet comes out of the port too, as that goes by the pipe and not by the handle.
#[test]
fn an_operation_by_a_duplicate_is_passed_over() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        let duplicate = server.as_handle().try_clone_to_owned().unwrap();
        let mut foreign = OVERLAPPED::default();
        let bytes = b"hello";
        // SAFETY: The handle is open, and the structure and the bytes live until the other end
        // has read them all, which is when the operation has ended.
        let written = unsafe {
            WriteFile(
                duplicate.as_raw_handle(),
                bytes.as_ptr(),
                bytes.len() as u32,
                ptr::null_mut(),
                &raw mut foreign,
            )
        };
        assert!(written != 0 || io::Error::last_os_error().raw_os_error() == Some(PENDING));
        let mut buffer = [0; 8];
        assert_eq!(waiter.retry(TWO, || client.read(&mut buffer)), 5);
        waiter.expect_quiet();
        assert_eq!(client.write(b"answer").unwrap(), 6);
        assert_eq!(waiter.retry(ONE, || server.read(&mut buffer)), 6);
    });
}

/// Levels are told in each wait, also in one beside a thread that is told all the time.
#[test]
fn a_look_beside_a_wait_finds_a_level() {
    on_iocp(|waiter| {
        let (mut server, mut client) = connected(waiter, BOTH);
        waiter.registry().reregister(&mut server, ONE, Interest::READABLE.level()).unwrap();
        client.write_all(b"unread").unwrap();
        waiter.expect_readable(ONE);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let shared = waiter.poll.share();
            scope.spawn(|| {
                let shared = shared;
                let mut events = Events::with_capacity(8);
                while !stop.load(Ordering::Relaxed) {
                    shared.wait(&mut events, Some(Duration::from_millis(10))).unwrap();
                }
            });
            let mut events = Events::with_capacity(8);
            let looks = (0..200).filter(|_| {
                waiter.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
                events.iter().any(|event| event.token() == ONE)
            });
            let count = looks.count();
            stop.store(true, Ordering::Relaxed);
            assert_eq!(count, 200);
        });
        drop(server);
    });
}

/// Such a look tells of no more levels than there is room for.
#[test]
fn a_look_beside_a_wait_finds_no_more_than_fits() {
    on_iocp(|waiter| {
        let _ends = connected(waiter, Interest::WRITABLE.level());
        thread::scope(|scope| {
            let shared = waiter.poll.share();
            let looks = scope.spawn(|| {
                let shared = shared;
                let mut events = Events::with_capacity(1);
                [(); 200].map(|()| {
                    shared.wait(&mut events, Some(Duration::ZERO)).unwrap();
                    events.iter().count()
                })
            });
            let mut events = Events::with_capacity(8);
            while !looks.is_finished() {
                waiter.poll.poll(&mut events, Some(Duration::from_millis(10))).unwrap();
            }
            assert_eq!(looks.join().unwrap(), [1; 200]);
        });
    });
}
