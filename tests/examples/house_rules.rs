//! What holds for all examples.

use std::fs;
use std::path::Path;

#[cfg(unix)]
use omnipoll::Backend;

#[cfg(unix)]
use crate::support::{command, refusal};

/// In lines: what one can read in one go.
const LENGTH_LIMIT: usize = 120;

#[test]
fn each_is_short_and_has_its_line_in_the_docs() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(package.join("docs/examples.md")).unwrap();
    for name in names() {
        let program = fs::read_to_string(package.join(format!("examples/{name}.rs"))).unwrap();
        let lines = program.lines().count();
        assert!(lines < LENGTH_LIMIT, "{name} has {lines} lines");
        assert!(table.contains(&format!("| [{name}](../examples/{name}.rs) |")), "{name}");
    }
}

/// The environment chooses the backend, and what it says is heeded.
#[cfg(unix)]
#[test]
fn a_backend_that_is_none_is_refused() {
    for name in names() {
        let mut refused = command(&name, Backend::Poll);
        refused.env("OMNIPOLL_BACKEND", "epol").args(arguments_of(&name));
        let text = refusal(refused);
        assert!(text.starts_with(&format!("{name}: ")), "{text}");
        assert!(text.contains("OMNIPOLL_BACKEND=epol: no such backend"), "{text}");
    }
}

/// With which it would run.
fn arguments_of(name: &str) -> &[&str] {
    match name {
        "connect_many" => &["1"],
        "fifo_chat" => &["none", "none"],
        "oob" => &["listen", "127.0.0.1:0"],
        "pty_terminal" => &["true"],
        _ => &["127.0.0.1:0"],
    }
}

fn names() -> Vec<String> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let names = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}
