//! Boosters trained by the real libraries: their own files give the libraries' own answers, bit for bit.
//!
//! `goldens/boosters.py` wrote the files; each model lies beside its rows and the library's answers.

#![allow(missing_docs)]

mod boosters_support;

use boosters_support::{Golden, goldens, model_files};
use pelton_native::boosters::catboost::{CatBoost, Prediction};
use pelton_native::boosters::lightgbm::LightGBM;
use pelton_native::boosters::xgboost::{Call, XGBoost};
use pelton_native::boosters::{Booster, Refused};
use pelton_native::trees::{Rows, Scratch};

fn open(golden: &Golden) -> Result<Booster, Refused> {
    let iterations = golden.meta("iterations").parse().ok();
    if golden.name.contains("/lgb_") {
        return LightGBM::read(&golden.model)?.booster(iterations);
    }
    if golden.name.contains("/cat_") {
        let prediction = match golden.meta("prediction") {
            "RawFormulaVal" => Prediction::Raw,
            "Probability" => Prediction::Probability,
            "Class" => Prediction::Class,
            "Exponent" => Prediction::Exponent,
            _ => Prediction::MeanAndVariance,
        };
        return CatBoost::read(&golden.model)?.booster(prediction);
    }
    let call = if golden.meta("call") == "inplace" { Call::InPlace } else { Call::Booster };
    XGBoost::read(&golden.model)?.booster(call, iterations)
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let mut n = 0;
    for path in model_files() {
        let bytes = std::fs::read(&path).expect("a golden");
        let (refused, reason) = match path.file_stem().and_then(|name| name.to_str()) {
            Some("lgb_refused_linear_trees") => {
                (LightGBM::read(&bytes).err(), "tree 0: linear trees (linear_tree=true)")
            }
            Some("cat_refused_text") => {
                (CatBoost::read(&bytes).err(), "CatBoost's text features (1 in this model)")
            }
            Some("cat_refused_embedding") => {
                (CatBoost::read(&bytes).err(), "CatBoost's embedding features (1 in this model)")
            }
            _ => continue,
        };
        let message = refused.unwrap_or_else(|| panic!("{} was read", path.display())).to_string();
        assert!(message.contains(reason), "{}: {message}", path.display());
        n += 1;
    }
    assert!(n >= 8, "only {n} files that are to be refused");
}

#[test]
fn every_model_answers_as_the_library_that_trained_it() {
    let mut wrong = Vec::new();
    let mut n = 0;
    for golden in goldens() {
        n += 1;
        if let Err(error) = compare(&golden) {
            wrong.push(format!("{}: {error}", golden.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {n} models:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n >= 280, "only {n} goldens were found");
}

fn compare(golden: &Golden) -> Result<(), String> {
    let booster = open(golden).map_err(|error| error.to_string())?;
    let rows = golden.rows(0, golden.len());
    let mut scratch = Scratch::default();
    let (raw, answers) = predict(&booster, rows, &mut scratch);
    same("raw", &raw, &golden.raw)?;
    same("answer", &answers, &golden.answers)?;
    for r in 0..rows.len() {
        let (one_raw, one) = predict(&booster, golden.rows(r, 1), &mut scratch);
        same("single raw", &one_raw, &raw[r * one_raw.len()..][..one_raw.len()])?;
        same("single answer", &one, &answers[r * one.len()..][..one.len()])?;
    }
    Ok(())
}

fn predict(booster: &Booster, rows: Rows<'_>, scratch: &mut Scratch) -> (Vec<f64>, Vec<f64>) {
    let mut raw = vec![0.0; rows.len() * booster.n_raw()];
    let mut answers = vec![0.0; rows.len() * booster.n_answers()];
    booster.predict_raw(rows, &mut raw, scratch);
    booster.answer(&mut raw.clone(), &mut answers);
    (raw, answers)
}

fn same(what: &str, ours: &[f64], theirs: &[f64]) -> Result<(), String> {
    if ours.len() != theirs.len() {
        return Err(format!("{} values of {what}, the library gave {}", ours.len(), theirs.len()));
    }
    let differs = |(a, b): &(&f64, &f64)| a.to_bits() != b.to_bits();
    let all = ours.iter().zip(theirs);
    match all.clone().enumerate().find(|(_, pair)| differs(pair)) {
        None => Ok(()),
        Some((at, (a, b))) => Err(format!(
            "{what} {at} is {a:?}, the library gave {b:?}; {} of {} differ",
            all.filter(differs).count(),
            ours.len()
        )),
    }
}
