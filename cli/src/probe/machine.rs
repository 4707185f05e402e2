//! The system, and the limits that an event loop runs into.

use std::env::consts;
#[cfg(target_os = "linux")]
use std::fs;

/// What this is, and how far it goes.
pub(super) struct Machine {
    pub(super) system: String,
    /// The kernel's own name for its version, where it tells one.
    pub(super) release: Option<String>,
    pub(super) architecture: &'static str,
    /// Those that this system has.
    pub(super) limits: Vec<Limit>,
}

pub(super) struct Limit {
    /// In JSON.
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) amount: Amount,
    /// What the system calls it.
    pub(super) origin: &'static str,
}

/// How much it is.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "others lack some limits"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Count(u64),
    /// `None` is without a limit. The process may raise the first up to the second.
    Counts {
        soft: Option<u64>,
        hard: Option<u64>,
    },
    Bytes {
        soft: Option<u64>,
        hard: Option<u64>,
    },
    /// The three values of the setting by which io_uring is forbidden.
    IoUring(u64),
}

impl Machine {
    pub(super) fn look() -> Machine {
        #[cfg(unix)]
        let (system, release) = {
            let name = rustix::system::uname();
            let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
            (text(name.sysname()), Some(text(name.release())))
        };
        #[cfg(not(unix))]
        let (system, release) = (consts::OS.to_owned(), None);
        Machine { system, release, architecture: consts::ARCH, limits: limits() }
    }
}

#[cfg(unix)]
fn limits() -> Vec<Limit> {
    use rustix::process::{Resource, getrlimit};
    let descriptors = getrlimit(Resource::Nofile);
    let mut limits = vec![Limit {
        key: "descriptors",
        label: "descriptors",
        amount: Amount::Counts { soft: descriptors.current, hard: descriptors.maximum },
        origin: "RLIMIT_NOFILE",
    }];
    #[cfg(not(any(target_os = "illumos", target_os = "solaris", target_os = "haiku")))]
    {
        let memory = getrlimit(Resource::Memlock);
        limits.push(Limit {
            key: "locked_memory_bytes",
            label: "locked memory",
            amount: Amount::Bytes { soft: memory.current, hard: memory.maximum },
            origin: "RLIMIT_MEMLOCK",
        });
    }
    limits.extend(settings());
    limits.push(Limit {
        key: "fd_set_size",
        label: "C's fd_set",
        amount: Amount::Count(libc::FD_SETSIZE as u64),
        origin: "FD_SETSIZE; omnipoll may go beyond it",
    });
    limits
}

/// Windows has none that are its own: a process runs out of memory.
#[cfg(not(unix))]
fn limits() -> Vec<Limit> {
    Vec::new()
}

/// Those that are files of the kernel's.
#[cfg(target_os = "linux")]
fn settings() -> Vec<Limit> {
    let read = |path| fs::read_to_string(path).ok()?.trim().parse().ok();
    let watches = read("/proc/sys/fs/epoll/max_user_watches").map(|count| Limit {
        key: "epoll_watches_per_user",
        label: "epoll registrations",
        amount: Amount::Count(count),
        origin: "of each user, fs.epoll.max_user_watches",
    });
    // Not there before Linux 6.6.
    let io_uring = read("/proc/sys/kernel/io_uring_disabled").map(|value| Limit {
        key: "io_uring_disabled",
        label: "io_uring",
        amount: Amount::IoUring(value),
        origin: "kernel.io_uring_disabled",
    });
    watches.into_iter().chain(io_uring).collect()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn settings() -> Vec<Limit> {
    Vec::new()
}
