//! Times the numeric kernels under the estimators that are not trees, one thread, rotating rows.
//!
//! `cargo bench -p pelton-native --bench kernels`: microseconds per call of 1, 32 and 1024 rows, as a
//! line of JSON for each kernel and shape. It compiles the kernels' source in, as they are no part of
//! the crate's interface.

#![allow(missing_docs, dead_code, unused_imports, unreachable_pub)]

#[path = "../src/isa.rs"]
mod isa;
#[path = "../src/math/mod.rs"]
mod math;

use std::time::Instant;

use math::{Affine, Functions, Panels, Real, Rows, Squared, expit, shift_divide};

/// Rows that calls go round; more than the first caches hold.
const ROWS: usize = 2048;

fn main() {
    report("logistic regression, 30 features, scaled", scaled_logistic());
    report("net 784-32-32-32-7 f32", net::<f32>(|x| x as f32));
    report("net 784-32-32-32-7 f64", net::<f64>(|x| x));
    report("affine 784x32 f64", affine::<f64>(784, 32, |x| x));
    report("affine 784x32 f32", affine::<f32>(784, 32, |x| x as f32));
    report("affine 32x32 f32", affine::<f32>(32, 32, |x| x as f32));
    report("affine 256x512 f32", affine::<f32>(256, 512, |x| x as f32));
    report("affine 30x3 f64", affine::<f64>(30, 3, |x| x));
    report("affine 30x10 f64", affine::<f64>(30, 10, |x| x));
    report("tanh f64, 32 a row", elementwise(f64::tanh));
    report("exp f64, 32 a row", elementwise(f64::exp));
    report("squared distances to 1000 points of 30", distances());
}

fn report(name: &str, us: [f64; 3]) {
    println!(r#"{{"kernel":"{name}","us":[{:.3},{:.2},{:.1}]}}"#, us[0], us[1], us[2]);
}

/// Microseconds of a call of 1, 32 and 1024 rows from `call(first, count)`.
fn time(mut call: impl FnMut(usize, usize)) -> [f64; 3] {
    [1, 32, 1024].map(|n| {
        let mut first = 0;
        let calls_a_sample = (256 / n).max(1);
        let mut samples: Vec<f64> = (0..200)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..calls_a_sample {
                    call(first, n);
                    first = (first + n) % (ROWS - n + 1);
                }
                start.elapsed().as_secs_f64() * 1e6 / calls_a_sample as f64
            })
            .collect();
        samples.sort_by(f64::total_cmp);
        samples[samples.len() / 5]
    })
}

fn number(seed: usize) -> f64 {
    let bits = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((bits ^ (bits >> 29)) % 2_000_003) as f64 / 999_983.7 - 1.0
}

fn affine<T: Real>(inputs: usize, outputs: usize, real: impl Fn(f64) -> T + Copy) -> [f64; 3] {
    let x: Vec<T> = (0..ROWS * inputs).map(|i| real(number(i))).collect();
    let affine =
        Affine::new(inputs, vec![real(0.1); outputs], |i, j| real(number(i * outputs + j)));
    let mut out = vec![real(0.0); ROWS * outputs];
    time(|first, n| {
        let rows = Rows::new(&x[first * inputs..][..n * inputs], n);
        affine.apply(rows, std::hint::black_box(&mut out[..n * outputs]));
    })
}

fn scaled_logistic() -> [f64; 3] {
    let inputs = 30;
    let x: Vec<f64> = (0..ROWS * inputs).map(number).collect();
    let (mean, scale): (Vec<f64>, Vec<f64>) =
        (0..inputs).map(|i| (number(i) / 9.0, 1.1 + number(i + 7))).unzip();
    let affine = Affine::new(inputs, vec![0.1], |i, _| number(i));
    let (mut scaled, mut out) = (vec![0.0; ROWS * inputs], vec![0.0; ROWS]);
    time(|first, n| {
        let x = &x[first * inputs..][..n * inputs];
        shift_divide(x, &mean, &scale, &mut scaled[..n * inputs]);
        affine.apply(Rows::new(&scaled[..n * inputs], n), &mut out[..n]);
        for value in &mut out[..n] {
            *value = expit(*value);
        }
        std::hint::black_box(&mut out);
    })
}

fn net<T: Real>(real: impl Fn(f64) -> T + Copy) -> [f64; 3] {
    let sizes = [784, 32, 32, 32, 7];
    let x: Vec<T> = (0..ROWS * 784).map(|i| real(number(i))).collect();
    let layers: Vec<Affine<T>> = sizes
        .windows(2)
        .map(|s| Affine::new(s[0], vec![real(0.1); s[1]], |i, j| real(number(i * s[1] + j))))
        .collect();
    let (mut a, mut b) = (vec![T::ZERO; ROWS * 32], vec![T::ZERO; ROWS * 32]);
    time(|first, n| {
        layers[0].apply(Rows::new(&x[first * 784..][..n * 784], n), &mut a[..n * 32]);
        for layer in &layers[1..] {
            for value in &mut a[..n * 32] {
                *value = if *value > T::ZERO { *value } else { T::ZERO };
            }
            let outputs = layer.outputs();
            layer.apply(Rows::new(&a[..n * 32], n), &mut b[..n * outputs]);
            std::mem::swap(&mut a, &mut b);
        }
        std::hint::black_box(&mut a);
    })
}

fn distances() -> [f64; 3] {
    let x: Vec<f64> = (0..ROWS * 30).map(number).collect();
    let panels =
        Panels::<f64, Squared>::new(isa::Isa::detect(), 30, 1000, |i, j| number(i + j * 31));
    let mut out = vec![0.0; 1024 * 1000];
    time(|first, n| {
        let rows = Rows::new(&x[first * 30..][..n * 30], n);
        panels.apply(rows, std::hint::black_box(&mut out[..n * 1000]));
    })
}

fn elementwise(function: impl Fn(f64) -> f64) -> [f64; 3] {
    let x: Vec<f64> = (0..ROWS * 32).map(|i| 3.0 * number(i)).collect();
    let mut out = vec![0.0; 1024 * 32];
    time(|first, n| {
        for (out, x) in out.iter_mut().zip(&x[first * 32..][..n * 32]) {
            *out = function(*x);
        }
        std::hint::black_box(&mut out);
    })
}
