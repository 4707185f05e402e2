//! Two processes talk through two FIFOs, and each with its terminal.
//!
//! In one terminal, and then in another:
//!
//! ```sh
//! cargo run --example fifo_chat -- /tmp/anna /tmp/ben
//! OMNIPOLL_BACKEND=poll cargo run --example fifo_chat -- /tmp/ben /tmp/anna
//! ```
//!
//! The first path is where this side listens, the second where it speaks. A line that is
//! typed goes to the other side; the end of the input (control-D) ends the program.
//!
//! It waits for two things at once: a FIFO, whose writers come and go, and a terminal
//! that it does not own. Input from a file works too: `fifo_chat ... < letter`.

#[cfg(not(unix))]
fn main() {
    eprintln!("fifo_chat: this system has no FIFOs");
}

#[cfg(unix)]
fn main() {
    if let Err(error) = chat::run() {
        eprintln!("fifo_chat: {error}");
        std::process::exit(1);
    }
}

#[cfg(unix)]
mod chat {
    use std::io::ErrorKind::{AlreadyExists, BrokenPipe, ConnectionRefused, NotFound, WouldBlock};
    use std::io::{self, Read, Write};
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};
    use std::{env, mem};

    use omnipoll::unix::SourceFd;
    use omnipoll::unix::pipe::{self, OpenOptions, Receiver, Sender};
    use omnipoll::{Events, Interest, Poll, Token};

    const TERMINAL: Token = Token(0);
    const LISTENING: Token = Token(1);

    pub(super) fn run() -> io::Result<()> {
        let paths: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
        let [listening, speaking] = &paths[..] else {
            return Err(io::Error::other("which FIFOs? fifo_chat LISTENING SPEAKING"));
        };
        // The input may be a file, which is always ready to be read.
        let mut poll = Poll::builder().always_ready_files(true).retry_interrupted(true).build()?;
        // Level, with one read for an event: the terminal belongs to the shell as well, so it is
        // left as it is, and a read that would block must not be tried.
        let terminal = io::stdin().as_raw_fd();
        poll.registry().register(&mut SourceFd(&terminal), TERMINAL, Interest::READABLE.level())?;
        match pipe::create_fifo(listening, 0o600) {
            // Of an earlier run, or made by the other side.
            Err(error) if error.kind() == AlreadyExists => {}
            result => result?,
        }
        let mut ear = OpenOptions::new().open_receiver(listening)?;
        poll.registry().register(&mut ear, LISTENING, Interest::READABLE)?;
        println!("listening on {} by {}", listening.display(), poll.backend());

        let (mut events, mut sender, mut visited) = (Events::with_capacity(8), None, false);
        loop {
            poll.poll(&mut events, None)?;
            for event in &events {
                if event.token() == LISTENING {
                    show_all(&mut ear, &mut visited)?;
                    continue;
                }
                // Not by `io::stdin()`, whose buffer could hold bytes that no event will tell of.
                let mut buffer = [0; 4096];
                match rustix::io::read(io::stdin(), &mut buffer)? {
                    0 => return Ok(()),
                    length => say(speaking, &mut sender, &buffer[..length])?,
                }
            }
        }
    }

    /// Shows what has come. After the last writer has left, the FIFO stays open and registered,
    /// and an event comes with the first bytes of the next one.
    fn show_all(ear: &mut Receiver, visited: &mut bool) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            match ear.read(&mut buffer) {
                Ok(0) => {
                    if mem::take(visited) {
                        println!("(they left)");
                    }
                    return Ok(());
                }
                Ok(length) => {
                    *visited = true;
                    io::stdout().write_all(&buffer[..length])?;
                    io::stdout().flush()?;
                }
                Err(error) if error.kind() == WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Says it to whoever listens at `path`. It can be opened only then: the next line tries again.
    fn say(path: &Path, sender: &mut Option<Sender>, text: &[u8]) -> io::Result<()> {
        let open = sender.take().map_or_else(|| OpenOptions::new().open_sender(path), Ok);
        let spoken = open.and_then(|open| sender.insert(open).write_all(text));
        match spoken.map_err(|error| (error.kind(), error)) {
            Err((ConnectionRefused | NotFound | BrokenPipe, _)) => {
                *sender = None;
                println!("(nobody is there)");
            }
            Err((WouldBlock, _)) => println!("(they do not listen, and have missed it)"),
            result => return result.map_err(|(_, error)| error),
        }
        Ok(())
    }
}
