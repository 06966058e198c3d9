//! What the targets share: reading within small limits, then asking everything of what was read.

use pelton_native::boosters::{Booster, Refused};
use pelton_native::trees::{Rows, Scratch};
use bytes::Bytes;
use pelton_pickle::{Array, Companions, Document, Limits, Value};

/// Reads a file and walks it. Nothing may panic, hang or grow, whatever the bytes.
pub fn read_and_walk(bytes: &[u8]) {
    let limits = Limits {
        max_graph_bytes: 16 << 20,
        max_decompressed_bytes: 16 << 20,
        max_dictionary_bytes: 16 << 20,
        max_opcodes: 1 << 20,
        ..Limits::default()
    };
    match Document::read_beside(bytes.to_vec(), &Itself(bytes), &limits) {
        Ok(document) => {
            walk(document.root());
            assert!(document.globals().len() <= document.info().values);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Files beside the file, whatever they are called: its own end, from the last beginning of one on.
struct Itself<'b>(&'b [u8]);

impl Companions for Itself<'_> {
    fn content(&self, _: &str, _: u64) -> std::io::Result<Option<Bytes>> {
        let begins = |bytes: &[u8]| bytes.starts_with(b"\x93NUMPY") || bytes.starts_with(b"ZF0x");
        let at = (0..self.0.len()).rev().find(|at| begins(&self.0[*at..]));
        Ok(at.map(|at| Bytes::copy_from_slice(&self.0[at..])))
    }
}

/// Visits a bounded number of values, in no particular order.
fn walk(root: Value<'_>) {
    let mut waiting = vec![root];
    for _ in 0..300 {
        let Some(value) = waiting.pop() else { return };
        let _ = (value.kind(), value.class(), value.as_slice(), value.as_f64(), value.as_i64());
        let _ = (value.as_bool(), value.as_complex(), value.as_big_int(), format!("{value:?}"));
        let _ = (value.as_persistent(), value.kwargs(), value.get("a"), value.get_attr("a"));
        if let Some(array) = value.as_array() {
            elements(array);
        }
        waiting.extend(value.items().into_iter().flatten().take(20));
        waiting.extend(value.entries().into_iter().flatten().take(20).flat_map(|(k, v)| [k, v]));
        waiting.extend(value.attrs().into_iter().take(20).map(|(_, attribute)| attribute));
        waiting.extend(value.args().take(10).chain(value.state()).chain(value.class_value()));
    }
    if let Some(value) = waiting.pop() {
        assert!(!value.path().is_empty());
    }
}

fn elements(array: Array<'_>) {
    let len = array.len();
    for read in [array.to_f64_vec().map(|v| v.len()), array.to_i64_vec().map(|v| v.len())] {
        assert!(read.is_err() || read == Ok(len));
    }
    let _ = (array.to_f32_vec(), array.to_bool_vec(), array.to_strings(), array.order());
    let _ = array.elements().map(|elements| elements.take(100).count());
    for field in array.dtype().fields().iter().take(10) {
        let _ = array.field(&field.name).map(Array::to_f64_vec);
    }
}

/// Answers a few rows with a booster that was read: nothing may panic, whatever its file said.
pub fn answer(booster: Result<Booster, Refused>) {
    let booster = match booster {
        Ok(booster) => booster,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let n = booster.n_features();
    if n > 1000 || booster.n_raw() > 1000 {
        return;
    }
    let values: Vec<f64> = [0.0, f64::NAN, -1.5, 1e300].into_iter().cycle().take(3 * n).collect();
    let (mut raw, mut answers) =
        (vec![0.0; 3 * booster.n_raw()], vec![0.0; 3 * booster.n_answers()]);
    booster.predict_raw(Rows::f64(&values, n, 3), &mut raw, &mut Scratch::default());
    booster.answer(&mut raw, &mut answers);
}
