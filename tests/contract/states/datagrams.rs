//! The states of sockets for datagrams. UD-1 is about the refused ones, UD-2 about those of
//! no bytes.

use std::os::fd::{AsFd, AsRawFd};

use omnipoll::net::UnixDatagram;
use rustix::net::{AddressFamily, Shutdown, SocketType};

use super::cell::{Cell, Kind, cell};
use super::flags::{ERR, HUP, IN, NONE, OUT, RDHUP};
use super::scene::Scene;
use super::sockets;
use super::subject::Subject;
use crate::system;

pub(crate) const UDP: Kind = Kind { name: "UDP socket", has_priority: true, cells: udp };
pub(crate) const UNIX: Kind = Kind { name: "Unix datagram", has_priority: false, cells: unix };

fn udp() -> Vec<Cell> {
    let mut cells = vec![
        cell("not bound", udp_unbound, [], OUT),
        cell("bound", udp_unbound, [sockets::bind], OUT),
        cell("connected", udp_unbound, [sockets::bind, connect], OUT),
    ];
    cells.extend(data(udp_ends));
    let unread = IN | OUT | ERR;
    cells.extend([
        cell("refused", udp_ends, [Scene::close_peer, write], OUT | ERR),
        cell("refused, error taken", udp_ends, [Scene::close_peer, write, Scene::take_error], OUT),
        cell("a datagram, refused", udp_ends, [a_datagram, Scene::close_peer, write], unread),
        cell("refused, queued", udp_ends, [queue_errors, Scene::close_peer, write], OUT | ERR),
        cell(
            "refused, queued, error taken",
            udp_ends,
            [queue_errors, Scene::close_peer, write, Scene::take_error],
            OUT | ERR,
        ),
    ]);
    cells
}

fn unix() -> Vec<Cell> {
    let mut cells = vec![
        cell("not bound", unix_unbound, [], OUT),
        cell("bound", unix_unbound, [sockets::bind], OUT),
        cell("connected", unix_unbound, [sockets::bind, connect], OUT),
    ];
    cells.extend(data(unix_ends));
    cells.extend([
        cell("full", unix_ends, [Scene::fill], NONE),
        cell("full, drained", unix_ends, [Scene::fill, Scene::make_room], OUT),
        cell("full, peer closed", unix_ends, [Scene::fill, Scene::close_peer], OUT),
        cell("peer turned away, data unread", unix_ends, [put, peer_turns_away], OUT | ERR),
    ]);
    cells
}

fn data(ends: fn() -> Scene) -> Vec<Cell> {
    let half = IN | OUT | RDHUP;
    vec![
        cell("a datagram", ends, [a_datagram], IN | OUT),
        cell("a datagram, taken", ends, [a_datagram, Scene::take_all], OUT),
        cell("two datagrams, one taken", ends, [two_datagrams, |s| s.take(8)], IN | OUT),
        cell("empty datagram", ends, [|s| s.receive(b"")], IN | OUT),
        cell("empty datagram, taken", ends, [|s| s.receive(b""), |s| s.take(8)], OUT),
        cell("two empty, one taken", ends, [two_empty, |s| s.take(8)], IN | OUT),
        cell("shut down writing", ends, [|s| s.shut_down(Shutdown::Write)], OUT),
        cell("shut down reading", ends, [|s| s.shut_down(Shutdown::Read)], half),
        cell("shut down both", ends, [|s| s.shut_down(Shutdown::Both)], half | HUP),
        cell("peer shut down both", ends, [|s| s.peer_shuts_down(Shutdown::Both)], OUT),
        cell("peer closed", ends, [Scene::close_peer], OUT),
        cell("a datagram, peer closed", ends, [a_datagram, Scene::close_peer], IN | OUT),
    ]
}

fn udp_unbound() -> Scene {
    let socket = sockets::socket(AddressFamily::INET, SocketType::DGRAM);
    Scene::new(Subject::UdpSocket(socket.into()), vec![])
}

fn unix_unbound() -> Scene {
    let socket = sockets::socket(AddressFamily::UNIX, SocketType::DGRAM);
    Scene::new(Subject::UnixDatagram(socket.into()), vec![])
}

fn udp_ends() -> Scene {
    let mut scene = udp_unbound();
    sockets::bind(&mut scene);
    connect(&mut scene);
    scene
}

fn unix_ends() -> Scene {
    let (ours, theirs) = UnixDatagram::pair().expect("socketpair");
    Scene::new(Subject::UnixDatagram(ours), vec![theirs.into()])
}

/// With a peer that is connected to us.
fn connect(scene: &mut Scene) {
    let ours = sockets::address(scene.fd());
    let peer = sockets::socket(ours.address_family(), SocketType::DGRAM);
    sockets::bind_anywhere(peer.as_fd());
    rustix::net::connect(&peer, &ours).expect("connect");
    rustix::net::connect(scene.fd(), &sockets::address(&peer)).expect("connect");
    scene.others.push(peer);
}

fn a_datagram(scene: &mut Scene) {
    scene.receive(b"x");
}

fn two_datagrams(scene: &mut Scene) {
    (0..2).for_each(|_| scene.receive(b"x"));
}

fn two_empty(scene: &mut Scene) {
    (0..2).for_each(|_| scene.receive(b""));
}

fn put(scene: &mut Scene) {
    scene.put(b"x");
}

/// We send to nobody.
fn write(scene: &mut Scene) {
    assert_eq!(scene.subject.put(b"x").expect("the first is taken"), 1);
    scene.until(ERR);
}

fn queue_errors(scene: &mut Scene) {
    system::queue_errors(scene.fd().as_raw_fd());
}

/// The peer connects to another, and what we sent is lost.
fn peer_turns_away(scene: &mut Scene) {
    let other = sockets::socket(AddressFamily::UNIX, SocketType::DGRAM);
    sockets::bind_anywhere(other.as_fd());
    rustix::net::connect(scene.peer(), &sockets::address(&other)).expect("connect");
    scene.others.push(other);
}
