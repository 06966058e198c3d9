//! `MLPClassifier` and `MLPRegressor`.
//!
//! Source: `sklearn.neural_network._multilayer_perceptron`, `_base` (1.2 to 1.9): each layer is X * W,
//! then + b, then the activation, all in f32 where rows and weights are, else in f64. The products
//! are BLAS's, so Python varies in the last bits.

use crate::data::{Csr, Data, Finite, Labels, Pool, Real, View, check_finite, numeric};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::{self, Affine, Functions, Rows, expit_all, relu, softmax_rows};
use crate::reader::{Fitted, Readers, Refusal};
use pelton_pickle::Value;

use super::dense::{best, both_classes, check_sparse, second_where, wide};

pub(super) const READERS: Readers =
    &[("sklearn", "MLPClassifier", read_classifier), ("sklearn", "MLPRegressor", read_regressor)];

/// Rows that go through the whole net before the next ones do, so that they stay in the cache.
const ROWS: usize = 96;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activation {
    Identity,
    Logistic,
    Tanh,
    Relu,
    Softmax,
    Exp,
}

/// The layers, in the type they were fitted in and in f64.
struct Net {
    features: usize,
    outputs: usize,
    wide: Layers<f64>,
    single: Option<Layers<f32>>,
}

struct Layers<T> {
    affine: Vec<Affine<T>>,
    hidden: Activation,
    last: Activation,
    /// Values of the widest layer in a row.
    widest: usize,
}

struct Classifier {
    net: Net,
    labels: Vec<Labels>,
    /// `classes_`; for a multilabel net the numbers of its labels.
    classes: Labels,
    /// Whether any number of the labels can be true of a row.
    multilabel: bool,
}

struct Regressor {
    net: Net,
}

fn read_net(fitted: &Fitted<'_>) -> Result<Net, Refusal> {
    let activation = |name: &str| {
        Ok(match fitted.text(name)? {
            "identity" => Activation::Identity,
            "logistic" => Activation::Logistic,
            "tanh" => Activation::Tanh,
            "relu" => Activation::Relu,
            "softmax" => Activation::Softmax,
            "exp" => Activation::Exp,
            other => return Err(fitted.refuse_option(format!("{name}='{other}'"))),
        })
    };
    let (hidden, last) = (activation("activation")?, activation("out_activation_")?);
    let items = |name: &str| {
        let value = fitted.attr(name)?;
        let items = value.items().map_err(|error| fitted.refuse(format!("{name}: {error}")))?;
        Ok(items.collect::<Vec<_>>())
    };
    let (weights, shifts) = (items("coefs_")?, items("intercepts_")?);
    if weights.is_empty() || weights.len() != shifts.len() {
        return Err(fitted.refuse("the net's weights and intercepts are of different layers"));
    }
    let mut single = true;
    let mut layers: Vec<(usize, usize, Vec<f64>, Vec<f64>)> = Vec::new();
    for (weights, shifts) in weights.into_iter().zip(shifts) {
        let array = fitted.wanted("coefs_", weights.as_array(), "a list of matrices")?;
        let &[inputs, outputs] = array.shape() else {
            return Err(fitted.refuse("the weights of a layer are no matrix"));
        };
        single &= array.dtype().size() == 4;
        let values = fitted.numbers_of("coefs_", weights)?;
        let shifts = fitted.numbers_of("intercepts_", shifts)?;
        let fed = layers.last().is_none_or(|(_, before, ..)| *before == inputs);
        if !fed || shifts.len() != outputs || inputs == 0 || outputs == 0 {
            return Err(fitted.refuse("the layers of the net do not fit together"));
        }
        layers.push((inputs, outputs, values, shifts));
    }
    let make_single = || Layers::<f32>::new(&layers, hidden, last, |value| value as f32);
    Ok(Net {
        features: layers[0].0,
        outputs: layers[layers.len() - 1].1,
        single: single.then(make_single),
        wide: Layers::new(&layers, hidden, last, |value| value),
    })
}

impl<T: math::Real + Functions + Real> Layers<T> {
    fn new(
        layers: &[(usize, usize, Vec<f64>, Vec<f64>)],
        hidden: Activation,
        last: Activation,
        real: impl Fn(f64) -> T,
    ) -> Self {
        let widest = layers.iter().map(|(_, outputs, ..)| *outputs).max().unwrap_or_default();
        let layers = layers.iter().map(|(inputs, outputs, weights, shifts)| {
            let shifts = shifts.iter().map(|shift| real(*shift)).collect();
            Affine::new(*inputs, shifts, |i, j| real(weights[i * outputs + j]))
        });
        Self { affine: layers.collect(), hidden, last, widest }
    }

    /// The last layer's values of each row.
    fn forward(&self, x: View<'_, T>, pool: &mut Pool) -> Result<Vec<T>, Rejected> {
        self.run(x.rows(), pool, |from, to, first, rectify, out| {
            let x = x.slice_rows(from, to);
            if first.apply_then(x.as_rows(), rectify, out) {
                return Ok(());
            }
            check_finite(T::numbers(x), Finite::Only)
        })
    }

    /// `feed` writes what the first layer makes of some of the rows, rectified or not.
    fn run(
        &self,
        rows: usize,
        pool: &mut Pool,
        feed: impl Fn(usize, usize, &Affine<T>, bool, &mut [T]) -> Result<(), Rejected>,
    ) -> Result<Vec<T>, Rejected> {
        let n_layers = self.affine.len();
        let outputs = self.affine[n_layers - 1].outputs();
        let mut out = T::take(pool, rows * outputs);
        let room = rows.min(ROWS) * self.widest;
        let (mut values, mut next) = (T::take(pool, room), T::take(pool, room));
        for from in (0..rows).step_by(ROWS) {
            let to = (from + ROWS).min(rows);
            let count = to - from;
            let mut width = 0;
            for (at, layer) in self.affine.iter().enumerate() {
                let hidden = at + 1 < n_layers;
                let activation = if hidden { self.hidden } else { self.last };
                let made = if hidden {
                    &mut next[..count * layer.outputs()]
                } else {
                    &mut out[from * outputs..to * outputs]
                };
                let rectify = activation == Activation::Relu;
                if at == 0 {
                    feed(from, to, layer, rectify, made)?;
                } else {
                    layer.apply_then(Rows::new(&values[..count * width], count), rectify, made);
                }
                width = layer.outputs();
                activate(activation, made, width);
                std::mem::swap(&mut values, &mut next);
            }
        }
        T::give(pool, values);
        T::give(pool, next);
        Ok(out)
    }
}

/// Layers with ReLU have rectified their values already.
fn activate<T: math::Real + Functions>(activation: Activation, values: &mut [T], width: usize) {
    match activation {
        Activation::Identity | Activation::Relu => {}
        Activation::Logistic => expit_all(values),
        Activation::Tanh => T::tanh_all(values),
        Activation::Exp => T::exp_all(values),
        Activation::Softmax => softmax_rows(values, width),
    }
}

impl Net {
    fn forward(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        match (x, &self.single) {
            (Data::F32(view), Some(single)) => single.forward(*view, pool).map(Block::F32),
            (Data::F32(_), None) => wide(x, Finite::Only, pool, |view, pool| {
                self.wide.forward(view, pool).map(Block::F64)
            }),
            (Data::F64(view), _) => self.wide.forward(*view, pool).map(Block::F64),
            (Data::Sparse(rows), single) => {
                check_sparse(*rows)?;
                if let (Some(_), true) = (single, rows.is_single()) {
                    return numeric(x, pool, |x, pool| self.forward(&x.data(), pool));
                }
                self.forward_sparse(*rows, pool).map(Block::F64)
            }
            (Data::Columns(_), _) => numeric(x, pool, |x, pool| self.forward(&x.data(), pool)),
        }
    }

    fn forward_sparse(&self, rows: Csr<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        self.wide.run(rows.rows(), pool, |from, to, first, rectify, out| {
            for (row, out) in (from..to).zip(out.chunks_exact_mut(first.outputs())) {
                let (columns, values) = rows.row(row);
                first.apply_sparse(columns, values, out);
            }
            if rectify {
                out.iter_mut().for_each(|value| *value = relu(*value));
            }
            Ok(())
        })
    }
}

fn read_classifier(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let net = read_net(fitted)?;
    let binarizer = fitted.attr("_label_binarizer")?;
    let multilabel = binarizer
        .get_attr("y_type_")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.starts_with("multilabel"));
    let labels = if multilabel {
        vec![Labels::integers([0, 1]); net.outputs]
    } else {
        vec![fitted.labels("classes_")?]
    };
    let classes = if multilabel { net.outputs } else { labels[0].len() };
    let expected = if !multilabel && classes == 2 { 1 } else { classes };
    if net.outputs != expected || classes == 0 {
        return Err(
            fitted.refuse(format!("the net has {} outputs for {classes} classes", net.outputs))
        );
    }
    let known = fitted.labels("classes_")?;
    Ok(Box::new(Classifier { net, labels, classes: known, multilabel }))
}

fn read_regressor(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor { net: read_net(fitted)? }))
}

impl Classifier {
    fn predict<T: math::Real + Real>(&self, values: &[T], pool: &mut Pool) -> Predicted {
        if self.multilabel || self.net.outputs == 1 {
            second_where(values, |value| value > T::of(0.5), pool)
        } else {
            best(values, self.net.outputs, pool)
        }
    }

    fn probabilities<T: math::Real + Real>(&self, values: Vec<T>, pool: &mut Pool) -> Vec<T> {
        if self.net.outputs != 1 {
            return values;
        }
        let both = both_classes(values.iter().copied(), pool);
        T::give(pool, values);
        both
    }
}

impl Estimator for Classifier {
    fn outputs(&self) -> Vec<Output> {
        let several = if self.multilabel { Shape::Matrix(self.net.outputs) } else { Shape::Vector };
        vec![
            Output::new(Method::Predict, several),
            Output::new(Method::PredictProba, Shape::Matrix(self.net.outputs.max(2))),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.net.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let values = self.net.forward(x, pool)?;
        if asked.has(Method::Predict) {
            answers.predict = Some(match &values {
                Block::F32(values) => self.predict(values, pool),
                Block::F64(values) => self.predict(values, pool),
                _ => unreachable!("a net gives numbers"),
            });
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(match values {
                Block::F32(values) => Block::F32(self.probabilities(values, pool)),
                Block::F64(values) => Block::F64(self.probabilities(values, pool)),
                _ => unreachable!("a net gives numbers"),
            });
        } else {
            values.recycle(pool);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn classes(&self) -> Option<&Labels> {
        Some(&self.classes)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Estimator for Regressor {
    fn outputs(&self) -> Vec<Output> {
        let shape =
            if self.net.outputs == 1 { Shape::Vector } else { Shape::Matrix(self.net.outputs) };
        vec![Output::new(Method::Predict, shape)]
    }

    fn features(&self) -> Option<usize> {
        Some(self.net.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let values = self.net.forward(x, pool)?;
        if asked.has(Method::Predict) {
            answers.predict = Some(Predicted::Numbers(values));
        } else {
            values.recycle(pool);
        }
        Ok(())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
