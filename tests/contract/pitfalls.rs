//! What broke in other libraries of this kind, and the promise that would catch it here.

/// One such case.
pub(crate) struct Pitfall {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) answer: Answer,
}

/// Where a case is tested, or why it is not.
pub(crate) enum Answer {
    /// By promises of this suite.
    Promises(&'static [&'static str]),
    /// By a test outside of it.
    Elsewhere(&'static str),
    DoesNotApply(&'static str),
}

pub(crate) const PITFALLS: &[Pitfall] = &[];
