//! What belongs to a token. A place is used again, and its tokens differ by a generation.

use omnipoll::Token;

/// Half of a token is the place, half the generation.
const PLACE_BITS: u32 = usize::BITS / 2;

#[derive(Debug)]
pub(super) struct Table<T> {
    places: Vec<Place<T>>,
    free: Vec<usize>,
}

#[derive(Debug)]
struct Place<T> {
    generation: usize,
    value: Option<T>,
    /// How many waits had begun when the last value was deregistered.
    vacated_at: u64,
}

/// A token whose value has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vacated {
    at: u64,
}

impl Vacated {
    /// Whether a wait of that number, which began when it was drawn, must not report the
    /// token any more.
    pub(super) fn is_barred_from(self, wait: u64) -> bool {
        wait > self.at
    }
}

impl<T> Table<T> {
    pub(super) fn new() -> Table<T> {
        Table { places: Vec::new(), free: Vec::new() }
    }

    pub(super) fn insert(&mut self, value: T) -> Token {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { generation: 0, value: None, vacated_at: 0 });
            self.places.len() - 1
        });
        let place = &mut self.places[index];
        place.value = Some(value);
        Token(place.generation << PLACE_BITS | index)
    }

    pub(super) fn get(&mut self, token: Token) -> Result<&mut T, Vacated> {
        let place = &mut self.places[index(token)];
        match &mut place.value {
            Some(value) if place.generation == generation(token) => Ok(value),
            _ => Err(Vacated { at: place.vacated_at }),
        }
    }

    /// Takes out a value that was deregistered, when `waits` had begun.
    pub(super) fn vacate(&mut self, token: Token, waits: u64) -> Option<T> {
        self.get(token).ok()?;
        let place = &mut self.places[index(token)];
        // Rather than wrap into the tokens of listeners and wakers, at the very end.
        place.generation = (place.generation + 1) % (1 << (PLACE_BITS - 1));
        place.vacated_at = waits;
        self.free.push(index(token));
        place.value.take()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The tokens of all that is there.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let full = self.places.iter().enumerate().filter(|(_, place)| place.value.is_some());
        full.map(|(index, place)| Token(place.generation << PLACE_BITS | index)).collect()
    }
}

fn index(token: Token) -> usize {
    token.0 & ((1 << PLACE_BITS) - 1)
}

fn generation(token: Token) -> usize {
    token.0 >> PLACE_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_token_does_not_find_the_successor() {
        let mut table = Table::new();
        let old = table.insert("old");
        assert_eq!(table.vacate(old, 5), Some("old"));
        let new = table.insert("new");
        assert_ne!(old, new);
        assert_eq!(table.get(new), Ok(&mut "new"));
        let vacated = table.get(old).unwrap_err();
        assert!(!vacated.is_barred_from(5));
        assert!(vacated.is_barred_from(6));
        assert_eq!(table.vacate(old, 7), None);
        assert_eq!((table.len(), table.tokens()), (1, vec![new]));
    }
}
