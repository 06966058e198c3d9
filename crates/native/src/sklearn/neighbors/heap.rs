//! [`Nearest`]: the k least distances so far. Must not know where distances come from.
//!
//! Source: `sklearn.utils._heap.heap_push`. Which of equal distances stays depends on every step of it.

use crate::sklearn::ties;

/// A heap with the greatest distance on top.
#[derive(Default)]
pub(super) struct Nearest {
    distances: Vec<f64>,
    points: Vec<u32>,
    sorted: Vec<(f64, u32)>,
}

impl Nearest {
    /// Empties it for `k` distances, all as large as `most`.
    pub(super) fn clear(&mut self, k: usize, most: f64) {
        self.distances.clear();
        self.distances.resize(k, most);
        self.points.clear();
        self.points.resize(k, 0);
    }

    /// The greatest distance that is kept.
    pub(super) fn greatest(&self) -> f64 {
        self.distances[0]
    }

    pub(super) fn push(&mut self, distance: f64, point: u32) {
        if distance >= self.distances[0] {
            return;
        }
        let size = self.distances.len();
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= size {
                break;
            }
            let greater = if right >= size || self.distances[left] >= self.distances[right] {
                left
            } else {
                right
            };
            // Written so that NaN goes down no further, as there.
            if distance.partial_cmp(&self.distances[greater]) != Some(std::cmp::Ordering::Less) {
                break;
            }
            self.distances[at] = self.distances[greater];
            self.points[at] = self.points[greater];
            at = greater;
        }
        self.distances[at] = distance;
        self.points[at] = point;
    }

    /// Keeps the `k` least of some distances, of equal ones those that NumPy's `argpartition` takes.
    pub(super) fn choose(&mut self, k: usize, distances: &[f64]) {
        self.sorted.clear();
        self.sorted.extend(distances.iter().copied().zip(0..));
        let taken = ties::nearest(&mut self.sorted, k);
        self.distances.clear();
        self.points.clear();
        self.distances.extend(self.sorted[..taken].iter().map(|near| near.0));
        self.points.extend(self.sorted[..taken].iter().map(|near| near.1));
    }

    /// What is kept, the nearest first, and of equally near points the first.
    pub(super) fn sorted(&mut self) -> &mut [(f64, u32)] {
        self.sorted.clear();
        self.sorted.extend(self.distances.iter().copied().zip(self.points.iter().copied()));
        self.sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        &mut self.sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_are_kept_and_the_first_of_equal_ones() {
        let mut nearest = Nearest::default();
        nearest.clear(3, f64::INFINITY);
        for (point, distance) in [4.0, 2.0, 4.0, 2.0, 4.0, 1.0, 9.0].into_iter().enumerate() {
            nearest.push(distance, point as u32);
        }
        assert_eq!(nearest.greatest(), 2.0);
        assert_eq!(nearest.sorted(), [(1.0, 5), (2.0, 1), (2.0, 3)]);
    }

    #[test]
    fn what_is_no_nearer_than_the_start_is_not_kept() {
        let mut nearest = Nearest::default();
        nearest.clear(2, f64::MAX);
        nearest.push(f64::INFINITY, 7);
        nearest.push(3.0, 8);
        assert_eq!(nearest.sorted(), [(3.0, 8), (f64::MAX, 0)]);
    }
}
