//! The traits that all types around a descriptor have, word for word the same.
//!
//! Each macro is a table of forwarding `impl`s and nothing else: what they forward to is
//! written in the file of the type. They expect a field `inner: IoSource<_>`.

/// Gives `$type`, which holds an `IoSource<$inner>`, what every owner of a descriptor
/// has: registration, and the conversions and loans of Rust's I/O safety.
macro_rules! owns_descriptor {
    ($type:ty, $inner:ty) => {
        impl crate::event::Source for $type {
            fn register(
                &mut self,
                registry: &crate::Registry,
                token: crate::Token,
                interests: crate::Interest,
            ) -> std::io::Result<()> {
                self.inner.register(registry, token, interests)
            }

            fn reregister(
                &mut self,
                registry: &crate::Registry,
                token: crate::Token,
                interests: crate::Interest,
            ) -> std::io::Result<()> {
                self.inner.reregister(registry, token, interests)
            }

            fn deregister(&mut self, registry: &crate::Registry) -> std::io::Result<()> {
                self.inner.deregister(registry)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.inner.fmt(f)
            }
        }

        crate::net::converts!($type, $inner);
    };
}

/// Lets `$type` be read as `&$type` is.
macro_rules! reads_by_reference {
    ($type:ty) => {
        impl std::io::Read for $type {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                (&*self).read(buffer)
            }

            #[inline]
            fn read_vectored(
                &mut self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                (&*self).read_vectored(buffers)
            }
        }
    };
}

/// Lets `$type` be written as `&$type` is.
macro_rules! writes_by_reference {
    ($type:ty) => {
        impl std::io::Write for $type {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                (&*self).write(bytes)
            }

            #[inline]
            fn write_vectored(
                &mut self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                (&*self).write_vectored(buffers)
            }

            /// Does nothing: there is no buffer of the library's own.
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
    };
}

pub(crate) use {owns_descriptor, reads_by_reference, writes_by_reference};
