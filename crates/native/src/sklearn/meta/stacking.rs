//! `StackingClassifier` and `StackingRegressor`: the parts' answers, and perhaps the rows themselves,
//! are the columns of a last estimator.
//!
//! Source: `sklearn.ensemble._stacking` (1.2 to 1.9).

use super::inner::{
    Scores, dtype_of_single, features, has_numeric_labels, is_single, items, judge_open, narrowed,
    promise, read_list, scores, shape, unwrap,
};
use pelton_core::DType;

use crate::data::{Data, Form, Labels, Matrix, Pool, Slot, View, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape, Transformer,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers =
    &[("sklearn", "StackingClassifier", read), ("sklearn", "StackingRegressor", read)];

struct Stacking {
    parts: Vec<Part>,
    estimators: Vec<Box<dyn Estimator>>,
    last: Box<dyn Estimator>,
    labels: Vec<Labels>,
    passthrough: Option<usize>,
    width: usize,
    /// The columns are labels that are integers, and numpy keeps them so.
    votes: bool,
    /// The columns are 32-bit floats whatever the rows are (XGBoost's), and numpy keeps them so.
    single: bool,
}

/// What is taken of a part's answer.
struct Part {
    method: Method,
    /// Columns of the answer that are left out in front: probabilities of two classes tell the same twice.
    skip: usize,
    width: usize,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let estimators = read_list(fitted, "estimators_")?;
    let last = unwrap(fitted, &["final_estimator_"])?;
    let classifies = fitted.class() == "StackingClassifier";
    let labels = if classifies { vec![fitted.labels("classes_")?] } else { Vec::new() };
    let methods = items(fitted, fitted.attr("stack_method_")?)?;
    if methods.len() != estimators.len() {
        return Err(fitted.refuse(format!("{} has not one method a part", fitted.class())));
    }
    let mut parts = Vec::new();
    for (estimator, method) in estimators.iter().zip(methods) {
        parts.push(part(fitted, &**estimator, method.as_str().unwrap_or_default(), &labels)?);
    }
    let passthrough = if fitted.flag("passthrough", false)? {
        let known = features(&estimators).or(fitted.features());
        Some(known.ok_or_else(|| fitted.refuse_option("passthrough of unknown columns"))?)
    } else {
        None
    };
    let width = parts.iter().map(|part| part.width).sum::<usize>() + passthrough.unwrap_or(0);
    if last.features().is_some_and(|taken| taken != width) {
        return Err(fitted.refuse(format!(
            "the parts of {} give {width} columns, its final estimator takes {}",
            fitted.class(),
            last.features().unwrap_or_default()
        )));
    }
    if let (Some(labels), [inner]) = (labels.first(), last.labels())
        && inner.len() > labels.len()
    {
        return Err(fitted.refuse("the final estimator knows more classes than the whole"));
    }
    let votes = passthrough.is_none()
        && parts.iter().zip(&estimators).all(|(part, estimator)| {
            part.method == Method::Predict && matches!(estimator.labels(), [Labels::Int { .. }])
        });
    let single = passthrough.is_none()
        && parts.iter().zip(&estimators).all(|(part, one)| is_single(&**one, part.method));
    Ok(Box::new(Stacking { parts, estimators, last, labels, passthrough, width, votes, single }))
}

fn part(
    fitted: &Fitted<'_>,
    estimator: &dyn Estimator,
    method: &str,
    labels: &[Labels],
) -> Result<Part, Refusal> {
    let method = Method::ALL.into_iter().find(|known| known.name() == method);
    let known = method.and_then(|method| Some((method, shape(estimator, method)?)));
    let Some((method, shape)) = known else {
        return Err(fitted.refuse_option("a stack_method_ that a part does not have"));
    };
    if method == Method::Predict && !has_numeric_labels(estimator) {
        return Err(fitted.refuse_option("parts fitted on labels of their own"));
    }
    let binary = labels.first().is_some_and(|labels| labels.len() == 2);
    let skip = match (&shape, method) {
        (Shape::Several(_), _) => return Err(fitted.refuse_option("several targets")),
        (Shape::Matrix(width), Method::PredictProba) if binary => usize::from(*width > 0),
        _ => 0,
    };
    Ok(Part { method, skip, width: shape.width() - skip })
}

impl Stacking {
    /// Lays the columns of the last estimator out; whether all of them are 32-bit floats.
    fn fill(&self, x: &Data<'_>, out: &mut Matrix<f64>, pool: &mut Pool) -> Result<bool, Rejected> {
        let mut start = 0;
        let mut single = self.passthrough.is_none() || x.form().numeric() == Form::F32;
        for (part, estimator) in self.parts.iter().zip(&self.estimators) {
            let answer: Scores = scores(&**estimator, part.method, x, pool)?;
            out.view_mut().for_each_row(|row, out| {
                let from = &answer.row(row)[part.skip..];
                out[start..start + part.width].copy_from_slice(from);
            });
            single &= answer.single;
            answer.give(pool);
            start += part.width;
        }
        if self.passthrough.is_some() {
            copy_into(x, out.slot().columns(start, self.width))?;
        }
        Ok(single)
    }
}

impl Estimator for Stacking {
    fn outputs(&self) -> Vec<Output> {
        let mut outputs: Vec<Output> = self.last.outputs();
        outputs.retain(|output| {
            matches!(
                output.method,
                Method::Predict | Method::PredictProba | Method::DecisionFunction
            )
        });
        if self.single {
            outputs
                .iter_mut()
                .for_each(|output| output.dtype = dtype_of_single(&*self.last, self.width, output));
        }
        let dtype = match (self.votes, self.single) {
            (true, _) => DType::Int64,
            (_, true) => DType::Fp32,
            _ => DType::Fp64,
        };
        let shape = Shape::Matrix(self.width);
        outputs.push(Output { method: Method::Transform, shape, dtype });
        outputs
    }

    fn features(&self) -> Option<usize> {
        features(&self.estimators)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mut stack = Matrix::<f64>::take(pool, x.rows(), self.width);
        let single = self.fill(x, &mut stack, pool)?;
        let mut inner = Methods::NONE;
        for method in [Method::Predict, Method::PredictProba, Method::DecisionFunction] {
            if asked.has(method) {
                inner = inner.with(method);
            }
        }
        let stack = if single {
            Block::F32(narrowed(stack.values, pool))
        } else {
            Block::F64(stack.values)
        };
        let data = match &stack {
            Block::F32(values) => Data::F32(View::new(values, x.rows(), self.width)),
            Block::F64(values) => Data::F64(View::new(values, x.rows(), self.width)),
            Block::I64(_) | Block::Text(_) => unreachable!("columns are floats"),
        };
        if inner != Methods::NONE {
            self.last.answer(&data, inner, answers, pool)?;
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(stack);
        } else {
            stack.recycle(pool);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(self)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        judge_open(columns, evidence);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn fed_sparse(&mut self) {
        self.estimators.iter_mut().for_each(|part| part.fed_sparse());
        if self.passthrough.is_some() {
            self.last.fed_sparse();
        }
    }

    fn promise(&self) -> Promise {
        promise(&self.estimators).max(self.last.promise())
    }
}

impl Transformer for Stacking {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, _input: Form) -> Form {
        if self.single { Form::F32 } else { Form::F64 }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let mut stack = Matrix::<f64>::take(pool, x.rows(), self.width);
        self.fill(x, &mut stack, pool)?;
        copy_into(&stack.data(), out)?;
        stack.give(pool);
        Ok(())
    }
}
