//! Readiness in the flags of poll(2), which event ports have too. Each system has values of
//! its own for them.

use libc::c_short;

use crate::event::Readiness;

/// Half a hang-up: the peer has sent all that it will. Where poll(2) has no flag for it, such
/// an end shows as readable alone.
#[cfg(pollrdhup)]
const RDHUP: c_short = libc::POLLRDHUP;
#[cfg(not(pollrdhup))]
const RDHUP: c_short = 0;

const FLAGS: [(Readiness, c_short); 6] = [
    (Readiness::IN, libc::POLLIN),
    (Readiness::PRI, libc::POLLPRI),
    (Readiness::OUT, libc::POLLOUT),
    (Readiness::ERR, libc::POLLERR),
    (Readiness::HUP, libc::POLLHUP),
    (Readiness::RDHUP, RDHUP),
];

/// Whether the values are those of [`Readiness`], so that there is nothing to translate.
const ARE_THE_SAME: bool = {
    let mut same = true;
    let mut at = 0;
    while at < FLAGS.len() {
        same &= FLAGS[at].0.bits() == FLAGS[at].1 as u32;
        at += 1;
    }
    same
};

/// The flags to ask for, of someone who waits for `directions`.
pub(super) fn to_ask_for(directions: Readiness) -> c_short {
    let mut flags = 0;
    if directions.has(Readiness::IN) {
        flags |= libc::POLLIN | RDHUP;
    }
    if directions.has(Readiness::OUT) {
        flags |= libc::POLLOUT;
    }
    if directions.has(Readiness::PRI) {
        flags |= libc::POLLPRI;
    }
    flags
}

/// What `flags`, as the kernel has answered, say of a descriptor that is open.
pub(super) fn readiness(flags: c_short) -> Readiness {
    if ARE_THE_SAME {
        return Readiness::from_bits(u32::from(flags as u16));
    }
    let told = FLAGS.iter().filter(|(_, flag)| flags & flag != 0);
    told.fold(Readiness::NONE, |readiness, (bit, _)| readiness.with(*bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_one_readiness() {
        for (bit, flag) in FLAGS {
            let expected = if flag == 0 { Readiness::NONE } else { bit };
            assert_eq!(readiness(flag), expected);
        }
        let all = FLAGS.iter().fold(0, |flags, (_, flag)| flags | flag);
        assert_eq!(readiness(all).without(Readiness::RDHUP).bits(), 0x1f);
    }

    #[test]
    fn a_direction_asks_for_its_flag() {
        for (bit, flag) in &FLAGS[..3] {
            assert_eq!(readiness(to_ask_for(*bit)).within(Readiness::DIRECTIONS), *bit);
            assert_eq!(to_ask_for(*bit) & flag, *flag);
        }
        assert_eq!(to_ask_for(Readiness::NONE), 0);
    }
}
