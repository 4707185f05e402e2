use std::env;
use std::error::Error;
use std::fmt;
use std::io;
use std::str::FromStr;

use super::Selector;
use super::aside::aside;
use super::raw_descriptor::is_lack;

/// The environment variable that chooses a backend where the program does not.
pub(crate) const VARIABLE: &str = "OMNIPOLL_BACKEND";

/// A mechanism that an operating system offers for waiting on many descriptors.
///
/// Every name exists on every platform, so that a configuration file or an option can
/// hold one; [`available`](Backend::available) says which of them this machine has.
///
/// # Examples
///
/// ```
/// use omnipoll::{Backend, Poll};
///
/// # fn main() -> std::io::Result<()> {
/// for backend in Backend::available() {
///     let poll = Poll::builder().backend(backend).build()?;
///     assert_eq!(poll.backend(), backend);
///     assert_eq!(backend.to_string().parse(), Ok(backend));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// [epoll(7)], of Linux and Android. The cost of a wait follows the number of ready
    /// descriptors, not of registered ones.
    ///
    /// [epoll(7)]: https://man7.org/linux/man-pages/man7/epoll.7.html
    Epoll,
    /// [io_uring(7)], of Linux since 5.18, where no sandbox refuses it. Changes ride on the
    /// call that waits, and a wait that finds completions in the ring makes no call.
    ///
    /// It is made for one thread that waits. From when another one waits too, or drops a
    /// source while nobody waits, what the kernel has to do for a registration it does in the
    /// thread that waited when it was made. That thread is interrupted for it, so that calls
    /// of it that are never restarted, as [signal(7)] lists them, may end with `EINTR`; and
    /// while it sleeps uninterruptibly, as for a disk, events and wake-ups come late. To
    /// close such a poll interrupts its threads too, once, some milliseconds later; and so
    /// does, where it is nested in an epoll, each event that comes while that sleeps. A wait
    /// then ends with [`Interrupted`](std::io::ErrorKind::Interrupted), as after a signal:
    /// [`retry_interrupted`](crate::Builder::retry_interrupted) goes on by itself.
    ///
    /// Of a process that is killed, the kernel ends the requests after its end, and closes their
    /// sockets then: for some milliseconds more, their ports are in use.
    ///
    /// Raw descriptors, priority, exclusive, and oneshot for writing alone go by an epoll,
    /// which is nested in the ring.
    ///
    /// [io_uring(7)]: https://man7.org/linux/man-pages/man7/io_uring.7.html
    /// [signal(7)]: https://man7.org/linux/man-pages/man7/signal.7.html
    IoUring,
    /// [kqueue(2)], of macOS and its relatives, FreeBSD, NetBSD, OpenBSD and DragonFly. The
    /// cost of a wait follows the number of ready descriptors, not of registered ones.
    ///
    /// A child of fork(2) does not have it: there, each call of its poll fails.
    ///
    /// [kqueue(2)]: https://man.freebsd.org/cgi/man.cgi?query=kqueue
    Kqueue,
    /// [Event ports], of illumos and Solaris. The cost of a wait follows the number of ready
    /// descriptors, not of registered ones.
    ///
    /// [Event ports]: https://illumos.org/man/3C/port_create
    EventPorts,
    /// A [completion port], of Windows, with polls of the driver beneath Winsock, `AFD`. The cost
    /// of a wait follows the number of sockets that fired or changed.
    ///
    /// [completion port]: https://learn.microsoft.com/en-us/windows/win32/fileio/i-o-completion-ports
    Iocp,
    /// [poll_oneoff], of WASI. The cost of a wait follows the number of registered descriptors.
    ///
    /// [poll_oneoff]: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#poll_oneoff
    PollOneoff,
    /// [poll(2)], of every Unix, and `WSAPoll`, of Windows. The cost of a wait follows the number of registered
    /// descriptors, and a wait fails (`EINVAL`) for more of them than `RLIMIT_NOFILE` allows
    /// at that time.
    ///
    /// [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
    Poll,
    /// [select(2)], of every Unix, and Winsock's of that name. The cost of a wait follows the highest descriptor.
    /// Descriptors from `FD_SETSIZE` (1,024) on work where the kernel takes sets of any size,
    /// as Linux, the BSDs and macOS do; elsewhere they are refused.
    ///
    /// [select(2)]: https://man7.org/linux/man-pages/man2/select.2.html
    Select,
}

impl Backend {
    /// Every name, the preferred ones first.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Backend;
    ///
    /// // What an option of a program may name, also where this machine lacks it.
    /// for backend in Backend::ALL {
    ///     println!("{backend}: {}", if backend.is_available() { "here" } else { "not here" });
    /// }
    /// ```
    pub const ALL: &'static [Backend] = &[
        Backend::Epoll,
        Backend::IoUring,
        Backend::Kqueue,
        Backend::EventPorts,
        Backend::Iocp,
        Backend::PollOneoff,
        Backend::Poll,
        Backend::Select,
    ];

    /// The backends that this machine has, the preferred ones first.
    ///
    /// Each is opened once to find out, so a sandbox that refuses one is told from a
    /// kernel that has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Backend, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// // The first is what a poll takes that is not told otherwise.
    /// let preferred = Backend::available()[0];
    /// # if std::env::var_os("OMNIPOLL_BACKEND").is_none() {
    /// assert_eq!(Poll::new()?.backend(), preferred);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn available() -> Vec<Backend> {
        aside(|| Backend::ALL.iter().copied().filter(|backend| backend.can_be_opened()).collect())
    }

    /// Whether this machine has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::{Backend, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut builder = Poll::builder();
    /// if Backend::IoUring.is_available() {
    ///     builder = builder.backend(Backend::IoUring);
    /// }
    /// let poll = builder.build()?;
    /// # let _ = poll;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_available(self) -> bool {
        aside(|| self.can_be_opened())
    }

    /// Its name, as `OMNIPOLL_BACKEND` and [`FromStr`] take it.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::Backend;
    ///
    /// assert_eq!(Backend::IoUring.name(), "io_uring");
    /// assert_eq!("io_uring".parse(), Ok(Backend::IoUring));
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Backend::Epoll => "epoll",
            Backend::IoUring => "io_uring",
            Backend::Kqueue => "kqueue",
            Backend::EventPorts => "event_ports",
            Backend::Iocp => "iocp",
            Backend::PollOneoff => "poll_oneoff",
            Backend::Poll => "poll",
            Backend::Select => "select",
        }
    }

    fn can_be_opened(self) -> bool {
        // Being out of descriptors says nothing about the machine.
        Selector::open_mechanism(self).map_or_else(|error| !is_lack(&error), |_| true)
    }

    /// The one that `OMNIPOLL_BACKEND` names; `None` if it is not set, or empty.
    pub(crate) fn from_environment() -> io::Result<Option<Backend>> {
        let Some(name) = env::var_os(VARIABLE).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let name = name.to_string_lossy();
        match name.parse() {
            Ok(backend) => Ok(Some(backend)),
            Err(error) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{VARIABLE}={error}")))
            }
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Backend {
    type Err = ParseBackendError;

    /// Reads a name as [`name`](Backend::name) gives it, in either case.
    fn from_str(name: &str) -> Result<Backend, ParseBackendError> {
        Backend::ALL
            .iter()
            .copied()
            .find(|backend| backend.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| ParseBackendError { name: name.to_owned() })
    }
}

/// A text that names no backend.
///
/// # Examples
///
/// ```
/// use omnipoll::Backend;
///
/// let error = "epol".parse::<Backend>().unwrap_err();
/// assert!(error.to_string().starts_with("epol: no such backend; this machine has "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseBackendError {
    name: String,
}

impl fmt::Display for ParseBackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: no such backend; this machine has {}", self.name, names_of_available())
    }
}

impl Error for ParseBackendError {}

/// The names that an error can offer instead.
pub(super) fn names_of_available() -> String {
    let names: Vec<_> = Backend::available().into_iter().map(Backend::name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Poll;

    #[test]
    fn what_is_not_here_is_refused_and_what_is_here_is_named() {
        for &backend in Backend::ALL.iter().filter(|backend| !backend.is_available()) {
            let error = Poll::builder().backend(backend).build().expect_err("there is none");
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            let expected = format!("this system has no {backend}; it has {}", names_of_available());
            assert_eq!(error.to_string(), expected);
        }
    }
}
