//! The states of sockets that listen.

use std::os::fd::AsFd;

use rustix::event::PollFlags;
use rustix::net::{AddressFamily, Shutdown, SocketType};

use super::cell::{Cell, Kind, cell};
use super::flags::{HUP, IN, NONE, OUT, RDHUP};
use super::scene::Scene;
use super::sockets;
use super::subject::Subject;

pub(crate) const TCP: Kind = Kind { name: "TCP listener", has_priority: false, cells: tcp };
pub(crate) const UNIX: Kind = Kind { name: "Unix listener", has_priority: false, cells: unix };

const BACKLOG: i32 = 4;

fn tcp() -> Vec<Cell> {
    let mut cells = visits(tcp_bound);
    cells.extend(shutdowns(tcp_bound, OUT | HUP, OUT | HUP));
    cells.push(cell("a visitor, reset", tcp_bound, [listen, visit, Scene::reset_by_peer], IN));
    cells
}

fn unix() -> Vec<Cell> {
    let mut cells = visits(unix_bound);
    cells.extend(shutdowns(unix_bound, IN | RDHUP, IN | RDHUP | HUP));
    cells
}

fn visits(bound: fn() -> Scene) -> Vec<Cell> {
    vec![
        cell("bound", bound, [], OUT | HUP),
        cell("listening", bound, [listen], NONE),
        cell("a visitor", bound, [listen, visit], IN),
        cell("a visitor, accepted", bound, [listen, visit, Scene::take_all], NONE),
        cell("backlog full", bound, [listen, many_visit], IN),
        cell("backlog full, one accepted", bound, [listen, many_visit, |s| s.take(1)], IN),
        cell("backlog full, all accepted", bound, [listen, many_visit, Scene::take_all], NONE),
        cell("a visitor, with data", bound, [listen, visit, visitor_writes], IN),
        cell("a visitor, gone", bound, [listen, visit, Scene::close_peer], IN),
    ]
}

fn shutdowns(bound: fn() -> Scene, half: PollFlags, whole: PollFlags) -> Vec<Cell> {
    vec![
        cell("shut down writing", bound, [listen, |s| s.shut_down(Shutdown::Write)], NONE),
        cell("shut down reading", bound, [listen, |s| s.shut_down(Shutdown::Read)], half),
        cell("shut down both", bound, [listen, shut_down], whole),
        cell("a visitor, shut down both", bound, [listen, visit, shut_down], whole),
    ]
}

fn tcp_bound() -> Scene {
    let socket = sockets::stream(AddressFamily::INET);
    sockets::bind_anywhere(socket.as_fd());
    Scene::new(Subject::TcpListener(socket.into()), vec![])
}

fn unix_bound() -> Scene {
    let socket = sockets::stream(AddressFamily::UNIX);
    sockets::bind_anywhere(socket.as_fd());
    Scene::new(Subject::UnixListener(socket.into()), vec![])
}

fn listen(scene: &mut Scene) {
    rustix::net::listen(scene.fd(), BACKLOG).expect("listen");
}

fn visit(scene: &mut Scene) {
    let address = sockets::address(scene.fd());
    let visitor = rustix::net::socket(address.address_family(), SocketType::STREAM, None);
    let visitor = visitor.expect("socket");
    rustix::net::connect(&visitor, &address).expect("connect");
    scene.others.push(visitor);
    scene.until(IN);
}

fn many_visit(scene: &mut Scene) {
    (0..=BACKLOG).for_each(|_| visit(scene));
}

fn visitor_writes(scene: &mut Scene) {
    assert_eq!(rustix::io::write(scene.peer(), b"x"), Ok(1));
}

fn shut_down(scene: &mut Scene) {
    scene.shut_down(Shutdown::Both);
}
