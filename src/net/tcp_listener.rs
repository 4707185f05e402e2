use std::io;
use std::net::{self, SocketAddr};

use crate::IoSource;
use crate::net::{TcpStream, owns_descriptor, socket};

/// A TCP socket that waits for connections.
///
/// It is readable when a connection waits to be accepted.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use omnipoll::net::{TcpListener, TcpStream};
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
///
/// let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
///
/// let _client = TcpStream::connect(listener.local_addr()?)?;
/// poll.poll(&mut events, None)?;
/// let (_connection, peer) = listener.accept()?;
/// println!("{peer} has come");
///
/// // Accept until none is left: the next event comes with the next connection.
/// assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
/// # Ok(())
/// # }
/// ```
pub struct TcpListener {
    inner: IoSource<net::TcpListener>,
}

owns_descriptor!(TcpListener, net::TcpListener);

impl TcpListener {
    /// Listens on `address`.
    ///
    /// Port 0 asks the system for a free one, which [`local_addr`](Self::local_addr)
    /// then tells. `SO_REUSEADDR` is set, so that a restarted server gets its port
    /// back while connections of the last run still linger; it lets no two sockets
    /// listen on the same address. As many connections may wait to be accepted as the
    /// system allows (on Linux `net.core.somaxconn`, 4,096 unless it was changed).
    ///
    /// To set other options before it listens, make the socket elsewhere and use
    /// [`from_std`](Self::from_std). See [bind(2)] and [listen(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, among them [`AddrInUse`](io::ErrorKind::AddrInUse),
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) and
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied), for low ports.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [bind(2)]: https://man7.org/linux/man-pages/man2/bind.2.html
    /// [listen(2)]: https://man7.org/linux/man-pages/man2/listen.2.html
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        let socket = socket::new_for(address, socket::SocketType::STREAM)?;
        socket::reuse_address(&socket)?;
        socket::bind(&socket, &address)?;
        socket::listen(&socket)?;
        Ok(TcpListener::from_std(socket.into()))
    }

    /// Takes a listener of the standard library, which you made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_nonblocking(true)?;
    /// let listener = TcpListener::from_std(listener);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(listener: net::TcpListener) -> TcpListener {
        TcpListener { inner: IoSource::of_known_kind(listener) }
    }

    /// Accepts one waiting connection, and tells who connected.
    ///
    /// The stream is non-blocking and close-on-exec from the start. See [accept(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none waits: another event will
    /// come. [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and on Linux any
    /// network error, if a connection died while it waited: go on with the next.
    /// With no descriptor left (`EMFILE`, `ENFILE`) the connection stays where it is, and
    /// no further event may come for it: [`SpareDescriptor`](crate::net::SpareDescriptor)
    /// turns it away, or tells how to come back to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// # let _visitor = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// // After an event, all that wait.
    /// loop {
    ///     match listener.accept() {
    ///         Ok((_stream, peer)) => println!("{peer} has come"),
    ///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [accept(2)]: https://man7.org/linux/man-pages/man2/accept.2.html
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, address) = self.inner.receive(|io| socket::accept(io))?;
        let address = socket::internet_address(address)?;
        Ok((TcpStream::from_std(socket.into()), address))
    }

    /// The address it listens on. See [getsockname(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// println!("listening on {}", listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Sets how many routers a packet of the accepted connections may pass: `IP_TTL` of
    /// [ip(7)], for IPv4.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) unless it is from 1 to 255.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// listener.set_ttl(32)?;
    /// assert_eq!(listener.ttl()?, 32);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.inner.set_ttl(ttl)
    }

    /// How many routers a packet may pass, as [`set_ttl`](Self::set_ttl) set it.
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(listener.ttl()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.ttl()
    }

    /// The error that waits on the socket, which this takes off it: `SO_ERROR` of
    /// [socket(7)].
    ///
    /// # Errors
    ///
    /// Those of asking; what was asked for is in the `Ok`.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

impl From<TcpListener> for net::TcpListener {
    /// Ends the registration; the listener stays non-blocking.
    fn from(listener: TcpListener) -> net::TcpListener {
        listener.inner.into_inner()
    }
}
