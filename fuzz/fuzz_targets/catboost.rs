//! CatBoost's .cbm and JSON.
#![no_main]

use pelton_fuzz::answer;
use pelton_native::boosters::catboost::{CatBoost, Prediction, category};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    answer(CatBoost::read(bytes).and_then(|model| {
        let inputs = &model.inputs;
        if inputs.width() < 10_000 {
            for text in ["a", "1", ""] {
                let mut row = vec![0.5; inputs.width()];
                let categories = vec![category(text.as_bytes()); inputs.categorical().len()];
                inputs.complete(&mut row, &categories);
            }
        }
        answer(model.booster(Prediction::Class));
        answer(model.booster(Prediction::MeanAndVariance));
        model.booster(Prediction::Probability)
    }));
});
