//! Large numbers: a descriptor works whatever its number, past `FD_SETSIZE` too.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};

use omnipoll::event::Event;
use omnipoll::net::UnixStream;
use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Interest, Token};

use crate::harness::Trigger;
use crate::support::{Bench, Kind, OWED, Way, alone, pair};
use crate::system;

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
const NUMBERS: [i32; 6] = [63, 64, 1023, 1024, 1025, 5000];

/// SE-1.
fn past_the_end_of_a_set(backend: Backend, trigger: Trigger) {
    alone(&[], || {
        system::limit_descriptors(6000);
        for way in [Way::Typed, Way::Raw] {
            each_has_its_own_events(backend, trigger, way);
        }
    });
}

fn each_has_its_own_events(backend: Backend, trigger: Trigger, way: Way) {
    let mut bench = Bench::new(backend);
    let mut streams = Vec::new();
    for number in NUMBERS {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let copy = system::duplicate_above(ours.as_raw_fd(), number);
        let mut stream = UnixStream::from(copy);
        let token = Token(stream.as_raw_fd() as usize);
        bench.register_in(way, &mut stream, token, trigger.apply(READ));
        streams.push((stream, theirs));
    }
    bench.expect_nothing();
    for (stream, theirs) in &mut streams {
        std::io::Write::write_all(theirs, b"x").unwrap();
        let token = Token(stream.as_raw_fd() as usize);
        let events = bench.wait(5000);
        assert_eq!(events.iter().map(Event::token).collect::<Vec<_>>(), [token]);
        std::io::Read::read(stream, &mut [0; 8]).unwrap();
        bench.expect_silence();
    }
}

/// SE-6: the highest goes, and the lower ones stay; and the reverse.
fn the_highest_goes(backend: Backend) {
    alone(&[], || {
        system::limit_descriptors(6000);
        let mut bench = Bench::new(backend);
        let (mut low, their_low) = pair(Kind::Unix, Way::Typed);
        let (high, their_high) = pair(Kind::Unix, Way::Raw);
        let high = system::duplicate_above(high.as_raw_fd(), 5000);
        for round in 0..6 {
            bench.register(&mut low, Token(1), READ.level());
            bench.register(&mut SourceFd(&high.as_raw_fd()), Token(2), READ.level());
            their_low.send(b"x");
            their_high.send(b"x");
            if round % 2 == 0 {
                bench.registry().deregister(&mut SourceFd(&high.as_raw_fd())).unwrap();
                assert_eq!(tokens(&mut bench), [Token(1)]);
                bench.registry().deregister(&mut low).unwrap();
            } else {
                bench.registry().deregister(&mut low).unwrap();
                assert_eq!(tokens(&mut bench), [Token(2)]);
                bench.registry().deregister(&mut SourceFd(&high.as_raw_fd())).unwrap();
            }
            bench.expect_nothing();
            low.drain();
            drain(&high);
        }
    });
}

fn tokens(bench: &mut Bench) -> Vec<Token> {
    bench.wait(5000).iter().map(Event::token).collect()
}

fn drain(fd: &OwnedFd) {
    while rustix::io::read(fd, &mut [0; 64]).is_ok_and(|length| length > 0) {}
}

/// More descriptors than a word has bits, and all of them in use.
fn many_descriptors(backend: Backend) {
    alone(&[], || {
        system::limit_descriptors(6000);
        let mut bench = Bench::with_capacity(backend, 4096);
        let mut pairs: Vec<_> = (0..1200).map(|_| pair(Kind::Unix, Way::Typed)).collect();
        for (number, (ours, _)) in pairs.iter_mut().enumerate() {
            bench.register(ours, Token(number), READ | WRITE);
        }
        bench.expect_silence_after(1200, |event| assert!(event.is_writable()));
        for number in (0..1200).step_by(7) {
            pairs[number].1.send(b"x");
            let events = bench.wait(5000);
            assert_eq!(events.iter().map(Event::token).collect::<Vec<_>>(), [Token(number)]);
            pairs[number].0.drain();
        }
        bench.expect_silence();
    });
}

/// What is registered works on when the limit is lowered below its number, as sandboxes do; or
/// the error says how.
fn a_limit_below_the_set(backend: Backend) {
    alone(&[], || {
        let mut bench = Bench::new(backend);
        let mut pairs: Vec<_> = (0..20).map(|_| pair(Kind::Unix, Way::Typed)).collect();
        for (number, (ours, _)) in pairs.iter_mut().enumerate() {
            bench.register(ours, Token(number), READ);
        }
        system::limit_descriptors(10);
        pairs[15].1.send(b"x");
        if backend == Backend::Poll {
            let error = bench.poll.poll(&mut bench.events, Some(OWED)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("RLIMIT_NOFILE"), "{error}");
            system::limit_descriptors(100);
        }
        bench.expect(Token(15), Event::is_readable);
    });
}

promises! {
    in any on unix: the_highest_goes, many_descriptors, a_limit_below_the_set;
    in each on unix: past_the_end_of_a_set;
}
