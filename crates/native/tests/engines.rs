//! Every engine against the plain walk, bit for bit, on ensembles and rows made to be awkward.

#![allow(missing_docs)]

use pelton_native::trees::{
    CategoryCast, CategorySplit, Choice, Compare, Engine, Ensemble, Forest, Input, Missing, Node,
    NumericSplit, Outputs, Rows, Scratch, Sum, Tree,
};
use proptest::prelude::*;

/// A small generator, so that a failing case is its seed and its shape.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn unit(&mut self) -> f64 {
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
struct Shape {
    seed: u64,
    n_features: usize,
    n_trees: usize,
    most_depth: usize,
    /// Percent of inner nodes that end early.
    leaves: usize,
    n_outputs: usize,
    all_outputs: bool,
    input: Input,
    sum: Sum,
    cast: Option<CategoryCast>,
    compare: Compare,
    missing: usize,
    divisor: bool,
    n_rows: usize,
    f32_rows: bool,
}

fn shape() -> impl Strategy<Value = Shape> {
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

fn ensemble(shape: &Shape, random: &mut Random, grid: &[f64]) -> Ensemble {
    let width = if shape.all_outputs { shape.n_outputs } else { 1 };
    let trees = (0..shape.n_trees).map(|number| {
        let mut tree = Tree {
            nodes: vec![Node::Leaf(0)],
            leaf_values: Vec::new(),
            outputs: if shape.all_outputs {
                Outputs::All
            } else {
                Outputs::One((number % shape.n_outputs) as u32)
            },
        };
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
            let (mut left, mut right) = (left, left + 1);
            if random.chance(30) {
                std::mem::swap(&mut left, &mut right);
            }
            let feature = random.below(shape.n_features) as u32;
            tree.nodes[at] = if shape.cast.is_some() && feature.is_multiple_of(3) {
                let mut categories: Vec<u32> =
                    (0..random.below(9)).map(|_| random.below(40) as u32).collect();
                if random.chance(5) {
                    categories.push(random.pick(&[255, 256, 70_000, u32::MAX]));
                }
                categories.sort_unstable();
                Node::Category(CategorySplit {
                    feature,
                    categories,
                    listed_left: random.chance(50),
                    missing_left: random.chance(50),
                    left,
                    right,
                })
            } else {
                Node::Numeric(NumericSplit {
                    feature,
                    threshold: threshold(random, grid),
                    compare: shape.compare,
                    missing: match shape.missing {
                        0 => Missing::NanLeft,
                        1 => Missing::NanRight,
                        2 => Missing::NanAsZero,
                        3 => random.pick(&[Missing::NanLeft, Missing::NanRight]),
                        4 => random.pick(&[Missing::ZeroLeft, Missing::ZeroRight]),
                        _ => random.pick(&[
                            Missing::NanLeft,
                            Missing::NanRight,
                            Missing::NanAsZero,
                            Missing::ZeroLeft,
                            Missing::ZeroRight,
                        ]),
                    },
                    left,
                    right,
                })
            };
        }
        tree
    });
    Ensemble {
        n_features: shape.n_features,
        n_outputs: shape.n_outputs,
        input: shape.input,
        sum: shape.sum,
        trees: trees.collect(),
        initial: (0..shape.n_outputs).map(|_| random.unit()).collect(),
        divisor: shape.divisor.then_some(shape.n_trees.max(1) as f64),
        category_cast: shape.cast.unwrap_or(CategoryCast::LightGbm),
    }
}

/// Thresholds, their neighbours in both precisions, missing and awkward values, odd categories.
fn value(random: &mut Random, grid: &[f64], category: bool) -> f64 {
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

fn assert_same(
    engine: Engine,
    what: &str,
    got: &[f64],
    wanted: &[f64],
) -> Result<(), TestCaseError> {
    for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        prop_assert_eq!(
            got.to_bits(),
            wanted.to_bits(),
            "{:?} {}: value {} is {} and should be {}",
            engine,
            what,
            i,
            got,
            wanted
        );
    }
    Ok(())
}

fn check(shape: &Shape) -> Result<Vec<Engine>, TestCaseError> {
    let mut random = Random(shape.seed);
    // A grid of its own per case keeps most cases within 255 cuts a feature, and some beyond.
    let n_grid = random.pick(&[5, 60, 200, 2000]);
    let grid: Vec<f64> = (0..n_grid).map(|_| 6.0 * random.unit() - 3.0).collect();
    let ensemble = ensemble(shape, &mut random, &grid);
    let category = shape.cast.is_some();
    let values: Vec<f64> = (0..shape.n_rows * shape.n_features)
        .map(|i| value(&mut random, &grid, category && (i % shape.n_features).is_multiple_of(3)))
        .collect();
    let narrow: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    let rows = |first: usize, n: usize| {
        let range = first * shape.n_features..(first + n) * shape.n_features;
        if shape.f32_rows {
            Rows::f32(&narrow[range], shape.n_features, n)
        } else {
            Rows::f64(&values[range], shape.n_features, n)
        }
    };
    let forest = Forest::with_choice(ensemble, Choice::Estimated).expect("the ensemble is valid");
    let mut scratch = Scratch::default();
    let k = shape.n_outputs;
    let mut wanted = vec![0.0; shape.n_rows * k];
    forest.predict_with(Engine::Reference, rows(0, shape.n_rows), &mut wanted, &mut scratch);
    let mut out = vec![f64::NAN; shape.n_rows * k];
    forest.predict(rows(0, shape.n_rows), &mut out, &mut scratch);
    assert_same(forest.engine_for(shape.n_rows), "as chosen", &out, &wanted)?;
    for engine in forest.engines() {
        out.fill(f64::NAN);
        forest.predict_with(engine, rows(0, shape.n_rows), &mut out, &mut scratch);
        assert_same(engine, "all rows", &out, &wanted)?;
        for row in (0..shape.n_rows).step_by(7) {
            let single = &mut out[..k];
            forest.predict_with(engine, rows(row, 1), single, &mut scratch);
            assert_same(engine, "one row", single, &wanted[row * k..][..k])?;
        }
    }
    Ok(forest.engines())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_engine_answers_with_the_bits_of_the_plain_walk(shape in shape()) {
        check(&shape)?;
    }

    #[test]
    fn histogram_boosting_shapes_run_on_block_engines(
        seed in any::<u64>(), depth in 1..=8_usize, n_trees in 1..30_usize, missing in 0..4_usize,
        n_rows in 1..=200_usize, cast in any::<bool>(),
    ) {
        let shape = Shape {
            seed, n_features: 7, n_trees, most_depth: depth, leaves: 8, n_outputs: 1,
            all_outputs: false, input: Input::F64, sum: Sum::F64,
            cast: cast.then_some(CategoryCast::HistGradientBoosting),
            compare: Compare::LessOrEqual, missing, divisor: false, n_rows, f32_rows: false,
        };
        check(&shape)?;
    }
}

#[test]
fn wide_models_whose_nodes_do_not_fit_eight_bytes_are_answered_too() {
    let mut random = Random(11);
    let shape = Shape {
        seed: 3,
        n_features: 70_000,
        n_trees: 400,
        most_depth: 9,
        leaves: 0,
        n_outputs: 1,
        all_outputs: false,
        input: Input::F32,
        sum: Sum::F64,
        cast: None,
        compare: Compare::LessOrEqual,
        missing: 3,
        divisor: false,
        n_rows: 18,
        f32_rows: true,
    };
    let grid: Vec<f64> = (0..50).map(|_| random.unit()).collect();
    let ensemble = ensemble(&shape, &mut random, &grid);
    let values: Vec<f32> =
        (0..shape.n_rows * shape.n_features).map(|_| random.unit() as f32).collect();
    let forest = Forest::with_choice(ensemble, Choice::Estimated).expect("the ensemble is valid");
    let rows = Rows::f32(&values, shape.n_features, shape.n_rows);
    let (mut out, mut wanted) = (vec![0.0; shape.n_rows], vec![0.0; shape.n_rows]);
    let mut scratch = Scratch::default();
    forest.predict_with(Engine::Reference, rows, &mut wanted, &mut scratch);
    forest.predict_with(Engine::Walk, rows, &mut out, &mut scratch);
    assert_eq!(out, wanted);
}

#[test]
fn measuring_and_estimating_give_the_same_bits() {
    let mut random = Random(5);
    let grid: Vec<f64> = (0..100).map(|_| random.unit()).collect();
    let shape = Shape {
        seed: 1,
        n_features: 5,
        n_trees: 50,
        most_depth: 6,
        leaves: 5,
        n_outputs: 3,
        all_outputs: false,
        input: Input::F32,
        sum: Sum::F32,
        cast: None,
        compare: Compare::Less,
        missing: 3,
        divisor: false,
        n_rows: 150,
        f32_rows: false,
    };
    let ensemble = ensemble(&shape, &mut random, &grid);
    let values: Vec<f64> = (0..750).map(|_| random.unit()).collect();
    let mut answers = Vec::new();
    for choice in [Choice::Measured, Choice::Estimated] {
        let forest = Forest::with_choice(ensemble.clone(), choice).expect("the ensemble is valid");
        let mut out = vec![0.0; 450];
        forest.predict(Rows::f64(&values, 5, 150), &mut out, &mut Scratch::default());
        answers.push(out);
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn this_cpu_gets_the_engines_written_for_it() {
    let split = |left, right| {
        Node::Numeric(NumericSplit {
            feature: 0,
            threshold: 0.5,
            compare: Compare::LessOrEqual,
            missing: Missing::NanLeft,
            left,
            right,
        })
    };
    let ensemble = Ensemble {
        n_features: 1,
        n_outputs: 1,
        input: Input::F64,
        sum: Sum::F64,
        initial: vec![0.0],
        divisor: None,
        category_cast: CategoryCast::LightGbm,
        trees: vec![Tree {
            nodes: vec![split(1, 2), Node::Leaf(0), Node::Leaf(1)],
            leaf_values: vec![1.0, 2.0],
            outputs: Outputs::One(0),
        }],
    };
    let engines = Forest::new(ensemble).expect("valid").engines();
    let mut wanted = vec![Engine::Reference, Engine::Walk];
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2");
        let avx512 = is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi");
        for (there, engine) in [
            (avx2, Engine::SlicedAvx2),
            (avx512, Engine::SlicedAvx512),
            (avx2, Engine::ReachAvx2),
            (avx512, Engine::ReachAvx512),
        ] {
            wanted.extend(there.then_some(engine));
        }
    }
    assert_eq!(engines, wanted);
}
