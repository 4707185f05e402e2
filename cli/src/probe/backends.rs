//! Which backends this machine has, and why it lacks the others.

use std::io;

use omnipoll::{Backend, Capabilities, Poll};

/// A backend, with what it can do, or why it cannot be had.
pub(super) struct Found {
    pub(super) backend: Backend,
    /// Whether a program gets it that does not choose.
    pub(super) is_default: bool,
    pub(super) capabilities: Result<Capabilities, String>,
}

impl Found {
    pub(super) fn available(&self) -> Option<Backend> {
        self.capabilities.is_ok().then_some(self.backend)
    }
}

/// Opens each of the `wanted` once, or each that has a name if nothing is wanted in
/// particular.
///
/// # Errors
/// One that is wanted cannot be had.
pub(super) fn find(wanted: &[Backend]) -> io::Result<Vec<Found>> {
    let looked_at = Backend::ALL.iter().filter(|&backend| {
        // In the order of preference, and each once, whatever was typed.
        wanted.is_empty() || wanted.contains(backend)
    });
    let default = default();
    looked_at
        .map(|&backend| {
            let capabilities = match Poll::builder().backend(backend).build() {
                Ok(poll) => Ok(poll.capabilities()),
                Err(error) if wanted.is_empty() => Err(error.to_string()),
                Err(error) => {
                    let explained = format!("--backend {backend}: {error}");
                    return Err(io::Error::new(error.kind(), explained));
                }
            };
            Ok(Found { backend, is_default: default == Some(backend), capabilities })
        })
        .collect()
}

/// There is none if the environment asks for what cannot be had.
fn default() -> Option<Backend> {
    Poll::new().ok().map(|poll| poll.backend())
}
