//! What kernel_edges.rs is where the kernel has no edges that another loop can wait on: none
//! is ever open.

use std::io;

use crate::event::Readiness;
use crate::os::{BorrowedDescriptor, RawDescriptor};

#[derive(Debug)]
pub(super) enum KernelEdges {}

impl KernelEdges {
    pub(super) fn open() -> io::Result<KernelEdges> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn add(&self, _: RawDescriptor, _: Readiness) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn modify(&self, _: RawDescriptor, _: Readiness) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn remove(&self, _: RawDescriptor) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn holds(&self, _: RawDescriptor, _: Readiness) -> bool {
        match *self {}
    }

    pub(super) fn collect(
        &self,
        _: usize,
        _: impl FnMut(RawDescriptor, Readiness),
    ) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn descriptor(&self) -> BorrowedDescriptor<'_> {
        match *self {}
    }
}
