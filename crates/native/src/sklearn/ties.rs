//! The nearest of some points, as `np.argpartition` chooses among equally near ones.
//!
//! NumPy 1 finds them by introselect, step by step as here. NumPy 2 sorts with the CPU's vectors, so that
//! what it takes depends on the CPU: models that may have been trained with it are refused where their
//! own points show that it matters ([`is_tie`]).

use crate::reader::Version;

/// The first release of scikit-learn that runs with NumPy 2.
const NUMPY_2: Version = Version(1, 4);

/// Distances selected one after the other where there are so few.
const FEW: usize = 3;

/// Whether the choice depends on the CPU for a model of this release.
pub(super) fn depends_on_cpu(version: Version) -> bool {
    version >= NUMPY_2
}

/// Puts the `k` nearest first, in the order in which NumPy 1 leaves them, and says how many there are. NaN is
/// farther than all else.
pub(super) fn nearest(points: &mut [(f64, u32)], k: usize) -> usize {
    let k = k.min(points.len());
    if let Some(last) = k.checked_sub(1) {
        select(points, last);
    }
    k
}

fn less(a: (f64, u32), b: (f64, u32)) -> bool {
    a.0 < b.0 || (b.0.is_nan() && !a.0.is_nan())
}

/// Moves what is at `kth` of the sorted points there, less before it and more behind it.
fn select(points: &mut [(f64, u32)], kth: usize) {
    let (mut low, mut high) = (0, points.len() - 1);
    if kth < FEW {
        for i in 0..=kth {
            let least = (i + 1..points.len())
                .fold(i, |least, at| if less(points[at], points[least]) { at } else { least });
            points.swap(i, least);
        }
        return;
    }
    if kth == high {
        let greatest = (1..points.len())
            .fold(0, |greatest, at| if less(points[at], points[greatest]) { greatest } else { at });
        points.swap(kth, greatest);
        return;
    }
    let mut steps = 2 * points.len().ilog2();
    while low + 1 < high {
        let (mut up, mut down) = (low + 1, high);
        if steps > 0 || high - low < 6 {
            // The median of three goes first and the least of them behind it, so that the walks below end.
            let middle = low + (high - low) / 2;
            for (after, before) in [(high, middle), (high, low), (low, middle)] {
                if less(points[after], points[before]) {
                    points.swap(after, before);
                }
            }
            points.swap(middle, low + 1);
        } else {
            // Too slow so far: with the median of medians each step leaves out a part.
            let median = low + 1 + median_of_medians(&mut points[low + 1..high]);
            points.swap(median, low);
            (up, down) = (low, high + 1);
        }
        steps = steps.saturating_sub(1);
        (up, down) = part(points, low, up, down);
        points.swap(low, down);
        if down >= kth {
            high = down - 1;
        }
        if down <= kth {
            low = up;
        }
    }
    if high == low + 1 && less(points[high], points[low]) {
        points.swap(high, low);
    }
}

/// Parts what is between `up` and `down` by the point at `low`, and says where the two met.
fn part(points: &mut [(f64, u32)], low: usize, mut up: usize, mut down: usize) -> (usize, usize) {
    let pivot = points[low];
    loop {
        up += 1;
        while less(points[up], pivot) {
            up += 1;
        }
        down -= 1;
        while less(pivot, points[down]) {
            down -= 1;
        }
        if down < up {
            return (up, down);
        }
        points.swap(up, down);
    }
}

/// Puts the medians of each five first, and says where the median of these is.
fn median_of_medians(points: &mut [(f64, u32)]) -> usize {
    let count = points.len() / 5;
    for i in 0..count {
        let median = 5 * i + median_of_five(&mut points[5 * i..][..5]);
        points.swap(median, i);
    }
    if count > 2 {
        select(&mut points[..count], count / 2);
    }
    count / 2
}

fn median_of_five(points: &mut [(f64, u32)]) -> usize {
    for (after, before) in [(1, 0), (4, 3), (3, 0), (4, 1), (2, 1)] {
        if less(points[after], points[before]) {
            points.swap(after, before);
        }
    }
    match (less(points[3], points[2]), less(points[3], points[1])) {
        (false, _) => 2,
        (true, true) => 1,
        (true, false) => 3,
    }
}

/// Whether the last of the `k` nearest, which are first, is as near as one that is left out, and not all of
/// these are `alike`.
pub(super) fn is_tie(points: &[(f64, u32)], k: usize, alike: impl Fn(u32, u32) -> bool) -> bool {
    let (taken, left) = points.split_at(k);
    let last = taken.iter().map(|(far, _)| *far).fold(0.0, f64::max);
    if !left.iter().any(|(far, _)| *far == last) {
        return false;
    }
    let mut equal = points.iter().filter(|(far, _)| *far == last).map(|(_, point)| *point);
    let Some(first) = equal.next() else { return false };
    equal.any(|other| !alike(first, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(values: impl IntoIterator<Item = f64>) -> Vec<(f64, u32)> {
        values.into_iter().zip(0..).collect()
    }

    /// From NumPy 1.24: `np.argpartition(values, k - 1)[:k]`.
    #[test]
    fn of_equally_near_points_those_of_numpy_1_are_taken() {
        for (k, expected) in CHOSEN {
            let mut points = numbered((0..40).map(|i| f64::from(i * 7 % 5)));
            assert_eq!(nearest(&mut points, k), k);
            let chosen: Vec<u32> = points[..k].iter().map(|(_, at)| *at).collect();
            assert_eq!(chosen, expected, "{k} nearest");
        }
    }

    /// From NumPy 1.24, as above. Of these numbers the median of three leaves out two a step.
    #[test]
    fn numbers_made_to_be_slow_are_chosen_by_medians_of_medians() {
        let halves = SLOW.iter().copied().chain(0..50).chain([0]);
        let mut points = numbered(halves.map(f64::from));
        assert_eq!(nearest(&mut points, 98), 98);
        let chosen: Vec<u32> = points[..98].iter().map(|(_, at)| *at).collect();
        assert_eq!(chosen, CHOSEN_OF_SLOW);
    }

    #[test]
    fn nan_is_last_and_k_may_be_all() {
        let mut points = numbered([f64::NAN, 2.0, f64::NAN, 1.0, 3.0, 0.5]);
        assert_eq!(nearest(&mut points, 4), 4);
        assert!(points[..4].iter().all(|(far, _)| !far.is_nan()));
        assert_eq!(nearest(&mut points, 9), 6);
        assert_eq!(nearest(&mut [], 3), 0);
    }

    #[test]
    fn only_ties_across_the_border_that_matter_are_seen() {
        let mut points = numbered([2.0, 1.0, 2.0, 3.0]);
        let k = nearest(&mut points, 2);
        assert!(is_tie(&points, k, |a, b| a == b));
        assert!(!is_tie(&points, k, |_, _| true));
        let k = nearest(&mut points, 3);
        assert!(!is_tie(&points, k, |a, b| a == b));
    }

    const CHOSEN: [(usize, &[u32]); 7] = [
        (1, &[0]),
        (3, &[0, 5, 10]),
        (4, &[15, 10, 35, 5]),
        (5, &[15, 10, 35, 5, 30]),
        (9, &[35, 5, 10, 15, 30, 0, 20, 25, 28]),
        (17, &[0, 25, 28, 23, 20, 5, 18, 35, 30, 15, 10, 13, 33, 3, 38, 8, 36]),
        (
            39,
            &[
                26, 0, 38, 3, 36, 5, 6, 35, 8, 34, 10, 11, 33, 13, 31, 15, 16, 30, 18, 1, 20, 21,
                29, 23, 28, 25, 19, 9, 39, 2, 37, 14, 4, 24, 27, 7, 17, 32, 22,
            ],
        ),
    ];

    const SLOW: [u8; 49] = [
        1, 48, 2, 26, 3, 38, 4, 27, 5, 44, 6, 28, 7, 39, 8, 29, 9, 47, 10, 30, 11, 40, 12, 31, 13,
        45, 14, 32, 15, 41, 16, 33, 17, 49, 18, 34, 19, 42, 20, 35, 21, 46, 22, 36, 23, 43, 24, 37,
        25,
    ];
    const CHOSEN_OF_SLOW: [u32; 98] = [
        49, 99, 50, 0, 51, 2, 52, 4, 53, 6, 54, 8, 55, 10, 56, 12, 57, 14, 58, 16, 59, 18, 60, 20,
        65, 34, 63, 67, 72, 44, 11, 77, 24, 22, 38, 81, 80, 79, 78, 36, 40, 42, 76, 28, 75, 46, 74,
        73, 48, 71, 3, 7, 70, 30, 69, 15, 32, 68, 19, 26, 61, 62, 64, 66, 23, 27, 37, 85, 87, 90,
        31, 82, 43, 5, 93, 45, 47, 35, 91, 13, 39, 92, 83, 84, 86, 21, 29, 88, 89, 9, 94, 25, 41,
        17, 95, 96, 1, 97,
    ];
}
