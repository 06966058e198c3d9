//! Scalers that treat each column by itself: `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler`.
//!
//! Source: their `transform` in `sklearn.preprocessing._data` (0.20 to 1.9). Every operation is rounded to
//! the rows' own type, as numpy does it in place. Sparse rows are multiplied with 1 / scale.

use crate::data::{
    Data, Finite, Form, Numbers, Pool, Real, Slot, SparseRows, ViewMut, check_finite, copy_into,
};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::math::{Scaling, divide, multiply_add, scale_into, subtract_divide};
use crate::reader::{Fitted, Readers, Refusal, Version};

use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[
    ("sklearn", "StandardScaler", read_standard),
    ("sklearn", "MinMaxScaler", read_min_max),
    ("sklearn", "RobustScaler", read_robust),
    ("sklearn", "MaxAbsScaler", read_max_abs),
];

/// Operations on every column, one after another.
struct ColumnScaling {
    features: usize,
    steps: Vec<Step>,
    clip: Option<(f64, f64)>,
    /// The steps on dense rows of f64, where they are the commonest ones.
    standard: Option<Scaling>,
    /// What the columns of sparse rows are divided by, where sparse rows are taken.
    sparse: Option<Vec<f64>>,
    /// Whether the rows that come in are sparse in Python, though they need not be here.
    reciprocal: bool,
}

/// One operation, with a number for every column.
struct Step {
    operation: Operation,
    numbers: Vec<f64>,
    /// The numbers for rows of f32: newer releases round them first.
    for_f32: Vec<f64>,
}

#[derive(Clone, Copy)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

fn read_standard(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let rounded = fitted.version() >= Version(1, 8);
    let mut all = ColumnScaling::new();
    if fitted.flag("with_mean", true)? {
        all.push(fitted, Operation::Subtract, "mean_", rounded)?;
    }
    if fitted.flag("with_std", true)? {
        all.push(fitted, Operation::Divide, "scale_", rounded)?;
    }
    // Subtracting a mean would fill the gaps; scikit-learn refuses to.
    all.done(fitted, fitted.option("with_mean").is_some_and(|with| with.as_bool() == Some(false)))
}

fn read_min_max(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut all = ColumnScaling::new();
    all.push(fitted, Operation::Multiply, "scale_", false)?;
    all.push(fitted, Operation::Add, "min_", false)?;
    if fitted.flag("clip", false)? {
        let range = fitted.attr("feature_range")?;
        let bound = |at| range.item(at).ok()?.as_f64();
        match (bound(0), bound(1)) {
            (Some(low), Some(high)) => all.clip = Some((low, high)),
            _ => return Err(fitted.refuse_option("a feature_range that is not two numbers")),
        }
    }
    all.done(fitted, false)
}

fn read_robust(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut all = ColumnScaling::new();
    if fitted.flag("with_centering", true)? {
        all.push(fitted, Operation::Subtract, "center_", false)?;
    }
    if fitted.flag("with_scaling", true)? {
        all.push(fitted, Operation::Divide, "scale_", false)?;
    }
    all.done(fitted, true)
}

fn read_max_abs(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut all = ColumnScaling::new();
    all.push(fitted, Operation::Divide, "scale_", false)?;
    if fitted.flag("clip", false)? {
        all.clip = Some((-1.0, 1.0));
    }
    all.done(fitted, true)
}

impl ColumnScaling {
    fn new() -> Self {
        Self {
            features: 0,
            steps: Vec::new(),
            clip: None,
            standard: None,
            sparse: None,
            reciprocal: false,
        }
    }

    fn push(
        &mut self,
        fitted: &Fitted<'_>,
        operation: Operation,
        name: &str,
        rounded: bool,
    ) -> Result<(), Refusal> {
        let numbers = fitted.numbers(name)?;
        let narrow = |number: &f64| if rounded { f64::from(*number as f32) } else { *number };
        let for_f32 = numbers.iter().map(narrow).collect();
        self.steps.push(Step { operation, numbers, for_f32 });
        Ok(())
    }

    fn done(
        mut self,
        fitted: &Fitted<'_>,
        takes_sparse: bool,
    ) -> Result<Box<dyn Estimator>, Refusal> {
        let known = self.steps.first().map(|step| step.numbers.len());
        let class = fitted.class();
        let Some(features) = known.or(fitted.features()) else {
            return Err(fitted.refuse(format!("{class} does not tell how many columns it takes")));
        };
        if self.steps.iter().any(|step| step.numbers.len() != features) {
            return Err(
                fitted.refuse(format!("{class} has numbers for {features} columns and others"))
            );
        }
        self.features = features;
        self.standard = self.standard();
        if takes_sparse {
            let divides = |step: &&Step| matches!(step.operation, Operation::Divide);
            let scale = self.steps.iter().find(divides).map(|step| step.numbers.clone());
            self.sparse = Some(scale.unwrap_or_else(|| vec![1.0; features]));
        }
        Ok(Box::new(Transforms(self)))
    }

    fn standard(&self) -> Option<Scaling> {
        use Operation::{Divide, Subtract};
        match &self.steps[..] {
            [shift, divide] if self.clip.is_none() => {
                let standard = matches!((shift.operation, divide.operation), (Subtract, Divide));
                standard.then(|| Scaling::new(&shift.numbers, &divide.numbers))
            }
            _ => None,
        }
    }

    /// The commonest operations on rows of f64; whether these are such.
    fn scale_at_once(&self, rows: &mut ViewMut<'_, f64>) -> bool {
        if self.reciprocal || self.clip.is_some() {
            return false;
        }
        match &self.steps[..] {
            [first, second] => match (first.operation, second.operation) {
                (Operation::Subtract, Operation::Divide) => {
                    subtract_divide(rows.as_rows_mut(), &first.numbers, &second.numbers);
                }
                (Operation::Multiply, Operation::Add) => {
                    multiply_add(rows.as_rows_mut(), &first.numbers, &second.numbers);
                }
                _ => return false,
            },
            [Step { operation: Operation::Divide, numbers, .. }] => {
                divide(rows.as_rows_mut(), numbers);
            }
            _ => return false,
        }
        true
    }

    fn scale<T: Real>(&self, mut rows: ViewMut<'_, T>, numbers: impl Fn(&Step) -> &[f64]) {
        if let Some(scale) = self.sparse.as_ref().filter(|_| self.reciprocal) {
            rows.for_each_row(|_, row| each(row, scale, |value, scale| value * (1.0 / scale)));
            return;
        }
        rows.for_each_row(|_, row| {
            for step in &self.steps {
                let numbers = numbers(step);
                match step.operation {
                    Operation::Add => each(row, numbers, |value, number| value + number),
                    Operation::Subtract => each(row, numbers, |value, number| value - number),
                    Operation::Multiply => each(row, numbers, |value, number| value * number),
                    Operation::Divide => each(row, numbers, |value, number| value / number),
                }
            }
            if let Some((low, high)) = self.clip {
                clip(row, T::of(low), T::of(high));
            }
        });
    }
}

/// An f32 result is the same rounded from f64: twice the digits and two more are enough.
#[inline]
fn each<T: Real>(row: &mut [T], numbers: &[f64], operation: impl Fn(f64, f64) -> f64) {
    for (value, number) in row.iter_mut().zip(numbers) {
        *value = T::of(operation((*value).into(), *number));
    }
}

/// `np.clip`: NaN stays, and of equal zeros the bound's is taken.
fn clip<T: Real>(row: &mut [T], low: T, high: T) {
    for value in row.iter_mut().filter(|value| !value.is_nan()) {
        let raised = if *value > low { *value } else { low };
        *value = if raised < high { raised } else { high };
    }
}

impl Fit for ColumnScaling {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn fed_sparse(&mut self) {
        self.reciprocal = true;
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }
}

impl Transformer for ColumnScaling {
    fn width(&self) -> usize {
        self.features
    }

    fn form(&self, input: Form) -> Form {
        if input.is_sparse() && self.sparse.is_some() { input } else { input.numeric() }
    }

    fn in_place(&self) -> bool {
        true
    }

    fn scaling(&self) -> Option<&Scaling> {
        self.standard.as_ref().filter(|_| !self.reciprocal)
    }

    fn apply(&self, rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        match rows {
            Slot::F32(rows) => {
                check_finite(Numbers::F32(rows.view()), Finite::OrNan)?;
                self.scale(rows, |step| &step.for_f32);
            }
            Slot::F64(mut rows) => {
                check_finite(Numbers::F64(rows.view()), Finite::OrNan)?;
                if !self.scale_at_once(&mut rows) {
                    self.scale(rows, |step| &step.numbers);
                }
            }
        }
        Ok(())
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        // The commonest scaler of the commonest rows, in one pass.
        if let (Data::F64(from), Slot::F64(to), Some(scaling)) = (x, &mut out, self.scaling()) {
            if !scale_into(from.as_rows(), to.as_rows_mut(), scaling) {
                check_finite(Numbers::F64(*from), Finite::OrNan)?;
            }
            return Ok(());
        }
        copy_into(x, out.reborrow())?;
        self.apply(out, pool)
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let (Data::Sparse(from), Some(scale)) = (x, &self.sparse) else {
            unreachable!("sparse rows alone stay sparse")
        };
        let mut rows = pool.take_sparse(self.features, x.form());
        for (columns, values) in from.iter() {
            for (column, value) in columns.iter().zip(values) {
                if value.is_infinite() {
                    return Err(Rejected::new("input contains infinity"));
                }
                let mut scaled = [value * (1.0 / scale[*column as usize])];
                if let Some((low, high)) = self.clip {
                    clip(&mut scaled, low, high);
                }
                rows.push(*column, scaled[0]);
            }
            rows.end_row();
        }
        Ok(rows)
    }
}
