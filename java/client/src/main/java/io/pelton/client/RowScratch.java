// One row while it is being written: encoded cells that touch no batch until the row is whole.
package io.pelton.client;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Reused from row to row; for one thread at a time. */
final class RowScratch implements RowWriter {
    static final VarHandle LONGS = view(long[].class);
    static final VarHandle INTS = view(int[].class);
    static final VarHandle SHORTS = view(short[].class);
    private static final long EXACT_IN_DOUBLE = 1L << 53;
    private static final long EXACT_IN_FLOAT = 1L << 24;
    private static final long EXACT_IN_HALF = 1L << 11;

    private static final byte UNSET = 0;
    private static final byte SET = 1;
    private static final byte MISSING = 2;

    private final RowSchema schema;
    private final DataType[] types;
    private final boolean allFp64;
    private final int[] at;
    private final byte[] states;

    /** The fixed-width cells, little-endian, packed; of a matrix exactly its row. */
    final byte[] fixed;

    private byte[] text = new byte[64];
    private int textUsed;
    private final int[] textStart;
    private final int[] textEnd;
    private boolean open;

    RowScratch(RowSchema schema) {
        this.schema = schema;
        int cells = schema.cells();
        this.types = new DataType[cells];
        this.at = new int[cells];
        this.states = new byte[cells];
        this.textStart = new int[cells];
        this.textEnd = new int[cells];
        int size = 0;
        boolean doubles = true;
        for (int cell = 0; cell < cells; cell++) {
            types[cell] = schema.dataType(cell);
            at[cell] = size;
            size = Math.addExact(size, types[cell].byteSize());
            doubles &= types[cell] == DataType.FP64;
        }
        this.fixed = new byte[size];
        this.allFp64 = doubles;
    }

    private static VarHandle view(Class<?> array) {
        return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
    }

    /** Lets {@code row} write itself; afterwards the cells hold it, or it was refused. */
    void write(Row row) throws Exception {
        Arrays.fill(states, UNSET);
        textUsed = 0;
        open = true;
        try {
            row.writeTo(this);
        } finally {
            open = false;
        }
        for (int cell = 0; cell < states.length; cell++) {
            if (states[cell] == UNSET) {
                throw new IllegalArgumentException(
                        schema.describe(cell) + " was not set, say setMissing for a missing value");
            }
        }
    }

    boolean isMissing(int cell) {
        return states[cell] == MISSING;
    }

    int fixedAt(int cell) {
        return at[cell];
    }

    byte[] text() {
        return text;
    }

    int textStart(int cell) {
        return textStart[cell];
    }

    int textLength(int cell) {
        return textEnd[cell] - textStart[cell];
    }

    @Override
    public void setDouble(int cell, double value) {
        switch (type(cell)) {
            case FP64:
                LONGS.set(fixed, at[cell], Double.doubleToRawLongBits(value));
                break;
            case FP32:
                INTS.set(fixed, at[cell], Float.floatToRawIntBits((float) value));
                break;
            case FP16:
                SHORTS.set(fixed, at[cell], HalfFloats.fromDouble(value));
                break;
            default:
                throw cannotHold(cell, "a double");
        }
        states[cell] = SET;
    }

    @Override
    public void setFloat(int cell, float value) {
        if (type(cell) == DataType.FP32) {
            INTS.set(fixed, at[cell], Float.floatToRawIntBits(value));
            states[cell] = SET;
        } else if (types[cell].isFloat()) {
            setDouble(cell, value);
        } else {
            throw cannotHold(cell, "a float");
        }
    }

    @Override
    public void setLong(int cell, long value) {
        DataType type = type(cell);
        if (!fits(type, value)) {
            throw cannotHold(cell, "the whole number " + value);
        }
        switch (type) {
            case FP64:
            case FP32:
            case FP16:
                setDouble(cell, value);
                return;
            case INT64:
            case UINT64:
                LONGS.set(fixed, at[cell], value);
                break;
            case INT32:
            case UINT32:
                INTS.set(fixed, at[cell], (int) value);
                break;
            case INT16:
            case UINT16:
                SHORTS.set(fixed, at[cell], (short) value);
                break;
            default:
                fixed[at[cell]] = (byte) value;
        }
        states[cell] = SET;
    }

    @Override
    public void setInt(int cell, int value) {
        if (value < 0 && type(cell) == DataType.UINT64) {
            throw cannotHold(cell, "the whole number " + value);
        }
        setLong(cell, value);
    }

    @Override
    public void setBoolean(int cell, boolean value) {
        if (type(cell) != DataType.BOOL) {
            throw cannotHold(cell, "a boolean");
        }
        fixed[at[cell]] = (byte) (value ? 1 : 0);
        states[cell] = SET;
    }

    @Override
    public void setString(int cell, CharSequence value) {
        if (type(cell) != DataType.BYTES) {
            throw cannotHold(cell, "a string");
        }
        int length = notNull(cell, value).length();
        reserve(Math.multiplyExact(length, 3));
        int start = textUsed;
        textUsed = encode(cell, value, length);
        textStart[cell] = start;
        textEnd[cell] = textUsed;
        states[cell] = SET;
    }

    @Override
    public void setBytes(int cell, byte[] value) {
        if (type(cell) != DataType.BYTES) {
            throw cannotHold(cell, "bytes");
        }
        reserve(notNull(cell, value).length);
        System.arraycopy(value, 0, text, textUsed, value.length);
        textStart[cell] = textUsed;
        textUsed += value.length;
        textEnd[cell] = textUsed;
        states[cell] = SET;
    }

    @Override
    public void setMissing(int cell) {
        DataType type = type(cell);
        if (type.isFloat()) {
            setDouble(cell, Double.NaN);
            return;
        }
        if (schema.isMatrix()) {
            throw cannotHold(cell, "a missing value");
        }
        // what stands in its place is defined too: zero, false or no bytes
        Arrays.fill(fixed, at[cell], at[cell] + type.byteSize(), (byte) 0);
        textStart[cell] = textUsed;
        textEnd[cell] = textUsed;
        states[cell] = MISSING;
    }

    @Override
    public void setDoubles(double[] values) {
        expectCells(values.length);
        if (!allFp64) {
            for (int cell = 0; cell < values.length; cell++) {
                setDouble(cell, values[cell]);
            }
            return;
        }
        type(0);
        for (int cell = 0; cell < values.length; cell++) {
            LONGS.set(fixed, cell << 3, Double.doubleToRawLongBits(values[cell]));
        }
        Arrays.fill(states, SET);
    }

    @Override
    public void setFloats(float[] values) {
        expectCells(values.length);
        for (int cell = 0; cell < values.length; cell++) {
            setFloat(cell, values[cell]);
        }
    }

    private DataType type(int cell) {
        if (!open) {
            throw new IllegalStateException("the row is written already, its writer is closed");
        }
        if (cell < 0 || cell >= types.length) {
            throw new IllegalArgumentException(
                    "no cell " + cell + ", a row has " + types.length + " from 0");
        }
        return types[cell];
    }

    private static boolean fits(DataType type, long value) {
        switch (type) {
            case FP64:
                return Math.abs(value) <= EXACT_IN_DOUBLE && value != Long.MIN_VALUE;
            case FP32:
                return Math.abs(value) <= EXACT_IN_FLOAT && value != Long.MIN_VALUE;
            case FP16:
                return Math.abs(value) <= EXACT_IN_HALF && value != Long.MIN_VALUE;
            case INT64:
            case UINT64:
                return true;
            case BOOL:
            case BYTES:
                return false;
            default:
                int bits = type.byteSize() * 8;
                return type.isSigned() ? value == value << -bits >> -bits : value >>> bits == 0;
        }
    }

    private void expectCells(int given) {
        if (given != types.length) {
            throw new IllegalArgumentException(
                    "a row has " + types.length + " cells, got " + given);
        }
    }

    private <T> T notNull(int cell, T value) {
        if (value == null) {
            throw new IllegalArgumentException(
                    schema.describe(cell) + " is null, say setMissing for a missing value");
        }
        return value;
    }

    private IllegalArgumentException cannotHold(int cell, String what) {
        return new IllegalArgumentException(
                schema.describe(cell) + " is " + types[cell] + " and cannot hold " + what);
    }

    private void reserve(int bytes) {
        int wanted = Math.addExact(textUsed, bytes);
        if (wanted > text.length) {
            text = Arrays.copyOf(text, Math.max(wanted, text.length * 2));
        }
    }

    /** UTF-8, as {@code String.getBytes} would, but refusing what it silently turns into "?". */
    private int encode(int cell, CharSequence value, int length) {
        byte[] out = text;
        int used = textUsed;
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if (c < 0x80) {
                out[used++] = (byte) c;
            } else if (c < 0x800) {
                out[used++] = (byte) (0xc0 | c >> 6);
                out[used++] = (byte) (0x80 | c & 0x3f);
            } else if (!Character.isSurrogate(c)) {
                out[used++] = (byte) (0xe0 | c >> 12);
                out[used++] = (byte) (0x80 | c >> 6 & 0x3f);
                out[used++] = (byte) (0x80 | c & 0x3f);
            } else {
                if (Character.isLowSurrogate(c)
                        || i + 1 == length
                        || !Character.isLowSurrogate(value.charAt(i + 1))) {
                    throw new IllegalArgumentException(
                            schema.describe(cell) + " has an unpaired surrogate at " + i);
                }
                int point = Character.toCodePoint(c, value.charAt(++i));
                out[used++] = (byte) (0xf0 | point >> 18);
                out[used++] = (byte) (0x80 | point >> 12 & 0x3f);
                out[used++] = (byte) (0x80 | point >> 6 & 0x3f);
                out[used++] = (byte) (0x80 | point & 0x3f);
            }
        }
        return used;
    }
}
