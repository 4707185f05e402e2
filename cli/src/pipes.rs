//! The descriptors of a run: pipes, opened once and lent to one loop after another.
//!
//! One set of pipes serves all loops of a run, because two sets of 8,000 would not
//! fit under the usual limits, and because the same pipes are the fairest ones.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use crate::descriptors;

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

/// A pipe in the types of one library, with that library's way to read and write.
pub trait Pipe: From<Ends> {
    /// What is registered.
    type Reader;

    /// The end that bytes come out of, to register it.
    fn reader(&mut self) -> &mut Self::Reader;

    /// Reads once: how many bytes, or `None` where it would block.
    ///
    /// # Errors
    /// Those of read(2), save that it would block.
    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>>;

    /// Writes the one byte that travels.
    ///
    /// # Errors
    /// Those of write(2).
    fn write(&self, byte: &[u8; 1]) -> io::Result<()>;

    /// Gives the descriptors back.
    fn into_ends(self) -> Ends;
}

/// A pipe of two types that read and write as those of the standard library do.
#[derive(Debug)]
pub struct Halves<R, W> {
    reader: R,
    writer: W,
}

impl<R: From<OwnedFd>, W: From<OwnedFd>> From<Ends> for Halves<R, W> {
    fn from(ends: Ends) -> Halves<R, W> {
        Halves { reader: R::from(ends.reader), writer: W::from(ends.writer) }
    }
}

impl<R, W> Pipe for Halves<R, W>
where
    R: From<OwnedFd> + Into<OwnedFd>,
    W: From<OwnedFd> + Into<OwnedFd>,
    for<'a> &'a R: Read,
    for<'a> &'a W: Write,
{
    type Reader = R;

    fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    #[inline]
    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.reader).read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn write(&self, byte: &[u8; 1]) -> io::Result<()> {
        (&self.writer).write(byte).map(drop)
    }

    fn into_ends(self) -> Ends {
        Ends { reader: self.reader.into(), writer: self.writer.into() }
    }
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
pub fn room() -> usize {
    let descriptors = descriptors::raise_limit().now.saturating_sub(SPARE_DESCRIPTORS);
    usize::try_from(descriptors / 2).unwrap_or(usize::MAX)
}
