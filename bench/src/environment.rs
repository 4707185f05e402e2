//! What a figure depends on that is not the program: machine, kernel, versions, command.

use std::fmt;
use std::fs;

use serde_json::{Value, json};

use crate::peers::Peer;

/// Where and of what a run was made.
pub(crate) struct Environment {
    command: String,
    kernel: String,
    processor: String,
    processors: usize,
    /// Each peer that has one, and its release.
    versions: Vec<(String, String)>,
    /// Who does not take part, and why.
    absent: Vec<String>,
}

/// The lock file, in which the releases of all Rust peers stand.
const LOCK: &str = include_str!("../Cargo.lock");

impl Environment {
    pub(crate) fn of_this_run() -> Environment {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let command = "cargo run --release --manifest-path bench/Cargo.toml";
        let command = match arguments.as_slice() {
            [] => command.to_owned(),
            arguments => format!("{command} -- {}", arguments.join(" ")),
        };
        let uname = rustix::system::uname();
        let crates = crate::peers::CRATES.iter().filter_map(|name| {
            locked_version(name).map(|version| ((*name).to_owned(), version.to_owned()))
        });
        Environment {
            command,
            kernel: format!(
                "{} {}",
                uname.sysname().to_string_lossy(),
                uname.release().to_string_lossy()
            ),
            processor: processor(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            versions: crates.chain(Peer::versions()).collect(),
            absent: Peer::absent(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let versions = self.versions.iter().map(|(name, version)| (name.clone(), json!(version)));
        json!({
            "command": self.command,
            "kernel": self.kernel,
            "processor": self.processor,
            "processors": self.processors,
            "versions": Value::Object(versions.collect()),
            "absent": self.absent,
        })
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.command)?;
        writeln!(formatter, "{}, {} x {}", self.kernel, self.processors, self.processor)?;
        let versions: Vec<String> =
            self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        writeln!(formatter, "{}", versions.join(", "))?;
        self.absent.iter().try_for_each(|reason| writeln!(formatter, "left out: {reason}"))
    }
}

/// The newest release of `name` in the lock file: what the manifest names is the newest,
/// older ones are those of other crates.
fn locked_version(name: &str) -> Option<&'static str> {
    let entries = LOCK.split("[[package]]").filter_map(|package| {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_matches('"'))
        };
        Some((value("name = ")?, value("version = ")?))
    });
    entries.filter(|(other, _)| *other == name).map(|(_, version)| version).last()
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or_else(
        || "processor of unknown name".to_owned(),
        |model| model.trim_matches([' ', '\t', ':']).to_owned(),
    )
}
