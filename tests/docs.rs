//! What README.md, its Chinese sister and the pages of docs/ say: links lead somewhere, commands
//! are run, figures are those that were measured, tables are what the library tells. And every
//! public item has an example.
//!
//! Their programs are compiled with the documentation: see the end of src/lib.rs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Trial};
use omnipoll::{Backend, Capabilities, Poll, Support};

const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];

/// Each command that a README shows, the file that has it run, and how it says so there.
const RUN_BY: &[(&str, &str, &str)] = &[
    ("cargo run --release -p omnipoll-cli -- bench --quick", ".ci/run", "-- bench --quick"),
    ("cargo run --release -p omnipoll-cli -- probe", "ci/readme", "-- probe"),
    ("cargo run --release -p omnipoll-cli -- echo 127.0.0.1:9000", "ci/readme", "-- echo"),
    ("cargo run --release -p omnipoll-cli -- load 127.0.0.1:9000", "ci/readme", "-- load"),
    ("cargo run --example tcp_server", "tests/examples/tcp_server.rs", "\"tcp_server\""),
    ("cargo run --example worker_pool", "tests/examples/worker_pool.rs", "\"worker_pool\""),
    (
        "cargo run --example fifo_chat -- /tmp/anna /tmp/ben",
        "tests/examples/fifo_chat.rs",
        "Example::start(\"fifo_chat\", backend, &[&anna, &ben])",
    ),
    ("cargo new echo", "ci/readme", "package echo"),
    ("cd echo", "ci/readme", "cd \"$1\""),
    ("cargo add omnipoll --path ../omnipoll", "ci/readme", "cargo add --quiet omnipoll --path"),
    ("cargo run", "ci/readme", "start \"$backend\""),
    ("OMNIPOLL_BACKEND=select cargo run", "ci/readme", "OMNIPOLL_BACKEND=$1"),
    ("OMNIPOLL_BACKEND=poll cargo run", "ci/readme", "OMNIPOLL_BACKEND=$1"),
    ("cargo doc --no-deps --open", "ci/readme", "cargo doc --no-deps"),
    ("cargo update mio", "ci/readme", "cargo update mio"),
    ("cargo test --workspace", ".ci/run", "cargo test --workspace"),
];

const TESTS: &[(&str, fn())] = &[
    ("links_lead_somewhere", links_lead_somewhere),
    ("commands_are_run", commands_are_run),
    ("programs_are_compiled", programs_are_compiled),
    ("both_readmes_show_the_same", both_readmes_show_the_same),
    ("figures_are_those_of_the_benchmark", figures_are_those_of_the_benchmark),
    ("the_systems_are_those_that_the_library_has", the_systems_are_those_that_the_library_has),
    ("the_table_of_capabilities_is_true", the_table_of_capabilities_is_true),
    ("every_public_item_has_an_example", every_public_item_has_an_example),
];

fn main() {
    let mut trials = Vec::new();
    // The published package has not all of the pages, nor the gate; and the tables are Linux's.
    if cfg!(target_os = "linux") && root().join(".ci/run").exists() {
        trials.extend(TESTS.iter().map(|&(name, test)| {
            Trial::test(name, move || {
                test();
                Ok(())
            })
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for target in links(&text) {
            if target.contains("://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = match path {
                "" => page.clone(),
                path => Path::new(&page).parent().unwrap().join(path).display().to_string(),
            };
            let is_there = root().join(&file).exists();
            if !is_there || !(anchor.is_empty() || anchors(&read(&file)).contains(anchor)) {
                broken.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere: {broken:#?}");
}

fn commands_are_run() {
    let mut shown = BTreeSet::new();
    for readme in READMES {
        let commands = blocks(&read(readme), "sh").join("\n");
        shown.extend(commands.lines().map(str::to_owned));
    }
    let known: BTreeSet<_> = RUN_BY.iter().map(|(command, ..)| (*command).to_owned()).collect();
    let missing: Vec<_> = shown.difference(&known).collect();
    assert!(missing.is_empty(), "commands of a README that nothing runs: {missing:#?}");
    let left_over: Vec<_> = known.difference(&shown).collect();
    assert!(left_over.is_empty(), "commands that no README shows any more: {left_over:#?}");
    for (command, file, text) in RUN_BY {
        assert!(read(file).contains(text), "{command}: {file} does not run it any more");
    }
    let gate = read(".ci/run");
    assert!(gate.lines().any(|line| line == "ci/readme"), "the gate does not run ci/readme");
}

/// The Chinese README shows the program of the other.
fn programs_are_compiled() {
    let compiled = read("src/lib.rs");
    for page in pages() {
        if read(&page).contains("```rust") && page != READMES[1] {
            let inclusion = format!("include_str!(\"../{page}\")");
            assert!(compiled.contains(&inclusion), "src/lib.rs does not compile {page}");
        }
    }
}

fn both_readmes_show_the_same() {
    let [english, chinese] = READMES.map(read);
    for language in ["sh", "toml", "rust,no_run"] {
        let [english, chinese] = [&english, &chinese].map(|text| {
            let code = blocks(text, language).join("\n");
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        });
        assert!(!english.is_empty(), "there are blocks of {language}");
        assert_eq!(english, chinese, "the blocks of {language}");
    }
    let targets = |text: &str| -> BTreeSet<String> {
        links(text).into_iter().filter(|target| !READMES.contains(&target.as_str())).collect()
    };
    assert_eq!(targets(&english), targets(&chinese), "where the links lead");
}

/// A row of a table that begins with the name of a peer is quoted from docs/BENCHMARK.md.
fn figures_are_those_of_the_benchmark() {
    let measured = read("docs/BENCHMARK.md");
    let measured: BTreeSet<_> = measured.lines().map(str::trim).collect();
    for page in ["docs/choosing.md", "docs/performance.md"] {
        let text = read(page);
        let quoted = text.lines().map(str::trim).filter(|line| {
            ["| omnipoll-", "| raw-", "| mio", "| libuv"].iter().any(|peer| line.starts_with(peer))
        });
        let quoted: Vec<_> = quoted.collect();
        assert!(!quoted.is_empty(), "{page} quotes figures");
        for row in quoted {
            assert!(measured.contains(row), "{page}: docs/BENCHMARK.md has no row {row}");
        }
    }
}

fn the_systems_are_those_that_the_library_has() {
    let names: Vec<_> = Backend::available().into_iter().map(Backend::name).collect();
    if names.len() < 4 {
        println!("this machine has {names:?} only");
        return;
    }
    let row = format!("| Linux | {} |", names.join(", "));
    for page in ["README.md", "README.zh-CN.md", "docs/platforms.md"] {
        assert!(read(page).contains(&row), "{page}: {row}");
    }
}

fn the_table_of_capabilities_is_true() {
    let page = read("docs/platforms.md");
    let rows: Vec<Vec<_>> = page
        .lines()
        .skip_while(|line| !line.starts_with("| `Capabilities`"))
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let heads = &rows[0][1..];
    assert_eq!(heads, ["epoll", "io_uring", "poll", "select"]);
    let rows = &rows[2..];
    for (column, name) in heads.iter().enumerate() {
        let backend: Backend = name.parse().unwrap();
        if !backend.is_available() {
            println!("this machine has no {backend}");
            continue;
        }
        let told = Poll::builder().backend(backend).build().unwrap().capabilities();
        let told = fields(&told);
        assert_eq!(rows.len(), told.len(), "one row for each field");
        for (row, (field, support)) in rows.iter().zip(told) {
            assert!(row[0].starts_with(&format!("`{field}`")), "{field}, not {}", row[0]);
            // What came with some kernel may be absent before.
            let may_lack = row[0].contains("since Linux") && support == Support::Absent;
            let shown = row[column + 1];
            assert!(shown == support.to_string() || may_lack, "{field} of {backend}: {support}");
        }
    }
}

/// By the text of the files, so that the items of every system are seen, not of this one alone.
fn every_public_item_has_an_example() {
    let mut lacking = Vec::new();
    for file in public_files() {
        let mut documentation = String::new();
        for line in read(&file).lines().map(str::trim_start) {
            if line.starts_with("///") {
                documentation.push_str(line);
            } else if !line.starts_with("#[") && !line.starts_with("//") {
                let is_shown = documentation.contains("```");
                if is_public_item(line) && !is_shown {
                    lacking.push(format!("{file}: {line}"));
                }
                documentation.clear();
            }
        }
    }
    assert!(lacking.is_empty(), "public items without an example: {lacking:#?}");
}

fn is_public_item(line: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "trait", "const"];
    let mut words = line.split_whitespace();
    words.next() == Some("pub") && words.any(|word| kinds.contains(&word))
}

fn fields(capabilities: &Capabilities) -> [(&'static str, Support); 13] {
    [
        ("edge", capabilities.edge),
        ("raw_edge", capabilities.raw_edge),
        ("level", capabilities.level),
        ("oneshot", capabilities.oneshot),
        ("exclusive", capabilities.exclusive),
        ("priority", capabilities.priority),
        ("hang_up", capabilities.hang_up),
        ("sub_millisecond", capabilities.sub_millisecond),
        ("short_read_drains", capabilities.short_read_drains),
        ("signal_mask", capabilities.signal_mask),
        ("descriptor", capabilities.descriptor),
        ("spin", capabilities.spin),
        ("busy_poll", capabilities.busy_poll),
    ]
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every page of the repository, by its path from the root.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    for folder in ["", "bench", "compat/mio", "docs"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = PathBuf::from(folder).join(entry.unwrap().file_name());
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.display().to_string());
            }
        }
    }
    pages
}

/// The files that have public items: all but those of the mechanisms, save two.
fn public_files() -> Vec<String> {
    let mut files = vec!["src/backend/capabilities.rs".into(), "src/backend/kind.rs".into()];
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.display().to_string());
            } else if path != Path::new("src/backend") {
                folders.push(path);
            }
        }
    }
    files
}

/// What stands between the fences of the blocks of `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut parts = text.split("```");
    let mut found = Vec::new();
    // Outside and inside take turns.
    while let (Some(_), Some(inside)) = (parts.next(), parts.next()) {
        if let Some((opening, code)) = inside.split_once('\n') {
            if opening == language {
                found.push(code.trim_end().to_owned());
            }
        }
    }
    found
}

/// Where the links and the pictures of a page lead: `[text](target)` and `[name]: target`.
fn links(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let mut found = Vec::new();
    for (at, _) in prose.match_indices("](") {
        let target = prose[at + 2..].split(')').next().unwrap();
        found.push(target.to_owned());
    }
    for line in prose.lines().filter(|line| line.starts_with('[')) {
        if let Some((_, target)) = line.split_once("]: ") {
            found.push(target.trim().to_owned());
        }
    }
    found
}

/// The anchors that the headings of a page get, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}
