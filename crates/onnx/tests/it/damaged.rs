//! Damaged and lying files: an error or a model that answers, never the end of the process.

use std::fs;

use pelton_onnx::OnnxExecutor;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{ask, config, floats, goldens, library};

/// Files made of each model; more with `PELTON_TEST_DAMAGE`.
const FILES: u32 = 150;

#[test]
fn damaged_files_are_refused_or_served() {
    let library = library();
    let files = std::env::var("PELTON_TEST_DAMAGE").map_or(FILES, |files| files.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.onnx");
    let (mut refused, mut served) = (0, 0);
    for name in ["iris_zipmap", "columns", "xgboost", "net", "types", "lookup", "external"] {
        let bytes = fs::read(goldens().join(format!("{name}.onnx"))).unwrap();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        for _ in 0..files {
            fs::write(&path, damage(&bytes, runner.rng())).unwrap();
            match OnnxExecutor::open(&config(path.clone()), &library) {
                Err(why) => {
                    assert!(!why.is_empty());
                    refused += 1;
                }
                Ok(model) => {
                    // Whatever it takes, it answers or refuses.
                    let _ = ask(&model, vec![floats("X", &[2, 4], &[0.5; 8])], &[]);
                    let _ = ask(&model, vec![floats("x", &[2, 1], &[1.0; 2])], &[]);
                    served += 1;
                }
            }
        }
    }
    assert!(refused > 100 && served > 10, "{refused} refused, {served} served");
}

/// Some bytes changed, a part left out or doubled, or the end cut off.
fn damage(bytes: &[u8], rng: &mut TestRng) -> Vec<u8> {
    use proptest::prelude::Rng as _;
    let mut below = |limit: usize| rng.next_u32() as usize % limit.max(1);
    let mut damaged = bytes.to_vec();
    match below(5) {
        0 => damaged.truncate(below(bytes.len())),
        1 => {
            let start = below(bytes.len());
            damaged.drain(start..(start + below(40)).min(bytes.len()));
        }
        2 => {
            let start = below(bytes.len());
            let part = bytes[start..(start + below(40)).min(bytes.len())].to_vec();
            let at = below(bytes.len());
            damaged.splice(at..at, part);
        }
        _ => {
            for _ in 0..=below(4) {
                let at = below(bytes.len());
                damaged[at] = match below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => damaged[at] ^ (1 << below(8)),
                    _ => below(256) as u8,
                };
            }
        }
    }
    damaged
}
