//! The states of sockets for datagrams.

use std::io;

use socket2::{Socket, Type};

use super::sockets::{bound_inet, inet, shut_down_both, take_error};
#[cfg(unix)]
use super::unix_sockets;
use super::{Kind, State, state};
use crate::probe::answers::Answers;
#[cfg(unix)]
use crate::probe::scene::fill;
use crate::probe::scene::{Scene, Subject, a_byte, close_other, put, take};

pub(super) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new("UDP socket", as_udp_socket, udp()),
        #[cfg(unix)]
        Kind::new("Unix datagram", as_unix_datagram, unix_datagrams()),
    ]
}

fn udp() -> Vec<State<Socket>> {
    let mut states = vec![
        state("not bound", || Ok(Scene::new(inet(Type::DGRAM)?, vec![])), []),
        state("bound", || Ok(Scene::new(bound_inet(Type::DGRAM)?, vec![])), []),
    ];
    states.extend(connected(udp_pair));
    states.extend([
        state("refused", udp_pair, [close_other, put]),
        state("refused, error taken", udp_pair, [close_other, put, take_error]),
    ]);
    states
}

#[cfg(unix)]
fn unix_datagrams() -> Vec<State<Socket>> {
    let mut states = vec![
        state("not bound", || unix_sockets::unbound(Type::DGRAM), []),
        state("bound", || unix_sockets::bound(Type::DGRAM), []),
    ];
    states.extend(connected(unix_pair));
    states.extend([
        state("full", unix_pair, [fill]),
        state("full, peer closed", unix_pair, [fill, close_other]),
    ]);
    states
}

fn connected(pair: fn() -> io::Result<Scene<Socket>>) -> Vec<State<Socket>> {
    vec![
        state("connected", pair, []),
        state("a datagram", pair, [a_byte]),
        state("a datagram, taken", pair, [a_byte, take]),
        state("empty datagram", pair, [an_empty_datagram]),
        state("shut down both", pair, [shut_down_both]),
        state("peer closed", pair, [close_other]),
    ]
}

fn as_udp_socket(socket: Socket) -> Box<dyn Subject> {
    Box::new(omnipoll::net::UdpSocket::from_std(socket.into()))
}

#[cfg(unix)]
fn as_unix_datagram(socket: Socket) -> Box<dyn Subject> {
    Box::new(omnipoll::net::UnixDatagram::from_std(socket.into()))
}

fn udp_pair() -> io::Result<Scene<Socket>> {
    let (ours, theirs) = (bound_inet(Type::DGRAM)?, bound_inet(Type::DGRAM)?);
    ours.connect(&theirs.local_addr()?)?;
    theirs.connect(&ours.local_addr()?)?;
    Ok(Scene::new(ours, vec![theirs]))
}

#[cfg(unix)]
fn unix_pair() -> io::Result<Scene<Socket>> {
    unix_sockets::pair(Type::DGRAM)
}

fn an_empty_datagram(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.other()?.send(b"")?;
    scene.awaited = Answers::READABLE;
    Ok(())
}
