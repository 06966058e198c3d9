//! Inverse and determinant of a small square matrix, by LU with partial pivoting. For loading, not for
//! rows: nothing here is fast.

/// P A = L U: L below the diagonal, U on it and above.
pub(crate) struct Lu {
    n: usize,
    values: Vec<f64>,
    /// The row of A that became each row.
    order: Vec<usize>,
    /// Whether the order is an odd number of swaps away from the original.
    odd: bool,
}

impl Lu {
    /// Of a matrix of `n` x `n`, row by row.
    pub(crate) fn new(n: usize, mut values: Vec<f64>) -> Self {
        assert_eq!(values.len(), n * n, "a square matrix");
        let (mut order, mut odd): (Vec<usize>, bool) = ((0..n).collect(), false);
        for column in 0..n {
            let size = |row: &usize| values[row * n + column].abs();
            let best = (column..n).fold(column, |a, b| if size(&b) > size(&a) { b } else { a });
            if best != column {
                for j in 0..n {
                    values.swap(best * n + j, column * n + j);
                }
                order.swap(best, column);
                odd = !odd;
            }
            let (above, below) = values.split_at_mut((column + 1) * n);
            let pivot = &above[column * n..];
            for row in below.chunks_exact_mut(n) {
                let factor = row[column] / pivot[column];
                row[column] = factor;
                for (value, pivot) in row[column + 1..].iter_mut().zip(&pivot[column + 1..]) {
                    *value -= factor * pivot;
                }
            }
        }
        Self { n, values, order, odd }
    }

    /// The logarithm of the determinant; negative infinity where it is not positive, as
    /// `sklearn.utils.extmath.fast_logdet` has it.
    pub(crate) fn log_determinant(&self) -> f64 {
        let diagonal = (0..self.n).map(|i| self.values[i * self.n + i]);
        let negative = diagonal.clone().filter(|value| *value < 0.0).count() % 2 == 1;
        if negative != self.odd {
            return f64::NEG_INFINITY;
        }
        diagonal.map(|value| value.abs().ln()).sum()
    }

    /// The inverse, row by row; not finite where there is none.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        let mut inverse = vec![0.0; n * n];
        let mut x = vec![0.0; n];
        for column in 0..n {
            for i in 0..n {
                let before = &self.values[i * n..i * n + i];
                let known: f64 = before.iter().zip(&x).map(|(l, x)| l * x).sum();
                x[i] = f64::from(u8::from(self.order[i] == column)) - known;
            }
            for i in (0..n).rev() {
                let row = &self.values[i * n..(i + 1) * n];
                let known: f64 = row[i + 1..].iter().zip(&x[i + 1..]).map(|(u, x)| u * x).sum();
                x[i] = (x[i] - known) / row[i];
            }
            for (i, x) in x.iter().enumerate() {
                inverse[i * n + column] = *x;
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::number;
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let n = 7;
        let a: Vec<f64> = (0..n * n).map(|i| number(i) / [1.0, 1e3, 1e-4][i % 3]).collect();
        let inverse = Lu::new(n, a.clone()).inverse();
        for i in 0..n {
            for j in 0..n {
                let sum: f64 = (0..n).map(|k| a[i * n + k] * inverse[k * n + j]).sum();
                assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn determinants_keep_their_sign() {
        let log = |values: &[f64]| Lu::new(2, values.to_vec()).log_determinant();
        assert!((log(&[1.0, 2.0, -3.0, 4.0]) - 10_f64.ln()).abs() < 1e-15);
        assert_eq!(log(&[1.0, 2.0, 3.0, 4.0]), f64::NEG_INFINITY);
        assert_eq!(log(&[1.0, 2.0, 2.0, 4.0]), f64::NEG_INFINITY);
    }
}
