//! mio, on omnipoll.
pub use omnipoll::*;
