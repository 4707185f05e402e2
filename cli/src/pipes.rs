//! The descriptors of a run: pipes, opened once and lent to one loop after another.
//!
//! One set of pipes serves all loops of a run, because two sets of 8,000 would not
//! fit under the usual limits, and because the same pipes are the fairest ones.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are left for everything that is not a pipe of the run:
/// the standard streams, the poll's own, a plot.
const SPARE_DESCRIPTORS: u64 = 32;

/// The two ends of one pipe, both non-blocking.
#[derive(Debug)]
pub struct Ends {
    /// Where bytes come out.
    pub reader: OwnedFd,
    /// Where bytes go in.
    pub writer: OwnedFd,
}

/// Opens `count` pipes.
///
/// # Errors
/// Those of pipe(2), with the number of the pipe that failed.
pub fn open(count: usize) -> io::Result<Vec<Ends>> {
    (0..count)
        .map(|index| match omnipoll::unix::pipe::new() {
            Ok((sender, receiver)) => {
                Ok(Ends { reader: OwnedFd::from(receiver), writer: OwnedFd::from(sender) })
            }
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("pipe {} of {count} cannot be opened: {error}", index + 1),
            )),
        })
        .collect()
}

/// Raises the limit of open descriptors as far as it goes, and tells how many pipes fit.
///
/// A limit that cannot be raised stays as it is: the answer tells the truth either way.
pub fn room() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let descriptors = current.unwrap_or(u64::MAX).saturating_sub(SPARE_DESCRIPTORS);
    usize::try_from(descriptors / 2).unwrap_or(usize::MAX)
}
