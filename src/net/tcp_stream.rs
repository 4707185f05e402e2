use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{self, Shutdown, SocketAddr};

use crate::IoSource;
use crate::net::{owns_descriptor, reads_by_reference, socket, writes_by_reference};

/// A TCP connection.
///
/// It is readable when bytes, the end of the stream or an error can be read; writable
/// when the system has room for more bytes to send. Both [`Read`] and [`Write`] are
/// there for `&TcpStream` too, so that two parts of a program can share one.
///
/// # Examples
///
/// Connecting takes time; the outcome comes as an event:
///
/// ```
/// use std::io::{self, Write};
///
/// use omnipoll::net::{TcpListener, TcpStream};
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// # let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// # let address = listener.local_addr()?;
///
/// let mut stream = TcpStream::connect(address)?;
/// poll.registry().register(&mut stream, Token(0), Interest::WRITABLE)?;
/// poll.poll(&mut events, None)?;
///
/// // Writable, but for good or bad?
/// if let Some(error) = stream.take_error()? {
///     return Err(error);
/// }
/// stream.write_all(b"hello")?;
/// # Ok(())
/// # }
/// ```
pub struct TcpStream {
    inner: IoSource<net::TcpStream>,
}

owns_descriptor!(TcpStream, net::TcpStream);
reads_by_reference!(TcpStream);
writes_by_reference!(TcpStream);

impl TcpStream {
    /// Begins to connect to `address`, and does not wait for the outcome.
    ///
    /// Register the stream for [`WRITABLE`](crate::Interest::WRITABLE). After the first
    /// event, [`take_error`](Self::take_error) tells why it failed, if it did; and
    /// [`peer_addr`](Self::peer_addr) works once it is connected. An event before that
    /// moment is possible (`peer_addr` then says
    /// [`NotConnected`](io::ErrorKind::NotConnected)): wait on. How long the system
    /// keeps trying is its own affair, often minutes; a timeout is yours.
    ///
    /// To bind the socket or set options before, make it elsewhere, connect it there
    /// and use [`from_std`](Self::from_std). See [connect(2)].
    ///
    /// # Errors
    ///
    /// Those that the system knows at once, such as
    /// [`NetworkUnreachable`](io::ErrorKind::NetworkUnreachable); on some systems and
    /// for addresses of this machine also
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address)?;
    /// // It may have been made already, or not yet.
    /// match stream.peer_addr() {
    ///     Ok(peer) => assert_eq!(peer, address),
    ///     Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotConnected),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [connect(2)]: https://man7.org/linux/man-pages/man2/connect.2.html
    pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let socket = socket::new_for(address, socket::SocketType::STREAM)?;
        socket::connect(&socket, &address)?;
        Ok(TcpStream::from_std(socket.into()))
    }

    /// Takes a stream of the standard library, which you made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = std::net::TcpStream::connect(address)?;
    /// stream.set_nonblocking(true)?;
    /// let stream = TcpStream::from_std(stream);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(stream: net::TcpStream) -> TcpStream {
        TcpStream { inner: IoSource::of_known_kind(stream) }
    }

    /// The address of this end. See [getsockname(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// let address = stream.local_addr()?;
    /// assert!(address.ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address of the other end. See [getpeername(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) before the connection is made, and
    /// after it failed or was reset.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getpeername(2)]: https://man7.org/linux/man-pages/man2/getpeername.2.html
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Ends the stream in one or both directions, for all that share it.
    ///
    /// After the writing half is shut, the peer reads to the end of what was written;
    /// this end can still read. See [shutdown(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) on a stream that is not connected.
    /// Shutting twice is no error on Linux, but is on macOS.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use std::net::Shutdown;
    /// # use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let stream = TcpStream::from_std(stream);
    /// # let mut peer = listener.accept()?.0;
    /// stream.shutdown(Shutdown::Write)?;
    /// assert_eq!(peer.read(&mut [0; 8])?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [shutdown(2)]: https://man7.org/linux/man-pages/man2/shutdown.2.html
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Whether small writes are sent at once, rather than gathered for a moment:
    /// `TCP_NODELAY` of [tcp(7)].
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [tcp(7)]: https://man7.org/linux/man-pages/man7/tcp.7.html
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_nodelay(nodelay)
    }

    /// What [`set_nodelay`](Self::set_nodelay) set; false on a new stream.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// assert!(!stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.nodelay()
    }

    /// Sets how many routers a packet may pass: `IP_TTL` of [ip(7)], for IPv4.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) unless it is from 1 to 255.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// stream.set_ttl(32)?;
    /// assert_eq!(stream.ttl()?, 32);
    /// assert!(stream.set_ttl(1000).is_err());
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
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// assert!(stream.ttl()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.ttl()
    }

    /// The error that waits on the socket, which this takes off it: `SO_ERROR` of
    /// [socket(7)].
    ///
    /// It is how a [`connect`](Self::connect) that failed says why.
    ///
    /// # Errors
    ///
    /// Those of asking; what was asked for is in the `Ok`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::TcpStream;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// match stream.take_error()? {
    ///     None => println!("all is well"),
    ///     Some(error) => println!("it failed: {error}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Reads without taking: the same bytes come again with the next read.
    ///
    /// # Errors
    ///
    /// Those of a read, such as [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// # use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let mut peer = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # let mut stream = TcpStream::from_std(listener.accept()?.0);
    /// peer.write_all(b"look")?;
    ///
    /// let mut buffer = [0; 4];
    /// assert_eq!(stream.peek(&mut buffer[..2])?, 2);
    /// stream.read_exact(&mut buffer)?;
    /// assert_eq!(&buffer, b"look");
    /// # Ok(())
    /// # }
    /// ```
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(|stream| stream.peek(buffer))
    }

    /// Sends `bytes`, the last of them as *urgent*, or out-of-band, data.
    ///
    /// TCP has one mark of urgency in a stream, no second channel: a further urgent
    /// byte takes the place of one that the peer did not fetch, which then is lost, or
    /// an ordinary byte. So send one byte at a time. Returned is how many bytes went
    /// out; if not all did, none was marked. See [tcp(7)], and [RFC 6093], which
    /// advises against it in new protocols: use it to speak to old ones (telnet, ftp).
    ///
    /// The peer sees it as an event with
    /// [`is_priority`](crate::event::Event::is_priority), if it registered for
    /// [`PRIORITY`](crate::Interest::PRIORITY): it is what `select` has its third set
    /// for, `exceptfds`.
    ///
    /// # Errors
    ///
    /// Those of a write.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::{TcpListener, TcpStream};
    /// use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// # let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// # let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// # client.set_nonblocking(true)?;
    /// # let client = TcpStream::from_std(client);
    /// # let mut server = listener.accept()?.0;
    /// # if poll.capabilities().priority == omnipoll::Support::Absent {
    /// #     return Ok(());
    /// # }
    /// poll.registry().register(&mut server, Token(0), Interest::PRIORITY)?;
    ///
    /// client.send_out_of_band(b"!")?;
    /// poll.poll(&mut events, None)?;
    /// assert!(events.iter().any(|event| event.is_priority()));
    ///
    /// let mut urgent = [0];
    /// assert_eq!(server.recv_out_of_band(&mut urgent)?, 1);
    /// assert_eq!(&urgent, b"!");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [tcp(7)]: https://man7.org/linux/man-pages/man7/tcp.7.html
    /// [RFC 6093]: https://www.rfc-editor.org/rfc/rfc6093
    pub fn send_out_of_band(&self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes.len(), |stream| socket::send_out_of_band(stream, bytes))
    }

    /// Takes the urgent byte: one at most, whatever the size of `buffer`.
    ///
    /// It can be taken as soon as a [`PRIORITY`](crate::Interest::PRIORITY) event tells
    /// of it, before the ordinary bytes that were sent earlier. Those are read as ever,
    /// save that a read that begins before the mark, where the urgent byte stood, ends
    /// there, *short but not drained*: so around urgent data read until
    /// [`WouldBlock`](io::ErrorKind::WouldBlock). [`is_at_mark`](Self::is_at_mark)
    /// tells when the reader has come to that place.
    ///
    /// A read that begins at the mark goes on behind it. On Linux an urgent byte that
    /// nobody has taken is lost then, even if that read would block. So
    /// [`peek`](Self::peek) first, and take the byte before reading on, as the example `oob`
    /// does, or have it [inline](Self::set_out_of_band_inline). See [recv(2)].
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none, it was taken
    /// already, or it comes [inline](Self::set_out_of_band_inline);
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if it was announced but has not come.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::TcpStream;
    /// use omnipoll::{Events, Interest, Poll, Token};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let client = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// # let mut server = TcpStream::from_std(listener.accept()?.0);
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// # if poll.capabilities().priority == omnipoll::Support::Absent {
    /// #     return Ok(());
    /// # }
    /// poll.registry().register(&mut server, Token(0), Interest::PRIORITY)?;
    /// client.send_out_of_band(b"!")?;
    /// poll.poll(&mut events, None)?;
    ///
    /// let mut urgent = [0];
    /// assert_eq!(server.recv_out_of_band(&mut urgent)?, 1);
    /// assert!(server.recv_out_of_band(&mut urgent).is_err(), "it was taken");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [recv(2)]: https://man7.org/linux/man-pages/man2/recv.2.html
    pub fn recv_out_of_band(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(|stream| socket::receive_out_of_band(stream, buffer))
    }

    /// Whether all bytes before the urgent one have been read. See [sockatmark(3)].
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// # use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let mut client = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// # let mut server = TcpStream::from_std(listener.accept()?.0);
    /// client.write_all(b"old")?;
    /// client.send_out_of_band(b"!")?;
    /// client.write_all(b"new")?;
    ///
    /// let mut buffer = [0; 8];
    /// # while server.peek(&mut buffer)? < 3 {}
    /// assert_eq!(server.read(&mut buffer)?, 3);
    /// assert!(server.is_at_mark()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [sockatmark(3)]: https://man7.org/linux/man-pages/man3/sockatmark.3.html
    pub fn is_at_mark(&self) -> io::Result<bool> {
        socket::is_at_mark(&*self.inner)
    }

    /// Whether urgent bytes stay in their place in the stream (`true`) or must be taken
    /// with [`recv_out_of_band`](Self::recv_out_of_band) (`false`, as on a new stream):
    /// `SO_OOBINLINE` of [socket(7)].
    ///
    /// Inline, none is lost when another follows. The event that tells of one, and
    /// [`is_at_mark`](Self::is_at_mark), work in both ways.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// # use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let client = TcpStream::from_std(std::net::TcpStream::connect(listener.local_addr()?)?);
    /// # let mut server = TcpStream::from_std(listener.accept()?.0);
    /// # let mut client = client;
    /// server.set_out_of_band_inline(true)?;
    /// client.write_all(b"old")?;
    /// client.send_out_of_band(b"!")?;
    ///
    /// let mut buffer = [0; 8];
    /// # while server.peek(&mut buffer)? < 3 {}
    /// assert_eq!(server.read(&mut buffer)?, 3);
    /// // It stands where it was sent.
    /// # while server.peek(&mut buffer).is_err() {}
    /// assert_eq!(server.read(&mut buffer)?, 1);
    /// assert_eq!(buffer[0], b'!');
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
    /// # use omnipoll::net::TcpStream;
    ///
    /// # fn main() -> io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let stream = TcpStream::connect(listener.local_addr()?)?;
    /// # let peer = listener.accept()?.0;
    /// let mut buffer = [0; 64];
    /// let result = stream.try_io(|| {
    ///     let descriptor = stream.as_fd();
    ///     Ok(rustix::io::read(descriptor, &mut buffer)?)
    /// });
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

impl Read for &TcpStream {
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

impl Write for &TcpStream {
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

impl From<TcpStream> for net::TcpStream {
    /// Ends the registration; the stream stays non-blocking.
    fn from(stream: TcpStream) -> net::TcpStream {
        stream.inner.into_inner()
    }
}
