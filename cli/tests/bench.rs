//! `omnipoll bench` as a user runs it, on sizes that take no time.

use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll"))
        .args(["bench", "--quick", "--registered", "16", "--active", "4"])
        .args(arguments)
        .output();
    output.expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn json_has_a_row_for_every_backend() {
    let output = bench(&["--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    assert!(report["plot"].is_null(), "nobody asked for one");
    let rows = report["rows"].as_array().expect("rows");
    let backends: Vec<String> =
        omnipoll::Backend::available().iter().map(ToString::to_string).collect();
    let named: Vec<&str> = rows.iter().filter_map(|row| row["backend"].as_str()).collect();
    assert_eq!(named, backends);
    for row in rows {
        assert_eq!((row["registered"].as_u64(), row["active"].as_u64()), (Some(16), Some(4)));
        assert!(row["omnipoll"]["nanoseconds_per_event"].as_f64() > Some(0.0), "{row}");
    }
}

/// Two calls an event, and one wait for all four: less would mean that events come
/// from nowhere, more that a backend asks the kernel for what it does not need. A ring
/// may hold the events before anybody waits for them, and the wait is then no call.
#[test]
fn system_calls_are_counted_and_none_is_wasted() {
    let output = bench(&["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    if report["uncounted"].as_array().is_some_and(|reasons| !reasons.is_empty()) {
        println!("skipped: system calls cannot be counted here: {}", report["uncounted"]);
        return;
    }
    for row in report["rows"].as_array().expect("rows") {
        let least = if row["backend"] == "io_uring" { 2.0 } else { 2.25 };
        for side in ["omnipoll", "raw"] {
            let calls = row[side]["system_calls_per_event"].as_f64();
            if !row[side].is_null() {
                let calls = calls.expect("a count");
                assert!((least..=2.25).contains(&calls), "{side}: {row}");
            }
        }
    }
}

#[test]
fn the_plot_is_drawn_where_it_was_asked_for() {
    let path = std::env::temp_dir().join(format!("omnipoll-bench-{}.svg", std::process::id()));
    let output = bench(&["--out", path.to_str().expect("a path in UTF-8")]);
    let svg = std::fs::read_to_string(&path);
    let _ = std::fs::remove_file(&path);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains(path.to_str().expect("a path in UTF-8")));
    assert_well_formed(&svg.expect("the plot was written"));
}

#[test]
fn a_plot_that_cannot_be_written_is_told_before_the_run() {
    let output = bench(&["--out", "/nowhere/plot.svg"]);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("/nowhere/plot.svg") && stderr.contains("--out"), "{stderr}");
}

#[test]
fn a_wrong_backend_is_told_the_right_ones() {
    let output = bench(&["--backend", "epol"]);
    assert!(!output.status.success());
    let stderr = text(&output.stderr);
    assert!(stderr.contains("epol: no such backend"), "{stderr}");
    for backend in omnipoll::Backend::available() {
        assert!(stderr.contains(&backend.to_string()), "{stderr}");
    }
}

#[test]
fn a_size_that_does_not_fit_is_skipped_with_the_reason() {
    let output = bench(&["--json", "--backend", "poll", "--registered", "100000000"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    assert!(report["skipped"][0].as_str().is_some_and(|reason| reason.contains("hard limit")));
    assert_eq!(report["rows"].as_array().map(Vec::len), Some(1));
}

#[test]
fn nothing_to_measure_is_an_error() {
    for (registered, active) in [("16", "17"), ("0", "1"), ("1", "0")] {
        let output = Command::new(env!("CARGO_BIN_EXE_omnipoll"))
            .args(["bench", "--registered", registered, "--active", active])
            .output()
            .expect("the binary starts");
        assert!(!output.status.success(), "{registered} registered, {active} active");
        assert!(!text(&output.stderr).contains("panicked"));
    }
}

/// Every tag that opens also closes, in order, and the words are there as text.
fn assert_well_formed(svg: &str) {
    assert!(svg.contains("descriptors registered") && svg.contains("raw loop"));
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.trim()));
        } else if !tag.ends_with('/') && !tag.starts_with(['?', '!']) {
            open.push(tag.split_whitespace().next().expect("a tag has a name"));
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}
