// Sizes and bytes of tensors, checked against each other; foreign ones must not make us allocate.
package io.pelton.client;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/** What is refused is refused with the tensor's name. */
final class TensorLayout {
    private TensorLayout() {}

    /** How many elements a shape asks for. */
    static int elements(String name, long[] shape) {
        long elements = 1;
        boolean empty = false;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException(
                        "tensor '" + name + "': negative size in " + Arrays.toString(shape));
            }
            empty |= size == 0;
            elements = size == 0 || empty ? 0 : elements * Math.min(size, Integer.MAX_VALUE);
            if (elements > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        "tensor '" + name + "': too many elements in " + Arrays.toString(shape));
            }
        }
        return (int) elements;
    }

    /** Where each element of a BYTES tensor starts (at its length), and the end. */
    static int[] offsets(String name, ByteBuffer data, int elements) {
        int end = data.limit();
        // the count is foreign: every element takes at least its length, so check before allocating
        if (4L * elements > end) {
            throw lyingLength(name, elements, end);
        }
        int[] offsets = new int[elements + 1];
        int at = 0;
        for (int i = 0; i < elements; i++) {
            offsets[i] = at;
            long length = end - at < 4 ? Long.MAX_VALUE : data.getInt(at) & 0xffffffffL;
            if (length > end - at - 4) {
                throw lyingLength(name, elements, end);
            }
            at += 4 + (int) length;
        }
        if (at != end) {
            throw lyingLength(name, elements, end);
        }
        offsets[elements] = at;
        return offsets;
    }

    private static IllegalArgumentException lyingLength(String name, int elements, int bytes) {
        return new IllegalArgumentException(
                String.format(
                        "tensor '%s': %d bytes do not hold exactly %d strings with their lengths",
                        name, bytes, elements));
    }

    /** A text as UTF-8, refusing what {@code String.getBytes} silently turns into "?". */
    static byte[] utf8(String name, int index, String value) {
        Objects.requireNonNull(value, () -> "tensor '" + name + "': element " + index + " is null");
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "tensor '" + name + "': element " + index + " has an unpaired surrogate", e);
        }
    }
}
