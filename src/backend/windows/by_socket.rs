//! What a backend keeps of each registration, found by the number of its socket.

use std::collections::HashMap;

use crate::os::RawDescriptor;

/// A table by socket. Their numbers are handles, which may be of any size.
#[derive(Debug)]
pub(super) struct ByDescriptor<T>(HashMap<RawDescriptor, T>);

impl<T> ByDescriptor<T> {
    pub(super) fn new() -> ByDescriptor<T> {
        ByDescriptor(HashMap::new())
    }

    #[inline]
    pub(super) fn get(&mut self, socket: RawDescriptor) -> Option<&mut T> {
        self.0.get_mut(&socket)
    }

    pub(super) fn take(&mut self, socket: RawDescriptor) -> Option<T> {
        self.0.remove(&socket)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (RawDescriptor, &T)> {
        self.0.iter().map(|(&socket, value)| (socket, value))
    }

    pub(super) fn insert(&mut self, socket: RawDescriptor, value: T) {
        self.0.insert(socket, value);
    }
}
