//! Level: every wait reports readiness for as long as it lasts, and none that is gone.

#[cfg(unix)]
use std::os::fd::AsRawFd;

use omnipoll::event::Event;
#[cfg(unix)]
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Token};

use crate::support::{
    ALL, Bench, Kind, STREAMS, Waiter, Way, each, pair, tcp_pair, wants_a_read, writing_pair,
};
use crate::system;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// SE-5 too: the sets that one call has changed are whole again in the next.
fn every_wait_reports(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ.level());
        bench.expect_nothing();
        theirs.send(b"hello");
        bench.expect(TOKEN, Event::is_readable);
        for _ in 0..5 {
            assert_eq!(bench.wait(1000).len(), 1);
            // Some of it is left each time.
            ours.read(&mut [0; 1]).ok();
            theirs.send(b"h");
        }
        // What is ready now is reported without a wait.
        assert_eq!(bench.wait(0).len(), 1);
        ours.drain();
        bench.expect_nothing();
        theirs.send(b"again");
        bench.expect(TOKEN, Event::is_readable);
    });
}

fn room_lasts(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = writing_pair(kind, way);
        bench.register(&mut ours, TOKEN, WRITE.level());
        for _ in 0..5 {
            assert_eq!(bench.wait(1000).len(), 1);
        }
        let sent = ours.fill();
        // TCP moves what it has to the peer for a while.
        bench.expect_silence_after(100, |_| {
            ours.fill();
        });
        let mut received = 0;
        while received < sent {
            received += theirs.drain();
        }
        bench.expect(TOKEN, Event::is_writable);
    });
}

fn end_lasts(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ.level());
        drop(theirs);
        for _ in 0..5 {
            bench.expect(TOKEN, wants_a_read);
            assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        }
        bench.registry().deregister(&mut ours).unwrap();
        bench.expect_nothing();
    });
}

/// To say that I/O was tried is for edges, and takes nothing away from a level.
fn rearm_changes_nothing(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ.level());
        drop(theirs);
        bench.expect(TOKEN, wants_a_read);
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        bench.registry().rearm(&ours, READ).unwrap();
        for _ in 0..5 {
            assert_eq!(bench.wait(1000).len(), 1, "a level is lost");
        }
    });
}

/// `try_io` cannot say its direction, which concerns edges alone.
fn unknown_direction_changes_nothing(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut ours, _theirs) = tcp_pair();
    bench.register(&mut ours, TOKEN, (READ | WRITE).level());
    for _ in 0..5 {
        bench.expect(TOKEN, Event::is_writable);
        let error = ours.try_io(|| system::read(&ours, &mut [0; 8]));
        assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// RG-4: from any trigger to any other.
fn triggers_switch(backend: Backend) {
    each(&ALL, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        bench.register(&mut ours, TOKEN, READ);
        theirs.send(b"stays");
        bench.expect(TOKEN, Event::is_readable);
        bench.expect_silence();
        for round in 0..3 {
            let token = |trigger: usize| Token(round * 10 + trigger);
            bench.reregister(&mut ours, token(0), READ.level());
            bench.expect(token(0), Event::is_readable);
            assert_eq!(bench.wait(1000).len(), 1);
            bench.reregister(&mut ours, token(1), READ.oneshot());
            assert_eq!(bench.expect(token(1), Event::is_readable).token(), token(1));
            bench.expect_nothing();
            bench.reregister(&mut ours, token(2), READ);
            bench.expect(token(2), Event::is_readable);
            bench.expect_silence();
            bench.reregister(&mut ours, token(3), READ.oneshot());
            bench.expect(token(3), Event::is_readable);
            bench.expect_nothing();
        }
        // From one that sleeps to one that does not, by way of the end of the stream.
        ours.drain();
        drop(theirs);
        bench.expect_nothing();
        bench.reregister(&mut ours, TOKEN, READ.level());
        for _ in 0..3 {
            bench.expect(TOKEN, wants_a_read);
        }
    });
}

/// RG-7: of two polls with the same descriptor, both are told.
#[cfg(unix)]
fn two_polls_one_descriptor(backend: Backend) {
    let (mut one, mut other) = (Bench::new(backend), Bench::new(backend));
    let (ours, theirs) = pair(Kind::Tcp, Way::Raw);
    let fd = ours.as_raw_fd();
    one.register(&mut SourceFd(&fd), Token(1), READ.level());
    other.register(&mut SourceFd(&fd), Token(2), READ.level());
    theirs.send(b"hello");
    for _ in 0..3 {
        one.expect(Token(1), Event::is_readable);
        other.expect(Token(2), Event::is_readable);
    }
    one.registry().deregister(&mut SourceFd(&fd)).unwrap();
    one.expect_nothing();
    other.expect(Token(2), Event::is_readable);
}

/// Two triggers side by side in one poll do not mix.
fn neighbours_keep_their_triggers(backend: Backend) {
    each(&STREAMS, |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut level, their_level) = pair(kind, way);
        let (mut edge, their_edge) = pair(kind, way);
        let (mut oneshot, their_oneshot) = pair(kind, way);
        bench.register(&mut level, Token(0), READ.level());
        bench.register(&mut edge, Token(1), READ);
        bench.register(&mut oneshot, Token(2), READ.oneshot());
        for peer in [&their_level, &their_edge, &their_oneshot] {
            peer.send(b"x");
        }
        let mut counts = [0; 3];
        for _ in 0..20 {
            for event in bench.wait(1000) {
                counts[event.token().0] += 1;
            }
        }
        assert!(counts[0] >= 18, "{counts:?}");
        assert!((1..=3).contains(&counts[1]), "{counts:?}");
        assert_eq!(counts[2], 1, "{counts:?}");
    });
}

/// A level that arises while another thread sleeps.
fn arises_under_a_wait(backend: Backend) {
    each(&ALL, |kind, way| {
        let bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        let waiter = Waiter::start(&bench.poll, 8);
        bench.register(&mut ours, TOKEN, READ.level());
        waiter.expect_nothing();
        theirs.send(b"x");
        waiter.expect(TOKEN, Event::is_readable);
        waiter.expect(TOKEN, Event::is_readable);
        ours.drain();
    });
}

/// Who only looks is told as well, while another thread is told all the time.
fn a_look_beside_a_wait(backend: Backend) {
    each(&Way::ALL.map(|way| (Kind::LOCAL, way)), |kind, way| {
        let mut bench = Bench::new(backend);
        let (mut ours, theirs) = pair(kind, way);
        theirs.send(b"lasts");
        bench.register(&mut ours, TOKEN, READ.level());
        let waiter = Waiter::start(&bench.poll, 8);
        for _ in 0..500 {
            assert!(!bench.wait(0).is_empty(), "it is ready, and a look has not shown it");
        }
        ours.drain();
        drop(waiter);
    });
}

promises! {
    in Level:
        every_wait_reports, room_lasts, end_lasts, rearm_changes_nothing,
        unknown_direction_changes_nothing, triggers_switch, neighbours_keep_their_triggers,
        arises_under_a_wait, a_look_beside_a_wait;
    in Level on unix: two_polls_one_descriptor;
}
