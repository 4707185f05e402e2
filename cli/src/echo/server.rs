use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::{Events, Poll, Registry, SharedPoll, Token};

use super::connection::{Connection, Fate};
use super::counts::Counts;
use super::display;
use super::door::Door;
use super::trigger::Trigger;
use crate::address::Address;
use crate::advice::{advice, explain};
use crate::interrupt::{INTERRUPT, Interrupt};
use crate::stream::{BUFFER, Stream};

/// How many events one thread takes when it is the only one.
const EVENTS: usize = 1024;

/// How many of several threads each takes: an event in hand is one that no idle thread has.
const EVENTS_SHARED: usize = 8;

/// How soon to try again to accept after it had to pause, if nothing is closed before.
const RETRY: Duration = Duration::from_millis(100);

/// What the threads share. The locks of the table are held for the moment of a look-up,
/// those of doors and connections while they are served.
#[derive(Debug)]
pub(super) struct Server {
    trigger: Trigger,
    interrupt: Interrupt,
    /// Their tokens are their places here.
    doors: Vec<Mutex<Door>>,
    connections: Mutex<HashMap<Token, Arc<Mutex<Connection>>>>,
    /// The token of the next connection: none is used twice, so that a late event of one
    /// that is over is never another's.
    next_token: AtomicUsize,
    /// A door is shut.
    is_shut: AtomicBool,
    counts: Counts,
}

impl Server {
    pub(super) fn open(poll: &Poll, addresses: &[Address], trigger: Trigger) -> io::Result<Server> {
        let interrupt = Interrupt::register(poll.registry(), INTERRUPT)?;
        let open = |(place, address)| {
            Door::open(address, poll.registry(), Token(place), trigger).map(Mutex::new)
        };
        let doors = addresses.iter().enumerate().map(open).collect::<io::Result<Vec<_>>>()?;
        Ok(Server {
            trigger,
            interrupt,
            next_token: AtomicUsize::new(doors.len()),
            doors,
            connections: Mutex::default(),
            is_shut: AtomicBool::new(false),
            counts: Counts::default(),
        })
    }

    /// Where clients find it.
    pub(super) fn addresses(&self) -> io::Result<Vec<Address>> {
        self.doors.iter().map(|door| lock(door).address()).collect()
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Serves by so many threads, until the interrupt.
    pub(super) fn serve(&self, poll: &Poll, count: usize) -> io::Result<()> {
        let capacity = if count == 1 { EVENTS } else { EVENTS_SHARED };
        let work = || {
            let _together = Together(&self.interrupt);
            self.work(&poll.share(), Events::with_capacity(capacity))
        };
        thread::scope(|scope| {
            let threads: io::Result<Vec<_>> =
                (0..count).map(|_| thread::Builder::new().spawn_scoped(scope, work)).collect();
            let threads = threads.map_err(|error| {
                // For those that are there already.
                let _ = self.interrupt.raise();
                explain(format_args!("--threads {count}"), &error, "ask for fewer")
            })?;
            display::follow(&self.counts, || {
                threads.iter().all(thread::ScopedJoinHandle::is_finished)
            });
            let join = |thread: thread::ScopedJoinHandle<_>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(join).fold(Ok(()), io::Result::and)
        })
    }

    fn work(&self, poll: &SharedPoll, mut events: Events) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        // One time for all waits until then, of which there are many where there is traffic.
        let mut retry = None;
        loop {
            retry = match self.is_shut.load(Ordering::SeqCst) {
                true => retry.or_else(|| Some(Instant::now() + RETRY)),
                false => None,
            };
            let timeout = retry.map(|retry| retry.saturating_duration_since(Instant::now()));
            poll.wait(&mut events, timeout)?;
            for event in &events {
                match (event.token(), self.doors.get(event.token().0)) {
                    (INTERRUPT, _) => return Ok(()),
                    (_, Some(door)) => self.answer_door(&mut lock(door), poll, &mut buffer)?,
                    (token, None) => self.answer(token, poll, &mut buffer)?,
                }
            }
            if retry.is_some_and(|retry| retry <= Instant::now()) {
                retry = None;
                self.reopen(poll.registry())?;
            }
        }
    }

    fn answer_door(&self, door: &mut Door, poll: &SharedPoll, buffer: &mut [u8]) -> io::Result<()> {
        let entrance = match door {
            Door::Datagrams(datagrams) => {
                return datagrams.answer(poll.registry(), buffer, &self.counts);
            }
            Door::Listener(entrance) => entrance,
        };
        let trouble = entrance.admit(poll.registry(), |stream| self.welcome(stream, poll))?;
        if let Some(error) = trouble {
            self.is_shut.store(true, Ordering::SeqCst);
            // Once is enough; the end tells how often.
            if self.counts.pause() {
                eprintln!(
                    "omnipoll: cannot accept at {}: {error}{}",
                    entrance.listener.address()?,
                    advice(format_args!(
                        "{} connections are open, and who comes now waits until one closes; to \
                         serve more, raise the hard limit of descriptors (`ulimit -Hn`, as root)",
                        lock(&self.connections).len(),
                    )),
                );
            }
        }
        Ok(())
    }

    fn reopen(&self, registry: &Registry) -> io::Result<()> {
        self.is_shut.store(false, Ordering::SeqCst);
        for door in &self.doors {
            if let Door::Listener(entrance) = &mut *lock(door) {
                entrance.reopen(registry)?;
            }
        }
        Ok(())
    }

    fn welcome(&self, stream: Stream, poll: &SharedPoll) -> io::Result<()> {
        let token = Token(self.next_token.fetch_add(1, Ordering::Relaxed));
        // Locked meanwhile: another thread may get its first event at once, and has to find it.
        let mut table = lock(&self.connections);
        let connection = Connection::new(stream, poll.registry(), token, self.trigger)?;
        table.insert(token, Arc::new(Mutex::new(connection)));
        self.counts.begin_connection();
        Ok(())
    }

    fn answer(&self, token: Token, poll: &SharedPoll, buffer: &mut [u8]) -> io::Result<()> {
        // Not there if another thread, which had an event for it too, has seen its end.
        let Some(connection) = lock(&self.connections).get(&token).map(Arc::clone) else {
            return Ok(());
        };
        let fate = lock(&connection).answer(poll.registry(), buffer, &self.counts)?;
        if fate != Fate::GoesOn {
            lock(&self.connections).remove(&token);
            self.counts.end_connection(fate == Fate::Ended);
            if self.is_shut.load(Ordering::SeqCst) {
                self.reopen(poll.registry())?;
            }
        }
        Ok(())
    }
}

/// A thread that ends, and be it by an error or a panic, takes the others along.
struct Together<'a>(&'a Interrupt);

impl Drop for Together<'_> {
    fn drop(&mut self) {
        // Full is as good as raised.
        let _ = self.0.raise();
    }
}

/// A thread that panicked ends the server; until then the others go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
