//! The loops that a careful C programmer writes: the yardstick of every ratio.
//!
//! Plain libc calls, level-triggered as all three are by themselves, no call more
//! than needed, and no look at a descriptor after the last ready one.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use omnipoll::Backend;

use crate::pipes::Ends;
use crate::relay::{Contestant, PATIENCE, Pipe, Relay, Tally, Work};

#[cfg(target_os = "linux")]
use epoll::RawEpoll;

/// [`PATIENCE`] as epoll_wait(2) and poll(2) take it.
const PATIENCE_MS: c_int = PATIENCE.as_millis() as c_int;

/// The system call that a raw loop waits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// epoll_wait(2).
    #[cfg(target_os = "linux")]
    Epoll,
    /// poll(2).
    Poll,
    /// select(2).
    Select,
}

impl Call {
    /// The call below `backend`, where there is a raw loop for it.
    pub fn below(backend: Backend) -> Option<Call> {
        match backend {
            #[cfg(target_os = "linux")]
            Backend::Epoll => Some(Call::Epoll),
            Backend::Poll => Some(Call::Poll),
            Backend::Select => Some(Call::Select),
            // A backend may come before its raw loop does.
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    /// Registers `pipes` in a raw loop over this call.
    ///
    /// # Errors
    /// Those of epoll_create1(2) and epoll_ctl(2); the others have nothing to ask for.
    pub fn enter(self, pipes: Vec<Ends>, work: Work) -> io::Result<Box<dyn Contestant>> {
        let relay = Relay::new(pipes.into_iter().map(RawPipe).collect(), work);
        Ok(match self {
            #[cfg(target_os = "linux")]
            Call::Epoll => Box::new(RawEpoll::new(relay, work)?),
            Call::Poll => Box::new(RawPoll::new(relay)),
            Call::Select => Box::new(RawSelect::new(relay)),
        })
    }
}

struct RawPipe(Ends);

impl Pipe for RawPipe {
    #[inline]
    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let fd = self.0.reader.as_raw_fd();
        // SAFETY: pointer and length are those of one live buffer.
        let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        if count >= 0 {
            return Ok(Some(count as usize));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN) => Ok(None),
            _ => Err(error),
        }
    }

    #[inline]
    fn write(&self, byte: &[u8; 1]) -> io::Result<()> {
        let fd = self.0.writer.as_raw_fd();
        // SAFETY: the one byte is live.
        let count = unsafe { libc::write(fd, byte.as_ptr().cast(), 1) };
        if count < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn into_ends(self) -> Ends {
        self.0
    }
}

/// The count that a wait returned: 0 where a signal ended it, so that the loop asks again.
#[inline]
fn ready(relay: &mut Relay<RawPipe>, result: c_int) -> io::Result<usize> {
    if result < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) };
    }
    relay.waited(result as usize)?;
    Ok(result as usize)
}

#[cfg(target_os = "linux")]
mod epoll {
    use std::os::fd::FromRawFd;

    use super::*;

    pub(super) struct RawEpoll {
        epoll: OwnedFd,
        events: Vec<libc::epoll_event>,
        relay: Relay<RawPipe>,
    }

    impl RawEpoll {
        pub(super) fn new(mut relay: Relay<RawPipe>, work: Work) -> io::Result<RawEpoll> {
            // SAFETY: takes no pointer.
            let epoll = match unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) } {
                -1 => return Err(io::Error::last_os_error()),
                // SAFETY: the descriptor is new, nobody else owns it.
                fd => unsafe { OwnedFd::from_raw_fd(fd) },
            };
            for (index, pipe) in relay.pipes_mut().iter().enumerate() {
                let fd = pipe.0.reader.as_raw_fd();
                let mut event =
                    libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
                // SAFETY: the event lives through the call.
                let result = unsafe {
                    libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &mut event)
                };
                if result < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            let events = vec![libc::epoll_event { events: 0, u64: 0 }; work.capacity()];
            Ok(RawEpoll { epoll, events, relay })
        }
    }

    impl Contestant for RawEpoll {
        fn run(&mut self, writes: usize) -> io::Result<Tally> {
            self.relay.start(writes)?;
            let fd = self.epoll.as_raw_fd();
            while self.relay.is_running() {
                let room = self.events.len() as c_int;
                // SAFETY: pointer and room are those of one live array.
                let result =
                    unsafe { libc::epoll_wait(fd, self.events.as_mut_ptr(), room, PATIENCE_MS) };
                let count = ready(&mut self.relay, result)?;
                for &event in &self.events[..count] {
                    if event.events & libc::EPOLLIN as u32 != 0 {
                        self.relay.pass_on(event.u64 as usize)?;
                    }
                }
            }
            self.relay.finish()
        }

        fn leave(self: Box<Self>) -> Vec<Ends> {
            self.relay.into_ends()
        }
    }
}

struct RawPoll {
    fds: Vec<libc::pollfd>,
    relay: Relay<RawPipe>,
}

impl RawPoll {
    fn new(mut relay: Relay<RawPipe>) -> RawPoll {
        let fds = relay
            .pipes_mut()
            .iter()
            .map(|pipe| libc::pollfd {
                fd: pipe.0.reader.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            })
            .collect();
        RawPoll { fds, relay }
    }
}

impl Contestant for RawPoll {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        self.relay.start(writes)?;
        while self.relay.is_running() {
            let length = self.fds.len() as libc::nfds_t;
            // SAFETY: pointer and length are those of one live array.
            let result = unsafe { libc::poll(self.fds.as_mut_ptr(), length, PATIENCE_MS) };
            let mut left = ready(&mut self.relay, result)?;
            for (index, fd) in self.fds.iter().enumerate() {
                if left == 0 {
                    break;
                }
                if fd.revents == 0 {
                    continue;
                }
                left -= 1;
                if fd.revents & libc::POLLIN != 0 {
                    self.relay.pass_on(index)?;
                }
            }
        }
        self.relay.finish()
    }

    fn leave(self: Box<Self>) -> Vec<Ends> {
        self.relay.into_ends()
    }
}

/// The bits in one word of a set.
const WORD_BITS: usize = libc::c_ulong::BITS as usize;

/// The kernel takes sets of any size; `fd_set` with its 1,024 bits is only libc's type.
struct RawSelect {
    wanted: Vec<libc::c_ulong>,
    ready: Vec<libc::c_ulong>,
    /// The pipe of each descriptor, by its number.
    pipe_of: Vec<u32>,
    relay: Relay<RawPipe>,
}

impl RawSelect {
    fn new(mut relay: Relay<RawPipe>) -> RawSelect {
        let readers: Vec<usize> =
            relay.pipes_mut().iter().map(|pipe| pipe.0.reader.as_raw_fd() as usize).collect();
        let bound = readers.iter().max().map_or(0, |highest| highest + 1);
        let mut wanted = vec![0; bound.div_ceil(WORD_BITS)];
        let mut pipe_of = vec![0; bound];
        for (index, &fd) in readers.iter().enumerate() {
            wanted[fd / WORD_BITS] |= 1 << (fd % WORD_BITS);
            pipe_of[fd] = index as u32;
        }
        RawSelect { ready: wanted.clone(), wanted, pipe_of, relay }
    }

    fn wait(&mut self) -> c_int {
        self.ready.copy_from_slice(&self.wanted);
        let mut timeout = libc::timeval {
            tv_sec: PATIENCE.as_secs() as libc::time_t,
            tv_usec: PATIENCE.subsec_micros() as libc::suseconds_t,
        };
        let none = std::ptr::null_mut();
        let bound = self.pipe_of.len() as c_int;
        let ready = self.ready.as_mut_ptr().cast();
        // SAFETY: the set has a bit for every descriptor below the bound, and select
        // touches no bit beyond it.
        unsafe { libc::select(bound, ready, none, none, &mut timeout) }
    }
}

impl Contestant for RawSelect {
    fn run(&mut self, writes: usize) -> io::Result<Tally> {
        self.relay.start(writes)?;
        while self.relay.is_running() {
            let result = self.wait();
            let mut left = ready(&mut self.relay, result)?;
            for (index, &word) in self.ready.iter().enumerate() {
                if left == 0 {
                    break;
                }
                let mut bits = word;
                while bits != 0 {
                    let fd = index * WORD_BITS + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    left -= 1;
                    self.relay.pass_on(self.pipe_of[fd] as usize)?;
                }
            }
        }
        self.relay.finish()
    }

    fn leave(self: Box<Self>) -> Vec<Ends> {
        self.relay.into_ends()
    }
}
