use std::io;
use std::time::{Duration, Instant};

use omnipoll::{Events, Poll};

use super::client::{Client, Failure};
use super::connecting::{self, Socket};
use super::connection::Connection;
use super::datagrams::Datagrams;
use super::display::Display;
use super::flight::Flight;
use super::pattern::Pattern;
use super::plan::{Length, Plan};
use super::tally::Tally;
use crate::interrupt::{INTERRUPT, Interrupt};
use crate::stream::BUFFER;

const EVENTS: usize = 1024;

/// How often to look at what time brings: losses, silence, the display.
const TICK: Duration = Duration::from_millis(100);

/// Runs the plan to its end, or to an interrupt.
pub(super) fn run(plan: &Plan, poll: &mut Poll) -> io::Result<Tally> {
    let mut tally = Tally::new(plan.address.clone());
    let interrupt = Interrupt::register(poll.registry(), INTERRUPT)?;
    let display = Display::new(plan);
    let sockets = connecting::connect_all(plan, poll, &display, &mut tally)?;
    if tally.interrupted {
        return Ok(tally);
    }
    let start = Instant::now();
    let clients: Vec<_> = sockets
        .into_iter()
        .enumerate()
        .map(|(place, socket)| Some(client(plan, place, socket?, start)))
        .collect();
    let mut driver = Driver {
        plan,
        start,
        interrupt: Some(interrupt),
        display,
        live: clients.iter().flatten().count(),
        clients,
        turn: 0,
        is_stopped: false,
        buffer: vec![0; BUFFER],
        tally,
    };
    driver.run(poll)?;
    let mut tally = driver.tally;
    tally.time = tally.last_answer.map_or_else(|| start.elapsed(), |last| last - start);
    Ok(tally)
}

fn client(plan: &Plan, place: usize, socket: Socket, start: Instant) -> Box<dyn Client> {
    let pattern = Pattern::new(place as u64);
    let flight = Flight::new(plan.quota(place), plan.depth, plan.pace(place, start));
    match socket {
        Socket::Stream(stream) => Box::new(Connection::new(stream, pattern, plan.size, flight)),
        Socket::Datagrams(socket) => Box::new(Datagrams::new(socket, pattern, plan.size, flight)),
    }
}

struct Driver<'a> {
    plan: &'a Plan,
    start: Instant,
    /// None once it has come, as every wait would tell of it.
    interrupt: Option<Interrupt>,
    display: Display,
    /// Their tokens are their places here; none once it is over.
    clients: Vec<Option<Box<dyn Client>>>,
    live: usize,
    /// With a rate, which of all messages is the next one.
    turn: u64,
    /// No more messages are begun.
    is_stopped: bool,
    buffer: Vec<u8>,
    tally: Tally,
}

impl Driver<'_> {
    fn run(&mut self, poll: &mut Poll) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        for place in 0..self.clients.len() {
            // What came while others were still connecting has been told already.
            self.serve(place, true);
        }
        let mut tick = Instant::now() + TICK;
        while self.live > 0 {
            let now = Instant::now();
            if self.end().is_some_and(|end| end <= now) {
                self.stop(now);
            }
            if tick <= now {
                self.look(now);
                tick = now + TICK;
            }
            let due = self.keep_pace(now);
            let until = [Some(tick), due, self.end()].into_iter().flatten().min();
            poll.poll_until(&mut events, until.unwrap_or(tick))?;
            for event in &events {
                if event.token() == INTERRUPT {
                    self.interrupt = None;
                    self.tally.interrupted = true;
                    self.stop(Instant::now());
                } else {
                    self.serve(event.token().0, event.is_read_closed());
                }
            }
        }
        Ok(())
    }

    /// When to stop, if time decides that, and has not yet.
    fn end(&self) -> Option<Instant> {
        match self.plan.length {
            Length::Time(time) if !self.is_stopped => self.start.checked_add(time),
            Length::Time(_) | Length::Messages(_) => None,
        }
    }

    fn stop(&mut self, now: Instant) {
        // What is due and has room is no omission.
        self.keep_pace(now);
        self.is_stopped = true;
        for place in 0..self.clients.len() {
            self.with(place, |client, _, tally| {
                tally.unsent += client.flight().stop(now);
                Ok(())
            });
        }
    }

    /// Receives, and sends what there is room for thereby.
    fn serve(&mut self, place: usize, read_closed: bool) {
        self.with(place, |client, buffer, tally| {
            client.receive(read_closed, buffer, tally)?;
            client.send(buffer, tally)
        });
    }

    /// Has what is due sent, and tells when the next message is, if there is a rate.
    fn keep_pace(&mut self, now: Instant) -> Option<Instant> {
        let pace = self.plan.pace_of_all(self.start).filter(|_| !self.is_stopped)?;
        // A turn sends all that is due on its connection: of those that are late, one round is
        // enough.
        let late = pace.due_until(now).saturating_sub(self.clients.len() as u64);
        self.turn = self.turn.max(late);
        while pace.due(self.turn) <= now {
            let place = (self.turn % self.clients.len() as u64) as usize;
            self.with(place, |client, buffer, tally| client.send(buffer, tally));
            self.turn += 1;
        }
        Some(pace.due(self.turn))
    }

    fn look(&mut self, now: Instant) {
        let patience = self.plan.patience;
        for place in 0..self.clients.len() {
            self.with(place, |client, buffer, tally| {
                client.check_time(now, patience, tally)?;
                client.send(buffer, tally)
            });
        }
        self.display.show(now - self.start, &self.tally);
    }

    /// Has the client at `place` do something, if it is there; that may be its last deed.
    fn with(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut dyn Client, &mut [u8], &mut Tally) -> Result<(), Failure>,
    ) {
        let Some(slot) = self.clients.get_mut(place) else { return };
        let Some(client) = slot else { return };
        let outcome = act(client.as_mut(), &mut self.buffer, &mut self.tally);
        if outcome.is_err() || client.flight().is_over() {
            *slot = None;
            self.live -= 1;
        }
        if let Err(failure) = outcome {
            self.tally.fail(place, &failure);
        }
    }
}
