//! What a client sends: an endless stream of bytes, each of which tells its place.

use fastrand::Rng;

const WORD: u64 = 8;

/// The bytes of one connection. They begin with its number, by which the server knows it,
/// and look random from there on, so that a loss, a double and a swap all show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    number: u64,
    /// What sets its bytes apart from those of others.
    key: u64,
}

impl Pattern {
    /// How many bytes the number of the connection takes.
    pub(super) const HEADER: usize = WORD as usize;

    pub(super) fn new(number: u64) -> Pattern {
        // Not the number itself, as neighbouring seeds make like numbers.
        Pattern { number, key: Rng::with_seed(number).u64(..) }
    }

    /// The number that a stream begins with.
    pub(super) fn number(header: [u8; Pattern::HEADER]) -> u64 {
        u64::from_le_bytes(header)
    }

    /// Writes what comes at `position` into `buffer`.
    pub(super) fn fill(self, position: u64, buffer: &mut [u8]) {
        for (slot, byte) in buffer.iter_mut().zip(self.from(position)) {
            *slot = byte;
        }
    }

    /// The place of the first byte that does not belong at `position` and on.
    pub(super) fn first_wrong(self, position: u64, bytes: &[u8]) -> Option<u64> {
        let wrong = bytes.iter().zip(self.from(position)).position(|(&is, owed)| is != owed)?;
        Some(position + wrong as u64)
    }

    fn from(self, position: u64) -> impl Iterator<Item = u8> {
        let words = (position / WORD..).flat_map(move |index| self.word(index).to_le_bytes());
        words.skip((position % WORD) as usize)
    }

    fn word(self, index: u64) -> u64 {
        match index {
            0 => self.number,
            _ => Rng::with_seed(self.key ^ index).u64(..),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        Pattern::new(77).fill(0, &mut bytes);
        bytes
    }

    #[test]
    fn pieces_make_up_the_whole() {
        let whole = bytes(1000);
        for length in [1, 3, 7, 8, 9, 64] {
            let mut position = 0;
            for piece in whole.chunks(length) {
                assert_eq!(Pattern::new(77).first_wrong(position, piece), None);
                position += piece.len() as u64;
            }
        }
        assert_eq!(Pattern::number(whole[..8].try_into().unwrap()), 77);
    }

    #[test]
    fn a_lost_a_doubled_and_a_swapped_byte_show() {
        let lost: Vec<u8> = [&bytes(1000)[..500], &bytes(1000)[501..]].concat();
        let doubled = [&bytes(500)[..], &bytes(1000)[499..]].concat();
        let mut swapped = bytes(1000);
        swapped.swap(500, 700);
        for wrong in [lost, doubled, swapped] {
            let place = Pattern::new(77).first_wrong(0, &wrong).expect("it shows");
            assert!((500..510).contains(&place), "{place}");
        }
    }

    #[test]
    fn the_bytes_of_another_connection_show() {
        assert!(Pattern::new(78).first_wrong(8, &bytes(1000)[8..]).is_some());
    }
}
