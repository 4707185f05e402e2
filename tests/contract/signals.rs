//! Signals: a storm of them neither lengthens a wait nor swallows an event, a call says what
//! it would say without them, and writing to a closed peer is an error and no signal.

use std::io::{self, ErrorKind, Write};
use std::net;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::event::Event;
use omnipoll::net::{TcpListener, TcpStream, UnixDatagram, UnixListener, UnixStream};
use omnipoll::unix::{SignalSet, SourceFd};
use omnipoll::{Backend, Events, Interest, Poll, SharedPoll, Token, Waker};

use crate::harness::now_at;
use crate::support::{Bench, End, Kind, OWED, Waiter, Way, alone, in_time, pair};
use crate::system;

const TOKEN: Token = Token(7);
const WAKE: Token = Token(99);
const READ: Interest = Interest::READABLE;

/// One of the ways to wait.
type Wait = fn(&mut Bench, Duration) -> io::Result<()>;

/// All of them; those that share the poll come last, since it stays shared.
const WAITS: [(&str, Wait); 6] = [
    ("poll", |bench, timeout| bench.poll.poll(&mut bench.events, Some(timeout))),
    ("poll_until", |bench, timeout| {
        bench.poll.poll_until(&mut bench.events, Instant::now() + timeout)
    }),
    ("poll_with_mask", |bench, timeout| {
        bench.poll.poll_with_mask(&mut bench.events, Some(timeout), &SignalSet::empty())
    }),
    ("wait", |bench, timeout| bench.poll.share().wait(&mut bench.events, Some(timeout))),
    ("wait_until", |bench, timeout| {
        bench.poll.share().wait_until(&mut bench.events, Instant::now() + timeout)
    }),
    ("wait_with_mask", |bench, timeout| {
        let mask = SignalSet::empty();
        bench.poll.share().wait_with_mask(&mut bench.events, Some(timeout), &mask)
    }),
];

fn retrying(backend: Backend, retry: bool) -> Bench {
    let poll = Poll::builder().backend(backend).retry_interrupted(retry).build().unwrap();
    Bench { poll, events: Events::with_capacity(16) }
}

/// TO-5: on request, every wait is as long as it should be: not cut short by each signal,
/// and not begun anew by it.
fn every_wait_sits_out_a_storm(backend: Backend) {
    alone(&[], || {
        let mut bench = retrying(backend, true);
        let _timer = system::IntervalTimer::start(Duration::from_millis(5), OWED);
        for (name, wait) in WAITS {
            now_at(name.to_owned());
            let before = system::handled_signals();
            let (timeout, start) = (Duration::from_millis(60), Instant::now());
            wait(&mut bench, timeout).unwrap();
            let elapsed = start.elapsed();
            assert!(bench.events.is_empty());
            assert!(elapsed >= timeout && elapsed < OWED, "{elapsed:?} instead of {timeout:?}");
            assert!(system::handled_signals() > before, "there was no storm");
        }
    });
}

/// TO-5, EV-1: without such a request every wait tells of the signal, and the list is empty
/// then; what happens in the storm is seen, and once it is over, so is the time.
fn every_wait_tells_of_a_storm(backend: Backend) {
    alone(&[], || {
        let mut bench = retrying(backend, false);
        let (mut ours, theirs) = pair(Kind::Unix, Way::Typed);
        bench.register(&mut ours, TOKEN, READ);
        let waker = Waker::new(bench.registry(), WAKE).unwrap();
        for (name, wait) in WAITS {
            now_at(name.to_owned());
            let timer = system::IntervalTimer::start(Duration::from_millis(5), OWED);
            let (mut interruptions, mut seen) = (0, [false; 2]);
            let start = Instant::now();
            while interruptions < 5 || seen != [true; 2] {
                assert!(start.elapsed() < OWED, "{interruptions} interruptions; seen: {seen:?}");
                match wait(&mut bench, OWED) {
                    Ok(()) => bench.events.iter().for_each(|event| {
                        seen[usize::from(event.token() == WAKE)] = true;
                    }),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Interrupted);
                        assert!(bench.events.is_empty());
                        interruptions += 1;
                    }
                }
                match interruptions {
                    2 if !seen[0] => theirs.send(b"x"),
                    4 if !seen[1] => waker.wake().unwrap(),
                    _ => {}
                }
            }
            drop(timer);
            ours.drain();
            bench.expect_silence();
        }
    });
}

/// Threads that wait on one poll, each in a storm of its own, and hand out a oneshot source.
struct Crew {
    shared: SharedPoll,
    job: Mutex<End>,
    handled: AtomicUsize,
    interruptions: AtomicUsize,
    stop: AtomicBool,
}

impl Crew {
    fn work(&self, timeout: Option<Duration>) {
        let _storm = system::Storm::start(Duration::from_micros(300));
        let mut events = Events::with_capacity(2);
        while !self.stop.load(Ordering::SeqCst) {
            match self.shared.wait(&mut events, timeout) {
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Interrupted);
                    assert!(events.is_empty());
                    self.interruptions.fetch_add(1, Ordering::SeqCst);
                }
            }
            for event in events.iter().filter(|event| event.token() == TOKEN) {
                let mut job = self.job.lock().unwrap();
                let length = job.drain();
                let registry = self.shared.registry();
                registry.reregister(&mut *job, event.token(), READ.oneshot()).unwrap();
                self.handled.fetch_add(length, Ordering::SeqCst);
            }
        }
    }
}

/// TO-5: the same where several threads wait, of which under poll and select one leads and
/// the others follow: no event is lost when a signal hits the one that was to get it.
fn leaders_and_followers_in_a_storm(backend: Backend) {
    for retry in [false, true] {
        for way in [Way::Typed, Way::Raw] {
            now_at(format!("{way:?}, retried: {retry}"));
            let bench = retrying(backend, retry);
            let (mut ours, theirs) = pair(Kind::Unix, way);
            bench.register(&mut ours, TOKEN, READ.oneshot());
            let crew = Arc::new(Crew {
                shared: bench.poll.share(),
                job: Mutex::new(ours),
                handled: AtomicUsize::new(0),
                interruptions: AtomicUsize::new(0),
                stop: AtomicBool::new(false),
            });
            let threads: Vec<_> = [None, None, Some(OWED), Some(Duration::from_millis(3))]
                .map(|timeout| {
                    let crew = Arc::clone(&crew);
                    thread::spawn(move || crew.work(timeout))
                })
                .into();
            in_time({
                let crew = Arc::clone(&crew);
                move || {
                    for sent in 1..=300 {
                        theirs.send(b"x");
                        while crew.handled.load(Ordering::SeqCst) < sent {
                            thread::yield_now();
                        }
                    }
                }
            });
            let interruptions = crew.interruptions.load(Ordering::SeqCst);
            assert_eq!(interruptions > 0, !retry, "{interruptions} were told");
            crew.stop.store(true, Ordering::SeqCst);
            let waker = Waker::new(bench.registry(), WAKE).unwrap();
            while !threads.iter().all(thread::JoinHandle::is_finished) {
                waker.wake().unwrap();
                thread::sleep(Duration::from_micros(500));
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    }
}

/// TO-5: each of several threads waits for its own time, whatever signals it gets.
fn several_timeouts_in_a_storm(backend: Backend) {
    let bench = retrying(backend, true);
    let shared = bench.poll.share();
    let threads = [20, 45, 10, 30].map(|timeout_ms| {
        let shared = shared.clone();
        thread::spawn(move || {
            let _storm = system::Storm::start(Duration::from_millis(1));
            let mut events = Events::with_capacity(2);
            let timeout = Duration::from_millis(timeout_ms);
            for _ in 0..3 {
                let start = Instant::now();
                shared.wait(&mut events, Some(timeout)).unwrap();
                let elapsed = start.elapsed();
                assert!(elapsed >= timeout && elapsed < OWED, "{elapsed:?}, not {timeout:?}");
            }
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// SG-2: what a call says does not depend on signals that arrive within it.
fn errors_are_the_same_in_a_storm(backend: Backend) {
    let bench = Bench::new(backend);
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (mut ours, _theirs) = pair(Kind::Unix, Way::Typed);
    bench.register(&mut ours, TOKEN, READ);
    let before = system::handled_signals();
    let _storm = system::Storm::start(Duration::from_micros(50));
    let start = Instant::now();
    while system::handled_signals() < before + 200 {
        assert!(start.elapsed() < OWED, "there is no storm");
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(ours.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let twice = bench.registry().register(&mut ours, TOKEN, READ);
        assert_eq!(twice.unwrap_err().kind(), ErrorKind::AlreadyExists);
        let closed = bench.registry().register(&mut SourceFd(&i32::MAX), TOKEN, READ);
        assert_eq!(closed.unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}

/// Writes until that fails, which it must, as to a closed peer.
#[track_caller]
fn expect_broken(mut write: impl FnMut() -> io::Result<usize>) {
    let start = Instant::now();
    while start.elapsed() < OWED {
        match write() {
            // The answer to the first packet is what tells of a closed TCP peer.
            Ok(_) => thread::yield_now(),
            Err(error) => {
                let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
                assert!(kinds.contains(&error.kind()), "{error}");
                if error.kind() == ErrorKind::BrokenPipe {
                    return;
                }
            }
        }
    }
    panic!("a closed peer takes all");
}

/// SG-4: a program in which `SIGPIPE` does what it does by default survives a write to a
/// closed peer, on every socket that the library makes or accepts, by every call. On pipes
/// there is no such call; `unix::pipe::Sender` says so.
fn no_socket_raises_a_signal(backend: Backend) {
    alone(&[], || {
        system::leave_to_the_system(libc::SIGPIPE);
        let mut bench = Bench::new(backend);
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        for accepted in [true, false] {
            let connected = TcpStream::connect(address).unwrap();
            let (stream, _) = in_time_accept(|| listener.accept());
            let (mut ours, theirs) =
                if accepted { (stream, connected) } else { (connected, stream) };
            bench.register(&mut ours, TOKEN, READ | Interest::WRITABLE);
            system::reset_on_close(&theirs);
            drop(theirs);
            bench.expect(TOKEN, Event::is_read_closed);
            expect_broken(|| (&ours).write(b"x"));
            expect_broken(|| (&ours).write_vectored(&[io::IoSlice::new(b"x")]));
            expect_broken(|| ours.send_out_of_band(b"x"));
        }

        let any = std::os::unix::net::SocketAddr::from_pathname("").unwrap();
        let listener = UnixListener::bind_addr(&any).unwrap();
        let connected = UnixStream::connect_addr(&listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = in_time_accept(|| listener.accept());
        drop(accepted);
        expect_broken(|| (&connected).write(b"x"));
        let connected = UnixStream::connect_addr(&listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = in_time_accept(|| listener.accept());
        drop(connected);
        let (paired, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        for stream in [&accepted, &paired] {
            expect_broken(|| (&*stream).write(b"x"));
            expect_broken(|| (&*stream).write_vectored(&[io::IoSlice::new(b"x")]));
        }
        let (datagrams, theirs) = UnixDatagram::pair().unwrap();
        drop(theirs);
        assert!(datagrams.send(b"x").is_err());
        datagrams.shutdown(net::Shutdown::Write).unwrap();
        expect_broken(|| datagrams.send(b"x"));
    });
}

/// Accepts a connection that is on its way.
#[track_caller]
fn in_time_accept<T>(accept: impl Fn() -> io::Result<T>) -> T {
    let start = Instant::now();
    loop {
        match accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock && start.elapsed() < OWED => {
                thread::yield_now();
            }
            result => return result.unwrap(),
        }
    }
}

/// Who waits while another thread is in the kernel for it has a mask of its own all the same.
fn a_mask_beside_another_wait(backend: Backend) {
    let mut usr1 = SignalSet::empty();
    usr1.add(libc::SIGUSR1).unwrap();
    let bench = Bench::new(backend);
    let _waiter = Waiter::start(&bench.poll, 4);
    let shared = bench.poll.share();
    thread::spawn(move || {
        system::handle_signals();
        let otherwise = usr1.block().unwrap();
        let mut events = Events::with_capacity(4);
        for _ in 0..3 {
            system::this_thread().signal();
            let result = shared.wait_with_mask(&mut events, Some(OWED), &otherwise);
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
        }
    })
    .join()
    .unwrap();
}

promises! {
    in any on unix:
        every_wait_sits_out_a_storm, every_wait_tells_of_a_storm,
        leaders_and_followers_in_a_storm, several_timeouts_in_a_storm,
        errors_are_the_same_in_a_storm, no_socket_raises_a_signal,
        a_mask_beside_another_wait;
}
