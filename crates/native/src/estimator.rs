//! What every fitted estimator can be asked: the two traits of the crate.
//!
//! An [`Estimator`] answers whole outputs (`predict`, `predict_proba`, ...); those that feed others
//! are a [`Transformer`] as well and write their rows where the next step wants them. Must not know
//! any particular estimator, nor a wire format.

use std::borrow::Cow;
use std::fmt;

use pelton_core::DType;

use crate::data::{Column, Columns, Data, Form, Labels, Pool, Slot, SparseRows, Table, copy_into};
use crate::inputs::Evidence;

/// The methods of scikit-learn that are outputs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Method {
    /// Labels or numbers.
    Predict,
    /// Probabilities of the classes.
    PredictProba,
    /// Scores before they become probabilities.
    DecisionFunction,
    /// How usual a row is.
    ScoreSamples,
    /// The transformed row.
    Transform,
}

/// A set of [`Method`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

/// What a method answers for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Vector,
    /// This many values.
    Matrix(usize),
    /// Several matrices of these widths, one a target (`predict_proba` of several targets).
    Several(Vec<usize>),
}

/// One method an estimator has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Which.
    pub method: Method,
    /// The shape of a row's answer.
    pub shape: Shape,
    /// The type of numbers for 64-bit input: `Fp64`; `Fp32` of XGBoost, `Int64` of votes. Labels
    /// have their own.
    pub dtype: DType,
}

/// Numbers of an answer, row by row without gaps.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Integers.
    I64(Vec<i64>),
    /// Text columns side by side, row by row; `None` where a value is missing.
    Text(Vec<Option<Box<[u8]>>>),
}

/// What `predict` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicted {
    /// Indices into the estimator's labels, one a row and target.
    Labels(Vec<u32>),
    /// Numbers.
    Numbers(Block),
}

/// Answers to the methods asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// `predict`.
    pub predict: Option<Predicted>,
    /// `predict_proba`; several targets side by side.
    pub predict_proba: Option<Block>,
    /// `decision_function`.
    pub decision_function: Option<Block>,
    /// `score_samples`.
    pub score_samples: Option<Block>,
    /// `transform`.
    pub transform: Option<Block>,
}

/// How near to Python an estimator's answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Equal in every bit.
    Bits,
    /// Within 1e-12 (absolute below 1, relative above) with equal labels: Python itself varies.
    Close,
}

/// Rows the model refuses, in the words it would use. Python raises `ValueError` there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected(Cow<'static, str>);

/// A fitted estimator.
pub(crate) trait Estimator: Send + Sync {
    /// The methods it has, in the order of [`Method`], with the shape of their answers.
    fn outputs(&self) -> Vec<Output>;

    /// Columns of the rows it takes; `None` when it takes any. Whoever feeds it is held to that when
    /// the model is read, so that rows of another width never arrive.
    fn features(&self) -> Option<usize>;

    /// Answers the methods asked for, which must be among its outputs, and computes no other.
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn answer(&self, x: Data<'_>, asked: Methods, pool: &mut Pool) -> Result<Answers, Rejected>;

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

    /// Whether its columns are those that went in, one by one, and may still be text
    /// (`SimpleImputer`): what a later step tells about its columns is true of the model's then.
    fn keeps_columns(&self) -> bool {
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
    fn write(&self, x: Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        copy_into(x, out.reborrow())?;
        self.apply(out, pool)
    }

    /// The transformed rows as sparse ones.
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn sparse(&self, _x: Data<'_>, _pool: &mut Pool) -> Result<SparseRows, Rejected> {
        unreachable!("only steps with sparse output are asked for it")
    }

    /// The transformed rows as columns.
    ///
    /// # Errors
    /// A row has a value the estimator refuses.
    fn table(&self, _x: Data<'_>, _pool: &mut Pool) -> Result<Table, Rejected> {
        unreachable!("only steps with columns as output are asked for them")
    }
}

impl Method {
    /// Every method, in the order outputs are listed.
    pub const ALL: [Self; 5] = [
        Self::Predict,
        Self::PredictProba,
        Self::DecisionFunction,
        Self::ScoreSamples,
        Self::Transform,
    ];

    /// scikit-learn's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::PredictProba => "predict_proba",
            Self::DecisionFunction => "decision_function",
            Self::ScoreSamples => "score_samples",
            Self::Transform => "transform",
        }
    }
}

impl Methods {
    /// No method.
    pub const NONE: Self = Self(0);

    /// One method.
    pub const fn only(method: Method) -> Self {
        Self(1 << method as u8)
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | 1 << method as u8)
    }

    /// Whether a method is among them.
    pub const fn has(self, method: Method) -> bool {
        self.0 & 1 << method as u8 != 0
    }
}

impl Output {
    /// A method that answers 64-bit floats or labels.
    pub(crate) fn new(method: Method, shape: Shape) -> Self {
        Self { method, shape, dtype: DType::Fp64 }
    }
}

impl Shape {
    /// Values of a row's answer.
    pub fn width(&self) -> usize {
        match self {
            Self::Vector => 1,
            Self::Matrix(width) => *width,
            Self::Several(widths) => widths.iter().sum(),
        }
    }
}

impl Answers {
    /// The answer of a method that gives numbers.
    pub fn block(&self, method: Method) -> Option<&Block> {
        match method {
            Method::Predict => match &self.predict {
                Some(Predicted::Numbers(block)) => Some(block),
                _ => None,
            },
            Method::PredictProba => self.predict_proba.as_ref(),
            Method::DecisionFunction => self.decision_function.as_ref(),
            Method::ScoreSamples => self.score_samples.as_ref(),
            Method::Transform => self.transform.as_ref(),
        }
    }

    /// Answers scores as `decision_function` where that is asked for, else returns their room.
    pub(crate) fn decide(&mut self, asked: Methods, scores: Vec<f64>, pool: &mut Pool) {
        if asked.has(Method::DecisionFunction) {
            self.decision_function = Some(Block::F64(scores));
        } else {
            pool.give_f64(scores);
        }
    }

    /// Returns all room to the pool.
    pub(crate) fn recycle(self, pool: &mut Pool) {
        if let Some(predicted) = self.predict {
            match predicted {
                Predicted::Labels(labels) => pool.give_u32(labels),
                Predicted::Numbers(block) => block.recycle(pool),
            }
        }
        let blocks =
            [self.predict_proba, self.decision_function, self.score_samples, self.transform];
        for block in blocks.into_iter().flatten() {
            block.recycle(pool);
        }
    }
}

impl Block {
    /// Columns as text, row by row: numbers in Python's shortest form.
    pub(crate) fn of_columns(columns: Columns<'_>) -> Self {
        let mut values = Vec::with_capacity(columns.rows() * columns.len());
        for row in 0..columns.rows() {
            values.extend(columns.iter().map(|column| text_at(column, row)));
        }
        Self::Text(values)
    }

    /// Zeros without a sign: sparse rows in Python do not hold theirs.
    pub(crate) fn lose_negative_zeros(&mut self) {
        match self {
            Self::F32(values) => values.iter_mut().for_each(|value| *value += 0.0),
            Self::F64(values) => values.iter_mut().for_each(|value| *value += 0.0),
            Self::I64(_) | Self::Text(_) => {}
        }
    }

    /// The numbers as f64; `None` for text.
    pub(crate) fn into_f64(self, pool: &mut Pool) -> Option<Vec<f64>> {
        match self {
            Self::F64(values) => Some(values),
            Self::F32(values) => {
                let mut wide = pool.take_f64(values.len());
                for (wide, value) in wide.iter_mut().zip(&values) {
                    *wide = f64::from(*value);
                }
                pool.give_f32(values);
                Some(wide)
            }
            Self::I64(values) => Some(values.iter().map(|value| *value as f64).collect()),
            Self::Text(_) => None,
        }
    }

    /// Returns its room to the pool.
    pub(crate) fn recycle(self, pool: &mut Pool) {
        match self {
            Self::F32(values) => pool.give_f32(values),
            Self::F64(values) => pool.give_f64(values),
            Self::I64(_) | Self::Text(_) => {}
        }
    }
}

fn text_at(column: Column<'_>, row: usize) -> Option<Box<[u8]>> {
    match column {
        Column::Text(texts) => texts.get(row).map(Box::from),
        Column::I64(values) => Some(values[row].to_string().into_bytes().into()),
        Column::Bool(values) => {
            Some(if values[row] == 0 { "False" } else { "True" }.as_bytes().into())
        }
        Column::F64(_) | Column::F32(_) => {
            let number = column.number(row).filter(|number| !number.is_nan())?;
            Some(format!("{number:?}").into_bytes().into())
        }
    }
}

impl Rejected {
    /// Rows refused for this reason: lower case, no full stop.
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }

    /// The reason.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rejected {}
