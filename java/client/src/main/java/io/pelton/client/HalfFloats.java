// IEEE 754 half precision to and from double, which Java 11 lacks; bit-exact both ways.
package io.pelton.client;

final class HalfFloats {
    private HalfFloats() {}

    static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
        }
        if (exponent == 0) {
            // zero or a subnormal: fraction x 2^-24, exact in a float
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
    }

    /** The nearest half, ties to even; beyond the range it is an infinity, as for any narrowing. */
    static short fromDouble(double value) {
        long bits = Double.doubleToRawLongBits(value);
        int sign = (int) (bits >>> 48) & 0x8000;
        if (Double.isNaN(value)) {
            int fraction = (int) (bits >>> 42) & 0x3ff;
            return (short) (sign | 0x7c00 | (fraction == 0 ? 0x200 : fraction));
        }
        double magnitude = Math.abs(value);
        if (magnitude >= 65520.0) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x1p-14) {
            // rint rounds ties to even; a carry into 0x400 is the smallest normal, as it should be
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
        }
        int exponent = Math.getExponent(magnitude);
        int fraction = (int) Math.rint(magnitude * Math.scalb(1.0, 10 - exponent));
        // fraction holds the hidden bit; adding (not or-ing) lets a carry reach the exponent
        return (short) (sign | ((exponent + 14) << 10) + fraction);
    }
}
