// Tensors hold what was put in, bit for bit, and refuse bytes that are not theirs.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TensorTest {
    private static final long[] TWO = {2};

    @Test
    void keepsEveryBitOfFloatingPoint() {
        double[] doubles = {
            0.0,
            -0.0,
            Double.NaN,
            Double.longBitsToDouble(0x7ff0000000000001L),
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.MIN_VALUE,
            -Double.MIN_NORMAL
        };
        Tensor tensor = Tensor.ofDoubles("x", new long[] {2, 4}, doubles);
        for (int i = 0; i < doubles.length; i++) {
            assertThat(Double.doubleToRawLongBits(tensor.getDouble(i)))
                    .isEqualTo(Double.doubleToRawLongBits(doubles[i]));
        }
        float[] floats = {-0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, Float.MAX_VALUE};
        Tensor narrow = Tensor.ofFloats("x", new long[] {4}, floats);
        for (int i = 0; i < floats.length; i++) {
            assertThat(Float.floatToRawIntBits(narrow.getFloat(i)))
                    .isEqualTo(Float.floatToRawIntBits(floats[i]));
        }
    }

    @Test
    void everyHalfSurvivesBothWays() {
        for (int bits = 0; bits < 0x10000; bits++) {
            float value = HalfFloats.toFloat((short) bits);
            short back = HalfFloats.fromDouble(value);
            if (Float.isNaN(value)) {
                // widening may set the quiet bit, but a NaN it stays
                assertThat(HalfFloats.toFloat(back)).isNaN();
            } else {
                assertThat(back & 0xffff).isEqualTo(bits);
            }
        }
    }

    @Test
    void halvesRoundToNearestEven() {
        // between two neighbours, and just beside the middle
        for (int bits = 0; bits < 0x7c00; bits++) {
            double low = HalfFloats.toFloat((short) bits);
            double high = bits == 0x7bff ? 65536.0 : HalfFloats.toFloat((short) (bits + 1));
            double middle = (low + high) / 2;
            int even = (bits & 1) == 0 ? bits : bits + 1;
            assertThat(HalfFloats.fromDouble(middle)).isEqualTo((short) even);
            assertThat(HalfFloats.fromDouble(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(HalfFloats.fromDouble(-Math.nextUp(middle)))
                    .isEqualTo((short) (0x8000 | bits + 1));
        }
    }

    @Test
    void keepsText() {
        String[] texts = {"", "JFK", "Zürich", "東京", "🛫", "a\0b"};
        Tensor tensor = Tensor.ofStrings("city", new long[] {texts.length}, texts);
        for (int i = 0; i < texts.length; i++) {
            assertThat(tensor.getString(i)).isEqualTo(texts[i]);
            assertThat(tensor.getBytes(i))
                    .isEqualTo(texts[i].getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        assertThatThrownBy(() -> Tensor.ofStrings("city", TWO, "ok", "\ud800"))
                .hasMessage("tensor 'city': element 1 has an unpaired surrogate");
        Tensor notText = Tensor.ofBytes("blob", new long[] {1}, new byte[] {(byte) 0xff});
        assertThatThrownBy(() -> notText.getString(0))
                .hasMessage("tensor 'blob': element 0 is not UTF-8, read it as bytes");
    }

    @Test
    void readsWholeNumbersOfEveryWidth() {
        ByteBuffer ones = ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1});
        long[][] wanted = {{1, 255}, {2, 65535}, {4, 4294967295L}, {8, -1}};
        for (long[] width : wanted) {
            ByteBuffer data = ones.duplicate().limit((int) width[0]);
            DataType unsigned = DataType.of("UINT" + width[0] * 8);
            DataType signed = DataType.of("INT" + width[0] * 8);
            long[] one = {1};
            assertThat(Tensor.of("x", unsigned, one, data).getLong(0)).isEqualTo(width[1]);
            assertThat(Tensor.of("x", signed, one, data).getLong(0)).isEqualTo(-1);
        }
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            long bits = random.nextLong() >>> random.nextInt(64);
            ByteBuffer data = ByteBuffer.allocate(8).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            data.putLong(0, bits);
            assertThat(Tensor.of("x", DataType.UINT64, new long[] {1}, data).getDouble(0))
                    .isEqualTo(new java.math.BigInteger(Long.toUnsignedString(bits)).doubleValue());
        }
    }

    @Test
    void refusesToReadWhatItDoesNotHold() {
        Tensor texts = Tensor.ofStrings("city", TWO, "a", "b");
        Tensor numbers = Tensor.ofDoubles("x", TWO, 1, 2);
        assertThatThrownBy(() -> texts.getDouble(0))
                .hasMessage("tensor 'city' holds BYTES, which is not a number");
        assertThatThrownBy(() -> numbers.getLong(0))
                .hasMessage("tensor 'x' holds FP64, which is not a whole number");
        assertThatThrownBy(() -> numbers.getString(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> numbers.getBoolean(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> numbers.getDouble(2))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> texts.getString(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void refusesBytesThatDoNotFitTheShape() {
        assertThatThrownBy(() -> Tensor.ofDoubles("x", new long[] {3}, 1, 2))
                .hasMessage("tensor 'x': FP64[3] takes 24 bytes, got 16");
        assertThatThrownBy(() -> Tensor.ofDoubles("x", new long[] {-1}, 1))
                .hasMessageContaining("negative size");
        assertThat(Tensor.ofDoubles("x", new long[] {0, 1L << 62, 1L << 62}).elementCount())
                .isZero();
    }

    @Test
    void foreignBytesNeverCrashTheReader() {
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            for (int k = 0; k + 4 <= bytes.length; k += 4 + random.nextInt(4)) {
                bytes[k + 1] = bytes[k + 2] = bytes[k + 3] = 0;
                bytes[k] = (byte) random.nextInt(6);
            }
            long[] shape = {random.nextInt(6)};
            try {
                Tensor tensor = Tensor.of("x", DataType.BYTES, shape, ByteBuffer.wrap(bytes));
                int total = 0;
                for (int k = 0; k < tensor.elementCount(); k++) {
                    total += 4 + tensor.getBytes(k).length;
                }
                assertThat(total).isEqualTo(bytes.length);
            } catch (IllegalArgumentException refused) {
                assertThat(refused).hasMessageContaining("do not hold exactly");
            }
        }
    }
}
