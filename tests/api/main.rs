//! Every public type, method by method, with real peers, on every backend.
//!
//! One file a type. What all backends promise alike, whatever the type, is in
//! `tests/contract`.

mod support;
#[cfg_attr(unix, path = "system/unix.rs")]
#[cfg_attr(windows, path = "system/windows.rs")]
mod system;
#[cfg(unix)]
mod temporary_path;

#[cfg_attr(windows, path = "conversions/windows.rs")]
mod conversions;
#[cfg(unix)]
mod fifo;
#[cfg(unix)]
mod io_source;
#[cfg(windows)]
mod named_pipe;
mod out_of_band;
#[cfg(unix)]
mod pipe;
#[cfg(unix)]
mod source_fd;
mod spare_descriptor;
mod tcp_listener;
mod tcp_stream;
#[cfg(unix)]
mod terminal;
mod udp_socket;
#[cfg(unix)]
mod unix_datagram;
#[cfg(unix)]
mod unix_listener;
#[cfg(unix)]
mod unix_stream;
