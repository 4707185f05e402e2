use std::io;
use std::net::SocketAddr;

use omnipoll::net::UdpSocket;
use omnipoll::{Registry, Token};

use super::counts::Counts;
use super::registration::{MOVES, Pause, Registration};
use super::trigger::Trigger;
use crate::stream::unless_it_blocks;

/// A socket whose datagrams go back to where they came from.
///
/// One that cannot be sent yet is kept, and none is received meanwhile: what is too much
/// then is lost in the kernel's queue, where it does not cost anything.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    registration: Registration,
    kept: Option<(Vec<u8>, SocketAddr)>,
}

impl Datagrams {
    pub(super) fn bind(
        address: SocketAddr,
        registry: &Registry,
        token: Token,
        trigger: Trigger,
    ) -> io::Result<Datagrams> {
        let mut socket = UdpSocket::bind(address)?;
        let registration = Registration::new(&mut socket, registry, token, trigger)?;
        Ok(Datagrams { socket, registration, kept: None })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Echoes what can be echoed now.
    pub(super) fn answer(
        &mut self,
        registry: &Registry,
        buffer: &mut [u8],
        counts: &Counts,
    ) -> io::Result<()> {
        let pause = self.echo(buffer, counts);
        self.registration.settle(&mut self.socket, registry, pause)
    }

    fn echo(&mut self, buffer: &mut [u8], counts: &Counts) -> Pause {
        for _ in 0..MOVES {
            if let Some((datagram, sender)) = self.kept.take() {
                if !self.send(&datagram, sender, counts) {
                    self.kept = Some((datagram, sender));
                    return Pause::Blocked;
                }
            }
            match unless_it_blocks(self.socket.recv_from(buffer)) {
                Ok(Some((length, sender))) => {
                    let datagram = &buffer[..length];
                    if !self.send(datagram, sender, counts) {
                        self.kept = Some((datagram.to_vec(), sender));
                        return Pause::Blocked;
                    }
                }
                Ok(None) => return Pause::Drained,
                // Of one that was sent: there was nobody to receive it. It is taken off the
                // socket by being told.
                Err(_) => {}
            }
        }
        Pause::Turn
    }

    /// False if there is no room for it yet.
    fn send(&self, datagram: &[u8], receiver: SocketAddr, counts: &Counts) -> bool {
        match unless_it_blocks(self.socket.send_to(datagram, receiver)) {
            Ok(Some(length)) => {
                counts.echo_datagram(length);
                true
            }
            Ok(None) => false,
            Err(_) => {
                counts.drop_datagram();
                true
            }
        }
    }
}
