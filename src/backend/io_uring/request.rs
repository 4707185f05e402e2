//! What a ring is asked for to make readiness of it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use super::ring::Ring;
use super::tag::{Generation, Tag};
use crate::Interest;
use crate::backend::epoll::Epoll;
use crate::backend::notifier::Notifier;
use crate::event::Readiness;

#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    Watch(RawFd, Interest, Generation),
    Forget(RawFd, Generation),
    /// To watch a descriptor of the library's own.
    WatchOwn(RawFd, Tag),
}

impl Request {
    pub(super) fn watch_notifier(notifier: &Notifier) -> Request {
        Request::WatchOwn(notifier.descriptor().as_raw_fd(), Tag::Notifier)
    }

    pub(super) fn watch_epoll(epoll: &Epoll) -> Request {
        Request::WatchOwn(epoll.as_fd().as_raw_fd(), Tag::Epoll)
    }

    /// Puts it into the queue.
    pub(super) fn make(&self, ring: &mut Ring) -> io::Result<()> {
        match *self {
            Request::Watch(fd, interest, generation) => {
                let tag = Tag::Registration(fd, generation);
                if interest.is_oneshot() {
                    ring.watch_once(fd, asked_by(interest).bits(), tag)
                } else {
                    ring.watch(fd, asked_by(interest).bits(), tag)
                }
            }
            Request::Forget(fd, generation) => ring.forget(Tag::Registration(fd, generation)),
            Request::WatchOwn(fd, tag) => ring.watch(fd, Readiness::IN.bits(), tag),
        }
    }
}

/// What an event of `interest` may tell of: what it asks for, and what cannot be left out.
pub(super) fn told_of(interest: Interest) -> Readiness {
    asked_by(interest).with(Readiness::ERR).with(Readiness::HUP)
}

fn asked_by(interest: Interest) -> Readiness {
    let mut asked = Readiness::NONE;
    if interest.is_readable() {
        asked = asked.with(Readiness::IN).with(Readiness::RDHUP);
    }
    if interest.is_writable() {
        asked = asked.with(Readiness::OUT);
    }
    asked
}
