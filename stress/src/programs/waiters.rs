use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::{Events, Poll, SharedPoll, Token, Waker};

use super::eyes::{Clock, Inbox, Seen, check_time, unless_interrupted};
use super::model::{Sighting, Verdict};
use super::waiting::processor_time;

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
    count: usize,
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
        let waker = Waker::new(poll.registry(), STOP).map_err(|error| format!("waker: {error}"))?;
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
        for _ in 0..count {
            let waiter = Waiter {
                shared: poll.share(),
                common: Arc::clone(&common),
                waker: Arc::clone(&waker),
                timeout,
                ended: Sender::clone(&sender),
            };
            thread::spawn(move || waiter.run(capacity));
        }
        Ok(Waiters { common, waker, ended, count, timeout })
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

    /// Checks, while nothing happens, that the threads sleep.
    pub(super) fn expect_silence(&self, duration: Duration) -> Verdict {
        // What the last steps have caused may be under way.
        thread::sleep(Duration::from_millis(1));
        let (before, start) = (self.seen(), Instant::now());
        thread::sleep(duration);
        let (after, elapsed) = (self.seen(), start.elapsed());
        let waits = after.waits - before.waits;
        // A busy machine takes its time.
        let by_timeout = self.timeout.map_or(0.0, |timeout| elapsed.div_duration_f64(timeout));
        let most = self.count as f64 * (by_timeout + 50.0);
        if waits as f64 > most {
            let events = after.events - before.events;
            return Err(format!("{waits} waits came back in {elapsed:?}, with {events} events"));
        }
        Ok(())
    }

    /// Ends the threads, and tells what they have to complain of.
    pub(super) fn stop(self) -> Verdict<Seen> {
        self.common.is_over.store(true, Ordering::SeqCst);
        self.waker.wake().map_err(|error| format!("wake: {error}"))?;
        for left in (1..=self.count).rev() {
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
        let (start, used) = (Instant::now(), processor_time());
        unless_interrupted(|| self.shared.wait(events, self.timeout))?;
        self.common.waits.fetch_add(1, Ordering::SeqCst);
        let (elapsed, used) = (start.elapsed(), processor_time() - used);
        if elapsed > Duration::from_millis(50) && used > elapsed / 2 {
            return Err(format!("a wait of {elapsed:?} took {used:?} of processor time"));
        }
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
