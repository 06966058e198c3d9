//! Times the tree engines on dumped models, one thread, rotating rows.
//!
//! `cargo bench -p pelton-native --bench trees -- DIRECTORY [MODEL ...]`: for every `MODEL.trees` of the
//! directory and every engine, microseconds per call of 1, 32 and 1024 rows as a line of JSON; with
//! the library's own answers checked bit for bit first. `compare.py` runs this beside Python.

#![allow(missing_docs)]

#[path = "../tests/dump/mod.rs"]
mod dump;

use std::path::PathBuf;
use std::time::Instant;

use dump::Dump;
use pelton_native::trees::{Engine, Forest, Scratch};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(directory) = arguments.next().map(PathBuf::from) else {
        println!("usage: trees DIRECTORY [MODEL ...]; train.py fills the directory");
        return;
    };
    let mut models: Vec<String> = arguments.collect();
    if models.is_empty() {
        models = ["c", "d0", "xgb6", "xgb8", "lgb8", "hgb"].map(String::from).to_vec();
    }
    for model in models {
        let dump = Dump::read(&directory.join(format!("{model}.trees")));
        let ensemble = dump.ensemble.clone();
        let start = cpu_us();
        let forest = Forest::new(ensemble).expect("the dump is a valid ensemble");
        let build_ms = (cpu_us() - start) * 1e-3;
        let mut scratch = Scratch::default();
        let differing = differing(&dump, &forest, &mut scratch);
        println!(r#"{{"model":"{model}","build_ms":{build_ms:.2},"differing":{differing}}}"#);
        for engine in forest.engines().into_iter().map(Some).chain([None]) {
            let times = [1, 32, 1024].map(|n| time(&dump, &forest, engine, n, &mut scratch));
            let name = engine.map_or("chosen".into(), |e| format!("{e:?}"));
            let chosen = [1, 32, 1024].map(|n| forest.engine_for(n));
            println!(
                r#"{{"model":"{model}","engine":"{name}","us":[{:.3},{:.2},{:.1}],"chosen":"{chosen:?}"}}"#,
                times[0], times[1], times[2]
            );
        }
    }
}

fn differing(dump: &Dump, forest: &Forest, scratch: &mut Scratch) -> usize {
    let mut out = vec![0.0; dump.expected.len()];
    forest.predict(dump.rows(0, dump.len()), &mut out, scratch);
    out.iter().zip(&dump.expected).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
}

/// Microseconds of a call of `n` rows; a fifth of the calls are faster (others are disturbed); every
/// call takes the next rows.
fn time(
    dump: &Dump,
    forest: &Forest,
    engine: Option<Engine>,
    n: usize,
    scratch: &mut Scratch,
) -> f64 {
    let mut out = vec![0.0; n * forest.ensemble().n_outputs];
    let total = dump.len();
    let calls = (total / n).max(2) * if n == 1 { 2 } else { 6 };
    let mut times = Vec::new();
    let mut first = 0;
    for _ in 0..calls {
        let rows = dump.rows(first, n);
        // Long calls by this thread's CPU time, as a busy machine interrupts every one of them; short
        // ones by the clock, as asking for CPU time takes too long.
        let (start, start_cpu) = (Instant::now(), if n >= 1024 { cpu_us() } else { 0.0 });
        match engine {
            Some(engine) => forest.predict_with(engine, rows, &mut out, scratch),
            None => forest.predict(rows, &mut out, scratch),
        }
        let clock = start.elapsed().as_secs_f64() * 1e6;
        times.push(if n >= 1024 { cpu_us() - start_cpu } else { clock });
        std::hint::black_box(&out);
        first = (first + n) % (total - n + 1);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 5]
}

fn cpu_us() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 * 1e-3
}
