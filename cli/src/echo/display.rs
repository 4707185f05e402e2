use std::thread;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, HumanCount, ProgressBar, ProgressStyle};

use super::counts::Counts;

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(250);

/// Shows on stderr what is going on, until `is_over`; returns at once if that is no terminal.
pub(super) fn follow(counts: &Counts, is_over: impl Fn() -> bool) {
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        return;
    }
    // The template is a constant; a wrong one costs the looks, not the service.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let mut last = (Instant::now(), counts.bytes());
    while !is_over() {
        thread::sleep(TICK);
        let (now, bytes) = (Instant::now(), counts.bytes());
        let rate = (bytes - last.1) as f64 / (now - last.0).as_secs_f64();
        last = (now, bytes);
        let datagrams = match counts.datagrams() {
            0 => String::new(),
            count => format!("{} datagrams  ", HumanCount(count)),
        };
        bar.set_message(format!(
            "{} of {} connections open  {datagrams}{} echoed  {}/s",
            HumanCount(counts.open()),
            HumanCount(counts.connections()),
            DecimalBytes(bytes),
            DecimalBytes(rate as u64),
        ));
        // An idle server is seen to be idle.
        if rate > 0.0 {
            bar.tick();
        }
    }
    bar.finish_and_clear();
}
