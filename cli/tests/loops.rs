//! Every loop does the whole work, and no more.

use std::io;

use omnipoll::{Backend, Interest};
use omnipoll_cli::library::Kind;
use omnipoll_cli::measure::{median, order};
use omnipoll_cli::pipes::{self, Ends};
use omnipoll_cli::raw;
use omnipoll_cli::relay::{Contestant, ReadPolicy, Work};

/// Runs `enter`'s loop at several sizes and checks what it counted.
fn check(name: &str, enter: impl Fn(Vec<Ends>, Work) -> io::Result<Box<dyn Contestant>>) {
    for policy in [ReadPolicy::Short, ReadPolicy::WouldBlock] {
        for (registered, active) in [(1, 1), (7, 3), (16, 16), (300, 100)] {
            let work = Work { registered, active, policy };
            let pipes = pipes::open(registered).expect("pipes");
            let mut contestant = enter(pipes, work).expect(name);
            // Twice, as what is left over from a first run would show in a second.
            for writes in [0, 1, 1_000, 1_000] {
                let tally = contestant.run(writes).expect(name);
                let count = active + writes;
                assert_eq!((tally.read, tally.written), (count, count), "{name}: {work:?}");
                assert_eq!(tally.events - tally.spurious, count, "{name}: {work:?}");
            }
            assert_eq!(contestant.leave().expect(name).len(), registered);
        }
    }
}

#[test]
fn raw_loops() {
    for &call in raw::Call::ALL {
        match call.is_available() {
            true => check(&format!("raw {call}"), |pipes, work| call.enter(pipes, work)),
            false => println!("skipped: this machine has no {call}"),
        }
    }
}

#[test]
fn library_in_every_trigger() {
    for backend in Backend::available() {
        for interest in [Interest::READABLE, Interest::READABLE.level()] {
            check(&format!("{backend}, {interest:?}"), |pipes, work| {
                Kind { backend, interest }.enter(pipes, work)
            });
        }
    }
}

/// Past the 1,024 descriptors that libc's `fd_set` holds.
#[test]
fn raw_select_beyond_fd_set() {
    let count = pipes::room().min(1_500);
    let work = Work { registered: count, active: 1, policy: ReadPolicy::Short };
    let pipes = pipes::open(count).expect("pipes");
    let mut contestant = raw::Call::Select.enter(pipes, work).expect("raw select");
    assert_eq!(contestant.run(count).expect("run").events, count + 1);
}

#[test]
fn medians() {
    assert_eq!(median([]), 0.0);
    assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median([4.0, 1.0, 3.0, 2.0]), 2.5);
}

#[test]
fn every_round_has_every_loop_in_an_order_of_its_own() {
    let orders: Vec<Vec<usize>> = (0..100).map(|round| order(round, 7)).collect();
    for order in &orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6]);
    }
    for first in 0..7 {
        let times = orders.iter().filter(|order| order[0] == first).count();
        assert!((5..30).contains(&times), "{first} begins {times} of 100 rounds");
    }
    assert!(order(1, 0).is_empty());
}
