// One named input of one value a row; the rows themselves are elsewhere.
package io.pelton.client;

import java.io.Serializable;
import java.util.Objects;

/** A named column of a {@link RowSchema}: one value a row, sent as a tensor {@code [rows]}. */
public final class Column implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final DataType dataType;

    private Column(String name, DataType dataType) {
        this.name = Objects.requireNonNull(name, "name");
        this.dataType = Objects.requireNonNull(dataType, "dataType");
    }

    /**
     * A column.
     *
     * @param name the name of the model's input
     * @param dataType the type of its values
     * @return a column
     */
    public static Column of(String name, DataType dataType) {
        return new Column(name, dataType);
    }

    /**
     * The name of the model's input.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The type of its values.
     *
     * @return the type
     */
    public DataType dataType() {
        return dataType;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Column
                && name.equals(((Column) other).name)
                && dataType == ((Column) other).dataType;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, dataType);
    }

    @Override
    public String toString() {
        return name + ": " + dataType;
    }
}
