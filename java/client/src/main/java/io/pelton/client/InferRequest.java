// One call's worth of tensors and what is asked of them; sending it is PeltonClient's.
package io.pelton.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A request for {@link PeltonClient#infer}: model, input tensors, and the outputs wanted.
 *
 * <pre>{@code
 * InferRequest.builder("iris")
 *     .input(Tensor.ofDoubles("input", new long[] {1, 4}, 5.1, 3.5, 1.4, 0.2))
 *     .output("predict_proba")
 *     .build();
 * }</pre>
 */
public final class InferRequest {
    private final String model;
    private final String version;
    private final String id;
    private final List<Tensor> inputs;
    private final List<String> outputs;
    private final Map<String, Object> parameters;
    private final Duration timeout;

    private InferRequest(Builder builder) {
        this.model = builder.model;
        this.version = builder.version;
        this.id = builder.id;
        this.inputs = List.copyOf(builder.inputs);
        this.outputs = List.copyOf(builder.outputs);
        this.parameters = Collections.unmodifiableMap(new LinkedHashMap<>(builder.parameters));
        this.timeout = builder.timeout;
    }

    /**
     * Starts a request.
     *
     * @param model the model's name
     * @return a builder
     */
    public static Builder builder(String model) {
        return new Builder(model);
    }

    /**
     * The model's name.
     *
     * @return the name
     */
    public String model() {
        return model;
    }

    /**
     * The version asked for.
     *
     * @return empty for the one the server serves
     */
    public String version() {
        return version;
    }

    /**
     * The request's id, which the answer repeats and the server logs.
     *
     * @return empty if none was given
     */
    public String id() {
        return id;
    }

    /**
     * The inputs, in order.
     *
     * @return an unmodifiable list
     */
    public List<Tensor> inputs() {
        return inputs;
    }

    /**
     * The outputs asked for.
     *
     * @return empty for the model's default
     */
    public List<String> outputs() {
        return outputs;
    }

    /**
     * The request's parameters: {@code Boolean}, {@code Long}, {@code Double} or {@code String}.
     *
     * @return an unmodifiable map
     */
    public Map<String, Object> parameters() {
        return parameters;
    }

    /**
     * The call's deadline.
     *
     * @return empty for the client's
     */
    public Optional<Duration> timeout() {
        return Optional.ofNullable(timeout);
    }

    /** Builds an {@link InferRequest}. */
    public static final class Builder {
        private final String model;
        private String version = "";
        private String id = "";
        private final List<Tensor> inputs = new ArrayList<>();
        private final List<String> outputs = new ArrayList<>();
        private final Map<String, Object> parameters = new LinkedHashMap<>();
        private Duration timeout;

        private Builder(String model) {
            this.model = Objects.requireNonNull(model, "model");
        }

        /** Asks for a version. */
        public Builder version(String value) {
            this.version = Objects.requireNonNull(value, "version");
            return this;
        }

        /** Names the request, for the logs of both sides. */
        public Builder id(String value) {
            this.id = Objects.requireNonNull(value, "id");
            return this;
        }

        /** Adds an input. */
        public Builder input(Tensor tensor) {
            inputs.add(Objects.requireNonNull(tensor, "tensor"));
            return this;
        }

        /** Adds the tensors of a batch of at least one row, to which none is added afterwards. */
        public Builder rows(RowBatch rows) {
            inputs.addAll(rows.tensors());
            return this;
        }

        /** Asks for outputs by name. */
        public Builder output(String... names) {
            Collections.addAll(outputs, names);
            return this;
        }

        /** Adds a parameter. */
        public Builder parameter(String key, boolean value) {
            parameters.put(key, value);
            return this;
        }

        /** Adds a parameter. */
        public Builder parameter(String key, long value) {
            parameters.put(key, value);
            return this;
        }

        /** Adds a parameter. */
        public Builder parameter(String key, double value) {
            parameters.put(key, value);
            return this;
        }

        /** Adds a parameter. */
        public Builder parameter(String key, String value) {
            parameters.put(key, Objects.requireNonNull(value, key));
            return this;
        }

        /**
         * Sets this call's deadline, more than zero, in place of the client's; all attempts and the
         * waits between them count.
         */
        public Builder timeout(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("timeout must be more than zero, was " + value);
            }
            this.timeout = value;
            return this;
        }

        /**
         * The request.
         *
         * @return a new request
         */
        public InferRequest build() {
            if (inputs.isEmpty()) {
                throw new IllegalArgumentException("a request needs at least one input");
            }
            return new InferRequest(this);
        }
    }
}
