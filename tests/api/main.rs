//! Every public type, method by method, with real peers, on every backend.
//!
//! One file a type. What all backends promise alike, whatever the type, is in
//! `tests/contract`.

#![cfg(unix)]

mod support;

mod conversions;
mod fifo;
mod io_source;
mod out_of_band;
mod pipe;
mod source_fd;
mod spare_descriptor;
mod tcp_listener;
mod tcp_stream;
mod terminal;
mod udp_socket;
mod unix_datagram;
mod unix_listener;
mod unix_stream;
