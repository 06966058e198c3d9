//! [`Model`]: a model file as one thing that answers.
//!
//! Knows the signature a model has for clients; must not know requests or threads.

use pelton_core::Signature;
use pelton_pickle::{Document, Value};

use crate::about::About;

use crate::data::{Column, Columns, Data, Labels, Pool, View};
use crate::estimator::{Answers, Estimator, Methods, Output, Promise, Rejected};
use crate::inputs::{Evidence, Example};
use crate::names::feature_names;
use crate::reader::{Refusal, read_root};
use crate::signature::{self, NamedOutput};

/// Columns a row may have at most, anywhere in the model; a file's lie would cost memory.
const COLUMNS_MAX: usize = 1 << 22;

/// Bytes of rows worked on at a time.
const ROWS_BYTES: usize = 16 << 20;

/// A model that was read from its file and can answer. Shared between threads freely.
pub struct Model {
    root: Box<dyn Estimator>,
    /// [`Estimator::features`] of it.
    features: Option<usize>,
    signature: Signature,
    outputs: Vec<NamedOutput>,
    about: About,
    /// Of each column, a value it is known to have held.
    examples: Vec<Option<Example>>,
}

/// Rows to answer for.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// A matrix of 32-bit floats, row by row.
    F32 {
        /// `rows` times `features` values.
        values: &'a [f32],
        /// How many rows.
        rows: usize,
    },
    /// A matrix of 64-bit floats, row by row.
    F64 {
        /// `rows` times `features` values.
        values: &'a [f64],
        /// How many rows.
        rows: usize,
    },
    /// Columns in the model's order. One column of text for a model that takes texts.
    Columns {
        /// Of equal length.
        columns: &'a [Column<'a>],
        /// How many rows.
        rows: usize,
    },
}

/// Room to work in, for one run at a time; grows to what the largest batch needs and stays so.
#[derive(Default)]
pub struct Workspace {
    pool: Pool,
    /// Those of the last run.
    answers: Answers,
}

impl Model {
    /// Reads a pickle, joblib or skops document's model.
    ///
    /// # Errors
    /// Something in it is not understood: its place and the exact reason.
    ///
    /// # Example
    /// ```no_run
    /// let document = pelton_pickle::Document::read(std::fs::read("model.pkl")?)?;
    /// let model = pelton_native::Model::read(&document)?;
    /// println!("{}", model.about().class);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(document: &Document) -> Result<Self, Refusal> {
        Self::of_value(document.root())
    }

    /// Reads the model that a value of a document is: its root, or a part of a bundle.
    ///
    /// # Errors
    /// As [`Model::read`].
    pub fn of_value(value: Value<'_>) -> Result<Self, Refusal> {
        let root = read_root(value)?;
        let names = feature_names(value).or_else(|| root.feature_names());
        Self::of(root, names, About::of(value))
    }

    /// Reads a model file of XGBoost (JSON, UBJ), LightGBM (text) or CatBoost (cbm, JSON); `None`
    /// where the content is of none of them.
    ///
    /// It answers what the library's own class does that loads such a file: `XGBClassifier` where
    /// it saved the file, else `Booster`; `CatBoostClassifier` where there are class labels.
    ///
    /// # Errors
    /// The file is not supported natively, with the reason.
    pub fn read_own_file(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let refused = |why: crate::boosters::Refused| Refusal::whole(why.to_string());
        let Some((root, about)) = crate::libraries::read_own_file(bytes).map_err(refused)? else {
            return Ok(None);
        };
        let names = root.feature_names();
        Self::of(root, names, about).map(Some)
    }

    pub(crate) fn of(
        root: Box<dyn Estimator>,
        names: Option<Vec<String>>,
        mut about: About,
    ) -> Result<Self, Refusal> {
        let widest = root.widest();
        if widest > COLUMNS_MAX {
            return Err(Refusal::whole(format!(
                "the model makes rows of {widest} columns, at most {COLUMNS_MAX} are supported natively"
            )));
        }
        let outputs = signature::named(&root.outputs());
        let columns: Vec<Option<usize>> = (0..root.features().unwrap_or(0)).map(Some).collect();
        let mut evidence = Evidence::new(columns.len());
        root.judge(&columns, &mut evidence);
        evidence.settle();
        let inputs = signature::inputs(&*root, names, &evidence)?;
        let text = root.passes_text(&columns, &evidence);
        let specs = outputs.iter().map(|output| signature::spec(&*root, output, text)).collect();
        let default_outputs = signature::answered_unasked(&outputs).into();
        if let Some(labels) = root.classes() {
            about.classes = (0..labels.len()).map(|index| labels.text(index)).collect();
        }
        let signature = Signature { inputs, outputs: specs, default_outputs };
        let examples = evidence.into_examples();
        Ok(Self { features: root.features(), root, signature, outputs, about, examples })
    }

    /// What it takes and answers.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// What it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How near its answers are to Python's.
    pub fn promise(&self) -> Promise {
        self.root.promise()
    }

    /// The methods it has.
    pub fn outputs(&self) -> Vec<Output> {
        self.root.outputs()
    }

    /// The labels that `predict` gives indices of, one set a target.
    pub fn labels(&self) -> &[Labels] {
        self.root.labels()
    }

    /// Rows to answer for at a time, so that no step takes much memory.
    pub(crate) fn rows_at_once(&self) -> usize {
        (ROWS_BYTES / (8 * self.root.widest().max(1))).max(1)
    }

    pub(crate) fn named_outputs(&self) -> &[NamedOutput] {
        &self.outputs
    }

    /// Features of a row; `None` when one text is.
    pub fn features(&self) -> Option<usize> {
        self.features
    }

    /// A value that a column is known to have held.
    pub(crate) fn example(&self, column: usize) -> Option<&Example> {
        self.examples.get(column)?.as_ref()
    }

    /// Whether its answers depend on nothing but how many rows there are.
    pub(crate) fn ignores_rows(&self) -> bool {
        self.root.ignores_rows()
    }

    /// Whether whole numbers are other values to it than the same numbers with a fraction of zero.
    pub(crate) fn tells_integers(&self) -> bool {
        self.root.tells_integers()
    }

    /// Whether a row is one text.
    pub fn takes_text(&self) -> bool {
        self.root.takes_text()
    }

    /// Answers the methods asked for. The answers lie in the workspace until its next run.
    ///
    /// # Errors
    /// A row has a value the model refuses; Python would refuse the whole batch as well.
    ///
    /// # Panics
    /// The rows are not as wide as the model's, or of different lengths.
    pub fn answer<'w>(
        &self,
        rows: Rows<'_>,
        asked: Methods,
        workspace: &'w mut Workspace,
    ) -> Result<&'w Answers, Rejected> {
        let data = self.data(rows);
        if let Some(features) = self.features {
            assert_eq!(data.width(), features, "columns given against wanted");
        }
        let Workspace { pool, answers } = workspace;
        answers.recycle(pool);
        self.root.answer(&data, asked, answers, pool)?;
        Ok(answers)
    }

    fn data<'a>(&self, rows: Rows<'a>) -> Data<'a> {
        let cols = |values: usize, rows: usize| match self.features {
            Some(features) => features,
            None => values.checked_div(rows).unwrap_or(0),
        };
        match rows {
            Rows::F32 { values, rows } => {
                Data::F32(View::new(values, rows, cols(values.len(), rows)))
            }
            Rows::F64 { values, rows } => {
                Data::F64(View::new(values, rows, cols(values.len(), rows)))
            }
            Rows::Columns { columns, rows } => Data::Columns(Columns::new(columns, rows)),
        }
    }
}
