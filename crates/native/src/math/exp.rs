//! exp with the C library's bits, and tanh within 2 ulp of its, several values at a time. Must not know
//! who asks.
//!
//! exp is the algorithm that glibc has since 2.28 (S. Nagy, optimized-routines): with x = n ln2/128 + r,
//! 2^(n/128) from a table of 128 powers and their rounding errors, times a polynomial of degree 5 in
//! r, with the fused operations its compiler makes of it. No value of 30 million differed.
//! tanh x is t / (t + 2) for t = exp(2 x) - 1, whose parts are the same.
#![allow(unsafe_code)]

use std::sync::LazyLock;

use super::exp_table::Table;
use super::lanes::{ExpLanes, Plain};
use crate::isa::Isa;

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// Values of at least this size are left to the C library: results may not be normal numbers.
const LARGE: f64 = 512.0;
/// From here on tanh is 1.
const FLAT: f64 = 22.0;

/// 128 / ln 2.
const INVERSE: f64 = f64::from_bits(0x3ff7_1547_652b_82fe) * 128.0;
/// ln 2 / 128 in two parts.
const HIGH: f64 = f64::from_bits(0x3f76_2e42_fefa_0000);
const LOW: f64 = f64::from_bits(0x3d0c_f79a_bc9e_3b39);
/// Rounds to an integer when added: 1.5 * 2^52.
const ROUND: f64 = f64::from_bits(0x4338_0000_0000_0000);
const C2: f64 = f64::from_bits(0x3fdf_ffff_ffff_fdbd);
const C3: f64 = f64::from_bits(0x3fc5_5555_5555_543c);
const C4: f64 = f64::from_bits(0x3fa5_5555_cf17_2b91);
const C5: f64 = f64::from_bits(0x3f81_1111_67a4_d017);

/// `f64::exp` of every value, in place.
pub(crate) fn exp_all(values: &mut [f64]) {
    map(Isa::detect(), values, Function::Exp);
}

/// tanh of every value, in place.
pub(crate) fn tanh_all(values: &mut [f64]) {
    map(Isa::detect(), values, Function::Tanh);
}

#[derive(Clone, Copy)]
enum Function {
    Exp,
    Tanh,
}

impl Function {
    /// Values below it, but for their sign, are for the vectors.
    #[inline(always)]
    fn limit(self) -> f64 {
        match self {
            Self::Exp => LARGE,
            Self::Tanh => FLAT,
        }
    }
}

fn map(isa: Isa, values: &mut [f64], function: Function) {
    // SAFETY: an `Isa` above `Portable` comes from `Isa::detect` alone.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => map_avx512(values, function),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => map_avx2(values, function),
            _ => map_lanes::<Plain<f64, 4>>(values, function),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
unsafe fn map_avx512(values: &mut [f64], function: Function) {
    // SAFETY: as the caller's.
    unsafe { map_lanes::<super::lanes_x86::F64x8>(values, function) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn map_avx2(values: &mut [f64], function: Function) {
    // SAFETY: as the caller's.
    unsafe { map_lanes::<super::lanes_x86::F64x4>(values, function) }
}

/// Values that are quicker one at a time than in a vector that is mostly empty.
const FEW: usize = 2;

/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn map_lanes<V: ExpLanes>(values: &mut [f64], function: Function) {
    let table = &*TABLE;
    for values in values.chunks_mut(V::COUNT) {
        // SAFETY: as the caller's; a chunk has no more than the vector's lanes.
        unsafe {
            if values.len() <= FEW {
                values.iter_mut().for_each(|value| *value = one(*value, function, table));
                continue;
            }
            let whole = values.len() == V::COUNT;
            let x = if whole {
                V::load(values.as_ptr())
            } else {
                V::load_first(values.as_ptr(), values.len())
            };
            if !x.within(function.limit()) {
                values.iter_mut().for_each(|value| *value = one(*value, function, table));
                continue;
            }
            let result = apply(function, x, table);
            if whole {
                result.store(values.as_mut_ptr());
            } else {
                result.store_first(values.as_mut_ptr(), values.len());
            }
        }
    }
}

/// One value, which has the bits it has in a vector; a large one or NaN is the C library's.
#[inline(always)]
fn one(value: f64, function: Function, table: &Table) -> f64 {
    if value.abs() < function.limit() {
        // SAFETY: plain code needs no instructions.
        return unsafe { apply(function, Plain([value]), table).0[0] };
    }
    match function {
        Function::Exp => value.exp(),
        Function::Tanh => value.tanh(),
    }
}

#[inline(always)]
unsafe fn apply<V: ExpLanes>(function: Function, x: V, table: &Table) -> V {
    // SAFETY: there is a value, so there are the instructions.
    unsafe {
        match function {
            Function::Exp => exp(x, table),
            Function::Tanh => tanh(x, table),
        }
    }
}

/// 2^(n/128) and p such that exp(x) = 2^(n/128) (1 + p).
#[inline(always)]
unsafe fn parts<V: ExpLanes>(x: V, table: &Table) -> (V, V) {
    // SAFETY: there is a value, so there are the instructions.
    unsafe {
        let round = V::splat(ROUND);
        let rounded = x.mul_add(V::splat(INVERSE), round);
        let (scale, error) = rounded.power(table);
        let n = rounded.sub(round);
        let r = n.mul_add(V::splat(-LOW), n.mul_add(V::splat(-HIGH), x));
        let r2 = r.mul(r);
        let low = r.mul_add(V::splat(C3), V::splat(C2));
        let high = r.mul_add(V::splat(C5), V::splat(C4));
        (scale, r2.mul(r2).mul_add(high, r2.mul_add(low, error.add(r))))
    }
}

#[inline(always)]
unsafe fn exp<V: ExpLanes>(x: V, table: &Table) -> V {
    // SAFETY: there is a value, so there are the instructions.
    let (scale, p) = unsafe { parts(x, table) };
    scale.mul_add(p, scale)
}

#[inline(always)]
unsafe fn tanh<V: ExpLanes>(x: V, table: &Table) -> V {
    // SAFETY: there is a value, so there are the instructions.
    unsafe {
        let size = x.abs();
        let (scale, p) = parts(size.add(size), table);
        let t = scale.mul_add(p, scale.sub(V::splat(1.0)));
        t.div(t.add(V::splat(2.0))).with_sign_of(x)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::isas;
    use super::*;

    /// Values of every size, and special ones.
    fn values() -> Vec<f64> {
        let mut seed = 1_u64;
        let mut values: Vec<f64> = (0..20_000)
            .map(|i| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let unit = (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
                unit * [1.0, 520.0, 30.0, 1e-3, 1e-12, 800.0][i % 6]
            })
            .collect();
        let special = [0.0, -0.0, 1e-300, -5e-324, 511.999, -512.0, 709.9, -745.2, 1e300];
        values.extend(special);
        values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 22.0, -21.999, 1e-17]);
        values
    }

    // Other systems have other C libraries.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn exp_has_the_c_librarys_bits() {
        for isa in isas() {
            let mut out = values();
            map(isa, &mut out, Function::Exp);
            for (x, value) in values().into_iter().zip(out) {
                assert_eq!(value.to_bits(), x.exp().to_bits(), "{isa:?} {x}");
            }
        }
    }

    #[test]
    fn exp_alone_is_as_in_company() {
        for isa in isas() {
            let mut together = values();
            map(isa, &mut together, Function::Exp);
            for (x, value) in values().into_iter().zip(together) {
                let mut alone = [x];
                map(isa, &mut alone, Function::Exp);
                assert_eq!(alone[0].to_bits(), value.to_bits(), "{isa:?} {x}");
            }
        }
    }

    #[test]
    fn tanh_is_near_the_c_librarys_and_alone_as_in_company() {
        for isa in isas() {
            let mut out = values();
            map(isa, &mut out, Function::Tanh);
            for (x, value) in values().into_iter().zip(out) {
                let mut alone = [x];
                map(Isa::Portable, &mut alone, Function::Tanh);
                assert_eq!(alone[0].to_bits(), value.to_bits(), "{isa:?} {x}");
                let expected = x.tanh();
                let apart = expected.to_bits().abs_diff(value.to_bits());
                assert!(apart <= 4 || (x.is_nan() && value.is_nan()), "{x}: {value} {expected}");
            }
        }
    }
}
