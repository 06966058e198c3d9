// Whole rows side by side: one growing little-endian buffer a column (or one for a matrix).
package io.pelton.client;

import java.util.Arrays;
import java.util.List;

/** Append-only; for one thread at a time. */
final class RowBuffers {
    /** Receives the tensors the rows make up; the bytes are shared, not copied. */
    interface TensorSink {
        void tensor(String name, DataType type, long[] shape, byte[] data, int length);
    }

    private static final int STRING_GUESS = 12;

    private final RowSchema schema;
    private final byte[][] data;
    private final int[] used;

    /** Per column, 1 where a row has a value; null while every row has one. */
    private final byte[][] valid;

    private int rows;

    /**
     * @param expectedRows rows to make room for; more is possible
     */
    RowBuffers(RowSchema schema, int expectedRows) {
        this.schema = schema;
        List<Column> columns = schema.columns();
        this.data = new byte[columns.size()][];
        this.used = new int[columns.size()];
        this.valid = new byte[columns.size()][];
        int room = Math.max(1, expectedRows);
        for (int i = 0; i < data.length; i++) {
            data[i] = new byte[Math.multiplyExact(room, guess(i))];
        }
    }

    /** What a row is likely to take; exact where there are no texts. */
    static long guessedRowBytes(RowSchema schema) {
        long cells = schema.isMatrix() ? schema.cells() : 1;
        long bytes = 0;
        for (Column column : schema.columns()) {
            boolean text = column.dataType() == DataType.BYTES;
            bytes += text ? STRING_GUESS : cells * column.dataType().byteSize();
        }
        return Math.max(1, bytes);
    }

    /** Bytes held, used or not. */
    long roomBytes() {
        long room = 0;
        for (byte[] column : data) {
            room += column.length;
        }
        return room;
    }

    int rows() {
        return rows;
    }

    RowSchema schema() {
        return schema;
    }

    long byteSize() {
        long size = 0;
        for (int i = 0; i < used.length; i++) {
            size += used[i] + (valid[i] == null ? 0 : rows);
        }
        return size;
    }

    void append(RowScratch row) {
        if (schema.isMatrix()) {
            int width = row.fixed.length;
            reserve(0, width);
            System.arraycopy(row.fixed, 0, data[0], used[0], width);
            used[0] += width;
            rows++;
            return;
        }
        // room first: if there is none, no column has the row yet
        for (int i = 0; i < data.length; i++) {
            reserve(i, isText(i) ? 4 + row.textLength(i) : width(i));
            reserveValidity(i, !row.isMissing(i));
        }
        for (int i = 0; i < data.length; i++) {
            if (isText(i)) {
                appendText(i, row);
            } else {
                appendFixed(i, row);
            }
            if (valid[i] != null) {
                valid[i][rows] = (byte) (row.isMissing(i) ? 0 : 1);
            }
        }
        rows++;
    }

    /** Bytes of rows {@code from} to {@code to}. */
    long byteSize(int from, int to) {
        if (from == 0 && to == rows) {
            return byteSize();
        }
        long size = 0;
        for (int i = 0; i < data.length; i++) {
            int start = start(i, from);
            size += end(i, start, from, to) - start;
            size += valid[i] != null && anyMissing(valid[i], from, to) ? to - from : 0;
        }
        return size;
    }

    /** A copy of rows {@code from} to {@code to}; no copy if these are all. */
    RowBuffers slice(int from, int to) {
        if (from == 0 && to == rows) {
            return this;
        }
        RowBuffers part = new RowBuffers(schema, 0);
        for (int i = 0; i < data.length; i++) {
            int start = start(i, from);
            int end = end(i, start, from, to);
            part.data[i] = Arrays.copyOfRange(data[i], start, end);
            part.used[i] = end - start;
            if (valid[i] != null && anyMissing(valid[i], from, to)) {
                part.valid[i] = Arrays.copyOfRange(valid[i], from, to);
            }
        }
        part.rows = to - from;
        return part;
    }

    void forEachTensor(TensorSink sink) {
        List<Column> columns = schema.columns();
        long[] shape = schema.isMatrix() ? new long[] {rows, schema.cells()} : new long[] {rows};
        for (int i = 0; i < data.length; i++) {
            Column column = columns.get(i);
            sink.tensor(column.name(), column.dataType(), shape, data[i], used[i]);
            if (valid[i] != null) {
                sink.tensor(column.name() + ":valid", DataType.BOOL, shape, valid[i], rows);
            }
        }
    }

    private void appendFixed(int column, RowScratch row) {
        byte[] to = data[column];
        int at = used[column];
        int from = row.fixedAt(column);
        switch (width(column)) {
            case 8:
                RowScratch.LONGS.set(to, at, (long) RowScratch.LONGS.get(row.fixed, from));
                break;
            case 4:
                RowScratch.INTS.set(to, at, (int) RowScratch.INTS.get(row.fixed, from));
                break;
            case 2:
                RowScratch.SHORTS.set(to, at, (short) RowScratch.SHORTS.get(row.fixed, from));
                break;
            default:
                to[at] = row.fixed[from];
        }
        used[column] += width(column);
    }

    private void appendText(int column, RowScratch row) {
        int length = row.textLength(column);
        RowScratch.INTS.set(data[column], used[column], length);
        System.arraycopy(row.text(), row.textStart(column), data[column], used[column] + 4, length);
        used[column] += 4 + length;
    }

    /** Room for one more flag, or for the first: all rows so far have a value then. */
    private void reserveValidity(int column, boolean present) {
        byte[] flags = valid[column];
        if (flags == null && !present) {
            flags = new byte[Math.max(16, rows + 1)];
            Arrays.fill(flags, 0, rows, (byte) 1);
        } else if (flags != null && flags.length == rows) {
            flags = Arrays.copyOf(flags, rows * 2);
        }
        valid[column] = flags;
    }

    private void reserve(int column, int bytes) {
        int wanted = Math.addExact(used[column], bytes);
        if (wanted > data[column].length) {
            int doubled = (int) Math.min(2L * data[column].length, Integer.MAX_VALUE - 16);
            data[column] = Arrays.copyOf(data[column], Math.max(wanted, doubled));
        }
    }

    /** Where row {@code from} of a column starts. */
    private int start(int column, int from) {
        return isText(column) ? textOffset(column, 0, 0, from) : from * rowWidth(column);
    }

    /** Where row {@code to} starts, if row {@code from} starts at {@code start}. */
    private int end(int column, int start, int from, int to) {
        return isText(column) ? textOffset(column, start, from, to) : to * rowWidth(column);
    }

    private int textOffset(int column, int start, int fromRow, int toRow) {
        int at = start;
        for (int row = fromRow; row < toRow; row++) {
            at += 4 + (int) RowScratch.INTS.get(data[column], at);
        }
        return at;
    }

    private static boolean anyMissing(byte[] flags, int from, int to) {
        for (int row = from; row < to; row++) {
            if (flags[row] == 0) {
                return true;
            }
        }
        return false;
    }

    private boolean isText(int column) {
        return schema.columns().get(column).dataType() == DataType.BYTES;
    }

    private int width(int column) {
        return schema.columns().get(column).dataType().byteSize();
    }

    private int rowWidth(int column) {
        return schema.isMatrix() ? width(0) * schema.cells() : width(column);
    }

    private int guess(int column) {
        return isText(column) ? STRING_GUESS : rowWidth(column);
    }
}
