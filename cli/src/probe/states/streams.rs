//! The states of TCP connections and of Unix streams.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;

use socket2::{SockAddr, Socket, Type};

use super::sockets::{
    begin_to_connect, bound_inet, inet, nobody, reset_on_close, shut_down_both, take_error,
};
#[cfg(unix)]
use super::unix_sockets;
use super::{Kind, State, state};
use crate::probe::answers::Answers;
#[cfg(unix)]
use crate::probe::scene::fill;
use crate::probe::scene::{Scene, Subject, a_byte, close_other, drain, fill_tcp, put, until_done};

pub(super) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new("TCP stream", as_tcp_stream, tcp()),
        #[cfg(unix)]
        Kind::new("Unix stream", as_unix_stream, unix_streams()),
    ]
}

fn tcp() -> Vec<State<Socket>> {
    let mut states = vec![
        state("not bound", tcp_unbound, []),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        state("connecting", tcp_unbound, [connect_to_full_backlog]),
        state("refused", tcp_unbound, [connect_to_nobody]),
        state("refused, error taken", tcp_unbound, [connect_to_nobody, take_error]),
    ];
    states.extend(connected(tcp_pair));
    states.extend([
        state("full", tcp_pair, [fill_tcp]),
        state("full, drained", tcp_pair, [fill_tcp, drain]),
        state("peer closed, data unread", tcp_pair, [put, until_peer_has_it, close_other]),
        state("peer closed, written to", tcp_pair, [close_other, until_it_ends, put]),
        state("reset", tcp_pair, [reset_by_other]),
        state("reset, error taken", tcp_pair, [reset_by_other, take_error]),
    ]);
    states
}

#[cfg(unix)]
fn unix_streams() -> Vec<State<Socket>> {
    let mut states = vec![state("not bound", unix_unbound, [])];
    states.extend(connected(unix_pair));
    states.extend([
        state("full", unix_pair, [fill]),
        state("full, drained", unix_pair, [fill, drain]),
        state("peer closed, data unread", unix_pair, [put, close_other]),
        state("full, peer closed", unix_pair, [fill, close_other]),
    ]);
    states
}

/// What comes in and goes out, and how it ends on either side.
fn connected(pair: fn() -> io::Result<Scene<Socket>>) -> Vec<State<Socket>> {
    vec![
        state("connected", pair, []),
        state("a byte", pair, [a_byte]),
        state("urgent byte", pair, [an_urgent_byte]).with_priority(),
        state("a byte, urgent byte", pair, [a_byte, an_urgent_byte]).with_priority(),
        state("peer shut down writing", pair, [other_ends]),
        state("shut down writing", pair, [|s| s.ours.shutdown(Shutdown::Write)]),
        state("shut down reading", pair, [|s| s.ours.shutdown(Shutdown::Read)]),
        state("shut down both", pair, [shut_down_both]),
        state("peer closed", pair, [close_other, ends]),
        state("a byte, peer closed", pair, [a_byte, close_other]),
    ]
}

fn as_tcp_stream(socket: Socket) -> Box<dyn Subject> {
    Box::new(omnipoll::net::TcpStream::from_std(socket.into()))
}

#[cfg(unix)]
fn as_unix_stream(socket: Socket) -> Box<dyn Subject> {
    Box::new(omnipoll::net::UnixStream::from_std(socket.into()))
}

fn tcp_unbound() -> io::Result<Scene<Socket>> {
    Ok(Scene::new(inet(Type::STREAM)?, vec![]))
}

fn tcp_pair() -> io::Result<Scene<Socket>> {
    let (listener, address) = listener(1)?;
    let ours = Socket::new(socket2::Domain::IPV4, Type::STREAM, None)?;
    ours.connect(&address)?;
    let (theirs, _) = listener.accept()?;
    for socket in [&ours, &theirs] {
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
    }
    small(Scene::new(ours, vec![theirs]))
}

/// One that waits in accept(2).
fn listener(backlog: i32) -> io::Result<(Socket, SockAddr)> {
    let listener = bound_inet(Type::STREAM)?;
    listener.set_nonblocking(false)?;
    listener.listen(backlog)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[cfg(unix)]
fn unix_unbound() -> io::Result<Scene<Socket>> {
    unix_sockets::unbound(Type::STREAM)
}

#[cfg(unix)]
fn unix_pair() -> io::Result<Scene<Socket>> {
    small(unix_sockets::pair(Type::STREAM)?)
}

/// So that it does not take long to fill.
fn small(scene: Scene<Socket>) -> io::Result<Scene<Socket>> {
    scene.ours.set_send_buffer_size(8192)?;
    Ok(scene)
}

fn connect_to_nobody(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.awaited = Answers::WRITABLE;
    begin_to_connect(&scene.ours, &nobody(Type::STREAM)?)
}

/// Linux keeps trying for more than a minute; others refuse.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn connect_to_full_backlog(scene: &mut Scene<Socket>) -> io::Result<()> {
    let (listener, address) = listener(0)?;
    let first = inet(Type::STREAM)?;
    first.set_nonblocking(false)?;
    first.connect(&address)?;
    begin_to_connect(&scene.ours, &address)?;
    scene.others.extend([listener, first]);
    Ok(())
}

fn an_urgent_byte(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.other()?.send_out_of_band(b"!")?;
    scene.awaited = scene.awaited.with(Answers::PRIORITY);
    Ok(())
}

fn other_ends(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.other()?.shutdown(Shutdown::Write)?;
    ends(scene)
}

/// What comes last is the end, which can be read.
fn ends(scene: &mut Scene<Socket>) -> io::Result<()> {
    scene.awaited = Answers::READABLE;
    Ok(())
}

fn until_it_ends(scene: &mut Scene<Socket>) -> io::Result<()> {
    until_done(|| scene.ours.peek(&mut [MaybeUninit::uninit(); 1]))
}

fn until_peer_has_it(scene: &mut Scene<Socket>) -> io::Result<()> {
    let other = scene.other()?;
    until_done(|| other.peek(&mut [MaybeUninit::uninit(); 1]))
}

/// The connection is cut off.
fn reset_by_other(scene: &mut Scene<Socket>) -> io::Result<()> {
    reset_on_close(scene.other()?)?;
    close_other(scene)?;
    ends(scene)
}
