// One row's view of an answer; it copies nothing until asked.
package io.pelton.client;

import java.util.stream.Collectors;

/**
 * What a model said of one row: an index into the answer its batch shares. Holding one keeps the
 * batch's answer in memory, so take out what is needed.
 *
 * <p>Outputs are named, or given by position in the answer. The scalar getters read outputs of one
 * value a row ({@code [rows]} or {@code [rows, 1]}); {@link #getDoubles} and the getters with an
 * element read outputs of several ({@code [rows, k]}).
 */
public final class Prediction {
    private final InferResponse response;
    private final int row;
    private final long queueWaitNanos;

    Prediction(InferResponse response, int row, long queueWaitNanos) {
        this.response = response;
        this.row = row;
        this.queueWaitNanos = queueWaitNanos;
    }

    /**
     * The model that answered.
     *
     * @return its name
     */
    public String modelName() {
        return response.modelName();
    }

    /**
     * The version that answered.
     *
     * @return empty if the server does not say
     */
    public String modelVersion() {
        return response.modelVersion();
    }

    /**
     * The answer of the whole batch.
     *
     * @return the answer
     */
    public InferResponse response() {
        return response;
    }

    /**
     * This row's place in its batch.
     *
     * @return from 0
     */
    public int batchRow() {
        return row;
    }

    /**
     * Rows answered together with this one.
     *
     * @return at least 1
     */
    public int batchRows() {
        return response.rows();
    }

    /**
     * From sending the batch to its answer, retries included.
     *
     * @return milliseconds
     */
    public double requestMs() {
        return response.requestMs();
    }

    /**
     * From submitting this row to sending its batch.
     *
     * @return milliseconds; 0 if the row did not come through a batcher
     */
    public double queueWaitMs() {
        return queueWaitNanos / 1e6;
    }

    /**
     * Where an output is in the answer, to look it up once for many rows.
     *
     * @param output its name
     * @return from 0
     * @throws IllegalArgumentException if the answer has no such output
     */
    public int outputIndex(String output) {
        int index = response.indexOf(output);
        if (index < 0) {
            throw new IllegalArgumentException(
                    "no output '"
                            + output
                            + "' in the answer, it has "
                            + response.outputs().stream()
                                    .map(Tensor::name)
                                    .collect(Collectors.joining(", ")));
        }
        return index;
    }

    /**
     * Values this row has in an output.
     *
     * @param output its name
     * @return 1 for {@code [rows]}, k for {@code [rows, k]}
     */
    public int elements(String output) {
        return elements(outputIndex(output));
    }

    /**
     * Values this row has in an output.
     *
     * @param output its position
     * @return 1 for {@code [rows]}, k for {@code [rows, k]}
     */
    public int elements(int output) {
        Tensor tensor = tensor(output);
        // the protocol lets every output have rows of its own; a batcher checks them
        if (tensor.dimensions() == 0 || row >= tensor.size(0)) {
            throw new IllegalStateException(
                    "no row " + row + " in the output " + tensor + ", read its tensor");
        }
        return (int) (tensor.elementCount() / tensor.size(0));
    }

    /**
     * A number.
     *
     * @param output its name
     * @return the value
     */
    public double getDouble(String output) {
        return getDouble(outputIndex(output));
    }

    /**
     * A number.
     *
     * @param output its position
     * @return the value
     */
    public double getDouble(int output) {
        return tensor(output).getDouble(only(output));
    }

    /**
     * A number of several.
     *
     * @param output its name
     * @param element which of the row's values
     * @return the value
     */
    public double getDouble(String output, int element) {
        return getDouble(outputIndex(output), element);
    }

    /**
     * A number of several.
     *
     * @param output its position
     * @param element which of the row's values
     * @return the value
     */
    public double getDouble(int output, int element) {
        return tensor(output).getDouble(at(output, element));
    }

    /**
     * All numbers of this row.
     *
     * @param output its name
     * @return a new array
     */
    public double[] getDoubles(String output) {
        return getDoubles(outputIndex(output));
    }

    /**
     * All numbers of this row.
     *
     * @param output its position
     * @return a new array
     */
    public double[] getDoubles(int output) {
        double[] values = new double[elements(output)];
        Tensor tensor = tensor(output);
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.getDouble(row * values.length + i);
        }
        return values;
    }

    /**
     * A whole number.
     *
     * @param output its name
     * @return the value
     */
    public long getLong(String output) {
        return getLong(outputIndex(output));
    }

    /**
     * A whole number.
     *
     * @param output its position
     * @return the value
     */
    public long getLong(int output) {
        return tensor(output).getLong(only(output));
    }

    /**
     * A truth value.
     *
     * @param output its name
     * @return the value
     */
    public boolean getBoolean(String output) {
        return getBoolean(outputIndex(output));
    }

    /**
     * A truth value.
     *
     * @param output its position
     * @return the value
     */
    public boolean getBoolean(int output) {
        return tensor(output).getBoolean(only(output));
    }

    /**
     * A text.
     *
     * @param output its name
     * @return the value
     */
    public String getString(String output) {
        return getString(outputIndex(output));
    }

    /**
     * A text.
     *
     * @param output its position
     * @return the value
     */
    public String getString(int output) {
        return tensor(output).getString(only(output));
    }

    /**
     * A value as what it is, see {@link Tensor#getObject}.
     *
     * @param output its name
     * @return the value, boxed
     */
    public Object getObject(String output) {
        return getObject(outputIndex(output));
    }

    /**
     * A value as what it is, see {@link Tensor#getObject}.
     *
     * @param output its position
     * @return the value, boxed
     */
    public Object getObject(int output) {
        return tensor(output).getObject(only(output));
    }

    /**
     * A value of several as what it is, see {@link Tensor#getObject}.
     *
     * @param output its position
     * @param element which of the row's values
     * @return the value, boxed
     */
    public Object getObject(int output, int element) {
        return tensor(output).getObject(at(output, element));
    }

    @Override
    public String toString() {
        return modelName() + ":" + modelVersion() + " row " + row + " of " + response.outputs();
    }

    private Tensor tensor(int output) {
        return response.outputs().get(output);
    }

    private int only(int output) {
        int elements = elements(output);
        if (elements != 1) {
            throw new IllegalStateException(
                    "output '"
                            + tensor(output).name()
                            + "' has "
                            + elements
                            + " values a row, name the one wanted or take them all");
        }
        return row;
    }

    private int at(int output, int element) {
        int elements = elements(output);
        if (element < 0 || element >= elements) {
            throw new IndexOutOfBoundsException(
                    "element "
                            + element
                            + " of "
                            + elements
                            + " in '"
                            + tensor(output).name()
                            + "'");
        }
        return row * elements + element;
    }
}
