//! `SVC` and `NuSVC`: every pair of classes decides, and the class with most votes wins.
//!
//! Source: `svm_predict_values` of libsvm; `sklearn.svm._base.BaseSVC` and
//! `sklearn.utils.multiclass._ovr_decision_function`.

use pelton_pickle::Value;

use super::machine::Machine;
use super::platt::Platt;
use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::argmax;
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[("sklearn", "SVC", read), ("sklearn", "NuSVC", read)];

struct Classifier {
    machine: Machine,
    pairs: Pairs,
    platt: Option<Platt>,
    /// Whether `decision_function` has a column a class, not one a pair.
    one_a_class: bool,
    /// Whether the scores of the classes decide, not the votes.
    break_ties: bool,
    /// Whether a row's decision is its own: see [`SCORED`].
    scored: bool,
    labels: [Labels; 1],
}

/// Before 0.21 the scores of three classes and more were scaled by the greatest of the batch.
pub(crate) const SCORED: Version = Version(0, 21);

/// What each pair of classes makes of the kernel's values.
struct Pairs {
    classes: usize,
    /// Where the support vectors of each class start, and the end of all.
    starts: Vec<usize>,
    /// classes - 1 rows of a coefficient a support vector.
    coefficients: Vec<f64>,
    intercepts: Vec<f64>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let machine = Machine::read(fitted)?;
    let labels = fitted.labels("classes_")?;
    let pairs = Pairs::read(fitted, labels.len(), machine.count())?;
    let shape = fitted.option("decision_function_shape");
    let one_a_class = match shape.and_then(Value::as_str) {
        Some("ovr") => true,
        Some("ovo") => false,
        // None until 0.18, and nothing before 0.17: scores of pairs.
        None if shape.is_none() && fitted.version() < Version(0, 19) => false,
        _ => {
            let shape = fitted.text("decision_function_shape")?;
            return Err(fitted.refuse_option(format!("decision_function_shape='{shape}'")));
        }
    };
    let break_ties = fitted.flag("break_ties", false)?;
    if break_ties && !one_a_class {
        return Err(fitted.refuse_option("break_ties and decision_function_shape='ovo'"));
    }
    let platt = read_platt(fitted, pairs.intercepts.len())?;
    let scored = !one_a_class || pairs.classes == 2 || fitted.version() >= SCORED;
    let labels = [labels];
    Ok(Box::new(Classifier { machine, pairs, platt, one_a_class, break_ties, scored, labels }))
}

fn read_platt(fitted: &Fitted<'_>, pairs: usize) -> Result<Option<Platt>, Refusal> {
    // "deprecated" where it was not given.
    if fitted.option("probability").and_then(Value::as_bool) != Some(true) {
        return Ok(None);
    }
    let either =
        |new: &str, old: &str| fitted.numbers(if fitted.option(new).is_some() { new } else { old });
    let (a, b) = (either("_probA", "probA_")?, either("_probB", "probB_")?);
    if a.len() != pairs || b.len() != pairs {
        return Err(fitted.refuse(format!("there are {} sigmoids for {pairs} pairs", a.len())));
    }
    Ok(Some(Platt { a, b }))
}

impl Pairs {
    fn read(fitted: &Fitted<'_>, classes: usize, vectors: usize) -> Result<Self, Refusal> {
        let name = if fitted.option("_n_support").is_some() { "_n_support" } else { "n_support_" };
        let counts = fitted.attr(name)?.to_i64_vec().map_err(|error| fitted.refuse(error))?;
        let mut starts = vec![0_usize];
        for count in counts {
            let last = starts[starts.len() - 1];
            let next = usize::try_from(count).ok().and_then(|count| last.checked_add(count));
            starts.push(fitted.wanted(name, next, "counts")?);
        }
        let coefficients = coefficients(fitted)?;
        let intercepts = fitted.numbers("_intercept_")?;
        let pairs = classes * classes.saturating_sub(1) / 2;
        if classes < 2
            || starts.len() != classes + 1
            || starts[classes] != vectors
            || coefficients.len() != (classes - 1) * vectors
            || intercepts.len() != pairs
        {
            return Err(fitted.refuse("its classes, support vectors and coefficients do not fit"));
        }
        Ok(Self { classes, starts, coefficients, intercepts })
    }

    fn count(&self) -> usize {
        self.intercepts.len()
    }

    /// The decision of each pair (0, 1), (0, 2), ...: for its first class where positive.
    fn decide(&self, values: &[f64], out: &mut [f64]) {
        let mut pair = 0;
        for i in 0..self.classes {
            for j in i + 1..self.classes {
                let sum = self.add(0.0, j - 1, i, values);
                let sum = self.add(sum, i, j, values);
                // libsvm subtracts rho, which is the intercept's negative.
                out[pair] = sum - -self.intercepts[pair];
                pair += 1;
            }
        }
    }

    /// Adds what the support vectors of a class contribute by a row of coefficients.
    fn add(&self, sum: f64, row: usize, class: usize, values: &[f64]) -> f64 {
        let range = self.starts[class]..self.starts[class + 1];
        let coefficients = &self.coefficients[row * values.len()..][range.clone()];
        let terms = coefficients.iter().zip(&values[range]);
        terms.fold(sum, |sum, (coefficient, value)| sum + coefficient * value)
    }

    /// The class with most votes, the first of ties.
    fn winner(&self, decisions: &[f64], votes: &mut Vec<u32>) -> u32 {
        votes.clear();
        votes.resize(self.classes, 0);
        let mut decisions = decisions.iter();
        for i in 0..self.classes {
            for j in i + 1..self.classes {
                let first = decisions.next().is_some_and(|decision| *decision > 0.0);
                votes[if first { i } else { j }] += 1;
            }
        }
        (1..self.classes).fold(0, |best, i| if votes[i] > votes[best] { i } else { best }) as u32
    }

    /// A score a class: its votes, and within them how sure they are.
    fn scores(&self, decisions: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let mut pair = 0;
        for i in 0..self.classes {
            for j in i + 1..self.classes {
                let sure = -decisions[pair];
                out[i] -= sure;
                out[j] += sure;
                pair += 1;
            }
        }
        for (class, out) in out.iter_mut().enumerate() {
            let votes = self.votes(decisions, class);
            *out = votes + *out / (3.0 * (out.abs() + 1.0));
        }
    }

    fn votes(&self, decisions: &[f64], class: usize) -> f64 {
        let mut votes = 0.0;
        let mut pair = 0;
        for i in 0..self.classes {
            for j in i + 1..self.classes {
                let second = decisions[pair] < 0.0;
                votes += f64::from(u8::from(if second { j == class } else { i == class }));
                pair += 1;
            }
        }
        votes
    }
}

/// `_dual_coef_`, row by row: a matrix, or a sparse one that stores every element.
fn coefficients(fitted: &Fitted<'_>) -> Result<Vec<f64>, Refusal> {
    let value = fitted.attr("_dual_coef_")?;
    match value.get_attr("data").filter(|_| value.as_array().is_none()) {
        Some(data) => fitted.numbers_of("_dual_coef_", data),
        None => fitted.numbers("_dual_coef_"),
    }
}

pub(super) fn single_row(fitted: &Fitted<'_>, vectors: usize) -> Result<Vec<f64>, Refusal> {
    let coefficients = coefficients(fitted)?;
    if coefficients.len() != vectors {
        return Err(fitted.refuse("its support vectors and coefficients do not fit"));
    }
    Ok(coefficients)
}

impl Classifier {
    /// The decisions of all pairs, row by row.
    fn decisions(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let pairs = self.pairs.count();
        let mut out = pool.take_f64(x.rows() * pairs);
        self.machine.values(x, pool, |row, values| {
            self.pairs.decide(values, &mut out[row * pairs..(row + 1) * pairs]);
        })?;
        Ok(out)
    }

    fn predict(&self, decisions: &[f64], pool: &mut Pool) -> Predicted {
        let pairs = self.pairs.count();
        let mut labels = pool.take_u32(decisions.len() / pairs);
        let (mut votes, mut scores) = (pool.take_u32(0), pool.take_f64(self.pairs.classes));
        for (label, decisions) in labels.iter_mut().zip(decisions.chunks_exact(pairs)) {
            *label = if self.break_ties && self.pairs.classes > 2 {
                self.pairs.scores(decisions, &mut scores);
                argmax(&scores) as u32
            } else {
                self.pairs.winner(decisions, &mut votes)
            };
        }
        pool.give_u32(votes);
        pool.give_f64(scores);
        Predicted::Labels(labels)
    }

    fn probabilities(&self, platt: &Platt, decisions: &[f64], pool: &mut Pool) -> Vec<f64> {
        let (pairs, classes) = (self.pairs.count(), self.pairs.classes);
        let mut out = pool.take_f64(decisions.len() / pairs * classes);
        let mut room = pool.take_f64(0);
        for (out, decisions) in out.chunks_exact_mut(classes).zip(decisions.chunks_exact(pairs)) {
            platt.probabilities(decisions, &mut room, out);
        }
        pool.give_f64(room);
        out
    }

    fn decision_function(&self, mut decisions: Vec<f64>, pool: &mut Pool) -> Vec<f64> {
        let (pairs, classes) = (self.pairs.count(), self.pairs.classes);
        if classes == 2 {
            decisions.iter_mut().for_each(|decision| *decision = -*decision);
            return decisions;
        }
        if !self.one_a_class {
            return decisions;
        }
        let mut out = pool.take_f64(decisions.len() / pairs * classes);
        for (out, decisions) in out.chunks_exact_mut(classes).zip(decisions.chunks_exact(pairs)) {
            self.pairs.scores(decisions, out);
        }
        pool.give_f64(decisions);
        out
    }
}

impl Estimator for Classifier {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.pairs.classes;
        let scores = match classes {
            2 => Shape::Vector,
            _ if self.one_a_class => Shape::Matrix(classes),
            _ => Shape::Matrix(self.pairs.count()),
        };
        let mut outputs = vec![Output::new(Method::Predict, Shape::Vector)];
        if self.platt.is_some() {
            outputs.push(Output::new(Method::PredictProba, Shape::Matrix(classes)));
        }
        if self.scored {
            outputs.push(Output::new(Method::DecisionFunction, scores));
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        Some(self.machine.features())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let decisions = self.decisions(x, pool)?;
        if asked.has(Method::Predict) {
            answers.predict = Some(self.predict(&decisions, pool));
        }
        if let Some(platt) = self.platt.as_ref().filter(|_| asked.has(Method::PredictProba)) {
            let probabilities = self.probabilities(platt, &decisions, pool);
            answers.predict_proba = Some(Block::F64(probabilities));
        }
        if asked.has(Method::DecisionFunction) {
            let scores = self.decision_function(decisions, pool);
            answers.decision_function = Some(Block::F64(scores));
        } else {
            pool.give_f64(decisions);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
