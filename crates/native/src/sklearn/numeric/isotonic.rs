//! `IsotonicRegression` as a model of its own: a number in, its place on a rising curve out.
//!
//! Source: `sklearn.isotonic` (0.18 to 1.9), `scipy.interpolate.interp1d`, `numpy.interp`.

use super::super::transforms::transformed;
use crate::data::{Data, Finite, Form, Pool, Slot, View, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
    Transformer,
};
use crate::math::interpolate;
use crate::reader::{Fitted, Readers, Refusal, Version};

use super::dense::wide;

pub(super) const READERS: Readers = &[("sklearn", "IsotonicRegression", read)];

struct Isotonic {
    x: Vec<f64>,
    y: Vec<f64>,
    outside: Outside,
}

/// What a number beyond the curve's ends becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outside {
    Refused,
    Nan,
    /// The end's value.
    End,
}

/// What the curve's points are called: other names until 0.23, and until 0.17.
pub(in crate::sklearn) fn thresholds(fitted: &Fitted<'_>) -> [&'static str; 2] {
    let has = |names: &[&str; 2]| names.iter().all(|name| fitted.option(name).is_some());
    let names = [["X_thresholds_", "y_thresholds_"], ["_necessary_X_", "_necessary_y_"]];
    match names.into_iter().find(has) {
        Some(names) => names,
        None if fitted.version() < Version(0, 18) => ["X_", "y_"],
        None => names[0],
    }
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let [x_name, y_name] = thresholds(fitted);
    let (x, y) = (fitted.numbers(x_name)?, fitted.numbers(y_name)?);
    let rising = x.windows(2).all(|pair| pair[0] <= pair[1]);
    if x.is_empty() || x.len() != y.len() || !rising {
        return Err(fitted.refuse("IsotonicRegression has thresholds out of order"));
    }
    if fitted.is_single(x_name) {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    let outside = match fitted.text("out_of_bounds")? {
        // A curve of one point is level everywhere.
        _ if x.len() == 1 => Outside::End,
        "clip" => Outside::End,
        "nan" => Outside::Nan,
        "raise" => Outside::Refused,
        other => return Err(fitted.refuse_option(format!("out_of_bounds='{other}'"))),
    };
    Ok(Box::new(Isotonic { x, y, outside }))
}

impl Isotonic {
    fn values(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let (least, most) = (self.x[0], self.x[self.x.len() - 1]);
        wide(x, Finite::Only, pool, |x, pool| {
            let mut out = pool.take_f64(x.rows());
            for (out, row) in out.iter_mut().zip(x.iter()) {
                let beyond = row[0] < least || row[0] > most;
                *out = match self.outside {
                    Outside::Refused if beyond => {
                        return Err(Rejected::new(format!(
                            "A value ({:?}) in x_new is outside the interpolation range.",
                            row[0]
                        )));
                    }
                    Outside::Nan if beyond => f64::NAN,
                    _ => interpolate(row[0], &self.x, &self.y),
                };
            }
            Ok(out)
        })
    }
}

impl Estimator for Isotonic {
    fn outputs(&self) -> Vec<Output> {
        [Method::Predict, Method::Transform].map(|method| Output::new(method, Shape::Vector)).into()
    }

    fn features(&self) -> Option<usize> {
        Some(1)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            answers.predict = Some(Predicted::Numbers(Block::F64(self.values(x, pool)?)));
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(self, x, pool)?);
        }
        Ok(())
    }

    fn promise(&self) -> Promise {
        Promise::Bits
    }
}

impl Transformer for Isotonic {
    fn width(&self) -> usize {
        1
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let values = self.values(x, pool)?;
        copy_into(&Data::F64(View::new(&values, values.len(), 1)), out)?;
        pool.give_f64(values);
        Ok(())
    }
}
