//! The first byte chooses a backend, the others are a program, and the model judges what
//! comes of it.
//!
//! From the root of the repository, with `cargo install cargo-fuzz` and a stable compiler:
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run programs --sanitizer none -- -max_len=400
#![no_main]

use libfuzzer_sys::fuzz_target;
use omnipoll::Backend;
use omnipoll::unix::SignalSet;
use omnipoll_stress::programs::{Program, check_alone};

/// The same number on every system that there is.
const SIGPIPE: i32 = 13;

fuzz_target!(
    init: {
        // The `main` is not Rust's, which would have it ignored.
        let mut broken_pipe = SignalSet::empty();
        broken_pipe.add(SIGPIPE).and_then(|()| broken_pipe.block()).expect("a signal is blocked");
    },
    |bytes: &[u8]| {
        let Some((&choice, program)) = bytes.split_first() else { return };
        let backend = Backend::ALL[usize::from(choice) % Backend::ALL.len()];
        let program = Program::decode(program);
        if let Err(violation) = check_alone(&program, backend) {
            panic!("a promise is broken on {backend}\n{violation}\n{program}");
        }
    }
);
