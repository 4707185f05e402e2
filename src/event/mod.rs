//! What a wait reports, and what can be waited for.

#[expect(clippy::module_inception, reason = "mio's paths are event::Event and event::Events")]
mod event;
mod events;
mod readiness;
mod source;

pub use self::event::Event;
pub use self::events::{Events, Iter};
pub use self::source::Source;

pub(crate) use self::readiness::Readiness;
