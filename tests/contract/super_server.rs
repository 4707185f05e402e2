//! A super-server in miniature, as inetd: a poll that hears of connections and datagrams, and
//! starts a child process for each, or one that takes over the socket until it ends.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream, UdpSocket};
use omnipoll::unix::SignalSet;
use omnipoll::{Backend, Interest, Token, Waker};

use crate::support::{Bench, OWED, alone};
use crate::system;

const TCP: Token = Token(1);
const UDP: Token = Token(2);
const ADDED: Token = Token(3);
/// A super-server arms what it is done with: oneshot is made for that.
const READ: Interest = Interest::READABLE.oneshot();

/// The poll, and the children that were started.
///
/// That a child has ended is told by a signal, which is blocked save within the wait, so
/// that it cannot slip in before it.
struct SuperServer {
    bench: Bench,
    otherwise: SignalSet,
    children: Vec<Child>,
    waits: usize,
}

impl SuperServer {
    fn start(backend: Backend) -> SuperServer {
        let mut signals = SignalSet::empty();
        for signal in [libc::SIGCHLD, libc::SIGHUP] {
            system::handle(signal);
            signals.add(signal).unwrap();
        }
        signals.block().unwrap();
        let otherwise = SignalSet::empty();
        SuperServer { bench: Bench::new(backend), otherwise, children: Vec::new(), waits: 0 }
    }

    /// Waits once; true if it was a signal that ended it.
    fn wait(&mut self, timeout: Duration) -> bool {
        self.waits += 1;
        let Bench { poll, events } = &mut self.bench;
        match poll.poll_with_mask(events, Some(timeout), &self.otherwise) {
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            result => result.map(|()| false).unwrap(),
        }
    }

    /// The tokens of the events of the last wait.
    fn tokens(&self) -> Vec<Token> {
        self.bench.events.iter().map(Event::token).collect()
    }

    /// Waits for an event of `token`, and buries children in the meantime.
    #[track_caller]
    fn expect(&mut self, token: Token) {
        let start = Instant::now();
        while start.elapsed() < OWED {
            if self.wait(OWED) {
                self.bury();
            } else if self.tokens().contains(&token) {
                return;
            }
        }
        panic!("an event is lost: {token:?}");
    }

    /// Waits until all children have ended.
    #[track_caller]
    fn expect_all_to_end(&mut self) {
        let start = Instant::now();
        while !self.children.is_empty() {
            assert!(start.elapsed() < OWED, "{} children go on", self.children.len());
            self.wait(OWED);
            self.bury();
        }
    }

    /// Starts `command` on `socket`, which it gets as its input and output.
    fn spawn(&mut self, command: &mut Command, socket: impl AsFd) -> io::Result<()> {
        let socket = socket.as_fd();
        command.stdin(socket.try_clone_to_owned()?).stdout(socket.try_clone_to_owned()?);
        self.children.push(command.stderr(Stdio::null()).spawn()?);
        Ok(())
    }

    /// Sees which children have ended, each by itself: others may belong to somebody else.
    fn bury(&mut self) {
        self.children.retain_mut(|child| child.try_wait().unwrap().is_none());
    }
}

/// A stream for a child, which does not expect that it would not block.
fn blocking(stream: TcpStream) -> net::TcpStream {
    let stream = net::TcpStream::from(stream);
    stream.set_nonblocking(false).unwrap();
    stream
}

fn tcp() -> TcpListener {
    TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

fn udp() -> (UdpSocket, net::UdpSocket) {
    let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = net::UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(socket.local_addr().unwrap()).unwrap();
    (socket, client)
}

fn connect(listener: &TcpListener) -> net::TcpStream {
    let stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(OWED)).unwrap();
    stream
}

/// IN-1: nothing is told of a socket that a child has, though more comes in, and what the
/// child has left is told when the socket is armed again.
fn asleep_while_a_child_has_it(backend: Backend) {
    alone(&[], || {
        for interest in [READ, Interest::READABLE.level(), Interest::READABLE] {
            let mut server = SuperServer::start(backend);
            let (mut socket, client) = udp();
            server.bench.register(&mut socket, UDP, interest);
            client.send(b"1").unwrap();
            server.expect(UDP);
            // Only oneshot falls asleep by itself.
            if !interest.is_oneshot() {
                server.bench.registry().deregister(&mut socket).unwrap();
            }
            // It lives until its input ends, and reads nothing of the socket.
            let mut command = Command::new("cat");
            command.stdin(Stdio::piped()).stdout(socket.as_fd().try_clone_to_owned().unwrap());
            let mut child = command.spawn().unwrap();
            let life = child.stdin.take();
            server.children.push(child);
            drop(command);
            for _ in 0..5 {
                client.send(b"2").unwrap();
                assert!(!server.wait(Duration::from_millis(3)));
                assert_eq!(server.tokens(), []);
            }
            drop(life);
            server.expect_all_to_end();
            if interest.is_oneshot() {
                server.bench.reregister(&mut socket, UDP, interest);
            } else {
                server.bench.register(&mut socket, UDP, interest);
            }
            server.expect(UDP);
            // Six in all: the next child takes four of them.
            server.bench.registry().deregister(&mut socket).unwrap();
            let mut reader = Command::new("dd");
            server.spawn(reader.args(["bs=64", "count=4", "of=/dev/null"]), &socket).unwrap();
            server.expect_all_to_end();
            for _ in 0..2 {
                server.bench.register(&mut socket, UDP, interest);
                server.expect(UDP);
                assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 1);
                server.bench.registry().deregister(&mut socket).unwrap();
            }
            server.bench.register(&mut socket, UDP, interest);
            server.bench.expect_nothing();
        }
    });
}

/// IN-2: a child that ends without having read anything is started again, but not for ever:
/// its service is left asleep for a while, at no cost to others, and works after that.
fn a_service_that_loops(backend: Backend) {
    const STARTS_MAX: usize = 10;
    alone(&[], || {
        let mut server = SuperServer::start(backend);
        let (mut socket, client) = udp();
        let mut listener = tcp();
        server.bench.register(&mut socket, UDP, READ);
        server.bench.register(&mut listener, TCP, READ);
        client.send(b"nobody reads this").unwrap();
        let (mut starts, mut served) = (0, 0);
        let mut clients: Vec<_> = (0..10).map(|_| connect(&listener)).collect();
        while starts < STARTS_MAX || served < clients.len() || !server.children.is_empty() {
            if server.wait(OWED) {
                server.bury();
                // The one child of the service may have ended; if not, its end is told too.
                if starts < STARTS_MAX {
                    server.bench.reregister(&mut socket, UDP, READ);
                }
                continue;
            }
            assert!(!server.tokens().is_empty(), "{starts} starts, {served} served");
            for token in server.tokens() {
                if token == UDP && starts < STARTS_MAX {
                    starts += 1;
                    server.spawn(&mut Command::new("true"), &socket).unwrap();
                } else if token == TCP {
                    while let Ok((stream, _)) = listener.accept() {
                        server.spawn(Command::new("echo").arg("hello"), blocking(stream)).unwrap();
                        served += 1;
                    }
                    server.bench.reregister(&mut listener, TCP, READ);
                }
            }
        }
        for client in &mut clients {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, "hello\n");
        }
        // Paused, it costs nothing.
        let before = system::thread_cpu_time();
        server.wait(Duration::from_millis(200));
        let used = system::thread_cpu_time() - before;
        assert!(used < Duration::from_millis(20), "{used:?} of processor time in 200 ms");
        // After the pause, a child that reads makes it work.
        server.bench.reregister(&mut socket, UDP, READ);
        server.expect(UDP);
        server.spawn(Command::new("dd").args(["count=1", "of=/dev/null"]), &socket).unwrap();
        server.expect_all_to_end();
        server.bench.reregister(&mut socket, UDP, READ);
        server.bench.expect_nothing();
    });
}

/// IN-3: two hundred connections at once, as many children that end, and descriptors for a
/// few: each is served in the end, none is left unburied, and nothing turns in circles.
fn many_at_once(backend: Backend) {
    const CLIENTS: usize = 200;
    alone(&[], || {
        let mut server = SuperServer::start(backend);
        let mut listener = tcp();
        server.bench.register(&mut listener, TCP, READ);
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect(&listener)).collect();
        system::limit_descriptors(system::next_descriptor() + 20);
        // Accepted, and not started yet.
        let mut waiting = VecDeque::new();
        let (mut started, mut lacks) = (0, 0);
        while started < CLIENTS || !server.children.is_empty() {
            let is_signal = server.wait(OWED);
            assert!(is_signal || !server.tokens().is_empty(), "{started} started, and it hangs");
            server.bury();
            loop {
                match listener.accept() {
                    Ok((stream, _)) => waiting.push_back(blocking(stream)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => {
                        // Those who wait are accepted when something was closed.
                        assert!(SpareDescriptor::is_lack(&error), "{error}");
                        lacks += 1;
                        break;
                    }
                }
                // A few descriptors are for what starting a child takes.
                if waiting.len() >= 8 {
                    break;
                }
            }
            while let Some(stream) = waiting.pop_front() {
                match server.spawn(Command::new("echo").arg("hello"), &stream) {
                    Ok(()) => started += 1,
                    Err(error) => {
                        assert!(SpareDescriptor::is_lack(&error), "{error}");
                        lacks += 1;
                        waiting.push_front(stream);
                        break;
                    }
                }
            }
            server.bench.reregister(&mut listener, TCP, READ);
        }
        system::limit_descriptors(1000);
        for client in &mut clients {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, "hello\n");
        }
        assert!(server.waits <= 3 * CLIENTS, "{} waits; {lacks} lacks", server.waits);
        server.bench.expect_nothing();
    });
}

/// IN-4: a reload closes what is gone, opens what is new, and leaves alone what stays: its
/// socket, its token, who waits there, and its children.
fn reloaded_while_children_live(backend: Backend) {
    alone(&[], || {
        let mut server = SuperServer::start(backend);
        let (mut stays, mut goes) = (tcp(), tcp());
        server.bench.register(&mut stays, TCP, READ);
        server.bench.register(&mut goes, UDP, READ);
        let mut first = connect(&stays);
        server.expect(TCP);
        let stream = blocking(stays.accept().unwrap().0);
        server.spawn(&mut Command::new("cat"), stream).unwrap();
        server.bench.reregister(&mut stays, TCP, READ);

        system::raise(libc::SIGHUP);
        let mut second = connect(&stays);
        let at = (stays.as_raw_fd(), stays.local_addr().unwrap());
        let mut is_told = false;
        while !server.wait(OWED) {
            // The event may come first, and the signal with the next wait.
            assert_eq!(server.tokens(), [TCP]);
            assert!(!std::mem::replace(&mut is_told, true), "told twice");
        }
        let gone = goes.local_addr().unwrap();
        drop(goes);
        let mut added = tcp();
        server.bench.register(&mut added, ADDED, READ);
        assert_eq!((stays.as_raw_fd(), stays.local_addr().unwrap()), at);

        // Who connected before the reload is served after it, by the same token.
        if !is_told {
            server.expect(TCP);
        }
        let stream = blocking(stays.accept().unwrap().0);
        server.spawn(&mut Command::new("cat"), stream).unwrap();
        let mut third = connect(&added);
        server.expect(ADDED);
        let stream = blocking(added.accept().unwrap().0);
        server.spawn(&mut Command::new("cat"), stream).unwrap();
        assert_eq!(net::TcpStream::connect(gone).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        for client in [&mut first, &mut second, &mut third] {
            client.write_all(b"still there?").unwrap();
            client.read_exact(&mut [0; 12]).unwrap();
        }
        drop((first, second, third));
        server.expect_all_to_end();
    });
}

/// IN-6: a child has its socket, which blocks as it expects, and nothing else of the server's.
fn a_child_has_its_socket_alone(backend: Backend) {
    alone(&[], || {
        // This process may have inherited some itself.
        let output = Command::new("ls").arg("/proc/self/fd").output().unwrap();
        let mut server = SuperServer::start(backend);
        let mut listener = tcp();
        server.bench.register(&mut listener, TCP, READ);
        let _waker = Waker::new(server.bench.registry(), Token(99)).unwrap();
        let _spare = SpareDescriptor::new().unwrap();
        let _lent = server.bench.poll.as_raw_fd();
        let mut clients: Vec<_> = (0..5).map(|_| connect(&listener)).collect();
        server.expect(TCP);
        let streams: Vec<_> = clients.iter().map(|_| listener.accept().unwrap().0).collect();
        let mut streams = streams.into_iter().map(blocking);
        let lister = streams.next().unwrap();
        server.spawn(Command::new("ls").arg("/proc/self/fd"), &lister).unwrap();
        drop(lister);
        let mut listing = Vec::new();
        clients[0].read_to_end(&mut listing).unwrap();
        assert_eq!(String::from_utf8(listing), String::from_utf8(output.stdout));

        // A child that reads before anything was sent must wait, and not fail.
        let others: Vec<OwnedFd> = streams.map(OwnedFd::from).collect();
        for stream in &others {
            server.spawn(&mut Command::new("cat"), stream).unwrap();
        }
        drop(others);
        thread::sleep(Duration::from_millis(30));
        for client in &mut clients[1..] {
            client.write_all(b"are you there?").unwrap();
            client.read_exact(&mut [0; 14]).unwrap();
        }
        drop(clients);
        server.expect_all_to_end();
        // And the listener does not block.
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

promises! {
    in any on unix: a_child_has_its_socket_alone;
    in Oneshot on unix:
        asleep_while_a_child_has_it, a_service_that_loops, many_at_once,
        reloaded_while_children_live;
}
