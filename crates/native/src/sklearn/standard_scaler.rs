//! `StandardScaler`.
//!
//! Source: `sklearn.preprocessing.StandardScaler.transform`: subtract, then divide. f32 rows are
//! worked on with mean and scale rounded to f32 since 1.8; before, each operation was done in f64 and
//! its result rounded. Sparse rows are multiplied with 1 / scale.

use crate::data::{
    Data, Finite, Form, Numbers, Pool, Real, Slot, SparseRows, ViewMut, check_finite,
};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal, Version};

use super::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "StandardScaler", read)];

struct StandardScaler {
    features: usize,
    mean: Option<Vec<f64>>,
    scale: Option<Vec<f64>>,
    /// For f32 rows, where they are worked on in f32.
    single: Option<Single>,
}

struct Single {
    mean: Option<Vec<f32>>,
    scale: Option<Vec<f32>>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mean = if fitted.flag("with_mean", true)? { Some(fitted.numbers("mean_")?) } else { None };
    let scale = if fitted.flag("with_std", true)? { Some(fitted.numbers("scale_")?) } else { None };
    let known = mean.as_ref().or(scale.as_ref()).map(Vec::len);
    let Some(features) = known.or(fitted.features()) else {
        return Err(fitted.refuse("StandardScaler does not tell how many columns it takes"));
    };
    for values in [&mean, &scale].into_iter().flatten() {
        if values.len() != features {
            return Err(fitted.refuse("StandardScaler has a mean and a scale of different lengths"));
        }
    }
    let narrow = |values: &Option<Vec<f64>>| {
        values.as_ref().map(|values| values.iter().map(|value| *value as f32).collect())
    };
    let single = (fitted.version() >= Version(1, 8) || fitted.version() == Version::default())
        .then(|| Single { mean: narrow(&mean), scale: narrow(&scale) });
    Ok(Box::new(Transforms(StandardScaler { features, mean, scale, single })))
}

impl Fit for StandardScaler {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }
}

impl Transformer for StandardScaler {
    fn width(&self) -> usize {
        self.features
    }

    fn form(&self, input: Form) -> Form {
        // Subtracting a mean would fill the gaps; scikit-learn refuses to.
        if input == Form::Sparse && self.mean.is_none() { Form::Sparse } else { input.numeric() }
    }

    fn in_place(&self) -> bool {
        true
    }

    fn apply(&self, rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        match rows {
            Slot::F32(rows) => {
                check_finite(Numbers::F32(rows.view()), Finite::OrNan)?;
                match &self.single {
                    Some(single) => scale(rows, single.mean.as_deref(), single.scale.as_deref()),
                    None => scale_in_f64(rows, self.mean.as_deref(), self.scale.as_deref()),
                }
            }
            Slot::F64(rows) => {
                check_finite(Numbers::F64(rows.view()), Finite::OrNan)?;
                scale(rows, self.mean.as_deref(), self.scale.as_deref());
            }
        }
        Ok(())
    }

    fn sparse(&self, x: Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let Data::Sparse(from) = x else { unreachable!("sparse rows alone stay sparse") };
        let mut rows = pool.take_sparse(self.features);
        for (columns, values) in from.iter() {
            for (column, value) in columns.iter().zip(values) {
                if value.is_infinite() {
                    return Err(Rejected::new("input contains infinity"));
                }
                let factor = self.scale.as_ref().map_or(1.0, |s| 1.0 / s[*column as usize]);
                rows.push(*column, value * factor);
            }
            rows.end_row();
        }
        Ok(rows)
    }
}

fn scale<T: Real>(mut rows: ViewMut<'_, T>, mean: Option<&[T]>, scale: Option<&[T]>) {
    rows.for_each_row(|_, row| {
        if let Some(mean) = mean {
            row.iter_mut().zip(mean).for_each(|(value, mean)| *value = *value - *mean);
        }
        if let Some(scale) = scale {
            row.iter_mut().zip(scale).for_each(|(value, scale)| *value = *value / *scale);
        }
    });
}

fn scale_in_f64(mut rows: ViewMut<'_, f32>, mean: Option<&[f64]>, scale: Option<&[f64]>) {
    rows.for_each_row(|_, row| {
        if let Some(mean) = mean {
            row.iter_mut().zip(mean).for_each(|(v, mean)| *v = (f64::from(*v) - mean) as f32);
        }
        if let Some(scale) = scale {
            row.iter_mut().zip(scale).for_each(|(v, scale)| *v = (f64::from(*v) / scale) as f32);
        }
    });
}
