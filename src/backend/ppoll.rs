//! [ppoll(2)]: poll(2) with a timeout in nanoseconds, and a signal mask.
//!
//! A system that has no such call has pselect(2), which sleeps in its place where those two
//! are asked for, and poll(2) says then what it was that ended the sleep. What waits for
//! nothing but urgent data has poll(2) tell hang-ups too, by which pselect(2) is not woken:
//! then it sleeps a little at a time.
//!
//! [ppoll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
#![allow(unsafe_code)]

use std::io;
use std::time::Duration;

use super::timeout;
use crate::signal_set::SignalSet;

/// Waits, and returns how many entries have something to tell.
#[cfg_attr(all(test, loom), expect(unused, reason = "a model stands for the kernel"))]
pub(super) fn ppoll(
    fds: &mut [libc::pollfd],
    timeout: Option<Duration>,
    mask: Option<&SignalSet>,
) -> io::Result<usize> {
    #[cfg(all(test, loom))]
    return super::interleavings::kernel::ppoll(fds, timeout);

    if mask.is_none() && timeout::is_in_milliseconds(timeout) {
        // The same, but it does not compute how much of the time was left.
        return poll(fds, timeout);
    }
    wait(fds, timeout, mask)
}

fn poll(fds: &mut [libc::pollfd], timeout: Option<Duration>) -> io::Result<usize> {
    let timeout = timeout::milliseconds(timeout);
    // SAFETY: The first two arguments are the address and length of one exclusively
    // borrowed slice, of which the kernel writes no more than each `revents`. A number in
    // the slice that is not an open descriptor is reported as POLLNVAL, which is safe.
    let found = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) };
    usize::try_from(found).map_err(|_| io::Error::last_os_error())
}

#[cfg(ppoll)]
fn wait(
    fds: &mut [libc::pollfd],
    timeout: Option<Duration>,
    mask: Option<&SignalSet>,
) -> io::Result<usize> {
    use std::ptr;

    let length = fds.len() as libc::nfds_t;
    let timeout = timeout.map(timeout::timespec);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mask = mask.map_or(ptr::null(), SignalSet::as_ptr);
    // SAFETY: As above; and the other two are null or point to values that live until the
    // call returns.
    let found = unsafe { libc::ppoll(fds.as_mut_ptr(), length, timeout, mask) };
    usize::try_from(found).map_err(|_| io::Error::last_os_error())
}

/// How long pselect(2) sleeps at a time, where a hang-up would not wake it.
#[cfg(not(ppoll))]
const NAP: Duration = Duration::from_millis(50);

#[cfg(not(ppoll))]
fn wait(
    fds: &mut [libc::pollfd],
    timeout: Option<Duration>,
    mask: Option<&SignalSet>,
) -> io::Result<usize> {
    use std::time::Instant;

    let is_deaf =
        fds.iter().any(|entry| entry.fd >= 0 && entry.events & (libc::POLLIN | libc::POLLOUT) == 0);
    let start = Instant::now();
    loop {
        let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        let nap = match left {
            Some(left) if left <= NAP => Some(left),
            _ if is_deaf => Some(NAP),
            left => left,
        };
        sleep(fds, nap, mask)?;
        let found = poll(fds, timeout::NOT_AT_ALL)?;
        if found > 0 || nap == left {
            return Ok(found);
        }
    }
}

/// Sleeps in pselect(2) until it has something to tell of what `fds` ask for.
#[cfg(not(ppoll))]
fn sleep(
    fds: &[libc::pollfd],
    timeout: Option<Duration>,
    mask: Option<&SignalSet>,
) -> io::Result<()> {
    use super::pselect::{BITS, LIMIT, Word, pselect, words};

    // Numbers below zero are those that poll(2) skips.
    let numbers = |entry: &libc::pollfd| usize::try_from(entry.fd).ok();
    let end = fds.iter().filter_map(numbers).max().map_or(0, |highest| highest + 1);
    if end > LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system has no ppoll(2), and its pselect(2) takes no descriptor of FD_SETSIZE or \
             more: such a wait can have no signal mask, and whole milliseconds only",
        ));
    }
    let mut sets: [Vec<Word>; 3] = std::array::from_fn(|_| vec![0; words(end)]);
    for entry in fds {
        let Some(number) = numbers(entry) else { continue };
        let directions = [libc::POLLIN, libc::POLLOUT, libc::POLLPRI];
        for (set, flag) in sets.iter_mut().zip(directions) {
            if entry.events & flag != 0 {
                set[number / BITS] |= 1 << (number % BITS);
            }
        }
    }
    match pselect(&mut sets, end, timeout, mask) {
        // One is not open: poll(2) says which.
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(()),
        slept => slept.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::time::Instant;

    use super::*;

    #[test]
    fn microseconds_are_waited_for_and_readiness_ends_them() {
        let (mut ours, mut theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let mut fds = [
            libc::pollfd { fd: !0, events: libc::POLLOUT, revents: 0 },
            libc::pollfd { fd: ours.as_raw_fd(), events: libc::POLLIN, revents: 0 },
        ];
        let start = Instant::now();
        let short = Duration::from_micros(1_500);
        assert_eq!(ppoll(&mut fds, Some(short), None).expect("a wait"), 0);
        assert!(start.elapsed() >= short);

        std::io::Write::write_all(&mut theirs, b"!").expect("room");
        let long = Duration::from_secs(3600) + Duration::from_nanos(1);
        assert_eq!(ppoll(&mut fds, Some(long), None).expect("a wait"), 1);
        assert_eq!(fds.map(|entry| entry.revents), [0, libc::POLLIN]);
        std::io::Read::read_exact(&mut ours, &mut [0]).expect("a byte");
    }

    #[test]
    fn a_hang_up_ends_a_wait_for_urgent_data() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let mut fds = [libc::pollfd { fd: ours.as_raw_fd(), events: libc::POLLPRI, revents: 0 }];
        drop(theirs);
        let start = Instant::now();
        let long = Duration::from_secs(20) + Duration::from_nanos(1);
        assert_eq!(ppoll(&mut fds, Some(long), None).expect("a wait"), 1);
        assert!(start.elapsed() < long);
        assert!(fds[0].revents & libc::POLLHUP != 0);
    }

    #[test]
    fn a_wait_for_urgent_data_lasts_as_long_as_it_is_to() {
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let mut fds = [libc::pollfd { fd: ours.as_raw_fd(), events: libc::POLLPRI, revents: 0 }];
        let start = Instant::now();
        let long = Duration::from_millis(120) + Duration::from_nanos(1);
        assert_eq!(ppoll(&mut fds, Some(long), None).expect("a wait"), 0);
        assert!(start.elapsed() >= long);
    }
}
