//! [`Kernel`]: how alike a row is to each of some points. Must not know what the values are for.
//!
//! Source: `sklearn.metrics.pairwise` (0.24 to 1.9): squared distances are |x|^2 - 2 x y + |y|^2.

use crate::data::Pool;
use crate::math::{Absolute, Isa, Panels, Product, Rows, sum_of_squares};
use crate::reader::{Fitted, Refusal};

pub(super) struct Kernel {
    kind: Kind,
    points: Points,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Linear,
    Cosine,
    Polynomial { gamma: f64, shift: f64, degree: f64 },
    Sigmoid { gamma: f64, shift: f64 },
    Rbf { gamma: f64 },
    Laplacian { gamma: f64 },
}

enum Points {
    /// Products, and |y|^2.
    Products(Panels<f64, Product>, Vec<f64>),
    Absolute(Panels<f64, Absolute>),
}

impl Kernel {
    /// Of `kernel` and the matrix that an attribute is; without `gamma` it is one by the width.
    pub(super) fn read(
        fitted: &Fitted<'_>,
        points: &str,
        gamma: Option<f64>,
    ) -> Result<Self, Refusal> {
        let Some(name) = fitted.attr("kernel")?.as_str() else {
            return Err(fitted.refuse_option("a Python function as kernel"));
        };
        if fitted
            .option("kernel_params")
            .is_some_and(|given| given.entries().is_ok_and(|all| all.len() > 0))
        {
            return Err(fitted.refuse_option("kernel_params"));
        }
        if fitted.attr(points)?.as_array().is_none() {
            return Err(fitted.refuse_option("sparse rows to fit"));
        }
        if fitted.is_single(points) {
            return Err(fitted.refuse_option("rows of float32 to fit"));
        }
        let (mut values, _, width) = fitted.matrix(points)?;
        if width == 0 || values.is_empty() {
            return Err(fitted.refuse("it has no points"));
        }
        let gamma = gamma.unwrap_or(1.0 / width as f64);
        let number = |name: &str, default: f64| match fitted.option(name) {
            Some(_) => fitted.number(name),
            None => Ok(default),
        };
        let shift = || number("coef0", 1.0);
        let kind = match name {
            "linear" => Kind::Linear,
            "cosine" => Kind::Cosine,
            "poly" | "polynomial" => {
                Kind::Polynomial { gamma, shift: shift()?, degree: number("degree", 3.0)? }
            }
            "sigmoid" => Kind::Sigmoid { gamma, shift: shift()? },
            "rbf" => Kind::Rbf { gamma },
            "laplacian" => Kind::Laplacian { gamma },
            other => return Err(fitted.refuse_option(format!("kernel='{other}'"))),
        };
        if matches!(kind, Kind::Cosine) {
            values.chunks_exact_mut(width).for_each(normalise);
        }
        let (isa, count) = (Isa::detect(), values.len() / width);
        let value = |i: usize, j: usize| values[j * width + i];
        let points = if matches!(kind, Kind::Laplacian { .. }) {
            Points::Absolute(Panels::new(isa, width, count, value))
        } else {
            let norms = values.chunks_exact(width).map(sum_of_squares).collect();
            Points::Products(Panels::new(isa, width, count, value), norms)
        };
        Ok(Self { kind, points })
    }

    pub(super) fn features(&self) -> usize {
        match &self.points {
            Points::Products(panels, _) => panels.inputs(),
            Points::Absolute(panels) => panels.inputs(),
        }
    }

    /// How many points there are.
    pub(super) fn points(&self) -> usize {
        match &self.points {
            Points::Products(panels, _) => panels.columns(),
            Points::Absolute(panels) => panels.columns(),
        }
    }

    /// The values of a row with each point.
    pub(super) fn values(&self, row: &[f64], out: &mut [f64], pool: &mut Pool) {
        match (&self.points, self.kind) {
            (Points::Absolute(panels), _) => panels.apply(Rows::new(row, 1), out),
            (Points::Products(panels, _), Kind::Cosine) => {
                let mut scaled = pool.take_f64(row.len());
                scaled.copy_from_slice(row);
                normalise(&mut scaled);
                panels.apply(Rows::new(&scaled, 1), out);
                pool.give_f64(scaled);
            }
            (Points::Products(panels, norms), Kind::Rbf { .. }) => {
                panels.apply(Rows::new(row, 1), out);
                let own = sum_of_squares(row);
                for (out, norm) in out.iter_mut().zip(norms) {
                    let squared = (-2.0 * *out + own) + norm;
                    *out = if squared < 0.0 { 0.0 } else { squared };
                }
            }
            (Points::Products(panels, _), _) => panels.apply(Rows::new(row, 1), out),
        }
        for value in out {
            *value = match self.kind {
                Kind::Linear | Kind::Cosine => *value,
                Kind::Polynomial { gamma, shift, degree } => (*value * gamma + shift).powf(degree),
                Kind::Sigmoid { gamma, shift } => (*value * gamma + shift).tanh(),
                Kind::Rbf { gamma } | Kind::Laplacian { gamma } => (-gamma * *value).exp(),
            };
        }
    }
}

/// Divides by the length, if it has one.
fn normalise(row: &mut [f64]) {
    let length = sum_of_squares(row).sqrt();
    if length != 0.0 {
        row.iter_mut().for_each(|value| *value /= length);
    }
}
