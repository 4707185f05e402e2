//! Edge, level and oneshot, and the traps of each.
//!
//! A trigger says when a registration is told again. It is part of the [`Interest`]: edge unless
//! another is asked for.
//!
#![doc = include_str!("../../docs/images/triggers.svg")]
//!
//! Which one to take, and who makes it on which mechanism, is the page `docs/triggers.md`. Here
//! is what goes wrong.
//!
//! # Edge
//!
//! The next event is owed once you have tried the I/O until it came up short or would have
//! blocked, *and* readiness has come back.
//!
//! **Trap: to stop too early.** Who reads once at each event leaves bytes behind. No event is owed
//! for them: they lie there until more come, and if the peer waits for an answer to them, none
//! ever do. So read in a loop:
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::time::Duration;
//!
//! use omnipoll::net::UnixStream;
//! use omnipoll::{Events, Interest, Poll, Token};
//!
//! /// Reads all that is there, and says whether the stream has ended.
//! fn drain(stream: &mut UnixStream, into: &mut Vec<u8>) -> io::Result<bool> {
//!     let mut buffer = [0; 4];
//!     loop {
//!         match stream.read(&mut buffer) {
//!             Ok(0) => return Ok(true),
//!             Ok(length) => into.extend_from_slice(&buffer[..length]),
//!             Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
//!             Err(error) => return Err(error),
//!         }
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut ours, mut theirs) = UnixStream::pair()?;
//! poll.registry().register(&mut ours, Token(0), Interest::READABLE)?;
//!
//! theirs.write_all(b"more than four bytes")?;
//! poll.poll(&mut events, None)?;
//! let mut received = Vec::new();
//! assert!(!drain(&mut ours, &mut received)?);
//! assert_eq!(received, b"more than four bytes");
//!
//! // All was taken, so there is nothing to tell.
//! poll.poll(&mut events, Some(Duration::ZERO))?;
//! assert!(events.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! **Trap: one source takes it all.** A peer that sends as fast as you read keeps you in that loop,
//! and everybody else waits. Bound it, to 16 rounds for example. Then no event is owed, since you
//! stopped early: [`reregister`](crate::Registry::reregister) the source, and what is left of it is
//! told by the next wait, behind the others. The examples `tcp_server` and `chat_room` do so.
//!
//! **Trap: I/O that the library does not see.** Poll and select know no edges; omnipoll makes them
//! of your attempts. Who reads through a duplicate of the descriptor, or by a call of its own, hides
//! the attempt, and hears nothing more. Put such calls into `try_io` of the socket, or
//! [`IoSource::do_io`]. epoll would have forgiven it: run your tests with
//! `OMNIPOLL_BACKEND=poll` too.
//!
//! **Trap: to ask for writing anew each time.** Not wrong, but slow. Under edge a registration for
//! both directions costs nothing while nothing changes: ask once, and keep what could not be
//! written in a buffer until an event says that there is room.
//!
//! # Level
//!
//! Every wait tells what is ready. What you leave is told again, so reading once for each event is
//! right.
//!
//! **Trap: a loop that never sleeps.** What is ready and left alone ends every wait at once. It
//! comes in three forms:
//!
//! - Interest in [`WRITABLE`] with nothing to write. A socket can be written to
//!   nearly always. Ask for it only while something is left over:
//!
//!   ```
//!   # use std::io::{self, Write};
//!   # use std::time::Duration;
//!   # use omnipoll::net::UnixStream;
//!   # use omnipoll::{Events, Interest, Poll, Token};
//!   # fn main() -> io::Result<()> {
//!   # let mut poll = Poll::new()?;
//!   # let mut events = Events::with_capacity(8);
//!   # let (mut stream, _peer) = UnixStream::pair()?;
//!   # let mut waiting = b"an answer".to_vec();
//!   poll.registry().register(&mut stream, Token(0), Interest::WRITABLE.level())?;
//!   poll.poll(&mut events, None)?;
//!   let written = stream.write(&waiting)?;
//!   waiting.drain(..written);
//!   if waiting.is_empty() {
//!       poll.registry().reregister(&mut stream, Token(0), Interest::READABLE.level())?;
//!   }
//!   poll.poll(&mut events, Some(Duration::ZERO))?;
//!   assert!(events.is_empty(), "nothing to read, and writing is not asked for");
//!   # Ok(())
//!   # }
//!   ```
//! - A peer that has closed, kept registered. The end of a stream is readable for ever. When a read
//!   returns `Ok(0)`, drop the source or take `READABLE` out of its interest.
//! - A listener with no descriptor left to accept with: [`SpareDescriptor`] is for that.
//!
//! # Oneshot
//!
//! After one event the registration sleeps, in *both* directions, until
//! [`reregister`](crate::Registry::reregister).
//!
//! **Trap: a path without reregister.** Each way through the handler must end by `reregister` or by
//! dropping the source, also that of an error. A source that was forgotten is silent for ever.
//! Let one function handle the event and return what is wanted next, and reregister in one place:
//!
//! ```
//! # use std::io::{self, Read, Write};
//! # use omnipoll::net::UnixStream;
//! # use omnipoll::{Events, Interest, Poll, Token};
//! /// What to wait for next; `None` when this stream is done.
//! fn handle(stream: &mut UnixStream) -> Option<Interest> {
//!     match stream.read(&mut [0; 512]) {
//!         Ok(0) => None,
//!         Ok(_) => Some(Interest::READABLE.oneshot()),
//!         Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
//!             Some(Interest::READABLE.oneshot())
//!         }
//!         Err(_) => None,
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! # let mut poll = Poll::new()?;
//! # let mut events = Events::with_capacity(8);
//! # let (mut stream, mut peer) = UnixStream::pair()?;
//! # poll.registry().register(&mut stream, Token(0), Interest::READABLE.oneshot())?;
//! # peer.write_all(b"hello")?;
//! # poll.poll(&mut events, None)?;
//! match handle(&mut stream) {
//!     Some(interest) => poll.registry().reregister(&mut stream, Token(0), interest)?,
//!     None => poll.registry().deregister(&mut stream)?,
//! }
//! # peer.write_all(b"again")?;
//! # poll.poll(&mut events, None)?;
//! # assert!(!events.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! **Trap: to reregister before the work is done.** From that call on another thread may get the
//! next event, and work on the same source beside you. Let it be the last thing that you do.
//!
//! There is no need to drain: what is left is ready when it is armed again, and is told.
//!
//! [`Interest`]: crate::Interest
//! [`IoSource::do_io`]: crate::IoSource::do_io
//! [`SpareDescriptor`]: crate::net::SpareDescriptor
//! [`WRITABLE`]: crate::Interest::WRITABLE
