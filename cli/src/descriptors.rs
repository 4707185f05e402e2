//! How many descriptors this process may have open.

/// The limit before it was raised, and since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What the process came with.
    pub before: u64,
    /// What it has now.
    pub now: u64,
}

/// Raises the limit of open descriptors as far as it goes.
///
/// A limit that cannot be raised stays as it is: the answer tells the truth either way.
#[cfg(unix)]
pub fn raise_limit() -> Limit {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // None stands for infinity.
    Limit { before: limit.current.unwrap_or(u64::MAX), now: now.unwrap_or(u64::MAX) }
}

/// There is no such limit.
#[cfg(not(unix))]
pub fn raise_limit() -> Limit {
    Limit { before: u64::MAX, now: u64::MAX }
}
