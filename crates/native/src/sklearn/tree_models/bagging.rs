//! `BaggingClassifier` and `BaggingRegressor`, and imbalanced-learn's that draw samples for each of their estimators.
//!
//! Source: `sklearn.ensemble._bagging` (1.2 to 1.9), `imblearn.ensemble` (0.10 to 0.14). Over trees the whole is one forest whose trees
//! look at their own columns; over anything else its parts are asked one by one.

use pelton_core::DType;

use super::forest::{class_tree, features, forest, number_tree};
use super::nodes::{FittedTree, allowed};
use super::subsets::{check_used, subsets, used, with_columns};
use super::sums::{add_up, greatest};
use crate::data::{Data, Finite, Labels, Numbers, Pool, numeric, rounded};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::meta::inner::{Scores, has, is_single, number, scores, shape};
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Sum};

pub(super) const READERS: Readers = &[
    ("sklearn", "BaggingClassifier", read),
    ("sklearn", "BaggingRegressor", read),
    ("imblearn", "BalancedBaggingClassifier", read),
    ("imblearn", "EasyEnsembleClassifier", read),
];

struct Bagging {
    kind: Kind,
    features: usize,
    /// One set, or none of a regressor.
    labels: Vec<Labels>,
    /// Values of a regressor's row.
    shape: Shape,
    /// Whether it is known to take numbers.
    numeric: bool,
    /// Whether its rows are sparse in Python.
    sparse: bool,
}

enum Kind {
    Trees { forest: Box<Forest>, used: Option<Vec<u32>>, finite: Finite },
    Parts(Vec<Part>),
}

struct Part {
    estimator: Box<dyn Estimator>,
    /// Its columns, where it does not take all of them in order.
    columns: Option<Vec<u32>>,
    /// Which class of the whole each of its own is.
    classes: Vec<usize>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let is_classifier = fitted.class() != "BaggingRegressor";
    let labels = if is_classifier { vec![fitted.labels("classes_")?] } else { Vec::new() };
    let features = features(fitted)?;
    let listed = fitted.attr("estimators_")?;
    let values: Vec<_> = listed.items().map_err(|error| fitted.refuse(error))?.collect();
    if values.is_empty() || labels.first().is_some_and(Labels::is_empty) {
        return Err(fitted.refuse(format!("{} has no estimators or no classes", fitted.class())));
    }
    let subsets = subsets(fitted, values.len(), features)?;
    if values.iter().all(|value| FittedTree::is_estimator(*value)) {
        return read_trees(fitted, &values, features, labels, subsets);
    }
    let mut parts = Vec::with_capacity(values.len());
    for (number, value) in values.into_iter().enumerate() {
        let estimator =
            fitted.inner(&format!("estimator {number} of {}", fitted.class()), value)?;
        let columns = subsets.as_ref().map(|subsets| subsets[number].clone());
        let taken = columns.as_ref().map_or(features, Vec::len);
        if estimator.features().is_some_and(|features| features != taken) {
            return Err(fitted.refuse(format!(
                "{} gives {taken} columns to an estimator of others",
                fitted.class()
            )));
        }
        let classes = match labels.first() {
            Some(labels) => classes_of(fitted, &*estimator, labels.len())?,
            None => Vec::new(),
        };
        parts.push(Part { estimator, columns, classes });
    }
    let wanted = if is_classifier { Some(Shape::Vector) } else { None };
    let shapes: Vec<_> =
        parts.iter().map(|part| shape(&*part.estimator, Method::Predict)).collect();
    let Some(first) =
        shapes[0].clone().filter(|first| shapes.iter().all(|s| s.as_ref() == Some(first)))
    else {
        return Err(fitted.refuse(format!("{} has parts that answer differently", fitted.class())));
    };
    if wanted.is_some_and(|wanted| wanted != first) {
        return Err(fitted.refuse_option("several targets"));
    }
    Ok(Box::new(Bagging {
        kind: Kind::Parts(parts),
        features,
        labels,
        shape: first,
        numeric: template_takes_numbers(fitted),
        sparse: false,
    }))
}

/// Whether the estimator that was copied for each part says that numbers are taken: it is kept since
/// 1.2, and one that is made of others says nothing.
pub(super) fn template_takes_numbers(fitted: &Fitted<'_>) -> bool {
    const TREES: [&str; 5] =
        ["RandomForest", "ExtraTrees", "GradientBoosting", "HistGradient", "Isolation"];
    const OTHERS: [&str; 5] =
        ["estimators", "estimator", "base_estimator", "steps", "transformer_list"];
    fitted.option("estimator_").is_some_and(|template| {
        template.class().is_some_and(|class| class.module.starts_with("sklearn."))
            && (template
                .class()
                .is_some_and(|class| TREES.iter().any(|t| class.name.starts_with(t)))
                || OTHERS.iter().all(|name| template.get_attr(name).is_none()))
    })
}

/// The encoded labels of a part: numbers of the whole's classes.
fn classes_of(
    fitted: &Fitted<'_>,
    part: &dyn Estimator,
    classes: usize,
) -> Result<Vec<usize>, Refusal> {
    let of_label = |labels: &Labels, at: usize| {
        number(labels, at).filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as usize)
    };
    let known = match part.labels() {
        [labels] => (0..labels.len()).map(|at| of_label(labels, at)).collect(),
        _ => None,
    };
    known.filter(|known: &Vec<usize>| known.iter().all(|class| *class < classes)).ok_or_else(|| {
        fitted.refuse(format!("{} has an estimator of other classes", fitted.class()))
    })
}

fn read_trees(
    fitted: &Fitted<'_>,
    values: &[pelton_pickle::Value<'_>],
    n_features: usize,
    labels: Vec<Labels>,
    subsets: Option<Vec<Vec<u32>>>,
) -> Result<Box<dyn Estimator>, Refusal> {
    let first = fitted.member(values[0]);
    let finite = allowed(&first, false);
    let targets = FittedTree::read(&first)?.targets();
    let n_outputs = labels.first().map_or(targets, Labels::len);
    let mut trees = Vec::with_capacity(values.len());
    for (number, value) in values.iter().enumerate() {
        let member = fitted.member(*value);
        let tree = FittedTree::read(&member)?;
        let columns = subsets.as_ref().map(|subsets| subsets[number].as_slice());
        trees.push(if labels.is_empty() {
            number_tree(fitted, &tree, columns, targets)?
        } else if member.labels("classes_")?.len() == n_outputs {
            class_tree(&member, &tree, columns, &[n_outputs], true)?
        } else {
            return Err(fitted.refuse_option("trees that have not seen all classes"));
        });
    }
    let divisor = Some(trees.len() as f64);
    let used = subsets.and_then(|subsets| used(&subsets, n_features));
    let forest = forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs,
            input: Input::F32,
            sum: Sum::F64,
            initial: vec![0.0; n_outputs],
            divisor,
            category_cast: CategoryCast::HistGradientBoosting,
            trees,
        },
    )?;
    let kind = Kind::Trees { forest: Box::new(forest), used, finite };
    let shape = if targets == 1 { Shape::Vector } else { Shape::Matrix(targets) };
    Ok(Box::new(Bagging {
        kind,
        features: n_features,
        labels,
        shape,
        numeric: template_takes_numbers(fitted),
        sparse: false,
    }))
}

impl Part {
    fn ask(&self, method: Method, x: Numbers<'_>, pool: &mut Pool) -> Result<Scores, Rejected> {
        let ask = |x: &Data<'_>, pool: &mut Pool| scores(&*self.estimator, method, x, pool);
        match &self.columns {
            Some(columns) => with_columns(x, columns, pool, ask),
            None => ask(&x.data(), pool),
        }
    }

    /// Adds the part's probabilities, or its vote where it has none.
    fn add_shares(
        &self,
        x: Numbers<'_>,
        classes: usize,
        out: &mut [f64],
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let method = Method::PredictProba;
        let votes = !has(&*self.estimator, method);
        let method = if votes { Method::Predict } else { method };
        let shares = self.ask(method, x, pool)?;
        for (at, out) in out.chunks_exact_mut(classes).enumerate() {
            let row = shares.row(at);
            if votes {
                out[row[0] as usize] += 1.0;
            } else {
                self.classes.iter().zip(row).for_each(|(class, share)| out[*class] += share);
            }
        }
        shares.give(pool);
        Ok(())
    }
}

impl Bagging {
    /// The type of means over the parts.
    fn told(&self, method: Method) -> DType {
        match &self.kind {
            Kind::Parts(parts) if parts.iter().all(|part| is_single(&*part.estimator, method)) => {
                DType::Fp32
            }
            _ => DType::Fp64,
        }
    }

    /// Means of a method over the parts.
    fn means(
        parts: &[Part],
        method: Method,
        x: Numbers<'_>,
        pool: &mut Pool,
    ) -> Result<Block, Rejected> {
        let mut sums: Option<Scores> = None;
        for part in parts {
            let one = part.ask(method, x, pool)?;
            match &mut sums {
                None => sums = Some(one),
                Some(sums) => {
                    sums.single &= one.single;
                    for (sum, value) in sums.values.iter_mut().zip(&one.values) {
                        *sum = rounded(*sum + value, sums.single);
                    }
                    one.give(pool);
                }
            }
        }
        let mut sums = sums.expect("bagging has a part");
        sums.values.iter_mut().for_each(|sum| *sum /= parts.len() as f64);
        Ok(sums.into_block(pool))
    }

    /// Mean probabilities of a classifier, mean numbers of a regressor.
    fn average(&self, x: Numbers<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        let parts = match &self.kind {
            Kind::Trees { forest, used, finite } => {
                check_used(x, used.as_deref(), *finite, pool)?;
                let mut out = pool.take_f64(x.rows() * forest.ensemble().n_outputs);
                add_up(forest, x, &mut out, pool);
                return Ok(Block::F64(out));
            }
            Kind::Parts(parts) => parts,
        };
        let Some(labels) = self.labels.first() else {
            return Self::means(parts, Method::Predict, x, pool);
        };
        let mut out = pool.take_f64(x.rows() * labels.len());
        out.fill(0.0);
        for part in parts {
            part.add_shares(x, labels.len(), &mut out, pool)?;
        }
        out.iter_mut().for_each(|sum| *sum /= parts.len() as f64);
        Ok(Block::F64(out))
    }

    fn answer_numbers(
        &self,
        x: Numbers<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let Some(labels) = self.labels.first() else {
            answers.predict = Some(Predicted::Numbers(self.average(x, pool)?));
            return Ok(());
        };
        if asked.has(Method::Predict) || asked.has(Method::PredictProba) {
            let shares = self.average(x, pool)?.into_f64(pool).expect("shares are numbers");
            if asked.has(Method::Predict) {
                answers.predict = Some(greatest(&shares, &[labels.len()], pool));
            }
            if asked.has(Method::PredictProba) {
                answers.predict_proba = Some(Block::F64(shares));
            } else {
                pool.give_f64(shares);
            }
        }
        if let (Kind::Parts(parts), true) = (&self.kind, asked.has(Method::DecisionFunction)) {
            let means = Self::means(parts, Method::DecisionFunction, x, pool)?;
            answers.decision_function = Some(means);
        }
        Ok(())
    }
}

impl Estimator for Bagging {
    fn fed_sparse(&mut self) {
        self.sparse = true;
        if let Kind::Parts(parts) = &mut self.kind {
            parts.iter_mut().for_each(|part| part.estimator.fed_sparse());
        }
    }

    fn outputs(&self) -> Vec<Output> {
        let Some(labels) = self.labels.first() else {
            let dtype = self.told(Method::Predict);
            return vec![Output { method: Method::Predict, shape: self.shape.clone(), dtype }];
        };
        let mut outputs = vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(labels.len())),
        ];
        if let Kind::Parts(parts) = &self.kind {
            let first = shape(&*parts[0].estimator, Method::DecisionFunction);
            let (method, dtype) = (Method::DecisionFunction, self.told(Method::DecisionFunction));
            outputs.extend(first.map(|shape| Output { method, shape, dtype }));
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        // Sparse rows have no gaps, whatever else trees let through.
        let sparse = self.sparse || matches!(x, Data::Sparse(_));
        numeric(x, pool, |x, pool| {
            if let (true, Kind::Trees { .. }) = (sparse, &self.kind) {
                check_used(x, None, Finite::OnlyAsF32, pool)?;
            }
            self.answer_numbers(x, asked, answers, pool)
        })
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_parts(columns, self.numeric);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn promise(&self) -> Promise {
        match &self.kind {
            Kind::Trees { .. } => Promise::Bits,
            Kind::Parts(parts) => {
                let promises = parts.iter().map(|part| part.estimator.promise());
                promises.max().unwrap_or(Promise::Bits)
            }
        }
    }
}
