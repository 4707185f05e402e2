use std::io;

use crate::{Interest, Registry, Token};

/// What can be registered with a poll.
///
/// Call [`Registry::register`] and its siblings, not these methods. Implement it for a
/// type of your own by handing all three calls on, to the socket within, to an
/// [`IoSource`](crate::IoSource), or to a [`SourceFd`](crate::unix::SourceFd); `interests`
/// carries the trigger, so every trigger works through it.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use omnipoll::event::Source;
/// use omnipoll::net::UdpSocket;
/// use omnipoll::{Interest, Registry, Token};
///
/// struct Beacon {
///     socket: UdpSocket,
///     sent: u64,
/// }
///
/// impl Source for Beacon {
///     fn register(&mut self, registry: &Registry, token: Token, interests: Interest)
///         -> io::Result<()>
///     {
///         self.socket.register(registry, token, interests)
///     }
///
///     fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest)
///         -> io::Result<()>
///     {
///         self.socket.reregister(registry, token, interests)
///     }
///
///     fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
///         self.socket.deregister(registry)
///     }
/// }
/// # fn main() -> io::Result<()> {
/// # let poll = omnipoll::Poll::new()?;
/// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// # let mut beacon = Beacon { socket, sent: 0 };
/// # poll.registry().register(&mut beacon, Token(0), Interest::READABLE.level())?;
/// # beacon.sent += 1;
/// # poll.registry().deregister(&mut beacon)
/// # }
/// ```
pub trait Source {
    /// Starts waiting for the source on `registry`, under `token`.
    ///
    /// # Errors
    ///
    /// As [`Registry::register`] says.
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()>;

    /// Puts another token and other interests in the place of the present ones, and arms
    /// the registration anew: what is ready now is reported.
    ///
    /// # Errors
    ///
    /// As [`Registry::reregister`] says.
    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()>;

    /// Stops waiting for the source.
    ///
    /// # Errors
    ///
    /// As [`Registry::deregister`] says.
    fn deregister(&mut self, registry: &Registry) -> io::Result<()>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        (**self).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        (**self).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        (**self).deregister(registry)
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        (**self).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        (**self).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        (**self).deregister(registry)
    }
}
