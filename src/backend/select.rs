//! [select(2)]: the kernel looks at every descriptor up to the highest, in three sets of
//! bits.
//!
//! The C library's `fd_set` ends at `FD_SETSIZE` bits, but most systems take sets of any
//! size, so they are vectors here, and only as long as the highest descriptor calls for.
//! pselect.rs knows where that ends.
//!
//! The call tells levels in three directions, and nothing of errors and hang-ups: both
//! show as readable.
//!
//! [select(2)]: https://man7.org/linux/man-pages/man2/select.2.html

use std::io;
use std::ops::ControlFlow;
use std::os::fd::RawFd;
use std::time::Duration;

use rustix::io::Errno;

use super::pselect::{BITS, LIMIT, Word, pselect, words};
use super::raw_fd::check_is_open;
use super::stateless::{Found, StatelessCall};
use super::{Backend, Support};
use crate::event::Readiness;
use crate::signal_set::SignalSet;

/// The readiness that each set stands for.
const DIRECTIONS: [Readiness; 3] = [Readiness::IN, Readiness::OUT, Readiness::PRI];

/// Three sets of descriptors, as the kernel is asked and as it answers.
#[derive(Debug, Default)]
pub(super) struct FdSets {
    wanted: [Vec<Word>; 3],
    found: [Vec<Word>; 3],
    /// One more than the highest descriptor in any set.
    end: usize,
    /// Where the next visit begins, so that each descriptor gets its turn.
    start: usize,
    /// What the last call refused because it is not open.
    not_open: Vec<RawFd>,
}

impl StatelessCall for FdSets {
    const BACKEND: Backend = Backend::Select;
    const HANG_UP: Support = Support::Absent;
    const SUB_MILLISECOND: Support = Support::Native;
    const SIGNAL_MASK: Support = Support::Native;
    const LIMIT: usize = LIMIT;

    fn open() -> io::Result<FdSets> {
        Ok(FdSets::default())
    }

    fn watch(&mut self, fd: RawFd, directions: Readiness) {
        let number = fd as usize;
        let (word, bit) = (number / BITS, 1 << (number % BITS));
        self.not_open.retain(|&other| other != fd);
        if word >= self.wanted[0].len() {
            if directions.is_empty() {
                return;
            }
            self.wanted.iter_mut().for_each(|set| set.resize(word + 1, 0));
        }
        for (set, direction) in self.wanted.iter_mut().zip(DIRECTIONS) {
            if directions.has(direction) {
                set[word] |= bit;
            } else {
                set[word] &= !bit;
            }
        }
        if !directions.is_empty() {
            self.end = self.end.max(number + 1);
        } else if number + 1 == self.end {
            self.end = self.highest_end();
        }
    }

    fn forget(&mut self, fd: RawFd) {
        self.watch(fd, Readiness::NONE);
    }

    fn call(
        &mut self,
        _: usize,
        timeout: Option<Duration>,
        mask: Option<&SignalSet>,
    ) -> io::Result<usize> {
        if !self.not_open.is_empty() {
            // There was no room for them the last time.
            return Ok(self.not_open.len());
        }
        let words = words(self.end);
        for (found, wanted) in self.found.iter_mut().zip(&self.wanted) {
            found.clear();
            found.extend_from_slice(&wanted[..words.min(wanted.len())]);
            found.resize(words, 0);
        }
        match pselect(&mut self.found, self.end, timeout, mask) {
            Err(error) if error.raw_os_error() == Some(Errno::BADF.raw_os_error()) => {
                self.take_out_not_open();
                Ok(self.not_open.len())
            }
            result => result,
        }
    }

    fn visit(&mut self, found: usize, mut visit: impl FnMut(RawFd, Found) -> ControlFlow<()>) {
        while let Some(&fd) = self.not_open.last() {
            if visit(fd, Found::NotOpen).is_break() {
                return;
            }
            self.not_open.pop();
            if self.not_open.is_empty() {
                // That call found nothing else.
                return;
            }
        }
        let words = self.found[0].len();
        let mut left = found;
        // Twice the word that it begins in: its upper bits first, its lower bits last.
        for step in 0..=words {
            let at = (self.start / BITS + step) % words.max(1);
            let mut ready = self.found.iter().fold(0, |ready, set| ready | set[at]);
            let upper = Word::MAX << (self.start % BITS);
            if step == 0 {
                ready &= upper;
            } else if step == words {
                ready &= !upper;
            }
            while ready != 0 {
                let bit = ready.trailing_zeros() as usize;
                ready &= ready - 1;
                let (readiness, sets) = self.readiness_at(at, bit);
                if visit((at * BITS + bit) as RawFd, Found::Ready(readiness)).is_break() {
                    self.start = at * BITS + bit;
                    return;
                }
                left -= sets;
                if left == 0 {
                    return;
                }
            }
        }
    }
}

impl FdSets {
    /// What was found of a descriptor, and in how many sets.
    fn readiness_at(&self, word: usize, bit: usize) -> (Readiness, usize) {
        let mut readiness = Readiness::NONE;
        let mut sets = 0;
        for (set, direction) in self.found.iter().zip(DIRECTIONS) {
            if set[word] & 1 << bit != 0 {
                readiness = readiness.with(direction);
                sets += 1;
            }
        }
        (readiness, sets)
    }

    fn highest_end(&self) -> usize {
        let end = |set: &Vec<Word>| {
            let word = set.iter().rposition(|&word| word != 0);
            word.map_or(0, |word| (word + 1) * BITS - set[word].leading_zeros() as usize)
        };
        self.wanted.iter().map(end).max().unwrap_or(0)
    }

    /// Finds which descriptors made the whole call fail, and takes them out.
    fn take_out_not_open(&mut self) {
        let mut not_open = Vec::new();
        for number in 0..self.end {
            let (word, bit) = (number / BITS, 1 << (number % BITS));
            let is_wanted = self.wanted.iter().any(|set| set[word] & bit != 0);
            let fd = number as RawFd;
            if is_wanted && check_is_open(fd).is_err() {
                not_open.push(fd);
            }
        }
        for &fd in &not_open {
            self.forget(fd);
        }
        self.not_open = not_open;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_follows_the_highest_descriptor() {
        let mut sets = FdSets::default();
        sets.watch(3, Readiness::IN);
        sets.watch(5000, Readiness::OUT);
        assert_eq!(sets.end, 5001);
        sets.forget(5000);
        assert_eq!(sets.end, 4);
        sets.forget(9000);
        sets.watch(3, Readiness::NONE);
        assert_eq!(sets.end, 0);
    }

    #[test]
    fn a_visit_begins_where_the_last_one_broke() {
        let mut sets = FdSets::default();
        for fd in [1, 5, 70, 130] {
            sets.watch(fd, Readiness::IN.with(Readiness::OUT));
        }
        sets.found = sets.wanted.clone();
        let mut seen = Vec::new();
        for _ in 0..4 {
            let mut room = 3;
            sets.visit(8, |fd, _| {
                if room == 0 {
                    return ControlFlow::Break(());
                }
                room -= 1;
                seen.push(fd);
                ControlFlow::Continue(())
            });
        }
        assert_eq!(seen, [1, 5, 70, 130, 1, 5, 70, 130, 1, 5, 70, 130]);
    }
}
