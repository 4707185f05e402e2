//! One state, as each backend reports it.

use std::io;
use std::time::Duration;

use omnipoll::{Backend, Builder, Events, Interest, Poll, Token};

use super::answers::Answers;
use super::kernel;
use super::scene::Subject;
use super::settle::settle;
use super::states::Cell;

/// How often a state may change while it is looked at.
const ATTEMPTS: usize = 3;

/// How long a wait may look for what is not there. It costs time in every silent state.
const SILENT: Duration = Duration::from_millis(1);

const TOKEN: Token = Token(7);

/// What was measured of one kind of descriptor in one state.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) asked: Interest,
    /// Or why this state could not be had.
    pub(super) outcome: Result<Outcome, String>,
}

pub(super) struct Outcome {
    /// What poll(2) itself says, where there is one.
    pub(super) flags: Option<Vec<&'static str>>,
    /// By backend, in the order in which they were asked for.
    pub(super) reports: Vec<Report>,
}

impl Outcome {
    /// Whether the backends do not all say the same.
    pub(super) fn differs(&self) -> bool {
        self.reports.iter().any(|report| !report.agrees(&self.reports[0]))
    }
}

/// What a backend says of a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    Answers(Answers),
    /// The registration failed, for this reason.
    Refused(String),
}

impl Report {
    /// Why it failed, if it did.
    pub(super) fn refusal(&self) -> Option<&str> {
        match self {
            Report::Answers(_) => None,
            Report::Refused(reason) => Some(reason),
        }
    }

    /// Whether both say the same, if not for the same reason.
    pub(super) fn agrees(&self, other: &Report) -> bool {
        match (self, other) {
            (Report::Refused(_), Report::Refused(_)) => true,
            _ => self == other,
        }
    }
}

/// Brings a descriptor into the state of `cell`, and asks each of `backends` about it.
pub(super) fn measure(kind: &'static str, cell: &Cell, backends: &[Backend]) -> Row {
    let outcome = (0..ATTEMPTS).find_map(|_| attempt(cell, backends).transpose());
    let outcome = outcome.unwrap_or_else(|| Err(io::Error::other("it does not hold still")));
    let outcome = outcome.map_err(|error| error.to_string());
    Row { kind, state: cell.state, asked: cell.interest, outcome }
}

/// All that is said of one descriptor; nothing if its state changed meanwhile, as then the
/// answers are not about the same.
fn attempt(cell: &Cell, backends: &[Backend]) -> io::Result<Option<Outcome>> {
    let mut staged = cell.stage()?;
    let (subject, awaited) = (&mut *staged.subject, staged.awaited);
    let before = settle(|| kernel::look(subject, cell.interest), |look| look.shows(awaited))?;
    let mut reports = Vec::new();
    for &backend in backends {
        let poll = Poll::builder().backend(backend).always_ready_files(cell.always_ready_files);
        reports.push(report(poll, cell.interest, subject)?);
    }
    let after = kernel::look(subject, cell.interest)?;
    Ok((before == after).then(|| Outcome { flags: after.flags(), reports }))
}

/// What a level registration of `subject` with such a poll is told.
pub(super) fn report(
    poll: Builder,
    interest: Interest,
    subject: &mut dyn Subject,
) -> io::Result<Report> {
    let mut poll = match poll.retry_interrupted(true).build() {
        // It has no such option.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            return Ok(Report::Refused(error.to_string()));
        }
        result => result?,
    };
    match poll.registry().register(subject, TOKEN, interest.level()) {
        Ok(()) => {
            let answers = steady_answers(&mut poll);
            // Also after a wait that failed: the next backend takes it.
            poll.registry().deregister(subject)?;
            answers.map(Report::Answers)
        }
        // This is about the process, not about what it asked for.
        Err(error) if is_out_of_descriptors(&error) => Err(error),
        Err(error) => Ok(Report::Refused(error.to_string())),
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    #[cfg(unix)]
    const NONE_LEFT: [i32; 2] = [libc::EMFILE, libc::ENFILE];
    /// `WSAEMFILE`
    #[cfg(not(unix))]
    const NONE_LEFT: [i32; 1] = [10024];
    error.raw_os_error().is_some_and(|code| NONE_LEFT.contains(&code))
}

/// What every wait tells, once that is always the same.
fn steady_answers(poll: &mut Poll) -> io::Result<Answers> {
    let mut events = Events::with_capacity(4);
    let wait = || {
        poll.poll(&mut events, Some(SILENT))?;
        Ok(events.iter().map(Answers::of).fold(Answers::NONE, Answers::with))
    };
    settle(wait, |_| true)
}
