// The cells of one row, as a caller sets them.
package io.pelton.client;

/**
 * Takes the cells of one row by position: the column's in a schema of columns, the feature's in a
 * matrix.
 *
 * <p>Every cell must be set, in any order; setting one again replaces it. A value of another type
 * than the cell's is refused with {@link IllegalArgumentException} naming the column, except where
 * nothing is lost: whole numbers into a wider or floating type that holds them exactly, floats into
 * FP64. Doubles and floats are rounded to nearest for FP32 and FP16.
 */
public interface RowWriter {
    /**
     * Sets a floating-point cell (FP64, or rounded FP32 or FP16).
     *
     * @param cell from 0
     * @param value the value; NaN is a missing value
     */
    void setDouble(int cell, double value);

    /**
     * Sets a floating-point cell (FP64, FP32, or rounded FP16).
     *
     * @param cell from 0
     * @param value the value; NaN is a missing value
     */
    void setFloat(int cell, float value);

    /**
     * Sets a whole-number cell that can hold the value (for UINT64 the long's bits, unsigned), or a
     * floating-point cell that holds it exactly.
     *
     * @param cell from 0
     * @param value the value
     */
    void setLong(int cell, long value);

    /**
     * As {@link #setLong}, but negative values are refused by UINT64 cells.
     *
     * @param cell from 0
     * @param value the value
     */
    void setInt(int cell, int value);

    /**
     * Sets a BOOL cell.
     *
     * @param cell from 0
     * @param value the value
     */
    void setBoolean(int cell, boolean value);

    /**
     * Sets a BYTES cell to text, as UTF-8.
     *
     * @param cell from 0
     * @param value the text, not null
     */
    void setString(int cell, CharSequence value);

    /**
     * Sets a BYTES cell.
     *
     * @param cell from 0
     * @param value the bytes, not null; copied
     */
    void setBytes(int cell, byte[] value);

    /**
     * Says that a cell has no value: NaN in a floating-point cell; elsewhere the column is sent
     * with a validity tensor {@code <column>:valid}. A matrix of whole numbers has no way to say
     * it, and refuses.
     *
     * @param cell from 0
     */
    void setMissing(int cell);

    /**
     * Sets all cells of a row whose cells are all floating-point.
     *
     * @param values exactly one a cell
     */
    void setDoubles(double[] values);

    /**
     * Sets all cells of a row whose cells are all floating-point.
     *
     * @param values exactly one a cell
     */
    void setFloats(float[] values);
}
