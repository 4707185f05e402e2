//! Edge in software, for kernels that report levels only.
//!
//! Every direction of a registration is in one of three states:
//!
//! | state | the kernel is asked | it gets there |
//! |---|---|---|
//! | armed | yes | at the start, and whenever I/O was tried in the direction |
//! | fired | yes | when an event reported the direction |
//! | asleep | no | when a wait begins and the direction is still fired |
//!
//! So an event costs no system call and no lock where the caller tries its I/O before it
//! waits again, which is what callers do: the direction is armed again before the next
//! wait begins, and the kernel's set has not changed. A direction that the caller leaves
//! alone falls asleep, so that it is not reported again and again; the attempt that wakes
//! it must change the kernel's set, and end a wait that is under way.
//!
//! An attempt arms the direction whether it moved data or not: callers take a short read
//! for the end of the data, and will not try a second time (tokio issue 5866).
//!
//! Some readiness lasts, whatever the caller tries: what a closed or failed peer leaves
//! behind, a connection that there is no descriptor to accept with, data that is looked at
//! and not taken. Neither poll(2) nor select(2) can be told to ignore it, so callers who
//! keep trying would be told for ever, where epoll is silent. Such a registration is
//! marked, and goes on by edges of the kernel's: kernel_edges.rs. So does one whose
//! attempts do not say their direction, since arming a direction that nobody tried would
//! report it again without a reason.
//!
//! Where there are no such edges, as on Windows, who keeps trying is told again, save for the
//! end of a stream: what a read or write has found to be over stays asleep
//! ([`of_levels_alone`](Trigger::of_levels_alone)).
//!
//! A direction that is asleep hears nothing, but epoll tells the end of a connection to
//! callers that have tried nothing as well. So when a registration falls asleep for the
//! first time, the kernel's edges are asked for its end alone.
//!
//! Level needs no state: it is what these kernels have. Oneshot is edge whose fired
//! directions fall asleep all together and at once, and are armed by `reregister` alone:
//! stateless.rs does that with the registration as a whole.

use std::io;

use super::sync::atomic::{AtomicU8, Ordering};
use crate::event::Readiness;

/// The three directions, fired: the bits of [`Readiness`].
const FIRED: u8 = Readiness::DIRECTIONS.bits() as u8;
/// The three directions, asleep.
const ASLEEP_SHIFT: u32 = 3;
const ASLEEP: u8 = FIRED << ASLEEP_SHIFT;
/// The directions in which the caller takes something in, fired.
const INWARD: u8 = FIRED & !(Readiness::OUT.bits() as u8);
/// The registration is to go on by edges of the kernel's.
const BY_KERNEL: u8 = 1 << 6;

/// There are no edges of the kernel's to go on by.
const LEVELS_ALONE: u8 = 1 << 7;

/// How an attempt at I/O came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It moved something.
    Moved,
    /// It would have blocked. Where it was to take something in, as the first answer to an
    /// event, that makes the event a false one, and the next would be as false: select(2) shows a queue of errors as readable.
    Blocked,
    /// It left the readiness as it was, so that the next call would find it again: an error, a
    /// look ahead, or a direction that is not known.
    Lasting,
    /// The same, since the stream is over in that direction: its end was read, or it failed.
    Ended,
}

impl Outcome {
    pub(crate) fn of<R>(result: &io::Result<R>) -> Outcome {
        match result {
            Ok(_) => Outcome::Moved,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Outcome::Blocked,
                io::ErrorKind::Interrupted => Outcome::Moved,
                _ => Outcome::Lasting,
            },
        }
    }

    /// The same of a stream, where what fails once fails for good.
    pub(crate) fn of_stream<R>(result: &io::Result<R>) -> Outcome {
        match Outcome::of(result) {
            Outcome::Lasting => Outcome::Ended,
            outcome => outcome,
        }
    }
}

/// The state of one registration, shared by its source and the backend.
///
/// The source calls [`tried`](Trigger::tried), from any thread; the rest is called by the
/// backend, under its lock.
#[derive(Debug, Default)]
pub(crate) struct Trigger(AtomicU8);

impl Trigger {
    /// That of a registration for which there are no edges of the kernel's.
    pub(super) fn of_levels_alone() -> Trigger {
        Trigger(AtomicU8::new(LEVELS_ALONE))
    }

    /// Arms `directions` after an attempt at I/O, and returns those that were asleep.
    pub(crate) fn tried(&self, directions: Readiness, outcome: Outcome) -> Readiness {
        let fired = directions.bits() as u8 & FIRED;
        let either = fired | fired << ASLEEP_SHIFT;
        // An event happens before the attempt that answers it, so what it fired is seen
        // here; what fires later is answered by a later attempt.
        let now = self.0.load(Ordering::Relaxed);
        if now & either == 0 {
            return Readiness::NONE;
        }
        if outcome == Outcome::Ended && now & LEVELS_ALONE != 0 {
            // It would be told again after each attempt.
            return Readiness::NONE;
        }
        let before = self.0.fetch_and(!either, Ordering::AcqRel);
        // Of writes, only those that came up short are told, so there it proves nothing.
        let was_false = (before | before >> ASLEEP_SHIFT) & fired & INWARD != 0;
        let lasts = matches!(outcome, Outcome::Lasting | Outcome::Ended);
        if lasts || (outcome == Outcome::Blocked && was_false) {
            self.0.fetch_or(BY_KERNEL, Ordering::AcqRel);
        }
        Readiness::from_bits(u32::from((before >> ASLEEP_SHIFT) & fired))
    }

    /// Whether it is to go on by edges of the kernel's.
    #[cfg(not(wasi))]
    pub(super) fn is_by_kernel(&self) -> bool {
        self.0.load(Ordering::Acquire) & BY_KERNEL != 0
    }

    /// Notes that `reported` was told.
    pub(super) fn fire(&self, reported: Readiness) {
        let mut bits = reported.bits() as u8 & FIRED;
        if reported.has(Readiness::CLOSING) {
            bits |= BY_KERNEL;
        }
        if reported.has(Readiness::ERR.with(Readiness::HUP)) {
            // Told whatever was asked for, so it ends the wait for every direction.
            bits |= FIRED;
        }
        if self.0.load(Ordering::Relaxed) & !LEVELS_ALONE == 0 {
            // Nothing is fired or asleep, so no attempt has anything to clear, and a plain
            // store spares the event an atomic operation. At worst it undoes a mark that
            // is made at this very moment; the next attempt makes it again.
            self.0.store(self.0.load(Ordering::Relaxed) | bits, Ordering::Release);
        } else {
            self.0.fetch_or(bits, Ordering::AcqRel);
        }
    }

    /// Sends to sleep what fired and was not tried since; true if anything is to change
    /// in what the kernel is asked.
    pub(super) fn settle(&self) -> bool {
        let now = self.0.load(Ordering::Acquire);
        if now & (FIRED | BY_KERNEL) == 0 {
            return false;
        }
        let settled = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            Some(state & !FIRED | (state & FIRED) << ASLEEP_SHIFT)
        });
        // The closure always has an answer.
        let before = settled.unwrap_or_else(|state| state);
        before & (FIRED | BY_KERNEL) != 0
    }

    /// The directions that are asleep.
    pub(super) fn asleep(&self) -> Readiness {
        let bits = (self.0.load(Ordering::Acquire) & ASLEEP) >> ASLEEP_SHIFT;
        Readiness::from_bits(u32::from(bits))
    }

    /// Arms every direction, as at the start.
    pub(super) fn reset(&self) {
        self.0.fetch_and(LEVELS_ALONE, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Readiness = Readiness::IN.with(Readiness::OUT);

    #[test]
    fn what_was_tried_before_the_next_wait_stays_armed() {
        let trigger = Trigger::default();
        trigger.fire(Readiness::IN);
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Moved), Readiness::NONE);
        assert!(!trigger.settle());
        assert_eq!(trigger.asleep(), Readiness::NONE);
    }

    #[test]
    fn what_was_left_alone_falls_asleep_until_it_is_tried() {
        let trigger = Trigger::default();
        trigger.fire(BOTH);
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Moved), Readiness::NONE);
        assert!(trigger.settle());
        assert_eq!(trigger.asleep(), Readiness::OUT);
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Blocked), Readiness::NONE);
        assert_eq!(trigger.tried(Readiness::OUT, Outcome::Blocked), Readiness::OUT);
        assert_eq!(trigger.asleep(), Readiness::NONE);
        assert!(!trigger.is_by_kernel());
    }

    #[test]
    fn a_false_event_calls_for_the_kernel() {
        let trigger = Trigger::default();
        trigger.fire(Readiness::IN);
        trigger.tried(Readiness::IN, Outcome::Moved);
        trigger.tried(Readiness::IN, Outcome::Blocked);
        assert!(!trigger.is_by_kernel());
        trigger.fire(Readiness::IN);
        trigger.tried(Readiness::IN, Outcome::Blocked);
        assert!(trigger.is_by_kernel());
    }

    #[test]
    fn without_the_kernel_what_has_ended_stays_asleep() {
        let trigger = Trigger::of_levels_alone();
        trigger.fire(Readiness::IN);
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Ended), Readiness::NONE);
        assert!(trigger.settle());
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Ended), Readiness::NONE);
        assert_eq!(trigger.asleep(), Readiness::IN);
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Blocked), Readiness::IN);
        trigger.fire(Readiness::IN);
        trigger.reset();
        assert_eq!(trigger.tried(Readiness::IN, Outcome::Ended), Readiness::NONE);
        trigger.fire(Readiness::OUT);
        assert_eq!(trigger.tried(Readiness::OUT, Outcome::Ended), Readiness::NONE);
        assert!(trigger.settle());
        assert_eq!(trigger.asleep(), Readiness::OUT);
    }

    #[test]
    fn a_hang_up_fires_all_directions_and_calls_for_the_kernel() {
        let trigger = Trigger::default();
        trigger.fire(Readiness::HUP);
        assert!(trigger.settle());
        assert_eq!(trigger.asleep(), Readiness::DIRECTIONS);
        assert!(trigger.is_by_kernel());
        trigger.reset();
        assert!(!trigger.is_by_kernel());
        assert_eq!(trigger.asleep(), Readiness::NONE);
    }
}
