use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use indicatif::HumanCount;

use super::flight::Flight;
use super::pattern::Wrong;
use super::tally::Tally;
use crate::address::Address;
use crate::units::show_time;

/// Our end of one connection.
pub(super) trait Client {
    /// Reads and checks what has come, all of it; `read_closed` is what the event told.
    fn receive(
        &mut self,
        read_closed: bool,
        buffer: &mut [u8],
        tally: &mut Tally,
    ) -> Result<(), Failure>;

    /// Sends what is due and has room.
    fn send(&mut self, buffer: &mut [u8], tally: &mut Tally) -> Result<(), Failure>;

    /// Gives up what has been under way for longer than `patience`.
    fn check_time(
        &mut self,
        now: Instant,
        patience: Duration,
        tally: &mut Tally,
    ) -> Result<(), Failure>;

    fn flight(&mut self) -> &mut Flight;
}

/// Why a connection is over before its time.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not come about.
    Unconnected(io::Error),
    Broken(io::Error),
    /// The server closed it, and answers are still owed.
    Closed,
    /// No answer came for so long.
    Silent(Duration),
    Wrong(Wrong),
    /// This many bytes more came than were sent.
    Surplus(usize),
    /// A datagram of another length than all that were sent.
    Resized(usize),
    /// A datagram of a number that was never sent.
    Stranger,
}

impl Failure {
    /// Whether the server sent what it should not have.
    pub(super) fn is_wrong(&self) -> bool {
        use Failure::{Resized, Stranger, Surplus, Wrong};
        matches!(self, Wrong(_) | Surplus(_) | Resized(_) | Stranger)
    }

    /// What failures are told apart by.
    pub(super) fn kind(&self) -> String {
        match self {
            Failure::Unconnected(error) => format!("cannot connect: {error}"),
            Failure::Broken(error) => format!("broken: {error}"),
            Failure::Closed => "closed by the server, which owed answers".to_owned(),
            Failure::Silent(patience) => {
                format!("no answer within {}", show_time(patience.as_nanos() as f64))
            }
            Failure::Wrong(_) => "wrong byte".to_owned(),
            Failure::Surplus(_) => "more bytes than were sent".to_owned(),
            Failure::Resized(_) => "a datagram of another length".to_owned(),
            Failure::Stranger => "a datagram that was never sent".to_owned(),
        }
    }

    /// What to do about it, where there is something.
    pub(super) fn help(&self, address: &Address) -> Option<String> {
        match self {
            // Datagrams learn of it only when they are sent.
            Failure::Unconnected(error) | Failure::Broken(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                    Some(format!("start a server there: omnipoll echo {address}"))
                }
                io::ErrorKind::AddrNotAvailable => {
                    Some("no local port is left: use fewer --connections, or unix:PATH".to_owned())
                }
                _ => None,
            },
            Failure::Silent(_) => Some("if the server is only slow, raise --timeout".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Wrong(Wrong { position, is, owed }) => {
                let position = HumanCount(*position);
                write!(f, "at byte {position} came {is:#04x}, where {owed:#04x} was sent")
            }
            Failure::Surplus(length) => {
                write!(f, "{} bytes more than were sent", HumanCount(*length as u64))
            }
            Failure::Resized(length) => {
                write!(f, "a datagram of {} bytes", HumanCount(*length as u64))
            }
            other => f.write_str(&other.kind()),
        }
    }
}
