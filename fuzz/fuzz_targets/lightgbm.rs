//! LightGBM's model text, answered in part and whole.
#![no_main]

use pelton_fuzz::answer;
use pelton_native::boosters::lightgbm::LightGBM;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match LightGBM::read(bytes) {
    Ok(model) => {
        answer(model.booster(Some(1)));
        answer(model.booster(None));
    }
    Err(refused) => answer(Err(refused)),
});
