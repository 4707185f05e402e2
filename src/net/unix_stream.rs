use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix};

use crate::IoSource;
use crate::net::{owns_descriptor, reads_by_reference, socket};
use crate::net::{unix_address, writes_by_reference};

/// A connection within this machine, over a Unix domain socket.
///
/// It is readable when bytes, the end of the stream or an error can be read; writable
/// when the system has room for more bytes. Both [`Read`] and [`Write`] are there for
/// `&UnixStream` too.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
///
/// use omnipoll::net::UnixStream;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
///
/// let (mut here, mut there) = UnixStream::pair()?;
/// poll.registry().register(&mut here, Token(0), Interest::READABLE)?;
///
/// there.write_all(b"hello")?;
/// poll.poll(&mut events, None)?;
///
/// let mut buffer = [0; 16];
/// assert_eq!(here.read(&mut buffer)?, 5);
/// # Ok(())
/// # }
/// ```
pub struct UnixStream {
    inner: IoSource<net::UnixStream>,
}

owns_descriptor!(UnixStream, net::UnixStream);
reads_by_reference!(UnixStream);
writes_by_reference!(UnixStream);

impl UnixStream {
    /// Connects to the listener at `path`.
    ///
    /// Unlike TCP's, such a connection is made at once or not at all: on success it can
    /// be written to, also before the other side has accepted it. See [unix(7)].
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if there is no such file;
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody listens there;
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) on Linux if too many connections wait
    /// to be accepted: nothing was begun and no event will come, so try again later;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the path is longer than a
    /// socket's may be (107 bytes on Linux, 103 on BSD).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::{UnixListener, UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-stream-connect-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// let _stream = UnixStream::connect(&path)?;
    /// assert!(listener.accept().is_ok());
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        connect(&unix_address::from_path(path.as_ref())?)
    }

    /// Connects to the listener at `address`, which on Linux may be an abstract name.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::{UnixListener, UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-stream-addr-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// let _stream = UnixStream::connect_addr(&listener.local_addr()?)?;
    /// assert!(listener.accept().is_ok());
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        connect(&unix_address::from_std(address)?)
    }

    /// Takes a stream of the standard library, which you made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// stream.set_nonblocking(true)?;
    /// let stream = UnixStream::from_std(stream);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(stream: net::UnixStream) -> UnixStream {
        UnixStream { inner: IoSource::of_known_kind(stream) }
    }

    /// Two streams connected to each other, both non-blocking. See [socketpair(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, such as having no descriptor left.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (mut one, mut other) = UnixStream::pair()?;
    /// one.write_all(b"hello")?;
    /// assert_eq!(other.read(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socketpair(2)]: https://man7.org/linux/man-pages/man2/socketpair.2.html
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = socket::pair(socket::SocketType::STREAM)?;
        Ok((UnixStream::from_std(one.into()), UnixStream::from_std(other.into())))
    }

    /// The address of this end: unnamed, if it connected. See [getsockname(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// assert!(one.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address of the other end: unnamed, if it is the one that connected. See
    /// [getpeername(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if it is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::{UnixListener, UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-stream-peer-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path)?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)?;
    /// # let _ = listener;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getpeername(2)]: https://man7.org/linux/man-pages/man2/getpeername.2.html
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Ends the stream in one or both directions, for all that share it. See
    /// [shutdown(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) on a stream that is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use std::net::Shutdown;
    ///
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (here, mut there) = UnixStream::pair()?;
    /// here.shutdown(Shutdown::Write)?;
    /// assert_eq!(there.read(&mut [0; 8])?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [shutdown(2)]: https://man7.org/linux/man-pages/man2/shutdown.2.html
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
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
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// assert!(one.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Sends `bytes`, the last of them out of band.
    ///
    /// Only Linux has this for Unix domain sockets, from version 5.15, and it works as
    /// TCP's: see [`TcpStream::send_out_of_band`](crate::net::TcpStream::send_out_of_band).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) where there is no such thing; else
    /// those of a write.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (here, there) = UnixStream::pair()?;
    /// match here.send_out_of_band(b"!") {
    ///     Ok(_) => assert_eq!(there.recv_out_of_band(&mut [0])?, 1),
    ///     Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_out_of_band(&self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes.len(), |stream| socket::send_out_of_band(stream, bytes))
    }

    /// Takes the out-of-band byte: one at most, whatever the size of `buffer`.
    ///
    /// See [`TcpStream::recv_out_of_band`](crate::net::TcpStream::recv_out_of_band).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none or it comes
    /// inline; [`Unsupported`](io::ErrorKind::Unsupported) where there is no such thing.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (here, there) = UnixStream::pair()?;
    /// let mut urgent = [0];
    /// // There is none.
    /// assert!(there.recv_out_of_band(&mut urgent).is_err());
    /// if here.send_out_of_band(b"!").is_ok() {
    ///     assert_eq!(there.recv_out_of_band(&mut urgent)?, 1);
    ///     assert_eq!(&urgent, b"!");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn recv_out_of_band(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(|stream| socket::receive_out_of_band(stream, buffer))
    }

    /// Whether all bytes before the out-of-band one have been read.
    ///
    /// # Errors
    ///
    /// Those of the system, where there is no such thing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (mut here, mut there) = UnixStream::pair()?;
    /// here.write_all(b"old")?;
    /// if here.send_out_of_band(b"!").is_ok() {
    ///     assert!(!there.is_at_mark()?);
    ///     // A read stops at the mark.
    ///     assert_eq!(there.read(&mut [0; 16])?, 3);
    ///     assert!(there.is_at_mark()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_at_mark(&self) -> io::Result<bool> {
        socket::is_at_mark(&*self.inner)
    }

    /// Whether out-of-band bytes stay in their place in the stream: `SO_OOBINLINE` of
    /// [socket(7)].
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    ///
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (here, mut there) = UnixStream::pair()?;
    /// if here.send_out_of_band(b"?").is_ok() {
    ///     there.set_out_of_band_inline(true)?;
    ///     let mut buffer = [0; 16];
    ///     assert_eq!(there.read(&mut buffer)?, 1);
    ///     assert_eq!(buffer[0], b'?');
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn set_out_of_band_inline(&self, inline: bool) -> io::Result<()> {
        socket::set_out_of_band_inline(&*self.inner, inline)
    }

    /// Runs `f`, which tries I/O on this stream by calls of its own, and returns what
    /// it returns.
    ///
    /// With poll(2) and select(2), a stream whose I/O omnipoll does not see gets no
    /// further events; so I/O through the descriptor belongs in here: passing
    /// descriptors by `sendmsg`, for example. `f` should return
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
    /// use omnipoll::net::UnixStream;
    ///
    /// # fn main() -> io::Result<()> {
    /// let (here, _there) = UnixStream::pair()?;
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

fn connect(address: &SocketAddrUnix) -> io::Result<UnixStream> {
    let socket = socket::new(AddressFamily::UNIX, socket::SocketType::STREAM)?;
    socket::connect(&socket, address)?;
    Ok(UnixStream::from_std(socket.into()))
}

impl Read for &UnixStream {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer.len(), |stream| socket::receive(stream, buffer))
    }

    #[inline]
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        self.inner.read(wanted, |stream| socket::receive_vectored(stream, buffers))
    }
}

impl Write for &UnixStream {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes.len(), |stream| socket::send(stream, bytes))
    }

    #[inline]
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        self.inner.write(wanted, |stream| socket::send_vectored(stream, buffers))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<UnixStream> for net::UnixStream {
    /// Ends the registration; the stream stays non-blocking.
    fn from(stream: UnixStream) -> net::UnixStream {
        stream.inner.into_inner()
    }
}
