//! Which errors are news, which are the program's fault, and what to do about each.
//!
//! Every call returns an [`io::Error`](std::io::Error) whose kind fits, and whose text says what to do
//! where the system's own words do not. Nothing panics on bad input, and after an error nothing is half
//! registered.
//!
//! # News: go on
//!
//! | of | kind | it means | do |
//! |---|---|---|---|
//! | any I/O | `WouldBlock` | all is taken, or an event was a hint too many | wait for the next event |
//! | `write_all` | `WouldBlock` | some of it was sent, and nobody knows how much | never call it: `write`, and keep the rest, as the [first program](super::first_program) does |
//! | any I/O, a wait | `Interrupted` | a signal was handled | call again; a wait does so by itself with [`retry_interrupted`] |
//! | `accept` | `ConnectionAborted`, on Linux any error of the network | a visitor left while it waited | go on with the next |
//! | `accept` | the system's `EMFILE`, `ENFILE` | no descriptor is left | [`SpareDescriptor`] |
//! | `recv` of UDP | `ConnectionRefused` | an earlier datagram found nobody | go on |
//! | `write` | `BrokenPipe`, `ConnectionReset` | the peer is gone | drop this source, and no other |
//! | `read` | `ConnectionReset` | the same | the same |
//! | a wait | `Ok`, and no events | the time is over | look at your timers |
//!
//! A client's failure is the client's affair. The commonest way to bring a server down is a `?` in
//! the handler of one connection. Let the handler return its error to the loop, and let the loop drop
//! that client:
//!
//! ```
//! use std::collections::HashMap;
//! use std::io::{self, Read};
//!
//! use omnipoll::net::{TcpListener, TcpStream};
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! /// Takes what the client says; true while it stays.
//! fn hear(stream: &mut TcpStream) -> io::Result<bool> {
//!     match stream.read(&mut [0; 512]) {
//!         Ok(length) => Ok(length > 0),
//!         Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
//!         Err(error) => Err(error),
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let mut poll = Poll::builder().retry_interrupted(true).build()?;
//! let mut events = Events::with_capacity(8);
//! let mut clients: HashMap<Token, TcpStream> = HashMap::new();
//! # let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! # let rude = std::net::TcpStream::connect(listener.local_addr()?)?;
//! # let (mut stream, _) = listener.accept()?;
//! # poll.registry().register(&mut stream, Token(1), Interest::READABLE.level())?;
//! # clients.insert(Token(1), stream);
//! # drop(rude);
//! # while !clients.is_empty() {
//! poll.poll(&mut events, None)?;
//! for event in &events {
//!     let Some(client) = clients.get_mut(&event.token()) else { continue };
//!     match hear(client) {
//!         Ok(true) => {}
//!         Ok(false) => drop(clients.remove(&event.token())),
//!         Err(error) => {
//!             eprintln!("{:?}: {error}", client.peer_addr());
//!             clients.remove(&event.token());
//!         }
//!     }
//! }
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! # A connection that fails
//!
//! [`TcpStream::connect`] has no time to fail. Its error comes with the first event, and waits on the
//! socket until [`take_error`] takes it: [`readiness`](super::readiness) shows how. How long the
//! system tries is its own affair, and often minutes; a timeout is yours, by [`poll_until`].
//!
//! # The program's fault: mend it
//!
//! | of | kind | it means |
//! |---|---|---|
//! | `register` | `AlreadyExists` | this source is registered: `reregister` changes it |
//! | `reregister`, `deregister` | `NotFound` | it is not registered here |
//! | `register` | `InvalidInput` | interests that exclude each other, or the one reserved token |
//! | any of the three | the system's `EBADF` | the descriptor is closed; on io_uring the last two do not find out |
//! | a wait | `InvalidInput` | `Events` with room for none |
//!
//! ```
//! use std::io;
//!
//! use omnipoll::net::UdpSocket;
//! use omnipoll::{Interest, Poll, Token};
//!
//! # fn main() -> io::Result<()> {
//! let poll = Poll::new()?;
//! let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
//! poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
//! let error = poll.registry().register(&mut socket, Token(1), Interest::READABLE).unwrap_err();
//! assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
//!
//! poll.registry().deregister(&mut socket)?;
//! let error = poll.registry().deregister(&mut socket).unwrap_err();
//! assert_eq!(error.kind(), io::ErrorKind::NotFound);
//! # Ok(())
//! # }
//! ```
//!
//! # The machine's limits: offer something else, or say it
//!
//! | of | kind | it means |
//! |---|---|---|
//! | [`build`] | `Unsupported` | this system lacks the mechanism that was asked for; the text names those that it has |
//! | `Poll::new` | `InvalidInput` | `OMNIPOLL_BACKEND` names no mechanism |
//! | `register` | `Unsupported` | the mechanism lacks the trigger: ask [`capabilities`] before |
//! | `register` | `PermissionDenied` | a regular file, which nobody can wait for: [`always_ready_files`] |
//! | `register` | the system's `ENOSPC`, `ENOMEM` | its limit on watches, or memory |
//! | any that opens something | the system's `EMFILE`, `ENFILE` | no descriptor is left |
//!
//! ```
//! use omnipoll::{Backend, Poll};
//!
//! # fn main() -> std::io::Result<()> {
//! // What is wished for, else whatever there is.
//! let poll = match Poll::builder().backend(Backend::IoUring).build() {
//!     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
//!         eprintln!("{error}");
//!         Poll::new()?
//!     }
//!     result => result?,
//! };
//! # let _ = poll;
//! # Ok(())
//! # }
//! ```
//!
//! [`SpareDescriptor`]: crate::net::SpareDescriptor
//! [`TcpStream::connect`]: crate::net::TcpStream::connect
//! [`always_ready_files`]: crate::Builder::always_ready_files
//! [`build`]: crate::Builder::build
//! [`capabilities`]: crate::Poll::capabilities
//! [`poll_until`]: crate::Poll::poll_until
//! [`retry_interrupted`]: crate::Builder::retry_interrupted
//! [`take_error`]: crate::net::TcpStream::take_error
