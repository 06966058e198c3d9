//! Vectors of f32 or f64 behind one trait, so that every kernel is written once and gives the same
//! bits on every CPU. Must not know a kernel.
//!
//! All lanes do IEEE arithmetic, `mul_add` with one rounding; a kernel that fixes the order of its
//! operations per result therefore has the same result by every implementation.
#![allow(unsafe_code)]

use std::fmt::Debug;

use super::exp_table::{STEPS, Table};
use crate::isa::Isa;

/// Lanes that [`Lanes::first`] of a sum over many values starts with; see `dot`.
pub(super) const SUM_LANES: usize = 16;

/// f32 or f64.
pub(crate) trait Real: Copy + Default + PartialOrd + Debug + Send + Sync + 'static {
    const ZERO: Self;
    #[cfg(target_arch = "x86_64")]
    type Avx512: Lanes<Scalar = Self>;
    #[cfg(target_arch = "x86_64")]
    type Avx2: Lanes<Scalar = Self>;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// `self * b + c`, rounded once.
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn abs(self) -> Self;
}

/// A vector. One exists only where the CPU has its instructions: the functions that make one from
/// nothing are unsafe for that reason, those that take one are not.
pub(crate) trait Lanes: Copy {
    type Scalar: Real;
    /// Lanes; a divisor of [`SUM_LANES`].
    const COUNT: usize;
    /// Registers of the CPU.
    const REGISTERS: usize;

    /// # Safety
    /// The CPU has the vector's instructions; as for all that make one.
    unsafe fn splat(value: Self::Scalar) -> Self;
    /// # Safety
    /// `from` has [`COUNT`](Self::COUNT) values.
    unsafe fn load(from: *const Self::Scalar) -> Self;
    /// The first `count < COUNT` lanes; the others are zero.
    /// # Safety
    /// `from` has `count` values.
    unsafe fn load_first(from: *const Self::Scalar, count: usize) -> Self;
    /// # Safety
    /// `to` has [`COUNT`](Self::COUNT) places.
    unsafe fn store(self, to: *mut Self::Scalar);
    /// # Safety
    /// `to` has `count < COUNT` places.
    unsafe fn store_first(self, to: *mut Self::Scalar, count: usize);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn abs(self) -> Self;
    /// The greater; `other` where they do not compare.
    fn max(self, other: Self) -> Self;
    /// The lanes' sum: each with the one half the lanes on, then so with what is left.
    fn sum(self) -> Self::Scalar;
}

/// What `exp` needs beyond it.
pub(super) trait ExpLanes: Lanes<Scalar = f64> {
    /// For lanes that hold 1.5 * 2^52 + n: 2^(n/128), rounded, and its relative error. The power must be a
    /// normal number.
    fn power(self, table: &Table) -> (Self, Self);
    /// Whether every lane is less than `limit`, but for its sign; NaN is not.
    fn within(self, limit: f64) -> bool;
    /// These sizes with the signs of `other`.
    fn with_sign_of(self, other: Self) -> Self;
}

impl<const N: usize> ExpLanes for Plain<f64, N> {
    #[inline(always)]
    fn power(self, table: &Table) -> (Self, Self) {
        let at = self.0.map(|lane| (lane.to_bits() % STEPS as u64) as usize);
        let scale = |lane: usize| {
            f64::from_bits(table.bits[at[lane]].wrapping_add(self.0[lane].to_bits() << 45))
        };
        (Self(std::array::from_fn(scale)), Self(at.map(|at| table.errors[at])))
    }

    #[inline(always)]
    fn within(self, limit: f64) -> bool {
        self.0.iter().all(|lane| lane.abs() < limit)
    }

    #[inline(always)]
    fn with_sign_of(self, other: Self) -> Self {
        self.map(other, f64::copysign)
    }
}

/// What runs with the widest vectors there are.
pub(crate) trait Kernel<T: Real> {
    type Output;
    /// Must be `#[inline(always)]`, or the vectors' operations are calls.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`.
    unsafe fn run<V: Lanes<Scalar = T>>(self) -> Self::Output;
}

/// Runs a kernel with the vectors of `isa`, which this CPU must have ([`Isa::detect`] or below).
#[inline]
pub(crate) fn run<T: Real, K: Kernel<T>>(isa: Isa, kernel: K) -> K::Output {
    // SAFETY: an `Isa` above `Portable` comes from `Isa::detect` alone.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => run_avx512(kernel),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => run_avx2(kernel),
            _ => kernel.run::<Plain<T, 4>>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
unsafe fn run_avx512<T: Real, K: Kernel<T>>(kernel: K) -> K::Output {
    // SAFETY: as the caller's.
    unsafe { kernel.run::<T::Avx512>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<T: Real, K: Kernel<T>>(kernel: K) -> K::Output {
    // SAFETY: as the caller's.
    unsafe { kernel.run::<T::Avx2>() }
}

/// Lanes in plain code, a power of two of them.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T, const N: usize>(pub(super) [T; N]);

impl<T: Real, const N: usize> Plain<T, N> {
    #[inline(always)]
    fn map(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl<T: Real, const N: usize> Lanes for Plain<T, N> {
    type Scalar = T;
    const COUNT: usize = N;
    const REGISTERS: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        Self([value; N])
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: as the caller's.
        Self(unsafe { from.cast::<[T; N]>().read() })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const T, count: usize) -> Self {
        let mut lanes = [T::ZERO; N];
        for (i, lane) in lanes.iter_mut().enumerate().take(count) {
            // SAFETY: as the caller's.
            *lane = unsafe { *from.add(i) };
        }
        Self(lanes)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as the caller's.
        unsafe { to.cast::<[T; N]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        for (i, lane) in self.0.into_iter().enumerate().take(count) {
            // SAFETY: as the caller's.
            unsafe { *to.add(i) = lane }
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.map(other, T::add)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.map(other, T::sub)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.map(other, T::mul)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.map(other, T::div)
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].mul_add(b.0[lane], c.0[lane])))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(T::abs))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.map(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn sum(self) -> T {
        let (mut lanes, mut half) = (self.0, N / 2);
        while half > 0 {
            for lane in 0..half {
                lanes[lane] = lanes[lane].add(lanes[lane + half]);
            }
            half /= 2;
        }
        lanes[0]
    }
}

macro_rules! real {
    ($real:ident, $avx512:ident, $avx2:ident) => {
        impl Real for $real {
            const ZERO: Self = 0.0;
            #[cfg(target_arch = "x86_64")]
            type Avx512 = super::lanes_x86::$avx512;
            #[cfg(target_arch = "x86_64")]
            type Avx2 = super::lanes_x86::$avx2;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self / other
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $real::mul_add(self, b, c)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $real::abs(self)
            }
        }
    };
}
real!(f32, F32x16, F32x8);
real!(f64, F64x8, F64x4);
