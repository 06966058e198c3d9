//! Damaged golden files: whatever is changed, reading them and walking what was read never panics.

mod support;

use std::sync::OnceLock;

use bytes::Bytes;
use pelton_pickle::{Array, Companions, Document, Limits, Value};
use proptest::prelude::*;
use support::{Golden, goldens};

/// One file of each format and origin, small enough to be read thousands of times.
fn victims() -> &'static [Golden] {
    static VICTIMS: OnceLock<Vec<Golden>> = OnceLock::new();
    VICTIMS.get_or_init(|| {
        let all = goldens().into_iter().filter(|golden| golden.bytes.len() < 16_000);
        let stacks = ["sk19/", "py27/", "jl09/", "jl08/"];
        all.filter(|g| stacks.iter().any(|stack| g.name.starts_with(stack))).collect()
    })
}

fn limits() -> Limits {
    Limits {
        max_graph_bytes: 8 << 20,
        max_decompressed_bytes: 8 << 20,
        max_opcodes: 1 << 20,
        ..Limits::default()
    }
}

/// Asks a value and a bounded number of those within it everything there is to ask.
fn walk(root: Value<'_>) {
    let mut waiting = vec![root];
    let mut left = 2000;
    while let Some(value) = waiting.pop() {
        if left == 0 {
            return;
        }
        left -= 1;
        let _ = (value.kind(), value.class(), value.as_slice(), value.as_f64(), value.as_i64());
        let _ = (value.as_bool(), value.as_complex(), format!("{value:?}"));
        if let Some(array) = value.as_array() {
            let _ =
                (array.to_f64_vec(), array.to_i64_vec(), array.to_strings(), array.to_bool_vec());
            let _ = array.elements().map(|elements| elements.take(100).count());
            for field in array.dtype().fields() {
                let _ = array.field(&field.name).map(Array::to_f64_vec);
            }
        }
        waiting.extend(value.items().into_iter().flatten().take(50));
        waiting.extend(value.entries().into_iter().flatten().take(50).flat_map(|(k, v)| [k, v]));
        waiting.extend(value.attrs().into_iter().map(|(_, attribute)| attribute).take(50));
        waiting.extend(value.args().take(10).chain(value.state()).chain(value.class_value()));
    }
}

/// A file, and behind it the first of those that are beside it.
fn with_arrays(golden: &Golden) -> Vec<u8> {
    let name = golden.path.file_name().unwrap_or_default().to_string_lossy();
    let beside = ["npy", "npy.z"].map(|ending| format!("{name}_01.{ending}"));
    let beside =
        beside.iter().find_map(|name| std::fs::read(golden.path.with_file_name(name)).ok());
    [&golden.bytes[..], &beside.unwrap_or_default()].concat()
}

/// The array of the file itself, whatever it is called: what is damaged is beside the model as well.
struct Itself(Vec<u8>);

impl Companions for Itself {
    fn content(&self, _: &str, _: u64) -> std::io::Result<Option<Bytes>> {
        let marks: [&[u8]; 2] = [b"\x93NUMPY", b"ZF0x"];
        let marked = |bytes: &[u8]| marks.iter().any(|mark| bytes.starts_with(mark));
        let at = (0..self.0.len()).rev().find(|at| marked(&self.0[*at..]));
        Ok(at.map(|at| self.0[at..].to_vec().into()))
    }
}

fn read_and_walk(bytes: Vec<u8>) {
    match Document::read_beside(bytes.clone(), &Itself(bytes), &limits()) {
        Ok(document) => {
            walk(document.root());
            let _ = document.globals();
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(
        victim in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = with_arrays(victim.get(victims()));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_and_walk(bytes);
    }

    #[test]
    fn moved_pieces_never_panic(
        victim in any::<prop::sample::Index>(),
        donor in any::<prop::sample::Index>(),
        (from, to, len) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..200usize),
    ) {
        let mut bytes = with_arrays(victim.get(victims()));
        let donor = &donor.get(victims()).bytes;
        let from = from.index(donor.len());
        let piece = donor[from..(from + len).min(donor.len())].to_vec();
        let at = to.index(bytes.len());
        bytes.splice(at..at, piece);
        read_and_walk(bytes);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_and_walk([b"\x80\x04".to_vec(), bytes.clone()].concat());
        read_and_walk(bytes);
    }
}
