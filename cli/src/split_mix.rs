//! Steele's split mix: numbers that look random, and are the same on every run.

/// What sets one state apart from the next.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number at `index` of the sequence that begins with `seed`.
#[inline]
pub fn at(seed: u64, index: u64) -> u64 {
    let mut bits = seed.wrapping_add(STEP.wrapping_mul(index));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
