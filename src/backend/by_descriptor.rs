//! What a backend keeps of each registration, found by the number of its descriptor.

use std::os::fd::RawFd;

/// A table by descriptor. The kernel gives out the lowest number that is free, so that it
/// stays dense.
#[derive(Debug)]
pub(super) struct ByDescriptor<T>(Vec<Option<T>>);

impl<T> ByDescriptor<T> {
    pub(super) const fn new() -> ByDescriptor<T> {
        ByDescriptor(Vec::new())
    }

    #[inline]
    pub(super) fn get(&mut self, fd: RawFd) -> Option<&mut T> {
        self.0.get_mut(usize::try_from(fd).ok()?)?.as_mut()
    }

    pub(super) fn take(&mut self, fd: RawFd) -> Option<T> {
        self.0.get_mut(usize::try_from(fd).ok()?)?.take()
    }

    #[cfg(io_uring)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (RawFd, &T)> {
        let numbered = self.0.iter().enumerate();
        numbered.filter_map(|(fd, value)| Some((fd as RawFd, value.as_ref()?)))
    }

    /// There are no more of them than that.
    #[cfg(io_uring)]
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    /// Puts `value` in for `fd`, which the kernel has accepted, so that it is a small number.
    pub(super) fn insert(&mut self, fd: RawFd, value: T) {
        let at = fd as usize;
        if at >= self.0.len() {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at] = Some(value);
    }
}
