//! Every peer does every workload, and the run says so in every way that it can.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use omnipoll::Backend;
use serde_json::Value;

/// Where a test keeps its files.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn names(values: &Value, key: &str) -> BTreeSet<String> {
    let values = values.as_array().expect("a list");
    values.iter().filter_map(|value| value[key].as_str()).map(str::to_owned).collect()
}

/// Who is to be in every cell of `workload`, but for those that say why they are not.
fn expected(workload: &str, absent: &[String]) -> BTreeSet<String> {
    let mut peers: Vec<String> = [
        "raw-epoll",
        "raw-io_uring",
        "raw-poll",
        "raw-select",
        "mio",
        "polling",
        "libevent",
        "libev",
        "libuv",
    ]
    .map(str::to_owned)
    .to_vec();
    let backends = Backend::available();
    peers.extend(backends.iter().map(|backend| format!("omnipoll-{backend}")));
    if workload == "echo" {
        peers.push("tokio".to_owned());
        peers.push("tokio-on-omnipoll-epoll".to_owned());
        // Where the kernel refuses one ring, it refuses all.
        if !absent.iter().any(|reason| reason.starts_with("raw-io_uring:")) {
            peers.extend(["compio", "monoio", "tokio-uring"].map(str::to_owned));
        }
    }
    let is_there =
        |peer: &String| !absent.iter().any(|reason| reason.starts_with(&format!("{peer}:")));
    peers.into_iter().filter(is_there).collect()
}

#[test]
fn every_peer_does_every_workload() {
    let directory = directory("every_peer");
    let workloads = ["pipes", "echo", "churn", "wake", "idle", "timeout", "memory"];
    let results = directory.join("results.json");
    let page = directory.join("BENCHMARK.md");
    let plots = directory.join("bench");
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll-bench"))
        .args(workloads)
        .arg("--tiny")
        .args([Path::new("--json"), &results, Path::new("--page"), &page])
        .args([Path::new("--plots"), &plots])
        .output()
        .expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");

    let results = fs::read_to_string(results).expect("the results were written");
    let results: Value = serde_json::from_str(&results).expect("the results are JSON");
    let absent = results["environment"]["absent"].as_array().expect("a list");
    let absent: Vec<String> = absent.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    absent.iter().for_each(|reason| println!("left out: {reason}"));

    let cells = results["cells"].as_array().expect("a list");
    assert_eq!(names(&results["cells"], "workload"), workloads.map(str::to_owned).into());
    let page = fs::read_to_string(page).expect("the page was written");
    for cell in cells {
        let workload = cell["workload"].as_str().expect("a name");
        let present = names(&cell["entries"], "peer");
        let missing: Vec<_> = expected(workload, &absent).difference(&present).cloned().collect();
        assert!(missing.is_empty(), "{workload}: {missing:?} are missing: {stderr}");
        for entry in cell["entries"].as_array().expect("a list") {
            let is_timed = entry["wall_ns"].as_f64() > Some(0.0);
            assert_eq!(is_timed, workload != "memory", "{workload}: {entry}");
        }
        assert!(page.contains(&format!("## {workload}")), "{page}");
        if workload != "memory" {
            assert!(page.contains(&format!("(bench/{workload}.svg)")), "{page}");
            let plot = fs::read_to_string(plots.join(format!("{workload}.svg")));
            let plot = plot.expect("the plot was drawn");
            present.iter().for_each(|peer| assert!(plot.contains(peer), "{workload}: {peer}"));
        }
    }
}

#[test]
fn a_wrong_peer_is_told_the_right_ones() {
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll-bench"))
        .args(["pipes", "--tiny", "--peer", "libevnt"])
        .output()
        .expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(stderr.contains("raw-epoll, ") && stderr.contains("mio"), "{stderr}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll-bench"))
        .args(["pipes", "--tiny", "--json", "/nowhere/results.json"])
        .output()
        .expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        stderr.contains("/nowhere/results.json") && !stderr.contains("pipes short"),
        "{stderr}"
    );
}
