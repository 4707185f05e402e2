//! The writing end of a pipe that nobody reads, for which some kernels refuse to wait. An event
//! that the library triggers stands in for the filter.
//!
//! It has the number of the descriptor, and the kernel does not know that: unlike a filter it
//! outlives the descriptor. So whoever relies on its being there asks whether the kernel still
//! refuses what it stands for. Such a pipe stays as it is for as long as it is open.

use std::io;
use std::os::fd::RawFd;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::Kqueue;
use super::kevent::{Changes, Filter, Flags, Kevent};
use super::registration::Registration;
use super::table::Table;
use crate::Token;
use crate::backend::glance::Glance;
use crate::backend::raw_fd::borrow;
use crate::backend::stateless::Found;
use crate::event::Readiness;

impl Kqueue {
    /// Has the end of a pipe told that nobody reads.
    pub(super) fn stand_in(&self, fd: RawFd, registration: Registration) -> io::Result<()> {
        if self.notifier.is_some() {
            // The kernel has no such events, so the caller is told by the refusal.
            return Err(Errno::PIPE.into());
        }
        let mut changes = Changes::new();
        let (ident, token) = (fd as usize, registration.token);
        changes.note(Filter::User, ident, registration.flags(), token);
        self.queue.change(&mut changes)?;
        changes.all()?;
        self.queue.trigger(ident, token)
    }

    /// Whether `fd` is what it was when something had to stand in for it.
    pub(super) fn is_still_broken(&self, fd: RawFd) -> io::Result<bool> {
        if cfg!(omnipoll_libkqueue) {
            // It refuses none.
            return has_no_reader(fd);
        }
        let mut changes = Changes::new();
        let (ident, unused) = (fd as usize, Token(0));
        changes.note(Filter::Write, ident, Flags::ADD.with(Flags::DISABLE), unused);
        changes.note(Filter::Write, ident, Flags::DELETE, unused);
        self.queue.change(&mut changes)?;
        let addition = changes.outcomes().next();
        Ok(matches!(addition, Some((_, Err(error))) if is_refusal(fd, error)))
    }

    /// Ends what stands in for a pipe that was closed, and would tell of it for ever.
    pub(super) fn end_if_closed(
        &self,
        registrations: &mut Table,
        kevent: &Kevent,
    ) -> io::Result<()> {
        let fd = kevent.ident() as RawFd;
        let Some(&mut registration) = registrations.get(fd) else { return Ok(()) };
        if registration.is_broken && !self.is_still_broken(fd)? {
            self.take(registrations, fd);
            self.delete(fd, registration)?;
        }
        Ok(())
    }
}

/// Whether `error`, by which the kernel has refused to wait for room in `fd`, says that it is the
/// end of a pipe that nobody reads.
pub(super) fn is_refusal(fd: RawFd, error: Errno) -> bool {
    match error {
        Errno::PIPE => true,
        // What NetBSD says (`pipe_kqfilter`), though the descriptor is open.
        Errno::BADF => is_open_pipe(fd),
        _ => false,
    }
}

fn is_open_pipe(fd: RawFd) -> bool {
    let status = borrow(fd).and_then(|fd| Ok(rustix::fs::fstat(fd)?));
    status.is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Fifo)
}

/// What poll(2) of Linux says of it.
fn has_no_reader(fd: RawFd) -> io::Result<bool> {
    let mut glance = Glance::default();
    glance.add(fd, Readiness::OUT);
    let found = glance.look()?.next();
    Ok(matches!(found, Some((_, Found::Ready(ready))) if ready.has(Readiness::ERR)))
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, OwnedFd};

    use super::*;
    use crate::Interest;
    use crate::backend::notifier::Notifier;
    use crate::backend::timeout::NOT_AT_ALL;
    use crate::backend::{Mechanism, Tells};
    use crate::event::Events;
    use crate::os::new_fd;

    const TOKEN: Token = Token(7);
    const WRITE: Interest = Interest::WRITABLE;
    const BROKEN: Readiness = Readiness::OUT.with(Readiness::ERR);

    /// What one wait tells.
    fn wait(queue: &Kqueue) -> Vec<(Token, Readiness)> {
        let mut events = Events::with_capacity(8);
        queue.wait(&mut events, NOT_AT_ALL, None).unwrap();
        (0..).zip(events.iter()).map(|(at, event)| (event.token(), events.ready_at(at))).collect()
    }

    /// Registers `fd` as the kernel that answers so would have it.
    fn add(queue: &Kqueue, fd: RawFd, interest: Interest, refusal: Errno) -> io::Result<()> {
        let mut registration = Registration::new(TOKEN, interest);
        let refused = [(Filter::Write, Err(refusal))];
        queue.settle(fd, &mut registration, refused.into_iter())?;
        queue.registrations().insert(fd, registration);
        Ok(())
    }

    /// The writing end of a pipe that nobody reads.
    fn broken_pipe() -> OwnedFd {
        let (_, writing) = new_fd::pipe().unwrap();
        writing
    }

    /// Closes `closed`, and gives its number to what is ready for writing.
    fn use_number_again(closed: &mut OwnedFd) -> OwnedFd {
        let (reading, writing) = new_fd::pipe().unwrap();
        rustix::io::dup2(writing, closed).unwrap();
        reading
    }

    #[test]
    fn it_is_told_in_every_trigger() {
        let queue = Kqueue::open().unwrap();
        for (interest, told) in [
            (WRITE, [true, false, false]),
            (WRITE.level(), [true, true, true]),
            (WRITE.oneshot(), [true, false, false]),
        ] {
            let pipe = broken_pipe();
            add(&queue, pipe.as_raw_fd(), interest, Errno::PIPE).unwrap();
            for is_told in told {
                let expected = if is_told { &[(TOKEN, BROKEN)][..] } else { &[] };
                assert_eq!(wait(&queue), expected, "{interest:?}");
            }
            queue.remove(pipe.as_raw_fd()).unwrap();
            assert_eq!(wait(&queue), []);
        }
    }

    #[test]
    fn it_can_be_changed() {
        let queue = Kqueue::open().unwrap();
        let pipe = broken_pipe();
        add(&queue, pipe.as_raw_fd(), WRITE.level(), Errno::PIPE).unwrap();
        queue.modify(pipe.as_raw_fd(), TOKEN, WRITE.level()).unwrap();
        let [(TOKEN, told)] = wait(&queue)[..] else { panic!("one event is owed") };
        assert!(told.has(Readiness::OUT));
        queue.remove(pipe.as_raw_fd()).unwrap();
        assert_eq!(wait(&queue), []);
    }

    #[test]
    fn netbsd_calls_it_a_bad_descriptor() {
        let queue = Kqueue::open().unwrap();
        let pipe = broken_pipe();
        let number = pipe.as_raw_fd();
        add(&queue, number, WRITE, Errno::BADF).unwrap();
        assert_eq!(wait(&queue), [(TOKEN, BROKEN)]);
        queue.remove(number).unwrap();
        let refused = add(&queue, RawFd::MAX, WRITE, Errno::BADF);
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EBADF));
    }

    #[test]
    fn where_nothing_can_stand_in_it_is_refused() {
        let mut queue = Kqueue::open().unwrap();
        queue.notifier = Some(Notifier::open().unwrap());
        let pipe = broken_pipe();
        for refusal in [Errno::PIPE, Errno::BADF] {
            let refused = add(&queue, pipe.as_raw_fd(), WRITE, refusal);
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        }
    }

    #[test]
    fn closed_it_is_told_no_more_than_once() {
        let queue = Kqueue::open().unwrap();
        let pipe = broken_pipe();
        add(&queue, pipe.as_raw_fd(), WRITE.level(), Errno::PIPE).unwrap();
        assert_eq!(wait(&queue), [(TOKEN, BROKEN)]);
        let mut pipe = pipe;
        let _reading = use_number_again(&mut pipe);
        wait(&queue);
        assert_eq!(wait(&queue), []);
    }

    #[test]
    fn closed_it_makes_way() {
        for interest in [WRITE, WRITE.level(), WRITE.oneshot()] {
            let queue = Kqueue::open().unwrap();
            let mut pipe = broken_pipe();
            let number = pipe.as_raw_fd();
            add(&queue, number, interest, Errno::PIPE).unwrap();
            let _reading = use_number_again(&mut pipe);
            queue.add(number, Token(8), interest, Tells::Nothing).unwrap();
            assert_eq!(wait(&queue), [(Token(8), Readiness::OUT)], "{interest:?}");
            queue.remove(number).unwrap();
            assert_eq!(wait(&queue), []);
        }
    }

    #[test]
    fn closed_it_is_not_found() {
        let queue = Kqueue::open().unwrap();
        let not_found = |result: io::Result<()>| {
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::NotFound);
            assert_eq!(wait(&queue), []);
        };
        for interest in [WRITE, WRITE.level(), WRITE.oneshot()] {
            let mut pipe = broken_pipe();
            let number = pipe.as_raw_fd();
            add(&queue, number, interest, Errno::PIPE).unwrap();
            let _reading = use_number_again(&mut pipe);
            not_found(queue.modify(number, TOKEN, interest));

            let mut pipe = broken_pipe();
            let number = pipe.as_raw_fd();
            add(&queue, number, interest, Errno::PIPE).unwrap();
            let _reading = use_number_again(&mut pipe);
            not_found(queue.remove(number));
        }
    }
}
