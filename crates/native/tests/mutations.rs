//! Damaged models: whatever is changed in a file, reading it and answering with what was read never
//! panics and never takes more memory than the file is worth.
//!
//! `PELTON_MUTATIONS=100000` runs more than the usual number, `PELTON_SEED=n` others.
#![allow(missing_docs)]

#[path = "mutations/answering.rs"]
mod answering;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use pelton_native::Threads;

use answering::read_and_answer;

/// Models larger than this are left out: a mutation would rarely hit what matters.
const BYTES_MAX: usize = 20_000;
/// Address space of the test; a file's lie about a size ends it loudly.
const MEMORY: u64 = 6 << 30;

/// xorshift64*, so that a failure can be run again by its number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }
}

#[test]
fn damaged_models_are_refused_or_answer() {
    let limit = rustix::process::Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
    rustix::process::setrlimit(rustix::process::Resource::As, limit).expect("a limit of its own");
    let number = |name: &str, otherwise: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (count, seed) = (number("PELTON_MUTATIONS", 6000), number("PELTON_SEED", 1));
    let models = models();
    assert!(models.len() > 100, "models to damage");
    let threads = Threads::new(1).expect("a thread");
    let (read, panics) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (models, threads, read, panics) = (&models, &threads, &read, &panics);
            scope.spawn(move || {
                for round in (worker..count).step_by(2) {
                    let id = (seed * 10_000_000 + round) as u64;
                    let mut random = Random(id.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                    let (path, bytes) = &models[random.below(models.len())];
                    let damaged = damage(bytes, &mut random);
                    let run = AssertUnwindSafe(|| read_and_answer(damaged, threads));
                    match catch_unwind(run) {
                        Ok(Ok(answered)) => {
                            read.fetch_add(answered, Ordering::Relaxed);
                        }
                        Ok(Err(why)) => panics.lock().expect("it").push((id, path.clone(), why)),
                        Err(_) => {
                            panics.lock().expect("it").push((id, path.clone(), "reading".into()));
                        }
                    }
                }
            });
        }
    });
    let panics = panics.into_inner().expect("no thread is left");
    let told: Vec<String> =
        panics.iter().map(|(id, path, why)| format!("{id}: {}: {why}", path.display())).collect();
    println!("{count} damaged models, {} were read and answered", read.into_inner());
    assert!(panics.is_empty(), "{} panics:\n{}", told.len(), told.join("\n"));
}

fn models() -> Vec<(PathBuf, Vec<u8>)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        [here.join("../../tests/conformance/native/cases"), here.join("tests/goldens/old")];
    let mut found = Vec::new();
    for stack in folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("stacks")) {
        let stack = stack.expect("a stack").path();
        for entry in std::fs::read_dir(stack).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|of| of == "model" || of == "pkl") {
                let bytes = std::fs::read(&path).expect("a model");
                if bytes.len() <= BYTES_MAX {
                    found.push((path, bytes));
                }
            }
        }
    }
    found.sort();
    found
}

/// One to four changes of the kinds that get furthest: numbers, sizes, words of arrays.
fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    const WORDS: [u64; 12] = [
        0,
        1,
        2,
        u64::MAX,
        1 << 31,
        1 << 40,
        i64::MAX as u64,
        0x7ff8_0000_0000_0000,
        0x7ff0_0000_0000_0000,
        0xffff_ffff,
        100,
        65,
    ];
    let mut damaged = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(damaged.len());
        match random.below(6) {
            0 => damaged[at] = random.next() as u8,
            1 => damaged[at] ^= 1 << random.below(8),
            2 => {
                let word = WORDS[random.below(WORDS.len())].to_le_bytes();
                let end = (at + 8).min(damaged.len());
                damaged[at..end].copy_from_slice(&word[..end - at]);
            }
            // The operand of the next small integer.
            3 => next_operand(&mut damaged, at, b'K', random),
            4 => next_operand(&mut damaged, at, b'M', random),
            _ => {
                let word = (WORDS[random.below(WORDS.len())] as u32).to_le_bytes();
                let end = (at + 4).min(damaged.len());
                damaged[at..end].copy_from_slice(&word[..end - at]);
            }
        }
    }
    damaged
}

fn next_operand(bytes: &mut [u8], from: usize, opcode: u8, random: &mut Random) {
    let found = bytes[from..].iter().position(|byte| *byte == opcode);
    if let Some(byte) = found.and_then(|at| bytes.get_mut(from + at + 1)) {
        *byte = [0, 1, 2, 3, 7, 255][random.below(6)];
    }
}
