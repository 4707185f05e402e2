//! The matrix of states: every kind of descriptor in every state that it can be in, as each
//! backend reports it in each trigger, beside what poll(2), called raw, says of it.
//!
//! What poll(2) says is what a level registration reports, and a oneshot one once. Edge
//! follows: first all that is there, and later what is new. One kind of difference is
//! allowed, in `comparison.rs`: edges in software may tell an end more plainly.
//!
//! docs/states.md is the matrix to read. CO-1, CO-2, EP-5, EP-17, UD-1, UD-2 and PT-1 have
//! their rows in it.

mod answers;
mod cell;
mod comparison;
mod counters;
mod datagrams;
mod flags;
mod listeners;
mod matrix;
mod oracle;
mod page;
mod pipes;
mod scene;
mod sockets;
mod streams;
mod subject;
mod terminals;

use omnipoll::Backend;

use crate::harness::Trigger;
use matrix::{compare, compare_levels};

fn tcp_streams(backend: Backend, trigger: Trigger) {
    compare(&streams::TCP, backend, trigger);
}

fn unix_streams(backend: Backend, trigger: Trigger) {
    compare(&streams::UNIX, backend, trigger);
}

fn tcp_listeners(backend: Backend, trigger: Trigger) {
    compare(&listeners::TCP, backend, trigger);
}

fn unix_listeners(backend: Backend, trigger: Trigger) {
    compare(&listeners::UNIX, backend, trigger);
}

fn udp_sockets(backend: Backend, trigger: Trigger) {
    compare(&datagrams::UDP, backend, trigger);
}

fn unix_datagrams(backend: Backend, trigger: Trigger) {
    compare(&datagrams::UNIX, backend, trigger);
}

fn pipe_readers(backend: Backend, trigger: Trigger) {
    compare(&pipes::PIPE_READER, backend, trigger);
}

fn pipe_writers(backend: Backend, trigger: Trigger) {
    compare(&pipes::PIPE_WRITER, backend, trigger);
}

fn fifo_readers(backend: Backend, trigger: Trigger) {
    compare(&pipes::FIFO_READER, backend, trigger);
}

fn fifo_writers(backend: Backend, trigger: Trigger) {
    compare(&pipes::FIFO_WRITER, backend, trigger);
}

fn pty_main_sides(backend: Backend, trigger: Trigger) {
    compare(&terminals::MAIN, backend, trigger);
}

fn raw_terminals(backend: Backend, trigger: Trigger) {
    compare(&terminals::RAW, backend, trigger);
}

fn line_terminals(backend: Backend, trigger: Trigger) {
    compare(&terminals::LINES, backend, trigger);
}

fn counters_and_timers(backend: Backend, trigger: Trigger) {
    for kind in [&counters::EVENTS, &counters::TIMER, &counters::EPOLL] {
        compare(kind, backend, trigger);
    }
}

/// docs/states.md says what each backend reports.
fn the_page_is_current(backend: Backend) {
    compare_levels(backend);
    // The text is of all backends, and only one is to write it.
    if Backend::available().first() == Some(&backend) {
        page::keep_current();
    }
}

promises! {
    in Level on unix: the_page_is_current;
    in each on unix:
        tcp_streams, unix_streams, tcp_listeners, unix_listeners, udp_sockets, unix_datagrams,
        pipe_readers, pipe_writers, fifo_readers, fifo_writers, pty_main_sides, raw_terminals,
        line_terminals, counters_and_timers;
}
