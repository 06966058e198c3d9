package io.pelton.flink;

import io.pelton.client.RowWriter;
import java.util.Arrays;

/** A row writer that remembers what was set, and how. */
final class RecordedRow implements RowWriter {
    static final Object MISSING = "<missing>";

    final Object[] cells;

    RecordedRow(int count) {
        cells = new Object[count];
    }

    @Override
    public void setDouble(int cell, double value) {
        cells[cell] = value;
    }

    @Override
    public void setFloat(int cell, float value) {
        cells[cell] = value;
    }

    @Override
    public void setLong(int cell, long value) {
        cells[cell] = value;
    }

    @Override
    public void setInt(int cell, int value) {
        cells[cell] = value;
    }

    @Override
    public void setBoolean(int cell, boolean value) {
        cells[cell] = value;
    }

    @Override
    public void setString(int cell, CharSequence value) {
        cells[cell] = value.toString();
    }

    @Override
    public void setBytes(int cell, byte[] value) {
        cells[cell] = value;
    }

    @Override
    public void setMissing(int cell) {
        cells[cell] = MISSING;
    }

    @Override
    public void setDoubles(double[] values) {
        Arrays.setAll(cells, i -> values[i]);
    }

    @Override
    public void setFloats(float[] values) {
        Arrays.setAll(cells, i -> values[i]);
    }
}
