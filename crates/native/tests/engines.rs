//! Every engine against the plain walk, bit for bit, on ensembles and rows made to be awkward.

#![allow(missing_docs)]

mod random_ensembles;

use pelton_native::trees::{
    CategoryCast, Choice, Compare, Engine, Ensemble, Forest, Input, Missing, Node, NumericSplit,
    Outputs, Rows, Scratch, Sum, Tree,
};
use proptest::prelude::*;
use random_ensembles::{Random, Shape, ensemble, shape, value};

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
