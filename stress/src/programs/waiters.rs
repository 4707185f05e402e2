use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::{Events, Poll, SharedPoll, Token, Waker};

use super::eyes::{Clock, Inbox, Seen, check_time, unless_interrupted};
use super::model::{Sighting, Verdict};
use super::world::because;

use crate::usage::ThreadAccount;

/// The token of the waker that stops the threads.
const STOP: Token = Token(usize::MAX);

/// How many tokens each world has.
pub(super) const TOKENS: usize = 1 << 24;

/// How long a thread may take to come back when it is woken.
const BACK: Duration = Duration::from_secs(10);

/// Threads that wait together on one poll, again and again.
pub(super) struct Waiters {
    common: Arc<Common>,
    waker: Arc<Waker>,
    /// One message for each thread that has ended.
    ended: Receiver<()>,
    /// One of each thread.
    accounts: Vec<ThreadAccount>,
    timeout: Option<Duration>,
}

struct Common {
    clock: Arc<Clock>,
    /// One for each world.
    inboxes: Vec<Arc<Inbox>>,
    is_over: AtomicBool,
    waits: AtomicU64,
    events: AtomicU64,
    /// What is wrong, if anything.
    complaint: Mutex<Option<String>>,
}

impl Waiters {
    /// Starts `count` threads that wait with `timeout`, each with room for `capacity` events.
    pub(super) fn start(
        poll: &Poll,
        worlds: usize,
        count: usize,
        capacity: usize,
        timeout: Option<Duration>,
    ) -> Verdict<Waiters> {
        let waker = Waker::new(poll.registry(), STOP).map_err(because("a waker"))?;
        let waker = Arc::new(waker);
        let common = Arc::new(Common {
            clock: Arc::default(),
            inboxes: (0..worlds).map(|_| Arc::default()).collect(),
            is_over: AtomicBool::new(false),
            waits: AtomicU64::new(0),
            events: AtomicU64::new(0),
            complaint: Mutex::new(None),
        });
        let (sender, ended) = mpsc::channel();
        let mut accounts = Vec::new();
        for _ in 0..count {
            let waiter = Waiter {
                shared: poll.share(),
                common: Arc::clone(&common),
                waker: Arc::clone(&waker),
                timeout,
                ended: Sender::clone(&sender),
            };
            let (sender, account) = mpsc::channel();
            thread::spawn(move || {
                let _ = sender.send(ThreadAccount::own());
                waiter.run(capacity);
            });
            let account = account.recv().map_err(|error| format!("a thread: {error}"))?;
            accounts.push(account.map_err(because("a thread"))?);
        }
        Ok(Waiters { common, waker, ended, accounts, timeout })
    }

    pub(super) fn inbox(&self, world: usize) -> Arc<Inbox> {
        Arc::clone(&self.common.inboxes[world])
    }

    pub(super) fn clock(&self) -> Arc<Clock> {
        Arc::clone(&self.common.clock)
    }

    pub(super) fn seen(&self) -> Seen {
        Seen {
            waits: self.common.waits.load(Ordering::SeqCst),
            events: self.common.events.load(Ordering::SeqCst),
        }
    }

    /// Checks, while nothing happens, that the waits of the threads do not come back.
    pub(super) fn expect_silence(&self) -> Verdict {
        // What the last steps have caused may be under way.
        thread::sleep(Duration::from_millis(1));
        let (before, start) = (self.seen(), Instant::now());
        thread::sleep(Duration::from_millis(3));
        let (after, elapsed) = (self.seen(), start.elapsed());
        let waits = after.waits - before.waits;
        // A busy machine takes its time.
        let by_timeout = self.timeout.map_or(0.0, |timeout| elapsed.div_duration_f64(timeout));
        let most = self.accounts.len() as f64 * (by_timeout + 50.0);
        if waits as f64 > most {
            let events = after.events - before.events;
            return Err(format!("{waits} waits came back in {elapsed:?}, with {events} events"));
        }
        Ok(())
    }

    /// Checks, while nothing happens, that the threads are not busy inside their waits.
    ///
    /// Each round counts for itself: on a virtual machine, time that was stolen while a
    /// thread slept may count as used.
    pub(super) fn expect_sleep(&self) -> Verdict {
        const ROUND: Duration = Duration::from_millis(10);
        const ROUNDS: usize = 10;

        let mut busy = 0;
        for _ in 0..ROUNDS {
            let (before, start) = (self.processor_time(), Instant::now());
            thread::sleep(ROUND);
            let used = self.processor_time().saturating_sub(before);
            busy += usize::from(used > start.elapsed() / 4);
        }
        if busy == ROUNDS { Err("waits for nothing are busy all the time".into()) } else { Ok(()) }
    }

    /// What the threads have used of the processors.
    fn processor_time(&self) -> Duration {
        self.accounts.iter().map(ThreadAccount::cpu_time).sum()
    }

    /// Ends the threads, and tells what they have to complain of.
    pub(super) fn stop(self) -> Verdict<Seen> {
        self.common.is_over.store(true, Ordering::SeqCst);
        self.waker.wake().map_err(because("a wake-up"))?;
        for left in (1..=self.accounts.len()).rev() {
            if self.ended.recv_timeout(BACK).is_err() {
                return Err(format!("a wake-up is lost: {left} threads do not come back"));
            }
        }
        match self.common.complaint.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(complaint) => Err(complaint),
            None => Ok(self.seen()),
        }
    }
}

/// One of the threads.
struct Waiter {
    shared: SharedPoll,
    common: Arc<Common>,
    waker: Arc<Waker>,
    timeout: Option<Duration>,
    ended: Sender<()>,
}

impl Waiter {
    fn run(&self, capacity: usize) {
        let mut events = Events::with_capacity(capacity);
        while !self.common.is_over.load(Ordering::SeqCst) {
            if let Err(complaint) = self.wait(&mut events) {
                let mut first =
                    self.common.complaint.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(complaint);
                break;
            }
        }
        // The next one is told by this one, since each wake-up wakes one thread. Both fail
        // only if nobody listens any more.
        let _ = self.waker.wake();
        let _ = self.ended.send(());
    }

    /// Waits once, and passes on what comes.
    fn wait(&self, events: &mut Events) -> Verdict {
        let began = self.common.clock.tick();
        let start = Instant::now();
        unless_interrupted(|| self.shared.wait(events, self.timeout))?;
        self.common.waits.fetch_add(1, Ordering::SeqCst);
        if events.is_empty() {
            return match self.timeout {
                Some(timeout) => check_time(start, timeout),
                None => Err("a wait without a limit ended with nothing".into()),
            };
        }
        let mut backlog = 0;
        for event in events.iter().filter(|event| event.token() != STOP) {
            self.common.events.fetch_add(1, Ordering::SeqCst);
            match self.common.inboxes.get(event.token().0 / TOKENS) {
                Some(inbox) => backlog = inbox.put(Sighting::new(event, began)),
                None => return Err(format!("{event:?} is of nobody")),
            }
        }
        if backlog > 64 {
            // Levels are told again and again, for as long as the program leaves them alone.
            thread::sleep(Duration::from_micros(100));
        }
        Ok(())
    }
}
