//! `FunctionTransformer` with no function or one of numpy's.
//!
//! Source: `sklearn.preprocessing.FunctionTransformer.transform` (0.20 to 1.9). numpy's own exp, log and
//! trigonometry differ from the C library's in the last bit, by the CPU.

use pelton_pickle::Value;

use crate::data::{
    Column, Data, Finite, Form, Numbers, Pool, Real, Slot, SparseRows, Table, ViewMut,
    check_finite, copy_into,
};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "FunctionTransformer", read)];

struct Function {
    features: usize,
    /// `None` passes everything on.
    known: Option<Known>,
    checks: bool,
}

/// One of numpy's functions.
#[derive(Clone, Copy)]
pub(in crate::sklearn) struct Known {
    name: &'static str,
    pub(in crate::sklearn) wide: fn(f64) -> f64,
    pub(in crate::sklearn) narrow: fn(f32) -> f32,
    exact: bool,
}

macro_rules! known {
    ($($name:literal $exact:literal $function:expr, $narrow:expr;)*) => {
        &[$(Known { name: $name, wide: $function, narrow: $narrow, exact: $exact },)*]
    };
}

const KNOWN: &[Known] = known! {
    "log1p" false f64::ln_1p, f32::ln_1p;
    "log" false f64::ln, f32::ln;
    "log2" false f64::log2, f32::log2;
    "log10" false f64::log10, f32::log10;
    "exp" false f64::exp, f32::exp;
    "exp2" false f64::exp2, f32::exp2;
    "expm1" false f64::exp_m1, f32::exp_m1;
    "sqrt" true f64::sqrt, f32::sqrt;
    "cbrt" false f64::cbrt, f32::cbrt;
    "square" true |x| x * x, |x| x * x;
    "reciprocal" true |x| 1.0 / x, |x| 1.0 / x;
    "absolute" true f64::abs, f32::abs;
    "abs" true f64::abs, f32::abs;
    "fabs" true f64::abs, f32::abs;
    "negative" true |x| -x, |x| -x;
    "positive" true |x| x, |x| x;
    "sign" true |x| sign(x), |x| sign(x);
    "floor" true f64::floor, f32::floor;
    "ceil" true f64::ceil, f32::ceil;
    "trunc" true f64::trunc, f32::trunc;
    "rint" true f64::round_ties_even, f32::round_ties_even;
    "sin" false f64::sin, f32::sin;
    "cos" false f64::cos, f32::cos;
    "tan" false f64::tan, f32::tan;
    "sinh" false f64::sinh, f32::sinh;
    "cosh" false f64::cosh, f32::cosh;
    "tanh" false f64::tanh, f32::tanh;
    "arctan" false f64::atan, f32::atan;
    "arcsinh" false f64::asinh, f32::asinh;
};

/// What scikit-learn's own check of numbers does to them: floats stay, all else becomes such.
const CHECK: Known = Known { name: "check_array", wide: |x| x, narrow: |x| x, exact: true };

/// numpy's: zero of either sign is 0, NaN stays.
fn sign<T: Real>(x: T) -> T {
    match x.partial_cmp(&T::zero()) {
        Some(std::cmp::Ordering::Greater) => T::one(),
        Some(std::cmp::Ordering::Less) => -T::one(),
        Some(std::cmp::Ordering::Equal) => T::zero(),
        None => x,
    }
}

impl Known {
    /// A function by NumPy's name.
    pub(in crate::sklearn) fn named(name: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.name == name)
    }
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    // Before 1.2 it noted its columns only where it checked them.
    let Some(features) = fitted.features().or(fitted.given()) else {
        return Err(fitted.refuse("FunctionTransformer does not tell how many columns it takes"));
    };
    let function = match fitted.option("func") {
        None => None,
        Some(function) => {
            let name = function
                .as_global()
                .filter(|class| class.module == "numpy" || class.module.starts_with("numpy."))
                .map(|class| class.name);
            let known = match name {
                _ if only_checks_numbers(function) => Some(&CHECK),
                name => name.and_then(Known::named),
            };
            Some(*known.ok_or_else(|| fitted.refuse_option(described(function)))?)
        }
    };
    if function.is_some() && has_arguments(fitted) {
        return Err(fitted.refuse_option("kw_args"));
    }
    let checks = fitted.flag("validate", false)?;
    Ok(Box::new(Transforms(Function { features, known: function, checks })))
}

/// A function in words: a global by its name, and one whose code is in the file as what it is.
fn described(function: Value<'_>) -> String {
    let saved_by = function.class().filter(|class| {
        class.module.split('.').any(|part| matches!(part, "cloudpickle" | "dill" | "_dill"))
    });
    match saved_by {
        Some(class) => {
            let library = if class.module.contains("dill") { "dill" } else { "cloudpickle" };
            format!("a function or lambda whose code is in the file (saved by {library})")
        }
        None => format!("the function {}", function.describe()),
    }
}

/// `functools.partial(check_array, ...)` that lets NaN and infinities through: what gradient boosting
/// by histograms puts before its numeric columns.
fn only_checks_numbers(function: Value<'_>) -> bool {
    const MEANT: [&str; 4] = ["dtype", "ensure_all_finite", "force_all_finite", "estimator"];
    let is_partial = function.class().is_some_and(|class| class.name == "partial");
    let of = function.args().next().and_then(Value::as_global);
    let options = function.state().and_then(|state| state.item(2).ok());
    let Some(options) = options.filter(|_| is_partial) else { return false };
    let lets_all_through = ["ensure_all_finite", "force_all_finite"]
        .iter()
        .any(|name| options.get(name).and_then(Value::as_bool) == Some(false));
    let known = |key: Value<'_>| key.as_str().is_some_and(|key| MEANT.contains(&key));
    of.is_some_and(|class| class.is("sklearn.utils.validation", "check_array"))
        && lets_all_through
        && options.entries().is_ok_and(|mut all| all.all(|(key, _)| known(key)))
}

fn has_arguments(fitted: &Fitted<'_>) -> bool {
    fitted.option("kw_args").is_some_and(|all| all.entries().map_or(true, |all| all.len() > 0))
}

impl Function {
    /// Text passes where nothing is done to it.
    fn passes(&self, x: &Data<'_>) -> bool {
        let is_text = |column: Column<'_>| matches!(column, Column::Text(_));
        self.known.is_none()
            && !self.checks
            && matches!(x, Data::Columns(columns) if columns.iter().any(is_text))
    }
}

fn each<T: Real>(mut rows: ViewMut<'_, T>, of: impl Fn(T) -> T) {
    rows.for_each_row(|_, row| row.iter_mut().for_each(|value| *value = of(*value)));
}

impl Fit for Function {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn promise(&self) -> Promise {
        let exact = self.known.is_none_or(|function| function.exact);
        if exact { Promise::Bits } else { Promise::Close }
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_any(columns);
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }
}

impl Transformer for Function {
    fn width(&self) -> usize {
        self.features
    }

    fn form(&self, input: Form) -> Form {
        // What makes zero of zero leaves out what is left out.
        let keeps = self.known.is_none_or(|function| (function.wide)(0.0) == 0.0);
        if input.is_sparse() && keeps { input } else { input.numeric() }
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let Data::Sparse(from) = x else { unreachable!("sparse rows alone stay sparse") };
        let mut rows = pool.take_sparse(self.features, x.form());
        for (columns, values) in from.iter() {
            for (column, value) in columns.iter().zip(values) {
                if self.checks && !value.is_finite() {
                    return Err(Rejected::new("input contains NaN or infinity"));
                }
                let of = |function: Known| {
                    if from.is_single() {
                        f64::from((function.narrow)(*value as f32))
                    } else {
                        (function.wide)(*value)
                    }
                };
                rows.push(*column, self.known.map_or(*value, of));
            }
            rows.end_row();
        }
        Ok(rows)
    }

    fn form_of(&self, x: &Data<'_>) -> Form {
        if self.passes(x) { Form::Columns } else { self.form(x.form()) }
    }

    fn keeps_type(&self) -> bool {
        self.known.is_none()
    }

    fn in_place(&self) -> bool {
        true
    }

    fn apply(&self, rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        match rows {
            Slot::F32(rows) => {
                if self.checks {
                    check_finite(Numbers::F32(rows.view()), Finite::Only)?;
                }
                if let Some(function) = self.known {
                    each(rows, function.narrow);
                }
            }
            Slot::F64(rows) => {
                if self.checks {
                    check_finite(Numbers::F64(rows.view()), Finite::Only)?;
                }
                if let Some(function) = self.known {
                    each(rows, function.wide);
                }
            }
        }
        Ok(())
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        if let (Some(function), Data::Columns(columns)) = (self.known, x) {
            let other = |column: Column<'_>| match column {
                Column::Bool(_) => function.name != CHECK.name,
                // Integers stay integers in numpy: 1 / 2 is 0.
                Column::I64(_) => function.name == "reciprocal",
                _ => false,
            };
            if columns.iter().any(other) {
                let name = function.name;
                return Err(Rejected::new(format!("{name} of columns that are no floats")));
            }
        }
        copy_into(x, out.reborrow())?;
        self.apply(out, pool)
    }

    fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let mut out = pool.take_table();
        if let Data::Columns(columns) = x {
            columns.iter().for_each(|column| out.push_copy(column));
        }
        Ok(out)
    }
}
