use std::os::fd::OwnedFd;

use rustix::event::EventfdFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

/// Opens descriptors that are readable, 8,000 if there may be so many.
fn readable() -> Vec<OwnedFd> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("RLIMIT_NOFILE");
    let count = maximum.map_or(8_000, |maximum| (maximum / 2).min(8_000));
    let open = |_| rustix::event::eventfd(1, EventfdFlags::NONBLOCK).expect("eventfd");
    (0..count).map(open).collect()
}

/// Waits with little room until nothing comes, and returns how often each was told of.
fn wait_for(ring: &IoUring, count: usize, enough: usize) -> Vec<usize> {
    let mut told = vec![0; count];
    let mut events = Events::with_capacity(64);
    while told.iter().sum::<usize>() < enough {
        events.clear();
        ring.wait(&mut events, Some(Duration::from_millis(200)), None).expect("wait");
        events.iter().for_each(|event| told[event.token().0] += 1);
        if events.is_empty() {
            break;
        }
    }
    told
}

/// With room for 4 requests and 8 completions, so that both queues are full all the time.
#[test]
fn no_event_is_lost_where_queues_are_tiny() {
    let fds = readable();
    let count = fds.len();
    let read = Interest::READABLE;
    for interest in [read, read.level(), read.oneshot()] {
        let ring = Ring::with_sizes(4, 8).and_then(IoUring::with_ring);
        let Ok(ring) = ring else { return println!("skipped: no io_uring here") };
        for (number, fd) in fds.iter().enumerate() {
            let tells = Tells::AttemptsAndKind;
            let added = ring.add(fd.as_raw_fd(), Token(number), interest, tells);
            added.expect("there is always room for one more");
        }
        let enough = if interest.is_level() { count * 2 } else { usize::MAX };
        let told = wait_for(&ring, count, enough);
        let missed = told.iter().filter(|&&times| times == 0).count();
        assert_eq!(missed, 0, "of {count}, {interest:?}");
        let most = told.iter().max().copied();
        if interest.is_oneshot() {
            assert_eq!(most, Some(1));
        } else {
            // Who does not find room is asked for anew, and told again.
            assert!(most <= Some(4), "{most:?} events of one, {interest:?}");
        }
        for fd in &fds {
            ring.remove(fd.as_raw_fd()).expect("remove");
        }
        assert_eq!(wait_for(&ring, count, usize::MAX), vec![0; count]);
    }
}

/// A late completion of a registration that is gone has nothing to say.
#[test]
fn a_generation_does_not_speak_for_the_next() {
    let Ok(ring) = Ring::open().and_then(IoUring::with_ring) else {
        return println!("skipped: no io_uring here");
    };
    let fd = rustix::event::eventfd(1, EventfdFlags::NONBLOCK).expect("eventfd");
    let fd = fd.as_raw_fd();
    let mut events = Events::with_capacity(8);
    ring.add(fd, Token(1), Interest::READABLE, Tells::AttemptsAndKind).expect("add");
    // Its completion is there, and has not been taken.
    let mut taken = ring.shared().ring.take().expect("it is at home");
    taken.claim().expect("claim");
    ring.ask_for_all(&mut ring.shared(), &mut taken).expect("ask");
    taken.submit().expect("submit");
    assert!(taken.has_completions());
    ring.shared().ring = Some(taken);
    ring.remove(fd).expect("remove");
    ring.add(fd, Token(2), Interest::WRITABLE, Tells::AttemptsAndKind).expect("add");
    for _ in 0..3 {
        ring.wait(&mut events, Some(Duration::ZERO), None).expect("wait");
    }
    assert!(events.iter().all(|event| event.token() == Token(2)), "{events:?}");
    assert!(!events.is_empty());
}

/// Who finds events leaves a notification to who is about to sleep.
#[test]
fn a_look_takes_no_notification_away() {
    let Ok(ring) = IoUring::open() else { return println!("skipped: no io_uring here") };
    let fd = rustix::event::eventfd(1, EventfdFlags::NONBLOCK).expect("eventfd");
    let level = Interest::READABLE.level();
    ring.add(fd.as_raw_fd(), Token(1), level, Tells::AttemptsAndKind).expect("add");
    let mut events = Events::with_capacity(1);
    ring.wait(&mut events, NOT_AT_ALL, None).expect("wait");
    events.clear();
    ring.notify().expect("notify");
    ring.wait(&mut events, NOT_AT_ALL, None).expect("wait");
    assert_eq!(events.len(), 1);
    // The ring has told of the notifier by then.
    events.clear();
    ring.wait(&mut events, NOT_AT_ALL, None).expect("wait");
    assert_eq!(events.len(), 1);
    ring.remove(fd.as_raw_fd()).expect("remove");
    events.clear();
    let start = Instant::now();
    ring.wait(&mut events, Some(Duration::from_secs(2)), None).expect("wait");
    assert!(events.is_empty());
    assert!(start.elapsed() < Duration::from_secs(1), "the notification is gone");
}

/// Before the first wait the kernel has heard of nothing, so there is nothing to let go.
#[test]
fn a_source_that_leaves_before_the_first_wait_costs_no_ring() {
    let Ok(ring) = IoUring::open() else { return println!("skipped: no io_uring here") };
    let was_for_all = ring.shared().is_for_all;
    let fd = rustix::event::eventfd(1, EventfdFlags::NONBLOCK).expect("eventfd");
    let tells = Tells::AttemptsAndKind;
    ring.add(fd.as_raw_fd(), Token(1), Interest::READABLE, tells).expect("add");
    ring.remove(fd.as_raw_fd()).expect("remove");
    ring.let_go().expect("let go");
    assert_eq!(ring.shared().is_for_all, was_for_all);
}

/// What is asked for and taken back, while the thread that could submit it is busy, leaves
/// nothing behind.
#[test]
fn what_nobody_submits_does_not_pile_up() {
    let Ok(ring) = IoUring::open() else { return println!("skipped: no io_uring here") };
    let fd = rustix::event::eventfd(0, EventfdFlags::NONBLOCK).expect("eventfd");
    ring.wait(&mut Events::with_capacity(1), NOT_AT_ALL, None).expect("wait");
    let come_and_go = || {
        for number in 0..10_000 {
            let tells = Tells::AttemptsAndKind;
            ring.add(fd.as_raw_fd(), Token(number), Interest::READABLE, tells).expect("add");
            ring.remove(fd.as_raw_fd()).expect("remove");
        }
    };
    std::thread::scope(|scope| scope.spawn(come_and_go).join()).expect("no panic");
    assert!(ring.shared().later.len() < 1_000);
}
