//! Short soaks: each backend with each trigger, each in a process of its own, since
//! descriptors and processor time are counted for a process as a whole.

use std::process::{Child, Command, Stdio};

use omnipoll::Backend;

/// Each trigger, and for how many threads of the server.
const WAYS: [(&str, &str); 4] = [("edge", "1"), ("level", "1"), ("oneshot", "3"), ("mixed", "2")];

/// Clients at a time, and connections in all.
const CLIENTS: &str = "200";
const CONNECTIONS: &str = "600";

#[test]
fn on_epoll() {
    soak(Backend::Epoll);
}

#[test]
fn on_iocp() {
    soak(Backend::Iocp);
}

#[test]
fn on_poll() {
    soak(Backend::Poll);
}

#[test]
fn on_select() {
    soak(Backend::Select);
}

fn soak(backend: Backend) {
    if !backend.is_available() {
        println!("skipped: this machine has no {backend}");
        return;
    }
    // All at once: the clients sleep for most of the time.
    let soaks = WAYS.map(|(trigger, threads)| start(backend, trigger, threads));
    for soak in soaks {
        let output = soak.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{complained}");
        println!("{said}");
        for (name, what) in
            [("connections", "connections"), ("bytes", "bytes"), ("shortages", "accepts")]
        {
            if name == "shortages" && cfg!(windows) {
                // There is no limit that a program could meet.
                continue;
            }
            assert!(figure(&said, name) > 0, "it passed for there were no {what}:\n{said}");
        }
    }
}

fn start(backend: Backend, trigger: &str, threads: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_omnipoll-stress"))
        .args(["soak", "--backend", backend.name(), "--trigger", trigger, "--threads", threads])
        .args(["--clients", CLIENTS, "--connections", CONNECTIONS])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// The first figure in the line of that name.
fn figure(report: &str, name: &str) -> u64 {
    let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
    let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    figure.unwrap_or_else(|| panic!("no {name} in the report:\n{report}"))
}
