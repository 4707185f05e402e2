//! docs/CONTRACT.md, made of the tables of this suite.

use std::collections::BTreeSet;
use std::env;
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use omnipoll::Backend;

use crate::CHAPTERS;
use crate::gates::{self, GATES};
use crate::harness::{Chapter, Promise, Proof, Trigger};
use crate::pitfalls::{Answer, PITFALLS};

const HEAD: &str = "\
# The contract, promise by promise

Each line of the tables is a test of `tests/contract/`, run on every backend that the machine
has; where the trigger is *each*, it is run in edge, level and oneshot. The name of a test is
made of the file, the promise and the backend: `cargo test --test contract -- 'edge::'` runs a
file, `-- 'on select'` a backend. A number leads to the reason why a promise is not asked of a
backend.

This page is made from those tables by `OMNIPOLL_WRITE_DOCS=1 cargo test --test contract`, and a
test fails where it is out of date.
";

const PITFALLS_HEAD: &str = "
## What broke elsewhere

Defects that libraries of this kind have had, and the promises that would catch them here.

| case | what went wrong | here |
|---|---|---|
";

/// The tests of the page itself.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("contract_page::is_current", || {
            keep_current("docs/CONTRACT.md", &page());
            Ok(())
        }),
        Trial::test("contract_page::names_exist", || {
            check_names();
            Ok(())
        }),
    ]
}

/// Fails if the file at `path` says something else than `text`, or writes it, if asked to.
pub(crate) fn keep_current(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("OMNIPOLL_WRITE_DOCS").is_some() {
        fs::write(&file, text).expect("the page can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == text,
        "{path} is out of date: OMNIPOLL_WRITE_DOCS=1 cargo test --test contract"
    );
}

fn page() -> String {
    let mut page = String::from(HEAD);
    for chapter in CHAPTERS {
        write_chapter(&mut page, chapter).expect("a string takes all");
    }
    page.push_str(PITFALLS_HEAD);
    for pitfall in PITFALLS {
        let here = match pitfall.answer {
            Answer::Promises(names) => quoted(names),
            Answer::PromisesAnd(names, place) => format!("{}; and {place}", quoted(names)),
            Answer::Elsewhere(place) => place.to_owned(),
            Answer::DoesNotApply(reason) => format!("does not apply: {reason}"),
        };
        writeln!(page, "| {} | {} | {here} |", pitfall.id, pitfall.what).expect("as above");
    }
    page
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn write_chapter(page: &mut String, chapter: &Chapter) -> fmt::Result {
    write!(page, "\n## {}\n\n| `{}` | trigger |", chapter.title, chapter.name)?;
    for backend in Backend::ALL {
        write!(page, " {backend} |")?;
    }
    writeln!(page, "\n|---|---|{}", "---|".repeat(Backend::ALL.len()))?;
    let mut reasons = Vec::new();
    for promise in chapter.promises() {
        write!(page, "| {} | {} |", promise.name, trigger_of(promise))?;
        for &backend in Backend::ALL {
            if promise.on == Some("unix") && backend == Backend::Iocp {
                write!(page, " - |")?;
                continue;
            }
            match gates::reason(chapter.name, promise.name, backend) {
                None => write!(page, " yes |")?,
                Some(reason) => {
                    let known = reasons.iter().position(|&other| other == reason);
                    let number = known.unwrap_or(reasons.len());
                    if known.is_none() {
                        reasons.push(reason);
                    }
                    write!(page, " ({}) |", number + 1)?;
                }
            }
        }
        writeln!(page)?;
    }
    for (number, reason) in reasons.iter().enumerate() {
        write!(page, "\n({}) {reason}\n", number + 1)?;
    }
    Ok(())
}

fn trigger_of(promise: &Promise) -> &'static str {
    match promise.proof {
        Proof::Of(trigger, _) => trigger.map_or("any", Trigger::name),
        Proof::InEach(_) => "each",
    }
}

/// Every promise that a table speaks of must be there, and no case may stand there twice.
fn check_names() {
    let names = CHAPTERS.iter().flat_map(|chapter| {
        chapter.promises().map(|promise| format!("{}::{}", chapter.name, promise.name))
    });
    let names: BTreeSet<_> = names.collect();
    for gate in GATES {
        assert!(names.contains(gate.promise), "the gate of {}: no such promise", gate.promise);
    }
    let mut ids = BTreeSet::new();
    for pitfall in PITFALLS {
        assert!(ids.insert(pitfall.id), "{} stands there twice", pitfall.id);
        let (Answer::Promises(promises) | Answer::PromisesAnd(promises, _)) = pitfall.answer else {
            continue;
        };
        for promise in promises {
            assert!(names.contains(*promise), "{}: no promise {promise}", pitfall.id);
        }
    }
}
