//! LightGBM's model text.
#![no_main]

use pelton_fuzz::answer;
use pelton_native::boosters::lightgbm::LightGBM;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    answer(LightGBM::read(bytes).and_then(|model| {
        let _ = model.booster(Some(1));
        model.booster(None)
    }));
});
