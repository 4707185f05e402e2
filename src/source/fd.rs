use std::io;
use std::os::fd::{AsRawFd, RawFd};

use crate::backend::Tells;
use crate::event::Source;
use crate::{Interest, Registry, Token};

/// Makes an [`event::Source`](Source) of any open descriptor, without owning it.
///
/// It is for what has no type of its own here: a terminal or pseudo-terminal, an
/// `eventfd` or `timerfd`, `inotify`, `/dev/input/*`, a socket of another family, or a
/// descriptor that some library hands out. What you own yourself is better off in an
/// [`IoSource`](crate::IoSource).
///
/// Make the descriptor non-blocking, and do the I/O by calls of your own: omnipoll does
/// not see it. What follows from that depends on the trigger:
///
/// | trigger | epoll | poll, select |
/// |---|---|---|
/// | [`level`](Interest::level) | of the kernel | of the kernel |
/// | [`oneshot`](Interest::oneshot) | of the kernel | kept by omnipoll |
/// | edge, the default | of the kernel | of the kernel too, on systems that have epoll, through a small set of it inside; elsewhere refused with [`Unsupported`](io::ErrorKind::Unsupported) |
///
/// [`Capabilities::raw_edge`](crate::Capabilities::raw_edge) says which it is. A program that
/// wants to run everywhere asks for levels.
///
/// # Files that are always ready
///
/// Regular files, folders, and devices such as `/dev/null` never make anyone wait, and
/// so cannot be waited for. They are refused alike on every backend, with
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied). A program whose standard input
/// may be a file builds its poll with `Poll::builder().always_ready_files(true)`: such a
/// file then is ready at once, and again after each `reregister` or `rearm`.
///
/// # Terminals
///
/// A terminal is readable when a line was typed, or a key in raw mode; a
/// pseudo-terminal's main side also once the last program on the other side has closed
/// it, and a read then fails on Linux with `EIO`, not with end of file. `O_NONBLOCK` on
/// a terminal is shared with every program that has it open, the shell too: take it back
/// before you leave, or read once per event with the level trigger instead.
///
/// # Closing
///
/// Deregister before you close the descriptor. Else its number may come to stand for
/// another file while the registration is still there, and a copy made by `dup` or
/// `fork` may keep it alive in the kernel. A descriptor found closed is reported once,
/// with [`is_error`](crate::event::Event::is_error), by poll and select under level and
/// oneshot; else nothing is said.
///
/// # Errors
///
/// `register` fails with [`AlreadyExists`](io::ErrorKind::AlreadyExists) if the
/// descriptor is registered with that poll, `reregister` and `deregister` with
/// [`NotFound`](io::ErrorKind::NotFound) if it is not; and all with the system's own
/// error (`EBADF`) if it is not open. See [epoll_ctl(2)], [poll(2)] and [select(2)].
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::fd::AsRawFd;
/// use std::os::unix::net::UnixStream;
///
/// use omnipoll::unix::SourceFd;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> std::io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
///
/// let (mut here, mut there) = UnixStream::pair()?;
/// here.set_nonblocking(true)?;
/// let fd = here.as_raw_fd();
/// let mut source = SourceFd(&fd);
/// poll.registry().register(&mut source, Token(0), Interest::READABLE.level())?;
///
/// there.write_all(b"hello")?;
/// poll.poll(&mut events, None)?;
/// let mut buffer = [0; 16];
/// assert_eq!(here.read(&mut buffer)?, 5);
///
/// poll.registry().deregister(&mut SourceFd(&fd))?;
/// # Ok(())
/// # }
/// ```
///
/// [epoll_ctl(2)]: https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
/// [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
/// [select(2)]: https://man7.org/linux/man-pages/man2/select.2.html
#[derive(Debug)]
pub struct SourceFd<'a>(
    /// The descriptor, which stays yours.
    pub &'a RawFd,
);

impl Source for SourceFd<'_> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        match registry.selector().add(*self.0, token, interests, Tells::Nothing) {
            Ok(_) => Ok(()),
            Err(error) => Err(explain(error, *self.0)),
        }
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let result = registry.selector().modify(*self.0, token, interests);
        result.map_err(|error| explain(error, *self.0))
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        let result = registry.selector().remove(*self.0);
        result.map_err(|error| explain(error, *self.0))
    }
}

impl AsRawFd for SourceFd<'_> {
    fn as_raw_fd(&self) -> RawFd {
        *self.0
    }
}

/// Says what is wrong with a registration where the system's words speak of files.
fn explain(error: io::Error, fd: RawFd) -> io::Error {
    let problem = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "is registered with this poll already: reregister changes its token and interest"
        }
        io::ErrorKind::NotFound => "is not registered with this poll: register it first",
        _ => return error,
    };
    io::Error::new(error.kind(), format!("descriptor {fd} {problem}"))
}
