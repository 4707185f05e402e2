//! The harness, and the vocabulary of the tests.

use std::env;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver as Inbox, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use omnipoll::event::{Event, Source};
use omnipoll::net::{TcpStream, UdpSocket, UnixStream};
use omnipoll::unix::SourceFd;
use omnipoll::unix::pipe::{self, Receiver, Sender};
use omnipoll::{Backend, Events, Interest, Poll, Registry, Token, Waker};

use crate::harness::{now_at, test_name};
use crate::system;

/// How long to wait for what is owed: far longer than it takes, even on a busy machine.
pub(crate) const OWED: Duration = Duration::from_secs(10);

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

    pub(crate) fn register(&self, source: &mut impl Source, token: Token, interest: Interest) {
        self.registry().register(source, token, interest).expect("register");
    }

    pub(crate) fn register_in<S>(&self, way: Way, source: &mut S, token: Token, interest: Interest)
    where
        S: Source + AsRawFd,
    {
        match way {
            Way::Typed => self.register(source, token, interest),
            Way::Raw => self.register(&mut SourceFd(&source.as_raw_fd()), token, interest),
        }
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

/// What a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Unix,
    Pipe,
}

/// How it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As a type of the library, which sees each attempt at I/O.
    Typed,
    /// As a `SourceFd`, whose I/O the library does not see.
    Raw,
}

pub(crate) const STREAMS: [(Kind, Way); 4] = [
    (Kind::Tcp, Way::Typed),
    (Kind::Tcp, Way::Raw),
    (Kind::Unix, Way::Typed),
    (Kind::Unix, Way::Raw),
];

pub(crate) const ALL: [(Kind, Way); 6] = [
    STREAMS[0],
    STREAMS[1],
    STREAMS[2],
    STREAMS[3],
    (Kind::Pipe, Way::Typed),
    (Kind::Pipe, Way::Raw),
];

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

/// One of several types of the library.
pub(crate) trait Typed: AsRawFd {
    fn source(&mut self) -> &mut dyn Source;
}

/// One end of a stream, as a source and for I/O.
pub(crate) type End = Registrant<Io>;

#[derive(Debug)]
pub(crate) enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
    Sender(Sender),
    Receiver(Receiver),
}

/// Two connected ends; of a pipe, the first is the one that reads.
pub(crate) fn pair(kind: Kind, way: Way) -> (End, End) {
    let (ours, theirs) = match kind {
        Kind::Tcp => {
            let (ours, theirs) = tcp_pair();
            (Io::Tcp(ours), Io::Tcp(theirs))
        }
        Kind::Unix => {
            let (ours, theirs) = UnixStream::pair().expect("socketpair");
            (Io::Unix(ours), Io::Unix(theirs))
        }
        Kind::Pipe => {
            let (sender, receiver) = pipe::new().expect("pipe");
            (Io::Receiver(receiver), Io::Sender(sender))
        }
    };
    (End { io: ours, way }, End { io: theirs, way })
}

/// Two connected ends; of a pipe, the first is the one that writes.
pub(crate) fn writing_pair(kind: Kind, way: Way) -> (End, End) {
    let (ours, theirs) = pair(kind, way);
    if kind == Kind::Pipe { (theirs, ours) } else { (ours, theirs) }
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
        match &self.io {
            Io::Tcp(io) => (&*io).read(buffer),
            Io::Unix(io) => (&*io).read(buffer),
            Io::Receiver(io) => (&*io).read(buffer),
            Io::Sender(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.io {
            Io::Tcp(io) => (&*io).write(bytes),
            Io::Unix(io) => (&*io).write(bytes),
            Io::Sender(io) => (&*io).write(bytes),
            Io::Receiver(_) => Err(io::ErrorKind::Unsupported.into()),
        }
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
        match &self.io {
            Io::Tcp(io) => io.shutdown(how).expect("shutdown"),
            Io::Unix(io) => io.shutdown(how).expect("shutdown"),
            Io::Sender(_) | Io::Receiver(_) => panic!("a pipe has no halves"),
        }
    }
}

impl Typed for Io {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            Io::Tcp(io) => io,
            Io::Unix(io) => io,
            Io::Sender(io) => io,
            Io::Receiver(io) => io,
        }
    }
}

impl AsRawFd for Io {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Io::Tcp(io) => io.as_raw_fd(),
            Io::Unix(io) => io.as_raw_fd(),
            Io::Sender(io) => io.as_raw_fd(),
            Io::Receiver(io) => io.as_raw_fd(),
        }
    }
}

impl From<End> for OwnedFd {
    fn from(end: End) -> OwnedFd {
        match end.io {
            Io::Tcp(io) => io.into(),
            Io::Unix(io) => io.into(),
            Io::Sender(io) => io.into(),
            Io::Receiver(io) => io.into(),
        }
    }
}

impl<T: Typed> Registrant<T> {
    fn registers(&mut self, act: impl FnOnce(&mut dyn Source) -> io::Result<()>) -> io::Result<()> {
        match self.way {
            Way::Typed => act(self.io.source()),
            Way::Raw => act(&mut SourceFd(&self.as_raw_fd())),
        }
    }
}

impl<T: Typed> AsRawFd for Registrant<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

impl<T: Typed> Source for Registrant<T> {
    fn register(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.registers(|source| source.register(on, token, interest))
    }

    fn reregister(&mut self, on: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.registers(|source| source.reregister(on, token, interest))
    }

    fn deregister(&mut self, on: &Registry) -> io::Result<()> {
        self.registers(|source| source.deregister(on))
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
