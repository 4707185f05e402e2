//! A descriptor, and those on its other side who bring it into a state.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, sockopt};

use super::oracle::{self, ALL};
use super::subject::Subject;

pub(crate) struct Scene {
    pub(crate) subject: Subject,
    /// The other end first, if there is one.
    pub(crate) others: Vec<OwnedFd>,
}

impl Scene {
    pub(crate) fn new(subject: Subject, others: Vec<OwnedFd>) -> Scene {
        Scene { subject, others }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.subject.as_fd()
    }

    pub(crate) fn peer(&self) -> BorrowedFd<'_> {
        self.others[0].as_fd()
    }

    /// Waits until the kernel has brought about all of `flags`.
    #[track_caller]
    pub(crate) fn until(&self, flags: PollFlags) {
        oracle::until(self.fd(), flags);
    }

    /// The peer sends all of `bytes`.
    #[track_caller]
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        assert_eq!(rustix::io::write(self.peer(), bytes), Ok(bytes.len()));
        self.until(PollFlags::IN);
    }

    /// The peer sends a byte out of band.
    pub(crate) fn receive_urgent(&mut self) {
        assert_eq!(rustix::net::send(self.peer(), b"!", SendFlags::OOB), Ok(1));
        self.until(PollFlags::PRI);
    }

    /// We take one of what has come.
    #[track_caller]
    pub(crate) fn take(&mut self, bytes: usize) {
        self.until(PollFlags::IN);
        self.subject.take(&mut vec![0; bytes]).expect("there is something to take");
    }

    /// We take all that has come.
    #[track_caller]
    pub(crate) fn take_all(&mut self) {
        loop {
            match self.subject.take(&mut [0; 16 * 1024]) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A terminal whose other side is closed.
                Err(error) if error.raw_os_error() == Some(libc::EIO) => return,
                Err(error) => panic!("take: {error}"),
            }
        }
    }

    /// We take the byte that came out of band.
    pub(crate) fn take_urgent(&mut self) {
        self.subject.take_urgent().expect("an urgent byte");
    }

    /// We send one message, and the peer has it.
    #[track_caller]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        assert_eq!(self.subject.put(bytes).expect("room for a few bytes"), bytes.len());
        oracle::until(self.peer(), PollFlags::IN);
    }

    /// We send until there is no room, and there stays none.
    #[track_caller]
    pub(crate) fn fill(&mut self) {
        loop {
            match self.subject.put(&[b'x'; 1024]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.let_it_arrive();
                    if !oracle::look(self.fd(), ALL).contains(PollFlags::OUT) {
                        return;
                    }
                }
                Err(error) => panic!("put: {error}"),
            }
        }
    }

    /// Gives the kernel the time to pass on what we sent, where it does not do so at once.
    fn let_it_arrive(&self) {
        match self.subject {
            // The peer may still have to say that it got some of it.
            Subject::TcpStream(_) => {
                sockopt::set_tcp_quickack(self.peer(), true).expect("TCP_QUICKACK");
            }
            // A terminal has a thread of the kernel's between its sides.
            Subject::Other(_) => {}
            _ => return,
        }
        oracle::steady(self.fd());
    }

    /// The peer takes all that we sent, so that there is room again.
    ///
    /// To take some is not enough: a terminal then has room, but its kernel wakes nobody
    /// before hardly anything is left.
    #[track_caller]
    pub(crate) fn make_room(&mut self) {
        loop {
            match rustix::io::read(self.peer(), &mut [0; 4096]) {
                Ok(_) => {}
                Err(Errno::AGAIN) if oracle::look(self.fd(), ALL).contains(PollFlags::OUT) => {
                    return;
                }
                Err(Errno::AGAIN) => thread::sleep(Duration::from_micros(100)),
                Err(error) => panic!("the peer reads: {error}"),
            }
        }
    }

    /// Another end of the same kind takes part.
    pub(crate) fn duplicate_peer(&mut self) {
        let copy = rustix::io::fcntl_dupfd_cloexec(self.peer(), 0).expect("dup");
        self.others.push(copy);
    }

    pub(crate) fn close_peer(&mut self) {
        drop(self.others.remove(0));
    }

    /// The connection is cut off.
    pub(crate) fn reset_by_peer(&mut self) {
        reset_on_close(self.peer());
        self.close_peer();
    }

    pub(crate) fn peer_shuts_down(&mut self, how: Shutdown) {
        rustix::net::shutdown(self.peer(), how).expect("shutdown");
    }

    pub(crate) fn shut_down(&mut self, how: Shutdown) {
        rustix::net::shutdown(self.fd(), how).expect("shutdown");
    }

    /// We fetch the pending error of a socket.
    #[track_caller]
    pub(crate) fn take_error(&mut self) {
        self.until(PollFlags::ERR);
        assert!(sockopt::socket_error(self.fd()).expect("SO_ERROR").is_err());
    }

    /// Opens the file behind the descriptor once more, for somebody else.
    pub(crate) fn open_again(&mut self, flags: OFlags) {
        self.others.insert(0, open_again(self.fd(), flags));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Thousands of connections would each hold a port for a minute.
        self.others.iter().for_each(|fd| reset_on_close(fd.as_fd()));
        reset_on_close(self.fd());
    }
}

/// Has closing `socket` reset its connection.
fn reset_on_close(socket: BorrowedFd<'_>) {
    // What is no socket has nothing to reset.
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// Opens the file behind `fd` once more.
pub(crate) fn open_again(fd: BorrowedFd<'_>, flags: OFlags) -> OwnedFd {
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd));
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(path, flags, Mode::empty()).expect("open once more")
}
