//! Runs the example tokio_backend on every backend, and compares what it says with what the
//! kernel shows.

use std::env;
use std::path::Path;
use std::process::{Command, Output};

use omnipoll::Backend;

#[test]
fn it_names_the_mechanism_that_carries_it() {
    for backend in Backend::available() {
        let output = run_on(backend.name());
        let text = String::from_utf8(output.stdout).unwrap();
        println!("{text}");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with(&format!("carried by {backend}\n")), "{text}");
        assert!(text.ends_with("17 bytes came back\n"), "{text}");
        if cfg!(target_os = "linux") {
            // An epoll may stand beside each of the others.
            let is_open = |name| text.contains(&format!("open: [{name}]\n"));
            assert_eq!(is_open("io_uring"), backend == Backend::IoUring, "{text}");
            assert!(is_open("eventpoll") || backend != Backend::Epoll, "{text}");
        }
    }
}

#[test]
fn a_backend_that_is_none_is_refused() {
    let output = run_on("epol");
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("OMNIPOLL_BACKEND=epol: no such backend"), "{text}");
}

/// It has a limit of its own for how long it takes.
fn run_on(backend: &str) -> Output {
    // Cargo builds the examples for the tests, into a folder beside theirs.
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(format!("tokio_backend{}", env::consts::EXE_SUFFIX));
    Command::new(program).env("OMNIPOLL_BACKEND", backend).output().unwrap()
}
