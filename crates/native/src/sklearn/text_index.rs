//! [`TextIndex`]: known texts and their numbers, found without allocating.
//!
//! Must not know what the texts are: categories, words, n-grams.

use std::hash::{BuildHasher, RandomState};

/// Texts by their bytes. A text added again has its later number.
pub(in crate::sklearn) struct TextIndex {
    /// Drawn when the index is made, so that no file can be written whose texts all collide.
    seed: u64,
    /// A power of two; at most half of them are taken.
    slots: Vec<Slot>,
    /// The texts longer than two words.
    bytes: Vec<u8>,
    len: usize,
}

/// The number of a text that is not known.
pub(in crate::sklearn) const UNKNOWN: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    head: u64,
    tail: u64,
    len: u32,
    start: u32,
    /// [`UNKNOWN`] where the slot is free.
    number: u32,
}

const FREE: Slot = Slot { head: 0, tail: 0, len: 0, start: 0, number: UNKNOWN };

impl TextIndex {
    /// Texts with their numbers, which must be below [`UNKNOWN`].
    pub(in crate::sklearn) fn new<'t>(
        texts: impl ExactSizeIterator<Item = (&'t [u8], u32)>,
    ) -> Self {
        let capacity = (texts.len() * 2).max(2).next_power_of_two();
        let seed = RandomState::new().hash_one(0x70_65_6c_74_6f_6e_u64);
        let mut index = Self { seed, slots: vec![FREE; capacity], bytes: Vec::new(), len: 0 };
        for (text, number) in texts {
            index.insert(text, number);
        }
        index
    }

    /// Texts there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.len
    }

    fn insert(&mut self, text: &[u8], number: u32) {
        assert!(number != UNKNOWN, "a number of a known text");
        let (head, tail) = ends(text);
        let at = self.place(text, head, tail);
        if self.slots[at].number == UNKNOWN {
            let start = self.bytes.len() as u32;
            if text.len() > 16 {
                self.bytes.extend_from_slice(text);
            }
            self.slots[at] = Slot { head, tail, len: text.len() as u32, start, number };
            self.len += 1;
        } else {
            self.slots[at].number = number;
        }
    }

    /// The text's number, or [`UNKNOWN`].
    #[inline]
    pub(in crate::sklearn) fn get(&self, text: &[u8]) -> u32 {
        let (head, tail) = ends(text);
        self.slots[self.place(text, head, tail)].number
    }

    /// The text's slot, or the free one where it would be.
    #[inline]
    fn place(&self, text: &[u8], head: u64, tail: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.hash(text, head, tail) as usize & mask;
        loop {
            let slot = &self.slots[at];
            if slot.number == UNKNOWN
                || (slot.head == head
                    && slot.tail == tail
                    && slot.len as usize == text.len()
                    && (text.len() <= 16
                        || self.bytes[slot.start as usize..][..text.len()] == *text))
            {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn hash(&self, text: &[u8], head: u64, tail: u64) -> u64 {
        let mut hash = fold(head ^ self.seed, tail ^ (text.len() as u64).rotate_left(32) ^ FACTOR);
        if text.len() > 16 {
            let (words, _) = text[8..].as_chunks::<8>();
            for word in words {
                hash = fold(hash ^ u64::from_le_bytes(*word), self.seed ^ FACTOR);
            }
        }
        hash
    }
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The 128 bits of a product, folded.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The first and the last eight bytes; with the length they tell texts of up to 16 bytes apart.
#[inline]
fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    }
    if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
        let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
        return (u64::from(head) | u64::from(tail) << 32, 0);
    }
    let word = text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    (word, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_told_apart() {
        let long = "x".repeat(40);
        let mut texts: Vec<String> = (0..40).map(|len| long[..len].to_owned()).collect();
        texts.extend((0..40).map(|len| format!("{}y", &long[..len])));
        texts.extend((17..40).map(|at| format!("{}z{}", &long[..at - 9], &long[at..])));
        texts.extend(["\0".to_owned(), "\0\0".to_owned(), "東京".to_owned()]);
        let index = TextIndex::new(
            texts.iter().zip(0..texts.len() as u32).map(|(text, number)| (text.as_bytes(), number)),
        );
        assert_eq!(index.len(), texts.len());
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(index.get(text.as_bytes()), number as u32, "{text:?}");
        }
        for text in ["z", "xxz", "\0\0\0", "東", &"x".repeat(41)] {
            assert_eq!(index.get(text.as_bytes()), UNKNOWN, "{text:?}");
        }
    }

    #[test]
    fn the_last_number_of_a_text_counts() {
        let index = TextIndex::new([(&b"a"[..], 0), (b"b", 1), (b"a", 2)].into_iter());
        assert_eq!((index.get(b"a"), index.get(b"b"), index.len()), (2, 1, 2));
        assert_eq!(TextIndex::new([].into_iter()).get(b""), UNKNOWN);
    }
}
