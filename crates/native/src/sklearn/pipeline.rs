//! `Pipeline`: steps that transform, and perhaps one at the end that predicts.
//!
//! Source: `sklearn.pipeline.Pipeline`; imbalanced-learn's, whose samplers do nothing when predicting.

use pelton_core::DType;
use pelton_pickle::Value;

use super::chain::Chain;
use super::meta::inner::dtype_of_single;
use super::transforms::transformed;
use crate::data::{Data, Form, Labels, Pool, Slot, SparseRows, Table};
use crate::estimator::{
    Answers, Estimator, Method, Methods, Output, Promise, Rejected, Shape, Transformer,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers =
    &[("sklearn", "Pipeline", read), ("imblearn", "Pipeline", read)];

/// Steps in a row. At least one.
pub(crate) struct Pipeline {
    chain: Chain,
    /// The last step, when it does more than transform.
    last: Option<Box<dyn Estimator>>,
    /// Whether it is scikit-learn's own, which is said to take numbers.
    numeric: bool,
    /// What the last step answers.
    answered: Vec<Output>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut steps: Vec<Box<dyn Estimator>> = Vec::new();
    let listed = fitted.attr("steps")?;
    let items = listed.items().map_err(|error| fitted.refuse(format!("Pipeline: {error}")))?;
    let count = items.len();
    let mut passed_on = false;
    for (index, item) in items.enumerate() {
        let name = item.item(0).ok().and_then(Value::as_str).unwrap_or_default();
        let step = item.item(1).map_err(|error| fitted.refuse(format!("Pipeline: {error}")))?;
        passed_on = is_nothing(step);
        if passed_on || is_sampler(step) {
            continue;
        }
        let place = format!("step '{name}'");
        let before = steps.last().and_then(|step| step.transformer()).map(Transformer::width);
        let given = before.or(fitted.given()).or_else(|| told(listed));
        let is_function = step.class().is_some_and(|class| class.name == "FunctionTransformer");
        let estimator = if index + 1 < count || is_function {
            fitted.inner_transformer_given(&place, step, given)?
        } else {
            fitted.inner_given(&place, step, given)?
        };
        steps.push(estimator);
    }
    let pipeline = Pipeline::of(steps, passed_on).map_err(|why| fitted.refuse(why))?;
    let class = fitted.value.class();
    let numeric = class.is_some_and(|class| class.module.starts_with("sklearn."));
    Ok(Box::new(Pipeline { numeric, ..pipeline }))
}

/// The columns that the first step notes which is no function of numbers: those keep them.
fn told(steps: Value<'_>) -> Option<usize> {
    let mut steps = steps.items().ok()?.filter_map(|item| item.item(1).ok());
    let is_function =
        |step: &Value<'_>| step.class().is_some_and(|class| class.name == "FunctionTransformer");
    let first = steps.find(|step| !is_nothing(*step) && !is_function(step))?;
    usize::try_from(first.get_attr("n_features_in_")?.as_i64()?).ok()
}

/// A step that passes everything through.
fn is_nothing(step: Value<'_>) -> bool {
    step.is_none() || step.as_str() == Some("passthrough")
}

/// imbalanced-learn's samplers change the rows a model is trained on, never those it predicts.
fn is_sampler(step: Value<'_>) -> bool {
    step.class().is_some_and(|class| {
        ["imblearn.over_sampling", "imblearn.under_sampling", "imblearn.combine"]
            .iter()
            .any(|package| class.module.starts_with(package))
    })
}

/// Tells each step that is given sparse rows in Python; the first one is, if `sparse`.
fn tell_sparse<'s>(steps: impl Iterator<Item = &'s mut Box<dyn Estimator>>, mut sparse: bool) {
    for step in steps {
        if sparse {
            step.fed_sparse();
        }
        sparse = step.is_sparse_in_python(sparse);
    }
}

impl Pipeline {
    /// Steps in order; all but the last transform.
    ///
    /// # Errors
    /// There is no step, or one gives rows of another width than the next takes.
    pub(crate) fn new(steps: Vec<Box<dyn Estimator>>) -> Result<Self, String> {
        Self::of(steps, false)
    }

    /// The same; `passed_on` where behind them nothing is done, so that the last transforms too and its
    /// other methods are out of reach.
    fn of(mut steps: Vec<Box<dyn Estimator>>, passed_on: bool) -> Result<Self, String> {
        if steps.is_empty() {
            return Err("the pipeline has no step that does anything".to_owned());
        }
        for (index, pair) in steps.windows(2).enumerate() {
            let given = pair[0].transformer().map(Transformer::width);
            if let (Some(given), Some(taken)) = (given, pair[1].features())
                && given != taken
            {
                return Err(format!(
                    "step {} of the pipeline gives {given} columns, the next takes {taken}",
                    index + 1
                ));
            }
        }
        for index in 1..steps.len() {
            let (before, rest) = steps.split_at_mut(index);
            if !before.iter().all(|step| step.transformer().is_some_and(Transformer::keeps_columns))
            {
                break;
            }
            let none = (0..rest[0].features().unwrap_or(0)).filter(|at| rest[0].knows_none(*at));
            none.for_each(|at| before.iter_mut().for_each(|step| step.fed_none(at)));
        }
        tell_sparse(steps.iter_mut(), false);
        let transforms_only = |step: &dyn Estimator| {
            step.transformer().is_some()
                && step.outputs().iter().all(|output| output.method == Method::Transform)
        };
        let last = steps.pop_if(|step| !passed_on && !transforms_only(&**step));
        let chain = Chain::new(steps);
        let mut answered = last.as_ref().map_or_else(Vec::new, |last| last.outputs());
        if let (Some(last), Some(width), Form::F32) =
            (&last, chain.width(), chain.form(Form::F64).numeric())
        {
            for output in &mut answered {
                output.dtype = dtype_of_single(&**last, width, output);
            }
        }
        Ok(Self { chain, last, numeric: true, answered })
    }

    fn first(&self) -> &dyn Estimator {
        let last = self.last.as_deref();
        self.chain.steps().first().map(|step| &**step).or(last).expect("a pipeline has a step")
    }

    /// The output of a pipeline that transforms and nothing else.
    fn transform_output(&self) -> Output {
        let steps = self.chain.steps();
        let mut made = steps
            .iter()
            .rev()
            .filter(|step| !step.transformer().is_some_and(Transformer::keeps_type));
        let made = made.next().or(steps.last());
        let told = made.and_then(|step| step.outputs().pop());
        let dtype = match (told.map(|output| output.dtype), self.chain.form(Form::F64)) {
            (Some(dtype), _) if !matches!(dtype, DType::Fp64 | DType::Fp32) => dtype,
            (_, Form::F32 | Form::Columns32 | Form::Sparse32) => DType::Fp32,
            (_, Form::F64 | Form::Sparse) => DType::Fp64,
            (_, Form::Columns) => DType::Bytes,
        };
        Output { method: Method::Transform, shape: Shape::Matrix(Transformer::width(self)), dtype }
    }

    /// The last step as a transformer, when it is one beside predicting.
    fn last_transformer(&self) -> Option<&dyn Transformer> {
        self.last.as_ref().and_then(|last| last.transformer())
    }
}

impl Estimator for Pipeline {
    fn outputs(&self) -> Vec<Output> {
        match &self.last {
            Some(_) => self.answered.clone(),
            None => vec![self.transform_output()],
        }
    }

    fn features(&self) -> Option<usize> {
        self.first().features()
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if let Some(last) = &self.last {
            if let (Data::F64(rows), Some(scaling)) = (x, self.chain.only_scaling())
                && last.answer_scaled(rows, scaling, asked, answers, pool)
            {
                return Ok(());
            }
            self.chain.run(x, pool, |x, pool| last.answer(x, asked, answers, pool))
        } else {
            let mut rows = transformed(self, x, pool)?;
            if self.is_sparse_in_python(false) {
                rows.lose_negative_zeros();
            }
            answers.transform = Some(rows);
            Ok(())
        }
    }

    fn feature_names(&self) -> Option<Vec<String>> {
        self.first().feature_names()
    }

    fn takes_numbers(&self) -> bool {
        self.numeric
    }

    fn labels(&self) -> &[Labels] {
        self.last.as_ref().map_or(&[], |last| last.labels())
    }

    fn classes(&self) -> Option<&Labels> {
        self.last.as_ref().and_then(|last| last.classes())
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        (self.last.is_none() || self.last_transformer().is_some()).then_some(self)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        for step in self.chain.steps() {
            step.judge(columns, evidence);
            // Behind a step that makes new columns, nothing is known about the old ones.
            if !step.transformer().is_some_and(Transformer::keeps_columns) {
                let numbers = self.last.as_ref().is_none_or(|last| last.takes_numbers());
                if numbers {
                    step.judge_passed(columns, evidence);
                }
                return;
            }
        }
        if let Some(last) = &self.last {
            last.judge(columns, evidence);
        }
    }

    fn passes_text(&self, columns: &[Option<usize>], evidence: &Evidence) -> bool {
        let [only] = self.chain.steps() else { return false };
        self.last.is_none() && only.passes_text(columns, evidence)
    }

    fn promise(&self) -> Promise {
        let steps = self.chain.steps().iter().chain(&self.last);
        steps.map(|step| step.promise()).max().unwrap_or(Promise::Bits)
    }

    fn takes_text(&self) -> bool {
        self.first().takes_text()
    }

    fn tells_integers(&self) -> bool {
        self.first().tells_integers()
    }

    fn fed_sparse(&mut self) {
        tell_sparse(self.chain.steps_mut().iter_mut().chain(&mut self.last), true);
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        let steps = self.chain.steps().iter().chain(&self.last);
        steps.fold(input, |sparse, step| step.is_sparse_in_python(sparse))
    }
}

impl Transformer for Pipeline {
    fn width(&self) -> usize {
        match self.last_transformer() {
            Some(last) => last.width(),
            None => self.chain.width().expect("a pipeline has a step"),
        }
    }

    fn form(&self, input: Form) -> Form {
        let form = self.chain.form(input);
        self.last_transformer().map_or(form, |last| last.form(form))
    }

    fn form_of(&self, x: &Data<'_>) -> Form {
        match self.last_transformer() {
            Some(last) if self.chain.steps().is_empty() => last.form_of(x),
            Some(last) => last.form(self.chain.form_of(x)),
            None => self.chain.form_of(x),
        }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        match self.last_transformer() {
            Some(last) => self.chain.run(x, pool, |x, pool| last.write(x, out, pool)),
            None => self.chain.write(x, out, pool),
        }
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        match self.last_transformer() {
            Some(last) => self.chain.run(x, pool, |x, pool| last.sparse(x, pool)),
            None => self.chain.sparse(x, pool),
        }
    }

    fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        match self.last_transformer() {
            Some(last) => self.chain.run(x, pool, |x, pool| last.table(x, pool)),
            None => self.chain.table(x, pool),
        }
    }
}
