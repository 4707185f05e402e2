//! The loop that a user of polling writes.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use omnipoll_cli::event_loop::{EventLoop, Registers, Wake};
use omnipoll_cli::pipes::Halves;
use polling::{Event, Events, PollMode, Poller};

/// A loop over polling, with edges: its default is oneshot, with one more system call an
/// event.
pub(crate) struct Polling {
    poller: Arc<Poller>,
    events: Events,
    /// The token of the waker, and whether it was used.
    waker: Option<(usize, Arc<AtomicBool>)>,
}

impl<S: AsFd> Registers<S> for Polling {
    #[inline]
    fn register(&mut self, source: &mut S, token: usize) -> io::Result<()> {
        // SAFETY: the workloads deregister every source before they close it.
        unsafe {
            self.poller.add_with_mode(&source.as_fd(), Event::readable(token), PollMode::Edge)
        }
    }

    #[inline]
    fn deregister(&mut self, source: &mut S, _: usize) -> io::Result<()> {
        self.poller.delete(source.as_fd())
    }
}

impl EventLoop for Polling {
    type Kind = ();
    type Pipe = Halves<File, File>;
    type Waker = PollingWaker;

    fn open((): (), capacity: usize) -> io::Result<Polling> {
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        let events = Events::with_capacity(capacity);
        Ok(Polling { poller: Arc::new(Poller::new()?), events, waker: None })
    }

    fn waker(&mut self, token: usize) -> io::Result<PollingWaker> {
        let note = Arc::new(AtomicBool::new(false));
        self.waker = Some((token, Arc::clone(&note)));
        Ok(PollingWaker { poller: Arc::clone(&self.poller), note })
    }

    #[inline]
    fn wait(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<usize> {
        let start = self.waker.as_ref().map(|_| Instant::now());
        loop {
            self.events.clear();
            let mut count = match self.poller.wait(&mut self.events, Some(timeout)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            };
            for event in self.events.iter() {
                if event.readable {
                    ready(event.key)?;
                }
            }
            if let Some((token, note)) = &self.waker
                && note.swap(false, Ordering::Acquire)
            {
                ready(*token)?;
                count += 1;
            }
            // A notification may have been answered by the wait before.
            if count > 0 || start.is_none_or(|start| start.elapsed() >= timeout) {
                return Ok(count);
            }
        }
    }
}

/// polling's notifications, with a note of who was notified: the wait tells of none.
pub(crate) struct PollingWaker {
    poller: Arc<Poller>,
    note: Arc<AtomicBool>,
}

impl Wake for PollingWaker {
    #[inline]
    fn wake(&self) -> io::Result<()> {
        self.note.store(true, Ordering::Release);
        self.poller.notify()
    }
}
