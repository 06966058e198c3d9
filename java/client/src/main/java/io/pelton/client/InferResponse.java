// An answer: tensors, who made them, and what it took; reading it off the wire is elsewhere.
package io.pelton.client;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The answer to one {@link InferRequest}. Immutable; a prediction is a view of it. */
public final class InferResponse {
    private final String modelName;
    private final String modelVersion;
    private final String id;
    private final List<Tensor> outputs;
    private final Map<String, Object> parameters;
    private final int attempts;
    private final long latencyNanos;

    InferResponse(
            String modelName,
            String modelVersion,
            String id,
            List<Tensor> outputs,
            Map<String, Object> parameters,
            int attempts,
            long latencyNanos) {
        this.modelName = modelName;
        this.modelVersion = modelVersion;
        this.id = id;
        this.outputs = Collections.unmodifiableList(outputs);
        this.parameters = Collections.unmodifiableMap(parameters);
        this.attempts = attempts;
        this.latencyNanos = latencyNanos;
    }

    /**
     * The model that answered.
     *
     * @return its name
     */
    public String modelName() {
        return modelName;
    }

    /**
     * The version that answered.
     *
     * @return empty if the server does not say
     */
    public String modelVersion() {
        return modelVersion;
    }

    /**
     * The id of the request.
     *
     * @return empty if it had none
     */
    public String id() {
        return id;
    }

    /**
     * The outputs in the server's order.
     *
     * @return an unmodifiable list
     */
    public List<Tensor> outputs() {
        return outputs;
    }

    /**
     * The output of that name.
     *
     * @param name a name
     * @return empty if the answer has none
     */
    public Optional<Tensor> output(String name) {
        int index = indexOf(name);
        return index < 0 ? Optional.empty() : Optional.of(outputs.get(index));
    }

    /**
     * The answer's parameters: {@code Boolean}, {@code Long}, {@code Double} or {@code String}.
     *
     * @return an unmodifiable map
     */
    public Map<String, Object> parameters() {
        return parameters;
    }

    /**
     * How often the request was sent.
     *
     * @return at least 1
     */
    public int attempts() {
        return attempts;
    }

    /**
     * From the call to the answer, retries and waits included.
     *
     * @return milliseconds
     */
    public double requestMs() {
        return latencyNanos / 1e6;
    }

    /**
     * Rows answered: the first size of the first output.
     *
     * @return 0 if there is no output, or it has no dimension
     */
    public int rows() {
        return outputs.isEmpty() || outputs.get(0).dimensions() == 0
                ? 0
                : (int) Math.min(outputs.get(0).size(0), Integer.MAX_VALUE);
    }

    /**
     * One row of the answer.
     *
     * @param row from 0
     * @return a view, no copy
     */
    public Prediction prediction(int row) {
        if (row < 0 || row >= rows()) {
            throw new IndexOutOfBoundsException("row " + row + " of " + rows());
        }
        return new Prediction(this, row, 0);
    }

    int indexOf(String name) {
        for (int i = 0; i < outputs.size(); i++) {
            if (outputs.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    long latencyNanos() {
        return latencyNanos;
    }
}
