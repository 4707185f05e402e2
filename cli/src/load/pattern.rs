//! What a connection sends: an endless stream of bytes, each of which tells its place.

use omnipoll_cli::split_mix;

const WORD: usize = 8;

/// How much is compared at a time.
const PIECE: usize = 4 * 1024;

/// The bytes of one connection. They look random, and no two connections have the same, so
/// that a loss, a double, a swap and a mix-up all show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    key: u64,
}

/// A byte that is not the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) position: u64,
    pub(super) is: u8,
    pub(super) owed: u8,
}

impl Pattern {
    /// How many bytes the number of a datagram takes.
    pub(super) const HEADER: usize = WORD;

    pub(super) fn new(connection: u64) -> Pattern {
        Pattern { key: split_mix::at(0, connection + 1) }
    }

    /// Writes what stands at `position` into `buffer`.
    pub(super) fn fill(self, position: u64, buffer: &mut [u8]) {
        let inside = (position % WORD as u64) as usize;
        let (mut index, mut rest) = (position / WORD as u64, buffer);
        if inside > 0 {
            let length = rest.len().min(WORD - inside);
            let (head, tail) = rest.split_at_mut(length);
            head.copy_from_slice(&self.word(index)[inside..inside + length]);
            (index, rest) = (index + 1, tail);
        }
        for (slot, index) in rest.chunks_mut(WORD).zip(index..) {
            slot.copy_from_slice(&self.word(index)[..slot.len()]);
        }
    }

    /// Finds the first of `bytes` that does not belong at `position` and on.
    pub(super) fn check(self, position: u64, bytes: &[u8]) -> Result<(), Wrong> {
        let mut piece = [0; PIECE];
        for (bytes, position) in bytes.chunks(PIECE).zip((position..).step_by(PIECE)) {
            let piece = &mut piece[..bytes.len()];
            self.fill(position, piece);
            if bytes != piece {
                let mut pairs = bytes.iter().zip(piece).zip(position..);
                if let Some(((&is, &mut owed), position)) = pairs.find(|((is, owed), _)| is != owed)
                {
                    return Err(Wrong { position, is, owed });
                }
            }
        }
        Ok(())
    }

    /// Writes the datagram of that number, which is hidden in its first word.
    pub(super) fn fill_datagram(self, number: u64, buffer: &mut [u8]) {
        self.fill(number * buffer.len() as u64, buffer);
        buffer[..WORD].copy_from_slice(&(number ^ self.key).to_le_bytes());
    }

    /// The number in a datagram, which may be anything if it is another connection's.
    pub(super) fn number(self, datagram: &[u8]) -> Option<u64> {
        datagram.first_chunk().map(|header| u64::from_le_bytes(*header) ^ self.key)
    }

    /// Finds the first byte that does not belong into the datagram of that number.
    pub(super) fn check_datagram(self, number: u64, datagram: &[u8]) -> Result<(), Wrong> {
        let body = number * datagram.len() as u64 + WORD as u64;
        self.check(body, &datagram[WORD..])
    }

    fn word(self, index: u64) -> [u8; WORD] {
        split_mix::at(self.key, index).to_le_bytes()
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
        let whole = bytes(10_000);
        for length in [1, 3, 7, 8, 9, 64, PIECE - 1, PIECE + 1] {
            let mut position = 0;
            for piece in whole.chunks(length) {
                assert_eq!(Pattern::new(77).check(position, piece), Ok(()), "{length}");
                position += piece.len() as u64;
            }
        }
    }

    #[test]
    fn a_lost_a_doubled_and_a_swapped_byte_show() {
        let whole = bytes(10_000);
        let lost = [&whole[..5_000], &whole[5_001..]].concat();
        let doubled = [&whole[..5_000], &whole[4_999..]].concat();
        let mut swapped = whole.clone();
        swapped.swap(5_000, 7_000);
        for wrong in [lost, doubled, swapped] {
            let found = Pattern::new(77).check(0, &wrong).expect_err("it shows");
            assert!((5_000..5_010).contains(&found.position), "{found:?}");
            assert_eq!(found.owed, whole[found.position as usize]);
            assert_eq!(found.is, wrong[found.position as usize]);
        }
    }

    #[test]
    fn the_bytes_of_another_connection_show() {
        assert!(Pattern::new(78).check(0, &bytes(2)).is_err());
    }

    #[test]
    fn a_datagram_tells_its_number() {
        let pattern = Pattern::new(5);
        let mut datagram = [0; 100];
        pattern.fill_datagram(1234, &mut datagram);
        assert_eq!(pattern.number(&datagram), Some(1234));
        assert_eq!(pattern.check_datagram(1234, &datagram), Ok(()));
        assert!(pattern.check_datagram(1235, &datagram).is_err());
        assert_ne!(Pattern::new(6).number(&datagram), Some(1234));
        assert_eq!(pattern.number(&datagram[..7]), None);
    }
}
