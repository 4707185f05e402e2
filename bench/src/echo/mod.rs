//! Echo over TCP: the servers, each in a process of its own, and the one client of all.

mod child;
mod client;
mod on_compio;
mod on_monoio;
mod on_tokio_uring;
mod readiness;
mod server;
mod sockets;

pub(crate) use child::{Child, SERVE};
pub(crate) use client::{Client, Lap};
pub(crate) use readiness::{ReadinessServer, Turn};
pub(crate) use server::Server;
pub(crate) use sockets::Serves;
