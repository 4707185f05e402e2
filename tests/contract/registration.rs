//! Registration: what is done twice, or to what is not there, is a clear error that leaves
//! nothing half done; and a descriptor that was closed behind the library's back harms
//! nobody.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::net::TcpStream;
#[cfg(unix)]
use omnipoll::net::UnixStream;
#[cfg(unix)]
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Token};
#[cfg(unix)]
use rustix::io::Errno;
#[cfg(unix)]
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::harness::Trigger;
use crate::support::{
    ALL, Bench, Kind, OWED, QUIET_MS, STREAMS, Waiter, Way, alone, each, pair, tcp_pair,
};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// RG-3.
fn twice_is_refused(backend: Backend, trigger: Trigger) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, trigger.apply(READ));
        let again = bench.registry().register(&mut ours, Token(8), trigger.apply(READ));
        assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
        // The first one is as it was.
        theirs.send(b"x");
        bench.expect(TOKEN, Event::is_readable);
        bench.registry().deregister(&mut ours).unwrap();
        bench.register(&mut ours, Token(9), trigger.apply(READ));
        bench.expect(Token(9), Event::is_readable);
    });
}

/// RG-3.
fn unknown_is_not_found(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let (mut ours, _theirs) = pair(kind, way);
        let not_found = |result: io::Result<()>| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
        };
        not_found(bench.registry().reregister(&mut ours, TOKEN, READ));
        not_found(bench.registry().deregister(&mut ours));
        bench.register(&mut ours, TOKEN, READ);
        bench.registry().deregister(&mut ours).unwrap();
        not_found(bench.registry().deregister(&mut ours));
        not_found(bench.registry().reregister(&mut ours, TOKEN, READ));
    });
}

fn source_of_another_poll(backend: Backend) {
    let (one, other) = (Bench::new(backend), Bench::new(backend));
    let (mut ours, _theirs) = pair(Kind::Tcp, Way::Typed);
    one.register(&mut ours, TOKEN, READ);
    let again = other.registry().register(&mut ours, TOKEN, READ);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    for wrong in [
        other.registry().reregister(&mut ours, TOKEN, READ),
        other.registry().deregister(&mut ours),
    ] {
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::NotFound);
    }
    // A poll that is gone holds nothing.
    drop(one);
    other.register(&mut ours, TOKEN, READ);
}

/// RG-3, RG-9: refused, and nothing is left of it.
#[cfg(unix)]
fn closed_descriptor_is_refused(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        // What the library opens for the first of them has its number before `fd` is free.
        let (mut first, _their_first) = pair(Kind::LOCAL, Way::Raw);
        bench.register(&mut first, TOKEN, READ);
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (fd, _peer) = (ours.into_raw_fd(), theirs.into_raw_fd());
        system::close(fd);
        for number in [fd, -1, RawFd::MAX] {
            let refused = bench.registry().register(
                &mut SourceFd(&number),
                TOKEN,
                trigger.apply(READ | WRITE),
            );
            expect_not_open(refused);
            expect_not_open(bench.registry().reregister(
                &mut SourceFd(&number),
                TOKEN,
                trigger.apply(READ),
            ));
            expect_not_open(bench.registry().deregister(&mut SourceFd(&number)));
        }
        // The number's next owner has nothing to do with it.
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Raw);
        assert!(ours.as_raw_fd() == fd || theirs.as_raw_fd() == fd);
        bench.expect_nothing();
        bench.register(&mut ours, Token(8), trigger.apply(READ));
        theirs.send(b"x");
        bench.expect(Token(8), Event::is_readable);
        bench.registry().deregister(&mut ours).unwrap();
        let gone = bench.registry().deregister(&mut SourceFd(&fd));
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[track_caller]
#[cfg(unix)]
fn expect_not_open(refused: io::Result<()>) {
    assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EBADF));
}

/// RG-3: the same descriptor is registered once, as a type and as a number.
#[cfg(unix)]
fn typed_and_raw_are_one(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::new(backend);
    let (mut ours, mut theirs) = tcp_pair();
    let fd = ours.as_raw_fd();
    let interest = trigger.apply(READ | WRITE);
    bench.register(&mut ours, TOKEN, interest);
    let expect_exists = |bench: &Bench| {
        let again = bench.registry().register(&mut SourceFd(&fd), Token(8), interest);
        assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    };
    expect_exists(&bench);
    bench.expect(TOKEN, Event::is_writable);
    // Now it sleeps, but for a level.
    bench.wait(QUIET_MS);
    expect_exists(&bench);
    bench.reregister(&mut ours, TOKEN, trigger.apply(READ));
    theirs.write_all(b"x").unwrap();
    bench.expect(TOKEN, Event::is_readable);
    bench.registry().deregister(&mut ours).unwrap();

    bench.register(&mut SourceFd(&fd), Token(8), trigger.apply(READ));
    let again = bench.registry().register(&mut ours, TOKEN, interest);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    bench.expect(Token(8), Event::is_readable);
}

/// The descriptors that the library opens for itself are nobody else's to register.
#[cfg(unix)]
fn own_descriptors_are_refused(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let open = || (0..100).filter(|&number| system::is_open(number)).collect::<Vec<RawFd>>();
        let before = open();
        let mut bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 4);
        // A second one at the same time, for which a descriptor may be opened.
        assert!(bench.wait(1).is_empty());
        let own: Vec<_> = open().into_iter().filter(|number| !before.contains(number)).collect();
        assert!(!own.is_empty());
        for number in own {
            let mut source = SourceFd(&number);
            bench.registry().register(&mut source, TOKEN, trigger.apply(READ)).unwrap_err();
        }
        drop(waiter);
        // It may have been told more than once to stop.
        bench.expect_silence();
        bench.expect_sleep();
    });
}

/// A typed source whose registration failed is as if nothing had been asked.
#[cfg(unix)]
fn failed_registration_leaves_nothing(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    // Not a pipe at all, which nobody checks.
    let file = File::open("/proc/self/exe").unwrap();
    let mut receiver = omnipoll::unix::pipe::Receiver::from(std::os::fd::OwnedFd::from(file));
    let refused = bench.registry().register(&mut receiver, TOKEN, trigger.apply(READ));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
    let gone = bench.registry().deregister(&mut receiver);
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
}

/// Epoll, kqueue and event ports forget what is closed, and others have an epoll for raw
/// descriptors.
fn forgets_what_is_closed(backend: Backend) -> bool {
    use Backend::{Epoll, EventPorts, IoUring, Kqueue};
    matches!(backend, Epoll | EventPorts | IoUring | Kqueue)
}

/// SE-8, PO-1: one error event at the most, then silence, and the others are served.
#[cfg(unix)]
fn closed_behind_the_back(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (mut other, their_other) = pair(Kind::LOCAL, Way::Typed);
        let fd = ours.into_raw_fd();
        bench.register(&mut SourceFd(&fd), TOKEN, trigger.apply(READ));
        bench.register(&mut other, Token(8), READ);
        bench.expect_nothing();
        system::close(fd);

        let mut errors = 0;
        bench.expect_silence_after(1, |event| {
            assert_eq!(event.token(), TOKEN);
            assert!(event.is_error(), "{event:?}");
            errors += 1;
        });
        // Edges of the others come from an epoll too.
        let is_told = !forgets_what_is_closed(backend) && !trigger.apply(READ).is_edge();
        assert_eq!(errors, usize::from(is_told));

        their_other.send(b"x");
        bench.expect(Token(8), Event::is_readable);
        other.drain();
        bench.expect_sleep();

        // RG-3: nothing can be done with it, and once it is cleaned up nothing is there.
        let mut source = SourceFd(&fd);
        expect_not_open(bench.registry().reregister(&mut source, TOKEN, trigger.apply(READ)));
        for _ in 0..2 {
            expect_not_open(bench.registry().deregister(&mut source));
        }
        bench.expect_nothing();
    });
}

/// RG-3: one that was found to be closed is not brought back.
#[cfg(unix)]
fn typed_and_closed_behind_the_back(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let (mut ours, _theirs) = tcp_pair();
        bench.register(&mut ours, TOKEN, trigger.apply(READ));
        system::close(ours.as_raw_fd());
        bench.expect_silence();
        expect_not_open(bench.registry().reregister(&mut ours, TOKEN, trigger.apply(READ)));
        bench.expect_sleep();
        expect_not_open(bench.registry().deregister(&mut ours));
        // It would close what has its number by now.
        std::mem::forget(ours);
    });
}

/// The same for several at once, with room for one event.
#[cfg(unix)]
fn many_closed_behind_the_back(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::with_capacity(backend, 1);
        let (mut fds, mut peers) = (Vec::new(), Vec::new());
        for number in 0..5 {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let fd = ours.into_raw_fd();
            bench.register(&mut SourceFd(&fd), Token(number), READ.level());
            fds.push(fd);
            peers.push(theirs);
        }
        let (mut other, their_other) = pair(Kind::LOCAL, Way::Typed);
        bench.register(&mut other, TOKEN, READ);
        their_other.send(b"x");
        fds.iter().for_each(|&fd| system::close(fd));
        let mut seen = [0; 8];
        bench.expect_silence_after(8, |event| {
            seen[event.token().0] += 1;
            if event.token() == TOKEN {
                other.drain();
            }
        });
        // A port meets them for the first time in the wait, when they are closed already.
        let is_told = !forgets_what_is_closed(backend) || backend == Backend::EventPorts;
        let each = usize::from(is_told);
        assert_eq!(seen[..5], [each; 5]);
        assert_eq!(seen[TOKEN.0], 1);
    });
}

/// RG-3: closed without deregistering, and the number was given out again.
#[cfg(unix)]
fn number_used_again(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        for waits_between in [true, false] {
            let mut bench = Bench::new(backend);
            let (ours, theirs) = UnixStream::pair().unwrap();
            let fd = ours.into_raw_fd();
            bench.register(&mut SourceFd(&fd), TOKEN, trigger.apply(READ));
            let (next, their_next) = pair(Kind::LOCAL, Way::Raw);
            system::close(fd);
            drop(theirs);
            if waits_between {
                bench.expect_silence();
            }
            let (ours, theirs) = (next, their_next);
            let again = system::duplicate_to(ours.as_raw_fd(), fd);
            bench.register(&mut SourceFd(&fd), Token(8), trigger.apply(READ));
            bench.expect_nothing();
            theirs.send(b"x");
            bench.expect(Token(8), Event::is_readable);
            bench.registry().deregister(&mut SourceFd(&fd)).unwrap();
            bench.expect_nothing();
            drop(again);
        }
    });
}

/// RG-9: what follows under the number is refused, and nobody waits for it in secret.
#[cfg(unix)]
fn refused_under_a_used_number(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let fd = ours.into_raw_fd();
        bench.register(&mut SourceFd(&fd), TOKEN, trigger.apply(READ));
        bench.expect_nothing();
        let file = File::open("/proc/self/exe").unwrap();
        let _again = system::duplicate_to(file.as_raw_fd(), fd);
        let refused = bench.registry().register(&mut SourceFd(&fd), Token(8), trigger.apply(READ));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
        bench.expect_sleep();
    });
}

/// A source that is dropped is deregistered, also where a duplicate keeps it open.
#[cfg(unix)]
fn dropped_with_a_duplicate_alive(backend: Backend, trigger: Trigger) {
    each(&ALL, |kind, _| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, Way::Typed);
        bench.register(&mut ours, TOKEN, trigger.apply(READ));
        let copy = system::duplicate_above(ours.as_raw_fd(), 3);
        drop(ours);
        theirs.send(b"x");
        bench.expect_nothing();
        drop(copy);
        bench.expect_nothing();
    });
}

/// UR-7: a source that is dropped is closed at once, though another thread waits for it.
fn dropped_under_a_wait(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    let waiter = Waiter::start(&bench.poll, 8);
    let (mut ours, peer) = tcp_pair();
    bench.register(&mut ours, TOKEN, trigger.apply(READ));
    system::let_others_sleep();
    drop(ours);
    expect_end(peer);
    waiter.expect_nothing();
}

/// The same for a raw descriptor that is deregistered before it is closed.
#[cfg(unix)]
fn closed_under_a_wait(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    let waiter = Waiter::start(&bench.poll, 8);
    let (ours, peer) = tcp_pair();
    let fd = ours.as_raw_fd();
    bench.register(&mut SourceFd(&fd), TOKEN, trigger.apply(READ));
    system::let_others_sleep();
    bench.registry().deregister(&mut SourceFd(&fd)).unwrap();
    drop(ours);
    expect_end(peer);
    waiter.expect_nothing();
}

#[track_caller]
fn expect_end(peer: TcpStream) {
    let mut peer = std::net::TcpStream::from(peer);
    peer.set_nonblocking(false).unwrap();
    peer.set_read_timeout(Some(OWED)).unwrap();
    assert_eq!(peer.read(&mut [0; 8]).expect("the end of the stream is lost"), 0);
}

/// RG-4: to change a registration arms it anew, with the same interest and with another, and
/// from then on its events carry the new token alone.
fn changed_and_back(backend: Backend, trigger: Trigger) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        theirs.send(b"stays");
        bench.register(&mut ours, Token(0), trigger.apply(READ));
        bench.expect(Token(0), Event::is_readable);
        for round in 1..4 {
            bench.reregister(&mut ours, Token(round), trigger.apply(READ));
            bench.expect(Token(round), Event::is_readable);
            if bench.tells_priority() {
                // Of what is asked for now, there is nothing.
                bench.reregister(&mut ours, TOKEN, trigger.apply(Interest::PRIORITY));
                bench.expect_nothing();
            }
            bench.reregister(&mut ours, Token(10 + round), trigger.apply(READ));
            bench.expect(Token(10 + round), Event::is_readable);
            for event in bench.wait(0) {
                assert_eq!(event.token(), Token(10 + round), "a token of the past");
            }
        }
    });
}

/// KQ-5: to change one registration takes nothing from the others, whatever is there to tell.
#[cfg(unix)]
fn changes_take_no_event(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::new(backend);
    let (mut ready, theirs) = pair(Kind::Unix, Way::Raw);
    let (mut other, _their_other) = pair(Kind::Unix, Way::Raw);
    bench.register(&mut ready, TOKEN, trigger.apply(READ));
    theirs.send(b"x");
    bench.register(&mut other, Token(8), trigger.apply(READ));
    bench.reregister(&mut other, Token(9), trigger.apply(READ | WRITE));
    bench.registry().deregister(&mut other).unwrap();
    let events = bench.wait(1000);
    assert_eq!(events.iter().map(Event::token).collect::<Vec<_>>(), [TOKEN]);
}

/// RG-8, PO-3: while another thread sleeps, every change takes effect at once, and the
/// changing thread does not have to wait.
fn changed_under_a_wait(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let (mut ours, theirs) = pair(kind, way);
        theirs.send(b"x");
        let start = Instant::now();
        bench.register(&mut ours, TOKEN, READ);
        waiter.expect(TOKEN, Event::is_readable);
        system::let_others_sleep();
        bench.reregister(&mut ours, Token(8), READ);
        waiter.expect(Token(8), Event::is_readable);
        system::let_others_sleep();
        bench.registry().deregister(&mut ours).unwrap();
        assert!(start.elapsed() < Duration::from_secs(5));
        waiter.expect_nothing();
    });
}

/// PO-3: the same in one go, of which the last counts.
fn changed_back_and_forth_under_a_wait(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let waiter = Waiter::start(&bench.poll, 8);
        let (mut ours, theirs) = pair(kind, way);
        for round in 0..100 {
            let token = Token(100 + round);
            bench.register(&mut ours, TOKEN, READ);
            bench.registry().deregister(&mut ours).unwrap();
            bench.register(&mut ours, token, READ);
            theirs.send(b"x");
            let event = waiter.expect(token, Event::is_readable);
            assert!(!event.is_error());
            ours.drain();
            bench.registry().deregister(&mut ours).unwrap();
        }
    });
}

/// RG-8: changes do not wait for the thread that sleeps, though nothing is ready.
fn changes_do_not_block(backend: Backend, trigger: Trigger) {
    let bench = Bench::new(backend);
    let waiter = Waiter::start(&bench.poll, 8);
    let registry = bench.registry().try_clone().unwrap();
    let (outbox, inbox) = mpsc::channel();
    thread::spawn(move || {
        for way in Way::ALL {
            let (mut ours, _theirs) = pair(Kind::LOCAL, way);
            registry.register(&mut ours, TOKEN, trigger.apply(READ)).unwrap();
            registry.reregister(&mut ours, TOKEN, trigger.apply(READ)).unwrap();
            registry.deregister(&mut ours).unwrap();
        }
        let _ = outbox.send(());
    });
    inbox.recv_timeout(OWED).expect("the thread that registers hangs");
    waiter.expect_nothing();
}

/// EP-5: what was shut down here is reported, and the registration goes on.
fn shut_down_here(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        ours.shutdown(Shutdown::Write);
        bench.expect_silence();
        theirs.send(b"still");
        bench.expect(TOKEN, Event::is_readable);
        assert_eq!(ours.drain(), 5);
    });
}

/// RG-10: in any order, with something to report, and what is left works on.
fn dropped_in_any_order(backend: Backend) {
    for order in 0..120 {
        let Bench { poll, events } = Bench::new(backend);
        let registry = poll.registry().try_clone().unwrap();
        let waker = omnipoll::Waker::new(&registry, Token(1)).unwrap();
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
        registry.register(&mut ours, TOKEN, READ).unwrap();
        theirs.send(b"x");
        waker.wake().unwrap();
        let shared = poll.share();
        let (mut poll, mut events) = (Some(poll), Some(events));
        let (mut registry, mut waker, mut ours) = (Some(registry), Some(waker), Some(ours));
        let mut left: Vec<usize> = (0..5).collect();
        let mut code = order;
        for size in (1..=5).rev() {
            let next = left.remove(code % size);
            code /= size;
            match next {
                0 => drop(poll.take()),
                1 => drop(events.take()),
                2 => drop(registry.take()),
                3 => drop(waker.take()),
                _ => drop(ours.take()),
            }
            if let Some(waker) = &waker {
                waker.wake().unwrap();
            }
            if let Some(events) = &mut events {
                shared.wait(events, Some(Duration::ZERO)).unwrap();
            }
            if let (Some(registry), Some(ours)) = (&registry, &mut ours) {
                registry.reregister(ours, TOKEN, READ).unwrap();
            }
        }
        drop(shared);
        // Nobody has written where nobody was to. A program that another test starts may have
        // copies until it runs, so the end comes a moment later.
        match theirs.into_blocking(OWED).read(&mut [0; 8]) {
            // What ends with something unread is reset, and Wine tells a mere end.
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            read => panic!("somebody has written: {read:?}"),
        }
    }
}

/// A number that the library keeps for itself is refused, and every other one works.
fn any_token(backend: Backend) {
    let mut bench = Bench::new(backend);
    for token in [0, 1, usize::MAX, usize::MAX - 1, usize::MAX / 2 + 1].map(Token) {
        let (mut ours, theirs) = pair(Kind::LOCAL, Way::Typed);
        bench.register(&mut ours, token, READ);
        theirs.send(b"x");
        bench.expect(token, Event::is_readable);
    }
}

/// RG-7, EP-1: the same file may be registered under two numbers.
#[cfg(unix)]
fn duplicates_side_by_side(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, theirs) = pair(Kind::LOCAL, Way::Raw);
    let copy = system::duplicate_above(ours.as_raw_fd(), 3);
    bench.register(&mut ours, TOKEN, READ);
    bench.register(&mut SourceFd(&copy.as_raw_fd()), Token(8), READ.level());
    theirs.send(b"x");
    let mut seen = [false; 2];
    for _ in 0..10 {
        bench.wait(100).iter().for_each(|event| seen[event.token().0 - 7] = true);
    }
    assert_eq!(seen, [true; 2]);
    bench.registry().deregister(&mut ours).unwrap();
    bench.expect(Token(8), Event::is_readable);
}

/// A look finds what is ready, however much the kernel has to clear away before it.
fn a_look_after_many_removals(backend: Backend, trigger: Trigger) {
    // With so many, others would get numbers that are too high for some select(2).
    alone(&[], || {
        let mut bench = Bench::new(backend);
        for _ in 0..5 {
            let mut pairs: Vec<_> = (0..200).map(|_| pair(Kind::ONE_WAY, Way::Typed)).collect();
            for (ours, _) in &mut pairs {
                bench.register(ours, Token(1), trigger.apply(READ));
            }
            assert!(bench.wait(0).is_empty());
            for (ours, _) in &mut pairs {
                bench.registry().deregister(ours).unwrap();
            }
            let (mut ours, theirs) = pair(Kind::ONE_WAY, Way::Typed);
            theirs.send(b"x");
            bench.register(&mut ours, TOKEN, trigger.apply(READ));
            let events = bench.wait(0);
            assert_eq!(events.len(), 1, "{events:?}");
            assert_eq!(events[0].token(), TOKEN);
            bench.registry().deregister(&mut ours).unwrap();
        }
    });
}

/// Connections that are made wake who only reads, and have nothing to tell.
#[cfg(unix)]
fn a_look_behind_connections(backend: Backend, trigger: Trigger) {
    let mut bench = Bench::new(backend);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut streams: Vec<_> = (0..100)
        .map(|_| {
            let (family, flags) = (AddressFamily::INET, SocketFlags::NONBLOCK);
            let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None);
            TcpStream::from(socket.unwrap())
        })
        .collect();
    let (mut ours, theirs) = pair(Kind::Pipe, Way::Typed);
    for stream in &mut streams {
        bench.register(stream, Token(1), trigger.apply(READ));
    }
    bench.register(&mut ours, TOKEN, trigger.apply(READ));
    // What is not connected yet is hung up.
    while !bench.wait(1).is_empty() && trigger != Trigger::Level {}
    for stream in &streams {
        let connected = stream.try_io(|| match rustix::net::connect(stream, &address) {
            Err(Errno::INPROGRESS) => Ok(()),
            result => result.map_err(Into::into),
        });
        connected.unwrap();
    }
    theirs.send(b"x");
    let events = bench.wait(0);
    assert!(events.iter().any(|event| event.token() == TOKEN), "{events:?}");
}

promises! {
    in any:
        unknown_is_not_found, source_of_another_poll, changed_under_a_wait,
        changed_back_and_forth_under_a_wait, shut_down_here, dropped_in_any_order, any_token;
    in any on unix: many_closed_behind_the_back, duplicates_side_by_side;
    in each:
        twice_is_refused, changed_and_back, dropped_under_a_wait, changes_do_not_block,
        a_look_after_many_removals;
    in each on unix:
        typed_and_raw_are_one, own_descriptors_are_refused, closed_descriptor_is_refused,
        failed_registration_leaves_nothing, closed_behind_the_back,
        typed_and_closed_behind_the_back, number_used_again, refused_under_a_used_number,
        dropped_with_a_duplicate_alive, closed_under_a_wait, a_look_behind_connections,
        changes_take_no_event;
}
