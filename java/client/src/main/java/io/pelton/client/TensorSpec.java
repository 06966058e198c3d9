// What a model says of one of its inputs or outputs; no data.
package io.pelton.client;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;

/** Name, type and shape of a model's input or output. */
public final class TensorSpec implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final DataType dataType;
    private final long[] shape;

    /**
     * A description of a tensor.
     *
     * @param name the tensor's name
     * @param dataType the type of its elements
     * @param shape its sizes; -1 is any size
     */
    public TensorSpec(String name, DataType dataType, long... shape) {
        this.name = Objects.requireNonNull(name, "name");
        this.dataType = Objects.requireNonNull(dataType, "dataType");
        this.shape = shape.clone();
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
     * Its sizes; -1 is any size, and the first is as a rule the number of rows.
     *
     * @return a copy
     */
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorSpec
                && name.equals(((TensorSpec) other).name)
                && dataType == ((TensorSpec) other).dataType
                && Arrays.equals(shape, ((TensorSpec) other).shape);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hash(name, dataType) + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
        return name + ": " + dataType + Arrays.toString(shape);
    }
}
