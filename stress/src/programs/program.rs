use std::fmt;

use super::operation::{Kind, OPERATION_BYTES, Operation, SLOTS, Way, decode_end};

/// How many bytes stand before the first operation.
pub const HEADER_BYTES: usize = 1 + SLOTS;

/// What is done, and with what: plain data, so that it can be made of any bytes, printed,
/// and made shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// How many events one wait reports at the most.
    pub capacity: usize,
    /// What the slots hold at the start.
    pub ends: [(Kind, Way); SLOTS],
    /// The steps.
    pub operations: Vec<Operation>,
}

impl Program {
    /// Decodes any bytes: a header, and then one operation after another.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Program {
        let (header, operations) = bytes.split_at(bytes.len().min(HEADER_BYTES));
        let mut whole = [0; HEADER_BYTES];
        whole[..header.len()].copy_from_slice(header);
        let operations = operations
            .chunks(OPERATION_BYTES)
            .map(|chunk| {
                let mut whole = [0; OPERATION_BYTES];
                whole[..chunk.len()].copy_from_slice(chunk);
                Operation::decode(whole)
            })
            .collect();
        Program::new(whole, operations)
    }

    /// A random program of up to `most` operations.
    pub fn random(random: &mut fastrand::Rng, most: usize) -> Program {
        let mut bytes = vec![0; HEADER_BYTES + OPERATION_BYTES * random.usize(1..=most)];
        random.fill(&mut bytes);
        Program::decode(&bytes)
    }

    /// A program with a header of any bytes.
    #[must_use]
    pub fn new(header: [u8; HEADER_BYTES], operations: Vec<Operation>) -> Program {
        let [capacity, ends @ ..] = header;
        let capacity = [64, 1, 2][usize::from(capacity) % 3];
        Program { capacity, ends: ends.map(decode_end), operations }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "room for {} events", self.capacity)?;
        for (slot, (kind, way)) in self.ends.iter().enumerate() {
            writeln!(f, "{slot}: holds {kind:?}, {way:?}")?;
        }
        for (step, operation) in self.operations.iter().enumerate() {
            writeln!(f, "  step {step}. {operation}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_programs() {
        assert_eq!(Program::decode(&[]).operations, []);
        assert_eq!(Program::decode(&[1, 2]).capacity, 1);
        for code in 0..=u8::MAX {
            let bytes = [0, 0, 0, 0, 0, code, code, code, code, code];
            assert_eq!(Program::decode(&bytes).operations.len(), 2);
        }
    }

    #[test]
    fn a_program_prints_as_a_list() {
        let program = Program::decode(&[0, 0, 1, 2, 3, 11, 2, 0, 0, 0, 0, 0, 0]);
        let text = program.to_string();
        assert!(text.contains("1: holds Unix, Raw\n"), "{text}");
        assert!(text.ends_with("  step 0. 2: register for READABLE\n  step 1. look\n"), "{text}");
    }
}
