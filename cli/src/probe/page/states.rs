//! The tables of states, and what can be said of all of them.

use std::io::{self, Write};

use omnipoll::Backend;

use crate::probe::States;
use crate::probe::measure::{Outcome, Report, Row};
use crate::probe::style::Style;
use crate::probe::table::{PAGE, Table, Text, wrap};

const LEGEND: &str = "  What each backend told of a descriptor that was brought into the state, and
  then registered, level-triggered, for reading and writing, and for priority
  where a byte is urgent: the methods of Event that answered yes.

    R   is_readable      W   is_writable       P  is_priority
    rc  is_read_closed   wc  is_write_closed   E  is_error
    –   no event came    *   not what the first of the backends told
";

/// Only where poll(2) is in the tables.
const LEGEND_OF_FLAGS: &str = "
  poll(2) is what the kernel itself told, without omnipoll: IN for POLLIN, ...
";

/// What stands for a state that could not be had.
const UNKNOWN: &str = "?";

/// What stands for a registration that failed.
const REFUSED: &str = "refused";

/// Prints a table for each kind, and who agrees with whom.
pub(super) fn print(states: &States, style: Style, out: &mut impl Write) -> io::Result<()> {
    let columns = columns(&states.backends, &states.rows);
    let with_flags = tables(&states.rows, &columns, true);
    // They make room, should there be too many columns beside them.
    let has_flags =
        outcomes(&states.rows).any(|outcome| outcome.flags.is_some()) && with_flags.width() <= PAGE;
    let table = if has_flags { with_flags } else { tables(&states.rows, &columns, false) };
    writeln!(out, "{}", style.strong("states"))?;
    write!(out, "{LEGEND}{}", if has_flags { LEGEND_OF_FLAGS } else { "" })?;
    writeln!(out, "\n{}", table.draw(style))?;
    let notes = notes(&states.rows);
    for note in &notes {
        write!(out, "{}", wrap(note, 2))?;
    }
    if !notes.is_empty() {
        writeln!(out)?;
    }
    write!(out, "{}", wrap(&summary(states, &columns), 0))
}

/// Backends that say the same of every state, in one column.
struct Column {
    backends: Vec<Backend>,
    /// Where the reports of one of them are.
    at: usize,
}

impl Column {
    fn title(&self) -> String {
        let names: Vec<_> = self.backends.iter().map(Backend::to_string).collect();
        names.join(", ")
    }
}

fn columns(backends: &[Backend], rows: &[Row]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (at, &backend) in backends.iter().enumerate() {
        let agrees = |column: &&mut Column| {
            outcomes(rows).all(|outcome| outcome.reports[at].agrees(&outcome.reports[column.at]))
        };
        match columns.iter_mut().find(agrees) {
            Some(column) => column.backends.push(backend),
            None => columns.push(Column { backends: vec![backend], at }),
        }
    }
    columns
}

fn outcomes(rows: &[Row]) -> impl Iterator<Item = &Outcome> {
    rows.iter().filter_map(|row| row.outcome.as_ref().ok())
}

/// A part for each kind, whose columns are the same.
fn tables(rows: &[Row], columns: &[Column], with_flags: bool) -> Table {
    let mut table = Table::default();
    let titles: Vec<_> = columns.iter().map(Column::title).collect();
    let mut kind = None;
    for row in rows {
        if kind.replace(row.kind) != Some(row.kind) {
            let flags = with_flags.then_some("poll(2)");
            let titles = titles.iter().map(String::as_str);
            table.part([row.kind].into_iter().chain(flags).chain(titles));
        }
        let flags = with_flags.then(|| Text::plain(flags(row)));
        let told = columns.iter().map(|column| told(row, column));
        table.line([Text::indented(row.state)].into_iter().chain(flags).chain(told));
    }
    table
}

fn flags(row: &Row) -> String {
    match row.outcome.as_ref().map(|outcome| outcome.flags.as_deref()) {
        Ok(Some([])) => "–".to_owned(),
        Ok(Some(flags)) => flags.join(" "),
        Ok(None) => String::new(),
        Err(_) => UNKNOWN.to_owned(),
    }
}

fn told(row: &Row, column: &Column) -> Text {
    let Ok(outcome) = &row.outcome else { return Text::plain(UNKNOWN) };
    let report = &outcome.reports[column.at];
    let text = match report {
        Report::Answers(answers) => answers.to_string(),
        Report::Refused(_) => REFUSED.to_owned(),
    };
    if report.agrees(&outcome.reports[0]) {
        Text::plain(text)
    } else {
        Text::strong(format!("{text} *"))
    }
}

/// What the signs in the tables that stand for no answer are about.
fn notes(rows: &[Row]) -> Vec<String> {
    let mut reasons: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let mut note = |sign, reason, kind| match reasons
        .iter_mut()
        .find(|known| (known.0, known.1) == (sign, reason))
    {
        Some((_, _, kinds)) if kinds.contains(&kind) => {}
        Some((_, _, kinds)) => kinds.push(kind),
        None => reasons.push((sign, reason, vec![kind])),
    };
    for row in rows {
        match &row.outcome {
            Ok(outcome) => outcome
                .reports
                .iter()
                .filter_map(Report::refusal)
                .for_each(|reason| note(REFUSED, reason, row.kind)),
            Err(reason) => note(UNKNOWN, reason, row.kind),
        }
    }
    let shown =
        |(sign, reason, kinds): (_, _, Vec<_>)| format!("{sign} ({}): {reason}.", kinds.join("; "));
    reasons.into_iter().map(shown).collect()
}

/// Who agrees with whom.
fn summary(states: &States, columns: &[Column]) -> String {
    let count = outcomes(&states.rows).count();
    let Some((first, others)) = columns.split_first() else {
        return "There is no backend to ask.".to_owned();
    };
    if others.is_empty() {
        return match first.backends.as_slice() {
            [_] => format!("{count} states were measured."),
            several => format!("{} agree in all {count} states.", listed(several)),
        };
    }
    let differences = others.iter().map(|column| {
        let differs =
            |outcome: &&Outcome| !outcome.reports[column.at].agrees(&outcome.reports[first.at]);
        let differ = outcomes(&states.rows).filter(differs).count();
        format!("{} in {differ}", listed(&column.backends))
    });
    let differences: Vec<_> = differences.collect();
    let first = listed(&first.backends);
    format!("Of {count} states, these differ from {first}: {}.", differences.join(", "))
}

fn listed(backends: &[Backend]) -> String {
    let names: Vec<_> = backends.iter().map(Backend::to_string).collect();
    match names.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use omnipoll::Interest;

    use super::*;
    use crate::probe::answers::Answers;

    const BACKENDS: [Backend; 3] = [Backend::Epoll, Backend::Poll, Backend::Select];

    /// A state of which the backends tell that.
    fn row(state: &'static str, told: [Answers; 3]) -> Row {
        let outcome =
            Outcome { flags: Some(vec!["IN", "HUP"]), reports: told.map(Report::Answers).into() };
        Row { kind: "pipe, reading", state, asked: Interest::READABLE, outcome: Ok(outcome) }
    }

    fn drawn(rows: Vec<Row>) -> String {
        let mut drawn = Vec::new();
        let states = States { backends: BACKENDS.into(), rows };
        print(&states, Style::Plain, &mut drawn).expect("it is a vector");
        let drawn = String::from_utf8(drawn).expect("text");
        let (_, tables) = drawn.split_once("\n\npipe").expect("a table");
        format!("pipe{tables}")
    }

    #[test]
    fn who_agrees_in_all_shares_a_column_and_who_differs_is_marked() {
        let gone = Answers::READABLE.with(Answers::WRITABLE);
        let rows = vec![
            row("empty", [Answers::NONE; 3]),
            row("writer gone", [gone, gone, Answers::READABLE]),
        ];
        let expected = "\
pipe, reading  poll(2)  epoll, poll  select
  empty        IN HUP   –            –
  writer gone  IN HUP   R W          R *

Of 2 states, these differ from epoll and poll: select in 1.
";
        assert_eq!(drawn(rows), expected);
    }

    #[test]
    fn a_refusal_is_an_answer_and_its_reason_is_told_once() {
        let refused = || {
            let refused = Report::Refused("not permitted".to_owned());
            let mut row = row("a byte", [Answers::NONE; 3]);
            row.outcome.as_mut().expect("measured").reports = vec![refused; 3];
            row
        };
        let drawn = drawn(vec![refused(), refused()]);
        assert_eq!(drawn.matches("refused (pipe, reading): not permitted.").count(), 1, "{drawn}");
        assert_eq!(drawn.matches("refused\n").count(), 2, "{drawn}");
        assert!(drawn.ends_with("epoll, poll and select agree in all 2 states.\n"), "{drawn}");
    }

    #[test]
    fn what_could_not_be_had_is_told_with_the_reason() {
        let lost =
            Row { outcome: Err("no ptys left".to_owned()), ..row("full", [Answers::NONE; 3]) };
        let drawn = drawn(vec![lost, row("empty", [Answers::NONE; 3])]);
        assert!(drawn.contains("  full         ?        ?\n"), "{drawn}");
        assert!(drawn.contains("? (pipe, reading): no ptys left."), "{drawn}");
    }

    #[test]
    fn flags_make_room_where_the_page_is_too_narrow() {
        let all = Answers::READABLE.with(Answers::WRITABLE).with(Answers::PRIORITY);
        let rows = || {
            vec![row(
                "a state that takes a lot of room on the page",
                [all, Answers::NONE, Answers::WRITABLE],
            )]
        };
        let wide = tables(&rows(), &columns(&BACKENDS, &rows()), true).width();
        assert!(wide <= PAGE && drawn(rows()).contains("poll(2)"));
        let mut rows = rows();
        let outcome = rows[0].outcome.as_mut().expect("measured");
        outcome.flags = Some(vec!["IN", "OUT", "PRI", "ERR", "HUP", "RDHUP"]);
        assert!(!drawn(rows).contains("poll(2)"));
    }
}
