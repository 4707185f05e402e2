//! The harness, and the vocabulary of the tests.

use std::env;
use std::io::{self, Read};
use std::net::Shutdown;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver as Inbox, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use omnipoll::event::{Event, Source};
use omnipoll::net::{TcpStream, UdpSocket};
use omnipoll::{Backend, Events, Interest, Poll, Registry, Support, Token, Waker};

use crate::harness::{now_at, test_name};
pub(crate) use crate::sources::{ALL, Kind, STREAMS, Way};
use crate::sources::{Io, Numbered, Typed};
use crate::system;

/// How long to wait for what is owed: far longer than it takes, even on a busy machine.
/// Under Wine, a call takes ten times as long.
pub(crate) const OWED: Duration = Duration::from_secs(if cfg!(windows) { 100 } else { 10 });

/// How long to wait for what must not come.
pub(crate) const QUIET_MS: u64 = 15;

/// How much processor time a tenth of a second asleep may cost. On a busy machine, a wait that
/// spins may get no more than three times as much.
const SLEEPING: Duration = Duration::from_millis(10);

/// How many events may come of one cause before silence. The promise allows spurious
/// events, and forbids that they go on.
pub(crate) const SPURIOUS: usize = 3;

/// Set in a process that runs a single test.
const ALONE: &str = "OMNIPOLL_CONTRACT_ALONE";

/// Runs `body` in a process of its own, for what is counted or limited process by process:
/// descriptors, and the environment, to which `variables` are added.
pub(crate) fn alone(variables: &[(&str, &str)], body: impl FnOnce()) {
    if is_alone() {
        return body();
    }
    let name = test_name();
    let program = env::current_exe().expect("the test knows its program");
    let output = Command::new(program)
        .args(["--exact", &name, "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .env_remove("OMNIPOLL_BACKEND")
        .envs(variables.iter().copied())
        .output()
        .expect("the test starts itself");
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "alone, {name} failed:\n{said}\n{complained}");
    assert!(said.contains("1 passed"), "{name} is not the name of a test:\n{said}");
}

/// Whether this process runs a single test.
pub(crate) fn is_alone() -> bool {
    env::var_os(ALONE).is_some()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A poll and its events.
pub(crate) struct Bench {
    pub(crate) poll: Poll,
    pub(crate) events: Events,
}

impl Bench {
    pub(crate) fn new(backend: Backend) -> Bench {
        Bench::with_capacity(backend, 64)
    }

    pub(crate) fn with_capacity(backend: Backend, capacity: usize) -> Bench {
        let poll = Poll::builder().backend(backend).build().expect("the backend opens");
        Bench { poll, events: Events::with_capacity(capacity) }
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Whether its backend tells of urgent data on this system.
    pub(crate) fn tells_priority(&self) -> bool {
        self.poll.capabilities().priority != Support::Absent
    }

    pub(crate) fn register(&self, source: &mut impl Source, token: Token, interest: Interest) {
        self.registry().register(source, token, interest).expect("register");
    }

    pub(crate) fn register_in<S>(&self, way: Way, source: &mut S, token: Token, interest: Interest)
    where
        S: Source + Numbered,
    {
        way.register(self.registry(), source, token, interest).expect("register");
    }

    pub(crate) fn reregister(&self, source: &mut impl Source, token: Token, interest: Interest) {
        self.registry().reregister(source, token, interest).expect("reregister");
    }

    /// Waits once, up to `timeout_ms`, and returns what came.
    pub(crate) fn wait(&mut self, timeout_ms: u64) -> Vec<Event> {
        let timeout = Some(Duration::from_millis(timeout_ms));
        self.poll.poll(&mut self.events, timeout).expect("wait");
        self.events.iter().copied().collect()
    }

    /// Waits until an event for `token` comes of which `is` is true.
    #[track_caller]
    pub(crate) fn expect(&mut self, token: Token, is: fn(&Event) -> bool) -> Event {
        let start = Instant::now();
        let mut others = Vec::new();
        while start.elapsed() < OWED {
            let events = self.wait(1000);
            if let Some(event) = events.iter().find(|event| event.token() == token && is(event)) {
                return *event;
            }
            others.extend(events);
            assert!(others.len() < 10_000, "a busy loop over others: {:?}", &others[..3]);
        }
        panic!("an event is lost: {token:?}; there were {others:?}");
    }

    /// Nothing may come, not even something spurious.
    #[track_caller]
    pub(crate) fn expect_nothing(&mut self) {
        let events = self.wait(QUIET_MS);
        assert!(events.is_empty(), "nothing was to come: {events:?}");
    }

    /// Answers events by `answer` until there are none; there may be `most`. Returns how
    /// many there were.
    #[track_caller]
    pub(crate) fn expect_silence_after(
        &mut self,
        most: usize,
        mut answer: impl FnMut(&Event),
    ) -> usize {
        let mut count = 0;
        loop {
            let events = self.wait(QUIET_MS);
            if events.is_empty() {
                return count;
            }
            count += events.len();
            assert!(count <= most, "a busy loop: {count} events, the last of them {events:?}");
            events.iter().for_each(&mut answer);
        }
    }

    /// Nothing may come in a tenth of a second, and nobody may be busy with that.
    #[track_caller]
    pub(crate) fn expect_sleep(&mut self) {
        let before = system::thread_cpu_time();
        let events = self.wait(100);
        let used = system::thread_cpu_time() - before;
        assert!(events.is_empty(), "nothing was to come: {events:?}");
        assert!(used < SLEEPING, "{used:?} of processor time in a tenth of a second");
    }

    /// A few spurious events may come, but then silence.
    #[track_caller]
    pub(crate) fn expect_silence(&mut self) {
        self.expect_silence_after(SPURIOUS, |_| {});
    }
}

/// Whether an event says that a read is worth a try: with nothing left to read, the end of
/// a pipe or terminal comes as a hang-up alone.
pub(crate) fn wants_a_read(event: &Event) -> bool {
    event.is_readable() || event.is_read_closed()
}

/// Runs `body` over each of `sources`, and says which, for the report of a failure.
pub(crate) fn each(sources: &[(Kind, Way)], mut body: impl FnMut(Kind, Way)) {
    for &(kind, way) in sources {
        now_at(format!("with {kind:?}, {way:?}"));
        body(kind, way);
    }
}

/// What is registered in one way or the other, each time.
#[derive(Debug)]
pub(crate) struct Registrant<T> {
    pub(crate) io: T,
    pub(crate) way: Way,
}

/// One end of a stream, as a source and for I/O.
pub(crate) type End = Registrant<Io>;

/// Two connected ends; of a pipe, the first is the one that reads.
pub(crate) fn pair(kind: Kind, way: Way) -> (End, End) {
    let (ours, theirs) = Io::pair(kind);
    (End { io: ours, way }, End { io: theirs, way })
}

/// Two connected ends; of a pipe, the first is the one that writes.
pub(crate) fn writing_pair(kind: Kind, way: Way) -> (End, End) {
    let (ours, theirs) = pair(kind, way);
    if kind == Kind::ONE_WAY { (theirs, ours) } else { (ours, theirs) }
}

/// A socket whose datagrams nobody listens to, so that each of them is refused.
pub(crate) fn socket_to_nobody() -> UdpSocket {
    let bind = || UdpSocket::bind("127.0.0.1:0".parse().expect("an address")).expect("bind");
    let nobody = bind().local_addr().expect("address");
    let socket = bind();
    socket.connect(nobody).expect("connect");
    socket
}

pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let ours = std::net::TcpStream::connect(address).expect("connect");
    let (theirs, _) = listener.accept().expect("accept");
    for stream in [&ours, &theirs] {
        stream.set_nonblocking(true).expect("non-blocking");
        stream.set_nodelay(true).expect("no delay");
    }
    (TcpStream::from_std(ours), TcpStream::from_std(theirs))
}

impl End {
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.io.read(buffer)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.io.write(bytes)
    }

    /// Sends all of a few bytes.
    #[track_caller]
    pub(crate) fn send(&self, bytes: &[u8]) {
        assert_eq!(self.write(bytes).expect("room for a few bytes"), bytes.len());
    }

    /// Reads until nothing is left, and returns how much there was.
    #[track_caller]
    pub(crate) fn drain(&self) -> usize {
        let mut buffer = [0; 16 * 1024];
        let mut total = 0;
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return total,
                Ok(length) => total += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return total,
                Err(error) => panic!("read: {error}"),
            }
        }
    }

    /// Writes until there is no room, and returns how much there was.
    #[track_caller]
    pub(crate) fn fill(&self) -> usize {
        let mut total = 0;
        loop {
            match self.write(&[7; 4096]) {
                Ok(length) => total += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return total,
                Err(error) => panic!("write: {error}"),
            }
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) {
        self.io.shutdown(how);
    }

    /// A stream of the standard library's, which waits for up to `limit` in each read.
    pub(crate) fn into_blocking(self, limit: Duration) -> impl Read {
        self.io.into_blocking(limit)
    }
}

impl<T: Typed> Source for Registrant<T> {
    fn register(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.way.with(&mut self.io, |source| source.register(on, token, interest))
    }

    fn reregister(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.way.with(&mut self.io, |source| source.reregister(on, token, interest))
    }

    fn deregister(&mut self, on: &Registry) -> io::Result<()> {
        self.way.with(&mut self.io, |source| source.deregister(on))
    }
}

#[cfg(unix)]
impl<T: Typed> std::os::fd::AsRawFd for Registrant<T> {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.io.as_raw_fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsRawSocket for End {
    fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
        self.io.as_raw_socket()
    }
}

/// The token of the waker that stops a [`Waiter`].
const STOP: Token = Token(usize::MAX);

/// A thread that waits without a limit, again and again, and passes on what comes.
pub(crate) struct Waiter {
    inbox: Inbox<Event>,
    stop: Arc<AtomicBool>,
    waits: Arc<AtomicU64>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Waiter {
    pub(crate) fn start(poll: &Poll, capacity: usize) -> Waiter {
        let shared = poll.share();
        let waker = Waker::new(poll.registry(), STOP).expect("waker");
        let (outbox, inbox) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let waits = Arc::new(AtomicU64::new(0));
        let thread = thread::spawn({
            let (stop, waits) = (Arc::clone(&stop), Arc::clone(&waits));
            move || {
                let mut events = Events::with_capacity(capacity);
                while !stop.load(Ordering::SeqCst) {
                    match shared.wait(&mut events, None) {
                        // The end of a child can do that, without any handler.
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        result => result.expect("wait"),
                    }
                    waits.fetch_add(1, Ordering::SeqCst);
                    for event in events.iter().filter(|event| event.token() != STOP) {
                        // Nobody listens any more once the test is over.
                        let _ = outbox.send(*event);
                    }
                }
            }
        });
        let waiter = Waiter { inbox, stop, waits, waker, thread: Some(thread) };
        system::let_others_sleep();
        waiter
    }

    /// How many waits have returned.
    pub(crate) fn waits(&self) -> u64 {
        self.waits.load(Ordering::SeqCst)
    }

    #[track_caller]
    pub(crate) fn expect(&self, token: Token, is: fn(&Event) -> bool) -> Event {
        let start = Instant::now();
        loop {
            let left = OWED.saturating_sub(start.elapsed());
            match self.inbox.recv_timeout(left) {
                Ok(event) if event.token() == token && is(&event) => return event,
                Ok(_) => {}
                Err(error) => panic!("an event is lost under a wait: {token:?} ({error})"),
            }
        }
    }

    /// As [`Bench::expect_silence_after`]; each answer comes when the thread sleeps again.
    #[track_caller]
    pub(crate) fn expect_silence_after(&self, most: usize, mut answer: impl FnMut()) {
        let mut count = 0;
        while let Ok(event) = self.inbox.recv_timeout(Duration::from_millis(QUIET_MS)) {
            count += 1;
            assert!(count <= most, "a busy loop: {count} events, the last of them {event:?}");
            thread::sleep(Duration::from_millis(1));
            answer();
        }
    }

    #[track_caller]
    pub(crate) fn expect_nothing(&self) {
        match self.inbox.recv_timeout(Duration::from_millis(QUIET_MS)) {
            Err(RecvTimeoutError::Timeout) => {}
            other => panic!("nothing was to come: {other:?}"),
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let thread = self.thread.take().expect("it is joined once");
        while !thread.is_finished() {
            // With several of them on one poll, another may take the event.
            self.waker.wake().expect("wake");
            thread::sleep(Duration::from_millis(1));
        }
        if let (Err(panic), false) = (thread.join(), thread::panicking()) {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Runs `body`, which must come to an end within the time in which events are owed.
#[track_caller]
pub(crate) fn in_time<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (outbox, inbox) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _ = outbox.send(body());
    });
    match inbox.recv_timeout(OWED) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("it sends before it ends"),
        },
    }
}
