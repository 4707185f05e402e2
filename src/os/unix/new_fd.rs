//! Descriptors that never block, and that no program inherits which this one starts.
//!
//! They are so from the call that makes them. Some systems have no such call: there it is
//! two steps, and a program that another thread starts between them inherits the descriptor,
//! as everything does that the standard library opens there.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::{Errno, FdFlags};
#[cfg(so_nosigpipe)]
use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, SocketType};
#[cfg(flags_at_birth)]
use rustix::pipe::PipeFlags;

#[cfg(flags_at_birth)]
const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);
#[cfg(not(flags_at_birth))]
const FLAGS: SocketFlags = SocketFlags::empty();

pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    // No fallback from a call that has the flags: all systems have had them for longer than
    // Rust supports those systems.
    let socket = rustix::net::socket_with(family, kind, FLAGS, None)?;
    finish_socket(&socket)?;
    Ok(socket)
}

pub(crate) fn socket_pair(kind: SocketType) -> io::Result<(OwnedFd, OwnedFd)> {
    let pair = rustix::net::socketpair(AddressFamily::UNIX, kind, FLAGS, None)?;
    finish_socket(&pair.0)?;
    finish_socket(&pair.1)?;
    Ok(pair)
}

pub(crate) fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    #[cfg(flags_at_birth)]
    match rustix::net::acceptfrom_with(&listener, FLAGS) {
        // accept4(2) is younger than accept(2), and some sandboxes know only the latter.
        // EPERM is not taken for such a refusal: a firewall says it of a connection.
        Err(Errno::NOSYS) => {}
        done => return Ok(done?),
    }
    let (socket, peer) = rustix::net::acceptfrom(listener)?;
    if cfg!(accepts_what_has_ended) && peer.is_none() {
        return Err(Errno::CONNABORTED.into());
    }
    set_flags(&socket)?;
    forbid_signal(&socket)?;
    Ok((socket, peer))
}

/// A pipe: the end to read from, and the one to write to.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(flags_at_birth)]
    return Ok(rustix::pipe::pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?);
    #[cfg(not(flags_at_birth))]
    {
        let pipe = rustix::pipe::pipe()?;
        set_flags(&pipe.0)?;
        set_flags(&pipe.1)?;
        Ok(pipe)
    }
}

fn finish_socket(socket: &OwnedFd) -> io::Result<()> {
    if FLAGS.is_empty() {
        set_flags(socket)?;
    }
    forbid_signal(socket)
}

/// Sets what the call that made `fd` could not be told.
fn set_flags(fd: &OwnedFd) -> io::Result<()> {
    rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC)?;
    Ok(rustix::io::ioctl_fionbio(fd, true)?)
}

/// Has writes to a peer that is gone fail, and not raise `SIGPIPE`, where that is no flag of
/// the write.
fn forbid_signal(socket: &OwnedFd) -> io::Result<()> {
    #[cfg(so_nosigpipe)]
    match sockopt::set_socket_nosigpipe(socket, true) {
        // The peer has gone already, and nothing can be set any more: the next read tells.
        Err(Errno::INVAL) => {}
        done => done?,
    }
    let _ = socket;
    Ok(())
}
