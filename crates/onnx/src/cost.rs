//! How long runs take, by how much they are given: what is known to be short is run at once by
//! whoever asks, which saves handing it to a thread and back.
//!
//! Must not keep time itself: it is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What may be run by whoever asks. Handing over costs some 10 us; an asynchronous runtime is not
/// held up by a tenth of a millisecond.
const SHORT: Duration = Duration::from_micros(100);

/// Classes of size, each twice the one before.
const CLASSES: usize = 40;

/// What is not known.
const UNKNOWN: u64 = 0;

/// Durations seen, by size of the input.
#[derive(Debug)]
pub(crate) struct Costs([AtomicU64; CLASSES]);

impl Costs {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(UNKNOWN) }; CLASSES])
    }

    /// Whether a run given so many bytes is known to be short.
    pub(crate) fn is_short(&self, bytes: usize) -> bool {
        let seen = self.0[class(bytes)].load(Ordering::Relaxed);
        seen != UNKNOWN && u128::from(seen) <= SHORT.as_nanos()
    }

    /// Takes note of a run. A longer one counts at once, shorter ones bit by bit: being wrong holds
    /// up others only when a run is thought too short.
    pub(crate) fn note(&self, bytes: usize, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        let cell = &self.0[class(bytes)];
        let seen = cell.load(Ordering::Relaxed);
        let next = match seen {
            UNKNOWN => took,
            _ if took >= seen => took,
            _ => seen - (seen - took).div_ceil(4),
        };
        cell.store(next, Ordering::Relaxed);
    }
}

fn class(bytes: usize) -> usize {
    (bytes.max(1).ilog2() as usize).min(CLASSES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_short_is() {
        let costs = Costs::new();
        let (short, long) = (Duration::from_micros(5), Duration::from_millis(9));
        assert!(!costs.is_short(100));
        costs.note(100, short);
        assert!(costs.is_short(100) && costs.is_short(120), "they are of one class");
        assert!(!costs.is_short(500));
        costs.note(100, long);
        assert!(!costs.is_short(100));
        let notes = (1..100).find(|_| {
            costs.note(100, short);
            costs.is_short(100)
        });
        assert!(notes.is_some_and(|notes| notes > 5), "{notes:?}");
    }
}
