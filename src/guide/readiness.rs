//! When a descriptor is ready, by its kind.
//!
//! *Readable* means that a read would return now rather than wait: with bytes, with the end, or
//! with an error. *Writable* means the same of a write. So both are also said of what has failed,
//! since a call would return at once, with the error. An event is a hint; the call's result is the
//! truth.
//!
//! | kind | readable | writable | its end |
//! |---|---|---|---|
//! | [`TcpListener`], [`UnixListener`] | a connection waits | never | |
//! | [`TcpStream`], connecting | it failed | it is connected, or failed | `take_error` says why |
//! | [`TcpStream`], [`UnixStream`] | bytes, or the end | there is room | the peer shut down or closed: readable, a read gives `Ok(0)`, [`is_read_closed`] |
//! | [`UdpSocket`], [`UnixDatagram`] | a datagram, perhaps an empty one | there is room, nearly always | none: an empty datagram is no end |
//! | [`Receiver`] of a pipe or FIFO | bytes, or the end | | the last writer closed: a read gives `Ok(0)`, [`is_read_closed`] |
//! | [`Sender`] of a pipe or FIFO | | there is room | the last reader closed: a write fails with `BrokenPipe`, [`is_write_closed`] |
//! | a terminal, by [`SourceFd`] | a line was typed; in raw mode, a key | nearly always | control-D: a read gives `Ok(0)` |
//! | a pseudo-terminal's main side | the program has printed something | nearly always | the last program closed it: on Linux a read fails with `EIO` |
//! | `eventfd`, `timerfd`, `signalfd`, `inotify`, by [`SourceFd`] | its counter is not 0, its time is over, and so on | | |
//! | regular files, folders, `/dev/null` | always, so they are refused: [`always_ready_files`] | always | |
//! | [`Waker`] | it was woken | never | |
//!
//! [`is_priority`] tells of out-of-band data, where [`PRIORITY`] was asked for. `docs/states.md` in
//! the repository goes through each kind in each of its states, as they are reported on Linux; the
//! tests made it.
//!
//! # A connection is made
//!
//! [`TcpStream::connect`] returns at once. Wait until the stream is writable, then ask what became
//! of it:
//!
//! ```
//! use std::io;
//!
//! use omnipoll::net::{TcpListener, TcpStream};
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! # fn main() -> io::Result<()> {
//! # let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! # let address = listener.local_addr()?;
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let mut stream = TcpStream::connect(address)?;
//! poll.registry().register(&mut stream, Token(0), Interest::WRITABLE)?;
//!
//! loop {
//!     poll.poll(&mut events, None)?;
//!     if let Some(error) = stream.take_error()? {
//!         return Err(error);
//!     }
//!     match stream.peer_addr() {
//!         Ok(peer) => break println!("connected to {peer}"),
//!         // The event was a hint too many.
//!         Err(error) if error.kind() == io::ErrorKind::NotConnected => continue,
//!         Err(error) => return Err(error),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # A stream ends
//!
//! Bytes that were sent before the end come first. So [`is_read_closed`] is no reason to stop:
//! read on until `Ok(0)`. Not every mechanism tells it, either; select calls it readable and no
//! more.
//!
//! ```
//! use std::io::{Read, Write};
//!
//! use omnipoll::net::UnixStream;
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut ours, mut theirs) = UnixStream::pair()?;
//! poll.registry().register(&mut ours, Token(0), Interest::READABLE)?;
//!
//! theirs.write_all(b"last words")?;
//! drop(theirs);
//! poll.poll(&mut events, None)?;
//!
//! let mut buffer = [0; 64];
//! assert_eq!(ours.read(&mut buffer)?, 10);
//! assert_eq!(ours.read(&mut buffer)?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! A stream that has ended stays readable. Under edge that is told once; under level in every wait,
//! until the source is dropped.
//!
//! # Half of a stream ends
//!
//! A peer that shuts down its writing half still reads. `Ok(0)` says that nothing more comes in, not
//! that nothing can go out: send the rest of your answer, then close. That the peer is gone
//! altogether shows when a write fails.
//!
//! # A FIFO outlives its writers
//!
//! The end of a FIFO is the end of one writer's visit. The next one's bytes are told like any
//! others, to the same registration: see [`OpenOptions`].
//!
//! [`OpenOptions`]: crate::unix::pipe::OpenOptions
//! [`PRIORITY`]: crate::Interest::PRIORITY
//! [`Receiver`]: crate::unix::pipe::Receiver
//! [`Sender`]: crate::unix::pipe::Sender
//! [`SourceFd`]: crate::unix::SourceFd
//! [`TcpListener`]: crate::net::TcpListener
//! [`TcpStream::connect`]: crate::net::TcpStream::connect
//! [`TcpStream`]: crate::net::TcpStream
//! [`UdpSocket`]: crate::net::UdpSocket
//! [`UnixDatagram`]: crate::net::UnixDatagram
//! [`UnixListener`]: crate::net::UnixListener
//! [`UnixStream`]: crate::net::UnixStream
//! [`Waker`]: crate::Waker
//! [`always_ready_files`]: crate::Builder::always_ready_files
//! [`is_priority`]: crate::event::Event::is_priority
//! [`is_read_closed`]: crate::event::Event::is_read_closed
//! [`is_write_closed`]: crate::event::Event::is_write_closed
