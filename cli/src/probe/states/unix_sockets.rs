//! Sockets that have a name among the files, or none.

use std::io;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::probe::scene::Scene;
use crate::probe::scratch::Scratch;

/// A new socket, which does not block.
pub(super) fn unbound(kind: Type) -> io::Result<Scene<Socket>> {
    let socket = Socket::new(Domain::UNIX, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(Scene::new(socket, vec![]))
}

/// One that has a name.
pub(super) fn bound(kind: Type) -> io::Result<Scene<Socket>> {
    let name = Scratch::new();
    let scene = unbound(kind)?;
    let address = SockAddr::unix(name.path())?;
    scene.ours.bind(&address).map_err(|error| name.explain(&error))?;
    Ok(Scene { name: Some(name), ..scene })
}

/// Two that are connected to each other.
pub(super) fn pair(kind: Type) -> io::Result<Scene<Socket>> {
    let (ours, theirs) = Socket::pair(Domain::UNIX, kind, None)?;
    for socket in [&ours, &theirs] {
        socket.set_nonblocking(true)?;
    }
    Ok(Scene::new(ours, vec![theirs]))
}
