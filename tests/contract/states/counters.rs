//! The states of descriptors that count: events, expirations, other descriptors.

use std::os::fd::OwnedFd;

use omnipoll::IoSource;
use rustix::event::{EventfdFlags, epoll};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use super::cell::{Cell, Kind, cell};
use super::flags::{IN, NONE, OUT};
use super::scene::Scene;
use super::subject::Subject;

pub(crate) const EVENTS: Kind = Kind { name: "eventfd", has_priority: false, cells: events };
pub(crate) const TIMER: Kind = Kind { name: "timerfd", has_priority: false, cells: timer };
pub(crate) const EPOLL: Kind = Kind { name: "epoll", has_priority: false, cells: epoll_sets };

/// The most that an eventfd counts to.
const MOST: u64 = u64::MAX - 1;

fn events() -> Vec<Cell> {
    let counter = || eventfd(0, EventfdFlags::empty());
    let semaphore = || eventfd(2, EventfdFlags::SEMAPHORE);
    vec![
        cell("zero", counter, [], OUT),
        cell("one", counter, [|s| s.count(1)], IN | OUT),
        cell("one, taken", counter, [|s| s.count(1), |s| s.take(8)], OUT),
        cell("at its maximum", counter, [|s| s.count(MOST)], IN),
        cell("at its maximum, taken", counter, [|s| s.count(MOST), |s| s.take(8)], OUT),
        cell("semaphore, one of two taken", semaphore, [|s| s.take(8)], IN | OUT),
    ]
}

fn timer() -> Vec<Cell> {
    vec![
        cell("not armed", timerfd, [], NONE),
        cell("armed", timerfd, [|s| s.arm(1_000_000)], NONE),
        cell("expired", timerfd, [expire], IN),
        cell("expired, taken", timerfd, [expire, |s| s.take(8)], NONE),
        cell("expired, armed again", timerfd, [expire, |s| s.arm(1_000_000)], NONE),
    ]
}

fn epoll_sets() -> Vec<Cell> {
    vec![
        cell("nothing ready", epoll_of_one, [], NONE),
        cell("one ready", epoll_of_one, [one_counts], IN),
        cell("none ready any more", epoll_of_one, [one_counts, one_is_read], NONE),
    ]
}

fn eventfd(count: u32, flags: EventfdFlags) -> Scene {
    let flags = flags | EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
    other(rustix::event::eventfd(count, flags).expect("eventfd"), vec![])
}

fn timerfd() -> Scene {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags);
    other(timer.expect("timerfd"), vec![])
}

fn epoll_of_one() -> Scene {
    let counter = rustix::event::eventfd(0, EventfdFlags::CLOEXEC).expect("eventfd");
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("epoll");
    let data = epoll::EventData::new_u64(0);
    epoll::add(&epoll, &counter, data, epoll::EventFlags::IN).expect("add");
    other(epoll, vec![counter])
}

fn other(fd: OwnedFd, others: Vec<OwnedFd>) -> Scene {
    Scene::new(Subject::Other(IoSource::new(fd)), others)
}

fn expire(scene: &mut Scene) {
    scene.arm(0);
    scene.until(IN);
}

fn one_counts(scene: &mut Scene) {
    scene.receive(&1u64.to_ne_bytes());
}

fn one_is_read(scene: &mut Scene) {
    assert_eq!(rustix::io::read(scene.peer(), &mut [0; 8]), Ok(8));
}

impl Scene {
    /// Adds to the number that an eventfd holds.
    fn count(&mut self, number: u64) {
        assert_eq!(self.subject.put(&number.to_ne_bytes()).expect("room"), 8);
    }

    /// Lets a timer expire `seconds` and a microsecond from now.
    fn arm(&mut self, seconds: i64) {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec { tv_sec: seconds, tv_nsec: 1000 };
        let time = Itimerspec { it_interval: never, it_value: value };
        rustix::time::timerfd_settime(self.fd(), TimerfdTimerFlags::empty(), &time).expect("arm");
    }
}
