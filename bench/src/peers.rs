//! Who takes part: the raw loops, omnipoll, and the loops that users of its peers write.

mod mio;
mod polling;

use std::fmt;
use std::io;
use std::str::FromStr;

use omnipoll::{Backend, Interest};
use omnipoll_cli::measure::Enter;
use omnipoll_cli::pipes::Ends;
use omnipoll_cli::relay::{Contestant, Work};
use omnipoll_cli::{library, raw};

/// One loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Written by hand over the system call below this backend.
    Raw(Backend),
    /// omnipoll with its default trigger, edge.
    Omnipoll(Backend),
    /// omnipoll with the trigger that the raw loops have.
    OmnipollLevel(Backend),
    /// mio, which has epoll and edges here.
    Mio,
    /// polling, with edges: its default is oneshot, with one more system call an event.
    Polling,
}

impl Peer {
    /// Every loop, the raw ones first.
    pub(crate) fn all() -> Vec<Peer> {
        let backends = Backend::available();
        let mut peers = Vec::new();
        for kind in [Peer::Raw, Peer::Omnipoll, Peer::OmnipollLevel] {
            peers.extend(backends.iter().map(|&backend| kind(backend)));
        }
        peers.retain(
            |peer| !matches!(peer, Peer::Raw(backend) if raw::Call::below(*backend).is_none()),
        );
        peers.extend([Peer::Mio, Peer::Polling]);
        peers
    }

    /// Registers `pipes` in this loop.
    pub(crate) fn enter(self, pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
        match self {
            Peer::Raw(backend) => match raw::Call::below(backend) {
                Some(call) => call.enter(pipes, work),
                None => Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("nobody wrote a raw loop over {backend}"),
                )),
            },
            Peer::Omnipoll(backend) => library::enter(backend, Interest::READABLE, pipes, work),
            Peer::OmnipollLevel(backend) => {
                library::enter(backend, Interest::READABLE.level(), pipes, work)
            }
            Peer::Mio => mio::enter(pipes, work),
            Peer::Polling => polling::enter(pipes, work),
        }
    }

    /// The same, to be called later.
    pub(crate) fn entry(self) -> Enter {
        Box::new(move |pipes, work| self.enter(pipes, work))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Peer::Raw(backend) => format!("raw-{backend}"),
            Peer::Omnipoll(backend) => format!("omnipoll-{backend}"),
            Peer::OmnipollLevel(backend) => format!("omnipoll-{backend}-level"),
            Peer::Mio => "mio".to_owned(),
            Peer::Polling => "polling".to_owned(),
        };
        formatter.pad(&name)
    }
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(name: &str) -> Result<Peer, String> {
        let peers = Peer::all();
        peers.iter().copied().find(|peer| peer.to_string() == name).ok_or_else(|| {
            let names: Vec<String> = peers.iter().map(Peer::to_string).collect();
            format!("no such loop; there are {}", names.join(", "))
        })
    }
}
