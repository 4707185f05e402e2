//! Exclusive: of several polls that share a source, as few as possible are woken; where
//! the kernel has no such thing, that is said.

use std::io::ErrorKind;
#[cfg(unix)]
use std::net::TcpStream;
#[cfg(unix)]
use std::os::fd::AsRawFd;
#[cfg(unix)]
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::{sync::Arc, thread, time::Duration};

use omnipoll::event::Event;
#[cfg(unix)]
use omnipoll::net::TcpListener;
#[cfg(unix)]
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Support, Token};

#[cfg(unix)]
use crate::support::Waiter;
use crate::support::{Bench, Kind, Way, pair};

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;

fn has_exclusive(bench: &Bench) -> bool {
    bench.poll.capabilities().exclusive != Support::Absent
}

fn refused_where_absent(backend: Backend) {
    let mut bench = Bench::new(backend);
    for way in Way::ALL {
        let (mut ours, theirs) = pair(Kind::LOCAL, way);
        let refused = bench.registry().register(&mut ours, TOKEN, READ.exclusive());
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("exclusive"), "{error}");
        // A registration that exists stays as it is.
        bench.register(&mut ours, TOKEN, READ);
        let refused = bench.registry().reregister(&mut ours, Token(8), READ.exclusive());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
    }
}

fn refused_with_oneshot(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
    let kind = if has_exclusive(&bench) { ErrorKind::InvalidInput } else { ErrorKind::Unsupported };
    for interest in [READ.oneshot(), READ | Interest::PRIORITY] {
        let refused = bench.registry().register(&mut ours, TOKEN, interest.exclusive());
        assert_eq!(refused.unwrap_err().kind(), kind);
        bench.register(&mut ours, TOKEN, READ);
        let refused = bench.registry().reregister(&mut ours, Token(8), interest.exclusive());
        assert_eq!(refused.unwrap_err().kind(), kind);
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        bench.registry().deregister(&mut ours).unwrap();
    }
}

/// EP-12: a thousand connections, two polls, and close to a thousand wake-ups.
#[cfg(unix)]
fn few_are_woken(backend: Backend) {
    const CONNECTIONS: usize = 1_000;
    let benches = [Bench::new(backend), Bench::new(backend)];
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap());
    let address = listener.local_addr().unwrap();
    let (accepted, woken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let threads = benches.map(|mut bench| {
        let (accepted, woken) = (Arc::clone(&accepted), Arc::clone(&woken));
        let listener = Arc::clone(&listener);
        let fd = listener.as_raw_fd();
        bench.register(&mut SourceFd(&fd), TOKEN, READ.level().exclusive());
        thread::spawn(move || {
            while accepted.load(Ordering::SeqCst) < CONNECTIONS {
                woken.fetch_add(bench.wait(100).len(), Ordering::SeqCst);
                while listener.accept().is_ok() {
                    accepted.fetch_add(1, Ordering::SeqCst);
                }
            }
        })
    });
    for number in 0..CONNECTIONS {
        drop(TcpStream::connect(address).unwrap());
        while accepted.load(Ordering::SeqCst) <= number {
            thread::sleep(Duration::from_micros(20));
        }
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let woken = woken.load(Ordering::SeqCst);
    assert!(woken < CONNECTIONS * 3 / 2, "{woken} wake-ups for {CONNECTIONS} connections");
}

/// EP-12: the kernel modifies no exclusive registration, so it is made anew.
#[cfg(unix)]
fn reregistered(backend: Backend) {
    let mut bench = Bench::new(backend);
    for way in Way::ALL {
        let (mut ours, theirs) = pair(Kind::LOCAL, way);
        bench.register(&mut ours, Token(0), READ.exclusive());
        theirs.send(b"x");
        bench.expect(Token(0), Event::is_readable);
        let interests = [
            READ.exclusive(),
            READ.level().exclusive(),
            READ,
            READ.exclusive(),
            READ.oneshot(),
            READ.exclusive().level(),
            READ.level(),
        ];
        for (number, interest) in interests.into_iter().enumerate() {
            let token = Token(10 + number);
            bench.reregister(&mut ours, token, interest);
            bench.expect(token, Event::is_readable);
        }
        bench.registry().deregister(&mut ours).unwrap();
        bench.expect_nothing();
    }
}

/// A change that the kernel refuses leaves the registration as it was: it takes no
/// descriptor of an epoll as exclusive.
#[cfg(unix)]
fn refused_change_leaves_it(backend: Backend) {
    let mut bench = Bench::new(backend);
    let inner = Bench::new(Backend::Epoll);
    let fd = inner.poll.fd().unwrap().as_raw_fd();
    bench.register(&mut SourceFd(&fd), TOKEN, READ.level());
    bench.registry().reregister(&mut SourceFd(&fd), Token(8), READ.exclusive()).unwrap_err();
    let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
    inner.register(&mut ours, Token(1), READ);
    theirs.send(b"x");
    bench.expect(TOKEN, Event::is_readable);
}

/// It is edge, or level, as any other registration.
#[cfg(unix)]
fn has_a_trigger(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
    theirs.send(b"x");
    bench.register(&mut ours, TOKEN, READ.exclusive());
    bench.expect(TOKEN, Event::is_readable);
    bench.expect_nothing();
    ours.drain();
    drop(Waiter::start(&bench.poll, 4));
    theirs.send(b"y");
    bench.expect(TOKEN, Event::is_readable);
    bench.reregister(&mut ours, TOKEN, READ.level().exclusive());
    for _ in 0..3 {
        bench.expect(TOKEN, Event::is_readable);
    }
}

promises! {
    in any: refused_where_absent, refused_with_oneshot;
    in any on unix: few_are_woken, reregistered, refused_change_leaves_it, has_a_trigger;
}
