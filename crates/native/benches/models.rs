//! Times whole models, read from the files their libraries wrote: one thread, rotating rows.
//!
//! `cargo bench -p pelton-native --bench models -- FOLDER NAME...`: for every `NAME.pkl` of the folder a
//! line of JSON: milliseconds from the path to a model that answers, values that differ from Python's
//! (`NAME.expected.pkl`), and microseconds a call of 1, 32 and 1024 rows (`NAME.rows.pkl`). It is
//! `bench/run_kernels.py` that fills the folder and sets others beside it.

#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use pelton_native::{Block, Column, Method, Methods, Model, Rows, Span, TextColumn, Workspace};
use pelton_pickle::{DTypeKind, Document, Value};
use rustix::time::ClockId;

/// The rows of a model as the library got them.
enum Table {
    Matrix(Vec<f64>, usize),
    Narrow(Vec<f32>, usize),
    Columns(Vec<Stored>),
}

enum Stored {
    Numbers(Vec<f64>),
    Text(Vec<u8>, Vec<Span>),
}

const SIZES: [usize; 3] = [1, 32, 1024];

/// Times a model is read: the first reading is of a cold memory, as a server's is.
const LOADS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        println!("usage: models FOLDER NAME...; bench/run_kernels.py fills the folder");
        return;
    };
    for name in arguments {
        println!("{}", line(&folder, &name).unwrap_or_else(|why| refused(&name, &why)));
    }
}

fn refused(name: &str, why: &str) -> String {
    serde_json::json!({ "model": name, "refused": why }).to_string()
}

fn line(folder: &Path, name: &str) -> Result<String, String> {
    let (mut load_ms, mut load_cpu_ms) = (Vec::new(), Vec::new());
    let mut model = None;
    for _ in 0..LOADS {
        drop(model.take());
        let (start, cpu) = (Instant::now(), cpu_us(ClockId::ProcessCPUTime));
        model = Some(load(&folder.join(format!("{name}.pkl")))?);
        load_ms.push(start.elapsed().as_secs_f64() * 1e3);
        load_cpu_ms.push((cpu_us(ClockId::ProcessCPUTime) - cpu) * 1e-3);
    }
    let model = model.expect("it was loaded");
    let (table, expected) = (table(folder, name)?, expected(folder, name)?);
    let mut workspace = Workspace::default();
    let (differing, largest) = compare(&model, &table, &expected, &mut workspace);
    let us: Vec<f64> = SIZES.map(|n| time(&model, &table, n, &mut workspace)).into();
    Ok(serde_json::json!({
        "model": name, "load_ms": load_ms, "load_cpu_ms": load_cpu_ms,
        "values": expected.len(), "differing": differing,
        "largest_difference": largest, "us": us,
    })
    .to_string())
}

fn load(path: &Path) -> Result<Model, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let document = Document::read(bytes).map_err(|error| error.to_string())?;
    Model::read(&document).map_err(|refusal| refusal.to_string())
}

fn document(folder: &Path, name: &str) -> Result<Document, String> {
    let bytes = std::fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    Document::read(bytes).map_err(|error| error.to_string())
}

fn numbers(value: Value<'_>) -> Result<Vec<f64>, String> {
    value.to_f64_vec().map_err(|error| error.to_string())
}

fn expected(folder: &Path, name: &str) -> Result<Vec<f64>, String> {
    numbers(document(folder, &format!("{name}.expected.pkl"))?.root())
}

fn table(folder: &Path, name: &str) -> Result<Table, String> {
    let document = document(folder, &format!("{name}.rows.pkl"))?;
    let root = document.root();
    if let Some(array) = root.as_array() {
        let (values, width) = (numbers(root)?, array.shape()[1]);
        return Ok(match array.dtype().size() {
            4 => Table::Narrow(values.iter().map(|value| *value as f32).collect(), width),
            _ => Table::Matrix(values, width),
        });
    }
    let columns = root.entries().map_err(|error| error.to_string())?;
    let stored = columns.map(|(_, column)| {
        let array = column.as_array().ok_or("a column is no array")?;
        if array.dtype().kind() != DTypeKind::Str {
            return numbers(column).map(Stored::Numbers);
        }
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for text in array.to_strings().map_err(|error| error.to_string())? {
            spans.push(Span { start: bytes.len() as u32, len: text.len() as u32 });
            bytes.extend(text.bytes());
        }
        Ok(Stored::Text(bytes, spans))
    });
    stored.collect::<Result<_, String>>().map(Table::Columns)
}

impl Table {
    fn rows(&self) -> usize {
        match self {
            Self::Matrix(values, width) => values.len() / width,
            Self::Narrow(values, width) => values.len() / width,
            Self::Columns(columns) => columns[0].column().len(),
        }
    }

    /// The rows from `first` on as columns; none for a matrix.
    fn columns(&self, first: usize, n: usize) -> Vec<Column<'_>> {
        match self {
            Self::Matrix(..) | Self::Narrow(..) => Vec::new(),
            Self::Columns(all) => {
                all.iter().map(|column| column.column().slice(first, first + n)).collect()
            }
        }
    }

    fn part<'a>(&'a self, columns: &'a [Column<'a>], first: usize, rows: usize) -> Rows<'a> {
        match self {
            Self::Matrix(values, width) => {
                Rows::F64 { values: &values[first * width..][..rows * width], rows }
            }
            Self::Narrow(values, width) => {
                Rows::F32 { values: &values[first * width..][..rows * width], rows }
            }
            Self::Columns(_) => Rows::Columns { columns, rows },
        }
    }
}

impl Stored {
    fn column(&self) -> Column<'_> {
        match self {
            Self::Numbers(values) => Column::F64(values),
            Self::Text(bytes, spans) => Column::Text(TextColumn::new(bytes, spans)),
        }
    }
}

const ASKED: Methods = Methods::only(Method::PredictProba);

/// Values that differ in a bit from Python's, and the largest difference.
fn compare(
    model: &Model,
    table: &Table,
    expected: &[f64],
    workspace: &mut Workspace,
) -> (usize, f64) {
    let columns = table.columns(0, table.rows());
    let rows = table.part(&columns, 0, table.rows());
    let answers = model.answer(rows, ASKED, workspace).expect("no row is refused");
    let ours: Vec<f64> = match answers.predict_proba.as_ref().expect("it was asked for") {
        Block::F64(values) => values.clone(),
        Block::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
        _ => unreachable!("probabilities are numbers"),
    };
    assert_eq!(ours.len(), expected.len(), "probabilities against Python's");
    let pairs = || ours.iter().zip(expected);
    let differing = pairs().filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    (differing, pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// Microseconds of a call of `n` rows: a fifth of the samples are faster, others are disturbed. Every call
/// takes the next rows.
fn time(model: &Model, table: &Table, n: usize, workspace: &mut Workspace) -> f64 {
    let firsts: Vec<usize> = (0..table.rows() / n).map(|chunk| chunk * n).collect();
    let columns: Vec<_> = firsts.iter().map(|first| table.columns(*first, n)).collect();
    // Short calls in groups, as asking for the time takes as long as some of them do.
    let (group, samples) = match n {
        1 => (32, 400),
        32 => (4, 200),
        _ => (1, 60),
    };
    let mut chunks = firsts.iter().zip(&columns).cycle();
    let mut call = |times: usize| {
        for (first, columns) in chunks.by_ref().take(times) {
            let rows = table.part(columns, *first, n);
            let answers = model.answer(rows, ASKED, workspace).expect("no row is refused");
            std::hint::black_box(answers);
        }
    };
    call(group * samples / 10 + 1);
    let mut times: Vec<f64> = (0..samples)
        .map(|_| {
            // Long calls by this thread's CPU time: a busy machine interrupts every one of them.
            let (start, cpu) = (Instant::now(), cpu_us(ClockId::ThreadCPUTime));
            call(group);
            let us = if n >= 1024 {
                cpu_us(ClockId::ThreadCPUTime) - cpu
            } else {
                start.elapsed().as_secs_f64() * 1e6
            };
            us / group as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 5]
}

fn cpu_us(clock: ClockId) -> f64 {
    let now = rustix::time::clock_gettime(clock);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 * 1e-3
}
