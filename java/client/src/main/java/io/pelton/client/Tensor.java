// A named, typed, shaped block of little-endian values; neither rows nor wire messages.
package io.pelton.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor: name, element type, shape, and its values as little-endian bytes in row-major order
 * (each element of a {@link DataType#BYTES} tensor is preceded by its length as an unsigned 32-bit
 * number). Immutable as long as the bytes given to {@link #of} are left alone.
 *
 * <pre>{@code
 * Tensor matrix = Tensor.ofDoubles("input", new long[] {2, 3}, 1, 2, 3, 4, 5, 6);
 * Tensor names = Tensor.ofStrings("city", new long[] {2}, "Oslo", "Bergen");
 * }</pre>
 */
public final class Tensor {
    private final String name;
    private final DataType dataType;
    private final long[] shape;
    private final int elements;
    private final ByteBuffer data;

    /** Where each element of a BYTES tensor starts (at its length), and the end. */
    private final int[] offsets;

    private Tensor(String name, DataType dataType, long[] shape, int elements, ByteBuffer data) {
        this.name = name;
        this.dataType = dataType;
        this.shape = shape;
        this.elements = elements;
        this.data = data;
        this.offsets =
                dataType == DataType.BYTES ? TensorLayout.offsets(name, data, elements) : null;
    }

    /**
     * A tensor over existing bytes, from the buffer's position to its limit; they are not copied.
     *
     * @param name the tensor's name
     * @param dataType the type of its elements
     * @param shape its sizes, none negative
     * @param data little-endian values, row-major
     * @return a tensor
     * @throws IllegalArgumentException if the bytes are not exactly what type and shape ask for
     */
    public static Tensor of(String name, DataType dataType, long[] shape, ByteBuffer data) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dataType, "dataType");
        int elements = TensorLayout.elements(name, shape);
        ByteBuffer bytes = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long wanted = (long) elements * dataType.byteSize();
        if (dataType != DataType.BYTES && bytes.remaining() != wanted) {
            throw new IllegalArgumentException(
                    String.format(
                            "tensor '%s': %s%s takes %d bytes, got %d",
                            name, dataType, Arrays.toString(shape), wanted, bytes.remaining()));
        }
        return new Tensor(name, dataType, shape.clone(), elements, bytes);
    }

    /** A tensor of FP64: as many values as its sizes ask for, row-major. */
    public static Tensor ofDoubles(String name, long[] shape, double... values) {
        ByteBuffer data = allocate(values.length, 8);
        data.asDoubleBuffer().put(values);
        return of(name, DataType.FP64, shape, data);
    }

    /** A tensor of FP32: as many values as its sizes ask for, row-major. */
    public static Tensor ofFloats(String name, long[] shape, float... values) {
        ByteBuffer data = allocate(values.length, 4);
        data.asFloatBuffer().put(values);
        return of(name, DataType.FP32, shape, data);
    }

    /** A tensor of INT64: as many values as its sizes ask for, row-major. */
    public static Tensor ofLongs(String name, long[] shape, long... values) {
        ByteBuffer data = allocate(values.length, 8);
        data.asLongBuffer().put(values);
        return of(name, DataType.INT64, shape, data);
    }

    /** A tensor of INT32: as many values as its sizes ask for, row-major. */
    public static Tensor ofInts(String name, long[] shape, int... values) {
        ByteBuffer data = allocate(values.length, 4);
        data.asIntBuffer().put(values);
        return of(name, DataType.INT32, shape, data);
    }

    /** A tensor of BOOL: as many values as its sizes ask for, row-major. */
    public static Tensor ofBooleans(String name, long[] shape, boolean... values) {
        ByteBuffer data = allocate(values.length, 1);
        for (int i = 0; i < values.length; i++) {
            data.put(i, (byte) (values[i] ? 1 : 0));
        }
        return of(name, DataType.BOOL, shape, data);
    }

    /**
     * A tensor of BYTES holding text as UTF-8: as many values as its sizes ask for, row-major.
     *
     * @throws IllegalArgumentException if a text has an unpaired surrogate, which UTF-8 cannot say
     */
    public static Tensor ofStrings(String name, long[] shape, String... values) {
        byte[][] encoded = new byte[values.length][];
        for (int i = 0; i < values.length; i++) {
            encoded[i] = TensorLayout.utf8(name, i, values[i]);
        }
        return ofBytes(name, shape, encoded);
    }

    /** A tensor of BYTES: as many values as its sizes ask for, row-major. */
    public static Tensor ofBytes(String name, long[] shape, byte[]... values) {
        long size = 0;
        for (byte[] value : values) {
            size += 4L + value.length;
        }
        ByteBuffer data = allocate(Math.toIntExact(size), 1);
        for (byte[] value : values) {
            data.putInt(value.length).put(value);
        }
        data.flip();
        return of(name, DataType.BYTES, shape, data);
    }

    /**
     * The tensor's name.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The type of its elements.
     *
     * @return the type
     */
    public DataType dataType() {
        return dataType;
    }

    /**
     * Its sizes; the first is as a rule the number of rows.
     *
     * @return a copy
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * How many elements it holds.
     *
     * @return the product of its sizes
     */
    public int elementCount() {
        return elements;
    }

    /**
     * Its values, little-endian, row-major.
     *
     * @return a read-only view with its own position
     */
    public ByteBuffer data() {
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Element {@code index} as a double.
     *
     * @param index from 0, row-major
     * @return the number; whole numbers beyond 2^53 are rounded
     * @throws IllegalStateException if the elements are not numbers
     */
    public double getDouble(int index) {
        switch (dataType) {
            case FP64:
                return data.getDouble(at(index) << 3);
            case FP32:
                return data.getFloat(at(index) << 2);
            case FP16:
                return HalfFloats.toFloat(data.getShort(at(index) << 1));
            case UINT64:
                long bits = data.getLong(at(index) << 3);
                // halved with its lowest bit kept, so that rounding goes the right way
                return bits >= 0 ? bits : 2.0 * ((bits >>> 1) | (bits & 1));
            case BOOL:
            case BYTES:
                throw notA("number");
            default:
                return getLong(index);
        }
    }

    /**
     * Element {@code index} as a float.
     *
     * @param index from 0, row-major
     * @return the number, rounded to the nearest float
     * @throws IllegalStateException if the elements are not numbers
     */
    public float getFloat(int index) {
        return dataType == DataType.FP32 ? data.getFloat(at(index) << 2) : (float) getDouble(index);
    }

    /**
     * Element {@code index} as a long.
     *
     * @param index from 0, row-major
     * @return the number; of a UINT64 its bits, see {@link Long#toUnsignedString(long)}
     * @throws IllegalStateException if the elements are not whole numbers
     */
    public long getLong(int index) {
        switch (dataType) {
            case INT64:
            case UINT64:
                return data.getLong(at(index) << 3);
            case INT32:
                return data.getInt(at(index) << 2);
            case UINT32:
                return data.getInt(at(index) << 2) & 0xffffffffL;
            case INT16:
                return data.getShort(at(index) << 1);
            case UINT16:
                return data.getShort(at(index) << 1) & 0xffff;
            case INT8:
                return data.get(at(index));
            case UINT8:
                return data.get(at(index)) & 0xff;
            default:
                throw notA("whole number");
        }
    }

    /**
     * Element {@code index} as a boolean.
     *
     * @param index from 0, row-major
     * @return the value
     * @throws IllegalStateException if the elements are not BOOL
     */
    public boolean getBoolean(int index) {
        if (dataType != DataType.BOOL) {
            throw notA("boolean");
        }
        return data.get(at(index)) != 0;
    }

    /**
     * Element {@code index} as text.
     *
     * @param index from 0, row-major
     * @return the text
     * @throws IllegalStateException if the elements are not BYTES, or this one is not UTF-8
     */
    public String getString(int index) {
        if (dataType != DataType.BYTES) {
            throw notA("string");
        }
        int start = offsets[at(index)] + 4;
        ByteBuffer bytes = data.duplicate();
        bytes.limit(offsets[index + 1]).position(start);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalStateException(
                    "tensor '" + name + "': element " + index + " is not UTF-8, read it as bytes",
                    e);
        }
    }

    /**
     * Element {@code index} as bytes.
     *
     * @param index from 0, row-major
     * @return a copy
     * @throws IllegalStateException if the elements are not BYTES
     */
    public byte[] getBytes(int index) {
        if (dataType != DataType.BYTES) {
            throw notA("sequence of bytes");
        }
        int start = offsets[at(index)] + 4;
        byte[] copy = new byte[offsets[index + 1] - start];
        ByteBuffer bytes = data.duplicate();
        bytes.position(start);
        bytes.get(copy);
        return copy;
    }

    /**
     * Element {@code index} as what it is: {@code Boolean}, {@code Long} (whole numbers of every
     * width), {@code Float} (FP16, FP32), {@code Double} or {@code String}.
     *
     * @param index from 0, row-major
     * @return the value, boxed
     */
    public Object getObject(int index) {
        switch (dataType) {
            case BOOL:
                return getBoolean(index);
            case FP16:
            case FP32:
                return getFloat(index);
            case FP64:
                return getDouble(index);
            case BYTES:
                return getString(index);
            default:
                return getLong(index);
        }
    }

    @Override
    public String toString() {
        return name + ": " + dataType + Arrays.toString(shape);
    }

    /** Sizes without a copy, for this package. */
    long size(int dimension) {
        return shape[dimension];
    }

    int dimensions() {
        return shape.length;
    }

    private int at(int index) {
        return Objects.checkIndex(index, elements);
    }

    private IllegalStateException notA(String wanted) {
        return new IllegalStateException(
                "tensor '" + name + "' holds " + dataType + ", which is not a " + wanted);
    }

    private static ByteBuffer allocate(int elements, int byteSize) {
        return ByteBuffer.allocate(Math.multiplyExact(elements, byteSize))
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
