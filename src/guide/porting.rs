//! From mio, from polling, from libevent: what is called what.
//!
//! # From mio
//!
//! The API is that of mio 1.2. Rename the dependency in `Cargo.toml`, and keep its features, which
//! switch nothing here:
//!
//! ```toml
//! [dependencies]
//! mio = { package = "omnipoll", version = "0.1", features = ["os-poll", "net"] }
//! ```
//!
//! No line of the program changes:
//!
//! ```
//! # use omnipoll as mio;
//! use mio::net::TcpListener;
//! use mio::{Events, Interest, Poll, Token};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(128);
//! let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
//! poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
//! # poll.poll(&mut events, Some(std::time::Duration::ZERO))?;
//! # Ok(())
//! # }
//! ```
//!
//! What a dependency asks mio for goes through a patch instead: `docs/tokio.md`.
//!
//! What is more, or other, than there:
//!
//! | | mio | here |
//! |---|---|---|
//! | mechanism | one for each system | [`Poll::builder`], `OMNIPOLL_BACKEND` |
//! | trigger | edge | edge unless the interest says [`level`](crate::Interest::level) or [`oneshot`](crate::Interest::oneshot) |
//! | wakers | one for each poll | any number |
//! | threads that wait on one poll | one | any number: [`Poll::share`] |
//! | to wait until a point in time, or with another signal mask | | [`Poll::poll_until`], [`poll_with_mask`] |
//! | to be told some microseconds sooner | | [`spin`], [`busy_poll`] |
//! | a wait that a signal interrupts | fails | fails, or goes on: [`retry_interrupted`] |
//! | `program < file` | refused | refused, or ready: [`always_ready_files`] |
//! | FIFOs by path | | [`OpenOptions`](crate::unix::pipe::OpenOptions) |
//! | urgent data | `PRIORITY` | and [`send_out_of_band`](crate::net::TcpStream::send_out_of_band) |
//! | a timeout of 50 µs | rounded up to a millisecond | 50 µs, where the kernel can |
//! | messages by the crate `log` | some | none: what is wrong is in the error |
//!
//! # From polling
//!
//! polling's registrations are oneshot unless a mode is given, and take any descriptor, which is why
//! adding one is unsafe there. Here a source is owned by its type, and deregisters itself.
//!
//! | polling | here |
//! |---|---|
//! | `Poller::new()` | [`Poll::new`] |
//! | `Events::new()` | [`Events::with_capacity`](crate::Events::with_capacity) |
//! | `poller.add(&socket, Event::readable(7))` | `registry.register(&mut socket, Token(7), Interest::READABLE.oneshot())` |
//! | `Event::all(7)`, `Event::none(7)` | `Interest::READABLE \| Interest::WRITABLE`; to wait for nothing, deregister |
//! | `poller.modify(&socket, Event::writable(7))` | `registry.reregister(&mut socket, Token(7), Interest::WRITABLE.oneshot())` |
//! | `poller.delete(&socket)` | `registry.deregister(&mut socket)`, or to drop it |
//! | `PollMode::Level` | [`level`](crate::Interest::level) |
//! | `PollMode::Edge` | nothing: it is the default |
//! | `PollMode::EdgeOneshot` | [`oneshot`](crate::Interest::oneshot) |
//! | `events.clear(); poller.wait(&mut events, timeout)` | `poll.poll(&mut events, timeout)`, which clears them |
//! | `poller.wait` from several threads | [`Poll::share`] |
//! | `poller.notify()`, which is no event | [`Waker::wake`](crate::Waker::wake), which has a token |
//! | a raw descriptor | [`SourceFd`](crate::unix::SourceFd) |
//!
//! ```
//! use std::io::{Read, Write};
//! use std::os::unix::net::UnixStream;
//!
//! use omnipoll::{Events, Interest, IoSource, Poll, Token};
//!
//! # fn main() -> std::io::Result<()> {
//! let (socket, mut peer) = UnixStream::pair()?;
//! socket.set_nonblocking(true)?;
//!
//! // let poller = Poller::new()?;
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(256);
//! // unsafe { poller.add(&socket, Event::readable(7))? };
//! let mut socket = IoSource::new(socket);
//! poll.registry().register(&mut socket, Token(7), Interest::READABLE.oneshot())?;
//!
//! peer.write_all(b"hello")?;
//! // poller.wait(&mut events, None)?;
//! poll.poll(&mut events, None)?;
//! for event in &events {
//!     assert_eq!(event.token(), Token(7));
//!     socket.do_io(|mut socket| socket.read(&mut [0; 16]))?;
//!     // poller.modify(&socket, Event::readable(7))?;
//!     poll.registry().reregister(&mut socket, Token(7), Interest::READABLE.oneshot())?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # From libevent
//!
//! libevent calls you back; here you have the loop, and a token for each callback. It has no buffers
//! of its own (`bufferevent`), no timers and no signals: timers are some lines, as below; for signals
//! take a crate that makes them readable, such as `signal-hook`, and register its descriptor.
//!
//! | libevent | here |
//! |---|---|
//! | `event_base_new` | [`Poll::new`] |
//! | `event_config_avoid_method`, `EVENT_NOEPOLL=1` | [`Builder::backend`](crate::Builder::backend), `OMNIPOLL_BACKEND=poll` |
//! | `event_base_get_method` | [`Poll::backend`] |
//! | `event_base_get_features` | [`Poll::capabilities`] |
//! | `event_new`, `event_add` with `EV_READ` | `register` with `Interest::READABLE.oneshot()` |
//! | with `EV_READ \| EV_PERSIST` | with `Interest::READABLE.level()` |
//! | with `EV_READ \| EV_PERSIST \| EV_ET` | with `Interest::READABLE` |
//! | `event_del`, `event_free` | `deregister`, or to drop the source |
//! | `event_base_dispatch` | a loop over [`Poll::poll`] |
//! | `event_base_loop(EVLOOP_NONBLOCK)` | `poll.poll(&mut events, Some(Duration::ZERO))` |
//! | `event_active`, from another thread | [`Waker::wake`](crate::Waker::wake) |
//! | `evtimer_add` | a heap of deadlines, and [`Poll::poll_until`] |
//! | `evconnlistener_new_bind` | [`TcpListener::bind`](crate::net::TcpListener::bind) |
//! | `bufferevent_socket_connect` | [`TcpStream::connect`](crate::net::TcpStream::connect) |
//!
//! A loop with timers:
//!
//! ```
//! use std::cmp::Reverse;
//! use std::collections::BinaryHeap;
//! use std::time::{Duration, Instant};
//!
//! use omnipoll::{Events, Poll};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = Poll::builder().retry_interrupted(true).build()?;
//! let mut events = Events::with_capacity(64);
//! // The soonest on top.
//! let mut timers = BinaryHeap::new();
//! let now = Instant::now();
//! timers.push(Reverse((now + Duration::from_millis(2), "second")));
//! timers.push(Reverse((now + Duration::from_millis(1), "first")));
//!
//! let mut fired = Vec::new();
//! while let Some(&Reverse((deadline, name))) = timers.peek() {
//!     poll.poll_until(&mut events, deadline)?;
//!     for event in &events {
//!         // What became ready before that.
//!         println!("{event:?}");
//!     }
//!     if Instant::now() >= deadline {
//!         timers.pop();
//!         fired.push(name);
//!     }
//! }
//! assert_eq!(fired, ["first", "second"]);
//! # Ok(())
//! # }
//! ```
//!
//! [`Poll::backend`]: crate::Poll::backend
//! [`Poll::builder`]: crate::Poll::builder
//! [`Poll::capabilities`]: crate::Poll::capabilities
//! [`Poll::new`]: crate::Poll::new
//! [`Poll::poll_until`]: crate::Poll::poll_until
//! [`Poll::poll`]: crate::Poll::poll
//! [`Poll::share`]: crate::Poll::share
//! [`always_ready_files`]: crate::Builder::always_ready_files
//! [`busy_poll`]: crate::Builder::busy_poll
//! [`poll_with_mask`]: crate::Poll::poll_with_mask
//! [`retry_interrupted`]: crate::Builder::retry_interrupted
//! [`spin`]: crate::Builder::spin
