//! Who takes part: the raw loops, omnipoll, and the loops that users of its peers write.

mod c_loop;
mod mio;
mod polling;

use std::fmt;
use std::io;
use std::str::FromStr;

use omnipoll::{Backend, Interest};
use omnipoll_cli::library::{Kind, Library};
use omnipoll_cli::measure::Enter;
use omnipoll_cli::pipes::Ends;
use omnipoll_cli::raw::{Call, RawEpoll, RawIoUring, RawPoll, RawSelect};
use omnipoll_cli::relay::{Contestant, Tally, Work};
use omnipoll_cli::ring;

use crate::echo::Serves;

use c_loop::CLibrary;

pub(crate) use c_loop::CLoop;
pub(crate) use mio::Mio;
pub(crate) use polling::Polling;

/// The peers that are crates.
pub(crate) const CRATES: &[&str] = &["mio", "polling", "tokio", "compio", "monoio", "tokio-uring"];

/// One loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Written by hand over this system call.
    Raw(Call),
    /// omnipoll with its default trigger, edge.
    Omnipoll(Backend),
    /// omnipoll with the trigger that most raw loops have.
    OmnipollLevel(Backend),
    Mio,
    Polling,
    C(CLibrary),
}

/// What is done with any of the loops, once compiled for each.
pub(crate) trait Visit {
    type Answer;

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Self::Answer>;
}

impl Peer {
    /// The loop that all others are compared with.
    pub(crate) const YARDSTICK: Peer = Peer::Raw(Call::Epoll);

    /// Every loop that this machine has, the raw ones first.
    pub(crate) fn all() -> Vec<Peer> {
        Peer::all_of(true)
    }

    /// The same, with omnipoll's second trigger or without.
    pub(crate) fn all_of(level_too: bool) -> Vec<Peer> {
        let calls = Call::ALL.iter().copied().filter(|call| call.is_available());
        let mut peers: Vec<Peer> = calls.map(Peer::Raw).collect();
        let backends = Backend::available();
        peers.extend(backends.iter().copied().map(Peer::Omnipoll));
        if level_too {
            peers.extend(backends.iter().copied().map(Peer::OmnipollLevel));
        }
        peers.extend([Peer::Mio, Peer::Polling]);
        peers.extend(CLibrary::ALL.into_iter().filter(|c| c.version().is_some()).map(Peer::C));
        peers
    }

    /// The release of each library that is not a crate.
    pub(crate) fn versions() -> impl Iterator<Item = (String, String)> {
        let known = |library: CLibrary| Some((library.to_string(), library.version()?));
        CLibrary::ALL.into_iter().filter_map(known)
    }

    /// Why a peer does not take part, one sentence for each that does not.
    pub(crate) fn absent() -> Vec<String> {
        let calls = Call::ALL.iter().filter(|call| !call.is_available());
        let calls = calls.map(|call| format!("raw-{call}: this machine refuses it"));
        let libraries = CLibrary::ALL.into_iter().filter(|library| library.version().is_none());
        let libraries = libraries
            .map(|library| format!("{library}: its headers were not there when this was built"));
        calls.chain(libraries).collect()
    }

    /// Hands the type of the loop to `visit`.
    pub(crate) fn give<V: Visit>(self, visit: V) -> io::Result<V::Answer> {
        let level = Interest::READABLE.level();
        match self {
            Peer::Raw(Call::Epoll) => visit.on::<RawEpoll>(()),
            Peer::Raw(Call::IoUring) => visit.on::<RawIoUring>(()),
            Peer::Raw(Call::Poll) => visit.on::<RawPoll>(()),
            Peer::Raw(Call::Select) => visit.on::<RawSelect>(()),
            Peer::Omnipoll(backend) => visit.on::<Library>(Kind::edge(backend)),
            Peer::OmnipollLevel(backend) => visit.on::<Library>(Kind { backend, interest: level }),
            Peer::Mio => visit.on::<Mio>(()),
            Peer::Polling => visit.on::<Polling>(()),
            Peer::C(library) => visit.on::<CLoop>(library),
        }
    }

    /// Registers `pipes` in this loop.
    pub(crate) fn enter(self, pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
        struct EnterRing(Vec<Ends>, Work);

        impl Visit for EnterRing {
            type Answer = Box<dyn Contestant>;

            fn on<L: Serves>(self, kind: L::Kind) -> io::Result<Self::Answer> {
                ring::enter::<L>(kind, self.0, self.1)
            }
        }

        self.give(EnterRing(pipes, work))
    }

    /// The same, to be called later.
    pub(crate) fn entry(self) -> Enter {
        self.entry_by(move |pipes, work| self.enter(pipes, work))
    }

    /// An entry of its own making, whose errors tell whose they are.
    pub(crate) fn entry_by(
        self,
        enter: impl Fn(Vec<Ends>, Work) -> io::Result<Box<dyn Contestant>> + 'static,
    ) -> Enter {
        Box::new(move |pipes, work| {
            let contestant = enter(pipes, work).map_err(|error| self.blame(&error))?;
            Ok(Box::new(Named { peer: self, contestant }))
        })
    }

    /// The error, with the name of this loop before it.
    pub(crate) fn blame(self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{self}: {error}"))
    }
}

/// A contestant whose errors tell whose they are.
struct Named {
    peer: Peer,
    contestant: Box<dyn Contestant>,
}

impl Contestant for Named {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        self.contestant.run(writes).map_err(|error| self.peer.blame(&error))
    }

    fn leave(self: Box<Self>) -> io::Result<Vec<Ends>> {
        let peer = self.peer;
        self.contestant.leave().map_err(|error| peer.blame(&error))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Peer::Raw(call) => format!("raw-{call}"),
            Peer::Omnipoll(backend) => format!("omnipoll-{backend}"),
            Peer::OmnipollLevel(backend) => format!("omnipoll-{backend}-level"),
            Peer::Mio => "mio".to_owned(),
            Peer::Polling => "polling".to_owned(),
            Peer::C(library) => library.to_string(),
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
