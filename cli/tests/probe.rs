//! `omnipoll probe` as a user runs it.
#![cfg(unix)]

use std::collections::HashMap;
use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Command, Output, Stdio};

use omnipoll::{Backend, Poll, unix::pipe};
use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::Value;

fn probe(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll")).arg("probe").args(arguments).output();
    output.expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What `arguments` print, where all goes well.
fn page(arguments: &[&str]) -> String {
    let output = probe(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn json(arguments: &[&str]) -> Value {
    let arguments = [&["--json"], arguments].concat();
    serde_json::from_str(&page(&arguments)).expect("stdout is JSON")
}

/// By kind and state.
fn states(report: &Value) -> HashMap<(&str, &str), &Value> {
    let states = report["states"].as_array().expect("states");
    assert!(states.len() > 60, "{} states: {report}", states.len());
    let named: HashMap<_, _> = states
        .iter()
        .map(|state| {
            let name = |key| state[key].as_str().expect("a name");
            ((name("kind"), name("state")), state)
        })
        .collect();
    assert_eq!(named.len(), states.len(), "a state comes twice");
    named
}

/// What one backend answers of a state.
fn answers<'a>(state: &'a Value, backend: &str) -> Vec<&'a str> {
    let answers = state["reports"][backend]["answers"].as_array();
    let answers = answers.unwrap_or_else(|| panic!("no answers of {backend}: {state}"));
    answers.iter().map(|answer| answer.as_str().expect("a word")).collect()
}

/// The names of what poll(2) itself says of `end`.
fn flags(end: impl AsFd) -> Vec<String> {
    let asked = PollFlags::IN | PollFlags::OUT;
    let mut fds = [PollFd::new(&end, asked)];
    rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).expect("poll(2)");
    fds[0].revents().iter_names().map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn what_everybody_knows_of_pipes() {
    let report = json(&["--states"]);
    let states = states(&report);
    let readable = |state: &str, backend: &str| {
        answers(states[&("pipe, reading", state)], backend).contains(&"readable")
    };
    let writable = |state: &str, backend: &str| {
        answers(states[&("pipe, writing", state)], backend).contains(&"writable")
    };
    for backend in Backend::available() {
        let backend = backend.name();
        assert!(!readable("empty", backend), "{backend}");
        assert!(readable("a byte", backend), "{backend}");
        assert!(!readable("a byte, taken", backend), "{backend}");
        assert!(writable("empty", backend), "{backend}");
        assert!(!writable("full", backend), "{backend}");
        assert!(writable("full, drained", backend), "{backend}");
    }
    assert_eq!(states[&("pipe, reading", "a byte")]["differs"], false);
}

/// The same descriptors, made here, and asked by the call itself.
#[test]
fn what_the_kernel_says_is_what_it_says_here() {
    let report = json(&["--states", "--backend", "poll"]);
    let states = states(&report);
    let told = |kind: &'static str, state: &'static str| {
        let flags = states[&(kind, state)]["poll_flags"].as_array().expect("flags");
        flags.iter().map(|flag| flag.as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let (sender, receiver) = pipe::new().expect("pipe");
    assert_eq!(told("pipe, reading", "empty"), flags(&receiver));
    assert_eq!(told("pipe, writing", "empty"), flags(&sender));
    drop(sender);
    assert_eq!(told("pipe, reading", "writer gone"), flags(&receiver));
    let (sender, receiver) = pipe::new().expect("pipe");
    drop(receiver);
    assert_eq!(told("pipe, writing", "reader gone"), flags(&sender));

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    assert_eq!(told("TCP listener", "listening"), flags(&listener));
    let address = listener.local_addr().expect("address");
    let ours = std::net::TcpStream::connect(address).expect("connect");
    assert_eq!(told("TCP stream", "connected"), flags(&ours));
    assert_eq!(told("TCP listener", "a visitor"), flags(&listener));
    assert_eq!(
        told("regular file", "a byte"),
        flags(std::fs::File::open("Cargo.toml").expect("a file"))
    );
}

/// The page is made by the contract suite, by steps of its own.
#[test]
fn the_states_are_those_of_the_page() {
    let report = json(&[]);
    let release = report["machine"]["release"].as_str().expect("a release");
    let page = include_str!("../../docs/states.md");
    let known = page.split_once("on Linux ").and_then(|(_, rest)| rest.split_once(". "));
    let known = known.expect("the page says of which Linux it is").0;
    if report["machine"]["system"] != "Linux" || !release.starts_with(&format!("{known}.")) {
        println!("skipped: the page is about Linux {known}, and this is {release}");
        return;
    }
    let known = states_of(page);
    let states = states(&report);
    let mut compared = 0;
    for ((kind, state), measured) in states.iter().filter(|((kind, _), _)| *kind != "regular file")
    {
        let cell = known[&(*kind, *state)];
        let (most, by_select) = cell.split_once(" / ").unwrap_or((cell, cell));
        for backend in Backend::available() {
            let told = answers(measured, backend.name());
            let expected = if backend == Backend::Select { by_select } else { most };
            let expected = words(expected, backend == Backend::Select);
            assert_eq!(told, expected, "{kind}, {state}, {backend}");
            compared += 1;
        }
    }
    assert_eq!(compared, (states.len() - 3) * Backend::available().len());
}

/// The cells of all tables of the page, by kind and state.
fn states_of(page: &str) -> HashMap<(&str, &str), &str> {
    let mut cells = HashMap::new();
    let mut kinds: Vec<&str> = Vec::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")) {
        let mut columns = line.split(" | ").map(str::trim);
        match columns.next() {
            Some("state") => kinds = columns.collect(),
            Some(state) => {
                let named = kinds.iter().zip(columns).filter(|(_, cell)| !cell.is_empty());
                cells.extend(named.map(|(kind, cell)| ((*kind, state), cell)));
            }
            None => {}
        }
    }
    cells
}

/// What the letters of the page stand for. select(2) tells of no more than three.
fn words(letters: &str, by_select: bool) -> Vec<&'static str> {
    let known = [
        ("R", "readable"),
        ("W", "writable"),
        ("rc", "read_closed"),
        ("wc", "write_closed"),
        ("E", "error"),
        ("P", "priority"),
    ];
    let told = known.iter().filter(|(letter, _)| letters.split(' ').any(|it| it == *letter));
    let can_tell = |word: &str| !by_select || ["readable", "writable", "priority"].contains(&word);
    told.map(|(_, word)| *word).filter(|word| can_tell(word)).collect()
}

#[test]
fn regular_files_are_refused_and_that_is_an_answer() {
    let report = json(&["--states"]);
    let states = states(&report);
    for backend in Backend::available() {
        let refused = &states[&("regular file", "a byte")]["reports"][backend.name()]["refused"];
        assert!(refused.as_str().is_some_and(|reason| reason.contains("always_ready_files")));
        let taken = states[&("regular file", "always_ready_files(true)")];
        assert_eq!(answers(taken, backend.name()), ["readable", "writable"]);
    }
}

#[test]
fn capabilities_are_those_that_polls_tell() {
    let report = json(&["--capabilities"]);
    assert!(report["states"].is_null(), "nobody asked for them");
    let listed = report["backends"].as_array().expect("backends");
    assert_eq!(listed.len(), Backend::ALL.len());
    for (told, &backend) in listed.iter().zip(Backend::ALL) {
        assert_eq!(told["name"], backend.name());
        assert_eq!(told["available"], backend.is_available());
        match Poll::builder().backend(backend).build() {
            Ok(poll) => {
                let shown = told["capabilities"].as_object().expect("capabilities");
                // As the type's own fields are named, and in their words.
                let own = format!("{:?}", poll.capabilities());
                for (name, support) in shown {
                    let support = support.as_str().expect("a word");
                    let field = format!("{name}: {support}");
                    assert!(own.to_lowercase().contains(&format!(" {field}")), "{field} in {own}");
                }
                assert_eq!(shown.len(), own.matches(": ").count(), "{own}");
            }
            Err(error) => assert_eq!(told["reason"], error.to_string()),
        }
    }
}

#[test]
fn limits_are_those_of_the_process() {
    let report = json(&["--capabilities"]);
    let limits = &report["machine"]["limits"];
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    assert_eq!(limits["descriptors"]["soft"].as_u64(), descriptors.current);
    assert_eq!(limits["descriptors"]["hard"].as_u64(), descriptors.maximum);
    assert!(limits["fd_set_size"].as_u64() > Some(0));
}

#[test]
fn a_page_names_all_backends_and_fits_a_terminal() {
    let page = page(&[]);
    for backend in Backend::ALL {
        assert!(page.contains(backend.name()), "{backend} in {page}");
    }
    assert!(!page.contains('\x1b'), "no colour where nobody looks on");
    for line in page.lines() {
        assert!(line.chars().count() <= 80 && !line.ends_with(' '), "{line:?}");
    }
    // select tells the end of a pipe by readable alone.
    let gone = page.lines().find(|line| line.starts_with("  writer gone  "));
    let gone = gone.expect("a state of every pipe");
    assert_eq!(gone.ends_with('*'), Backend::available().len() > 1, "{gone}");
}

#[test]
fn each_part_can_be_had_alone_and_of_the_backends_that_are_wanted() {
    let both = json(&["--backend", "select", "--backend", "POLL"]);
    let names: Vec<_> = both["backends"]
        .as_array()
        .expect("backends")
        .iter()
        .map(|backend| backend["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["poll", "select"]);
    for state in both["states"].as_array().expect("states") {
        assert_eq!(state["reports"].as_object().map(|reports| reports.len()), Some(2), "{state}");
    }
    let one = page(&["--states", "--backend", "select"]);
    assert!(!one.contains("limits") && !one.contains(" *\n"), "nothing to differ from: {one}");
    assert!(!page(&["--capabilities"]).contains("TCP stream"));
}

#[test]
fn a_wrong_backend_is_told_the_right_ones() {
    let lacking = Backend::ALL.iter().find(|backend| !backend.is_available());
    let lacking = lacking.expect("no system has all of them").name();
    for (name, problem) in [("epol", "epol: no such backend"), (lacking, "this system has no")] {
        let output = probe(&["--backend", name]);
        assert!(!output.status.success() && output.stdout.is_empty());
        let stderr = text(&output.stderr);
        assert!(stderr.contains("--backend") && stderr.contains(problem), "{stderr}");
        for backend in Backend::available() {
            assert!(stderr.contains(backend.name()), "{stderr}");
        }
    }
}

#[test]
fn what_cannot_be_had_is_told_with_the_reason() {
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll"))
        .args(["probe", "--json", "--states", "--backend", "poll"])
        .env("TMPDIR", "/nowhere")
        .output();
    let output = output.expect("the binary starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    let states = states(&report);
    let fifo = states[&("FIFO, reading", "empty")];
    let reason = fifo["not_measured"].as_str().expect("a reason");
    assert!(reason.contains("/nowhere") && reason.contains("TMPDIR"), "{reason}");
    assert!(fifo["reports"].is_null());
    assert!(states[&("pipe, reading", "empty")]["not_measured"].is_null());
}

/// As `omnipoll probe | head -1`.
#[test]
fn it_ends_without_a_word_when_nobody_reads_on() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_omnipoll"))
        .arg("probe")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stdout = child.stdout.take().expect("it is piped");
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("text");
    assert!(child.wait().expect("it ends").success(), "{stderr}");
    assert_eq!(stderr, "");
}

/// Names in the folder for temporary files are gone when it is.
#[test]
fn it_leaves_nothing_behind() {
    let folder = std::env::temp_dir().join(format!("omnipoll-probe-test-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_omnipoll"))
        .args(["probe", "--states", "--backend", "poll"])
        .env("TMPDIR", &folder)
        .output();
    let left = std::fs::read_dir(&folder).expect("read").count();
    std::fs::remove_dir_all(&folder).expect("remove");
    assert!(output.expect("the binary starts").status.success());
    assert_eq!(left, 0);
}
