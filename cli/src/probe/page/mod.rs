//! The findings for people: plain text on pages of 80 columns.

mod offer;
mod states;

use std::io::{self, Write};

use super::Findings;
use super::style::Style;

pub(super) fn print(findings: &Findings, style: Style, out: &mut impl Write) -> io::Result<()> {
    if let Some((machine, found)) = &findings.offer {
        offer::print(machine, found, style, out)?;
    }
    if findings.offer.is_some() && findings.states.is_some() {
        writeln!(out)?;
    }
    findings.states.as_ref().map_or(Ok(()), |states| states::print(states, style, out))
}
