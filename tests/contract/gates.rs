//! What a backend cannot meet, and why. The harness prints the reason, and so does the
//! table in docs/.

use omnipoll::Backend::{self, Epoll, EventPorts, IoUring, Iocp, Kqueue, Poll, Select};
use omnipoll::{Capabilities, Support};

#[cfg(windows)]
mod windows;

/// A promise that is not asked of some backends.
pub(crate) struct Gate {
    /// Its file and its name.
    pub(crate) promise: &'static str,
    pub(crate) backends: &'static [Backend],
    pub(crate) reason: &'static str,
}

const NO_EXCLUSIVE: &str = "the call has no exclusive wake-ups, and the library refuses them: \
                            `Capabilities::exclusive` is absent";

const PORT_DOUBLE: &str = "epoll can be refused on Linux alone, where the test double of a port \
                           is one";

pub(crate) const GATES: &[Gate] = &[
    Gate {
        promise: "exclusive::refused_where_absent",
        backends: &[Epoll, IoUring],
        reason: "the kernel has exclusive wake-ups",
    },
    Gate {
        promise: "exclusive::few_are_woken",
        backends: &[EventPorts, Iocp, Kqueue, Poll, Select],
        reason: NO_EXCLUSIVE,
    },
    Gate {
        promise: "exclusive::reregistered",
        backends: &[EventPorts, Iocp, Kqueue, Poll, Select],
        reason: NO_EXCLUSIVE,
    },
    Gate {
        promise: "exclusive::refused_change_leaves_it",
        backends: &[EventPorts, Iocp, Kqueue, Poll, Select],
        reason: NO_EXCLUSIVE,
    },
    Gate {
        promise: "exclusive::has_a_trigger",
        backends: &[EventPorts, Iocp, Kqueue, Poll, Select],
        reason: NO_EXCLUSIVE,
    },
    Gate {
        promise: "registration::typed_and_closed_behind_the_back",
        backends: &[IoUring],
        reason: "changes are no system calls there, so what was closed is not found out by one",
    },
    Gate {
        promise: "refusals::ends_without_kernel_edges",
        backends: &[Epoll],
        reason: "it is what the others do where there is no epoll",
    },
    Gate {
        promise: "refusals::ends_without_kernel_edges",
        backends: &[EventPorts],
        reason: PORT_DOUBLE,
    },
    Gate { promise: "refusals::epoll_refused", backends: &[EventPorts], reason: PORT_DOUBLE },
];

/// A promise about an ability that a backend does not have on every system.
struct Need {
    promise: &'static str,
    ability: fn(&Capabilities) -> Support,
    reason: &'static str,
}

const NO_PRIORITY: &str = "this system's kqueue has no filter for urgent data";
const NO_MASK: &str = "libkqueue has no descriptor to sleep on, with a signal mask";

const fn needs_priority(promise: &'static str) -> Need {
    Need { promise, ability: |told| told.priority, reason: NO_PRIORITY }
}

const fn needs_mask(promise: &'static str) -> Need {
    Need { promise, ability: |told| told.signal_mask, reason: NO_MASK }
}

const NEEDS: &[Need] = &[
    Need {
        promise: "registration::number_used_again",
        ability: |told| told.raw_edge,
        reason: "where the kernel has no edges to lend, nobody says that a number was closed",
    },
    needs_priority("edge::urgent_byte_left_alone"),
    needs_priority("files::urgent_data_is_priority"),
    needs_mask("signals::every_wait_sits_out_a_storm"),
    needs_mask("signals::every_wait_tells_of_a_storm"),
    needs_mask("signals::a_mask_beside_another_wait"),
    needs_mask("time::a_mask_is_swapped_in"),
    needs_mask("super_server::asleep_while_a_child_has_it"),
    needs_mask("super_server::a_service_that_loops"),
    needs_mask("super_server::many_at_once"),
    needs_mask("super_server::reloaded_while_children_live"),
    needs_mask("super_server::a_child_has_its_socket_alone"),
];

/// What libkqueue does otherwise than a kernel: docs/kqueue.md has the proofs.
#[cfg(omnipoll_libkqueue)]
const ON_LIBKQUEUE: &[(&str, &str)] = &[
    ("connecting::refused", TAKES_ERRORS),
    ("edge_ends::reset_by_the_peer", TAKES_ERRORS),
    ("edge_ends::refused_datagrams", TAKES_ERRORS),
    ("states::tcp_streams", TAKES_ERRORS),
    ("states::unix_streams", TAKES_ERRORS),
    ("states::udp_sockets", TAKES_ERRORS),
    ("states::unix_datagrams", TAKES_ERRORS),
    ("states::the_page_is_current", TAKES_ERRORS),
    ("registration::number_used_again", KEEPS_CLOSED),
    ("registration::own_descriptors_are_refused", HAS_ITS_OWN),
    ("descriptors::standard_ones_are_left_alone", HAS_ITS_OWN),
    ("descriptors::standard_ones_are_left_alone_by_a_pipe", HAS_ITS_OWN),
    ("waking::a_full_counter", HAS_ITS_OWN),
    ("leaks::polls", CLOSES_LATER),
    ("registration::closed_descriptor_is_refused", CLOSES_LATER),
    ("accepting::turned_away", CLOSES_LATER),
    ("accepting::left_waiting", CLOSES_LATER),
    ("accepting::no_spare_helps", CLOSES_LATER),
    ("refusals::no_descriptors_left", CLOSES_LATER),
    ("refusals::nanoseconds_refused", IS_MADE_OF_EPOLL),
    ("refusals::eventfd_refused", IS_MADE_OF_EPOLL),
    ("refusals::full_pipe_of_wake_ups", IS_MADE_OF_EPOLL),
    ("refusals::epoll_refused", IS_MADE_OF_EPOLL),
    ("refusals::ends_without_kernel_edges", IS_MADE_OF_EPOLL),
];

#[cfg(omnipoll_libkqueue)]
const TAKES_ERRORS: &str = "libkqueue takes a socket's error, so that nobody else finds it";
#[cfg(omnipoll_libkqueue)]
const KEEPS_CLOSED: &str = "libkqueue does not notice that a descriptor was closed";
#[cfg(omnipoll_libkqueue)]
const HAS_ITS_OWN: &str = "libkqueue opens descriptors of its own";
#[cfg(omnipoll_libkqueue)]
const CLOSES_LATER: &str = "a thread of libkqueue closes what a closed kqueue leaves";
#[cfg(omnipoll_libkqueue)]
const IS_MADE_OF_EPOLL: &str = "libkqueue is made of epoll and eventfd";

/// Why `promise` is not asked of `backend` on any system, if it is not.
pub(crate) fn reason(chapter: &str, promise: &str, backend: Backend) -> Option<&'static str> {
    let name = format!("{chapter}::{promise}");
    let gates = GATES.iter();
    #[cfg(windows)]
    let gates = gates.chain(windows::gates());
    let mut gates = gates;
    let gate = gates.find(|gate| gate.promise == name && gate.backends.contains(&backend));
    gate.map(|gate| gate.reason)
}

/// Why `promise` is not asked of `backend` here, if it is not.
pub(crate) fn reason_here(chapter: &str, promise: &str, backend: Backend) -> Option<&'static str> {
    reason(chapter, promise, backend).or_else(|| {
        let name = format!("{chapter}::{promise}");
        #[cfg(omnipoll_libkqueue)]
        if backend == Kqueue {
            if let Some((_, reason)) = ON_LIBKQUEUE.iter().find(|(promise, _)| *promise == name) {
                return Some(reason);
            }
        }
        let need = NEEDS.iter().find(|need| need.promise == name)?;
        let poll = omnipoll::Poll::builder().backend(backend).build().ok()?;
        let is_absent = (need.ability)(&poll.capabilities()) == Support::Absent;
        is_absent.then_some(need.reason)
    })
}
