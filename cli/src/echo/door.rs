use std::io;

use omnipoll::event::Source;
use omnipoll::net::TcpListener;
use omnipoll::{Registry, Token};

use super::datagrams::Datagrams;
use super::listener::Listener;
use super::registration::{MOVES, Pause, Registration};
use super::trigger::Trigger;
use crate::address::Address;
use crate::advice::explain;
use crate::stream::Stream;

/// What clients come through: one address of the server.
#[derive(Debug)]
pub(super) enum Door {
    Datagrams(Datagrams),
    Listener(Entrance),
}

impl Door {
    pub(super) fn open(
        address: &Address,
        registry: &Registry,
        token: Token,
        trigger: Trigger,
    ) -> io::Result<Door> {
        let opened = match address {
            Address::Udp(address) => {
                Datagrams::bind(*address, registry, token, trigger).map(Door::Datagrams)
            }
            Address::Tcp(address) => TcpListener::bind(*address)
                .and_then(|tcp| Entrance::new(Listener::Tcp(tcp), registry, token, trigger))
                .map(Door::Listener),
            #[cfg(unix)]
            Address::Unix(path) => Listener::bind_unix(path)
                .and_then(|unix| Entrance::new(unix, registry, token, trigger))
                .map(Door::Listener),
        };
        opened.map_err(|error| {
            explain(format_args!("cannot serve at {address}"), &error, help(&error))
        })
    }

    /// Where it is found, with the port that it got.
    pub(super) fn address(&self) -> io::Result<Address> {
        match self {
            Door::Datagrams(datagrams) => datagrams.address().map(Address::Udp),
            Door::Listener(entrance) => entrance.listener.address(),
        }
    }
}

/// A listener, which is not registered while no connection can be accepted.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) listener: Listener,
    token: Token,
    trigger: Trigger,
    /// None while it is shut.
    registration: Option<Registration>,
}

impl Entrance {
    fn new(
        mut listener: Listener,
        registry: &Registry,
        token: Token,
        trigger: Trigger,
    ) -> io::Result<Entrance> {
        let registration = Registration::new(&mut listener, registry, token, trigger)?;
        Ok(Entrance { listener, token, trigger, registration: Some(registration) })
    }

    /// Accepts who waits, and hands each to `welcome`; returns why it had to shut, if so.
    ///
    /// The reason is most often that no descriptor is left. Who waits stays in the queue;
    /// but the level trigger would tell of them over and over, and the edge trigger not
    /// before one more comes. So the listener leaves the poll, until something was closed.
    pub(super) fn admit(
        &mut self,
        registry: &Registry,
        mut welcome: impl FnMut(Stream) -> io::Result<()>,
    ) -> io::Result<Option<io::Error>> {
        // Another thread, which had the same event, may have shut it.
        let Some(registration) = &mut self.registration else { return Ok(None) };
        let mut pause = Pause::Turn;
        for _ in 0..MOVES {
            match self.listener.accept().and_then(&mut welcome) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    pause = Pause::Drained;
                    break;
                }
                // It was gone before we came to it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.listener.deregister(registry)?;
                    self.registration = None;
                    return Ok(Some(error));
                }
            }
        }
        registration.settle(&mut self.listener, registry, pause)?;
        Ok(None)
    }

    /// Opens it again, if it is shut: who waits there is then reported.
    pub(super) fn reopen(&mut self, registry: &Registry) -> io::Result<()> {
        if self.registration.is_none() {
            let (token, trigger) = (self.token, self.trigger);
            self.registration =
                Some(Registration::new(&mut self.listener, registry, token, trigger)?);
        }
        Ok(())
    }
}

fn help(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "somebody serves there: end that server, or choose another address"
        }
        io::ErrorKind::PermissionDenied => {
            "you may not: choose a port from 1024 on, or a folder of your own"
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this machine has it: 127.0.0.1 is this machine alone, 0.0.0.0 all of \
             its interfaces"
        }
        io::ErrorKind::NotFound => "the folder must be there: make it, or choose another path",
        io::ErrorKind::AlreadyExists => {
            "choose another path, or remove the file if nobody needs it"
        }
        _ => "choose another address",
    }
}
