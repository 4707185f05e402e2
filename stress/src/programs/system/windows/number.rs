use std::convert::Infallible;
use std::io;

use super::Handle;

/// None can be chosen.
pub(crate) type Number = Infallible;

/// The numbers of one world: whatever the system gives.
#[derive(Debug)]
pub(crate) struct Numbers;

#[expect(clippy::unnecessary_wraps, reason = "elsewhere they can fail")]
impl Numbers {
    pub(crate) fn take() -> io::Result<Numbers> {
        Ok(Numbers)
    }

    /// Leaves it where it is.
    #[expect(clippy::unused_self, reason = "elsewhere they know where it belongs")]
    pub(crate) fn place(&self, handle: Handle) -> io::Result<Handle> {
        Ok(handle)
    }
}
