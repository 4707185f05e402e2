use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix};

use crate::IoSource;
use crate::net::{owns_descriptor, socket, unix_address};

/// A Unix domain socket for datagrams: whole messages, within this machine, neither lost
/// nor out of order.
///
/// It is readable when a datagram can be received; writable when one more can be sent:
/// while the receiver's queue is full, it is not.
///
/// # Examples
///
/// ```
/// use omnipoll::net::UnixDatagram;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
///
/// let (mut here, there) = UnixDatagram::pair()?;
/// poll.registry().register(&mut here, Token(0), Interest::READABLE)?;
///
/// there.send(b"hello")?;
/// poll.poll(&mut events, None)?;
///
/// let mut buffer = [0; 16];
/// assert_eq!(here.recv(&mut buffer)?, 5);
/// # Ok(())
/// # }
/// ```
pub struct UnixDatagram {
    inner: IoSource<net::UnixDatagram>,
}

owns_descriptor!(UnixDatagram, net::UnixDatagram);

impl UnixDatagram {
    /// A socket with a new file at `path` as its address, where others can send to.
    ///
    /// The file stays after the socket is gone: remove it before binding to it again.
    /// See [unix(7)].
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if there is a file at `path`;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the path is longer than a
    /// socket's may be (107 bytes on Linux, 103 on BSD); and those of making a file.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-datagram-{}", std::process::id()));
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.send_to(b"hello", &path)?;
    ///
    /// let mut buffer = [0; 16];
    /// let (length, from) = receiver.recv_from(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// assert!(from.is_unnamed());
    ///
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        bind(&unix_address::from_path(path.as_ref())?)
    }

    /// A socket with the given address, which on Linux may be an abstract name.
    ///
    /// On Linux the unnamed address asks the system for a free abstract name.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::SocketAddr;
    ///
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-addr-{}", std::process::id()));
    /// let address = SocketAddr::from_pathname(&path)?;
    /// let socket = UnixDatagram::bind_addr(&address)?;
    /// # std::fs::remove_file(&path)?;
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        bind(&unix_address::from_std(address)?)
    }

    /// Takes a socket of the standard library, which you made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (socket, _peer) = std::os::unix::net::UnixDatagram::pair()?;
    /// socket.set_nonblocking(true)?;
    /// let socket = UnixDatagram::from_std(socket);
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(socket: net::UnixDatagram) -> UnixDatagram {
        UnixDatagram { inner: IoSource::of_known_kind(socket) }
    }

    /// A socket without an address: it can send, and receive once it is
    /// [connected](Self::connect), but nobody can find it.
    ///
    /// # Errors
    ///
    /// Those of the system, such as having no descriptor left.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UnixDatagram::unbound()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(UnixDatagram::from_std(
            socket::new(AddressFamily::UNIX, socket::SocketType::DGRAM)?.into(),
        ))
    }

    /// Two sockets connected to each other, both non-blocking. See [socketpair(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, such as having no descriptor left.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello")?;
    /// assert_eq!(other.recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socketpair(2)]: https://man7.org/linux/man-pages/man2/socketpair.2.html
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = socket::pair(socket::SocketType::DGRAM)?;
        Ok((UnixDatagram::from_std(one.into()), UnixDatagram::from_std(other.into())))
    }

    /// Sets the socket at `path` as the peer: where [`send`](Self::send) sends to, and
    /// from whom alone datagrams are taken. See [connect(2)].
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if there is no such file,
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if it is nobody's socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-datagram-connect-{}", std::process::id()));
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect(&path)?;
    /// sender.send(b"hello")?;
    /// assert_eq!(receiver.recv(&mut [0; 16])?, 5);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [connect(2)]: https://man7.org/linux/man-pages/man2/connect.2.html
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.inner.connect(path)
    }

    /// The address of this socket. See [getsockname(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-datagram-local-{}", std::process::id()));
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address of the peer. See [getpeername(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if it has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-datagram-peer-{}", std::process::id()));
    /// let _receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect(&path)?;
    /// assert_eq!(sender.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getpeername(2)]: https://man7.org/linux/man-pages/man2/getpeername.2.html
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Receives one datagram: its length, and the address of who sent it.
    ///
    /// What does not fit `buffer` is thrown away. See [recvfrom(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-datagram-from-{}", std::process::id()));
    /// let receiver = UnixDatagram::bind(&path)?;
    /// UnixDatagram::unbound()?.send_to(b"hello", &path)?;
    /// let (length, sender) = receiver.recv_from(&mut [0; 16])?;
    /// assert_eq!(length, 5);
    /// assert!(sender.is_unnamed());
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [recvfrom(2)]: https://man7.org/linux/man-pages/man2/recvfrom.2.html
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.receive(|socket| {
            let (length, sender) = socket::receive_from(socket, buffer)?;
            Ok((length, unix_address::to_std(sender)))
        })
    }

    /// Receives one datagram, and returns its length: which can be 0.
    ///
    /// What does not fit `buffer` is thrown away. See [recv(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// let error = other.recv(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    /// one.send(b"hello")?;
    /// assert_eq!(other.recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [recv(2)]: https://man7.org/linux/man-pages/man2/recv.2.html
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(|socket| socket::receive(socket, buffer))
    }

    /// Sends one datagram to the socket at `path`, and returns its length: all of
    /// `bytes`. See [sendto(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room. If it is the
    /// receiver's queue that is full, an event is sure only on a socket
    /// [connected](Self::connect) to that receiver: the system tells nobody else.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-datagram-to-{}", std::process::id()));
    /// let receiver = UnixDatagram::bind(&path)?;
    /// assert_eq!(UnixDatagram::unbound()?.send_to(b"hello", &path)?, 5);
    /// # assert_eq!(receiver.recv(&mut [0; 16])?, 5);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [sendto(2)]: https://man7.org/linux/man-pages/man2/sendto.2.html
    pub fn send_to<P: AsRef<Path>>(&self, bytes: &[u8], path: P) -> io::Result<usize> {
        let address = unix_address::from_path(path.as_ref())?;
        self.inner.write(bytes.len(), |socket| socket::send_to(socket, bytes, &address))
    }

    /// Sends one datagram to the peer, and returns its length. See [send(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room;
    /// [`NotConnected`](io::ErrorKind::NotConnected) without a peer; and
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) or
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset) if the peer is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixDatagram::pair()?;
    /// assert_eq!(one.send(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [send(2)]: https://man7.org/linux/man-pages/man2/send.2.html
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes.len(), |socket| socket::send(socket, bytes))
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
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixDatagram::pair()?;
    /// assert!(one.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Refuses to receive, to send, or both, from now on. See [shutdown(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) without a peer, on some systems.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Shutdown;
    ///
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"last words")?;
    /// one.shutdown(Shutdown::Write)?;
    /// assert!(one.send(b"more").is_err());
    /// assert_eq!(other.recv(&mut [0; 16])?, 10);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [shutdown(2)]: https://man7.org/linux/man-pages/man2/shutdown.2.html
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Runs `f`, which tries I/O on this socket by calls of its own, and returns what
    /// it returns.
    ///
    /// With poll(2) and select(2), a socket whose I/O omnipoll does not see gets no
    /// further events; so I/O through the descriptor belongs in here. `f` should return
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) only if the system did.
    ///
    /// # Errors
    ///
    /// Those of `f`, unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::os::fd::AsFd;
    ///
    /// use omnipoll::net::UnixDatagram;
    ///
    /// # fn main() -> io::Result<()> {
    /// let (here, _there) = UnixDatagram::pair()?;
    /// let mut buffer = [0; 64];
    /// let result = here.try_io(|| Ok(rustix::io::read(here.as_fd(), &mut buffer)?));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.do_io(|_| f())
    }
}

fn bind(address: &SocketAddrUnix) -> io::Result<UnixDatagram> {
    let socket = socket::new(AddressFamily::UNIX, socket::SocketType::DGRAM)?;
    socket::bind(&socket, address)?;
    Ok(UnixDatagram::from_std(socket.into()))
}

impl From<UnixDatagram> for net::UnixDatagram {
    /// Ends the registration; the socket stays non-blocking.
    fn from(socket: UnixDatagram) -> net::UnixDatagram {
        socket.inner.into_inner()
    }
}
