//! Whole skops files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pelton_fuzz::read_and_walk(bytes));
