//! How long to wait before a lost worker is replaced. Must not start anything.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::RestartPolicy;

/// The losses of one worker, and the pause they ask for.
pub(crate) struct History {
    policy: RestartPolicy,
    losses: VecDeque<Instant>,
    streak: u32,
}

/// How long to wait before the next start.
pub(crate) struct Pause {
    pub(crate) length: Duration,
    pub(crate) crash_loop: bool,
}

impl History {
    pub(crate) fn new(policy: RestartPolicy) -> Self {
        Self { policy, losses: VecDeque::new(), streak: 0 }
    }

    /// A worker that has answered is no part of a crash loop: a batch that kills it costs itself.
    pub(crate) fn worked(&mut self) {
        self.streak = 0;
        self.losses.clear();
    }

    pub(crate) fn lost(&mut self, lived: Duration) -> Pause {
        let now = Instant::now();
        if lived >= self.policy.stable_after {
            self.worked();
        }
        self.losses.push_back(now);
        while self.losses.front().is_some_and(|&loss| now - loss > self.policy.crash_window) {
            self.losses.pop_front();
        }
        let crash_loop = self.losses.len() >= self.policy.crash_threshold;
        let length = if crash_loop {
            self.policy.max_backoff
        } else {
            let doubled = self.policy.initial_backoff * 2_u32.pow(self.streak.min(16));
            doubled.min(self.policy.max_backoff)
        };
        self.streak += 1;
        Pause { length: with_jitter(length), crash_loop }
    }
}

/// Between three quarters of the length and the whole, so that workers do not start in step.
fn with_jitter(length: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1000;
    length.mul_f64(0.75 + random as f64 / 4000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_crash_loop_and_begin_anew() {
        let policy = RestartPolicy::default();
        let mut history = History::new(policy.clone());
        let pauses: Vec<Pause> = (0..6).map(|_| history.lost(Duration::ZERO)).collect();
        for pair in pauses[..4].windows(2) {
            assert!(pair[1].length > pair[0].length);
        }
        assert!(pauses[..4].iter().all(|pause| !pause.crash_loop));
        assert!(pauses[4..].iter().all(|pause| pause.crash_loop));
        assert!(pauses[5].length >= policy.max_backoff.mul_f64(0.75));
        let anew = history.lost(policy.stable_after);
        assert!(!anew.crash_loop && anew.length <= policy.initial_backoff);
        for _ in 0..9 {
            history.worked();
            let pause = history.lost(Duration::ZERO);
            assert!(!pause.crash_loop && pause.length <= policy.initial_backoff);
        }
    }
}
