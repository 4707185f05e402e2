use std::fmt;
use std::net::Shutdown;

use omnipoll::Interest;

/// How many places for descriptors a program has.
pub const SLOTS: usize = 4;

/// How many places for wakers a program has.
pub const WAKERS: usize = 2;

/// How many bytes one operation is decoded from.
pub const OPERATION_BYTES: usize = 4;

/// What a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One end of a pair of Unix streams.
    Unix,
    /// One end of a TCP connection.
    Tcp,
    /// The end of a pipe that is read.
    PipeReader,
    /// The end of a pipe that is written.
    PipeWriter,
    /// One end of a pair of Unix datagram sockets.
    Datagram,
    /// A UDP socket, connected to its peer.
    Udp,
    /// A Unix listener; its peer connects.
    Listener,
    /// An eventfd, which has no type in the library: it is raw in any case.
    Eventfd,
}

/// How a descriptor is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a type of the library, which sees each attempt at I/O.
    Typed,
    /// As a `SourceFd`, whose I/O the library does not see.
    Raw,
}

/// How much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A few bytes: so many.
    Bytes(u8),
    /// As much as one call takes.
    OneCall,
    /// Until the call would block or fails.
    All,
}

/// One step of a program. Where a slot is empty or of another kind, it does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Puts a new descriptor into the slot, after closing what is there.
    Open(usize, Kind, Way),
    /// Puts a raw duplicate of the slot's descriptor into another slot.
    Duplicate(usize, usize),
    /// Closes it: a typed one while it is registered, a raw one after deregistering it.
    Close(usize),
    /// Closes a raw one that is registered, and tells nobody.
    CloseBehind(usize),
    /// As above, and gives its number to a new one, which is registered at once.
    Replace(usize, Kind, Way, Interest),
    /// Registers it, under a token that was never used; an error if it is registered.
    Register(usize, Interest),
    /// Registers it anew, under a token that was never used; an error if it is not
    /// registered.
    Reregister(usize, Interest),
    /// Deregisters it; an error if it is not registered.
    Deregister(usize),
    /// Registers its number once more as a `SourceFd`, which is an error if it is registered.
    RegisterTwice(usize, Interest),
    /// Tries all of the above with another poll, which is an error if it is registered.
    RegisterElsewhere(usize, Interest),
    /// Registers a number that is not open, which is an error.
    RegisterClosed(Interest),
    /// Says that I/O was tried.
    Rearm(usize, Interest),
    /// Reads from it.
    Read(usize, Amount),
    /// Reads from it by `try_io`, which does not tell the direction.
    TryRead(usize, Amount),
    /// Writes to it.
    Write(usize, Amount),
    /// Shuts it down.
    Shutdown(usize, Shutdown),
    /// Its peer reads.
    PeerRead(usize, Amount),
    /// Its peer writes; that of a listener connects.
    PeerWrite(usize, Amount),
    /// Its peer writes a byte of urgent data, if it is a TCP connection.
    PeerUrgent(usize),
    /// Its peer shuts down.
    PeerShutdown(usize, Shutdown),
    /// Its peer closes.
    PeerClose(usize),
    /// Its peer closes, by a reset where there is such a thing.
    PeerReset(usize),
    /// Makes a waker; the one that was there is dropped.
    AddWaker(usize),
    /// Wakes.
    Wake(usize),
    /// Drops a waker, perhaps before its event was taken.
    DropWaker(usize),
    /// Waits, so many microseconds.
    Wait(u16),
    /// Waits, and answers each event by I/O until it would block.
    Answer,
}

impl Operation {
    /// Decodes any four bytes. The smaller the bytes, the simpler the operation.
    #[must_use]
    pub fn decode([code, place, detail, more]: [u8; OPERATION_BYTES]) -> Operation {
        let slot = usize::from(place) % SLOTS;
        let waker = usize::from(place) % WAKERS;
        let (kind, way) = decode_end(detail);
        match code % 64 {
            0..=7 => Operation::Wait(decode_timeout(detail)),
            8..=10 => Operation::Answer,
            11..=18 => Operation::Register(slot, decode_interest(detail)),
            19..=21 => Operation::Reregister(slot, decode_interest(detail)),
            22 | 23 => Operation::Deregister(slot),
            24..=28 => Operation::PeerWrite(slot, decode_amount(detail)),
            29..=33 => Operation::Read(slot, decode_amount(detail)),
            34..=36 => Operation::Write(slot, decode_amount(detail)),
            37 | 38 => Operation::PeerRead(slot, decode_amount(detail)),
            40 => Operation::TryRead(slot, decode_amount(detail)),
            39 => Operation::PeerUrgent(slot),
            41 => Operation::PeerShutdown(slot, decode_shutdown(detail)),
            42 => Operation::Shutdown(slot, decode_shutdown(detail)),
            43 => Operation::PeerClose(slot),
            44 => Operation::PeerReset(slot),
            45 => Operation::Close(slot),
            46..=49 => Operation::Open(slot, kind, way),
            50 => Operation::Duplicate(slot, usize::from(detail) % SLOTS),
            51 => Operation::CloseBehind(slot),
            52 | 53 => Operation::Replace(slot, kind, way, decode_interest(more)),
            54 => Operation::RegisterTwice(slot, decode_interest(detail)),
            55 => Operation::RegisterElsewhere(slot, decode_interest(detail)),
            56 => Operation::RegisterClosed(decode_interest(detail)),
            57 => Operation::Rearm(slot, decode_interest(detail)),
            58 | 59 => Operation::AddWaker(waker),
            60..=62 => Operation::Wake(waker),
            _ => Operation::DropWaker(waker),
        }
    }
}

/// What a slot is to hold, from one byte.
pub(super) fn decode_end(byte: u8) -> (Kind, Way) {
    const KINDS: [Kind; 8] = [
        Kind::Unix,
        Kind::PipeReader,
        Kind::PipeWriter,
        Kind::Tcp,
        Kind::Datagram,
        Kind::Udp,
        Kind::Listener,
        Kind::Eventfd,
    ];
    let way = if byte & 1 == 0 { Way::Typed } else { Way::Raw };
    (KINDS[usize::from(byte >> 1) % KINDS.len()], way)
}

fn decode_interest(byte: u8) -> Interest {
    let directions = match byte % 4 {
        0 | 1 => Interest::READABLE,
        2 => Interest::WRITABLE,
        _ => Interest::READABLE | Interest::WRITABLE,
    };
    let directions = match byte / 16 % 8 {
        0..=5 => directions,
        6 => directions | Interest::PRIORITY,
        _ => Interest::PRIORITY,
    };
    match byte / 4 % 4 {
        0 | 1 => directions,
        2 => directions.level(),
        _ => directions.oneshot(),
    }
}

fn decode_amount(byte: u8) -> Amount {
    match byte % 4 {
        0 | 1 => Amount::Bytes(byte / 4 + 1),
        2 => Amount::OneCall,
        _ => Amount::All,
    }
}

fn decode_shutdown(byte: u8) -> Shutdown {
    [Shutdown::Write, Shutdown::Read, Shutdown::Both][usize::from(byte) % 3]
}

/// Mostly zero: time is dear.
fn decode_timeout(byte: u8) -> u16 {
    match byte {
        0..=191 => 0,
        192..=223 => 30,
        224..=251 => 300,
        _ => 1500,
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Bytes(count) => write!(f, "{count} bytes"),
            Amount::OneCall => f.write_str("what one call takes"),
            Amount::All => f.write_str("until it would block"),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Operation as O;
        match self {
            O::Open(slot, kind, way) => write!(f, "{slot}: open {kind:?}, {way:?}"),
            O::Duplicate(slot, to) => write!(f, "{slot}: duplicate into {to}"),
            O::Close(slot) => write!(f, "{slot}: close"),
            O::CloseBehind(slot) => write!(f, "{slot}: close behind the library's back"),
            O::Replace(slot, kind, way, interest) => {
                write!(f, "{slot}: close behind the library's back, and register {kind:?}, ")?;
                write!(f, "{way:?}, of the same number for {interest:?}")
            }
            O::Register(slot, interest) => write!(f, "{slot}: register for {interest:?}"),
            O::Reregister(slot, interest) => write!(f, "{slot}: reregister for {interest:?}"),
            O::Deregister(slot) => write!(f, "{slot}: deregister"),
            O::RegisterTwice(slot, interest) => {
                write!(f, "{slot}: register its number once more for {interest:?}")
            }
            O::RegisterElsewhere(slot, interest) => {
                write!(f, "{slot}: register with another poll for {interest:?}")
            }
            O::RegisterClosed(interest) => write!(f, "register what is closed for {interest:?}"),
            O::Rearm(slot, interest) => write!(f, "{slot}: rearm {interest:?}"),
            O::Read(slot, amount) => write!(f, "{slot}: read {amount}"),
            O::TryRead(slot, amount) => write!(f, "{slot}: read by try_io {amount}"),
            O::Write(slot, amount) => write!(f, "{slot}: write {amount}"),
            O::Shutdown(slot, how) => write!(f, "{slot}: shut down {how:?}"),
            O::PeerRead(slot, amount) => write!(f, "{slot}: the peer reads {amount}"),
            O::PeerWrite(slot, amount) => write!(f, "{slot}: the peer writes {amount}"),
            O::PeerUrgent(slot) => write!(f, "{slot}: the peer writes an urgent byte"),
            O::PeerShutdown(slot, how) => write!(f, "{slot}: the peer shuts down {how:?}"),
            O::PeerClose(slot) => write!(f, "{slot}: the peer closes"),
            O::PeerReset(slot) => write!(f, "{slot}: the peer resets"),
            O::AddWaker(waker) => write!(f, "waker {waker}: make"),
            O::Wake(waker) => write!(f, "waker {waker}: wake"),
            O::DropWaker(waker) => write!(f, "waker {waker}: drop"),
            O::Wait(0) => f.write_str("look"),
            O::Wait(microseconds) => write!(f, "wait {microseconds} us"),
            O::Answer => f.write_str("look, and answer each event by I/O"),
        }
    }
}
