use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use omnipoll::event::Event;
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Poll};

use crate::support::on_every_backend;
use crate::support::{ONE, TWO, Waiter, assert_kind, assert_would_block};
use crate::temporary_path::TemporaryPath;

#[test]
fn edges_come_without_a_word() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = pair();
        register(waiter, &here, Interest::READABLE | Interest::WRITABLE);
        waiter.expect_writable(ONE);
        let mut buffer = [0; 64];
        for _ in 0..20 {
            there.write_all(b"hello").unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(here.read(&mut buffer).unwrap(), 5);
            assert_would_block(here.read(&mut buffer));
            waiter.expect_quiet_once();
        }
    });
}

#[test]
fn a_full_descriptor_becomes_writable_again() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = pair();
        register(waiter, &here, Interest::WRITABLE);
        let mut buffer = vec![0; 100_000];
        for _ in 0..10 {
            while here.write(&[7; 10_000]).is_ok() {}
            while there.read(&mut buffer).is_ok() {}
            waiter.expect_writable(ONE);
        }
        waiter.expect_quiet();
    });
}

#[test]
fn saying_that_one_tried_does_no_harm() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = pair();
        register(waiter, &here, Interest::READABLE);
        for _ in 0..10 {
            there.write_all(b"hello").unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(here.read(&mut [0; 64]).unwrap(), 5);
            waiter.registry().rearm(&here, Interest::READABLE).unwrap();
        }
        waiter.expect_quiet();
    });
}

#[test]
fn levels_last() {
    on_every_backend(|waiter| {
        let (mut here, mut there) = pair();
        register(waiter, &here, Interest::READABLE.level());
        there.write_all(b"hello").unwrap();
        for _ in 0..5 {
            waiter.expect_readable(ONE);
        }
        assert_eq!(here.read(&mut [0; 64]).unwrap(), 5);
        waiter.expect_nothing_of(ONE);
    });
}

#[test]
fn a_oneshot_is_armed_by_reregistering() {
    on_every_backend(|waiter| {
        let (here, mut there) = pair();
        let interest = Interest::READABLE.oneshot();
        register(waiter, &here, interest);
        there.write_all(b"hello").unwrap();
        for _ in 0..5 {
            waiter.expect_readable(ONE);
            there.write_all(b"more").unwrap();
            waiter.expect_nothing_of(ONE);
            waiter.registry().reregister(&mut SourceFd(&here.as_raw_fd()), ONE, interest).unwrap();
        }
    });
}

#[test]
fn token_and_interest_can_change() {
    on_every_backend(|waiter| {
        let (here, mut there) = pair();
        let fd = here.as_raw_fd();
        let mut source = SourceFd(&fd);
        let refused = waiter.registry().reregister(&mut source, ONE, Interest::READABLE);
        assert_kind(refused, io::ErrorKind::NotFound);
        assert_kind(waiter.registry().deregister(&mut source), io::ErrorKind::NotFound);
        register(waiter, &here, Interest::WRITABLE);
        let again = waiter.registry().register(&mut source, TWO, Interest::WRITABLE);
        assert_kind(again, io::ErrorKind::AlreadyExists);
        waiter.registry().reregister(&mut source, TWO, Interest::READABLE).unwrap();
        there.write_all(b"hello").unwrap();
        waiter.expect_readable(TWO);
        waiter.registry().deregister(&mut source).unwrap();
        there.write_all(b"hello").unwrap();
        waiter.expect_nothing_of(TWO);
    });
}

#[test]
fn a_peer_that_leaves_is_told_once() {
    on_every_backend(|waiter| {
        let (mut here, there) = pair();
        register(waiter, &here, Interest::READABLE);
        drop(there);
        waiter.expect_hang_up(ONE, Event::is_read_closed);
        assert_eq!(here.read(&mut [0; 64]).unwrap(), 0);
        waiter.expect_quiet();
    });
}

#[test]
fn a_number_is_used_again() {
    on_every_backend(|waiter| {
        let mut numbers = Vec::new();
        for round in 0..50 {
            let (mut here, mut there) = pair();
            numbers.push(here.as_raw_fd());
            let token = omnipoll::Token(100 + round);
            let fd = here.as_raw_fd();
            let mut source = SourceFd(&fd);
            waiter.registry().register(&mut source, token, Interest::READABLE).unwrap();
            there.write_all(b"hello").unwrap();
            waiter.expect_readable(token);
            if round % 2 == 0 {
                assert_eq!(here.read(&mut [0; 64]).unwrap(), 5);
            }
            waiter.registry().deregister(&mut SourceFd(&here.as_raw_fd())).unwrap();
        }
        numbers.dedup();
        println!("{} numbers in 50 rounds", numbers.len());
    });
}

#[test]
#[cfg(target_os = "linux")]
fn an_eventfd_counts() {
    use rustix::event::{EventfdFlags, eventfd};

    on_every_backend(|waiter| {
        let counter = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).unwrap();
        register(waiter, &counter, Interest::READABLE);
        for _ in 0..20 {
            rustix::io::write(&counter, &1_u64.to_ne_bytes()).unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(rustix::io::read(&counter, &mut [0; 8]).unwrap(), 8);
        }
        waiter.expect_quiet();
    });
}

#[test]
fn files_that_are_always_ready_are_refused() {
    on_every_backend(|waiter| {
        for file in always_ready_files() {
            let fd = file.as_raw_fd();
            let refused = waiter.registry().register(&mut SourceFd(&fd), ONE, Interest::READABLE);
            assert_kind(refused, io::ErrorKind::PermissionDenied);
            // Nothing is half registered.
            let gone = waiter.registry().deregister(&mut SourceFd(&fd));
            assert_kind(gone, io::ErrorKind::NotFound);
        }
        waiter.expect_nothing_of(ONE);
    });
}

#[test]
fn files_that_are_always_ready_can_be_asked_for() {
    for backend in Backend::available() {
        println!("on {backend}");
        let mut poll = Poll::builder().backend(backend).always_ready_files(true).build().unwrap();
        let mut events = omnipoll::Events::with_capacity(8);
        for file in always_ready_files() {
            let fd = file.as_raw_fd();
            poll.registry().register(&mut SourceFd(&fd), ONE, Interest::READABLE.level()).unwrap();
            for _ in 0..3 {
                poll.poll(&mut events, None).unwrap();
                assert!(events.iter().any(|event| event.token() == ONE && event.is_readable()));
            }
            poll.registry().deregister(&mut SourceFd(&fd)).unwrap();
            poll.poll(&mut events, Some(std::time::Duration::ZERO)).unwrap();
            assert!(events.is_empty());
        }
    }
}

#[test]
fn a_bad_descriptor_is_refused() {
    on_every_backend(|waiter| {
        let closed = {
            let (here, _there) = pair();
            here.as_raw_fd()
        };
        for fd in [-1, RawFd::MAX, closed] {
            let refused = waiter.registry().register(&mut SourceFd(&fd), ONE, Interest::READABLE);
            // Another test may have opened something under the number of the closed one.
            if fd != closed {
                assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EBADF));
            } else if refused.is_ok() {
                waiter.registry().deregister(&mut SourceFd(&fd)).unwrap();
            }
        }
    });
}

#[test]
fn it_can_be_a_source_in_a_box() {
    on_every_backend(|waiter| {
        let (here, mut there) = pair();
        let fd = here.as_raw_fd();
        let mut boxed: Box<dyn omnipoll::event::Source + '_> = Box::new(SourceFd(&fd));
        waiter.registry().register(&mut boxed, ONE, Interest::READABLE).unwrap();
        there.write_all(b"hello").unwrap();
        waiter.expect_readable(ONE);
        waiter.registry().deregister(&mut boxed).unwrap();
        assert!(format!("{:?}", SourceFd(&fd)).contains(&fd.to_string()));
    });
}

impl Waiter {
    /// As `expect_quiet`, but brief.
    fn expect_quiet_once(&mut self) {
        let mut events = omnipoll::Events::with_capacity(8);
        for _ in 0..3 {
            let now = Some(std::time::Duration::ZERO);
            self.poll.poll(&mut events, now).unwrap();
        }
        assert!(events.is_empty(), "{events:?}");
    }
}

fn register(waiter: &Waiter, source: &impl AsRawFd, interest: Interest) {
    waiter.register(&mut SourceFd(&source.as_raw_fd()), ONE, interest);
}

fn pair() -> (UnixStream, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    there.set_nonblocking(true).unwrap();
    (here, there)
}

fn always_ready_files() -> [OwnedFd; 3] {
    let path = TemporaryPath::new("regular");
    std::fs::write(&path, "text").unwrap();
    let folder = File::open(std::env::temp_dir()).unwrap();
    [File::open(&path).unwrap().into(), folder.into(), File::open("/dev/null").unwrap().into()]
}
