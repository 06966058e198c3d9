//! Damaged model files: whatever is changed, reading them and answering with what was read never panics.

#![allow(missing_docs)]

mod boosters_support;

use std::sync::OnceLock;

use boosters_support::model_files;
use pelton_native::boosters::catboost::{CatBoost, Prediction, category};
use pelton_native::boosters::lightgbm::LightGBM;
use pelton_native::boosters::xgboost::{Call, XGBoost};
use pelton_native::boosters::{Booster, Refused};
use pelton_native::trees::{Rows, Scratch};
use proptest::prelude::*;

fn victims() -> &'static [Vec<u8>] {
    static VICTIMS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    VICTIMS.get_or_init(|| {
        let files = model_files()
            .into_iter()
            .chain(with_categories())
            .chain(old_binaries())
            .map(|path| std::fs::read(path).expect("a golden"));
        files.filter(|bytes| bytes.len() < 16_000).collect()
    })
}

/// CatBoost's own files with categories of every kind.
fn with_categories() -> Vec<std::path::PathBuf> {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/conformance/native/cases/sk19");
    let files =
        std::fs::read_dir(cases).expect("the cases").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "model"))
        .filter(|path| path.to_string_lossy().contains("cat_booster_categories_"))
        .collect();
    files.sort();
    assert!(files.len() >= 6, "only {} files of categories", files.len());
    files
}

/// XGBoost's files in its old binary form.
fn old_binaries() -> Vec<std::path::PathBuf> {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/conformance/native/cases");
    let mut files = Vec::new();
    for stack in ["sk12", "sk15", "xgb09", "xgb12"] {
        let entries = std::fs::read_dir(cases.join(stack)).expect("the cases");
        files.extend(entries.map(|entry| entry.expect("a file").path()).filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("xgb_old_") && path.extension().is_some_and(|of| of == "model")
        }));
    }
    files.sort();
    assert!(files.len() >= 20, "only {} old files of XGBoost", files.len());
    files
}

#[test]
fn an_old_binary_that_is_cut_or_lies_is_an_error() {
    let files = old_binaries().into_iter().filter(|path| path.to_string_lossy().contains("sk15"));
    for path in files {
        let whole = std::fs::read(&path).expect("a golden");
        assert!(XGBoost::read(&whole).is_ok(), "{}", path.display());
        for length in 0..whole.len() {
            assert!(XGBoost::read(&whole[..length]).is_err(), "{} to {length}", path.display());
        }
    }
    // Trees, nodes and lengths by the million cost an error, not memory.
    let file = old_binaries().into_iter().find(|path| path.to_string_lossy().contains("poisson"));
    let whole = std::fs::read(file.expect("a file")).expect("a golden");
    let mut lies = 0;
    for at in 0..whole.len() - 4 {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
        lies += u32::from(XGBoost::read(&bytes).is_err());
    }
    assert!(lies > 100, "{lies} lies were told from models");
}

/// Every reader is given the bytes, whatever they are.
fn read_and_answer(bytes: &[u8]) {
    answer(LightGBM::read(bytes).and_then(|model| {
        let _ = model.booster(Some(1));
        model.booster(None)
    }));
    answer(CatBoost::read(bytes).and_then(|model| {
        complete(&model);
        let _ = model.booster(Prediction::Class);
        let _ = model.booster(Prediction::MeanAndVariance);
        model.booster(Prediction::Probability)
    }));
    answer(XGBoost::read(bytes).and_then(|model| {
        let _ = model.best_iteration();
        let _ = model.booster(Call::InPlace, Some(1));
        model.booster(Call::Booster, None)
    }));
}

/// What becomes of categories before the trees see them.
fn complete(model: &CatBoost) {
    let inputs = &model.inputs;
    if inputs.width() > 100_000 {
        return;
    }
    for value in [0.0, f32::NAN, -1.5, f32::INFINITY] {
        let mut row = vec![value; inputs.width()];
        inputs.complete(&mut row, &vec![category(b"1"); inputs.categorical().len()]);
        assert!(row.len() >= inputs.n_columns());
    }
}

fn answer(booster: Result<Booster, Refused>) {
    match booster {
        Ok(booster) => {
            let n = booster.n_features();
            if n > 1000 {
                return;
            }
            let values = [0.0, f64::NAN, -1.5, 1e300].iter().copied().cycle();
            let values: Vec<f64> = values.take(3 * n).collect();
            let mut raw = vec![0.0; 3 * booster.n_raw()];
            let mut answers = vec![0.0; 3 * booster.n_answers()];
            booster.predict_raw(Rows::f64(&values, n, 3), &mut raw, &mut Scratch::default());
            booster.answer(&mut raw, &mut answers);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(
        victim in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = victim.get(victims()).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_and_answer(&bytes);
    }

    #[test]
    fn changed_digits_never_panic(
        victim in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), b'-'..b':'), 1..6),
    ) {
        let mut bytes = victim.get(victims()).clone();
        let digits: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
        if !digits.is_empty() {
            for (at, byte) in changes {
                bytes[*at.get(&digits)] = byte;
            }
        }
        read_and_answer(&bytes);
    }

    #[test]
    fn moved_pieces_never_panic(
        victim in any::<prop::sample::Index>(),
        donor in any::<prop::sample::Index>(),
        (from, to, len) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..300usize),
        cut in any::<bool>(),
    ) {
        let mut bytes = victim.get(victims()).clone();
        let donor = donor.get(victims());
        let from = from.index(donor.len());
        let piece = donor[from..(from + len).min(donor.len())].to_vec();
        let at = to.index(bytes.len());
        let end = if cut { (at + len).min(bytes.len()) } else { at };
        bytes.splice(at..end, piece);
        read_and_answer(&bytes);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_and_answer(&[b"{L\0\0\0\0\0\0\0".to_vec(), bytes.clone()].concat());
        read_and_answer(&bytes);
    }
}
