//! XGBoost's JSON, UBJ and old binary form, answered by both of its calls, in part and whole.
#![no_main]

use pelton_fuzz::answer;
use pelton_native::boosters::xgboost::{Call, XGBoost};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let model = match XGBoost::read(bytes) {
        Ok(model) => model,
        Err(refused) => return answer(Err(refused)),
    };
    let _ = (model.best_iteration(), model.scikit_learn());
    for iterations in [None, Some(1)] {
        answer(model.booster(Call::InPlace, iterations));
        answer(model.booster(Call::Booster, iterations));
    }
});
