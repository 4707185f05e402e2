//! Random programs against the model, on every backend: thousands in a run.
//!
//! A run prints its seed, and `OMNIPOLL_SEED` repeats it. A program of one thread that
//! finds a broken promise is made as short as it gets. And a few that do not change: those
//! that a fuzzer chose since together they reach most of the library.

use std::path::Path;
use std::time::Duration;
use std::{env, fs, slice};

use omnipoll::{Backend, Interest};
use omnipoll_stress::programs::{
    Amount, Company, Kind, Operation, Program, Way, check_alone, check_together,
};
use proptest::array;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// How many programs of one thread run on each backend, and how many of several. On Windows a
/// program, which asks before and after each step, takes far longer.
const ALONE: u32 = if cfg!(windows) { 150 } else { 1500 };
const TOGETHER: u32 = if cfg!(windows) { 40 } else { 400 };

const MOST_OPERATIONS: usize = 60;

#[test]
fn epoll_alone() {
    run_alone(Backend::Epoll);
}

#[test]
fn io_uring_alone() {
    run_alone(Backend::IoUring);
}

#[test]
fn iocp_alone() {
    run_alone(Backend::Iocp);
}

#[test]
fn kqueue_alone() {
    run_alone(Backend::Kqueue);
}

#[test]
fn poll_alone() {
    run_alone(Backend::Poll);
}

#[test]
fn select_alone() {
    run_alone(Backend::Select);
}

#[test]
fn epoll_together() {
    run_together(Backend::Epoll);
}

#[test]
fn io_uring_together() {
    run_together(Backend::IoUring);
}

#[test]
fn iocp_together() {
    run_together(Backend::Iocp);
}

#[test]
fn kqueue_together() {
    run_together(Backend::Kqueue);
}

#[test]
fn poll_together() {
    run_together(Backend::Poll);
}

#[test]
fn select_together() {
    run_together(Backend::Select);
}

/// Each piece that a closing peer has not read makes room for the writer anew, and threads
/// that wait may be told of one after the other, though the writing was before the
/// registration.
#[test]
fn a_full_queue_that_dies_is_no_busy_loop() {
    let both = Interest::READABLE | Interest::WRITABLE;
    let operations = vec![
        // What is always ready keeps the threads awake.
        Operation::Register(2, Interest::WRITABLE.level()),
        Operation::Write(0, Amount::All),
        Operation::Register(0, both),
        Operation::Write(1, Amount::All),
        Operation::Register(1, both),
        Operation::Wait(0),
        Operation::PeerClose(0),
        Operation::PeerReset(1),
        Operation::Wait(0),
    ];
    let eventfd = (Kind::Eventfd, Way::Raw);
    let ends = [(Kind::Datagram, Way::Raw), (Kind::Unix, Way::Raw), eventfd, eventfd];
    let program = Program { capacity: 64, ends, operations };
    let company = Company { waiters: 2, timeout: None, is_watched: false };
    for backend in Backend::available() {
        for _ in 0..100 {
            let result = check_together(slice::from_ref(&program), backend, company);
            assert!(result.is_ok(), "{backend}: {result:?}");
        }
    }
}

/// While a kernel holds the file of a source that was closed, for another thread, it goes on
/// to report a duplicate, though that was closed too and its number used again.
#[test]
fn a_file_that_is_held_a_little_longer_is_no_barrier_broken() {
    let level = Interest::READABLE.level();
    let operations = vec![
        // What is always ready keeps the threads awake.
        Operation::Register(2, Interest::WRITABLE.level()),
        Operation::Register(0, level),
        Operation::PeerWrite(0, Amount::All),
        Operation::Wait(0),
        Operation::Duplicate(0, 1),
        Operation::Register(1, level),
        Operation::Close(0),
        Operation::Replace(1, Kind::Udp, Way::Typed, level),
        Operation::Wait(0),
        Operation::Wait(0),
    ];
    let eventfd = (Kind::Eventfd, Way::Raw);
    let ends = [(Kind::PipeReader, Way::Typed), eventfd, eventfd, eventfd];
    let program = Program { capacity: 64, ends, operations };
    let company = Company { waiters: 3, timeout: None, is_watched: false };
    for backend in Backend::available() {
        for _ in 0..30 {
            let result = check_together(slice::from_ref(&program), backend, company);
            assert!(result.is_ok(), "{backend}: {result:?}");
        }
    }
}

#[test]
fn what_a_fuzzer_chose() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/programs");
    let mut count = 0;
    for entry in fs::read_dir(corpus).expect("the corpus is in the repository") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("it can be read");
        // The first byte chose a backend there. Here it is for all of them.
        let program = Program::decode(&bytes[1..]);
        for backend in Backend::available() {
            if let Err(violation) = check_alone(&program, backend) {
                panic!(
                    "{}: a promise is broken on {backend}\n{violation}\n{program}",
                    path.display()
                );
            }
        }
        count += 1;
    }
    assert!(count > 0, "there is nothing in it");
}

#[test]
fn every_backend_has_its_tests() {
    let tested = [
        Backend::Epoll,
        Backend::IoUring,
        Backend::Iocp,
        Backend::Kqueue,
        Backend::Poll,
        Backend::Select,
    ];
    for backend in Backend::available() {
        assert!(tested.contains(&backend), "{backend} has none");
    }
}

fn run_alone(backend: Backend) {
    run(backend, ALONE, &programs(), |program| match check_alone(program, backend) {
        Ok(_) => Ok(()),
        Err(violation) => Err(format!("{violation}\n{program}")),
    });
}

/// What depends on the moment fails only now and then, so it is not made shorter.
fn run_together(backend: Backend) {
    let company = (1_usize..=3, any::<bool>(), weighted(0.02)).prop_map(
        |(waiters, is_limited, is_watched)| Company {
            waiters,
            timeout: is_limited.then_some(Duration::from_millis(3)),
            is_watched,
        },
    );
    let strategy = (programs(), programs(), company).no_shrink();
    run(backend, TOGETHER, &strategy, |(one, other, company)| {
        match check_together(&[one.clone(), other.clone()], backend, *company) {
            Ok(_) => Ok(()),
            Err(violation) => Err(format!("{violation}\n{one}\nand\n{other}\nwith {company:?}")),
        }
    });
}

/// Programs that get shorter and simpler as their bytes get fewer and smaller.
fn programs() -> impl Strategy<Value = Program> {
    let header = array::uniform5(any::<u8>());
    let operation = array::uniform4(any::<u8>()).prop_map(Operation::decode);
    (header, vec(operation, 1..=MOST_OPERATIONS))
        .prop_map(|(header, operations)| Program::new(header, operations))
}

fn run<S: Strategy>(
    backend: Backend,
    cases: u32,
    strategy: &S,
    check: impl Fn(&S::Value) -> Result<(), String>,
) {
    if !backend.is_available() {
        println!("skipped: this machine has no {backend}");
        return;
    }
    let seed: u64 = match env::var("OMNIPOLL_SEED") {
        Ok(text) => text.parse().expect("OMNIPOLL_SEED is a number"),
        Err(_) => fastrand::u64(..),
    };
    println!("{backend}: OMNIPOLL_SEED={seed} repeats this run");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new_with_rng(config, random)
        .run(strategy, |program| check(&program).map_err(TestCaseError::fail));
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => {
            panic!("a promise is broken on {backend}, OMNIPOLL_SEED={seed}\n{reason}");
        }
        Err(TestError::Abort(reason)) => panic!("no programs: {reason}"),
    }
}
