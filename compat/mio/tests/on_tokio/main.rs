//! tokio, unmodified, on each backend.
//!
//! The workspace's `[patch.crates-io]` puts this package in mio's place, so the tokio
//! here runs on omnipoll. The backend is chosen by the environment, as a user would:
//! the tests of this file start the test program again, once a backend, to run the
//! scenarios of the other files, which are ignored otherwise.
//!
//! Every scenario ends within a limit: a lost event is a failure, not a hang.

mod http;
#[cfg(unix)]
mod idle;
#[cfg(windows)]
mod named_pipe;
#[cfg(unix)]
mod pipe;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod raw;
mod tcp;
mod timer;
mod udp;
#[cfg(unix)]
mod unix_socket;

use std::future::Future;
use std::io::Read;
#[cfg(unix)]
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
#[cfg(unix)]
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{env, io, thread};

use tokio::runtime::{Builder, Runtime};

/// How long a scenario may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// How long all of them may take.
const LIMIT_OF_ALL: Duration = Duration::from_secs(300);

#[test]
fn on_epoll() {
    run_scenarios_on("epoll");
}

#[test]
fn on_iocp() {
    run_scenarios_on("iocp");
}

#[test]
fn on_poll() {
    run_scenarios_on("poll");
}

#[test]
fn on_select() {
    run_scenarios_on("select");
}

/// It also shows that tokio is on omnipoll: mio knows no such variable.
#[test]
fn an_unknown_backend_is_refused() {
    let output = run_ignored("a_runtime_opens", "epol");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("OMNIPOLL_BACKEND=epol: no such backend"), "{text}");
}

#[test]
#[ignore = "started by the tests above"]
fn a_runtime_opens() {
    if let Err(error) = Builder::new_current_thread().enable_all().build() {
        panic!("{error}");
    }
    if let Ok(wanted) = env::var("OMNIPOLL_BACKEND") {
        assert_eq!(mio::Poll::new().unwrap().backend().to_string(), wanted);
    }
}

fn run_scenarios_on(backend: &str) {
    if !omnipoll::Backend::available().iter().any(|available| available.name() == backend) {
        println!("skipped: this machine has no {backend}");
        return;
    }
    let output = run_ignored("", backend);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{text}");
}

/// Runs the ignored tests whose names contain `filter` in a process of their own.
fn run_ignored(filter: &str, backend: &str) -> Output {
    let mut child = Command::new(env::current_exe().unwrap())
        // One at a time, so that each can measure the CPU time of the process.
        .args([filter, "--ignored", "--test-threads=1", "--color=never"])
        .env("OMNIPOLL_BACKEND", backend)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdin.take());
    let stdout = read_all(child.stdout.take().unwrap());
    let stderr = read_all(child.stderr.take().unwrap());
    // Else a child that hangs would hang this test too: `wait` has no limit.
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT_OF_ALL {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    };
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// Reads in a thread of its own, so that the one who writes never has to wait.
fn read_all(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Runs `scenario` on a runtime of one thread, then on one of three.
fn on_both_runtimes<F>(scenario: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>>,
{
    for runtime in [one_thread(), three_threads()] {
        let outcome = runtime.block_on(async { tokio::time::timeout(LIMIT, scenario()).await });
        match outcome {
            Ok(result) => result.unwrap(),
            Err(_) => panic!("still waiting after {LIMIT:?}: an event was lost"),
        }
        // Not by dropping it, which waits for blocking tasks without a limit.
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn three_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap()
}

/// A path that no other test uses, short enough for a socket.
#[cfg(unix)]
fn new_path(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("omnipoll-{}-{count}-{name}", std::process::id()))
}

/// `length` bytes that look like no other stretch of them.
fn pattern(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}
