//! What the system says of a socket. Windows has no call of its own that knows more than
//! the backends do, so this is `WSAPoll` by way of the library, and tells no flags.

use std::io;

use omnipoll::{Backend, Interest, Poll};

use super::answers::Answers;
use super::measure::{Report, report};
use super::scene::Subject;

/// What waits told.
#[derive(Clone, PartialEq)]
pub(super) struct Look(Answers);

/// What `subject` is ready for now, of what `interest` asks for.
pub(super) fn look(subject: &mut dyn Subject, interest: Interest) -> io::Result<Look> {
    match report(Poll::builder().backend(Backend::Poll), interest, subject)? {
        Report::Answers(answers) => Ok(Look(answers)),
        // The backends will say so too.
        Report::Refused(_) => Ok(Look(Answers::NONE)),
    }
}

impl Look {
    /// Whether it shows at least what is `awaited`.
    pub(super) fn shows(&self, awaited: Answers) -> bool {
        self.0.has_all(awaited)
    }

    /// There are none.
    pub(super) fn flags(&self) -> Option<Vec<&'static str>> {
        None
    }
}
