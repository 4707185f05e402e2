//! What the machine and its backends offer.

use std::io::{self, Write};

use crate::probe::backends::Found;
use crate::probe::capabilities::{CAPABILITIES, Capability, TRIGGERS};
use crate::probe::machine::{Amount, Limit, Machine};
use crate::probe::style::Style;
use crate::probe::table::{Table, Text, wrap};

/// What the words in the tables mean.
const LEGEND: &str = "  native: the kernel does it; emulated: omnipoll does; absent: it is refused";

/// Prints the system, its limits, its backends, and what each of them can do.
pub(super) fn print(
    machine: &Machine,
    found: &[Found],
    style: Style,
    out: &mut impl Write,
) -> io::Result<()> {
    print_machine(machine, style, out)?;
    print_backends(found, style, out)?;
    print_capabilities(found, style, out)
}

fn print_machine(machine: &Machine, style: Style, out: &mut impl Write) -> io::Result<()> {
    let release = machine.release.iter().map(|release| format!(" {release}"));
    let system = format!("{}{}", machine.system, release.collect::<String>());
    writeln!(out, "{} on {}\n", style.strong(&system), machine.architecture)?;
    if machine.limits.is_empty() {
        return Ok(());
    }
    let mut table = Table::default();
    table.part(["limits"]);
    for limit in &machine.limits {
        let amount = amount(limit.amount);
        let Limit { label, origin, .. } = limit;
        table.line([
            Text::indented(label),
            Text::plain(amount),
            Text::plain(format!("({origin})")),
        ]);
    }
    writeln!(out, "{}", table.draw(style))
}

fn print_backends(found: &[Found], style: Style, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", style.strong("backends"))?;
    let (here, lacking): (Vec<_>, Vec<_>) =
        found.iter().partition(|found| found.available().is_some());
    for found in here.into_iter().chain(lacking) {
        let says = match &found.capabilities {
            Ok(_) if found.is_default => "available, and the default",
            Ok(_) => "available",
            // What there is instead stands above.
            Err(reason) => reason.split("; it has").next().unwrap_or(reason),
        };
        write!(out, "  {:<12} {}", found.backend.name(), wrap(says, 15))?;
    }
    writeln!(out)
}

fn print_capabilities(found: &[Found], style: Style, out: &mut impl Write) -> io::Result<()> {
    let here: Vec<_> = found
        .iter()
        .filter_map(|found| Some((found.backend, found.capabilities.as_ref().ok()?)))
        .collect();
    let mut table = Table::default();
    let mut part = |title, list: &[Capability]| {
        table.part([title, ""].into_iter().chain(here.iter().map(|(backend, _)| backend.name())));
        for it in list {
            let support = here.iter().map(|(_, has)| Text::plain((it.of)(has).to_string()));
            table.line(
                [Text::indented(it.name), Text::plain(it.meaning)].into_iter().chain(support),
            );
        }
    };
    part("triggers", &TRIGGERS);
    part("capabilities", &CAPABILITIES);
    writeln!(out, "{}\n{LEGEND}", table.draw(style))
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Count(count) => grouped(count),
        Amount::Counts { soft, hard } => bounds(soft, hard, grouped),
        Amount::Bytes { soft, hard } => bounds(soft, hard, bytes),
        Amount::IoUring(0) => "allowed".to_owned(),
        Amount::IoUring(1) => "allowed to one group".to_owned(),
        Amount::IoUring(_) => "forbidden".to_owned(),
    }
}

/// A limit, and how far the process itself can move it.
fn bounds(soft: Option<u64>, hard: Option<u64>, show: fn(u64) -> String) -> String {
    match (soft, hard) {
        (None, _) => "no limit".to_owned(),
        (Some(soft), None) => format!("{}, no limit if raised", show(soft)),
        (Some(soft), Some(hard)) if soft == hard => show(soft),
        (Some(soft), Some(hard)) => format!("{}, {} if raised", show(soft), show(hard)),
    }
}

/// In powers of 1,024, as far as they go without a rest.
fn bytes(count: u64) -> String {
    match count {
        count if count != 0 && count % (1 << 20) == 0 => format!("{} MiB", grouped(count >> 20)),
        count if count != 0 && count % (1 << 10) == 0 => format!("{} KiB", grouped(count >> 10)),
        count => format!("{} bytes", grouped(count)),
    }
}

/// With a comma before every three digits.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        let counts = |soft, hard| amount(Amount::Counts { soft, hard });
        assert_eq!(counts(Some(1024), Some(1_048_576)), "1,024, 1,048,576 if raised");
        assert_eq!(counts(Some(1024), Some(1024)), "1,024");
        assert_eq!(counts(Some(256), None), "256, no limit if raised");
        assert_eq!(counts(None, None), "no limit");
        assert_eq!(amount(Amount::Bytes { soft: Some(8 << 20), hard: Some(8 << 20) }), "8 MiB");
        assert_eq!(
            (bytes(65_536), bytes(1000), bytes(0)),
            of_text("64 KiB", "1,000 bytes", "0 bytes")
        );
        assert_eq!(
            (grouped(0), grouped(999), grouped(1_000_000)),
            of_text("0", "999", "1,000,000")
        );
    }

    fn of_text(first: &str, second: &str, third: &str) -> (String, String, String) {
        (first.to_owned(), second.to_owned(), third.to_owned())
    }
}
