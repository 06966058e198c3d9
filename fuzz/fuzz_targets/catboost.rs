//! CatBoost's .cbm and JSON.
#![no_main]

use pelton_fuzz::answer;
use pelton_native::boosters::catboost::{CatBoost, Prediction};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    answer(CatBoost::read(bytes).and_then(|model| {
        let _ = model.booster(Prediction::Class);
        let _ = model.booster(Prediction::MeanAndVariance);
        model.booster(Prediction::Probability)
    }));
});
