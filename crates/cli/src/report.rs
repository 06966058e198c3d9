//! The block on standard output that says that everything is ready, for people and for scripts:
//! the lines that start with `grpc  ` and `http  ` stay as they are.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;

use pelton_core::{Signature, TensorSpec};
use pelton_repository::{Closeness, Description, LoadedModel, Verified};

/// Inputs, outputs or classes listed at most; the rest is counted.
const SHOWN: usize = 8;

/// Prints the block. A reader that has gone away is no reason to stop.
pub(crate) fn print(grpc: SocketAddr, http: SocketAddr, models: &[LoadedModel]) {
    let mut block = head(grpc, http);
    for model in models {
        let signature = model.executor.signature();
        let about = about(&model.name, &model.version, &model.description(), signature);
        block.push_str(&about);
    }
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(block.as_bytes()).and_then(|()| stdout.flush()) {
        tracing::warn!(%error, "nobody reads standard output");
    }
}

fn head(grpc: SocketAddr, http: SocketAddr) -> String {
    format!("pelton {} is ready\ngrpc  {grpc}\nhttp  {http}\n", env!("CARGO_PKG_VERSION"))
}

fn about(name: &str, version: &str, what: &Description, signature: &Signature) -> String {
    let inputs = match signature.input_specs() {
        [] => "any: the model does not tell".to_owned(),
        specs => list(specs.iter().map(spec)),
    };
    let outputs = match signature.outputs.as_slice() {
        [] => "any: the model does not tell".to_owned(),
        specs => list(specs.iter().map(spec)),
    };
    let mut text = format!("\nmodel {name}, version {version}\n  runs     {}\n", what.how);
    if let Some(why) = &what.not_native {
        let _ = writeln!(text, "  because  it cannot run natively: {why}");
    }
    if let Some(verified) = &what.verified {
        let _ = writeln!(text, "  golden   {}", golden(verified));
    }
    if !what.class.is_empty() {
        let _ = writeln!(text, "  class    {}", what.class);
    }
    let _ = writeln!(text, "  inputs   {inputs}\n  outputs  {outputs}");
    if !what.classes.is_empty() {
        let _ = writeln!(text, "  classes  {}", list(what.classes.iter().cloned()));
    }
    text
}

/// `200 rows answered as in Python, equal bits`.
fn golden(verified: &Verified) -> String {
    let rows = if verified.rows == 1 { "row" } else { "rows" };
    let how = match verified.closeness {
        Closeness::Bits => "in every bit".to_owned(),
        Closeness::Within { double, .. } => format!("within {double:e}"),
    };
    let mut text = format!("{} {rows} answered as in Python, {how}", verified.rows);
    if !verified.unanswered.is_empty() {
        let _ = write!(text, "; not answered: {}", verified.unanswered.join(", "));
    }
    text
}

/// `age FP64 [-1]`, with -1 for any size as the protocol's metadata has it.
fn spec(spec: &TensorSpec) -> String {
    let sizes: Vec<String> = spec
        .shape
        .iter()
        .map(|size| size.map_or_else(|| "-1".to_owned(), |size| size.to_string()))
        .collect();
    format!("{} {} [{}]", spec.name, spec.dtype, sizes.join(", "))
}

fn list(items: impl ExactSizeIterator<Item = String>) -> String {
    let count = items.len();
    let shown = items.take(SHOWN).collect::<Vec<_>>().join(", ");
    if count > SHOWN { format!("{shown} and {} more", count - SHOWN) } else { shown }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pelton_core::{Accepts, DType, Inputs};

    use super::*;

    fn column(name: String) -> TensorSpec {
        TensorSpec {
            name: Arc::from(name),
            dtype: DType::Fp64,
            shape: vec![None],
            accepts: Accepts::Numeric,
        }
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let signature = Signature {
            inputs: Inputs::Columns((0..10).map(|index| column(format!("x{index}"))).collect()),
            outputs: vec![TensorSpec {
                name: Arc::from("predict_proba"),
                dtype: DType::Fp64,
                shape: vec![None, Some(2)],
                accepts: Accepts::Exactly,
            }],
            default_outputs: Arc::from([Arc::from("predict_proba")]),
        };
        let what = Description {
            how: "python 3.11.7, 1 worker".to_owned(),
            not_native: Some("X is not supported natively".to_owned()),
            promise: None,
            verified: Some(Verified {
                rows: 1,
                closeness: Closeness::PYTHON,
                unanswered: vec!["score_samples".to_owned()],
            }),
            class: String::new(),
            classes: vec!["no".to_owned(), "yes".to_owned()],
        };
        assert_eq!(
            about("late", "1", &what, &signature),
            "\nmodel late, version 1\n  runs     python 3.11.7, 1 worker\n  because  it \
             cannot run natively: X is not supported natively\n  golden   1 row answered as \
             in Python, within 1e-12; not answered: score_samples\n  inputs   x0 FP64 [-1], \
             x1 FP64 [-1], x2 FP64 [-1], x3 FP64 [-1], x4 FP64 [-1], x5 FP64 [-1], x6 FP64 [-1], \
             x7 FP64 [-1] and 2 more\n  outputs  predict_proba FP64 [-1, 2]\n  classes  no, yes\n"
        );
    }

    #[test]
    fn the_addresses_stand_where_scripts_look() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let head = head(address(8001), address(8000));
        let lines: Vec<&str> = head.lines().collect();
        assert_eq!(lines[1..], ["grpc  127.0.0.1:8001", "http  127.0.0.1:8000"]);
    }
}
