//! Wake a poll from another thread, have one for each thread, or share one.
//!
//! # One thread waits, others wake it
//!
//! The simplest design, and often the fastest. Others hand over work by a queue, and call
//! [`Waker::wake`] after that, which is cheap enough to be called each time:
//!
#![doc = include_str!("../../docs/images/wake.svg")]
//!
//! ```
//! use std::sync::mpsc;
//! use std::thread;
//!
//! use omnipoll::{Events, Poll, Token, Waker};
//!
//! # fn main() -> std::io::Result<()> {
//! const WORK: Token = Token(0);
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let waker = Waker::new(poll.registry(), WORK)?;
//! let (sender, receiver) = mpsc::channel();
//!
//! let other = thread::spawn(move || -> std::io::Result<()> {
//!     for number in 1..=10 {
//!         // First the work, then the wake-up.
//!         sender.send(number).expect("the loop outlives this thread");
//!         waker.wake()?;
//!     }
//!     Ok(())
//! });
//!
//! let mut sum = 0;
//! while sum < 55 {
//!     poll.poll(&mut events, None)?;
//!     for event in &events {
//!         if event.token() == WORK {
//!             // All there is: several wake-ups may be one event.
//!             sum += receiver.try_iter().sum::<i32>();
//!         }
//!     }
//! }
//! other.join().unwrap()
//! # }
//! ```
//!
//! **Trap: one message for each event.** Wake-ups that come before the event was taken are one. Empty
//! the queue each time.
//!
//! **Trap: to wake first.** Who wakes and then sends may find the loop asleep again, with the message
//! in the queue. What was written before `wake` is seen by the thread that takes the event.
//!
//! # A poll for each thread
//!
//! Nothing is shared, nothing is locked. New connections are dealt out: the thread that accepts
//! keeps a [`Registry`] of each other thread's poll, by [`Registry::try_clone`], and registers what
//! it accepts there. That takes effect at once, also on a wait that is under way. The stream itself
//! goes through a queue, as above. The other way is that each thread watches the listener itself,
//! with [`Interest::exclusive`], so that not all are woken for one visitor.
//!
//! # One poll for several threads
//!
//! [`Poll::share`] gives a handle on which any number of threads can wait. Register with
//! [`Interest::oneshot`]: then exactly one thread has a source until it arms it again, and nobody
//! else works on it meanwhile. The example `worker_pool` is such a server, `Poll::share` has a short
//! one.
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::sync::Mutex;
//! use std::thread;
//!
//! use omnipoll::net::UnixStream;
//! use omnipoll::{Events, Interest, Poll, SharedPoll, Token, Waker};
//!
//! const STREAM: Token = Token(0);
//! const END: Token = Token(1);
//! const READ_ONCE: Interest = Interest::READABLE.oneshot();
//!
//! /// What each thread does, until it is told to end.
//! fn work(poll: SharedPoll, stream: &Mutex<UnixStream>, end: &Waker) -> io::Result<()> {
//!     let mut events = Events::with_capacity(8);
//!     loop {
//!         poll.wait(&mut events, None)?;
//!         for event in &events {
//!             if event.token() == END {
//!                 // One thread gets the event, so it passes it on.
//!                 return end.wake();
//!             }
//!             let mut stream = stream.lock().unwrap();
//!             match stream.read(&mut [0; 16]) {
//!                 Ok(length) => println!("{length} bytes of work"),
//!                 Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
//!                 Err(error) => return Err(error),
//!             }
//!             poll.registry().reregister(&mut *stream, STREAM, READ_ONCE)?;
//!         }
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let poll = Poll::new()?;
//! let (mut stream, mut peer) = UnixStream::pair()?;
//! poll.registry().register(&mut stream, STREAM, READ_ONCE)?;
//! let stream = Mutex::new(stream);
//! let end = Waker::new(poll.registry(), END)?;
//!
//! thread::scope(|scope| {
//!     for _ in 0..3 {
//!         let poll = poll.share();
//!         scope.spawn(|| work(poll, &stream, &end).unwrap());
//!     }
//!     peer.write_all(b"work")?;
//!     end.wake()
//! })
//! # }
//! ```
//!
//! **Trap: level, shared.** Every wait tells of a level, in all threads, until one of them has read.
//!
//! **Trap: edge, shared.** Each edge goes to one thread, but the next edge may go to another, which
//! then works on the same source at the same time.
//!
//! **Trap: events in another thread's hands.** Deregistering is a barrier for waits that begin later.
//! A wait that was under way may have put the event into its list already, and that thread may be
//! about to look it up. So look up under a lock, and take for possible that nobody is there. With
//! oneshot, who has the event is the only one who has it, and may drop the source at once.
//!
//! epoll is made for this. Under poll, select and io_uring one thread is in the kernel for all, and
//! hands over when it leaves; what that costs under io_uring, [`Backend::IoUring`] tells.
//!
//! # What may be done from where
//!
//! | | |
//! |---|---|
//! | [`Registry`]: register, reregister, deregister | any thread, also while others wait; none of them has to wait for that |
//! | [`Waker::wake`] | any thread, as often as one likes |
//! | [`Poll::poll`] | one thread at a time (`&mut`) |
//! | [`SharedPoll::wait`] | any number of threads |
//! | to drop a registered source | any thread: it is deregistered by that |
//! | fork(2) | the child must not go on with the parent's poll: see [`Poll`] |
//!
//! [`Backend::IoUring`]: crate::Backend::IoUring
//! [`Interest::exclusive`]: crate::Interest::exclusive
//! [`Interest::oneshot`]: crate::Interest::oneshot
//! [`Poll::poll`]: crate::Poll::poll
//! [`Poll::share`]: crate::Poll::share
//! [`Poll`]: crate::Poll
//! [`Registry::try_clone`]: crate::Registry::try_clone
//! [`Registry`]: crate::Registry
//! [`SharedPoll::wait`]: crate::SharedPoll::wait
//! [`Waker::wake`]: crate::Waker::wake
