//! Runs the examples against real peers, on every backend.
//!
//! One file for each example; `support.rs` has what they share. Cargo builds the examples for
//! the tests. The backend is chosen by the environment, as a user would.

#![cfg_attr(not(unix), allow(dead_code, reason = "some examples are of Unix alone"))]

mod chat_room;
mod connect_many;
mod echo_udp_tcp;
#[cfg(unix)]
mod fifo_chat;
mod half_close;
mod house_rules;
#[cfg(unix)]
mod nested;
#[cfg(unix)]
mod oob;
#[cfg(target_os = "linux")]
mod pty_terminal;
#[cfg(unix)]
mod reuseport;
mod support;
mod tcp_server;
mod worker_pool;
