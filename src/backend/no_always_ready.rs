//! Files that are always ready, where none can be registered.

use std::io;

use crate::event::Events;
use crate::os::RawDescriptor;
use crate::{Interest, Token};

#[derive(Debug, Default)]
pub(super) struct AlwaysReady;

impl AlwaysReady {
    /// Whether such files can be asked for.
    pub(super) const ARE_THERE: bool = false;

    pub(super) fn add(&self, _: RawDescriptor, _: Token, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    pub(super) fn make_way(&self, _: RawDescriptor) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn modify(&self, _: RawDescriptor, _: Token, _: Interest) -> bool {
        false
    }

    pub(super) fn remove(&self, _: RawDescriptor) -> bool {
        false
    }

    pub(super) fn rearm(&self, _: RawDescriptor) -> bool {
        false
    }

    #[inline]
    pub(super) fn has_events(&self) -> bool {
        false
    }

    pub(super) fn collect(&self, _: &mut Events, _: usize) {}
}
