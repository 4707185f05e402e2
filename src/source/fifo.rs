#![allow(unsafe_code)]

use std::ffi::CString;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::source::pipe::{Receiver, Sender};

/// How long to sleep before looking for a reader again: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Should it be a terminal, it must not become that of this process.
#[cfg(o_noctty)]
const NOCTTY: OFlags = OFlags::NOCTTY;
#[cfg(not(o_noctty))]
const NOCTTY: OFlags = OFlags::empty();

/// Makes a FIFO at `path`: a pipe that unrelated processes find by its name.
///
/// `mode` are its permissions, as in `0o600`, less those that the process's umask takes
/// away. It is a file, which stays until it is removed. See [mkfifo(3)].
///
/// # Errors
///
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is something at `path`, and
/// those of making a file.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
///
/// use omnipoll::unix::pipe;
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("omnipoll-fifo-{}", std::process::id()));
/// pipe::create_fifo(&path, 0o600)?;
/// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
/// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
///
/// sender.write_all(b"hello")?;
/// let mut buffer = [0; 16];
/// assert_eq!(receiver.read(&mut buffer)?, 5);
///
/// std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
///
/// [mkfifo(3)]: https://man7.org/linux/man-pages/man3/mkfifo.3.html
pub fn create_fifo(path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
    let path = path.as_ref();
    make(path, mode).map_err(|error| about(path, error, "cannot make a FIFO here"))
}

/// How to open a FIFO by its path, without blocking.
///
/// Opening never waits, unless [`wait_for_reader`](OpenOptions::wait_for_reader) asks for
/// it. The ends are non-blocking and close-on-exec from the call that opens them. See
/// [fifo(7)].
///
/// - A **receiver** opens at once, whether there is a writer or not. With no writer yet,
///   a read returns `Ok(0)`, as at the end of a file, and no event comes before the
///   first bytes. It survives its writers: after the last one closed and `Ok(0)` was
///   read, the next writer's bytes bring a new event.
/// - A **sender** needs a reader: without one it is refused, as nobody would read.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::time::Duration;
///
/// use omnipoll::unix::pipe::{self, OpenOptions};
///
/// # fn main() -> io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("omnipoll-options-{}", std::process::id()));
/// pipe::create_fifo(&path, 0o600)?;
///
/// // Nobody reads, and nobody comes.
/// let refused = OpenOptions::new().open_sender(&path).unwrap_err();
/// assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
///
/// let waited = OpenOptions::new()
///     .wait_for_reader(Duration::from_millis(10))
///     .open_sender(&path)
///     .unwrap_err();
/// assert_eq!(waited.kind(), io::ErrorKind::TimedOut);
/// # std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
///
/// [fifo(7)]: https://man7.org/linux/man-pages/man7/fifo.7.html
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read_write: bool,
    wait_for_reader: Duration,
}

impl OpenOptions {
    /// The plain way: for one direction, without waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::pipe::OpenOptions;
    ///
    /// let options = OpenOptions::new();
    /// assert!(options.open_receiver("/nowhere").is_err());
    /// ```
    #[must_use]
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Opens the FIFO for reading and writing, whichever end is asked for.
    ///
    /// A receiver then never sees the end of the file, since it counts as a writer
    /// itself: one registration serves one writer after another. A sender opens without
    /// a reader, since it counts as one: what it writes waits in the FIFO for a reader to
    /// come, is lost if none comes before it closes, and once the FIFO is full (64 KiB
    /// on Linux) a write would block. It is never told that the readers have gone.
    ///
    /// POSIX leaves this undefined; Linux, the BSDs and macOS have it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    ///
    /// use omnipoll::unix::pipe::{self, OpenOptions};
    ///
    /// # fn main() -> io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-both-{}", std::process::id()));
    /// pipe::create_fifo(&path, 0o600)?;
    /// let mut receiver = OpenOptions::new().read_write(true).open_receiver(&path)?;
    /// let mut sender = OpenOptions::new().open_sender(&path)?;
    /// drop(sender);
    ///
    /// // Not `Ok(0)`, though the last other writer has gone.
    /// let error = receiver.read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn read_write(mut self, read_write: bool) -> OpenOptions {
        self.read_write = read_write;
        self
    }

    /// Lets [`open_sender`](Self::open_sender) wait up to `limit` for a reader.
    ///
    /// The calling thread sleeps, and looks again after pauses that grow from 1 to 20
    /// milliseconds, for the system tells nobody that a reader has come: only a thread
    /// stuck in a blocking `open` would learn of it, and could not be called back. So
    /// call it before the event loop starts or on another thread; or, in a loop, try
    /// `open_sender` without waiting from time to time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use std::time::Duration;
    ///
    /// use omnipoll::unix::pipe::{self, OpenOptions};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-wait-{}", std::process::id()));
    /// pipe::create_fifo(&path, 0o600)?;
    /// let reader = thread::spawn({
    ///     let path = path.clone();
    ///     move || std::fs::read(path)
    /// });
    ///
    /// let sender = OpenOptions::new()
    ///     .wait_for_reader(Duration::from_secs(10))
    ///     .open_sender(&path)?;
    /// drop(sender);
    /// reader.join().unwrap()?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn wait_for_reader(mut self, limit: Duration) -> OpenOptions {
        self.wait_for_reader = limit;
        self
    }

    /// Opens the FIFO at `path` to read from it.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is something else than a
    /// FIFO, and those of opening a file. Each names the path.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    ///
    /// use omnipoll::unix::pipe::{self, OpenOptions};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-receiver-{}", std::process::id()));
    /// pipe::create_fifo(&path, 0o600)?;
    /// let mut receiver = OpenOptions::new().open_receiver(&path)?;
    /// // Nobody writes yet, and that is no error.
    /// assert_eq!(receiver.read(&mut [0; 16])?, 0);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_receiver(&self, path: impl AsRef<Path>) -> io::Result<Receiver> {
        let path = path.as_ref();
        let access = if self.read_write { OFlags::RDWR } else { OFlags::RDONLY };
        match open(path, access) {
            Ok(fifo) => Ok(Receiver::from(fifo)),
            Err(refusal) => Err(refusal.explain(path)),
        }
    }

    /// Opens the FIFO at `path` to write to it.
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody has it open for
    /// reading (the system's `ENXIO`), or
    /// [`TimedOut`](io::ErrorKind::TimedOut) if nobody did within the time that
    /// [`wait_for_reader`](Self::wait_for_reader) gave;
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is something else than a
    /// FIFO, and those of opening a file. Each names the path.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// use omnipoll::unix::pipe::{self, OpenOptions};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("omnipoll-sender-{}", std::process::id()));
    /// pipe::create_fifo(&path, 0o600)?;
    /// let _reader = OpenOptions::new().open_receiver(&path)?;
    /// let mut sender = OpenOptions::new().open_sender(&path)?;
    /// sender.write_all(b"hello")?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_sender(&self, path: impl AsRef<Path>) -> io::Result<Sender> {
        let path = path.as_ref();
        let access = if self.read_write { OFlags::RDWR } else { OFlags::WRONLY };
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match open(path, access) {
                Ok(fifo) => return Ok(Sender::from(fifo)),
                Err(Refusal::NoReader) if !self.wait_for_reader.is_zero() => {
                    let left = self.wait_for_reader.saturating_sub(start.elapsed());
                    if left.is_zero() {
                        return Err(nobody_came(path, self.wait_for_reader));
                    }
                    thread::sleep(pause.min(left));
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(refusal) => return Err(refusal.explain(path)),
            }
        }
    }
}

/// Why a FIFO could not be opened.
enum Refusal {
    NoReader,
    NotAFifo(FileType),
    System(Errno),
}

impl Refusal {
    fn explain(self, path: &Path) -> io::Error {
        let (kind, reason) = match self {
            Refusal::NoReader => (
                io::ErrorKind::ConnectionRefused,
                "nobody has this FIFO open for reading; start the reader first, let \
                 `wait_for_reader` wait for one, or use `read_write(true)`"
                    .to_owned(),
            ),
            Refusal::NotAFifo(file_type) => (
                io::ErrorKind::InvalidInput,
                format!(
                    "not a FIFO but {}; make one with `create_fifo` or mkfifo(1)",
                    name(file_type)
                ),
            ),
            Refusal::System(error) => return about(path, error, "cannot open the FIFO"),
        };
        io::Error::new(kind, format!("{}: {reason}", path.display()))
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Refusal {
        Refusal::System(error)
    }
}

/// Calls mkfifo(3): `rustix` has mkfifoat(3) alone, which Apple's older systems lack.
fn make(path: &Path, mode: u32) -> Result<(), Errno> {
    let mode = libc::mode_t::try_from(mode).map_err(|_| Errno::INVAL)?;
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::INVAL)?;
    // SAFETY: It reads the first argument up to its zero byte, and keeps none of it.
    match unsafe { libc::mkfifo(path.as_ptr(), mode) } {
        0 => Ok(()),
        _ => Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
    }
}

fn open(path: &Path, access: OFlags) -> Result<OwnedFd, Refusal> {
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | NOCTTY;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => {
            // Of what was opened, not of the path: that may have changed since.
            match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
                FileType::Fifo => Ok(file),
                other => Err(Refusal::NotAFifo(other)),
            }
        }
        // A socket file and a device without a driver say so too.
        Err(Errno::NXIO) => match FileType::from_raw_mode(rustix::fs::stat(path)?.st_mode) {
            FileType::Fifo => Err(Refusal::NoReader),
            other => Err(Refusal::NotAFifo(other)),
        },
        Err(Errno::ISDIR) => Err(Refusal::NotAFifo(FileType::Directory)),
        Err(error) => Err(Refusal::System(error)),
    }
}

fn name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket, to which `UnixStream::connect` connects",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "something else",
    }
}

fn nobody_came(path: &Path, limit: Duration) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("{}: nobody opened this FIFO for reading within {limit:?}", path.display()),
    )
}

/// The system's error, of the same kind, with what it is about.
fn about(path: &Path, error: Errno, what: impl fmt::Display) -> io::Error {
    let error = io::Error::from(error);
    io::Error::new(error.kind(), format!("{}: {what}: {error}", path.display()))
}
