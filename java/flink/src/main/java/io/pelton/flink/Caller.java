package io.pelton.flink;

import io.pelton.client.PeltonClient;
import io.pelton.client.PeltonException;
import io.pelton.client.RetryPolicy;
import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.MetricGroup;

/**
 * One blocking call a row, by the minimal contract or by the protocol: what the simple functions
 * share.
 *
 * @param <IN> the type of the input
 * @param <OUT> the type of the answer
 */
abstract class Caller<IN, OUT> implements Serializable {
    private static final long serialVersionUID = 1L;

    abstract void open(MetricGroup metrics) throws Exception;

    abstract CompletableFuture<OUT> ask(IN input);

    abstract void close();

    abstract String model();

    abstract TypeInformation<OUT> resultType();

    /** The answer for {@code input}, waited for. */
    OUT call(IN input) throws InterruptedException {
        try {
            return ask(input).get();
        } catch (ExecutionException failed) {
            throw ScoringException.ofRow(model(), input, PeltonException.of(failed));
        }
    }

    static <IN> Caller<IN, Double> minimal(
            String endpoint, SerializableFunction<IN, double[]> features) {
        return new Minimal<>(endpoint, features);
    }

    static <IN> Caller<IN, Scored<IN>> ofModel(
            ScoringOptions options, FeatureMapping<IN> features, TypeInformation<IN> inputType) {
        return new OfModel<>(options, features, inputType);
    }

    /** Features in, a number out. */
    private static final class Minimal<IN> extends Caller<IN, Double> {
        private static final long serialVersionUID = 1L;
        private static final Duration TIMEOUT = Duration.ofSeconds(30);

        private final String endpoint;
        private final SerializableFunction<IN, double[]> features;
        private transient PeltonClient client;

        Minimal(String endpoint, SerializableFunction<IN, double[]> features) {
            this.endpoint = endpoint;
            this.features = features;
        }

        @Override
        void open(MetricGroup metrics) {
            client =
                    PeltonClient.builder()
                            .endpoints(endpoint)
                            .callTimeout(TIMEOUT)
                            .retry(RetryPolicy.builder().maxAttempts(Integer.MAX_VALUE).build())
                            .build();
        }

        @Override
        CompletableFuture<Double> ask(IN input) {
            return client.predict(features.apply(input));
        }

        @Override
        void close() {
            if (client != null) {
                client.close();
                client = null;
            }
        }

        @Override
        String model() {
            return "of " + endpoint;
        }

        @Override
        TypeInformation<Double> resultType() {
            return Types.DOUBLE;
        }
    }

    /** Named features in, a {@link Scored} out. */
    private static final class OfModel<IN> extends Caller<IN, Scored<IN>> {
        private static final long serialVersionUID = 1L;

        private final ScoringOptions options;
        private final FeatureMapping<IN> features;
        private final TypeInformation<IN> inputType;
        private transient InferenceEngine<IN> engine;

        OfModel(
                ScoringOptions options,
                FeatureMapping<IN> features,
                TypeInformation<IN> inputType) {
            this.options = options;
            this.features = features;
            this.inputType = inputType;
        }

        @Override
        void open(MetricGroup metrics) throws Exception {
            engine = InferenceEngine.open(options, features, metrics);
        }

        @Override
        CompletableFuture<Scored<IN>> ask(IN input) {
            return engine.submit(input).thenApply(prediction -> Scored.of(input, prediction));
        }

        @Override
        void close() {
            if (engine != null) {
                engine.close();
                engine = null;
            }
        }

        @Override
        String model() {
            return options.model;
        }

        @Override
        TypeInformation<Scored<IN>> resultType() {
            return new ScoredTypeInfo<>(inputType);
        }
    }
}
