//! What [`Forest::new`] refuses, and that it names the place.

#![allow(missing_docs)]
// Equal bits are the promise.
#![allow(clippy::float_cmp)]

use pelton_native::trees::{
    CategoryCast, Compare, Engine, Ensemble, Forest, Input, Missing, Node, NumericSplit, Outputs,
    Rows, Scratch, Sum, Tree,
};

fn split(feature: u32, threshold: f64, left: u32, right: u32) -> Node {
    let (compare, missing) = (Compare::LessOrEqual, Missing::NanLeft);
    Node::Numeric(NumericSplit { feature, threshold, compare, missing, left, right })
}

fn ensemble(nodes: Vec<Node>) -> Ensemble {
    Ensemble {
        n_features: 2,
        n_outputs: 1,
        input: Input::F64,
        sum: Sum::F64,
        initial: vec![0.0],
        divisor: None,
        category_cast: CategoryCast::LightGbm,
        trees: vec![Tree { nodes, leaf_values: vec![1.0, 2.0], outputs: Outputs::One(0) }],
    }
}

fn refusal(ensemble: Ensemble) -> String {
    Forest::new(ensemble).err().expect("the ensemble is broken").to_string()
}

#[test]
fn broken_trees_are_refused_by_name() {
    let (a, b) = (Node::Leaf(0), Node::Leaf(1));
    for (nodes, message) in [
        (vec![], "tree 0: no nodes"),
        (vec![split(2, 0.0, 1, 2), a.clone(), b.clone()], "tree 0: node 0: feature 2 of 2"),
        (vec![split(0, 0.0, 1, 3), a.clone(), b.clone()], "tree 0: node 0: child 3 of 3 nodes"),
        (vec![split(0, 0.0, 0, 1), a.clone()], "tree 0: node 0 has two parents"),
        (vec![split(0, 0.0, 1, 1), a.clone()], "tree 0: node 1 has two parents"),
        (vec![split(0, f64::NAN, 1, 2), a.clone(), b], "tree 0: node 0: the threshold is NaN"),
        (vec![split(0, 0.0, 1, 2), a, Node::Leaf(2)], "tree 0: node 2: leaf 2 has no value"),
    ] {
        assert_eq!(refusal(ensemble(nodes)), message);
    }
}

#[test]
fn broken_ensembles_are_refused_by_name() {
    let good = || ensemble(vec![Node::Leaf(0)]);
    let mut broken = good();
    broken.trees[0].outputs = Outputs::One(1);
    assert_eq!(refusal(broken), "tree 0: output 1 of 1");
    assert_eq!(refusal(Ensemble { initial: vec![], ..good() }), "0 initial values for 1 outputs");
    let message = refusal(Ensemble { divisor: Some(0.0), ..good() });
    assert_eq!(message, "the sum of the trees is to be divided by Some(0.0)");
}

#[test]
fn nodes_nobody_points_to_are_ignored() {
    let nodes = vec![split(0, 0.0, 1, 3), Node::Leaf(0), split(9, f64::NAN, 9, 9), Node::Leaf(1)];
    let forest = Forest::new(ensemble(nodes)).expect("the tree is whole without its pruned node");
    let mut out = [0.0; 2];
    forest.predict(Rows::f64(&[-1.0, 0.0, 1.0, 0.0], 2, 2), &mut out, &mut Scratch::default());
    assert_eq!(out, [1.0, 2.0]);
}

#[test]
fn no_rows_no_trees_and_no_features_are_answered() {
    let mut scratch = Scratch::default();
    let forest = Forest::new(ensemble(vec![Node::Leaf(0)])).expect("valid");
    forest.predict(Rows::f64(&[], 2, 0), &mut [], &mut scratch);
    let empty = Ensemble { n_features: 0, trees: vec![], initial: vec![0.25], ..ensemble(vec![]) };
    let forest = Forest::new(empty).expect("valid");
    let mut out = [0.0; 70];
    forest.predict(Rows::f32(&[], 0, 70), &mut out, &mut scratch);
    assert_eq!(out, [0.25; 70]);
}

#[test]
fn a_forest_without_its_described_trees_answers_the_same() {
    let nodes = || vec![split(0, 0.0, 1, 2), Node::Leaf(0), Node::Leaf(1)];
    let whole = Forest::new(ensemble(nodes())).expect("valid");
    let lean = Forest::new(ensemble(nodes())).expect("valid").without_reference();
    assert!(whole.engines().contains(&Engine::Reference));
    assert!(!lean.engines().contains(&Engine::Reference) && lean.ensemble().trees.is_empty());
    let rows: Vec<f64> = (0..300).map(|at| f64::from(at % 7) - 3.0).collect();
    let (mut by_whole, mut by_lean) = ([0.0; 150], [1.0; 150]);
    let mut scratch = Scratch::default();
    whole.predict(Rows::f64(&rows, 2, 150), &mut by_whole, &mut scratch);
    lean.predict(Rows::f64(&rows, 2, 150), &mut by_lean, &mut scratch);
    assert_eq!(by_whole, by_lean);
    let mut from = [10.0; 150];
    lean.predict_from(Rows::f64(&rows, 2, 150), &mut from, &mut scratch);
    assert!(from.iter().zip(by_whole).all(|(from, sum)| *from == 10.0 + sum));
}
