use std::fmt;

/// A set of things that a descriptor can be, with the values of poll(2) and epoll(7)
/// where those have one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readiness(u32);

impl Readiness {
    pub(crate) const NONE: Readiness = Readiness(0);
    pub(crate) const IN: Readiness = Readiness(0x1);
    pub(crate) const PRI: Readiness = Readiness(0x2);
    pub(crate) const OUT: Readiness = Readiness(0x4);
    pub(crate) const ERR: Readiness = Readiness(0x8);
    pub(crate) const HUP: Readiness = Readiness(0x10);
    pub(crate) const RDHUP: Readiness = Readiness(0x2000);
    /// As RDHUP, of writing, which poll(2) has no name for.
    pub(crate) const WRHUP: Readiness = Readiness(0x1_0000);
    /// An asynchronous operation has ended.
    pub(crate) const AIO: Readiness = Readiness(0x2_0000);
    /// A list of asynchronous operations has ended.
    pub(crate) const LIO: Readiness = Readiness(0x4_0000);

    /// What a registration can ask for.
    pub(crate) const DIRECTIONS: Readiness =
        Readiness::IN.with(Readiness::PRI).with(Readiness::OUT);

    /// What lasts once it is there, and most of it cannot be left out of a wait.
    pub(crate) const CLOSING: Readiness =
        Readiness::ERR.with(Readiness::HUP).with(Readiness::RDHUP);

    pub(crate) const fn from_bits(bits: u32) -> Readiness {
        Readiness(bits)
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn with(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Readiness) -> Readiness {
        Readiness(self.0 & !other.0)
    }

    #[cfg(not(wasi))]
    pub(crate) const fn within(self, other: Readiness) -> Readiness {
        Readiness(self.0 & other.0)
    }

    /// The directions in which the end that it tells of shows: a read finds the end, a
    /// write fails.
    #[cfg(not(wasi))]
    pub(crate) const fn shown_by_end(self) -> Readiness {
        let mut shown = Readiness::NONE;
        if self.has(Readiness::CLOSING) {
            shown = shown.with(Readiness::IN);
        }
        if self.has(Readiness::ERR.with(Readiness::HUP)) {
            shown = shown.with(Readiness::OUT);
        }
        shown
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether any of `other` is in it.
    pub(crate) const fn has(self, other: Readiness) -> bool {
        self.0 & other.0 != 0
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Readiness, &str); 9] = [
            (Readiness::IN, "IN"),
            (Readiness::PRI, "PRI"),
            (Readiness::OUT, "OUT"),
            (Readiness::ERR, "ERR"),
            (Readiness::HUP, "HUP"),
            (Readiness::RDHUP, "RDHUP"),
            (Readiness::WRHUP, "WRHUP"),
            (Readiness::AIO, "AIO"),
            (Readiness::LIO, "LIO"),
        ];
        let mut rest = *self;
        let mut separator = "";
        for (bit, name) in NAMES.iter().filter(|(bit, _)| self.has(*bit)) {
            write!(f, "{separator}{name}")?;
            separator = " | ";
            rest = rest.without(*bit);
        }
        match (rest.is_empty(), separator) {
            (true, "") => write!(f, "NONE"),
            (true, _) => Ok(()),
            (false, _) => write!(f, "{separator}{:#x}", rest.0),
        }
    }
}
