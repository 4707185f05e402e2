//! Refusals: a kernel or sandbox without the newest calls, and a process without
//! descriptors. Each is a silent fall-back that the capabilities tell, or a clear error.

use std::io::{ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::net::TcpListener;
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Poll, Support, Token, Waker};

use crate::harness::now_at;
use crate::support::{Bench, Kind, Way, alone, pair, tcp_pair};
use crate::system;

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
/// Sandboxes say either to a call that they do not know.
const ANSWERS: [i32; 2] = [libc::ENOSYS, libc::EPERM];

/// Runs `body` in a thread where `call` fails in each of the usual ways.
fn without(call: libc::c_long, body: impl Fn() + Send + Copy + 'static) {
    for answer in ANSWERS {
        now_at(format!("refused with {answer}"));
        let thread = thread::spawn(move || {
            system::refuse(&[call], answer);
            body();
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// The waits that a poll is for, in short.
fn works(bench: &mut Bench) {
    let (mut ours, theirs) = pair(Kind::Unix, Way::Typed);
    bench.register(&mut ours, TOKEN, READ);
    for _ in 0..3 {
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        ours.drain();
    }
    let waker = Waker::new(bench.registry(), WAKE).unwrap();
    for _ in 0..3 {
        waker.wake().unwrap();
        bench.expect(WAKE, Event::is_readable);
    }
    let start = Instant::now();
    bench.expect_nothing();
    assert!(start.elapsed() >= Duration::from_millis(crate::support::QUIET_MS));
    let thread = thread::spawn(move || {
        system::let_others_sleep();
        waker.wake()
    });
    bench.expect(WAKE, Event::is_readable);
    thread.join().unwrap().unwrap();
    bench.registry().deregister(&mut ours).unwrap();
}

fn nanoseconds_refused(backend: Backend) {
    without(libc::SYS_epoll_pwait2, move || {
        let mut bench = Bench::new(backend);
        let told = bench.poll.capabilities().sub_millisecond;
        let is_refused = backend == Backend::Epoll;
        assert_eq!(told == Support::Absent, is_refused, "{told}");
        for timeout in [1, 100, 999, 1_001, 3_500].map(Duration::from_micros) {
            let start = Instant::now();
            bench.poll.poll(&mut bench.events, Some(timeout)).unwrap();
            assert!(start.elapsed() >= timeout, "{:?} is early", start.elapsed());
        }
        works(&mut bench);
        // Neither cut short nor for ever.
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        let thread = thread::spawn(move || {
            system::let_others_sleep();
            waker.wake().unwrap();
        });
        bench.poll.poll(&mut bench.events, Some(Duration::MAX)).unwrap();
        assert_eq!(bench.events.iter().count(), 1);
        thread.join().unwrap();
    });
}

/// A sandbox may close behind a poll that is open already.
fn nanoseconds_refused_later(backend: Backend) {
    for answer in ANSWERS {
        let thread = thread::spawn(move || {
            let mut bench = Bench::new(backend);
            system::refuse(&[libc::SYS_epoll_pwait2], answer);
            for timeout in [1, 999, 3_500].map(Duration::from_micros) {
                let start = Instant::now();
                bench.poll.poll(&mut bench.events, Some(timeout)).unwrap();
                assert!(start.elapsed() >= timeout, "{:?} is early", start.elapsed());
            }
            let told = bench.poll.capabilities().sub_millisecond;
            assert_eq!(told == Support::Absent, backend == Backend::Epoll, "{told}");
            works(&mut bench);
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// WK-5: the waker is a pipe then.
fn eventfd_refused(backend: Backend) {
    without(libc::SYS_eventfd2, move || {
        let mut bench = Bench::new(backend);
        works(&mut bench);
        // More wake-ups than a pipe holds.
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for _ in 0..20_000 {
                waker.wake().unwrap();
            }
            stopped.store(true, std::sync::atomic::Ordering::SeqCst);
            waker.wake().unwrap();
        });
        loop {
            let is_last = stop.load(std::sync::atomic::Ordering::SeqCst);
            let came = !bench.wait(2000).is_empty();
            if is_last {
                break;
            }
            assert!(came, "a wake-up is lost");
        }
        thread.join().unwrap();
        bench.expect_silence_after(3, |_| {});
    });
}

/// With wake-ups that nobody takes, a pipe fills up; with an eager poll all of them go
/// there.
fn full_pipe_of_wake_ups(backend: Backend) {
    without(libc::SYS_eventfd2, move || {
        let mut bench = Bench::new(backend);
        let _nested = bench.poll.fd();
        for _ in 0..20_000 {
            let waker = Waker::new(bench.registry(), WAKE).unwrap();
            waker.wake().unwrap();
            bench.wait(0);
        }
        let (mut ours, theirs) = pair(Kind::Unix, Way::Typed);
        bench.register(&mut ours, TOKEN, READ);
        bench.expect_silence_after(3, |_| {});
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
    });
}

fn accept4_refused(backend: Backend) {
    let thread = thread::spawn(move || {
        system::refuse(&[libc::SYS_accept4], libc::ENOSYS);
        let mut bench = Bench::new(backend);
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        bench.register(&mut listener, TOKEN, READ);
        let address = listener.local_addr().unwrap();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        bench.expect(TOKEN, Event::is_readable);
        let (mut stream, _) = listener.accept().unwrap();
        let flags = rustix::io::fcntl_getfd(&stream).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC), "a child would inherit it");
        bench.register(&mut stream, Token(8), READ);
        client.write_all(b"x").unwrap();
        bench.expect(Token(8), Event::is_readable);
        assert_eq!(std::io::Read::read(&mut stream, &mut [0; 8]).unwrap(), 1);
        // It does not block.
        let error = std::io::Read::read(&mut stream, &mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn epoll_refused(backend: Backend) {
    without(libc::SYS_epoll_create1, move || {
        assert!(!Backend::Epoll.is_available());
        let fallback = Poll::builder().build();
        if std::env::var_os("OMNIPOLL_BACKEND").is_none() {
            assert_ne!(fallback.unwrap().backend(), Backend::Epoll);
        }
        if backend == Backend::Epoll {
            // Asked for by name, nothing else is taken.
            assert!(Poll::builder().backend(backend).build().is_err());
            return;
        }
        let mut bench = Bench::new(backend);
        assert_eq!(bench.poll.capabilities().raw_edge, Support::Absent);
        works(&mut bench);
        let (mut ours, theirs) = pair(Kind::Unix, Way::Raw);
        let refused = bench.registry().register(&mut ours, TOKEN, READ);
        let text = refused.unwrap_err().to_string();
        if backend == Backend::IoUring {
            assert!(text.contains("epoll"), "{text}");
            assert!(bench.registry().register(&mut ours, TOKEN, READ.level()).is_err());
            assert!(bench.registry().deregister(&mut ours).is_err());
            return;
        }
        assert!(text.contains("level"), "{text}");
        // What was refused has left nothing, and the other triggers work.
        bench.register(&mut ours, TOKEN, READ.level());
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        bench.reregister(&mut ours, Token(8), READ.oneshot());
        bench.expect(Token(8), Event::is_readable);
        bench.expect_nothing();
        let refused = bench.registry().reregister(&mut ours, Token(9), READ);
        assert!(refused.is_err(), "an edge that nobody can make is promised");
        bench.registry().deregister(&mut ours).unwrap();
        number_stays_taken(&bench);
    });
}

/// Nobody says that a raw descriptor was closed, so its number stays registered until it is
/// deregistered: what `registration::number_used_again` promises elsewhere.
fn number_stays_taken(bench: &Bench) {
    let (mut ours, theirs) = pair(Kind::Unix, Way::Raw);
    let number = theirs.as_raw_fd();
    bench.register(&mut SourceFd(&number), TOKEN, READ.level());
    let _again = system::duplicate_to(ours.as_raw_fd(), number);
    // The first owner of the number was closed by that.
    std::mem::forget(theirs);
    let taken = bench.registry().register(&mut SourceFd(&number), Token(8), READ.level());
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::AlreadyExists);
    bench.registry().deregister(&mut SourceFd(&number)).unwrap();
    bench.register(&mut SourceFd(&number), Token(8), READ.level());
    bench.registry().deregister(&mut SourceFd(&number)).unwrap();
    bench.register(&mut ours, TOKEN, READ.level());
}

/// Even without the kernel's edges, an end of a stream or a full queue of wake-ups is told.
fn ends_without_kernel_edges(backend: Backend) {
    without(libc::SYS_epoll_create1, move || {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = tcp_pair();
        bench.register(&mut ours, TOKEN, READ | WRITE);
        bench.expect_silence();
        drop(theirs);
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(std::io::Read::read(&mut ours, &mut [0; 8]).unwrap(), 0);
        // Who leaves it alone from here on is left alone.
        bench.expect_silence();
    });
}

/// No descriptors left: a clear error each time, and nothing is lost or leaked.
fn no_descriptors_left(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(Kind::Unix, Way::Raw);
        let (mut typed, their_typed) = pair(Kind::Unix, Way::Typed);
        let open = system::open_descriptors();
        for spare in 0..4 {
            system::limit_descriptors(system::next_descriptor() + spare);
            match Poll::builder().backend(backend).build() {
                Ok(poll) => assert_eq!(poll.backend(), backend),
                Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}"),
            }
            if let Err(error) = Poll::new() {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
            }
            system::limit_descriptors(1000);
            assert_eq!(system::open_descriptors(), open, "with {spare} to spare");
        }
        bench.register(&mut typed, TOKEN, READ);
        system::limit_descriptors(system::next_descriptor());
        // What needs no descriptor goes on.
        bench.reregister(&mut typed, TOKEN, READ);
        their_typed.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        waker.wake().unwrap();
        bench.expect(WAKE, Event::is_readable);
        // What needs one works or says so, and later it works.
        if let Err(error) = bench.registry().register(&mut ours, Token(8), READ) {
            assert!(error.to_string().contains("descriptor") || error.raw_os_error().is_some());
            system::limit_descriptors(1000);
            bench.register(&mut ours, Token(8), READ);
        }
        system::limit_descriptors(1000);
        theirs.send(b"x");
        bench.expect(Token(8), Event::is_readable);
        bench.registry().deregister(&mut SourceFd(&ours.as_raw_fd())).unwrap();
    });
}

/// Without a descriptor for it, a second thread cannot wait: it is told, and the first one
/// goes on.
fn second_thread_without_descriptors(backend: Backend) {
    alone(&[], || {
        let bench = Bench::new(backend);
        let (mut ours, theirs) = pair(Kind::Unix, Way::Typed);
        bench.register(&mut ours, TOKEN, READ.oneshot());
        let waiter = crate::support::Waiter::start(&bench.poll, 4);
        system::limit_descriptors(system::next_descriptor());
        let mut events = omnipoll::Events::with_capacity(4);
        if let Err(error) = bench.poll.share().wait(&mut events, Some(Duration::from_millis(5))) {
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        }
        theirs.send(b"x");
        waiter.expect(TOKEN, Event::is_readable);
    });
}

/// No io_uring in this kernel, sandbox or by the administrator: who asks for it by name is told
/// why, and who does not gets another one.
fn io_uring_refused(backend: Backend) {
    without(libc::SYS_io_uring_setup, move || {
        assert!(!Backend::IoUring.is_available());
        assert!(!Backend::available().contains(&Backend::IoUring));
        let refused = Poll::builder().backend(Backend::IoUring).build().unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::Unsupported);
        assert!(refused.to_string().contains("io_uring"), "{refused}");
        if std::env::var_os("OMNIPOLL_BACKEND").is_none() {
            assert_ne!(Poll::new().unwrap().backend(), Backend::IoUring);
        }
        if backend != Backend::IoUring {
            works(&mut Bench::new(backend));
        }
    });
}

promises! {
    in any on unix:
        nanoseconds_refused, nanoseconds_refused_later, eventfd_refused, full_pipe_of_wake_ups,
        accept4_refused, epoll_refused, ends_without_kernel_edges, io_uring_refused,
        no_descriptors_left, second_thread_without_descriptors;
}
