//! A poll inside another loop, which knows nothing of it but one descriptor.
//!
//! ```sh
//! cargo run --example nested -- 127.0.0.1:7777
//! ```
//!
//! Talk to it with `nc -u 127.0.0.1 7777`, which gets an echo, and type `count` where it runs
//! to see how many datagrams there were. The end of the input (control-D) ends it.
//!
//! Many programs have a loop already: of a window system, an interpreter, a game. A library
//! with sources of its own cannot ask for a second loop. But the descriptor of its poll,
//! `poll.fd()`, is readable while there is something to tell, so the program's loop waits for
//! that along with its own, and gives the library its turn. What to know:
//!
//! - In its turn the library looks, by a wait of zero time, and never sleeps.
//! - Ask for levels, outside and inside: then what one turn leaves brings the next one.
//! - poll and select have no descriptor. `capabilities().descriptor` tells beforehand; a
//!   thread that waits, and passes on what it is told, is the way out.

#[cfg(not(unix))]
fn main() {
    eprintln!("nested: no poll has a descriptor on this system");
}

#[cfg(unix)]
fn main() {
    if let Err(error) = program::run() {
        eprintln!("nested: {error}");
        std::process::exit(1);
    }
}

#[cfg(unix)]
mod program {
    use std::env;
    use std::io;
    use std::net::SocketAddr;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::time::Duration;

    use omnipoll::net::UdpSocket;
    use omnipoll::{Events, Interest, Poll, Token};
    use rustix::event::{PollFd, PollFlags};
    use rustix::io::Errno;

    /// The program with a loop of its own, here a bare poll(2).
    pub(super) fn run() -> io::Result<()> {
        let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
        let mut echo = Echo::new(address.parse().map_err(io::Error::other)?)?;
        let terminal = io::stdin();
        loop {
            let mut ready = [
                PollFd::new(&terminal, PollFlags::IN),
                PollFd::from_borrowed_fd(echo.descriptor(), PollFlags::IN),
            ];
            match rustix::event::poll(&mut ready, None) {
                // By a signal, or an io_uring of this thread.
                Err(Errno::INTR) => continue,
                result => result?,
            };
            let [terminal_is_ready, echo_is_ready] = ready.map(|fd| !fd.revents().is_empty());
            if echo_is_ready {
                echo.turn()?;
            }
            if terminal_is_ready {
                let mut buffer = [0; 256];
                // Not by `io::stdin`'s own buffer, which may hold bytes that no event tells of.
                match rustix::io::read(&terminal, &mut buffer)? {
                    0 => return Ok(()),
                    length if buffer[..length].starts_with(b"count") => {
                        println!("{} datagrams", echo.count)
                    }
                    _ => println!("type count"),
                }
            }
        }
    }

    /// What could be a library: its sources, and the poll that waits for them.
    struct Echo {
        poll: Poll,
        events: Events,
        socket: UdpSocket,
        count: u64,
    }

    impl Echo {
        fn new(address: SocketAddr) -> io::Result<Echo> {
            let poll = Poll::builder().retry_interrupted(true).build()?;
            if poll.fd().is_none() {
                let lack = format!("{} has no descriptor: take epoll or io_uring", poll.backend());
                return Err(io::Error::new(io::ErrorKind::Unsupported, lack));
            }
            let mut socket = UdpSocket::bind(address)?;
            poll.registry().register(&mut socket, Token(0), Interest::READABLE.level())?;
            println!("listening on {} by {}", socket.local_addr()?, poll.backend());
            Ok(Echo { poll, events: Events::with_capacity(8), socket, count: 0 })
        }

        /// Readable while `turn` has something to do.
        fn descriptor(&self) -> BorrowedFd<'_> {
            self.poll.as_fd()
        }

        /// Does what can be done without waiting.
        fn turn(&mut self) -> io::Result<()> {
            self.poll.poll(&mut self.events, Some(Duration::ZERO))?;
            for _ in &self.events {
                let mut buffer = [0; 65_535];
                let Ok((length, peer)) = self.socket.recv_from(&mut buffer) else { continue };
                self.count += 1;
                // Without room it is dropped, as the network may do as well.
                let _ = self.socket.send_to(&buffer[..length], peer);
            }
            Ok(())
        }
    }
}
