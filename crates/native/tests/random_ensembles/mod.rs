//! Ensembles and rows made at random, with all that libraries and formats get wrong.

use pelton_native::trees::{
    CategoryCast, CategorySplit, Compare, Ensemble, Input, Missing, Node, NumericSplit, Outputs,
    Sum, Tree,
};
use proptest::prelude::*;

/// A small generator, so that a failing case is its seed and its shape.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Values libraries and formats get wrong.
const AWKWARD: [f64; 21] = [
    0.0,
    -0.0,
    1e-35,
    -1e-35,
    1.000_000_001e-35,
    // Next to LightGBM's bound of zero, and rounded to it as f32.
    1.000_000_018_003e-35,
    f32::MIN_POSITIVE as f64,
    1e-45,
    -1e-45,
    5e-324,
    -5e-324,
    f32::MAX as f64,
    1e300,
    -1e300,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1.0,
    -1.0,
    16_777_217.0,
    4_294_967_296.0,
];

#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) n_features: usize,
    pub(crate) n_trees: usize,
    pub(crate) most_depth: usize,
    /// Percent of inner nodes that end early.
    pub(crate) leaves: usize,
    pub(crate) n_outputs: usize,
    pub(crate) all_outputs: bool,
    pub(crate) input: Input,
    pub(crate) sum: Sum,
    pub(crate) cast: Option<CategoryCast>,
    pub(crate) compare: Compare,
    pub(crate) missing: usize,
    pub(crate) divisor: bool,
    pub(crate) n_rows: usize,
    pub(crate) f32_rows: bool,
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let trees = (any::<u64>(), 1..40_usize, 0..40_usize, 0..13_usize, 0..60_usize, 1..5_usize);
    let kinds = (
        any::<bool>(),
        prop_oneof![Just(Input::F32), Just(Input::F64)],
        prop_oneof![Just(Sum::F32), Just(Sum::F64)],
        prop_oneof![
            2 => Just(None),
            1 => Just(Some(CategoryCast::XGBoost)),
            1 => Just(Some(CategoryCast::LightGbm)),
            1 => Just(Some(CategoryCast::HistGradientBoosting)),
        ],
        prop_oneof![Just(Compare::LessOrEqual), Just(Compare::Less)],
    );
    (trees, kinds, 0..6_usize, any::<bool>(), 1..=200_usize, any::<bool>()).prop_map(
        |(trees, kinds, missing, divisor, n_rows, f32_rows)| {
            let (seed, n_features, n_trees, most_depth, leaves, n_outputs) = trees;
            let (all_outputs, input, sum, cast, compare) = kinds;
            Shape {
                seed,
                n_features,
                n_trees,
                most_depth,
                leaves,
                n_outputs,
                all_outputs,
                input,
                sum,
                cast,
                compare,
                missing,
                divisor,
                n_rows,
                f32_rows,
            }
        },
    )
}

fn threshold(random: &mut Random, grid: &[f64]) -> f64 {
    if random.chance(10) { random.pick(&AWKWARD) } else { random.pick(grid) }
}

/// An ensemble of this shape, whose thresholds are mostly of the grid.
pub(crate) fn ensemble(shape: &Shape, random: &mut Random, grid: &[f64]) -> Ensemble {
    Ensemble {
        n_features: shape.n_features,
        n_outputs: shape.n_outputs,
        input: shape.input,
        sum: shape.sum,
        trees: (0..shape.n_trees).map(|number| tree(shape, number, random, grid)).collect(),
        initial: (0..shape.n_outputs).map(|_| random.unit()).collect(),
        divisor: shape.divisor.then_some(shape.n_trees.max(1) as f64),
        category_cast: shape.cast.unwrap_or(CategoryCast::LightGbm),
    }
}

fn tree(shape: &Shape, number: usize, random: &mut Random, grid: &[f64]) -> Tree {
    let (width, outputs) = if shape.all_outputs {
        (shape.n_outputs, Outputs::All)
    } else {
        (1, Outputs::One((number % shape.n_outputs) as u32))
    };
    let mut tree = Tree { nodes: vec![Node::Leaf(0)], leaf_values: Vec::new(), outputs };
    let mut open = vec![(0, 0)];
    while let Some((at, depth)) = open.pop() {
        let leaf = depth >= shape.most_depth || random.chance(shape.leaves);
        if leaf || tree.nodes.len() > 600 {
            let leaf = tree.leaf_values.len() / width;
            tree.nodes[at] = Node::Leaf(leaf as u32);
            tree.leaf_values.extend((0..width).map(|_| random.unit() - 0.4));
            continue;
        }
        let left = tree.nodes.len() as u32;
        tree.nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
        open.extend([(left as usize, depth + 1), (left as usize + 1, depth + 1)]);
        let children = if random.chance(30) { (left + 1, left) } else { (left, left + 1) };
        tree.nodes[at] = split(shape, children, random, grid);
    }
    tree
}

fn split(shape: &Shape, (left, right): (u32, u32), random: &mut Random, grid: &[f64]) -> Node {
    let feature = random.below(shape.n_features) as u32;
    if shape.cast.is_some() && feature.is_multiple_of(3) {
        let mut categories: Vec<u32> =
            (0..random.below(9)).map(|_| random.below(40) as u32).collect();
        if random.chance(5) {
            categories.push(random.pick(&[255, 256, 70_000, u32::MAX]));
        }
        categories.sort_unstable();
        let (listed_left, missing_left) = (random.chance(50), random.chance(50));
        return Node::Category(CategorySplit {
            feature,
            categories,
            listed_left,
            missing_left,
            left,
            right,
        });
    }
    let threshold = threshold(random, grid);
    let missing = missing(shape, random);
    Node::Numeric(NumericSplit { feature, threshold, compare: shape.compare, missing, left, right })
}

fn missing(shape: &Shape, random: &mut Random) -> Missing {
    use Missing::{NanAsZero, NanLeft, NanRight, ZeroLeft, ZeroRight};
    match shape.missing {
        0 => NanLeft,
        1 => NanRight,
        2 => NanAsZero,
        3 => random.pick(&[NanLeft, NanRight]),
        4 => random.pick(&[ZeroLeft, ZeroRight]),
        _ => random.pick(&[NanLeft, NanRight, NanAsZero, ZeroLeft, ZeroRight]),
    }
}

/// Thresholds, their neighbours in both precisions, missing and awkward values, odd categories.
pub(crate) fn value(random: &mut Random, grid: &[f64], category: bool) -> f64 {
    match random.below(if category { 14 } else { 9 }) {
        0 => f64::NAN,
        1 => random.pick(&AWKWARD),
        2 => random.pick(grid).next_up(),
        3 => random.pick(grid).next_down(),
        4 => f64::from((random.pick(grid) as f32).next_up()),
        5 => f64::from((random.pick(grid) as f32).next_down()),
        6 => f64::from(random.pick(grid) as f32),
        7 => random.pick(grid),
        8 => 8.0 * random.unit() - 4.0,
        9 => random.unit() * 300.0 - 20.0,
        _ => random.below(42) as f64,
    }
}
