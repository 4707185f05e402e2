//! [pselect(2)], with sets as long as they must be, where the system takes such.
//!
//! [pselect(2)]: https://man7.org/linux/man-pages/man2/select.2.html
#![allow(unsafe_code)]

use std::io;
use std::ptr;
use std::time::Duration;

use super::timeout;
use crate::signal_set::SignalSet;

/// What the kernel's sets are made of: on a big-endian machine, where a bit is depends
/// on it.
#[cfg(not(fd_sets_of_32_bits))]
pub(super) type Word = libc::c_ulong;
#[cfg(fd_sets_of_32_bits)]
pub(super) type Word = u32;

pub(super) const BITS: usize = Word::BITS as usize;

/// The lowest number of a descriptor that no set has a place for.
#[cfg(fd_sets_of_any_size)]
pub(super) const LIMIT: usize = usize::MAX;
#[cfg(not(fd_sets_of_any_size))]
pub(super) const LIMIT: usize = libc::FD_SETSIZE as usize;

/// How long a set is that ends before the descriptor `end`.
///
/// Where a set has one size for the C library, it may write all of that.
pub(super) fn words(end: usize) -> usize {
    let least = if cfg!(fd_sets_of_any_size) { 0 } else { size_of::<libc::fd_set>() * 8 };
    end.max(least).div_ceil(BITS)
}

/// Waits for the descriptors below `end` that are in the sets for reading, for writing and
/// for priority, and returns how many bits are set then in all.
pub(super) fn pselect(
    sets: &mut [Vec<Word>; 3],
    end: usize,
    timeout: Option<Duration>,
    mask: Option<&SignalSet>,
) -> io::Result<usize> {
    let timeout = timeout.map(timeout::timespec);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mask = mask.map_or(ptr::null(), SignalSet::as_ptr);
    let words = words(end);
    assert!(sets.iter().all(|set| set.len() >= words), "the sets are as long as they must be");
    let [reading, writing, priority] = sets;
    // SAFETY: Each of the three pointers is to a vector that is exclusively borrowed and
    // has at least `end` bits, rounded up to a whole word: that, and not the size of
    // `fd_set`, is what the kernel reads and writes, save where there is only one size,
    // which it has at least there. The timeout and the mask are null or point to values that
    // live until the call returns, and the call changes neither.
    let found = unsafe {
        c_pselect(
            end as libc::c_int,
            reading.as_mut_ptr().cast(),
            writing.as_mut_ptr().cast(),
            priority.as_mut_ptr().cast(),
            timeout,
            mask,
        )
    };
    usize::try_from(found).map_err(|_| io::Error::last_os_error())
}

#[cfg(not(fd_sets_by_extension))]
use libc::pselect as c_pselect;

#[cfg(fd_sets_by_extension)]
unsafe extern "C" {
    /// Apple's call of this name refuses numbers from `FD_SETSIZE` on. This is the one that C
    /// programs get which define `_DARWIN_UNLIMITED_SELECT`.
    #[link_name = "pselect$DARWIN_EXTSN"]
    fn c_pselect(
        end: libc::c_int,
        reading: *mut libc::fd_set,
        writing: *mut libc::fd_set,
        priority: *mut libc::fd_set,
        timeout: *const libc::timespec,
        mask: *const libc::sigset_t,
    ) -> libc::c_int;
}
