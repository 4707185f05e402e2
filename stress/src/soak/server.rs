//! An echo server on TCP and on a Unix socket, whose threads wait on one poll.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fastrand::Rng;
use omnipoll::event::{Event, Source};
use omnipoll::net::SpareDescriptor;
use omnipoll::{Backend, Events, Interest, Poll, SharedPoll, Token, Waker};

use super::connection::{Connection, End, WAITING_MAX};
use super::ledger::{Ledger, Side};
use super::stream::{Address, Listener, Stream};
use super::table::Table;
use super::trial::OWED;
use super::trigger::Trigger;

const STOP: Token = Token(usize::MAX);
/// Those of the listeners, one for TCP and one for Unix sockets.
const DOORS: [Token; 2] = [Token(usize::MAX - 1), Token(usize::MAX - 2)];

/// So few that there are often more ready sources than room.
const EVENTS: usize = 64;

/// How soon to try again to accept after there was no descriptor to do so with.
const RETRY: Duration = Duration::from_millis(10);

/// What a server is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) backend: Backend,
    pub(super) trigger: Trigger,
    pub(super) threads: usize,
    pub(super) seed: u64,
}

#[derive(Debug)]
pub(super) struct Server {
    house: Arc<House>,
    waker: Waker,
    threads: Vec<JoinHandle<io::Result<()>>>,
    /// Where its listeners are found.
    pub(super) addresses: Vec<Address>,
}

/// What a server has counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Waits that have begun: a wait's number is what it was raised to.
    pub(super) waits: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) accepted: AtomicU64,
    /// Connections that are there.
    pub(super) live: AtomicUsize,
    /// Accepts for which there was no descriptor.
    pub(super) refused: AtomicU64,
    /// Events that another thread had in hand when their connection was closed.
    pub(super) late: AtomicU64,
}

/// What the threads share.
#[derive(Debug)]
struct House {
    plan: Plan,
    doors: Vec<Mutex<Door>>,
    /// A door was closed, for want of descriptors.
    is_short: AtomicBool,
    is_stopped: AtomicBool,
    table: Mutex<Table<Arc<Mutex<Connection>>>>,
    ledger: Arc<Ledger>,
    counts: Counts,
}

/// A listener, which is not registered while it is closed.
#[derive(Debug)]
struct Door {
    listener: Listener,
    token: Token,
    interest: Interest,
    is_open: bool,
}

impl Server {
    pub(super) fn start(plan: Plan, ledger: Arc<Ledger>) -> io::Result<Server> {
        let poll = Poll::builder().backend(plan.backend).retry_interrupted(true).build()?;
        let mut random = Rng::with_seed(plan.seed);
        let mut doors = Vec::new();
        let mut addresses = Vec::new();
        for (address, token) in Address::unused().iter().zip(DOORS) {
            let mut listener = Listener::bind(address)?;
            let interest = plan.trigger.draw(&mut random).of(Interest::READABLE);
            listener.register(poll.registry(), token, interest)?;
            addresses.push(listener.address()?);
            doors.push(Mutex::new(Door { listener, token, interest, is_open: true }));
        }
        let house = Arc::new(House {
            plan,
            doors,
            is_short: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            table: Mutex::new(Table::new()),
            ledger,
            counts: Counts::default(),
        });
        let waker = Waker::new(poll.registry(), STOP)?;
        let threads = (0..plan.threads)
            .map(|_| {
                let (house, poll) = (Arc::clone(&house), poll.share());
                thread::spawn(move || {
                    let result = house.work(&poll);
                    if let Err(error) = &result {
                        house.ledger.note(&format!("a thread of the server ends: {error}"));
                    }
                    result
                })
            })
            .collect();
        Ok(Server { house, waker, threads, addresses })
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.house.counts
    }

    /// Fails if a thread has ended before its time.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.threads.iter().any(JoinHandle::is_finished) {
            true => Err(io::Error::other("a thread of the server has ended")),
            false => Ok(()),
        }
    }

    /// Ends its threads, with the error of the first that failed.
    pub(super) fn stop(self) -> io::Result<()> {
        self.house.is_stopped.store(true, Ordering::SeqCst);
        let start = Instant::now();
        for thread in self.threads {
            while !thread.is_finished() {
                if start.elapsed() > OWED {
                    return Err(io::Error::other("a thread of the server hangs"));
                }
                // One of them gets the event, and not always the one that we wait for.
                self.waker.wake()?;
                thread::sleep(Duration::from_millis(1));
            }
            thread.join().map_err(|_| io::Error::other("a thread of the server panicked"))??;
        }
        Ok(())
    }
}

impl House {
    fn work(&self, poll: &SharedPoll) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let mut buffer = vec![0; WAITING_MAX];
        while !self.is_stopped.load(Ordering::SeqCst) {
            let timeout = self.is_short.load(Ordering::SeqCst).then_some(RETRY);
            let wait = self.counts.waits.fetch_add(1, Ordering::SeqCst) + 1;
            poll.wait(&mut events, timeout)?;
            if events.is_empty() && timeout.is_none() {
                self.ledger.note("a wait without a limit came back without an event");
            }
            for event in &events {
                self.counts.events.fetch_add(1, Ordering::Relaxed);
                if event.token() == STOP {
                    continue;
                } else if let Some(door) = DOORS.iter().position(|&door| door == event.token()) {
                    self.answer_door(&mut self.doors[door].lock().unwrap(), poll)?;
                } else {
                    self.answer(event, wait, poll, &mut buffer)?;
                }
            }
            if timeout.is_some() {
                self.open_doors(poll)?;
            }
        }
        Ok(())
    }

    fn answer_door(&self, door: &mut Door, poll: &SharedPoll) -> io::Result<()> {
        // Another thread, which had the same event, may have closed it.
        while door.is_open {
            match door.listener.accept() {
                Ok(stream) => self.welcome(stream, poll)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // It was gone before we came to it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    self.counts.accepted.fetch_add(1, Ordering::SeqCst);
                    self.enter(End::Nameless);
                }
                Err(error) if SpareDescriptor::is_lack(&error) => {
                    // Level would tell of the connection that waits over and over, edge not
                    // before the next one comes.
                    self.counts.refused.fetch_add(1, Ordering::SeqCst);
                    door.listener.deregister(poll.registry())?;
                    door.is_open = false;
                    self.is_short.store(true, Ordering::SeqCst);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            if !door.interest.is_edge() {
                break;
            }
        }
        if door.is_open && door.interest.is_oneshot() {
            door.listener.reregister(poll.registry(), door.token, door.interest)?;
        }
        Ok(())
    }

    /// Registers the listeners again, which has whoever waits there reported.
    fn open_doors(&self, poll: &SharedPoll) -> io::Result<()> {
        self.is_short.store(false, Ordering::SeqCst);
        for door in &self.doors {
            let door = &mut *door.lock().unwrap();
            if !door.is_open {
                door.listener.register(poll.registry(), door.token, door.interest)?;
                door.is_open = true;
            }
        }
        Ok(())
    }

    fn welcome(&self, stream: Stream, poll: &SharedPoll) -> io::Result<()> {
        let count = self.counts.accepted.fetch_add(1, Ordering::SeqCst);
        self.counts.live.fetch_add(1, Ordering::SeqCst);
        let mut random = Rng::with_seed(self.plan.seed ^ count);
        if random.bool() {
            stream.keep_little()?;
        }
        let trigger = self.plan.trigger.draw(&mut random);
        let connection = Arc::new(Mutex::new(Connection::new(stream, trigger, &mut random)));
        let token = self.table.lock().unwrap().insert(Arc::clone(&connection));
        // Last, as another thread may get its first event at once; locked, as that thread
        // must not answer what is not registered yet.
        connection.lock().unwrap().register(poll.registry(), token)
    }

    fn answer(
        &self,
        event: &Event,
        wait: u64,
        poll: &SharedPoll,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let token = event.token();
        let found = self.table.lock().unwrap().get(token).map(|found| Arc::clone(found));
        let connection = match found {
            Ok(connection) => connection,
            Err(vacated) => {
                self.counts.late.fetch_add(1, Ordering::Relaxed);
                if vacated.is_barred_from(wait) {
                    self.ledger.note(&format!("{event:?} came after its deregistration"));
                }
                return Ok(());
            }
        };
        let end = connection.lock().unwrap().answer(event, poll.registry(), buffer)?;
        if let Some(end) = end {
            let waits = self.counts.waits.load(Ordering::SeqCst);
            self.table.lock().unwrap().vacate(token, waits);
            self.enter(end);
            self.counts.live.fetch_sub(1, Ordering::SeqCst);
        }
        Ok(())
    }

    fn enter(&self, end: End) {
        match end {
            End::Known(account) if !super::visit::is_nameless(account.number) => {
                self.ledger.enter(Side::Server, account);
            }
            End::Known(_) | End::Nameless => self.ledger.enter_nameless(Side::Server),
        }
    }
}
