//! Whole models: read by the native engine and, if it takes them, asked for answers.
#![no_main]

#[path = "../../crates/native/tests/mutations/answering.rs"]
mod answering;

use std::sync::LazyLock;

use pelton_native::Threads;

static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads::new(1).expect("a thread"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(panic) = answering::read_and_answer(bytes.to_vec(), &THREADS) {
        panic!("{panic}");
    }
});
