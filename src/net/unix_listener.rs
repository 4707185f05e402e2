use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix};

use crate::IoSource;
use crate::net::{UnixStream, owns_descriptor, socket, unix_address};

/// A Unix domain socket that waits for connections.
///
/// It is readable when a connection waits to be accepted. Its path is a file, which
/// stays after the listener is gone: remove it before binding to it again.
///
/// # Examples
///
/// ```
/// use omnipoll::net::{UnixListener, UnixStream};
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// # let path = std::env::temp_dir().join(format!("omnipoll-listener-{}", std::process::id()));
///
/// let mut listener = UnixListener::bind(&path)?;
/// poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
///
/// let client = UnixStream::connect(&path)?;
/// poll.poll(&mut events, None)?;
/// let (connection, peer) = listener.accept()?;
/// assert!(peer.is_unnamed());
///
/// std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
pub struct UnixListener {
    inner: IoSource<net::UnixListener>,
}

owns_descriptor!(UnixListener, net::UnixListener);

impl UnixListener {
    /// Listens on a new socket file at `path`.
    ///
    /// Who may connect is decided by the permissions of that file and of the folders
    /// above it; the file's are those that the process's umask leaves. As many
    /// connections may wait to be accepted as the system allows (on Linux
    /// `net.core.somaxconn`). See [unix(7)].
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if there is a file at `path`, whether
    /// somebody listens there or not; [`InvalidInput`](io::ErrorKind::InvalidInput) if
    /// the path is longer than a socket's may be (107 bytes on Linux, 103 on BSD); and
    /// those of making a file.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-listener-bind-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// // The file stays: remove it before the next start.
    /// drop(listener);
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        listen(&unix_address::from_path(path.as_ref())?)
    }

    /// Listens on `address`, which on Linux may be an abstract name that has no file.
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
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    ///
    /// use omnipoll::net::{UnixListener, UnixStream};
    ///
    /// let name = format!("omnipoll-example-{}", std::process::id());
    /// let address = SocketAddr::from_abstract_name(name)?;
    /// let listener = UnixListener::bind_addr(&address)?;
    /// let client = UnixStream::connect_addr(&address)?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        listen(&unix_address::from_std(address)?)
    }

    /// Takes a listener of the standard library, which you made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-listener-std-{}", std::process::id()));
    /// let listener = std::os::unix::net::UnixListener::bind(&path)?;
    /// listener.set_nonblocking(true)?;
    /// let listener = UnixListener::from_std(listener);
    /// # let _ = listener;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(listener: net::UnixListener) -> UnixListener {
        UnixListener { inner: IoSource::of_known_kind(listener) }
    }

    /// Accepts one waiting connection, and tells the address of who connected, which
    /// most often has none.
    ///
    /// The stream is non-blocking and close-on-exec from the start. See [accept(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none waits: another event will
    /// come. With no descriptor left (`EMFILE`, `ENFILE`) the connection stays where it
    /// is, and no further event may come for it:
    /// [`SpareDescriptor`](crate::net::SpareDescriptor) turns it away, or tells how to
    /// come back to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-listener-accept-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// # let _visitor = std::os::unix::net::UnixStream::connect(&path)?;
    /// loop {
    ///     match listener.accept() {
    ///         Ok((_stream, _)) => println!("somebody has come"),
    ///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [accept(2)]: https://man7.org/linux/man-pages/man2/accept.2.html
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (socket, address) = self.inner.receive(|io| socket::accept(io))?;
        Ok((UnixStream::from_std(socket.into()), unix_address::to_std(address)))
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
    /// use omnipoll::net::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-listener-local-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
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
    /// use omnipoll::net::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-listener-error-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// assert!(listener.take_error()?.is_none());
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

fn listen(address: &SocketAddrUnix) -> io::Result<UnixListener> {
    let socket = socket::new(AddressFamily::UNIX, socket::SocketType::STREAM)?;
    socket::bind(&socket, address)?;
    socket::listen(&socket)?;
    Ok(UnixListener::from_std(socket.into()))
}

impl From<UnixListener> for net::UnixListener {
    /// Ends the registration; the listener stays non-blocking.
    fn from(listener: UnixListener) -> net::UnixListener {
        listener.inner.into_inner()
    }
}
