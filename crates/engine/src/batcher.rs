//! Decides which waiting rows run together: the oldest, and behind it whatever joins it, in order,
//! up to the row limit. Work-conserving: it is asked when a lane is free and never waits for more.
//!
//! Must not run anything.

use tokio::time::Instant;

use crate::model::Limits;
use crate::queue::{Entry, Waiting};

/// Entries looked at behind the first that does not join, so that forming a batch stays cheap when
/// requests of many kinds wait.
const LOOK_AHEAD: usize = 64;

/// The next batch's entries; empty when nothing waits. Entries nobody waits for are dropped on the
/// way.
pub(crate) fn next_batch(waiting: &mut Waiting, limits: &Limits) -> Vec<Entry> {
    let now = Instant::now();
    let mut batch: Vec<Entry> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    let mut passed_over = 0;
    let mut index = 0;
    while index < waiting.entries.len() && passed_over < LOOK_AHEAD && rows < limits.max_batch_rows
    {
        if waiting.entries[index].is_abandoned(now) {
            take(waiting, index).abandon();
            continue;
        }
        let entry = &waiting.entries[index];
        let joins = batch.first().is_none_or(|first| {
            limits.batching
                && rows + entry.batch.rows <= limits.max_batch_rows
                && bytes + entry.bytes <= limits.max_batch_bytes
                && first.batch.joins(&entry.batch)
        });
        if joins {
            rows += entry.batch.rows;
            bytes += entry.bytes;
            batch.push(take(waiting, index));
        } else if limits.batching {
            passed_over += 1;
            index += 1;
        } else {
            break;
        }
    }
    batch
}

fn take(waiting: &mut Waiting, index: usize) -> Entry {
    let entry = waiting.entries.remove(index).expect("the index was checked against the length");
    waiting.rows -= entry.batch.rows;
    waiting.bytes -= entry.bytes;
    entry
}
