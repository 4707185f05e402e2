//! What ends and peers are on Unix, and what a program does with the numbers of descriptors.

mod io;
mod look;
mod number;
mod numbering;
mod pair;

pub(super) use std::os::fd::{OwnedFd as Handle, RawFd as Number};

pub(super) use self::io::{Io, read_raw, reset_on_close, shut_down, write_raw, write_urgent};
pub(super) use self::look::look;
pub(super) use self::number::Numbers;
pub(super) use self::pair::{Address, Client, call, pair};

use omnipoll::Backend;

use super::end::End;
use super::operation::Kind;

/// The kind that stands for `kind` on this system, which has them all.
pub(super) fn nearest(kind: Kind) -> Kind {
    kind
}

/// Whether an edge is owed once in any case, however often what it tells of is tried.
pub(super) fn rests(_: &End, _: Backend) -> bool {
    true
}
