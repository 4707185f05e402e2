//! Who answers: every readiness loop, and the runtimes.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::str::FromStr;

use echo_child::{EchoServer, OnTokio};
use omnipoll::Backend;

use super::on_compio::OnCompio;
use super::on_monoio::OnMonoio;
use super::on_tokio_uring::OnTokioUring;
use super::{ReadinessServer, Serves};
use crate::peers::{Peer, Visit};

/// One echo server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Written over a loop that tells of readiness.
    Readiness(Peer),
    Tokio,
    /// The same, by [patch.crates-io].
    TokioOnOmnipoll(Backend),
    Compio,
    Monoio,
    TokioUring,
}

impl Server {
    /// Those over `peers`, and the runtimes.
    pub(crate) fn all(peers: &[Peer]) -> Vec<Server> {
        let scalable = |backend: &Backend| !matches!(backend, Backend::Poll | Backend::Select);
        let backends = Backend::available().into_iter().filter(scalable);
        let mut servers: Vec<Server> = peers.iter().copied().map(Server::Readiness).collect();
        servers.push(Server::Tokio);
        servers.extend(backends.map(Server::TokioOnOmnipoll));
        servers.extend([Server::Compio, Server::Monoio, Server::TokioUring]);
        servers
    }

    /// Runs it in this process, which is a child of the benchmark.
    pub(crate) fn run(self) -> io::Result<()> {
        match self {
            Server::Readiness(peer) => echo_child::run(OverPeer(peer)),
            Server::Tokio => echo_child::run(OnTokio),
            Server::TokioOnOmnipoll(_) => {
                Err(io::Error::other("it is a program of its own: bench/tokio-on-omnipoll"))
            }
            Server::Compio => echo_child::run(OnCompio),
            Server::Monoio => echo_child::run(OnMonoio),
            Server::TokioUring => echo_child::run(OnTokioUring),
        }
    }
}

struct OverPeer(Peer);

impl EchoServer for OverPeer {
    fn serve(self, listener: TcpListener) -> io::Result<()> {
        self.0.give(Serve(listener))
    }
}

struct Serve(TcpListener);

impl Visit for Serve {
    type Answer = ();

    fn on<L: Serves>(self, kind: L::Kind) -> io::Result<()> {
        ReadinessServer::<L>::new(kind, self.0)?.serve()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Server::Readiness(peer) => peer.to_string(),
            Server::Tokio => "tokio".to_owned(),
            Server::TokioOnOmnipoll(backend) => format!("tokio-on-omnipoll-{backend}"),
            Server::Compio => "compio".to_owned(),
            Server::Monoio => "monoio".to_owned(),
            Server::TokioUring => "tokio-uring".to_owned(),
        };
        formatter.pad(&name)
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(name: &str) -> Result<Server, String> {
        let servers = Server::all(&Peer::all());
        servers.iter().copied().find(|server| server.to_string() == name).ok_or_else(|| {
            let names: Vec<String> = servers.iter().map(Server::to_string).collect();
            format!("no such peer; there are {}", names.join(", "))
        })
    }
}
