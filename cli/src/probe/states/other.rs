//! Descriptors that the library has no type of its own for.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use omnipoll::event::Source;
use omnipoll::{Interest, IoSource, Registry, Token};

use crate::probe::scene::Subject;

/// What a user of the library puts such a descriptor into, which can be lent to poll(2).
struct Other(IoSource<File>);

pub(super) fn as_source(file: File) -> Box<dyn Subject> {
    Box::new(Other(IoSource::new(file)))
}

impl AsFd for Other {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (*self.0).as_fd()
    }
}

impl Source for Other {
    fn register(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.0.register(on, token, interest)
    }

    fn reregister(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.0.reregister(on, token, interest)
    }

    fn deregister(&mut self, on: &Registry) -> io::Result<()> {
        self.0.deregister(on)
    }
}
