//! Tables of plain text.

use super::style::Style;

/// How wide a page is.
pub(super) const PAGE: usize = 80;

/// What stands between two columns.
const GAP: usize = 2;

/// Lines whose columns stand below each other, in one or several parts.
#[derive(Default)]
pub(super) struct Table {
    lines: Vec<Line>,
}

/// The cells of a line. An empty line has none.
type Line = Vec<Text>;

/// What stands in a cell, and whether it is to be seen first.
pub(super) struct Text {
    text: String,
    is_strong: bool,
}

impl Text {
    pub(super) fn plain(text: impl Into<String>) -> Text {
        Text { text: text.into(), is_strong: false }
    }

    pub(super) fn strong(text: impl Into<String>) -> Text {
        Text { text: text.into(), is_strong: true }
    }

    /// Of something that belongs to the part.
    pub(super) fn indented(text: &str) -> Text {
        Text::plain(format!("  {text}"))
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl Table {
    /// Begins a part, below an empty line unless it is the first.
    pub(super) fn part<'a>(&mut self, heads: impl IntoIterator<Item = &'a str>) {
        if !self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.lines.push(heads.into_iter().map(Text::strong).collect());
    }

    /// Adds a line to the part.
    pub(super) fn line(&mut self, cells: impl IntoIterator<Item = Text>) {
        self.lines.push(cells.into_iter().collect());
    }

    /// How wide it is, from the first column to the last.
    pub(super) fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    }

    pub(super) fn draw(&self, style: Style) -> String {
        let widths = self.widths();
        let mut drawn = String::new();
        for line in &self.lines {
            // Nothing follows the last cell that has something in it, not even space.
            let end = line.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |at| at + 1);
            for (at, cell) in line[..end].iter().enumerate() {
                if cell.is_strong {
                    drawn.push_str(&style.strong(&cell.text));
                } else {
                    drawn.push_str(&cell.text);
                }
                if at + 1 < end {
                    drawn.extend(std::iter::repeat_n(' ', widths[at] - cell.width() + GAP));
                }
            }
            drawn.push('\n');
        }
        drawn
    }

    fn widths(&self) -> Vec<usize> {
        let count = self.lines.iter().map(Vec::len).max().unwrap_or_default();
        let width = |at| {
            let cells = self.lines.iter().filter_map(|line| line.get(at));
            cells.map(Text::width).max().unwrap_or_default()
        };
        (0..count).map(width).collect()
    }
}

/// `text` in lines that fit the page if each of them is indented; the first is not, since
/// something may stand there.
pub(super) fn wrap(text: &str, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = indent;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > indent && column + 1 + width > PAGE {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += width;
    }
    wrapped.push('\n');
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipes() -> Table {
        let mut table = Table::default();
        table.part(["pipe", "epoll", "select"]);
        table.line([Text::plain("empty"), Text::plain("–"), Text::plain("–")]);
        table.line([Text::plain("gone"), Text::plain("rc wc"), Text::strong("R *")]);
        table.part(["FIFO", "epoll", "select"]);
        table.line([Text::plain("a long state"), Text::plain("R"), Text::plain("")]);
        table
    }

    #[test]
    fn columns_stand_below_each_other_in_all_parts() {
        let expected = "\
pipe          epoll  select
empty         –      –
gone          rc wc  R *

FIFO          epoll  select
a long state  R
";
        assert_eq!(pipes().draw(Style::Plain), expected);
        assert_eq!(pipes().width(), "pipe          epoll  select".len());
    }

    #[test]
    fn bold_type_moves_nothing() {
        let drawn = pipes().draw(Style::Bold);
        assert!(drawn.contains("\x1b[1mR *\x1b[0m"), "{drawn}");
        let without = drawn.replace("\x1b[1m", "").replace("\x1b[0m", "");
        assert_eq!(without, pipes().draw(Style::Plain));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(
            (Table::default().draw(Style::Plain).as_str(), Table::default().width()),
            ("", 0)
        );
    }

    #[test]
    fn long_lines_go_on_below_their_beginning() {
        let text = ["word"; 20].join(" ");
        let wrapped = wrap(&text, 4);
        let lines: Vec<_> = wrapped.lines().collect();
        assert_eq!(lines[0].len(), 74);
        assert_eq!(lines[1..], ["    word word word word word"]);
        assert_eq!(wrap("short", 4), "short\n");
    }
}
