//! The fields of [`Capabilities`], in the words that there is room for.

use omnipoll::{Capabilities, Support};

pub(super) struct Capability {
    /// The name of the field.
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) of: fn(&Capabilities) -> Support,
}

const fn capability(
    name: &'static str,
    meaning: &'static str,
    of: fn(&Capabilities) -> Support,
) -> Capability {
    Capability { name, meaning, of }
}

/// How a registration can be told of readiness.
pub(super) const TRIGGERS: [Capability; 5] = [
    capability("edge", "on becoming ready", |it| it.edge),
    capability("raw_edge", "same, for SourceFd", |it| it.raw_edge),
    capability("level", "while it is ready", |it| it.level),
    capability("oneshot", "once, until rearmed", |it| it.oneshot),
    capability("exclusive", "few of many waiters", |it| it.exclusive),
];

/// What else can be had.
pub(super) const CAPABILITIES: [Capability; 8] = [
    capability("priority", "out-of-band data", |it| it.priority),
    capability("hang_up", "ends told from data", |it| it.hang_up),
    capability("sub_millisecond", "timeouts below 1 ms", |it| it.sub_millisecond),
    capability("short_read_drains", "saves the last read", |it| it.short_read_drains),
    capability("signal_mask", "swapped for a wait", |it| it.signal_mask),
    capability("descriptor", "to nest in a loop", |it| it.descriptor),
    capability("spin", "looks, then sleeps", |it| it.spin),
    capability("busy_poll", "of network devices", |it| it.busy_poll),
];

#[cfg(test)]
mod tests {
    use omnipoll::Poll;

    use super::*;

    /// The type may grow, and it is not this crate that would notice.
    #[test]
    fn every_field_is_in_one_of_the_lists() {
        let shown = format!("{:?}", Poll::new().expect("poll").capabilities());
        let fields: Vec<&str> = shown
            .trim_start_matches("Capabilities { ")
            .split(", ")
            .filter_map(|field| field.split_once(": ").map(|(name, _)| name))
            .collect();
        let listed: Vec<_> = TRIGGERS.iter().chain(&CAPABILITIES).map(|it| it.name).collect();
        assert_eq!(listed, fields);
    }
}
