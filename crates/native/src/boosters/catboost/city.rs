//! The number CatBoost knows a category by: the low half of the text's CityHash64 (version 1.0).
//!
//! Must not know where texts come from; whole numbers are hashed as their decimal text.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;

/// The number of a category. Trees and tables compare it as a signed one.
#[must_use]
pub fn category(text: &[u8]) -> i32 {
    hash(text) as u32 as i32
}

fn hash(text: &[u8]) -> u64 {
    match text.len() {
        0..=16 => up_to_16(text),
        17..=32 => up_to_32(text),
        33..=64 => up_to_64(text),
        _ => longer(text),
    }
}

/// Eight bytes from `at` on.
#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(text[at..at + 8].try_into().expect("eight bytes"))
}

/// Four bytes from `at` on.
#[inline]
fn half(text: &[u8], at: usize) -> u64 {
    u64::from(u32::from_le_bytes(text[at..at + 4].try_into().expect("four bytes")))
}

#[inline]
fn shift_mix(value: u64) -> u64 {
    value ^ (value >> 47)
}

/// Two words become one.
#[inline]
fn join(low: u64, high: u64) -> u64 {
    const MULTIPLIER: u64 = 0x9ddf_ea08_eb38_2d69;
    let a = shift_mix((low ^ high).wrapping_mul(MULTIPLIER));
    shift_mix((high ^ a).wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER)
}

#[inline]
fn up_to_16(text: &[u8]) -> u64 {
    let len = text.len();
    if len > 8 {
        let (first, last) = (word(text, 0), word(text, len - 8));
        let turned = last.wrapping_add(len as u64).rotate_right(len as u32);
        return join(first, turned) ^ last;
    }
    if len >= 4 {
        return join(len as u64 + (half(text, 0) << 3), half(text, len - 4));
    }
    if len > 0 {
        let y = u64::from(text[0]) + (u64::from(text[len / 2]) << 8);
        let z = len as u64 + (u64::from(text[len - 1]) << 2);
        return shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2);
    }
    K2
}

fn up_to_32(text: &[u8]) -> u64 {
    let len = text.len();
    let a = word(text, 0).wrapping_mul(K1);
    let b = word(text, 8);
    let c = word(text, len - 8).wrapping_mul(K2);
    let d = word(text, len - 16).wrapping_mul(K0);
    let low = a.wrapping_sub(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d);
    let high = a.wrapping_add((b ^ K3).rotate_right(20)).wrapping_sub(c).wrapping_add(len as u64);
    join(low, high)
}

/// What one half of a middling text gives: four of its words and a first one.
fn half_of_64(first: u64, words: [u64; 3]) -> (u64, u64) {
    let [second, third, fourth] = words;
    let b = first.wrapping_add(fourth).rotate_right(52);
    let c = first.rotate_right(37);
    let first = first.wrapping_add(second);
    let c = c.wrapping_add(first.rotate_right(7));
    let first = first.wrapping_add(third);
    let sum = b.wrapping_add(first.rotate_right(31)).wrapping_add(c);
    (first.wrapping_add(fourth), sum)
}

fn up_to_64(text: &[u8]) -> u64 {
    let len = text.len();
    let from_end = |back: usize| word(text, len - back);
    let first = word(text, 0).wrapping_add(from_end(16).wrapping_add(len as u64).wrapping_mul(K0));
    let (vf, vs) = half_of_64(first, [word(text, 8), word(text, 16), word(text, 24)]);
    let first = word(text, 16).wrapping_add(from_end(32));
    let (wf, ws) = half_of_64(first, [from_end(24), from_end(16), from_end(8)]);
    let r = vf.wrapping_add(ws).wrapping_mul(K2).wrapping_add(wf.wrapping_add(vs).wrapping_mul(K0));
    shift_mix(shift_mix(r).wrapping_mul(K0).wrapping_add(vs)).wrapping_mul(K2)
}

/// 32 bytes from `at` on and two seeds become two words.
#[inline]
fn weak(text: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let last = word(text, at + 24);
    let a = a.wrapping_add(word(text, at));
    let b = b.wrapping_add(a).wrapping_add(last).rotate_right(21);
    let sum = a.wrapping_add(word(text, at + 8)).wrapping_add(word(text, at + 16));
    (sum.wrapping_add(last), b.wrapping_add(sum.rotate_right(44)).wrapping_add(a))
}

#[allow(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn longer(text: &[u8]) -> u64 {
    let len = text.len();
    let mut x = word(text, 0);
    let mut y = word(text, len - 16) ^ K1;
    let mut z = word(text, len - 56) ^ K0;
    let mut v = weak(text, len - 64, len as u64, y);
    let mut w = weak(text, len - 32, (len as u64).wrapping_mul(K1), K0);
    z = z.wrapping_add(shift_mix(v.1).wrapping_mul(K1));
    x = z.wrapping_add(x).rotate_right(39).wrapping_mul(K1);
    y = y.rotate_right(33).wrapping_mul(K1);
    // Whole blocks of 64 bytes; the end, however short, has been taken already.
    for at in (0..(len - 1) / 64).map(|block| 64 * block) {
        let sum = x.wrapping_add(y).wrapping_add(v.0).wrapping_add(word(text, at + 16));
        x = sum.rotate_right(37).wrapping_mul(K1) ^ w.1;
        let sum = y.wrapping_add(v.1).wrapping_add(word(text, at + 48));
        y = sum.rotate_right(42).wrapping_mul(K1) ^ v.0;
        z = (z ^ w.0).rotate_right(33);
        v = weak(text, at, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(text, at + 32, z.wrapping_add(w.1), y);
        (x, z) = (z, x);
    }
    join(
        join(v.0, w.0).wrapping_add(shift_mix(y).wrapping_mul(K1)).wrapping_add(z),
        join(v.1, w.1).wrapping_add(x),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_catboost_writes() {
        // From `cat_features_hash` of models that CatBoost 1.2.10 saved as JSON.
        const BY_LENGTH: [(usize, u32); 27] = [
            (1, 1_097_491_314),
            (2, 511_482_766),
            (3, 292_455_279),
            (4, 3_636_444_277),
            (5, 1_116_413_620),
            (7, 1_667_640_967),
            (8, 1_486_099_509),
            (9, 3_642_650_200),
            (12, 855_842_877),
            (15, 3_747_548_873),
            (16, 2_372_300_503),
            (17, 3_151_619_970),
            (24, 825_410_915),
            (31, 1_576_326_889),
            (32, 3_760_649_112),
            (33, 1_292_046_105),
            (48, 3_590_918_360),
            (63, 534_741_974),
            (64, 3_302_768_310),
            (65, 878_101_908),
            (100, 521_068_781),
            (127, 3_950_561_741),
            (128, 1_731_381_675),
            (129, 2_814_288_250),
            (192, 1_947_352_529),
            (193, 2_062_423_353),
            (300, 591_885_859),
        ];
        for (n, number) in BY_LENGTH {
            let text: Vec<u8> = (0..n).map(|i| (33 + (7 * i * i + 3 * i + n) % 90) as u8).collect();
            assert_eq!(category(&text) as u32, number, "{n} characters");
        }
        for (text, number) in [
            ("", 797_982_799),
            ("-7", 1_380_874_953),
            ("ü", 3_774_041_690),
            ("日本語", 1_379_369_661),
            ("9223372036854775807", 798_388_021),
        ] {
            assert_eq!(category(text.as_bytes()) as u32, number, "{text}");
        }
    }
}
