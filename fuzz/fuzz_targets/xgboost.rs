//! XGBoost's JSON and UBJ.
#![no_main]

use pelton_fuzz::answer;
use pelton_native::boosters::xgboost::{Call, XGBoost};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    answer(XGBoost::read(bytes).and_then(|model| {
        let _ = model.best_iteration();
        let _ = model.booster(Call::InPlace, Some(1));
        model.booster(Call::Booster, None)
    }));
});
