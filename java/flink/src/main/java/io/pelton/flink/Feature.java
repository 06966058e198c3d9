package io.pelton.flink;

import io.pelton.client.DataType;
import io.pelton.client.RowWriter;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Objects;

/**
 * One named feature of an input, how to read it and how to write it as a model's column. It does
 * not know which model it will feed.
 *
 * @param <IN> the type of the input
 */
final class Feature<IN> implements Serializable {
    private static final long serialVersionUID = 1L;

    final String name;
    final Kind kind;

    /** How the user calls its type, for messages. */
    final String typeName;

    private final SerializableFunction<? super IN, ?> reader;

    Feature(String name, Kind kind, String typeName, SerializableFunction<? super IN, ?> reader) {
        this.name = Objects.requireNonNull(name, "name");
        this.kind = kind;
        this.typeName = typeName;
        this.reader = Objects.requireNonNull(reader, "reader");
    }

    /**
     * Whether its values can fill a column of {@code type}, as far as that is known before the
     * first row.
     */
    boolean fits(DataType type) {
        switch (kind) {
            case FLOAT:
                return type.isFloat();
            case INTEGER:
                return type.isFloat() || type.isInteger();
            case BOOLEAN:
                return type != DataType.BYTES;
            case TEXT:
                return type == DataType.BYTES;
            case NUMBER:
                return type.isFloat() || type.isInteger();
            case UNUSABLE:
                return false;
            default:
                return true;
        }
    }

    /**
     * The type to send when the model does not tell, or null when the values do not tell either.
     */
    DataType naturalType() {
        switch (kind) {
            case FLOAT:
                return DataType.FP64;
            case INTEGER:
                return DataType.INT64;
            case BOOLEAN:
                return DataType.BOOL;
            case TEXT:
                return DataType.BYTES;
            case NUMBER:
                return DataType.FP64;
            default:
                return null;
        }
    }

    /** Reads the value from {@code input} and sets it as cell {@code cell} of type {@code type}. */
    void write(IN input, RowWriter row, int cell, DataType type) {
        Object value = reader.apply(input);
        if (value == null) {
            row.setMissing(cell);
        } else if (type.isFloat()) {
            row.setDouble(cell, asDouble(value, type));
        } else if (type == DataType.BYTES) {
            writeText(value, row, cell);
        } else if (value instanceof Boolean) {
            if (type == DataType.BOOL) {
                row.setBoolean(cell, (Boolean) value);
            } else {
                row.setLong(cell, (Boolean) value ? 1 : 0);
            }
        } else if (type.isInteger() && isWhole(value)) {
            row.setLong(cell, ((Number) value).longValue());
        } else {
            throw unfit(value, type);
        }
    }

    private void writeText(Object value, RowWriter row, int cell) {
        if (value instanceof CharSequence) {
            row.setString(cell, (CharSequence) value);
        } else if (value instanceof byte[]) {
            row.setBytes(cell, (byte[]) value);
        } else if (value instanceof Enum) {
            row.setString(cell, ((Enum<?>) value).name());
        } else if (value instanceof Character) {
            row.setString(cell, value.toString());
        } else {
            throw unfit(value, DataType.BYTES);
        }
    }

    /**
     * Whole numbers beyond 2^53 are rounded, as numpy rounds them when it makes a matrix of floats.
     */
    private double asDouble(Object value, DataType type) {
        if (value instanceof Number) {
            return ((Number) value).doubleValue();
        }
        if (value instanceof Boolean) {
            return (Boolean) value ? 1 : 0;
        }
        throw unfit(value, type);
    }

    private static boolean isWhole(Object value) {
        return value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte;
    }

    private IllegalArgumentException unfit(Object value, DataType type) {
        return new IllegalArgumentException(
                "column '"
                        + name
                        + "' takes "
                        + type
                        + ", the row has "
                        + Inputs.summary(value)
                        + " of "
                        + value.getClass().getSimpleName());
    }

    /** What values a feature holds, as far as it is known before the first row. */
    enum Kind {
        FLOAT,
        INTEGER,
        /** A number; which kind is known only from each value. */
        NUMBER,
        BOOLEAN,
        TEXT,
        /** Known only from each value. */
        ANY,
        /** Nothing a model takes. */
        UNUSABLE;

        static Kind of(Class<?> type) {
            if (type == Object.class) {
                return ANY;
            }
            if (type == boolean.class || type == Boolean.class) {
                return BOOLEAN;
            }
            if (type == double.class
                    || type == Double.class
                    || type == float.class
                    || type == Float.class
                    || type == BigDecimal.class) {
                return FLOAT;
            }
            if (type == Number.class) {
                return NUMBER;
            }
            if (type == char.class
                    || type == Character.class
                    || type.isEnum()
                    || type == byte[].class
                    || CharSequence.class.isAssignableFrom(type)) {
                return TEXT;
            }
            boolean whole =
                    type == long.class
                            || type == Long.class
                            || type == int.class
                            || type == Integer.class
                            || type == short.class
                            || type == Short.class
                            || type == byte.class
                            || type == Byte.class;
            return whole ? INTEGER : UNUSABLE;
        }
    }
}
