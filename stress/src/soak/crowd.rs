//! All clients, in one thread, on a poll of their own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fastrand::Rng;
use omnipoll::net::SpareDescriptor;
use omnipoll::{Backend, Events, Poll, Token, Waker};

use super::ledger::Ledger;
use super::stream::Address;
use super::table::Table;
use super::visit::{PIECE, Phase, Step, Visit};

/// The token of the waker, and in the list of what is due the next to come.
const PHASE: Token = Token(usize::MAX);

/// After how long a connection of which nothing has come is tried without an event.
const PATIENCE: Duration = Duration::from_secs(30);

/// For how long nothing may come of it at all: after a stall, TCP itself may wait for up to two
/// minutes before it sends again what had no room.
const LONGEST_STILLNESS: Duration = Duration::from_secs(150);

/// How often to look for connections without progress.
const LOOK: Duration = Duration::from_secs(1);

/// What a crowd is to be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) backend: Backend,
    pub(super) clients: usize,
    pub(super) seed: u64,
    pub(super) addresses: Vec<Address>,
}

#[derive(Debug)]
pub(super) struct Crowd {
    board: Arc<Board>,
    waker: Waker,
    thread: JoinHandle<io::Result<()>>,
}

/// What the thread and its owner tell each other.
#[derive(Debug)]
pub(super) struct Board {
    phase: Mutex<Phase>,
    pub(super) waits: AtomicU64,
    /// Connections that were begun.
    pub(super) begun: AtomicU64,
    /// Connections that are there.
    pub(super) live: AtomicUsize,
    /// Connections that could not be begun yet, for want of descriptors or ports.
    pub(super) put_off: AtomicU64,
}

impl Crowd {
    pub(super) fn start(plan: Plan, ledger: Arc<Ledger>) -> io::Result<Crowd> {
        let poll = Poll::builder().backend(plan.backend).retry_interrupted(true).build()?;
        let waker = Waker::new(poll.registry(), PHASE)?;
        let board = Arc::new(Board {
            phase: Mutex::new(Phase::Storm),
            waits: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            live: AtomicUsize::new(0),
            put_off: AtomicU64::new(0),
        });
        let members = Members {
            poll,
            random: Rng::with_seed(plan.seed),
            plan,
            board: Arc::clone(&board),
            ledger,
            visits: Table::new(),
            due: BinaryHeap::new(),
            buffer: vec![0; PIECE],
        };
        let thread = thread::spawn(move || members.run());
        Ok(Crowd { board, waker, thread })
    }

    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    pub(super) fn turn_to(&self, phase: Phase) -> io::Result<()> {
        *self.board.phase.lock().unwrap() = phase;
        self.waker.wake()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until all have gone.
    pub(super) fn join(self) -> io::Result<()> {
        self.thread.join().map_err(|_| io::Error::other("the thread of the clients panicked"))?
    }
}

struct Members {
    poll: Poll,
    plan: Plan,
    board: Arc<Board>,
    ledger: Arc<Ledger>,
    random: Rng,
    visits: Table<Visit>,
    /// What is to be done without an event; some of it is out of date.
    due: BinaryHeap<Reverse<(Instant, Token)>>,
    buffer: Vec<u8>,
}

impl Members {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        let mut phase = Phase::Storm;
        let mut looked_at = Instant::now();
        for _ in 0..self.plan.clients {
            self.come_later(looked_at, Duration::from_secs(1));
        }
        while phase != Phase::Finish || self.visits.len() > 0 {
            let next = self.due.peek().map_or(looked_at + LOOK, |&Reverse((at, _))| at);
            let wait = self.board.waits.fetch_add(1, Ordering::SeqCst) + 1;
            match phase {
                Phase::Stall => self.poll.poll(&mut events, None)?,
                _ => self.poll.poll_until(&mut events, next.min(looked_at + LOOK))?,
            }
            let now = Instant::now();
            self.answer(&events, wait, phase, now)?;
            let new = *self.board.phase.lock().unwrap();
            if new != phase {
                phase = new;
                self.turn(phase, now)?;
            }
            if phase == Phase::Storm {
                self.do_what_is_due(now)?;
            }
            if phase != Phase::Stall && now >= looked_at + LOOK {
                looked_at = now;
                self.look_for_the_stuck(&mut events, phase)?;
            }
        }
        Ok(())
    }

    /// Everybody learns of the new phase.
    fn turn(&mut self, phase: Phase, now: Instant) -> io::Result<()> {
        if phase == Phase::Finish {
            self.due.clear();
        }
        for token in self.visits.tokens() {
            if let Ok(visit) = self.visits.get(token) {
                visit.moved_at = now;
            }
            self.go_on(token, 0, phase, now)?;
        }
        Ok(())
    }

    fn do_what_is_due(&mut self, now: Instant) -> io::Result<()> {
        while let Some(&Reverse((at, token))) = self.due.peek() {
            if at > now {
                break;
            }
            self.due.pop();
            if token == PHASE {
                self.come(now)?;
            } else if let Ok(visit) = self.visits.get(token) {
                if visit.due == Some(at) {
                    visit.due = None;
                    self.go_on(token, 0, Phase::Storm, now)?;
                }
            }
        }
        Ok(())
    }

    fn come_later(&mut self, now: Instant, within: Duration) {
        let pause = Duration::from_micros(self.random.u64(..within.as_micros() as u64));
        self.due.push(Reverse((now + pause, PHASE)));
    }

    fn come(&mut self, now: Instant) -> io::Result<()> {
        let number = self.board.begun.load(Ordering::SeqCst);
        let visit = match Visit::begin(&self.plan.addresses, number, self.plan.seed, now) {
            Ok(visit) => visit,
            Err(error) if must_wait(&error) => {
                self.board.put_off.fetch_add(1, Ordering::SeqCst);
                self.come_later(now, Duration::from_millis(40));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.board.begun.fetch_add(1, Ordering::SeqCst);
        self.board.live.fetch_add(1, Ordering::SeqCst);
        let token = self.visits.insert(visit);
        let visit = self.visits.get(token).expect("it has just come");
        visit.register(self.poll.registry(), token)
    }

    /// Lets a visit go on, for an event of the wait of that number, or of itself if 0.
    fn go_on(&mut self, token: Token, wait: u64, phase: Phase, now: Instant) -> io::Result<()> {
        let visit = match self.visits.get(token) {
            Ok(visit) => visit,
            Err(vacated) => {
                if vacated.is_barred_from(wait) {
                    self.ledger.note(&format!("a client: {token:?} came after its deregistration"));
                }
                return Ok(());
            }
        };
        match visit.go_on(phase, now, &mut self.buffer) {
            Ok(Step::Event) => return Ok(()),
            Ok(Step::Until(at)) => {
                if visit.due.is_none_or(|due| at < due) {
                    visit.due = Some(at);
                    self.due.push(Reverse((at, token)));
                }
                return Ok(());
            }
            Ok(Step::Over) => {}
            Err(error) => self.ledger.note(&format!("{error}: {visit:?}")),
        }
        self.send_home(token, phase, now)
    }

    fn send_home(&mut self, token: Token, phase: Phase, now: Instant) -> io::Result<()> {
        let waits = self.board.waits.load(Ordering::SeqCst);
        if let Some(visit) = self.visits.vacate(token, waits) {
            visit.leave(&self.ledger)?;
            self.board.live.fetch_sub(1, Ordering::SeqCst);
        }
        if phase != Phase::Finish {
            self.come_later(now, Duration::from_millis(100));
        }
        Ok(())
    }

    /// An event that was lost shows as a connection that goes on without one.
    fn look_for_the_stuck(&mut self, events: &mut Events, phase: Phase) -> io::Result<()> {
        let is_still = |visit: &Visit, time| visit.due.is_none() && visit.moved_at.elapsed() > time;
        let mut tokens = self.visits.tokens();
        tokens.retain(|&token| self.visits.get(token).is_ok_and(|it| is_still(it, PATIENCE)));
        if !tokens.is_empty() {
            self.answer_what_is_there(events, phase)?;
        }
        for token in tokens {
            let Ok(visit) = self.visits.get(token) else { continue };
            if !is_still(visit, PATIENCE) {
                continue;
            }
            let (before, still_since) = (format!("{visit:?}"), visit.moved_at);
            if is_still(visit, LONGEST_STILLNESS) {
                self.ledger.note(&format!("nothing moves for {LONGEST_STILLNESS:?}: {before}"));
                self.send_home(token, Phase::Finish, Instant::now())?;
                continue;
            }
            self.go_on(token, 0, phase, Instant::now())?;
            if self.visits.get(token).map_or(true, |visit| visit.moved_at != still_since) {
                self.ledger.note(&format!("it went on without an event: {before}"));
            }
        }
        Ok(())
    }

    /// Where all is slow, the events of those who seem to be stuck may wait to be told.
    fn answer_what_is_there(&mut self, events: &mut Events, phase: Phase) -> io::Result<()> {
        // Each wait has one event at the least, so nobody's turn is later than that.
        for _ in 0..self.visits.len() {
            let wait = self.board.waits.fetch_add(1, Ordering::SeqCst) + 1;
            self.poll.poll(events, Some(Duration::ZERO))?;
            if events.is_empty() {
                break;
            }
            self.answer(events, wait, phase, Instant::now())?;
        }
        Ok(())
    }

    fn answer(&mut self, events: &Events, wait: u64, phase: Phase, now: Instant) -> io::Result<()> {
        for event in events.iter().filter(|event| event.token() != PHASE) {
            self.go_on(event.token(), wait, phase, now)?;
        }
        Ok(())
    }
}

/// Whether a connection cannot be begun for a reason that passes.
fn must_wait(error: &io::Error) -> bool {
    let passes = [io::ErrorKind::WouldBlock, io::ErrorKind::AddrNotAvailable];
    SpareDescriptor::is_lack(error) || passes.contains(&error.kind())
}
