use std::io;
use std::net::Shutdown;

use omnipoll::event::Source;

use super::operation::{Amount, Kind, Way};
use super::system::{Handle, Io};

/// What one call is given.
const MUCH: usize = 64 * 1024;

/// A stream is cut into pieces that are no smaller, save for the last.
const PIECE: usize = 1024;

/// What a datagram carries at the most, and how many are sent where none would block.
const DATAGRAM: usize = 1000;
const DATAGRAMS: usize = 8;

/// More calls than any of the descriptors takes until it would block.
const CALLS: usize = 4000;

/// The descriptor that is registered.
#[derive(Debug)]
pub(super) struct End {
    kind: Kind,
    pub(super) io: Io,
}

/// What came of trying I/O again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempt {
    /// A call was made.
    pub(super) was_made: bool,
    /// The last call came up short, would have blocked, or failed.
    pub(super) is_at_end: bool,
    /// In how many pieces what was moved may be told.
    pub(super) pieces: u32,
}

impl Attempt {
    /// A single call that moves nothing, or one byte.
    pub(super) fn of(was_made: bool) -> Attempt {
        Attempt { was_made, is_at_end: false, pieces: 1 }
    }
}

impl End {
    /// Takes over what is of that kind, and does not block.
    pub(super) fn new(kind: Kind, way: Way, handle: Handle) -> End {
        End { kind, io: Io::new(kind, way, handle) }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn is_raw(&self) -> bool {
        self.io.is_raw()
    }

    /// Reads `amount`; by `try_io` if `is_untold`.
    pub(super) fn read(&self, amount: Amount, is_untold: bool) -> Attempt {
        if self.kind == Kind::PipeWriter {
            return Attempt::default();
        }
        repeat(self.kind, amount, |bytes| {
            let mut buffer = vec![0; bytes.max(8)];
            if is_untold {
                self.io.try_read(self.kind, &mut buffer)
            } else {
                self.io.read(self.kind, &mut buffer)
            }
        })
    }

    pub(super) fn write(&self, amount: Amount) -> Attempt {
        if matches!(self.kind, Kind::PipeReader | Kind::Listener) {
            return Attempt::default();
        }
        repeat(self.kind, amount, |bytes| self.io.write(self.kind, &vec![7; bytes]))
    }

    /// Shuts it down; false if it cannot be.
    pub(super) fn shutdown(&self, how: Shutdown) -> bool {
        self.io.shutdown(self.kind, how)
    }

    /// Runs `act` on the source that is registered for it.
    pub(super) fn with_source<R>(&mut self, act: impl FnOnce(&mut dyn Source) -> R) -> R {
        self.io.with_source(act)
    }
}

/// Whether it is a socket with two halves.
pub(super) fn is_stream(kind: Kind) -> bool {
    matches!(kind, Kind::Unix | Kind::Tcp | Kind::Datagram)
}

/// Whether writes end in silence. To the kernel, each datagram that leaves or is refused
/// makes room anew, and what is written to an eventfd can be read.
pub(super) fn rests_when_full(kind: Kind) -> bool {
    matches!(kind, Kind::Unix | Kind::Tcp | Kind::PipeWriter)
}

/// Makes calls for `amount`, as `call` does for a number of bytes.
pub(super) fn repeat(
    kind: Kind,
    amount: Amount,
    mut call: impl FnMut(usize) -> io::Result<usize>,
) -> Attempt {
    let most = match kind {
        Kind::Datagram | Kind::Udp => DATAGRAM,
        Kind::Eventfd | Kind::Listener => 8,
        _ => MUCH,
    };
    let (bytes, calls) = match amount {
        Amount::Bytes(bytes) => (usize::from(bytes).min(most), 1),
        Amount::OneCall => (most, 1),
        // They take any number.
        Amount::All if matches!(kind, Kind::Udp | Kind::Eventfd) => (most, DATAGRAMS),
        Amount::All => (most, CALLS),
    };
    let mut attempt = Attempt { was_made: true, is_at_end: false, pieces: 1 };
    for _ in 0..calls {
        match call(bytes) {
            Ok(length @ 1..) => {
                attempt.is_at_end = length < bytes;
                attempt.pieces += (length / PIECE) as u32 + 1;
            }
            Ok(0) | Err(_) => {
                attempt.is_at_end = true;
                break;
            }
        }
    }
    attempt
}
