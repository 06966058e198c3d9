//! Models kept in pieces: transformers of files of their own before the model, a label encoder behind
//! it. The same rules as the Python worker's (`python/pelton/worker/pieces.py`).
//!
//! Must not know files: pieces are values of documents, or what a library's own file holds.

use pelton_pickle::Value;

use crate::about::About;
use crate::data::{Data, Labels, Pool};
use crate::estimator::{Answers, Estimator, Methods, Output, Promise, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::libraries::read_own_file;
use crate::model::Model;
use crate::names::feature_names;
use crate::reader::{Refusal, read_piece};
use crate::sklearn::Pipeline;
use crate::stored_labels::labels;

/// A piece of a model and what it is called in messages: `scaler.pkl`, `bundle.pkl#model`.
#[derive(Clone, Copy)]
pub struct Piece<'d> {
    /// What it is called.
    pub name: &'d str,
    /// What it is.
    pub content: Content<'d>,
}

/// What a piece of a model is.
#[derive(Clone, Copy)]
pub enum Content<'d> {
    /// An object of a document.
    Value(Value<'d>),
    /// A model file of XGBoost, LightGBM or CatBoost.
    OwnFile(&'d [u8]),
}

/// A piece that was read, and what is known of it beside its answers.
struct Step {
    estimator: Box<dyn Estimator>,
    about: About,
    names: Option<Vec<String>>,
}

/// A model whose predictions are places in a label encoder's labels.
struct Decoded {
    model: Box<dyn Estimator>,
    labels: [Labels; 1],
}

impl Model {
    /// Joins pieces to one model: transformers in their order, then what predicts (or transforms);
    /// a `LabelEncoder` behind it decodes its labels. One piece is that model.
    ///
    /// # Errors
    /// A piece is not understood, does not transform, or does not fit the one before it.
    ///
    /// # Panics
    /// There is no piece.
    pub fn of_pieces(pieces: &[Piece<'_>]) -> Result<Self, Refusal> {
        if let [Piece { content: Content::Value(value), .. }] = pieces {
            return Self::of_value(*value);
        }
        let last = pieces.last().expect("a model has a piece");
        let encoder = label_encoder(last).filter(|_| pieces.len() > 1);
        let applied = if encoder.is_some() { &pieces[..pieces.len() - 1] } else { pieces };
        let mut steps = Vec::with_capacity(applied.len());
        for piece in applied {
            steps.push(piece.read()?);
        }
        for (piece, step) in applied.iter().zip(&steps).take(applied.len() - 1) {
            if step.estimator.transformer().is_none() {
                return Err(Refusal::at(
                    piece.name,
                    format!(
                        "{} does not transform, and every piece but the last one must (and behind \
                         the model only a LabelEncoder, which decodes its labels)",
                        step.about.class
                    ),
                ));
            }
        }
        let mut about = steps.last().expect("a step").about.clone();
        let names = steps[0].names.take();
        let mut steps: Vec<_> = steps.into_iter().map(|step| step.estimator).collect();
        let mut root = if steps.len() == 1 {
            steps.remove(0)
        } else {
            // What the worker joins them to.
            "sklearn.pipeline.Pipeline".clone_into(&mut about.class);
            "sklearn".clone_into(&mut about.platform);
            Box::new(Pipeline::new(steps).map_err(Refusal::whole)?)
        };
        if let Some(encoder) = encoder {
            root = decoded(root, last.name, encoder)?;
        }
        Self::of(root, names, about)
    }
}

impl Piece<'_> {
    fn read(&self) -> Result<Step, Refusal> {
        match self.content {
            Content::Value(value) => {
                let estimator = read_piece(self.name, value)?;
                let names = feature_names(value).or_else(|| estimator.feature_names());
                Ok(Step { estimator, about: About::of(value), names })
            }
            Content::OwnFile(bytes) => {
                let read = read_own_file(bytes);
                match read.map_err(|why| Refusal::at(self.name, why.to_string()))? {
                    Some((estimator, about)) => {
                        let names = estimator.feature_names();
                        Ok(Step { estimator, about, names })
                    }
                    None => Err(Refusal::at(
                        self.name,
                        "it is no model file of XGBoost, LightGBM or CatBoost".to_owned(),
                    )),
                }
            }
        }
    }
}

fn label_encoder<'d>(piece: &Piece<'d>) -> Option<Value<'d>> {
    let Content::Value(value) = piece.content else { return None };
    let is_one = value.class().is_some_and(|class| {
        class.name == "LabelEncoder" && class.module.split('.').next() == Some("sklearn")
    });
    is_one.then_some(value)
}

fn decoded(
    model: Box<dyn Estimator>,
    name: &str,
    encoder: Value<'_>,
) -> Result<Box<dyn Estimator>, Refusal> {
    let refuse = |why: String| Refusal::at(name, why);
    let known = encoder.get_attr("classes_").and_then(labels).ok_or_else(|| {
        refuse("the LabelEncoder's labels are neither all numbers nor all text".to_owned())
    })?;
    let [codes] = model.labels() else {
        return Err(refuse(
            "a LabelEncoder decodes the labels of a classifier with one target, and the piece \
             before it is none"
                .to_owned(),
        ));
    };
    let places: Option<Vec<usize>> =
        (0..codes.len()).map(|index| place(codes, index).filter(|at| *at < known.len())).collect();
    let places = places.ok_or_else(|| {
        let codes: Vec<String> = (0..codes.len().min(12)).map(|index| codes.text(index)).collect();
        refuse(format!(
            "the LabelEncoder decodes {} labels numbered from 0, and the piece before it predicts \
             {}: it was trained on other labels",
            known.len(),
            codes.join(", ")
        ))
    })?;
    Ok(Box::new(Decoded { model, labels: [picked(&known, &places)] }))
}

/// The label as a place in another list: whole numbers are.
fn place(codes: &Labels, index: usize) -> Option<usize> {
    match codes {
        Labels::Int { values, .. } => usize::try_from(values[index]).ok(),
        Labels::Bool(values) => Some(usize::from(values[index])),
        Labels::Float { values, .. } => {
            let whole = values[index].fract() == 0.0 && (0.0..1e15).contains(&values[index]);
            whole.then_some(values[index] as usize)
        }
        Labels::Text(_) => None,
    }
}

fn picked(known: &Labels, places: &[usize]) -> Labels {
    match known {
        Labels::Int { values, dtype } => {
            let values = places.iter().map(|at| values[*at]).collect();
            Labels::Int { values, dtype: *dtype }
        }
        Labels::Bool(values) => Labels::Bool(places.iter().map(|at| values[*at]).collect()),
        Labels::Float { values, dtype } => {
            let values = places.iter().map(|at| values[*at]).collect();
            Labels::Float { values, dtype: *dtype }
        }
        Labels::Text(values) => Labels::Text(places.iter().map(|at| values[*at].clone()).collect()),
    }
}

impl Estimator for Decoded {
    fn outputs(&self) -> Vec<Output> {
        self.model.outputs()
    }

    fn features(&self) -> Option<usize> {
        self.model.features()
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        // `predict` answers places in the model's labels; those are others now.
        self.model.answer(x, asked, answers, pool)
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        self.model.transformer()
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.model.judge(columns, evidence);
    }

    fn judge_passed(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.model.judge_passed(columns, evidence);
    }

    fn takes_numbers(&self) -> bool {
        self.model.takes_numbers()
    }

    fn feature_names(&self) -> Option<Vec<String>> {
        self.model.feature_names()
    }

    fn fed_sparse(&mut self) {
        self.model.fed_sparse();
    }

    fn promise(&self) -> Promise {
        self.model.promise()
    }

    fn takes_text(&self) -> bool {
        self.model.takes_text()
    }

    fn tells_integers(&self) -> bool {
        self.model.tells_integers()
    }
}
