//! Work on the trees of a large ensemble, spread over the processor's cores while a model is read.
//!
//! Small ensembles stay on the caller's thread: waking others would take longer. Must not be used to
//! answer rows.

use rayon::prelude::*;

/// Nodes from which on several cores are worth it.
const LARGE: usize = 1 << 15;

/// `f` of every item with its number, in order; `nodes` is how much there is to do in all.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    nodes: usize,
    f: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let each = |(number, item)| f(number, item);
    if nodes < LARGE {
        return items.iter().enumerate().map(each).collect();
    }
    items.par_iter().enumerate().map(each).collect()
}

/// Both, side by side where that is worth it.
pub(super) fn both<A: Send, B: Send>(
    nodes: usize,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if nodes < LARGE { (a(), b()) } else { rayon::join(a, b) }
}
