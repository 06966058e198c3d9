package io.pelton.flink;

import org.apache.flink.types.Row;

/** Reads a field of a {@link Row} by name, or by position where the row has no names. */
final class RowField implements SerializableFunction<Row, Object> {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final int position;
    private final int count;

    RowField(String name, int position, int count) {
        this.name = name;
        this.position = position;
        this.count = count;
    }

    @Override
    public Object apply(Row row) {
        if (row.getFieldNames(true) != null) {
            return row.getField(name);
        }
        if (row.getArity() != count) {
            throw new IllegalArgumentException(
                    "a row without field names has "
                            + row.getArity()
                            + " fields, "
                            + count
                            + " are mapped; give the"
                            + " stream a type with names (Types.ROW_NAMED), or map every field in order");
        }
        return row.getField(position);
    }
}
