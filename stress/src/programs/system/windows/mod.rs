//! What ends and peers are on Windows: sockets, whose numbers nobody can choose.

mod io;
mod look;
mod number;
mod numbering;
mod pair;

pub(super) use std::os::windows::io::OwnedSocket as Handle;

pub(super) use self::io::{Io, read_raw, reset_on_close, shut_down, write_raw, write_urgent};
pub(super) use self::look::look;
pub(super) use self::number::{Number, Numbers};
pub(super) use self::pair::{Address, Client, call, pair};

use omnipoll::Backend;

use super::end::End;
use super::operation::Kind;

/// The kind that stands for `kind` on this system.
pub(super) fn nearest(kind: Kind) -> Kind {
    match kind {
        Kind::Unix | Kind::Tcp | Kind::PipeReader | Kind::PipeWriter => Kind::Tcp,
        Kind::Datagram | Kind::Udp | Kind::Eventfd => Kind::Udp,
        Kind::Listener => Kind::Listener,
    }
}

/// Whether an edge is owed once, however often what it tells of is tried: docs/windows.md says
/// where it is not.
pub(super) fn rests(end: &End, backend: Backend) -> bool {
    let is_unasked = backend == Backend::Poll && look(&[end])[0].is_closing;
    !matches!(end.io, Io::Foreign(_)) && !is_unasked
}
