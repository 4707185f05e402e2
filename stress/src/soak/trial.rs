//! One run: a server, its crowd of clients, and whether all is as it should be.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::Backend;
use omnipoll::net::SpareDescriptor;

use super::crowd::{self, Crowd};
use super::ledger::Ledger;
use super::report::{Memory, Report, Stall};
use super::server::{self, Server};
use super::trigger::Trigger;
use super::visit::Phase;

use crate::usage;

/// How often to look how far a run is.
const LOOK: Duration = Duration::from_millis(100);

/// How often to say so.
const SAY: Duration = Duration::from_secs(30);

/// How long the clients storm before they all stall.
const ROUND: Duration = Duration::from_secs(10);

/// For how long nothing may happen then.
const STALL: Duration = Duration::from_secs(1);

/// How long what takes no time may take on a busy machine.
pub(super) const OWED: Duration = Duration::from_secs(60);

/// How long descriptors are short at the most: far longer than it takes.
const SHORTAGE: Duration = Duration::from_secs(20);

/// The descriptors of a poll, listeners, the standard streams and the like.
const SPARE_DESCRIPTORS: u64 = 128;

/// What a run is to be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) backend: Backend,
    pub(super) clients_on: Backend,
    pub(super) trigger: Trigger,
    pub(super) clients: usize,
    pub(super) threads: usize,
    pub(super) seed: u64,
    pub(super) length: Length,
}

/// How long it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Length {
    Time(Duration),
    Connections(u64),
}

impl Length {
    /// How many times the clients storm and stall: more than once.
    fn rounds(self) -> u64 {
        match self {
            Length::Time(time) => (time.as_secs() / ROUND.as_secs()).max(2),
            Length::Connections(_) => 2,
        }
    }

    /// Whether that many rounds are over.
    fn has_reached(self, round: u64, start: Instant, connections: u64) -> bool {
        let share = |of: f64| of * round as f64 / self.rounds() as f64;
        match self {
            Length::Time(time) => start.elapsed().as_secs_f64() >= share(time.as_secs_f64()),
            Length::Connections(count) => connections as f64 >= share(count as f64),
        }
    }
}

/// Runs it to its end.
pub(super) fn run(plan: &Plan) -> io::Result<Report> {
    let before = usage::descriptors()?;
    // Little is left over, so that it takes few more to have none.
    usage::limit_descriptors(before as u64 + 2 * plan.clients as u64 + SPARE_DESCRIPTORS)?;
    let mut trial = Trial::start(plan)?;
    for round in 1..=plan.length.rounds() {
        if round > 1 && usage::CAN_RUN_SHORT {
            trial.run_short_of_descriptors()?;
        }
        while !plan.length.has_reached(round, trial.start, trial.connections()) {
            trial.look()?;
        }
        trial.stall()?;
    }
    let ledger = Arc::clone(&trial.ledger);
    let mut report = trial.finish()?;
    report.descriptors = [before, usage::descriptors()?];
    report.judge(&ledger);
    Ok(report)
}

struct Trial<'a> {
    plan: &'a Plan,
    ledger: Arc<Ledger>,
    server: Server,
    crowd: Crowd,
    start: Instant,
    cpu_at_start: Duration,
    said_at: Instant,
    /// How many waits the clients had begun, and since when.
    pulse: (u64, Instant),
    memory: Memory,
    stalls: Vec<Stall>,
}

impl Trial<'_> {
    fn start(plan: &Plan) -> io::Result<Trial<'_>> {
        let ledger = Arc::new(Ledger::default());
        let server = Server::start(
            server::Plan {
                backend: plan.backend,
                trigger: plan.trigger,
                threads: plan.threads,
                seed: plan.seed,
            },
            Arc::clone(&ledger),
        )?;
        let crowd = Crowd::start(
            crowd::Plan {
                backend: plan.clients_on,
                clients: plan.clients,
                seed: plan.seed,
                addresses: server.addresses.clone(),
            },
            Arc::clone(&ledger),
        )?;
        let start = Instant::now();
        Ok(Trial {
            plan,
            ledger,
            server,
            crowd,
            start,
            cpu_at_start: usage::cpu_time(),
            said_at: start,
            pulse: (0, start),
            memory: Memory::default(),
            stalls: Vec::new(),
        })
    }

    fn connections(&self) -> u64 {
        self.crowd.board().begun.load(Ordering::SeqCst)
    }

    /// Lets a moment pass.
    fn look(&mut self) -> io::Result<()> {
        thread::sleep(LOOK);
        self.server.check()?;
        // They wait for a second at most: else a wake-up is lost, and no end would come.
        let waits = self.crowd.board().waits.load(Ordering::SeqCst);
        if waits != self.pulse.0 {
            self.pulse = (waits, Instant::now());
        } else if self.pulse.1.elapsed() > OWED {
            return Err(io::Error::other("the clients hang"));
        }
        self.memory.add(usage::memory()?);
        if self.said_at.elapsed() >= SAY {
            self.said_at = Instant::now();
            let totals = self.ledger.totals();
            println!(
                "  {:>5} s: {} clients, {} connections, {} MB echoed, {} MB of memory, {} faults",
                self.start.elapsed().as_secs(),
                self.crowd.board().live.load(Ordering::SeqCst),
                self.connections(),
                totals.bytes / 1_000_000,
                self.memory.last() / 1_000_000,
                totals.faults,
            );
        }
        Ok(())
    }

    /// Takes every descriptor that is left but one, which a client is to find, until the
    /// server has found none to accept it with.
    fn run_short_of_descriptors(&mut self) -> io::Result<()> {
        let file = File::open(std::env::current_exe()?)?;
        let mut taken = Vec::new();
        let refused = &self.server.counts().refused;
        let before = refused.load(Ordering::SeqCst);
        let start = Instant::now();
        while refused.load(Ordering::SeqCst) == before && start.elapsed() < SHORTAGE {
            match file.try_clone() {
                Ok(copy) => taken.push(copy),
                Err(error) if SpareDescriptor::is_lack(&error) => {
                    taken.pop();
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Has all clients stop receiving, and sees that everything comes to rest then.
    fn stall(&mut self) -> io::Result<()> {
        self.crowd.turn_to(Phase::Stall)?;
        let start = Instant::now();
        // What is under way has to arrive first, on a machine that may be busy.
        loop {
            let (waits, cpu) = (self.waits(), usage::cpu_time());
            thread::sleep(STALL);
            let stall = Stall {
                after: start.elapsed() - STALL,
                clients: self.crowd.board().live.load(Ordering::SeqCst),
                waits: self.waits() - waits,
                cpu: (usage::cpu_time() - cpu).as_secs_f64() / STALL.as_secs_f64(),
            };
            if stall.is_rest() || start.elapsed() > OWED {
                self.stalls.push(stall);
                return self.crowd.turn_to(Phase::Storm);
            }
        }
    }

    /// Waits of both sides.
    fn waits(&self) -> u64 {
        let (server, crowd) = (&self.server.counts().waits, &self.crowd.board().waits);
        server.load(Ordering::SeqCst) + crowd.load(Ordering::SeqCst)
    }

    /// Lets the clients end what they do, and closes everything.
    fn finish(mut self) -> io::Result<Report> {
        self.crowd.turn_to(Phase::Finish)?;
        while !self.crowd.is_gone() {
            self.look()?;
        }
        let begun = self.connections();
        let put_off = self.crowd.board().put_off.load(Ordering::SeqCst);
        self.crowd.join()?;
        let start = Instant::now();
        let counts = self.server.counts();
        while counts.live.load(Ordering::SeqCst) > 0 && start.elapsed() < OWED {
            thread::sleep(LOOK);
        }
        let report = Report {
            name: format!("{}, {}", self.plan.backend, self.plan.trigger),
            length: self.start.elapsed(),
            cpu: usage::cpu_time() - self.cpu_at_start,
            begun,
            put_off,
            accepted: counts.accepted.load(Ordering::SeqCst),
            left: counts.live.load(Ordering::SeqCst),
            waits: counts.waits.load(Ordering::SeqCst),
            events: counts.events.load(Ordering::SeqCst),
            late: counts.late.load(Ordering::SeqCst),
            refused: counts.refused.load(Ordering::SeqCst),
            memory: self.memory,
            stalls: self.stalls,
            ..Report::default()
        };
        self.server.stop()?;
        Ok(report)
    }
}
