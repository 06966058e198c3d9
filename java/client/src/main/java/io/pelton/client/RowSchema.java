// What a row of a model's input looks like; no values.
package io.pelton.client;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The cells of a row, and how rows become tensors: either named columns, one tensor {@code [rows]}
 * each, or one matrix {@code [rows, features]}.
 *
 * <pre>{@code
 * RowSchema.columns(Column.of("age", DataType.FP64), Column.of("city", DataType.BYTES))
 * RowSchema.matrix("input", DataType.FP64, 4)
 * }</pre>
 */
public final class RowSchema implements Serializable {
    private static final long serialVersionUID = 1L;

    private final List<Column> columns;
    private final int features;

    private RowSchema(List<Column> columns, int features) {
        this.columns = columns;
        this.features = features;
    }

    /**
     * Rows of named columns.
     *
     * @param columns at least one, no name twice
     * @return a schema
     */
    public static RowSchema columns(Column... columns) {
        return columns(Arrays.asList(columns));
    }

    /**
     * Rows of named columns.
     *
     * @param columns at least one, no name twice
     * @return a schema
     */
    public static RowSchema columns(List<Column> columns) {
        if (columns.isEmpty()) {
            throw new IllegalArgumentException("a schema needs at least one column");
        }
        Set<String> names = new HashSet<>();
        for (Column column : columns) {
            if (!names.add(column.name())) {
                throw new IllegalArgumentException("column '" + column.name() + "' is named twice");
            }
        }
        return new RowSchema(List.copyOf(columns), 0);
    }

    /**
     * Rows of a matrix.
     *
     * @param input the name of the model's input
     * @param dataType the type of every cell, not BYTES
     * @param features cells a row, at least 1
     * @return a schema
     */
    public static RowSchema matrix(String input, DataType dataType, int features) {
        if (dataType == DataType.BYTES) {
            throw new IllegalArgumentException("a matrix cannot hold BYTES, use columns");
        }
        if (features < 1) {
            throw new IllegalArgumentException("a matrix needs at least one feature");
        }
        return new RowSchema(List.of(Column.of(input, dataType)), features);
    }

    /**
     * Whether rows become one matrix.
     *
     * @return false if they become named columns
     */
    public boolean isMatrix() {
        return features > 0;
    }

    /**
     * Cells a row has.
     *
     * @return the number of columns, or of a matrix's features
     */
    public int cells() {
        return isMatrix() ? features : columns.size();
    }

    /**
     * The columns.
     *
     * @return an unmodifiable list; of a matrix one column, with the input's name
     */
    public List<Column> columns() {
        return columns;
    }

    /**
     * Where a cell goes, for messages.
     *
     * @param cell from 0
     * @return the column's name, or input and index
     */
    String describe(int cell) {
        return isMatrix()
                ? "cell " + cell + " of '" + columns.get(0).name() + "'"
                : "column '" + columns.get(cell).name() + "'";
    }

    DataType dataType(int cell) {
        return columns.get(isMatrix() ? 0 : cell).dataType();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RowSchema
                && features == ((RowSchema) other).features
                && columns.equals(((RowSchema) other).columns);
    }

    @Override
    public int hashCode() {
        return 31 * columns.hashCode() + features;
    }

    @Override
    public String toString() {
        return isMatrix()
                ? columns.get(0) + "[rows, " + features + "]"
                : columns.stream().map(Column::toString).collect(Collectors.joining(", "));
    }
}
