//! What a backend cannot meet, and why. The harness prints the reason, and so does the
//! table in docs/.

use omnipoll::Backend::{self, Epoll, IoUring, Poll, Select};

/// A promise that is not asked of some backends.
pub(crate) struct Gate {
    /// Its file and its name.
    pub(crate) promise: &'static str,
    pub(crate) backends: &'static [Backend],
    pub(crate) reason: &'static str,
}

const NO_EXCLUSIVE: &str = "the call has no exclusive wake-ups, and the library refuses them: \
                            `Capabilities::exclusive` is absent";

pub(crate) const GATES: &[Gate] = &[
    Gate {
        promise: "exclusive::refused_where_absent",
        backends: &[Epoll, IoUring],
        reason: "the kernel has exclusive wake-ups",
    },
    Gate { promise: "exclusive::few_are_woken", backends: &[Poll, Select], reason: NO_EXCLUSIVE },
    Gate { promise: "exclusive::reregistered", backends: &[Poll, Select], reason: NO_EXCLUSIVE },
    Gate {
        promise: "exclusive::refused_change_leaves_it",
        backends: &[Poll, Select],
        reason: NO_EXCLUSIVE,
    },
    Gate { promise: "exclusive::has_a_trigger", backends: &[Poll, Select], reason: NO_EXCLUSIVE },
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
];

/// Why `promise` is not asked of `backend`, if it is not.
pub(crate) fn reason(chapter: &str, promise: &str, backend: Backend) -> Option<&'static str> {
    let name = format!("{chapter}::{promise}");
    let gate = GATES.iter().find(|gate| gate.promise == name && gate.backends.contains(&backend));
    gate.map(|gate| gate.reason)
}
