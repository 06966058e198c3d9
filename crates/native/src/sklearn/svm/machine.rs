//! [`Machine`]: the kernel's value of each row with each support vector. Must not know what the values
//! are for.
//!
//! Source: `Kernel::k_function` of libsvm in scikit-learn. Dense vectors are BLAS's dot products of
//! rows, or of their differences; sparse ones are walked together in the order of their columns.

use pelton_pickle::Value;

use crate::data::{Csr, Data, Finite, Form, Pool, View};
use crate::estimator::Rejected;
use crate::math::{Isa, Panels, RoundedProduct, Squared, exp_all};
use crate::reader::{Fitted, Refusal};
use crate::sklearn::numeric::dense::{check_sparse, wide};
use crate::sklearn::stored::Stored;

/// Rows whose kernel values are held at a time.
const ROWS: usize = 16;

pub(super) struct Machine {
    class: String,
    features: usize,
    count: usize,
    kernel: Kernel,
    vectors: Vectors,
}

#[derive(Clone, Copy, Debug)]
enum Kernel {
    Linear,
    Poly { gamma: f64, shift: f64, degree: u32 },
    Rbf { gamma: f64 },
    Sigmoid { gamma: f64, shift: f64 },
}

enum Vectors {
    Products(Panels<f64, RoundedProduct>),
    Distances(Panels<f64, Squared>),
    /// Fitted on sparse rows.
    Sparse(Stored),
}

impl Machine {
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let kernel = Kernel::read(fitted)?;
        let vectors = fitted.attr("support_vectors_")?;
        let (vectors, count, features) = if vectors.as_array().is_some() {
            let (values, count, features) = fitted.matrix("support_vectors_")?;
            let value = |i: usize, j: usize| values[j * features + i];
            let isa = Isa::detect();
            let vectors = match kernel {
                Kernel::Rbf { .. } => Vectors::Distances(Panels::new(isa, features, count, value)),
                _ => Vectors::Products(Panels::new(isa, features, count, value)),
            };
            (vectors, count, features)
        } else {
            let rows = Stored::read(fitted, "support_vectors_", vectors)?;
            let (count, features) = (rows.count(), rows.features);
            (Vectors::Sparse(rows), count, features)
        };
        if fitted.features().is_some_and(|known| known != features) {
            return Err(fitted.refuse("the support vectors are of another width than its rows"));
        }
        Ok(Self { class: fitted.class().to_owned(), features, count, kernel, vectors })
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// How many support vectors there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Calls `each` with every row's kernel values, in order.
    pub(super) fn values(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        mut each: impl FnMut(usize, &[f64]),
    ) -> Result<(), Rejected> {
        match (&self.vectors, x) {
            (Vectors::Sparse(_), Data::Sparse(rows)) => {
                check_sparse(*rows)?;
                self.sparse_values(*rows, pool, each);
                Ok(())
            }
            (Vectors::Sparse(_), x) => wide(x, Finite::Only, pool, |x, pool| {
                let mut rows = pool.take_sparse(self.features, Form::Sparse);
                for row in x.iter() {
                    for (column, value) in row.iter().enumerate() {
                        if *value != 0.0 {
                            rows.push(column as u32, *value);
                        }
                    }
                    rows.end_row();
                }
                self.sparse_values(rows.view(), pool, each);
                pool.give_sparse(rows);
                Ok(())
            }),
            (_, Data::Sparse(_)) => Err(Rejected::new(format!(
                "cannot use sparse input in '{}' trained on dense data",
                self.class
            ))),
            (_, x) => wide(x, Finite::Only, pool, |x, pool| {
                let mut room = pool.take_f64(x.rows().min(ROWS) * self.count);
                for from in (0..x.rows()).step_by(ROWS) {
                    let rows = x.slice_rows(from, (from + ROWS).min(x.rows()));
                    let values = &mut room[..rows.rows() * self.count];
                    self.dense_values(rows, values);
                    for row in 0..rows.rows() {
                        each(from + row, &values[row * self.count..(row + 1) * self.count]);
                    }
                }
                pool.give_f64(room);
                Ok(())
            }),
        }
    }

    fn dense_values(&self, rows: View<'_, f64>, values: &mut [f64]) {
        match &self.vectors {
            Vectors::Products(panels) => panels.apply(rows.as_rows(), values),
            Vectors::Distances(panels) => panels.apply(rows.as_rows(), values),
            Vectors::Sparse(_) => unreachable!("sparse vectors have their own walk"),
        }
        self.kernel.apply(values);
    }

    fn sparse_values(&self, rows: Csr<'_>, pool: &mut Pool, mut each: impl FnMut(usize, &[f64])) {
        let Vectors::Sparse(vectors) = &self.vectors else {
            unreachable!("dense vectors take dense rows");
        };
        let walk = if matches!(self.kernel, Kernel::Rbf { .. }) { distance } else { product };
        let mut out = pool.take_f64(self.count);
        for (row, x) in rows.iter().enumerate() {
            for (at, out) in out.iter_mut().enumerate() {
                *out = walk(x, vectors.row(at));
            }
            self.kernel.apply(&mut out);
            each(row, &out);
        }
        pool.give_f64(out);
    }
}

impl Kernel {
    fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let Some(name) = fitted.attr("kernel")?.as_str() else {
            return Err(fitted.refuse_option("a Python function as kernel"));
        };
        // Older releases kept the number of a `gamma` that was given in `gamma` alone.
        let gamma = || match fitted.option("_gamma").and_then(Value::as_f64) {
            Some(gamma) => Ok(gamma),
            None => fitted.number("gamma"),
        };
        Ok(match name {
            "linear" => Self::Linear,
            "rbf" => Self::Rbf { gamma: gamma()? },
            "poly" => {
                let degree = fitted.number("degree")?;
                if !(0.0..=1e6).contains(&degree) || degree.fract() != 0.0 {
                    return Err(fitted.refuse_option(format!("degree={degree}")));
                }
                Self::Poly {
                    gamma: gamma()?,
                    shift: fitted.number("coef0")?,
                    degree: degree as u32,
                }
            }
            "sigmoid" => Self::Sigmoid { gamma: gamma()?, shift: fitted.number("coef0")? },
            other => return Err(fitted.refuse_option(format!("kernel='{other}'"))),
        })
    }

    /// From products or squared distances to the kernel's values.
    fn apply(self, values: &mut [f64]) {
        match self {
            Self::Linear => {}
            Self::Rbf { gamma } => {
                values.iter_mut().for_each(|v| *v *= -gamma);
                exp_all(values);
            }
            Self::Poly { gamma, shift, degree } => {
                values.iter_mut().for_each(|v| *v = power(gamma * *v + shift, degree));
            }
            Self::Sigmoid { gamma, shift } => {
                values.iter_mut().for_each(|v| *v = (gamma * *v + shift).tanh());
            }
        }
    }
}

/// By squaring, in libsvm's order.
fn power(mut base: f64, mut times: u32) -> f64 {
    let mut result = 1.0;
    while times > 0 {
        if times % 2 == 1 {
            result *= base;
        }
        base *= base;
        times /= 2;
    }
    result
}

type Entries<'a> = (&'a [u32], &'a [f64]);

/// Walks two sparse vectors together; `each` is given both values of a column, zero where not stored.
fn together(x: Entries<'_>, y: Entries<'_>, mut each: impl FnMut(f64, f64)) {
    let (mut at_x, mut at_y) = (0, 0);
    while at_x < x.0.len() || at_y < y.0.len() {
        match (x.0.get(at_x), y.0.get(at_y)) {
            (Some(left), Some(right)) if left == right => {
                each(x.1[at_x], y.1[at_y]);
                (at_x, at_y) = (at_x + 1, at_y + 1);
            }
            (Some(left), right) if right.is_none_or(|right| left < right) => {
                each(x.1[at_x], 0.0);
                at_x += 1;
            }
            _ => {
                each(0.0, y.1[at_y]);
                at_y += 1;
            }
        }
    }
}

fn distance(x: Entries<'_>, y: Entries<'_>) -> f64 {
    let mut sum = 0.0;
    together(x, y, |a, b| sum += (a - b) * (a - b));
    sum
}

fn product(x: Entries<'_>, y: Entries<'_>) -> f64 {
    let mut sum = 0.0;
    together(x, y, |a, b| sum += a * b);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_walks_meet_every_column_once_in_order() {
        let (x, y) =
            ((&[1, 4, 6][..], &[1.0, 2.0, 3.0][..]), (&[0, 4, 9][..], &[5.0, 7.0, 9.0][..]));
        let mut met = Vec::new();
        together(x, y, |a, b| met.push((a, b)));
        assert_eq!(met, [(0.0, 5.0), (1.0, 0.0), (2.0, 7.0), (3.0, 0.0), (0.0, 9.0)]);
        assert_eq!((product(x, y), distance(x, y)), (14.0, 141.0));
        assert_eq!(product((&[], &[]), y), 0.0);
    }

    #[test]
    fn powers_are_taken_by_squaring() {
        assert_eq!(power(3.0, 0), 1.0);
        assert_eq!(power(3.0, 5), 243.0);
        assert_eq!(power(-2.0, 3), -8.0);
    }
}
