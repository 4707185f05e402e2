//! Accepting: a listener outlives connections that failed in its queue, and a process
//! without descriptors neither spins nor hangs.

use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::{Event, Source};
use omnipoll::net::{SpareDescriptor, TcpListener, UnixListener};
use omnipoll::{Backend, Interest, Token};
use rustix::net::SocketFlags;

use crate::harness::Trigger;
use crate::sources::Typed;
use crate::support::{Bench, Kind, OWED, Registrant, STREAMS, Way, alone, each};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const CLIENTS: usize = 20;
/// Room for all that a test opens.
const PLENTY: u64 = 1000;

/// A listener, as a source and to accept from.
type Door = Registrant<Io>;

enum Io {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Door {
    fn open(kind: Kind, way: Way) -> Door {
        let io = match kind {
            Kind::Tcp => Io::Tcp(TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap()),
            Kind::Unix => {
                let any = unix::net::SocketAddr::from_pathname("").unwrap();
                Io::Unix(UnixListener::bind_addr(&any).unwrap())
            }
            Kind::Pipe => panic!("nobody connects to a pipe"),
        };
        Door { io, way }
    }

    fn knock(&self) -> Client {
        let stream = match &self.io {
            Io::Tcp(io) => net::TcpStream::connect(io.local_addr().unwrap()).unwrap().into(),
            Io::Unix(io) => {
                let address = io.local_addr().unwrap();
                assert!(address.as_abstract_name().is_some());
                OwnedFd::from(unix::net::UnixStream::connect_addr(&address).unwrap())
            }
        };
        // What is read and written is the same for both kinds.
        let stream = unix::net::UnixStream::from(stream);
        stream.set_read_timeout(Some(OWED)).unwrap();
        Client(stream)
    }

    fn accept(&self) -> io::Result<Client> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let stream: OwnedFd = match (&self.io, self.way) {
            (_, Way::Raw) => rustix::net::accept_with(&self.io, flags)?,
            (Io::Tcp(io), Way::Typed) => io.accept()?.0.into(),
            (Io::Unix(io), Way::Typed) => io.accept()?.0.into(),
        };
        Ok(Client(stream.into()))
    }

    /// Accepts until nobody waits, and turns away those for whom there is no descriptor.
    fn accept_all(&self, spare: &mut SpareDescriptor) -> (Vec<Client>, usize) {
        let (mut served, mut turned_away) = (Vec::new(), 0);
        loop {
            match spare.accept(|| self.accept()) {
                Ok(Some(client)) => served.push(client),
                Ok(None) => turned_away += 1,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("accept: {error}"),
            }
        }
        (served, turned_away)
    }
}

impl Typed for Io {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            Io::Tcp(io) => io,
            Io::Unix(io) => io,
        }
    }
}

impl AsFd for Io {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Io::Tcp(io) => io.as_fd(),
            Io::Unix(io) => io.as_fd(),
        }
    }
}

impl AsRawFd for Io {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Either end of a connection.
struct Client(unix::net::UnixStream);

impl Client {
    #[track_caller]
    fn expect_turned_away(mut self) {
        match self.0.read(&mut [0; 8]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("it was turned away: {other:?}"),
        }
    }
}

/// Sends a byte from each client to its server; all must arrive.
#[track_caller]
fn expect_connected(clients: &mut [Client], servers: &mut [Client]) {
    assert_eq!(clients.len(), servers.len());
    clients.iter_mut().for_each(|client| client.0.write_all(b"x").unwrap());
    for server in servers {
        server.0.set_nonblocking(false).unwrap();
        server.0.set_read_timeout(Some(OWED)).unwrap();
        assert_eq!(server.0.read(&mut [0; 8]).unwrap(), 1);
    }
}

/// AC-1: those who come while no descriptor is left are turned away, and told; later ones are
/// served. In every trigger, and though the listener is not registered anew.
fn turned_away(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        each(&STREAMS, |kind, way| {
            system::limit_descriptors(PLENTY);
            let mut bench = Bench::new(backend);
            let mut door = Door::open(kind, way);
            let mut spare = SpareDescriptor::new().unwrap();
            bench.register(&mut door, TOKEN, trigger.apply(READ));
            for few in [0, 3] {
                let clients: Vec<_> = (0..CLIENTS).map(|_| door.knock()).collect();
                system::limit_descriptors(system::next_descriptor() + few as u64);
                bench.expect(TOKEN, Event::is_readable);
                let (served, turned_away) = door.accept_all(&mut spare);
                assert_eq!((served.len(), turned_away), (few, CLIENTS - few));
                if trigger == Trigger::Oneshot {
                    bench.reregister(&mut door, TOKEN, trigger.apply(READ));
                }
                // Nobody waits any more, so there is nothing to spin about.
                bench.expect_silence_after(3, |_| assert!(door.accept().is_err()));
                clients.into_iter().skip(few).for_each(Client::expect_turned_away);
                drop(served);
                system::limit_descriptors(PLENTY);
            }
            let mut clients: Vec<_> = (0..CLIENTS).map(|_| door.knock()).collect();
            let mut served = Vec::new();
            while served.len() < CLIENTS {
                if trigger == Trigger::Oneshot {
                    bench.reregister(&mut door, TOKEN, trigger.apply(READ));
                }
                bench.expect(TOKEN, Event::is_readable);
                served.extend(door.accept_all(&mut spare).0);
            }
            expect_connected(&mut clients, &mut served);
            bench.registry().deregister(&mut door).unwrap();
        });
    });
}

/// AC-1: those who come while no descriptor is left may wait instead, at no cost, and are
/// all served once there are descriptors again.
fn left_waiting(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        each(&STREAMS, |kind, way| {
            system::limit_descriptors(PLENTY);
            let mut bench = Bench::new(backend);
            let mut door = Door::open(kind, way);
            bench.register(&mut door, TOKEN, trigger.apply(READ));
            let mut clients: Vec<_> = (0..CLIENTS).map(|_| door.knock()).collect();
            system::limit_descriptors(system::next_descriptor());
            bench.expect(TOKEN, Event::is_readable);
            let refuse = |door: &Door| {
                let error = door.accept().map(drop).unwrap_err();
                assert!(SpareDescriptor::is_lack(&error), "{error}");
            };
            refuse(&door);
            match trigger {
                // Whatever is tried, an edge that was told is not told for ever.
                Trigger::Edge => {
                    bench.expect_silence_after(10, |_| refuse(&door));
                }
                Trigger::Oneshot => bench.expect_nothing(),
                // A level lasts by its nature, so the caller turns it off.
                Trigger::Level => bench.registry().deregister(&mut door).unwrap(),
            }
            bench.expect_sleep();

            system::limit_descriptors(PLENTY);
            if trigger == Trigger::Level {
                bench.register(&mut door, TOKEN, trigger.apply(READ));
            } else {
                bench.reregister(&mut door, TOKEN, trigger.apply(READ));
            }
            bench.expect(TOKEN, Event::is_readable);
            let mut served: Vec<_> = (0..CLIENTS).map(|_| door.accept().unwrap()).collect();
            expect_connected(&mut clients, &mut served);
            bench.registry().deregister(&mut door).unwrap();
        });
    });
}

/// AC-1: where not even the spare descriptor helps, the caller is told, and none leaks.
fn no_spare_helps(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut door = Door::open(Kind::Tcp, Way::Typed);
        bench.register(&mut door, TOKEN, READ);
        let mut spare = SpareDescriptor::new().unwrap();
        let _client = door.knock();
        bench.expect(TOKEN, Event::is_readable);
        let open = system::open_descriptors();
        system::refuse(system::ACCEPT, libc::ENFILE);
        for _ in 0..5 {
            let error = spare.accept(|| door.accept()).map(drop).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENFILE));
            assert!(SpareDescriptor::is_lack(&error));
        }
        bench.expect_silence_after(10, |_| assert!(spare.accept(|| door.accept()).is_err()));
        assert_eq!(system::open_descriptors(), open);
        for kind in [ErrorKind::WouldBlock, ErrorKind::ConnectionAborted] {
            assert!(!SpareDescriptor::is_lack(&kind.into()));
        }
    });
}

/// AC-1: other threads take each descriptor that gets free, the spare one too. The caller is
/// told, nobody is forgotten, and the spare one comes back.
fn others_take_the_spare_one(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut door = Door::open(Kind::Tcp, Way::Typed);
        bench.register(&mut door, TOKEN, READ);
        let mut spare = SpareDescriptor::new().unwrap();
        let clients: Vec<_> = (0..CLIENTS * 5).map(|_| door.knock()).collect();
        system::limit_descriptors(system::next_descriptor());
        let start = Instant::now();
        let stop = Arc::new(AtomicBool::new(false));
        let thief = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::SeqCst) {
                    let stolen = std::fs::File::open("/dev/null");
                    thread::yield_now();
                    drop(stolen);
                    // Now and then there is one for others.
                    thread::sleep(Duration::from_micros(20));
                }
            }
        });
        let (mut turned_away, mut lost) = (0, 0);
        let mut served = Vec::new();
        while turned_away + served.len() < clients.len() {
            // Nothing is owed to who has given up, save on request.
            bench.reregister(&mut door, TOKEN, READ);
            bench.expect(TOKEN, Event::is_readable);
            loop {
                match spare.accept(|| door.accept()) {
                    Ok(Some(client)) => served.push(client),
                    Ok(None) => turned_away += 1,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => {
                        assert!(SpareDescriptor::is_lack(&error), "{error}");
                        lost += 1;
                        break;
                    }
                }
            }
            assert!(start.elapsed() < OWED, "{turned_away} were turned away, {lost} lost");
        }
        stop.store(true, Ordering::SeqCst);
        thief.join().unwrap();
        drop(served);
        clients.into_iter().for_each(Client::expect_turned_away);
    });
}

/// AC-1: who gets the last descriptor of all, after others took the spare one, is turned away:
/// otherwise nobody could be from then on, and those who come would wait.
fn the_last_one_is_kept(backend: Backend) {
    alone(&[], || {
        let _bench = Bench::new(backend);
        let mut spare = SpareDescriptor::new().unwrap();
        let open = || std::fs::File::open("/dev/null");
        system::limit_descriptors(system::next_descriptor());
        let mut stolen = None;
        let theft = spare.accept(|| {
            stolen = open().ok();
            open()
        });
        assert!(SpareDescriptor::is_lack(&theft.unwrap_err()));
        assert!(stolen.is_some());
        let last = spare.accept(|| {
            stolen = None;
            open()
        });
        assert!(last.unwrap().is_none());
        assert!(spare.accept(open).unwrap().is_none());
    });
}

/// AC-2: a connection that was reset in the queue is an error of its own, and those behind it
/// are served.
fn reset_in_the_queue(backend: Backend, trigger: Trigger) {
    for way in Way::ALL {
        let mut bench = Bench::new(backend);
        let mut door = Door::open(Kind::Tcp, way);
        bench.register(&mut door, TOKEN, trigger.apply(READ));
        for _ in 0..5 {
            let reset = door.knock();
            let mut before = door.knock();
            system::reset_on_close(&reset.0);
            drop(reset);
            let mut alive = 0;
            while alive == 0 {
                bench.expect(TOKEN, Event::is_readable);
                loop {
                    match door.accept() {
                        Ok(Client(mut stream)) => {
                            before.0.write_all(b"x").ok();
                            stream.set_nonblocking(false).unwrap();
                            alive += usize::from(stream.read(&mut [0; 8]).is_ok_and(|n| n > 0));
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionAborted),
                    }
                }
                if trigger == Trigger::Oneshot {
                    bench.reregister(&mut door, TOKEN, trigger.apply(READ));
                }
            }
            assert_eq!(alive, 1);
        }
        bench.expect_silence();
    }
}

promises! {
    in any on unix: no_spare_helps, others_take_the_spare_one, the_last_one_is_kept;
    in each on unix: turned_away, left_waiting, reset_in_the_queue;
}
