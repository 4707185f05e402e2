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

/// For how long nothing may come of a connection that waits for nothing else.
const PATIENCE: Duration = Duration::from_secs(30);

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
            for event in events.iter().filter(|event| event.token() != PHASE) {
                self.go_on(event.token(), wait, phase, now)?;
            }
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
                self.look_for_the_stuck(now)?;
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

    /// An event that was lost shows as a connection that does not go on.
    fn look_for_the_stuck(&mut self, now: Instant) -> io::Result<()> {
        for token in self.visits.tokens() {
            if let Ok(visit) = self.visits.get(token) {
                if now > visit.moved_at + PATIENCE {
                    self.ledger.note(&format!("nothing moves for {PATIENCE:?}: {visit:?}"));
                    self.send_home(token, Phase::Finish, now)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a connection cannot be begun for a reason that passes.
fn must_wait(error: &io::Error) -> bool {
    let passes = [io::ErrorKind::WouldBlock, io::ErrorKind::AddrNotAvailable];
    SpareDescriptor::is_lack(error) || passes.contains(&error.kind())
}
