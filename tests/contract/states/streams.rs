//! The states of TCP connections and of Unix streams.

use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use omnipoll::net::UnixStream;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, Shutdown, SocketType, sockopt};

use super::cell::{Cell, Kind, cell};
use super::flags::{ERR, HUP, IN, NONE, OUT, PRI, RDHUP};
use super::scene::Scene;
use super::sockets;
use super::subject::Subject;
use crate::support::tcp_pair;

pub(crate) const TCP: Kind = Kind { name: "TCP stream", has_priority: true, cells: tcp };
pub(crate) const UNIX: Kind = Kind { name: "Unix stream", has_priority: true, cells: unix };

/// More than a reader takes at once, and less than fits in.
static MUCH: [u8; 60_000] = [b'x'; 60_000];

/// EP-17, CO-1 and CO-2 are about the first few.
fn tcp() -> Vec<Cell> {
    let reset = IN | OUT | ERR | HUP | RDHUP;
    let told = IN | OUT | HUP | RDHUP;
    let mut cells = vec![
        cell("not bound", tcp_unbound, [], OUT | HUP),
        cell("bound", tcp_unbound, [sockets::bind], OUT | HUP),
        cell("connecting", tcp_unbound, [connect_to_full_backlog], NONE),
        cell("refused", tcp_unbound, [connect_to_nobody], reset),
        cell("refused, error taken", tcp_unbound, [connect_to_nobody, Scene::take_error], told),
        cell("connected", tcp_unbound, [connect], OUT),
    ];
    cells.extend(data(tcp_ends));
    cells.extend(ends(tcp_ends, IN | OUT | RDHUP));
    cells.extend([
        cell("urgent byte", tcp_ends, [Scene::receive_urgent], OUT | PRI),
        cell("urgent byte, taken", tcp_ends, [Scene::receive_urgent, Scene::take_urgent], OUT),
        cell("full, shut down writing", tcp_ends, [Scene::fill, end], OUT),
        cell("peer closed, data unread", tcp_ends, [put, Scene::close_peer], reset),
        cell("full, peer closed", tcp_ends, [Scene::fill, Scene::close_peer], reset),
        cell("reset", tcp_ends, [Scene::reset_by_peer], reset),
        cell("a byte, then reset", tcp_ends, [a_byte, Scene::reset_by_peer], reset),
        cell("reset, error taken", tcp_ends, [Scene::reset_by_peer, Scene::take_error], told),
        cell("peer closed, written to", tcp_ends, [peer_closes, write], reset),
    ]);
    cells
}

fn unix() -> Vec<Cell> {
    let gone = IN | OUT | HUP | RDHUP;
    let mut cells = vec![
        cell("not bound", unix_unbound, [], OUT | HUP),
        cell("bound", unix_unbound, [sockets::bind], OUT | HUP),
        cell("backlog full", unix_unbound, [connect_to_full_unix_backlog], OUT | HUP),
        cell("refused", unix_unbound, [connect_to_nobody_unix], OUT | HUP),
        cell("connected", unix_unbound, [connect_unix], OUT),
        cell("listener closed", unix_unbound, [connect_unix, Scene::close_peer], gone | ERR),
    ];
    cells.extend(data(unix_ends));
    cells.extend(ends(unix_ends, gone));
    cells.extend([
        cell("urgent byte", unix_ends, [Scene::receive_urgent], IN | OUT | PRI),
        cell(
            "urgent byte, taken",
            unix_ends,
            [Scene::receive_urgent, Scene::take_urgent],
            IN | OUT,
        ),
        cell("full, shut down writing", unix_ends, [Scene::fill, end], NONE),
        cell("peer closed, data unread", unix_ends, [put, Scene::close_peer], gone | ERR),
        cell("full, peer closed", unix_ends, [Scene::fill, Scene::close_peer], gone | ERR),
        cell("reset, error taken", unix_ends, [put, Scene::close_peer, Scene::take_error], gone),
    ]);
    cells
}

/// What comes in and goes out.
fn data(pair: fn() -> Scene) -> Vec<Cell> {
    vec![
        cell("a byte", pair, [a_byte], IN | OUT),
        cell("a byte, taken", pair, [a_byte, Scene::take_all], OUT),
        cell("much", pair, [much], IN | OUT),
        cell("much, some taken", pair, [much, |s| s.take(1000)], IN | OUT),
        cell("much, all taken", pair, [much, Scene::take_all], OUT),
        cell("a byte, urgent byte", pair, [a_byte, Scene::receive_urgent], IN | OUT | PRI),
        cell("urgent byte, a byte", pair, [Scene::receive_urgent, a_byte], IN | OUT | PRI),
        cell("full", pair, [Scene::fill], NONE),
        cell("full, a byte", pair, [Scene::fill, a_byte], IN),
        cell("full, drained", pair, [Scene::fill, Scene::make_room], OUT),
    ]
}

/// How it ends, on either side. EP-5 is about the halves.
///
/// A peer that is `gone` is known to take nothing any more, or not.
fn ends(pair: fn() -> Scene, gone: PollFlags) -> Vec<Cell> {
    let half = IN | OUT | RDHUP;
    let whole = IN | OUT | RDHUP | HUP;
    vec![
        cell("peer shut down writing", pair, [peer_ends], half),
        cell("peer shut down reading", pair, [|s| s.peer_shuts_down(Shutdown::Read)], OUT),
        cell("peer shut down both", pair, [|s| s.peer_shuts_down(Shutdown::Both)], gone),
        cell("a byte, peer shut down writing", pair, [a_byte, peer_ends], half),
        cell("end read", pair, [a_byte, peer_ends, Scene::take_all], half),
        cell("full, peer shut down writing", pair, [Scene::fill, peer_ends], IN | RDHUP),
        cell("shut down writing", pair, [end], OUT),
        cell("shut down reading", pair, [|s| s.shut_down(Shutdown::Read)], half),
        cell("shut down both", pair, [|s| s.shut_down(Shutdown::Both)], whole),
        cell("shut down writing, peer too", pair, [end, peer_ends], whole),
        cell("peer shut down writing, we too", pair, [peer_ends, end], whole),
        cell("peer closed", pair, [Scene::close_peer], gone),
        cell("a byte, peer closed", pair, [a_byte, Scene::close_peer], gone),
        cell("peer closed, a byte taken", pair, [a_byte, peer_closes, Scene::take_all], gone),
    ]
}

fn a_byte(scene: &mut Scene) {
    scene.receive(b"x");
}

fn much(scene: &mut Scene) {
    scene.receive(&MUCH);
    // All of it, so that who takes all leaves nothing on its way.
    while rustix::io::ioctl_fionread(scene.fd()).expect("FIONREAD") < MUCH.len() as u64 {
        thread::yield_now();
    }
}

fn put(scene: &mut Scene) {
    scene.put(b"x");
}

/// We send to nobody.
fn write(scene: &mut Scene) {
    assert_eq!(scene.subject.put(b"x").expect("the first is taken"), 1);
}

fn end(scene: &mut Scene) {
    scene.shut_down(Shutdown::Write);
}

fn peer_ends(scene: &mut Scene) {
    scene.peer_shuts_down(Shutdown::Write);
    scene.until(RDHUP);
}

fn peer_closes(scene: &mut Scene) {
    scene.close_peer();
    scene.until(RDHUP);
}

fn tcp_unbound() -> Scene {
    Scene::new(Subject::TcpStream(sockets::stream(AddressFamily::INET).into()), vec![])
}

fn unix_unbound() -> Scene {
    Scene::new(Subject::UnixStream(sockets::stream(AddressFamily::UNIX).into()), vec![])
}

fn tcp_ends() -> Scene {
    let (ours, theirs) = tcp_pair();
    few_bytes_fit(ours.as_fd());
    Scene::new(Subject::TcpStream(ours), vec![theirs.into()])
}

fn unix_ends() -> Scene {
    let (ours, theirs) = UnixStream::pair().expect("socketpair");
    few_bytes_fit(ours.as_fd());
    Scene::new(Subject::UnixStream(ours), vec![theirs.into()])
}

/// So that it does not take long to fill. The peer's side must stay as it is: TCP would drop
/// what it has promised room for, and send it again after a while.
fn few_bytes_fit(ours: BorrowedFd<'_>) {
    sockopt::set_socket_send_buffer_size(ours, 8192).expect("SO_SNDBUF");
}

fn connect(scene: &mut Scene) {
    let listener = sockets::listener(AddressFamily::INET, 1);
    let begun = rustix::net::connect(scene.fd(), &sockets::address(&listener));
    assert!(matches!(begun, Ok(()) | Err(Errno::INPROGRESS)), "{begun:?}");
    scene.others.push(rustix::net::accept(&listener).expect("accept"));
}

/// The kernel tries for more than a minute.
fn connect_to_full_backlog(scene: &mut Scene) {
    let listener = sockets::listener(AddressFamily::INET, 0);
    let address = sockets::address(&listener);
    let first = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("socket");
    rustix::net::connect(&first, &address).expect("connect");
    assert_eq!(rustix::net::connect(scene.fd(), &address), Err(Errno::INPROGRESS));
    scene.others.extend([listener, first]);
}

fn connect_to_nobody(scene: &mut Scene) {
    let nobody = sockets::nobody(AddressFamily::INET, SocketType::STREAM);
    assert_eq!(rustix::net::connect(scene.fd(), &nobody), Err(Errno::INPROGRESS));
}

/// The peer is the listener, which has not accepted.
fn connect_unix(scene: &mut Scene) {
    let listener = sockets::listener(AddressFamily::UNIX, 1);
    rustix::net::connect(scene.fd(), &sockets::address(&listener)).expect("connect");
    scene.others.push(listener);
}

/// CO-1: it is not in progress, but was not begun.
fn connect_to_full_unix_backlog(scene: &mut Scene) {
    let listener = sockets::listener(AddressFamily::UNIX, 0);
    let address = sockets::address(&listener);
    let first = sockets::stream(AddressFamily::UNIX);
    rustix::net::connect(&first, &address).expect("connect");
    assert_eq!(rustix::net::connect(scene.fd(), &address), Err(Errno::AGAIN));
    scene.others.extend([listener, first]);
}

fn connect_to_nobody_unix(scene: &mut Scene) {
    let nobody = sockets::nobody(AddressFamily::UNIX, SocketType::STREAM);
    assert_eq!(rustix::net::connect(scene.fd(), &nobody), Err(Errno::CONNREFUSED));
}
