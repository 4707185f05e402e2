//! Files that are always ready have one documented behaviour; and what is not a socket can
//! be waited for.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::Receiver;
use omnipoll::{Backend, Events, Interest, Poll, Token};

use crate::harness::Trigger;
use crate::support::{Bench, Kind, Way, alone, each, pair, tcp_pair, wants_a_read};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
const FILES: [&str; 3] = ["/proc/self/exe", "/tmp", "/dev/null"];

fn accepting(backend: Backend, capacity: usize) -> Bench {
    let poll = Poll::builder().backend(backend).always_ready_files(true).build().unwrap();
    Bench { poll, events: Events::with_capacity(capacity) }
}

/// EP-11, RG-9: refused alike, many times over, and nothing is left.
fn refused_alike(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::new(backend);
    for path in FILES {
        let file = File::open(path).unwrap();
        let fd = file.as_raw_fd();
        for _ in 0..100 {
            let interest = trigger.apply(READ | WRITE);
            let refused = bench.registry().register(&mut SourceFd(&fd), TOKEN, interest);
            let error = refused.expect_err(path);
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{path}");
            assert!(error.to_string().contains("always_ready_files"), "{path}: {error}");
        }
        let gone = bench.registry().deregister(&mut SourceFd(&fd));
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    }
    bench.expect_nothing();
    let (mut ours, theirs) = pair(Kind::Unix, Way::Raw);
    bench.register(&mut ours, TOKEN, READ);
    theirs.send(b"x");
    bench.expect(TOKEN, Event::is_readable);
}

/// The same within a type of the library.
fn refused_alike_in_a_type(backend: Backend) {
    for path in FILES {
        let bench = Bench::new(backend);
        let mut receiver = Receiver::from(OwnedFd::from(File::open(path).unwrap()));
        let refused = bench.registry().register(&mut receiver, TOKEN, READ);
        assert_eq!(refused.expect_err(path).kind(), ErrorKind::PermissionDenied, "{path}");

        let bench = accepting(backend, 4);
        bench.register(&mut receiver, TOKEN, READ);
    }
}

fn accepted_on_request(backend: Backend) {
    for path in FILES {
        let mut bench = accepting(backend, 8);
        let file = File::open(path).unwrap();
        let fd = file.as_raw_fd();
        let mut source = SourceFd(&fd);
        bench.register(&mut source, TOKEN, READ);
        bench.expect(TOKEN, Event::is_readable);
        bench.expect_nothing();
        let again = bench.registry().register(&mut source, TOKEN, READ);
        assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);

        bench.reregister(&mut source, Token(8), READ | WRITE);
        let event = bench.expect(Token(8), Event::is_readable);
        assert!(event.is_writable());
        bench.expect_nothing();
        bench.registry().rearm(&file, READ).unwrap();
        bench.expect(Token(8), Event::is_readable);
        bench.expect_nothing();

        bench.reregister(&mut source, Token(9), READ.oneshot());
        bench.expect(Token(9), Event::is_readable);
        bench.expect_nothing();
        bench.registry().rearm(&file, READ).unwrap();
        bench.expect_nothing();

        bench.reregister(&mut source, Token(10), WRITE.level());
        for _ in 0..3 {
            let event = bench.expect(Token(10), Event::is_writable);
            assert!(!event.is_readable());
        }
        bench.registry().deregister(&mut source).unwrap();
        bench.expect_nothing();
        let gone = bench.registry().deregister(&mut source);
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

/// Every wait reports a level, whatever the room in the list.
fn a_file_with_little_room(backend: Backend) {
    for capacity in [1, 2] {
        let mut bench = accepting(backend, capacity);
        let file = File::open("/dev/null").unwrap();
        bench.register(&mut SourceFd(&file.as_raw_fd()), TOKEN, READ.level());
        for wait in 0..6 {
            let start = Instant::now();
            assert_eq!(bench.wait(2000).len(), 1, "wait {wait}, with room for {capacity}");
            assert!(start.elapsed() < Duration::from_secs(1), "wait {wait} slept");
        }
    }
}

/// A file that is registered while another thread sleeps.
fn a_file_under_a_wait(backend: Backend) {
    let mut bench = accepting(backend, 4);
    let registry = bench.registry().try_clone().unwrap();
    let file = File::open("/dev/null").unwrap();
    let fd = file.as_raw_fd();
    let thread = thread::spawn(move || {
        system::let_others_sleep();
        registry.register(&mut SourceFd(&fd), TOKEN, READ).unwrap();
    });
    bench.expect(TOKEN, Event::is_readable);
    thread.join().unwrap();
}

/// SE-8: a file that was closed behind the library's back is no busy loop either.
fn a_file_closed_behind_the_back(backend: Backend) {
    alone(&[], || {
        let mut bench = accepting(backend, 4);
        let fd = File::open("/dev/null").unwrap().into_raw_fd();
        bench.register(&mut SourceFd(&fd), TOKEN, READ.level());
        bench.expect(TOKEN, Event::is_readable);
        system::close(fd);
        bench.expect_silence_after(2, |_| {});
    });
}

/// RG-3: its number was given to a socket, which has nothing to do with it.
fn a_number_used_again(backend: Backend) {
    alone(&[], || {
        let mut bench = accepting(backend, 4);
        let fd = File::open("/dev/null").unwrap().into_raw_fd();
        bench.register(&mut SourceFd(&fd), TOKEN, READ.level());
        let (ours, theirs) = pair(Kind::Unix, Way::Raw);
        system::close(fd);
        let _again = system::duplicate_to(ours.as_raw_fd(), fd);
        bench.register(&mut SourceFd(&fd), Token(8), READ.level());
        bench.expect_nothing();
        theirs.send(b"x");
        bench.expect(Token(8), Event::is_readable);
        bench.registry().deregister(&mut SourceFd(&fd)).unwrap();
        bench.expect_nothing();
    });
}

/// EP-10: an urgent byte alone is priority, and no ordinary data.
fn urgent_data_is_priority(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::new(backend);
    let (mut ours, theirs) = tcp_pair();
    bench.register(&mut ours, TOKEN, trigger.apply(Interest::PRIORITY));
    (&theirs).write_all(b"ordinary").unwrap();
    bench.expect_nothing();
    theirs.send_out_of_band(b"!").unwrap();
    let event = bench.expect(TOKEN, Event::is_priority);
    assert!(!event.is_writable() && !event.is_error(), "{event:?}");
    let mut byte = [0; 1];
    assert_eq!(ours.recv_out_of_band(&mut byte).unwrap(), 1);
    assert_eq!(&byte, b"!");
    let mut buffer = [0; 8];
    assert_eq!((&ours).read(&mut buffer).unwrap(), 8);
    assert_eq!(&buffer, b"ordinary");
    bench.expect_silence();
    bench.reregister(&mut ours, TOKEN, trigger.apply(Interest::PRIORITY));
    bench.expect_silence();
    theirs.send_out_of_band(b"?").unwrap();
    bench.expect(TOKEN, Event::is_priority);
}

/// PT-1: all that the other side wrote comes before its end, and then there is silence.
fn a_pseudo_terminal(backend: Backend) {
    for trigger in [Trigger::Edge, Trigger::Level] {
        let mut bench = Bench::new(backend);
        let (main, terminal) = system::open_pty();
        rustix::io::ioctl_fionbio(&main, true).unwrap();
        let fd = main.as_raw_fd();
        bench.register(&mut SourceFd(&fd), TOKEN, trigger.apply(READ));
        bench.expect_nothing();
        let writer = thread::spawn(move || {
            File::from(terminal).write_all(&[b'x'; 100_000]).unwrap();
        });
        let mut total = 0;
        let mut main = File::from(main);
        let mut buffer = [0; 3000];
        'output: loop {
            bench.expect(TOKEN, wants_a_read);
            loop {
                match main.read(&mut buffer) {
                    Ok(0) => break 'output,
                    Ok(length) => total += length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // What Linux says once the last terminal is closed.
                    Err(error) if error.raw_os_error() == Some(libc::EIO) => break 'output,
                    Err(error) => panic!("read: {error}"),
                }
            }
        }
        assert_eq!(total, 100_000);
        writer.join().unwrap();
        if trigger.apply(READ).is_edge() {
            bench.expect_silence_after(4, |_| {});
        }
        bench.registry().deregister(&mut SourceFd(&fd)).unwrap();
        bench.expect_nothing();
    }
}

/// A terminal's own side: typed input in, and room to write.
fn a_terminal(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (main, terminal) = system::open_pty();
    rustix::io::ioctl_fionbio(&terminal, true).unwrap();
    bench.register(&mut SourceFd(&terminal.as_raw_fd()), TOKEN, READ | WRITE);
    bench.expect(TOKEN, Event::is_writable);
    bench.expect_silence();
    let mut main = File::from(main);
    for _ in 0..5 {
        main.write_all(b"key").unwrap();
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(rustix::io::read(&terminal, &mut [0; 16]).unwrap(), 3);
        bench.expect_silence();
    }
    drop(main);
    bench.expect(TOKEN, wants_a_read);
    // The kernel hangs up a terminal in several steps, and tells of each.
    bench.expect_silence_after(12, |_| {});
}

/// Descriptors that count: an eventfd is readable until it is read.
fn an_eventfd(backend: Backend) {
    let mut bench = Bench::new(backend);
    let flags = rustix::event::EventfdFlags::NONBLOCK | rustix::event::EventfdFlags::CLOEXEC;
    let counter = rustix::event::eventfd(0, flags).unwrap();
    bench.register(&mut SourceFd(&counter.as_raw_fd()), TOKEN, READ);
    for _ in 0..10 {
        rustix::io::write(&counter, &1u64.to_ne_bytes()).unwrap();
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(rustix::io::read(&counter, &mut [0; 8]).unwrap(), 8);
    }
    bench.expect_silence();
}

/// The numbers 0, 1 and 2 are descriptors like any other.
fn the_lowest_numbers(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let (ours, theirs) = pair(Kind::Unix, Way::Raw);
        let number: RawFd = 0;
        let _input = system::duplicate_to(ours.as_raw_fd(), number);
        bench.register(&mut SourceFd(&number), TOKEN, READ);
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        each(&[(Kind::Pipe, Way::Raw)], |_, _| bench.expect_silence());
    });
}

promises! {
    in any on unix:
        refused_alike_in_a_type, accepted_on_request, a_file_with_little_room,
        a_file_under_a_wait, a_file_closed_behind_the_back, a_number_used_again,
        a_pseudo_terminal, a_terminal, an_eventfd, the_lowest_numbers;
    in each on unix: refused_alike, urgent_data_is_priority;
}
