//! How a connection behaves: what it has read and why, what it has not taken, when it last asked.
//!
//! Counted without locks on the way of a request, judged at every [`Conduct::tick`]. Must not close
//! anything.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::limits::ConnectionLimits;

/// Ticks in the time that the smallest answer may take to leave.
const TICKS: u32 = 8;

/// Ticks that anything may take at most.
const SLOTS: usize = 64;

/// Bytes a second that a client may send beside requests: pings, settings, window updates.
const FLOOD_BYTES: u64 = 256 << 10;

/// What a request may bring along beside its body: its headers, and whatever frames go with it.
const REQUEST_BYTES: u64 = 32 << 10;

/// What each piece of a body may bring along: the heads of frames, and a ping.
const PIECE_BYTES: u64 = 64;

/// One connection's account.
#[derive(Debug)]
pub(crate) struct Conduct {
    tick: Duration,
    tick_ms: u64,
    limits: Arc<ConnectionLimits>,
    opened: Instant,
    read: AtomicU64,
    /// As many of the bytes read as belong to requests, and some more.
    explained: AtomicU64,
    requests: AtomicU64,
    /// Requests that are not over: an answer may have to leave yet.
    open: AtomicUsize,
    /// Requests whose answers do not leave yet.
    unanswered: AtomicUsize,
    /// Milliseconds since it was opened, when it last had a request.
    active_ms: AtomicU64,
    now: AtomicU64,
    /// Pieces of answers that have not left, by the tick at which they should have.
    due: [AtomicU32; SLOTS],
    judged: Mutex<Judged>,
    order: AtomicU8,
    ordered: Notify,
}

/// Where a piece of an answer is entered.
#[derive(Debug)]
pub(crate) struct Slot(usize);

/// What is to be done about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// It has had no request for too long.
    Idle,
    /// It does not take an answer.
    Stalled,
    /// It sends much that is no request.
    Flood,
    /// It was told to end a while ago.
    Overstays,
}

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Answer what was asked, take no more, close.
    End,
    /// Make room at once.
    Leave,
    /// Close without a word.
    Cut,
}

/// What a connection had read when it was last judged, and when it was told to end.
#[derive(Debug, Default)]
struct Judged {
    read: u64,
    explained: u64,
    /// Bytes that nothing explains and that were more than it may send.
    debt: u64,
    ended: Option<u64>,
    /// It was cut, which it may not know yet.
    is_over: bool,
}

impl Conduct {
    pub(crate) fn new(limits: Arc<ConnectionLimits>) -> Self {
        let tick = Self::tick_of(&limits);
        Self {
            tick,
            tick_ms: tick.as_millis() as u64,
            limits,
            opened: Instant::now(),
            read: AtomicU64::new(0),
            explained: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            active_ms: AtomicU64::new(0),
            now: AtomicU64::new(0),
            due: [const { AtomicU32::new(0) }; SLOTS],
            judged: Mutex::default(),
            order: AtomicU8::new(0),
            ordered: Notify::new(),
        }
    }

    /// How often a connection of these limits is to be judged.
    pub(crate) fn tick_of(limits: &ConnectionLimits) -> Duration {
        Duration::from_millis((limits.transfer_ms(0) / u64::from(TICKS)).max(1))
    }

    pub(crate) fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    pub(crate) fn has_read(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn request_begins(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        self.unanswered.fetch_add(1, Relaxed);
        self.explained.fetch_add(REQUEST_BYTES, Relaxed);
    }

    /// Its answer begins to leave, or nobody wants one.
    pub(crate) fn request_is_answered(&self) {
        self.unanswered.fetch_sub(1, Relaxed);
    }

    /// Whether there are requests whose answers do not leave yet.
    pub(crate) fn has_unanswered(&self) -> bool {
        self.unanswered.load(Relaxed) > 0
    }

    pub(crate) fn request_ends(&self) {
        // The last of those at a time, as looking at a clock is not free.
        if self.open.fetch_sub(1, Relaxed) == 1 {
            self.active_ms.store(self.opened.elapsed().as_millis() as u64, Relaxed);
        }
    }

    /// A piece of a request's body is there.
    pub(crate) fn piece_arrives(&self, bytes: usize) {
        // A client updates its windows for what it gets, and asks how long that takes.
        self.explained.fetch_add(bytes as u64 + PIECE_BYTES, Relaxed);
    }

    /// A piece of an answer is to leave.
    pub(crate) fn piece_leaves(&self, bytes: usize) -> Slot {
        self.explained.fetch_add(PIECE_BYTES + bytes as u64 / 16, Relaxed);
        let ticks = self.limits.transfer_ms(bytes as u64).div_ceil(self.tick_ms);
        // One more, as the tick of now is partly over.
        let slot = (self.now.load(Relaxed) + (ticks + 1).min(SLOTS as u64 - 1)) as usize % SLOTS;
        self.due[slot].fetch_add(1, Relaxed);
        Slot(slot)
    }

    /// It has left, or nobody wants it.
    #[expect(clippy::needless_pass_by_value, reason = "it is given back")]
    pub(crate) fn piece_left(&self, slot: Slot) {
        self.due[slot.0].fetch_sub(1, Relaxed);
    }

    /// What to do about it; asked once a tick. It is told once that it is to be cut.
    pub(crate) fn judge(&self) -> Verdict {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, explained) = (self.read.load(Relaxed), self.explained.load(Relaxed));
        let (more, more_explained) = (read - judged.read, explained - judged.explained);
        (judged.read, judged.explained) = (read, explained);
        let may = (FLOOD_BYTES as f64 * self.tick.as_secs_f64()) as u64;
        judged.debt = (judged.debt + more).saturating_sub(more_explained + may);
        if judged.is_over {
            return Verdict::Fine;
        }
        if self.due[now as usize % SLOTS].load(Relaxed) > 0 {
            judged.is_over = true;
            return Verdict::Stalled;
        }
        if judged.debt > FLOOD_BYTES {
            judged.is_over = true;
            return Verdict::Flood;
        }
        if let Some(ended) = judged.ended {
            let overstays = now - ended >= u64::from(TICKS) && self.idle().is_some();
            return if overstays { Verdict::Overstays } else { Verdict::Fine };
        }
        if self.idle().is_some_and(|idle| idle >= self.limits.idle_timeout) {
            judged.ended = Some(now);
            return Verdict::Idle;
        }
        Verdict::Fine
    }

    /// How long it has had no request; `None` while it has one.
    pub(crate) fn idle(&self) -> Option<Duration> {
        if self.open.load(Relaxed) > 0 {
            return None;
        }
        let active = Duration::from_millis(self.active_ms.load(Relaxed));
        Some(self.opened.elapsed().saturating_sub(active))
    }

    /// Whether it has ever asked for anything.
    pub(crate) fn has_asked(&self) -> bool {
        self.requests.load(Relaxed) > 0
    }

    /// Tells the connection what to do.
    pub(crate) fn order(&self, order: Order) {
        self.order.store(order as u8, Relaxed);
        self.ordered.notify_one();
    }

    /// What the connection is told, when it is.
    pub(crate) async fn ordered(&self) -> Order {
        self.ordered.notified().await;
        match self.order.load(Relaxed) {
            end if end == Order::End as u8 => Order::End,
            leave if leave == Order::Leave as u8 => Order::Leave,
            _ => Order::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(conduct: &Conduct, ticks: u64) -> Vec<Verdict> {
        (0..ticks).map(|_| conduct.judge()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_leave_in_time_is_a_stall_and_what_does_is_none() {
        let conduct = Conduct::new(Arc::default());
        let quick = conduct.piece_leaves(10);
        let slow = conduct.piece_leaves(10);
        conduct.piece_left(quick);
        let verdicts = judge(&conduct, 9);
        assert!(verdicts[..8].iter().all(|verdict| *verdict == Verdict::Fine), "{verdicts:?}");
        assert_eq!(verdicts[8], Verdict::Stalled);
        // Until it is gone nothing more is said about it.
        assert!(judge(&conduct, 100).iter().all(|verdict| *verdict == Verdict::Fine));
        conduct.piece_left(slow);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_piece_has_more_time() {
        let conduct = Conduct::new(Arc::default());
        let seconds = 30;
        let slot = conduct.piece_leaves(seconds << 18);
        let verdicts = judge(&conduct, 30);
        let stalled = verdicts.iter().position(|verdict| *verdict == Verdict::Stalled);
        // 30 s for any, 30 s for its size: 16 ticks of 3.75 s, and the one that had begun.
        assert_eq!(stalled, Some(16));
        conduct.piece_left(slot);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_are_no_requests_are_a_flood_and_requests_are_none() {
        let conduct = Conduct::new(Arc::default());
        conduct.request_begins();
        conduct.piece_arrives(9_000_000);
        conduct.has_read(9_020_000);
        assert_eq!(conduct.judge(), Verdict::Fine);
        // A tick of 3.75 s is worth 960 KiB, and a quarter of a MiB may come at once.
        for _ in 0..10 {
            conduct.has_read(983_040);
            assert_eq!(conduct.judge(), Verdict::Fine, "that much may come for ever");
        }
        for verdict in [Verdict::Fine, Verdict::Fine, Verdict::Flood] {
            conduct.has_read(983_040 + 100_000);
            assert_eq!(conduct.judge(), verdict);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_when_it_has_asked_nothing_for_long() {
        let limits = ConnectionLimits {
            idle_timeout: Duration::from_mins(1),
            ..ConnectionLimits::default()
        };
        let conduct = Conduct::new(Arc::new(limits));
        conduct.request_begins();
        tokio::time::advance(Duration::from_mins(10)).await;
        assert_eq!(conduct.judge(), Verdict::Fine, "a long run is not idle");
        conduct.request_ends();
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(conduct.judge(), Verdict::Fine);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(conduct.judge(), Verdict::Idle);
    }
}
