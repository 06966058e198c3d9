//! What every fitted estimator can be asked: the two traits of the crate.
//!
//! An [`Estimator`] answers whole outputs (`predict`, `predict_proba`, ...); those that feed others
//! are a [`Transformer`] as well and write their rows where the next step wants them. Must not know
//! any particular estimator, nor a wire format.

mod output;

pub(crate) use crate::answers::{Answers, Block, Predicted};
use crate::data::{Data, Form, Labels, Pool, Slot, SparseRows, Table, View, copy_into};
use crate::inputs::Evidence;
use crate::math::Scaling;
pub(crate) use crate::rejected::Rejected;
pub use output::{Method, Methods, Output, Shape};

/// How near to Python an estimator's answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Equal in every bit.
    Bits,
    /// Within 1e-12 (absolute below 1, relative above) with equal labels: Python itself varies.
    Close,
}

/// A fitted estimator.
pub(crate) trait Estimator: Send + Sync {
    /// The methods it has, in the order of [`Method`], with the shape of their answers.
    fn outputs(&self) -> Vec<Output>;

    /// Columns of the rows it takes; `None` when it takes any. Whoever feeds it is held to that when
    /// the model is read, so that rows of another width never arrive.
    fn features(&self) -> Option<usize>;

    /// Answers the methods asked for, which must be among its outputs and not answered yet, and computes no
    /// other. Answers of other methods stay as they are.
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected>;

    /// [`Estimator::answer`] for rows as they are before a scaler, where that needs no scaled rows in
    /// between and gives the same bits; whether it did. Where a row would be refused it does not.
    fn answer_scaled(
        &self,
        _x: &View<'_, f64>,
        _scaling: &Scaling,
        _asked: Methods,
        _answers: &mut Answers,
        _pool: &mut Pool,
    ) -> bool {
        false
    }

    /// The labels that `predict` gives indices of, one set a target; none when it gives numbers.
    fn labels(&self) -> &[Labels] {
        &[]
    }

    /// `classes_`, where it is one set of labels.
    fn classes(&self) -> Option<&Labels> {
        match self.labels() {
            [labels] => Some(labels),
            _ => None,
        }
    }

    /// Its other side, if it can feed a further step.
    fn transformer(&self) -> Option<&dyn Transformer> {
        None
    }

    /// Notes what each of its columns takes. Whoever checks its input for numbers says so.
    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_numeric(columns);
    }

    /// Notes what columns take that it passes on unchanged to a step that takes numbers.
    fn judge_passed(&self, _columns: &[Option<usize>], _evidence: &mut Evidence) {}

    /// Whether it checks its input for numbers: scikit-learn's own estimators do, unless they hand
    /// it on to others.
    fn takes_numbers(&self) -> bool {
        true
    }

    /// Names of the columns, where the file has them in a library's own form (XGBoost, LightGBM).
    fn feature_names(&self) -> Option<Vec<String>> {
        None
    }

    /// How near its answers are to Python's.
    fn promise(&self) -> Promise;

    /// Columns of the widest rows it makes on the way to its answers, which decides how many rows
    /// are worked on at a time.
    fn widest(&self) -> usize {
        let outputs = self.outputs();
        let answered = outputs.iter().map(|output| output.shape.width()).max().unwrap_or(0);
        let given = self.transformer().map_or(0, Transformer::width);
        answered.max(given).max(self.features().unwrap_or(0))
    }

    /// Told when the model is read: the rows it is given are sparse in Python, whatever they are here.
    /// Scalers multiply such rows where they divide dense ones.
    fn fed_sparse(&mut self) {}

    /// Whether one of these columns of the model's is known to be text and passed on as it is.
    fn passes_text(&self, _columns: &[Option<usize>], _evidence: &Evidence) -> bool {
        false
    }

    /// Whether one of the values it knows in a column is Python's None. The Python worker gives None
    /// where such a column has no value, NaN elsewhere.
    fn knows_none(&self, _column: usize) -> bool {
        false
    }

    /// Told when the model is read: where this column has no value, Python is given None.
    fn fed_none(&mut self, _column: usize) {}

    /// Whether what it gives is sparse in Python, for input that is so or not.
    fn is_sparse_in_python(&self, _input: bool) -> bool {
        false
    }

    /// Whether its answers depend on nothing but how many rows there are.
    fn ignores_rows(&self) -> bool {
        false
    }

    /// Whether whole numbers are other values to it than the same numbers with a fraction of zero
    /// (categories of CatBoost), in a matrix too.
    fn tells_integers(&self) -> bool {
        false
    }

    /// One text a row goes in, not a row of features (text vectorisers and what starts with one).
    fn takes_text(&self) -> bool {
        false
    }
}

/// A step that feeds others.
///
/// It is asked for the form first ([`Transformer::form_of`]) and then by the method of that form:
/// [`Transformer::write`] for numbers, [`Transformer::sparse`] or [`Transformer::table`].
pub(crate) trait Transformer: Send + Sync {
    /// Columns of a transformed row.
    fn width(&self) -> usize;

    /// The form of what comes out for what goes in. Numbers, unless said otherwise.
    fn form(&self, input: Form) -> Form {
        input.numeric()
    }

    /// [`Transformer::form`] where the data is at hand.
    fn form_of(&self, x: &Data<'_>) -> Form {
        self.form(x.form())
    }

    /// Whether it keeps the columns and works on each number by itself: then only
    /// [`Transformer::apply`] is there to write.
    fn in_place(&self) -> bool {
        false
    }

    /// What it does to rows of f64, where that is all that it does.
    fn scaling(&self) -> Option<&Scaling> {
        None
    }

    /// Whether its columns are those that went in, one by one, and may still be text
    /// (`SimpleImputer`): what a later step tells about its columns is true of the model's then.
    fn keeps_columns(&self) -> bool {
        false
    }

    /// Whether its numbers are of the type of those that went in, whatever that is.
    fn keeps_type(&self) -> bool {
        false
    }

    /// Transforms rows where they are; only for those that are [`Transformer::in_place`].
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn apply(&self, _rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        unreachable!("only steps that work in place are asked to")
    }

    /// Writes the transformed rows; the place has [`Transformer::width`] columns and the type of
    /// [`Transformer::form_of`].
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        copy_into(x, out.reborrow())?;
        self.apply(out, pool)
    }

    /// The transformed rows as sparse ones.
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn sparse(&self, _x: &Data<'_>, _pool: &mut Pool) -> Result<SparseRows, Rejected> {
        unreachable!("only steps with sparse output are asked for it")
    }

    /// The transformed rows as columns.
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn table(&self, _x: &Data<'_>, _pool: &mut Pool) -> Result<Table, Rejected> {
        unreachable!("only steps with columns as output are asked for them")
    }
}
