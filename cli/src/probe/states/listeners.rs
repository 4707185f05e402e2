//! The states of sockets that listen.

use std::io;

use socket2::{Socket, Type};

use super::sockets::{begin_to_connect, bound_inet, reset_on_close, shut_down_both};
#[cfg(unix)]
use super::unix_sockets;
use super::{Kind, State, state};
use crate::probe::answers::Answers;
use crate::probe::scene::{Scene, Subject, close_other, until_done};

const BACKLOG: i32 = 4;

pub(super) fn kinds() -> Vec<Kind> {
    let mut tcp = states(tcp_bound);
    tcp.push(state("a visitor, reset", tcp_bound, [listen, visit, reset_by_visitor]));
    vec![
        Kind::new("TCP listener", as_tcp_listener, tcp),
        #[cfg(unix)]
        Kind::new("Unix listener", as_unix_listener, states(unix_bound)),
    ]
}

fn states(bound: fn() -> io::Result<Scene<Socket>>) -> Vec<State<Socket>> {
    vec![
        state("bound", bound, []),
        state("listening", bound, [listen]),
        state("a visitor", bound, [listen, visit]),
        state("a visitor, accepted", bound, [listen, visit, accept]),
        state("a visitor, gone", bound, [listen, visit, close_other]),
        state("shut down both", bound, [listen, shut_down_both]),
    ]
}

fn as_tcp_listener(socket: Socket) -> Box<dyn Subject> {
    Box::new(omnipoll::net::TcpListener::from_std(socket.into()))
}

#[cfg(unix)]
fn as_unix_listener(socket: Socket) -> Box<dyn Subject> {
    Box::new(omnipoll::net::UnixListener::from_std(socket.into()))
}

fn tcp_bound() -> io::Result<Scene<Socket>> {
    Ok(Scene::new(bound_inet(Type::STREAM)?, vec![]))
}

#[cfg(unix)]
fn unix_bound() -> io::Result<Scene<Socket>> {
    unix_sockets::bound(Type::STREAM)
}

fn listen(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.ours.listen(BACKLOG)
}

fn visit(scene: &mut Scene<Socket>) -> io::Result<()> {
    let address = scene.ours.local_addr()?;
    let visitor = Socket::new(address.domain(), Type::STREAM, None)?;
    visitor.set_nonblocking(true)?;
    begin_to_connect(&visitor, &address)?;
    scene.others.push(visitor);
    scene.awaited = Answers::READABLE;
    Ok(())
}

fn accept(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.awaited = Answers::NONE;
    until_done(|| scene.ours.accept())
}

fn reset_by_visitor(scene: &mut Scene<Socket>) -> io::Result<()> {
    reset_on_close(scene.other()?)?;
    close_other(scene)
}
