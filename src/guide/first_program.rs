//! A first program, step by step: a server that echoes what it is sent.
//!
//! # 1. Ten lines
//!
//! A program that waits for one thing needs no library: it reads, and sleeps in that. One that
//! waits for many sleeps in a *poll*: it registers what it waits for, sleeps in one call until some
//! of it is ready, does what can be done without waiting, and sleeps again. This is the whole
//! pattern, with one socket still:
//!
//! ```no_run
//! use omnipoll::net::UdpSocket;
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! fn main() -> std::io::Result<()> {
//!     let mut poll = Poll::new()?;
//!     let mut events = Events::with_capacity(8);
//!     let mut socket = UdpSocket::bind("127.0.0.1:9000".parse().unwrap())?;
//!     poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
//!     println!("an echo on UDP port 9000, by {}", poll.backend());
//!     loop {
//!         poll.poll(&mut events, None)?;
//!         let mut buffer = [0; 65_536];
//!         while let Ok((length, sender)) = socket.recv_from(&mut buffer) {
//!             // UDP may lose it on its way, so we may too.
//!             let _ = socket.send_to(&buffer[..length], sender);
//!         }
//!     }
//! }
//! ```
//!
//! Make a package of it (`cargo new echo`, then `cargo add omnipoll`, with `--path` and the place of
//! a checkout while it is not published), and run it. `nc -u 127.0.0.1 9000` in another terminal is
//! a client; where there is no `nc`, bash is one too:
//!
//! ```sh
//! exec 3<>/dev/udp/127.0.0.1/9000; echo hello >&3; head -n 1 <&3
//! ```
//!
//! Now run it again as `OMNIPOLL_BACKEND=select cargo run`. It does the same, over another system
//! call, and says so.
//!
//! The rest of this page goes on to TCP, where there is a socket for each client. A server with a
//! thread per client asks each thread to wait for one of them. With a poll, one thread waits for all.
//!
//! # 2. A poll, and room for events
//!
//! [`Poll`] is what sleeps. [`Events`] is where it puts what it has to tell; its capacity
//! bounds how many events one call returns, not how many sources there can be. What does
//! not fit comes next time.
//!
//! ```
//! use omnipoll::{Events, Poll};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(256);
//! # Ok(())
//! # }
//! ```
//!
//! # 3. A source, a token, an interest
//!
//! A listener is a source: something that can become ready. It is registered under a
//! [`Token`], a number of your choice that each of its events carries, and with an
//! [`Interest`]: what you want to hear of.
//!
//! ```
//! use omnipoll::net::TcpListener;
//! use omnipoll::{Interest, Poll, Token};
//!
//! const LISTENER: Token = Token(0);
//!
//! # fn main() -> std::io::Result<()> {
//! # let poll = Poll::new()?;
//! let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
//! # Ok(())
//! # }
//! ```
//!
//! # 4. The loop
//!
//! ```no_run
//! # use omnipoll::{Events, Poll, Token};
//! # const LISTENER: Token = Token(0);
//! # fn main() -> std::io::Result<()> {
//! # let mut poll = Poll::new()?;
//! # let mut events = Events::with_capacity(256);
//! loop {
//!     poll.poll(&mut events, None)?;
//!     for event in &events {
//!         match event.token() {
//!             LISTENER => { /* accept */ }
//!             client => { /* read and write */ }
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! Two rules make such a loop right.
//!
//! **Work until it would block.** An event says that something has become ready, and the
//! next one is owed only after you have taken all there was: accept, read or write until
//! the call returns [`WouldBlock`]. This is the *edge* trigger. If you would rather take
//! a little at a time, register with [`Interest::level`], and every call of
//! [`Poll::poll`] tells of what is still there.
//!
//! **An event is a hint.** It may come though nothing is there to be done; `WouldBlock` is
//! then the answer, and no error.
//!
//! [Triggers](super::triggers) tells more of both, and of what goes wrong without them.
//!
//! [`WouldBlock`]: std::io::ErrorKind::WouldBlock
//!
//! # 5. The whole program
//!
//! Each client has a buffer, for what it sent and has not got back yet. While it is not
//! empty, an event tells when the client can be written to again, since it is registered
//! for [`Interest::WRITABLE`] too. Here a thread plays the client, and the server ends
//! with it.
//!
//! ```
//! use std::collections::HashMap;
//! use std::io::{self, Read, Write};
//! use std::net::Shutdown;
//!
//! use omnipoll::net::{TcpListener, TcpStream};
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! const LISTENER: Token = Token(0);
//!
//! struct Client {
//!     stream: TcpStream,
//!     /// Received, and not sent back yet.
//!     waiting: Vec<u8>,
//!     /// It will send no more.
//!     ended: bool,
//! }
//!
//! impl Client {
//!     /// Does what can be done now; true while there is more to come.
//!     fn echo(&mut self) -> io::Result<bool> {
//!         while !self.ended {
//!             let mut buffer = [0; 4096];
//!             match self.stream.read(&mut buffer) {
//!                 Ok(0) => self.ended = true,
//!                 Ok(length) => self.waiting.extend_from_slice(&buffer[..length]),
//!                 Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
//!                 Err(error) => return Err(error),
//!             }
//!         }
//!         while !self.waiting.is_empty() {
//!             match self.stream.write(&self.waiting) {
//!                 Ok(length) => drop(self.waiting.drain(..length)),
//!                 Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
//!                 Err(error) => return Err(error),
//!             }
//!         }
//!         Ok(!(self.ended && self.waiting.is_empty()))
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(256);
//! let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
//!
//! let address = listener.local_addr()?;
//! let visitor = std::thread::spawn(move || -> io::Result<String> {
//!     let mut stream = std::net::TcpStream::connect(address)?;
//!     stream.write_all(b"is there an echo?")?;
//!     stream.shutdown(Shutdown::Write)?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer)?;
//!     Ok(answer)
//! });
//!
//! let mut clients = HashMap::new();
//! let mut next_token = 1;
//! while !visitor.is_finished() {
//!     # // The visitor may finish just before the server begins to wait.
//!     # poll.poll(&mut events, Some(std::time::Duration::from_millis(50)))?;
//!     # #[cfg(any())]
//!     poll.poll(&mut events, None)?;
//!     for event in &events {
//!         if event.token() == LISTENER {
//!             loop {
//!                 let (mut stream, _) = match listener.accept() {
//!                     Ok(accepted) => accepted,
//!                     Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
//!                     Err(error) => return Err(error),
//!                 };
//!                 let token = Token(next_token);
//!                 next_token += 1;
//!                 // Both directions, once and for all: with edges it costs nothing.
//!                 let interest = Interest::READABLE | Interest::WRITABLE;
//!                 poll.registry().register(&mut stream, token, interest)?;
//!                 let client = Client { stream, waiting: Vec::new(), ended: false };
//!                 clients.insert(token, client);
//!             }
//!         } else if let Some(client) = clients.get_mut(&event.token()) {
//!             // A failed client is the client's affair, not the server's.
//!             if !client.echo().unwrap_or(false) {
//!                 // Dropping it deregisters and closes it.
//!                 clients.remove(&event.token());
//!             }
//!         }
//!     }
//! }
//! assert_eq!(visitor.join().unwrap()?, "is there an echo?");
//! # Ok(())
//! # }
//! ```
//!
//! The same program with many clients and a command line is the example `tcp_server`.
//!
//! # 6. When descriptors run out
//!
//! Each client takes a descriptor, and a process may have so many and no more, often 1,024.
//! Then `accept` fails with `EMFILE`, and the program above ends. A server that is to go on
//! keeps a [`SpareDescriptor`] back, and accepts through it: who cannot be served is turned
//! away, and learns it at once.
//!
//! ```
//! # use std::io;
//! # use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};
//! # fn main() -> io::Result<()> {
//! # let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! # let _visitor = std::net::TcpStream::connect(listener.local_addr()?)?;
//! # let mut streams = Vec::new();
//! let mut spare = SpareDescriptor::new()?;
//! // ... and where the listener is ready:
//! loop {
//!     match spare.accept(|| listener.accept()) {
//!         Ok(Some((stream, _))) => streams.push(stream),
//!         Ok(None) => eprintln!("too many clients: one was turned away"),
//!         Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
//!         Err(error) => return Err(error),
//!     }
//! }
//! # assert_eq!(streams.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # 7. And then
//!
//! - Another mechanism: run the program with `OMNIPOLL_BACKEND=poll`, or build its poll
//!   with [`Poll::builder`]. `docs/choosing.md` says which is good for what.
//! - [Triggers](super::triggers): what goes wrong with edge, and with level.
//! - [Tokens](super::tokens): a vector in the place of the map.
//! - [Threads](super::threads): to wake the loop, or to have several.
//! - [Errors](super::errors): signals too, which may end a wait with [`Interrupted`], unless
//!   [`Builder::retry_interrupted`] sits them out.
//! - Pipes, FIFOs, terminals: [`unix`](crate::unix), and the example `fifo_chat`.
//!
//! [`Builder::retry_interrupted`]: crate::Builder::retry_interrupted
//! [`Events`]: crate::Events
//! [`Interest`]: crate::Interest
//! [`Interest::WRITABLE`]: crate::Interest::WRITABLE
//! [`Interest::level`]: crate::Interest::level
//! [`Interrupted`]: std::io::ErrorKind::Interrupted
//! [`Poll`]: crate::Poll
//! [`Poll::builder`]: crate::Poll::builder
//! [`Poll::poll`]: crate::Poll::poll
//! [`SpareDescriptor`]: crate::net::SpareDescriptor
//! [`Token`]: crate::Token
