//! The places that connections have on a port, and the warden that looks after those who have one.
//!
//! Must not know what a connection speaks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::conduct::{Conduct, Order, Verdict};
use crate::tally::{Port, Reason, Tally};

/// A client that was idle for less is probably about to ask.
const IDLE_ENOUGH: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Places {
    port: Port,
    limit: usize,
    tally: Arc<Tally>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    connections: BTreeMap<u64, Arc<Conduct>>,
}

/// A place; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    number: u64,
    conduct: Arc<Conduct>,
}

impl Places {
    pub(crate) fn new(port: Port, limit: usize, tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { port, limit, tally, taken: Mutex::default() })
    }

    /// A place for a new connection. Where all are taken, the one that never asked for anything, or
    /// has been idle longest, makes room; `None` where all are busy.
    pub(crate) fn take(self: &Arc<Self>, conduct: Arc<Conduct>) -> Option<Place> {
        let mut taken = self.lock();
        if taken.connections.len() >= self.limit {
            let Some(number) = taken.most_idle() else {
                self.tally.refused(self.port, Reason::Full);
                return None;
            };
            if let Some(leaving) = taken.connections.remove(&number) {
                leaving.order(Order::Leave);
                self.tally.refused(self.port, Reason::Replaced);
            }
        }
        let number = taken.next;
        taken.next += 1;
        taken.connections.insert(number, conduct.clone());
        self.tally.connections(self.port, taken.connections.len());
        drop(taken);
        Some(Place { places: self.clone(), number, conduct })
    }

    /// Tells every connection.
    pub(crate) fn order_all(&self, order: Order) {
        for conduct in self.lock().connections.values() {
            conduct.order(order);
        }
    }

    /// Judges every connection again and again.
    pub(crate) async fn watch(self: Arc<Self>, tick: Duration) {
        let mut ticks = tokio::time::interval(tick);
        // The first comes at once.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let connections: Vec<_> = self.lock().connections.values().cloned().collect();
            for conduct in connections {
                match conduct.judge() {
                    Verdict::Fine => {}
                    Verdict::Idle => conduct.order(Order::End),
                    Verdict::Overstays => conduct.order(Order::Cut),
                    Verdict::Stalled => self.cut(&conduct, Reason::Stalled),
                    Verdict::Flood => self.cut(&conduct, Reason::Flood),
                }
            }
        }
    }

    fn cut(&self, conduct: &Conduct, reason: Reason) {
        self.tally.refused(self.port, reason);
        conduct.order(Order::Cut);
    }

    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Those that never asked first, then those that asked longest ago.
    fn most_idle(&self) -> Option<u64> {
        self.connections
            .iter()
            .filter_map(|(number, conduct)| {
                let (idle, asked) = (conduct.idle()?, conduct.has_asked());
                (!asked || idle >= IDLE_ENOUGH).then_some(((!asked, idle), *number))
            })
            .max()
            .map(|(_, number)| number)
    }
}

impl Place {
    pub(crate) const fn conduct(&self) -> &Arc<Conduct> {
        &self.conduct
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.connections.remove(&self.number);
        self.places.tally.connections(self.places.port, taken.connections.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::ConnectionLimits;

    fn conduct() -> Arc<Conduct> {
        Arc::new(Conduct::new(Arc::default()))
    }

    fn places(limit: usize) -> Arc<Places> {
        Places::new(Port::Grpc, limit, Arc::new(Tally::new()))
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_asked_makes_room_first_and_who_is_busy_never() {
        let places = places(3);
        let (busy, silent, idle) = (conduct(), conduct(), conduct());
        let _busy = places.take(busy.clone()).unwrap();
        let _silent = places.take(silent.clone()).unwrap();
        let _idle = places.take(idle.clone()).unwrap();
        busy.request_begins();
        idle.request_begins();
        idle.request_ends();
        tokio::time::advance(IDLE_ENOUGH * 2).await;
        let newcomer = places.take(conduct()).unwrap();
        newcomer.conduct().request_begins();
        assert_eq!(silent.ordered().await, Order::Leave);
        let second = places.take(conduct()).unwrap();
        second.conduct().request_begins();
        assert_eq!(idle.ordered().await, Order::Leave);
        assert!(places.take(conduct()).is_none(), "all are busy");
        drop(newcomer);
        assert!(places.take(conduct()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_warden_ends_an_idle_connection_and_cuts_it_if_it_stays() {
        let limits =
            ConnectionLimits { idle_timeout: Duration::from_mins(1), ..Default::default() };
        let places = places(3);
        let conduct = Arc::new(Conduct::new(Arc::new(limits)));
        let _place = places.take(conduct.clone()).unwrap();
        tokio::spawn(places.clone().watch(Conduct::tick_of(conduct.limits())));
        let opened = tokio::time::Instant::now();
        assert_eq!(conduct.ordered().await, Order::End);
        assert_eq!(opened.elapsed().as_secs(), 60);
        assert_eq!(conduct.ordered().await, Order::Cut);
    }
}
