//! How a world learns of its events, and what it makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::{Interest, Token};

use super::eyes::{Eyes, Inbox, Own};
use super::model::{Ready, Sighting, Verdict};
use super::world::World;

use crate::usage::thread_cpu_time;

/// How long to wait for what is owed, where other threads must be given a processor to see
/// it: far longer than it takes.
const OWED: Duration = Duration::from_secs(10);

/// How many events may come of answering the events of one descriptor, and of those
/// answers, until there is silence.
const ANSWERS: usize = 40;

impl World {
    /// Waits, and checks that what is owed comes.
    pub(super) fn wait(&mut self, microseconds: u16) -> Verdict<Vec<Sighting>> {
        if let Eyes::Others(inbox, _) = &self.eyes {
            let inbox = Arc::clone(inbox);
            return self.settle(&inbox);
        }
        let timeout = Duration::from_micros(microseconds.into());
        let (mut seen, is_full) = self.wait_once(timeout)?;
        if !is_full && !self.model.is_settled() {
            self.insist(&mut seen)?;
        }
        Ok(seen)
    }

    /// Learns what other threads have seen until now.
    pub(super) fn catch_up(&mut self) -> Verdict<Vec<Sighting>> {
        let Eyes::Others(inbox, _) = &self.eyes else { return Ok(Vec::new()) };
        let seen = inbox.take();
        seen.iter().try_for_each(|event| self.model.see(event, None))?;
        Ok(seen)
    }

    /// Ends the program: all that is owed comes, and then there is silence, whether events
    /// are left alone or answered.
    pub(super) fn finish(&mut self) -> Verdict {
        if let Eyes::Others(inbox, _) = &self.eyes {
            let inbox = Arc::clone(inbox);
            self.settle(&inbox)?;
            self.deregister_levels()?;
            return self.settle(&inbox).map(|_| ());
        }
        for _ in 0..6 * self.model.count() + 20 {
            if self.wait(0)?.is_empty() {
                break;
            }
        }
        self.deregister_levels()?;
        self.expect_silence()?;
        self.try_all();
        let mut left = ANSWERS * (1 + self.slots.len());
        loop {
            let seen = self.wait(0)?;
            if seen.is_empty() {
                return self.expect_silence();
            }
            left = left.checked_sub(seen.len()).ok_or("answers are answered again and again")?;
            seen.iter().try_for_each(|event| self.answer_edge(event))?;
        }
    }

    fn deregister_levels(&mut self) -> Verdict {
        for slot in self.slots_with(Interest::is_level) {
            self.deregister(slot)?;
        }
        self.clean_up_orphans();
        Ok(())
    }

    /// Waits until a wait finds nothing, which costs no processor time.
    fn expect_silence(&mut self) -> Verdict {
        const SHORT: Duration = Duration::from_millis(1);
        const LONG: Duration = Duration::from_millis(50);
        const TRIES: u32 = 8;

        let mut timeout = SHORT;
        for _ in 0..TRIES {
            // The credit of each registration ends this.
            while !self.wait(0)?.is_empty() {}
            let before = thread_cpu_time();
            let (seen, _) = self.wait_once(timeout)?;
            if seen.is_empty() && thread_cpu_time() - before < timeout / 2 {
                return Ok(());
            }
            // On a virtual machine, time that was stolen while the thread slept may count.
            timeout = LONG;
        }
        Err(format!("{TRIES} waits for nothing took most of their time of a processor"))
    }

    fn wait_once(&mut self, timeout: Duration) -> Verdict<(Vec<Sighting>, bool)> {
        let before = self.look();
        self.model.ask(self.eyes.now(), &before);
        let Eyes::Own(own) = &mut self.eyes else { return Ok((Vec::new(), false)) };
        let (seen, is_full) = Own::wait(own, timeout)?;
        let after = if seen.is_empty() { BTreeMap::new() } else { self.look() };
        for event in &seen {
            self.model.see(event, Some(either(event.token, &before, &after)))?;
        }
        self.model.end_wait()?;
        Ok((seen, is_full))
    }

    /// Waits for what is owed, since a kernel may be about to tell it.
    fn insist(&mut self, seen: &mut Vec<Sighting>) -> Verdict {
        for exponent in 0..9 {
            // Level events may end each wait at once.
            thread::sleep(Duration::from_millis(1));
            let (more, _) = self.wait_once(Duration::from_millis(1 << exponent))?;
            seen.extend(more);
            if self.model.is_settled() {
                return Ok(());
            }
        }
        Err(self.lost())
    }

    /// Waits until all that is owed now was seen by the other threads.
    fn settle(&mut self, inbox: &Inbox) -> Verdict<Vec<Sighting>> {
        let mut seen = self.catch_up()?;
        self.model.ask(self.eyes.now(), &self.look());
        let start = Instant::now();
        loop {
            seen.extend(self.catch_up()?);
            if self.model.is_settled() {
                return Ok(seen);
            }
            if start.elapsed() > OWED {
                return Err(self.lost());
            }
            inbox.sleep(Duration::from_millis(5));
            self.model.forgive(&self.look());
        }
    }

    fn lost(&self) -> String {
        format!("lost: the event of {}", self.model.owed().join(", and of "))
    }
}

/// What a descriptor was ready for at one of two times.
fn either(token: Token, before: &BTreeMap<Token, Ready>, after: &BTreeMap<Token, Ready>) -> Ready {
    let before = before.get(&token).copied().unwrap_or_default();
    let after = after.get(&token).copied().unwrap_or_default();
    Ready {
        directions: before.directions.with(after.directions),
        is_closing: before.is_closing || after.is_closing,
    }
}
