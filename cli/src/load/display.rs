use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::plan::{Length, Plan};
use super::tally::Tally;
use crate::units::show_time;

/// How far a run is, in one line on stderr, and only if that is a terminal.
#[derive(Debug)]
pub(super) struct Display {
    bar: ProgressBar,
    length: Length,
    /// When it was drawn last, and how many answers there were.
    last: (Instant, u64),
}

impl Display {
    pub(super) fn new(plan: &Plan) -> Display {
        let steps = match plan.length {
            Length::Time(time) => time.as_millis().try_into().unwrap_or(u64::MAX),
            Length::Messages(count) => count,
        };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
        // The template is a constant; a wrong one costs the looks, not the figures.
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(steps).with_style(style);
        Display { bar, length: plan.length, last: (Instant::now(), 0) }
    }

    pub(super) fn show_connecting(&self, connected: u64, connections: usize) {
        self.bar.set_message(format!(
            "{} of {} connected",
            HumanCount(connected),
            HumanCount(connections as u64)
        ));
    }

    /// Shows what there is `time` after the first message.
    pub(super) fn show(&mut self, time: Duration, tally: &Tally) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(match self.length {
            Length::Time(_) => time.as_millis().try_into().unwrap_or(u64::MAX),
            Length::Messages(_) => tally.answered + tally.lost,
        });
        let now = Instant::now();
        let (then, answered) = std::mem::replace(&mut self.last, (now, tally.answered));
        let rate = (tally.answered - answered) as f64 / (now - then).as_secs_f64().max(1e-9);
        let mut message = format!(
            "{}/s  p50 {}  p99 {}",
            HumanCount(rate as u64),
            show_time(tally.quantile(0.5) as f64),
            show_time(tally.quantile(0.99) as f64),
        );
        for (count, what) in [(tally.lost, "lost"), (tally.failed(), "failed")] {
            if count > 0 {
                message += &format!("  {} {what}", HumanCount(count));
            }
        }
        self.bar.set_message(message);
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
