//! How the types around a socket become one, and are made of one: the traits of Rust's I/O
//! safety, word for word the same for all of them.

/// Gives `$type`, which holds an `IoSource<$inner>`, the conversions and loans.
macro_rules! converts {
    ($type:ty, $inner:ty) => {
        /// Takes an open socket, which must be of this kind and non-blocking;
        /// neither is checked.
        impl From<std::os::windows::io::OwnedSocket> for $type {
            fn from(socket: std::os::windows::io::OwnedSocket) -> Self {
                Self { inner: crate::IoSource::new(<$inner>::from(socket)) }
            }
        }

        /// Ends the registration, and gives the socket away as it is: open and
        /// non-blocking.
        impl From<$type> for std::os::windows::io::OwnedSocket {
            fn from(owner: $type) -> Self {
                Self::from(owner.inner.into_inner())
            }
        }

        impl std::os::windows::io::AsSocket for $type {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.inner.as_socket()
            }
        }

        impl std::os::windows::io::AsRawSocket for $type {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.inner.as_raw_socket()
            }
        }

        impl std::os::windows::io::IntoRawSocket for $type {
            fn into_raw_socket(self) -> std::os::windows::io::RawSocket {
                self.inner.into_inner().into_raw_socket()
            }
        }

        impl std::os::windows::io::FromRawSocket for $type {
            #[allow(unsafe_code, reason = "the trait's method is unsafe")]
            unsafe fn from_raw_socket(socket: std::os::windows::io::RawSocket) -> Self {
                // SAFETY: the caller promises that `socket` is open, and that
                // nobody else owns it: that is this method's own contract.
                let socket = unsafe { std::os::windows::io::OwnedSocket::from_raw_socket(socket) };
                Self::from(socket)
            }
        }
    };
}

pub(crate) use converts;
