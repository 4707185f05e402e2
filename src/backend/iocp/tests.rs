//! What shows on the inside alone: how many system calls there are, and what becomes of those
//! that fail.

use std::io::{Read, Write};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::os::windows::io::AsRawSocket;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::afd::Device;
use super::calls::{self, Calls};
use super::{Iocp, Mechanism, Outcome, Tells, Trigger};
use crate::event::{Events, Readiness};
use crate::os::RawDescriptor;
use crate::{Interest, Token};

/// How long to wait for what must come.
const LIMIT: Duration = Duration::from_secs(20);

/// How long to wait for what must not come.
const QUIET: Duration = Duration::from_millis(15);

/// A registered socket and its peer.
struct Connection {
    ours: TcpStream,
    theirs: TcpStream,
    token: Token,
    trigger: Arc<Trigger>,
}

impl Connection {
    fn new(iocp: &Iocp, token: Token, interest: Interest) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, _) = listener.accept().unwrap();
        let trigger = iocp.add(number(&ours), token, interest, Tells::AttemptsAndKind).unwrap();
        Connection { ours, theirs, token, trigger: trigger.expect("edges are made of levels") }
    }

    /// Reads what its peer has sent, as a source does.
    fn read(&mut self, iocp: &Iocp) {
        self.ours.read_exact(&mut [0; 1]).unwrap();
        if !self.trigger.tried(Readiness::IN, Outcome::Moved).is_empty() {
            iocp.rearm(number(&self.ours), Readiness::IN).unwrap();
        }
    }
}

fn number(socket: &impl AsRawSocket) -> RawDescriptor {
    socket.as_raw_socket() as RawDescriptor
}

/// Puts `device` in the place of the one by which polls of `socket` are made.
fn put_device(iocp: &Iocp, socket: RawDescriptor, device: Arc<Device>) -> Arc<Device> {
    let mut shared = iocp.shared();
    let entry = shared.entries.get(socket).expect("it is registered");
    mem::replace(&mut entry.device, device)
}

/// Waits once, and returns who was told of, and what that cost.
fn wait(iocp: &Iocp, timeout: Duration) -> (Vec<Token>, Calls) {
    let mut events = Events::with_capacity(256);
    let ((), made) = calls::of(|| iocp.wait(&mut events, Some(timeout), None).unwrap());
    (events.iter().map(|event| event.token()).collect(), made)
}

#[test]
fn a_wait_costs_one_call_and_a_poll_for_each_socket_that_fired_or_changed() {
    for interest in [Interest::READABLE, Interest::READABLE.level()] {
        let iocp = Iocp::open().unwrap();
        let connect = |at| Connection::new(&iocp, Token(at), interest);
        let (mut connections, made) = calls::of(|| (0..50).map(connect).collect::<Vec<_>>());
        // Nobody waits, so they are asked of when somebody does.
        assert_eq!(made, Calls::default());
        assert_eq!(wait(&iocp, QUIET), (vec![], Calls { waits: 1, polls: 50 }));
        assert_eq!(wait(&iocp, QUIET), (vec![], Calls { waits: 1, polls: 0 }));
        for count in [1, 3, 50] {
            for connection in &mut connections[..count] {
                connection.theirs.write_all(b"x").unwrap();
            }
            let start = Instant::now();
            let (mut told, mut polls) = (0, 0);
            while told < count {
                assert!(start.elapsed() < LIMIT, "{told} of {count} were told of");
                let (tokens, made) = wait(&iocp, LIMIT);
                assert_eq!(made.waits, 1);
                // What was told before, and was read, is asked of anew.
                assert_eq!(polls + made.polls, told);
                (told, polls) = (told + tokens.len(), polls + made.polls);
                for token in tokens {
                    connections[token.0].read(&iocp);
                }
            }
            assert_eq!(told, count);
            assert_eq!(wait(&iocp, QUIET), (vec![], Calls { waits: 1, polls: count - polls }));
            assert_eq!(wait(&iocp, QUIET), (vec![], Calls { waits: 1, polls: 0 }));
        }
        let changed = &connections[7];
        let both = interest | Interest::PRIORITY;
        iocp.modify(number(&changed.ours), changed.token, both).unwrap();
        // That of the poll that was left behind comes too, and is of no account.
        assert_eq!(wait(&iocp, QUIET).1.polls, 1);
        assert_eq!(wait(&iocp, QUIET).1.polls, 0);
    }
}

#[test]
fn one_that_cannot_be_asked_of_keeps_nobody_from_being_told() {
    let iocp = Iocp::open().unwrap();
    let mut connections = [0, 1, 2].map(|at| Connection::new(&iocp, Token(at), Interest::READABLE));
    let socket = number(&connections[1].ours);
    let proper = put_device(&iocp, socket, Arc::new(Device::broken()));
    for connection in &mut connections {
        connection.theirs.write_all(b"x").unwrap();
    }
    let mut events = Events::with_capacity(8);
    let mut told = Vec::new();
    let start = Instant::now();
    while told.len() < 2 {
        assert!(start.elapsed() < LIMIT, "{told:?} alone were told of");
        events.clear();
        // It fails where there was nothing to tell.
        let waited = iocp.wait(&mut events, Some(LIMIT), None);
        assert_eq!(waited.is_err(), events.is_empty());
        told.extend(events.iter().map(|event| event.token().0));
    }
    told.sort_unstable();
    assert_eq!(told, [0, 2]);
    for connection in [0, 2] {
        connections[connection].read(&iocp);
    }
    events.clear();
    iocp.wait(&mut events, Some(QUIET), None).unwrap_err();
    put_device(&iocp, socket, proper);
    assert_eq!(wait(&iocp, LIMIT).0, [Token(1)]);
}

/// So it is where the poll cannot go out at once, though somebody waits.
#[test]
fn a_change_that_cannot_be_asked_of_is_asked_of_again() {
    let iocp = Iocp::open().unwrap();
    let mut connection = Connection::new(&iocp, Token(0), Interest::WRITABLE);
    assert_eq!(wait(&iocp, LIMIT).0, [Token(0)]);
    let socket = number(&connection.ours);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let mut events = Events::with_capacity(8);
            let start = Instant::now();
            while start.elapsed() < LIMIT && events.is_empty() {
                // It may fail, as the change does.
                let _ = iocp.wait(&mut events, Some(LIMIT), None);
            }
            events.iter().map(|event| event.token()).collect::<Vec<_>>()
        });
        while iocp.shared().waiting == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        // By then it sleeps.
        thread::sleep(QUIET);
        let proper = put_device(&iocp, socket, Arc::new(Device::broken()));
        iocp.modify(socket, Token(1), Interest::READABLE).unwrap_err();
        put_device(&iocp, socket, proper);
        connection.theirs.write_all(b"x").unwrap();
        assert_eq!(waiter.join().unwrap(), [Token(1)]);
    });
}

#[test]
fn what_comes_and_goes_between_two_waits_leaves_nothing() {
    let iocp = Iocp::open().unwrap();
    for _ in 0..3 {
        let connection = Connection::new(&iocp, Token(0), Interest::READABLE);
        iocp.remove(number(&connection.ours)).unwrap();
        assert_eq!(iocp.shared().due, []);
    }
}
