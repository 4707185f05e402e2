use std::io;
use std::mem;
use std::net::Shutdown;

use super::end::{Attempt, is_stream, repeat};
use super::operation::{Amount, Kind};
use super::system::{
    self, Address, Client, Handle, read_raw, reset_on_close, shut_down, write_raw, write_urgent,
};

/// How many clients of a listener are kept.
const CLIENTS: usize = 8;

/// The other side of an end: it is never registered.
#[derive(Debug)]
pub(super) struct Peer {
    kind: Kind,
    side: Side,
    /// In how many pieces what was written to it and not read may lie there, at the most.
    unread: u32,
}

#[derive(Debug)]
pub(super) enum Side {
    Open(Handle),
    /// Those of a listener, which is at that address.
    Clients(Address, Vec<Client>),
    Closed,
}

/// An end's own side, and its peer.
pub(super) fn connect(kind: Kind) -> io::Result<(Handle, Peer)> {
    let (ours, side) = system::pair(kind)?;
    Ok((ours, Peer { kind, side, unread: 0 }))
}

impl Peer {
    pub(super) fn read(&mut self, amount: Amount) -> Attempt {
        if amount == Amount::All {
            self.unread = 0;
        }
        match &self.side {
            Side::Open(handle) if self.kind != Kind::PipeReader => {
                let mut buffer = vec![0; 64 * 1024];
                repeat(self.kind, amount, |bytes| {
                    read_raw(self.kind, handle, &mut buffer[..bytes.max(8)])
                })
            }
            _ => Attempt::default(),
        }
    }

    pub(super) fn write(&mut self, amount: Amount) -> Attempt {
        match &mut self.side {
            Side::Open(handle) if self.kind != Kind::PipeWriter => {
                repeat(self.kind, amount, |bytes| write_raw(self.kind, handle, &vec![9; bytes]))
            }
            Side::Clients(address, clients) => {
                let amount = if amount == Amount::All { Amount::OneCall } else { amount };
                repeat(self.kind, amount, |_| {
                    let client = system::call(address)?;
                    if clients.len() == CLIENTS {
                        clients.remove(0);
                    }
                    clients.push(client);
                    Ok(1)
                })
            }
            _ => Attempt::default(),
        }
    }

    /// Writes a byte of urgent data; false if there is no such thing.
    pub(super) fn write_urgent(&self) -> bool {
        match &self.side {
            Side::Open(handle) if self.kind == Kind::Tcp => write_urgent(handle),
            _ => false,
        }
    }

    /// Shuts it down; false if it cannot be.
    pub(super) fn shutdown(&self, how: Shutdown) -> bool {
        match &self.side {
            Side::Open(handle) if is_stream(self.kind) => shut_down(handle, how),
            _ => false,
        }
    }

    /// Notes that something was written to it in so many pieces.
    pub(super) fn receive(&mut self, pieces: u32) {
        self.unread += pieces;
    }

    /// Closes it, by a reset if `is_hard`.
    pub(super) fn close(&mut self, is_hard: bool) -> Attempt {
        if is_hard {
            self.reset_on_close();
        }
        let was_open = !matches!(mem::replace(&mut self.side, Side::Closed), Side::Closed);
        let mut attempt = Attempt::of(was_open);
        if matches!(self.kind, Kind::Unix | Kind::Datagram) {
            // The kernel frees what was not read piece by piece, and each that it frees makes
            // room for the writer anew.
            attempt.pieces += mem::take(&mut self.unread);
        }
        attempt
    }

    pub(super) fn reset_on_close(&self) {
        if let Side::Open(handle) = &self.side {
            reset_on_close(self.kind, handle);
        }
    }
}

// Where there are Unix sockets.
#[cfg(all(test, unix))]
mod tests {
    use super::super::end::End;
    use super::super::operation::Way;
    use super::*;

    /// Closes a peer of that kind to which an end has written until it would block.
    fn close_full(kind: Kind, is_read: bool) -> (Attempt, Attempt) {
        let (ours, mut peer) = connect(kind).unwrap();
        let written = End::new(kind, Way::Raw, ours).write(Amount::All);
        peer.receive(written.pieces);
        if is_read {
            peer.read(Amount::All);
        }
        (written, peer.close(false))
    }

    #[test]
    fn a_close_frees_each_piece_that_was_not_read() {
        for kind in [Kind::Unix, Kind::Datagram] {
            let (written, closed) = close_full(kind, false);
            assert!(written.pieces > 10, "{kind:?}: {written:?}");
            assert_eq!(closed.pieces, written.pieces + 1, "{kind:?}");
            let (_, closed) = close_full(kind, true);
            assert_eq!(closed.pieces, 1, "{kind:?}");
        }
        let (_, closed) = close_full(Kind::Tcp, false);
        assert_eq!(closed.pieces, 1);
    }
}
