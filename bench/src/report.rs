//! The one table, and the same as JSON.

use std::fmt;

use serde_json::{Value, json};

/// What a figure must keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        // As many digits as are printed: 1.0204 is 1.02.
        let value = (value * 1e3).round() / 1e3;
        match self {
            Target::AtMost(bound) => value <= bound,
            Target::AtLeast(bound) => value >= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&match self {
            Target::AtMost(bound) => format!("<= {bound}"),
            Target::AtLeast(bound) => format!(">= {bound}"),
        })
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The workload and its size.
    pub(crate) what: String,
    /// Who did it.
    pub(crate) who: String,
    /// How much it took, with its unit.
    pub(crate) cost: String,
    /// Whom `ratio` compares it with; empty where `ratio` is an absolute figure.
    pub(crate) against: String,
    /// By the wall clock, or the figure itself; what the target is about.
    pub(crate) ratio: Option<f64>,
    /// By the CPU's time.
    pub(crate) cpu_ratio: Option<f64>,
    /// What `ratio` must keep.
    pub(crate) target: Option<Target>,
}

impl Line {
    /// A line that only tells a cost.
    pub(crate) fn cost(what: &str, who: impl fmt::Display, cost: String) -> Line {
        Line {
            what: what.to_owned(),
            who: who.to_string(),
            cost,
            against: String::new(),
            ratio: None,
            cpu_ratio: None,
            target: None,
        }
    }

    /// Adds the ratio to somebody else.
    pub(crate) fn against(mut self, whom: impl fmt::Display, ratio: f64, cpu: Option<f64>) -> Line {
        self.against = whom.to_string();
        self.ratio = Some(ratio);
        self.cpu_ratio = cpu;
        self
    }

    /// Adds an absolute figure.
    pub(crate) fn figure(mut self, figure: f64) -> Line {
        self.ratio = Some(figure);
        self
    }

    /// Adds what the ratio or the figure must keep.
    pub(crate) fn must(mut self, target: Target) -> Line {
        self.target = Some(target);
        self
    }

    fn verdict(&self) -> Option<&'static str> {
        let (target, ratio) = (self.target?, self.ratio?);
        Some(if target.is_met(ratio) { "ok" } else { "MISS" })
    }

    fn print(&self) {
        let number =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
        let target = self.target.map_or_else(String::new, |target| target.to_string());
        println!(
            "{:<30} {:<22} {:>14} {:<14} {:>9} {:>7} {:>8} {}",
            self.what,
            self.who,
            self.cost,
            self.against,
            number(self.ratio),
            number(self.cpu_ratio),
            target,
            self.verdict().unwrap_or_default(),
        );
    }

    fn json(&self) -> Value {
        json!({
            "what": self.what,
            "who": self.who,
            "cost": self.cost,
            "against": self.against,
            "ratio": self.ratio,
            "cpu_ratio": self.cpu_ratio,
            "target": self.target.map(|target| target.to_string()),
            "verdict": self.verdict(),
        })
    }
}

/// Prints all lines for people.
pub(crate) fn print_table(lines: &[Line]) {
    println!(
        "{:<30} {:<22} {:>14} {:<14} {:>9} {:>7} {:>8} ",
        "what", "who", "cost", "against", "ratio", "cpu", "target"
    );
    lines.iter().for_each(Line::print);
    let missed = lines.iter().filter(|line| line.verdict() == Some("MISS")).count();
    let kept = lines.iter().filter(|line| line.verdict() == Some("ok")).count();
    println!("{kept} targets kept, {missed} missed");
}

/// Prints all lines for programs.
pub(crate) fn print_json(lines: &[Line]) {
    let lines: Vec<Value> = lines.iter().map(Line::json).collect();
    println!("{:#}", Value::Array(lines));
}
