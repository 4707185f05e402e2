//! How the types around a descriptor become one, and are made of one: the traits of Rust's I/O
//! safety, word for word the same for all of them.

/// Gives `$type`, which holds an `IoSource<$inner>`, the conversions and loans.
macro_rules! converts {
    ($type:ty, $inner:ty) => {
        /// Takes an open descriptor, which must be of this kind and non-blocking;
        /// neither is checked.
        impl From<std::os::fd::OwnedFd> for $type {
            fn from(descriptor: std::os::fd::OwnedFd) -> Self {
                Self { inner: crate::IoSource::new(<$inner>::from(descriptor)) }
            }
        }

        /// Ends the registration, and gives the descriptor away as it is: open and
        /// non-blocking.
        impl From<$type> for std::os::fd::OwnedFd {
            fn from(owner: $type) -> Self {
                Self::from(owner.inner.into_inner())
            }
        }

        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.inner.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.inner.as_raw_fd()
            }
        }

        impl std::os::fd::IntoRawFd for $type {
            fn into_raw_fd(self) -> std::os::fd::RawFd {
                self.inner.into_inner().into_raw_fd()
            }
        }

        impl std::os::fd::FromRawFd for $type {
            #[allow(unsafe_code, reason = "the trait's method is unsafe")]
            unsafe fn from_raw_fd(descriptor: std::os::fd::RawFd) -> Self {
                // SAFETY: the caller promises that `descriptor` is open, and that
                // nobody else owns it: that is this method's own contract.
                let descriptor = unsafe { std::os::fd::OwnedFd::from_raw_fd(descriptor) };
                Self::from(descriptor)
            }
        }
    };
}

pub(crate) use converts;
