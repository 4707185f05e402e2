//! Two processes talk through two FIFOs, and each with its terminal.
//!
//! In one terminal, and then in another:
//!
//! ```sh
//! cargo run --example fifo_chat -- /tmp/anna /tmp/ben
//! cargo run --example fifo_chat -- /tmp/ben /tmp/anna --backend poll
//! ```
//!
//! The first path is where this side listens, the second where it speaks. A line that is
//! typed goes to the other side; the end of the input (control-D) ends the program.
//!
//! It waits for two things at once: a FIFO, whose writers come and go, and a terminal
//! that it does not own. Input from a file works too: `fifo_chat ... < letter`.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::{env, process};

use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::{self, OpenOptions, Receiver, Sender};
use omnipoll::{Events, Interest, Poll, Token};

const TERMINAL: Token = Token(0);
const LISTENING: Token = Token(1);

fn main() {
    if let Err(error) = chat() {
        eprintln!("fifo_chat: {error}");
        process::exit(1);
    }
}

fn chat() -> io::Result<()> {
    // The end of the input may be a file, which is always ready to be read.
    let mut builder = Poll::builder().always_ready_files(true).retry_interrupted(true);
    let mut paths = Vec::new();
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--backend" {
            let name = arguments.next().unwrap_or_default();
            builder = builder.backend(name.parse().map_err(io::Error::other)?);
        } else {
            paths.push(PathBuf::from(argument));
        }
    }
    let [listening, speaking] = &paths[..] else {
        return Err(io::Error::other("which FIFOs? fifo_chat LISTENING SPEAKING"));
    };
    let mut poll = builder.build()?;
    let mut events = Events::with_capacity(8);

    // Level, with one read for an event: the terminal belongs to the shell as well, so it
    // is left as it is, and a read that would block must not be tried.
    let terminal = io::stdin().as_raw_fd();
    poll.registry().register(&mut SourceFd(&terminal), TERMINAL, Interest::READABLE.level())?;
    let mut receiver = open_receiver(listening)?;
    poll.registry().register(&mut receiver, LISTENING, Interest::READABLE)?;
    println!("listening on {} by {}", listening.display(), poll.backend());

    let mut ear = Ear { receiver, visited: false };
    let mut chat = Chat { speaking: speaking.clone(), sender: None };
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                TERMINAL => {
                    if !chat.read_terminal()? {
                        return Ok(());
                    }
                }
                _ => ear.show_all()?,
            }
        }
    }
}

fn open_receiver(path: &Path) -> io::Result<Receiver> {
    match pipe::create_fifo(path, 0o600) {
        // Of an earlier run, or made by the other side.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    OpenOptions::new().open_receiver(path)
}

/// The FIFO that others write to.
struct Ear {
    receiver: Receiver,
    /// Somebody has written, and has not left since.
    visited: bool,
}

impl Ear {
    /// Shows what has come, until reading would block or there is no writer.
    ///
    /// After the last writer has left, the FIFO stays open and registered: an event comes
    /// with the first bytes of the next one.
    fn show_all(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            match self.receiver.read(&mut buffer) {
                Ok(0) => {
                    if self.visited {
                        println!("(they left)");
                    }
                    self.visited = false;
                    return Ok(());
                }
                Ok(length) => {
                    self.visited = true;
                    io::stdout().write_all(&buffer[..length])?;
                    io::stdout().flush()?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

struct Chat {
    speaking: PathBuf,
    /// There once the other side has been there.
    sender: Option<Sender>,
}

impl Chat {
    /// Passes on what was typed; false at the end of the input.
    fn read_terminal(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        // Not `io::stdin()`, whose buffer could hold bytes that no event will tell of.
        let length = rustix::io::read(io::stdin(), &mut buffer)?;
        if length > 0 {
            self.say(&buffer[..length])?;
        }
        Ok(length > 0)
    }

    fn say(&mut self, text: &[u8]) -> io::Result<()> {
        let spoken = self.sender().and_then(|mut sender| sender.write_all(text));
        match spoken {
            Ok(()) => Ok(()),
            // Nobody has the FIFO open for reading, or there is none: not yet, or not
            // any more. The next line tries again.
            Err(error) if is_absence(&error) => {
                self.sender = None;
                println!("(nobody is there)");
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                println!("(they do not listen: {} bytes were not said)", text.len());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The open FIFO. A sender cannot be opened before there is a reader.
    fn sender(&mut self) -> io::Result<&Sender> {
        let sender = match self.sender.take() {
            Some(sender) => sender,
            None => OpenOptions::new().open_sender(&self.speaking)?,
        };
        Ok(self.sender.insert(sender))
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound | io::ErrorKind::BrokenPipe
    )
}
