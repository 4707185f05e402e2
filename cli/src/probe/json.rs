//! The findings for programs. The keys are told by `--help`.

use std::io::{self, Write};

use omnipoll::{Capabilities, Interest};
use serde_json::{Map, Value, json};

use super::backends::Found;
use super::capabilities::{CAPABILITIES, TRIGGERS};
use super::machine::{Amount, Machine};
use super::measure;
use super::{Findings, States};

pub(super) fn print(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    let mut parts = Map::new();
    if let Some((machine, found)) = &findings.offer {
        parts.insert("machine".to_owned(), of_machine(machine));
        parts.insert("backends".to_owned(), found.iter().map(of_backend).collect());
    }
    if let Some(states) = &findings.states {
        let rows = states.rows.iter().map(|row| of_row(row, states)).collect();
        parts.insert("states".to_owned(), rows);
    }
    writeln!(out, "{:#}", Value::Object(parts))
}

fn of_machine(machine: &Machine) -> Value {
    let limits = machine.limits.iter().map(|limit| {
        let amount = match limit.amount {
            Amount::Count(count) | Amount::IoUring(count) => json!(count),
            Amount::Counts { soft, hard } | Amount::Bytes { soft, hard } => {
                json!({ "soft": soft, "hard": hard })
            }
        };
        (limit.key.to_owned(), amount)
    });
    json!({
        "system": machine.system,
        "release": machine.release,
        "architecture": machine.architecture,
        "limits": limits.collect::<Map<_, _>>(),
    })
}

fn of_backend(found: &Found) -> Value {
    let (key, value) = match &found.capabilities {
        Ok(capabilities) => ("capabilities", of_capabilities(capabilities)),
        Err(reason) => ("reason", json!(reason)),
    };
    json!({
        "name": found.backend.name(),
        "available": found.available().is_some(),
        "default": found.is_default,
        key: value,
    })
}

fn of_capabilities(capabilities: &Capabilities) -> Value {
    let all = TRIGGERS.iter().chain(&CAPABILITIES);
    all.map(|it| (it.name.to_owned(), json!((it.of)(capabilities).to_string()))).collect()
}

fn of_row(row: &measure::Row, states: &States) -> Value {
    let mut shown = Map::from_iter([
        ("kind".to_owned(), json!(row.kind)),
        ("state".to_owned(), json!(row.state)),
        ("asked".to_owned(), json!(asked(row.asked))),
    ]);
    match &row.outcome {
        Ok(outcome) => {
            let reports = states.backends.iter().zip(&outcome.reports);
            let reports: Map<_, _> =
                reports.map(|(backend, report)| (backend.to_string(), of_report(report))).collect();
            shown.insert("poll_flags".to_owned(), json!(outcome.flags));
            shown.insert("reports".to_owned(), Value::Object(reports));
            shown.insert("differs".to_owned(), json!(outcome.differs()));
        }
        Err(reason) => {
            shown.insert("not_measured".to_owned(), json!(reason));
        }
    }
    Value::Object(shown)
}

fn of_report(report: &measure::Report) -> Value {
    match report {
        measure::Report::Answers(answers) => json!({ "answers": answers.words() }),
        measure::Report::Refused(reason) => json!({ "refused": reason }),
    }
}

fn asked(interest: Interest) -> Vec<&'static str> {
    let directions = [
        (interest.is_readable(), "readable"),
        (interest.is_writable(), "writable"),
        (interest.is_priority(), "priority"),
    ];
    directions.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
}
