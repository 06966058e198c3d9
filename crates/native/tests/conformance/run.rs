//! One case through the native engine: its signature, every output alone and all together, the batch
//! and every row of it, and the rows that Python refuses.
//!
//! Must not know which cases there are.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use pelton_core::{Batch, Code, DType, Executor, Inputs, Signature, Tensor, TensorSpec};
use pelton_native::{Model, NativeExecutor, Threads};
use pelton_pickle::Document;

use super::compare::{Nearness, SINGLE, difference, near, same_bits, shown};
use super::golden::{Expected, Golden};
use super::promises::Promises;

/// What came of a case.
pub(crate) enum Outcome {
    /// The engine does not read the model, for this reason.
    Refused(String),
    /// Every difference from what was promised, in words; and what was measured, by output.
    Ran { faults: Vec<String>, measured: Vec<Measured> },
}

/// How an output compared.
pub(crate) struct Measured {
    pub(crate) output: String,
    pub(crate) nearness: Nearness,
    /// The largest difference from Python.
    pub(crate) difference: f64,
    /// Whether every bit was equal.
    pub(crate) bits: bool,
    /// Python's largest difference from itself.
    pub(crate) python: f64,
    /// Whether the answer is in single precision.
    pub(crate) single: bool,
}

/// Faults told of one case at most.
const FAULTS_SHOWN: usize = 6;

struct Bench<'a> {
    golden: &'a Golden,
    executor: Arc<NativeExecutor>,
    faults: Vec<String>,
}

/// Runs one case.
pub(crate) fn run(golden: &Golden, promises: &Promises, threads: &Threads) -> Outcome {
    let model = match load(golden) {
        Ok(model) => model,
        Err(reason) => return Outcome::Refused(reason),
    };
    let executor = NativeExecutor::new(model, threads.clone());
    let mut bench = Bench { golden, executor, faults: Vec::new() };
    bench.compare_signature();
    let mut measured = Vec::new();
    for expected in &golden.outputs {
        let nearness = match promises.nearness(golden, &expected.name) {
            Nearness::Bits => Nearness::Bits,
            // Nobody is nearer to Python than it is to itself, nor in single precision than that allows.
            Nearness::Within(limit) => Nearness::Within(
                limit.max(8.0 * expected.self_difference).max(if golden.is_single() {
                    SINGLE
                } else {
                    0.0
                }),
            ),
        };
        measured.extend(bench.compare_output(expected, nearness));
    }
    bench.compare_together();
    bench.faults.truncate(FAULTS_SHOWN);
    Outcome::Ran { faults: bench.faults, measured }
}

/// The bytes of every output to the rows that Python answers, as one batch and each alone; `None` where
/// the model is not read.
#[allow(dead_code, reason = "not every test that has these modules asks")]
pub(crate) fn answers(golden: &Golden, threads: &Threads) -> Option<Vec<u8>> {
    let executor = NativeExecutor::new(load(golden).ok()?, threads.clone());
    let bench = Bench { golden, executor, faults: Vec::new() };
    let mut bytes = Vec::new();
    for expected in &golden.outputs {
        let rows = 0..expected.refused.len();
        let kept: Vec<usize> = rows.filter(|row| !expected.refused[*row]).collect();
        let asked = [expected.name.clone()];
        let alone = kept.iter().map(|row| vec![*row]);
        for rows in alone.chain([kept.clone()]).filter(|rows| !rows.is_empty()) {
            match bench.answer(&rows, &asked) {
                Ok(tensors) => tensors.iter().for_each(|one| bytes.extend_from_slice(one.data())),
                Err(error) => bytes.extend_from_slice(error.text.as_bytes()),
            }
        }
    }
    Some(bytes)
}

fn load(golden: &Golden) -> Result<Model, String> {
    let bytes = std::fs::read(&golden.model).map_err(|error| error.to_string())?;
    if let Some(model) = Model::read_own_file(&bytes).map_err(|refusal| refusal.to_string())? {
        return Ok(model);
    }
    let document = Document::read(bytes).map_err(|error| error.to_string())?;
    Model::read(&document).map_err(|refusal| refusal.to_string())
}

impl Bench<'_> {
    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    fn compare_signature(&mut self) {
        let executor = self.executor.clone();
        let (signature, hello) = (executor.signature(), &self.golden.hello);
        let form = match &signature.inputs {
            Inputs::Matrix(_) => "matrix",
            Inputs::Columns(_) => "columns",
            Inputs::Tensors(_) => "tensors",
            Inputs::Any => "any",
        };
        // scikit-learn asks the first step for its columns, also when that is 'passthrough' and has
        // none to tell; what is known here is more.
        if form != hello.form && !(form == "matrix" && hello.form == "any") {
            self.fault(format!("signature: the form is {form}, Python's {}", hello.form));
        } else if let (true, Some(text)) =
            (form == hello.form, specs_differ(signature.input_specs(), &hello.inputs, true))
        {
            self.fault(format!("signature: inputs: {text}"));
        }
        let outputs = self.outputs_expected();
        if let Some(text) = specs_differ(&signature.outputs, &outputs, false) {
            self.fault(format!("signature: outputs: {text}"));
        }
        if *signature.default_outputs
            != *hello
                .default_outputs
                .iter()
                .map(|name| Arc::from(&**name))
                .collect::<Vec<Arc<str>>>()
        {
            self.fault(format!(
                "signature: by default it answers {:?}, Python {:?}",
                signature.default_outputs, hello.default_outputs
            ));
        }
        let classes = &self.executor.model().about().classes;
        if hello.classes.as_ref().is_some_and(|theirs| theirs != classes) {
            self.fault(format!("classes: {classes:?}, Python's {:?}", hello.classes));
        }
    }

    /// The outputs that Python describes, as it answers them.
    fn outputs_expected(&self) -> Vec<TensorSpec> {
        let ours = &self.executor.signature().outputs;
        let expected =
            |name: &str| self.golden.outputs.iter().find(|expected| expected.name == name);
        let mut outputs = Vec::new();
        for spec in &self.golden.hello.outputs {
            let ours = ours.iter().find(|ours| ours.name == spec.name).map(|ours| ours.dtype);
            let told = expected(&spec.name);
            // What Python has by name and answers for no row need not be there.
            if ours.is_none() && told.is_some_and(|expected| expected.answer.is_none()) {
                continue;
            }
            let answered = told.and_then(|expected| Some(expected.answer.as_ref()?.dtype()));
            // Where Python's own description and answers differ, either will do.
            let dtype = if ours == answered { answered.unwrap_or(spec.dtype) } else { spec.dtype };
            outputs.push(TensorSpec { dtype, ..spec.clone() });
        }
        outputs
    }

    /// The accepted rows as one batch and each alone, the refused rows each alone.
    fn compare_output(&mut self, expected: &Expected, nearness: Nearness) -> Option<Measured> {
        let asked = [expected.name.clone()];
        let mut measured = Measured {
            output: expected.name.clone(),
            nearness,
            difference: 0.0,
            bits: true,
            python: expected.self_difference,
            single: expected.answer.as_ref().is_some_and(|answer| answer.dtype() == DType::Fp32),
        };
        let kept: Vec<usize> =
            (0..expected.refused.len()).filter(|row| !expected.refused[*row]).collect();
        self.compare_refused(expected);
        let answer = expected.answer.as_ref()?;
        let batch = match self.answer(&kept, &asked) {
            Ok(batch) => batch.into_iter().next()?,
            Err(error) => {
                self.fault(format!("{}, {} rows: {}", expected.name, kept.len(), error.text));
                return None;
            }
        };
        for (place, &row) in kept.iter().enumerate() {
            let (ours, theirs) =
                (batch.slice_rows(place..place + 1), answer.slice_rows(row..row + 1));
            measured.difference = measured.difference.max(difference(&ours, &theirs));
            measured.bits &= same_bits(&ours, &theirs);
            if !near(&ours, &theirs, nearness) {
                self.fault(format!(
                    "{}, row {row}: {}, Python {}; {:e} apart, promised {nearness:?}; the row is {}",
                    expected.name, shown(&ours), shown(&theirs), difference(&ours, &theirs), self.row(row)
                ));
            }
            self.compare_alone(expected, row, &ours);
        }
        Some(measured)
    }

    /// Rows that Python refuses, each alone.
    fn compare_refused(&mut self, expected: &Expected) {
        for row in (0..expected.refused.len()).filter(|row| expected.refused[*row]) {
            match self.answer(&[row], std::slice::from_ref(&expected.name)) {
                Ok(answer) => self.fault(format!(
                    "{}, row {row}: Python refuses it, answered {}; the row is {}",
                    expected.name,
                    shown(&answer[0]),
                    self.row(row)
                )),
                Err(error) if error.is_refusal => {}
                Err(error) => self.fault(format!("{}, row {row}: {}", expected.name, error.text)),
            }
        }
    }

    /// A row alone against what it is in the batch.
    fn compare_alone(&mut self, expected: &Expected, row: usize, ours: &Tensor) {
        match self.answer(&[row], std::slice::from_ref(&expected.name)) {
            Ok(alone) if same_bits(&alone[0], ours) => {}
            Ok(alone) => self.fault(format!(
                "{}, row {row}: alone {}, in the batch {}",
                expected.name,
                shown(&alone[0]),
                shown(ours)
            )),
            Err(error) => self.fault(format!(
                "{}, row {row}: answered in a batch, alone {}; the row is {}",
                expected.name,
                error.text,
                self.row(row)
            )),
        }
    }

    /// All outputs in one call are what each is alone.
    fn compare_together(&mut self) {
        let golden = self.golden;
        let names: Vec<String> =
            golden.outputs.iter().map(|expected| expected.name.clone()).collect();
        let rows = golden.inputs[0].rows();
        let kept: Vec<usize> =
            (0..rows).filter(|row| golden.outputs.iter().all(|one| !one.refused[*row])).collect();
        if names.len() < 2 || kept.is_empty() || !self.faults.is_empty() {
            return;
        }
        let together = match self.answer(&kept, &names) {
            Ok(together) => together,
            Err(error) => return self.fault(format!("all outputs: {}", error.text)),
        };
        for (name, tensor) in names.iter().zip(&together) {
            let alone = self.answer(&kept, std::slice::from_ref(name));
            if !alone.is_ok_and(|alone| same_bits(&alone[0], tensor)) {
                self.fault(format!("{name}: alone it is another answer than with all outputs"));
            }
        }
    }

    fn answer(&self, rows: &[usize], outputs: &[String]) -> Result<Vec<Tensor>, Failure> {
        let tensors: Vec<Tensor> =
            self.golden.inputs.iter().map(|tensor| take(tensor, rows)).collect();
        let signature: &Signature = self.executor.signature();
        let bound = signature.bind(tensors)?;
        let outputs = signature.select_outputs(outputs)?;
        let batch = Batch {
            form: bound.form,
            inputs: bound.inputs,
            rows: bound.rows,
            outputs,
            deadline: None,
        };
        let answer = block_on(self.executor.execute(batch))?;
        match answer.iter().find(|tensor| tensor.rows() != rows.len()) {
            Some(tensor) => Err(Failure {
                text: format!("{} rows asked for, answered {}", rows.len(), tensor.rows()),
                is_refusal: false,
            }),
            None => Ok(answer),
        }
    }

    fn row(&self, row: usize) -> String {
        let parts: Vec<String> = self
            .golden
            .inputs
            .iter()
            .map(|tensor| format!("{}={}", tensor.name(), shown(&tensor.slice_rows(row..row + 1))))
            .collect();
        parts.join(" ")
    }
}

/// Why there is no answer.
struct Failure {
    text: String,
    /// The row was judged and refused, as Python refuses it; anything else is our fault.
    is_refusal: bool,
}

impl From<pelton_core::Error> for Failure {
    fn from(error: pelton_core::Error) -> Self {
        let is_refusal = matches!(error.code(), Code::InvalidInput | Code::ModelRejected);
        Self { text: format!("{}: {}", error.code().name(), error.message()), is_refusal }
    }
}

fn take(tensor: &Tensor, rows: &[usize]) -> Tensor {
    let parts: Vec<Tensor> = rows.iter().map(|&row| tensor.slice_rows(row..row + 1)).collect();
    Tensor::concat_rows(&parts.iter().collect::<Vec<_>>()).expect("rows of one tensor join")
}

/// Sizes that Python does not know (-1 beyond the rows) may be known here.
fn specs_differ(ours: &[TensorSpec], theirs: &[TensorSpec], inputs: bool) -> Option<String> {
    let names =
        |specs: &[TensorSpec]| specs.iter().map(|spec| spec.name.to_string()).collect::<Vec<_>>();
    if names(ours) != names(theirs) {
        return Some(format!("{:?}, Python's {:?}", names(ours), names(theirs)));
    }
    ours.iter().zip(theirs).find_map(|(ours, theirs)| {
        let shapes = ours.shape.len() == theirs.shape.len()
            && ours
                .shape
                .iter()
                .zip(&theirs.shape)
                .all(|(ours, theirs)| theirs.is_none() || ours == theirs);
        let same =
            ours.dtype == theirs.dtype && shapes && (!inputs || ours.accepts == theirs.accepts);
        (!same).then(|| format!("{ours:?}, Python's {theirs:?}"))
    })
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::park();
    }
}
